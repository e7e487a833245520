"""The root folder of the image, without an engine for images."""

import os
import re
import subprocess
import time
from pathlib import Path

from .http import Client
from .report import Broken, Skipped, check, require

ROOT = Path(__file__).resolve().parents[3]
SCRIPT, DOCKERFILE = ROOT / "packaging/rootfs.sh", ROOT / "Dockerfile"
USER = "10001"
# As a container runtime does it with the flags of the Dockerfile's first lines: a read-only root, two volumes, a folder for what is
# temporary, another user, no capability left and none to be had.
RUN = """
set -eu
mount --bind "$1" "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount --bind "$2/data" "$1/data"
mount --bind "$2/keys" "$1/keys"
mount -o remount,bind,ro "$1"
exec setpriv --no-new-privs unshare --root="$1" --setgid "$3" --setuid "$3" --wd / /usr/bin/countenance serve --listen 127.0.0.1:0
"""


def settings():
    """What the image sets, by its Dockerfile."""
    lines = (line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#"))
    found = re.findall(r"(COUNTENANCE_[A-Z]+)=(\S+)", "\n".join(lines))
    require(len(found) == 4, f"the Dockerfile sets {found}")
    return dict(found)


def start(root, volumes, log):
    command = ["unshare", "--mount", "--propagation", "private", "bash", "-c", RUN, "image", str(root), str(volumes), USER]
    environment = {**settings(), "PATH": os.environ["PATH"]}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log.open("ab"), text=True, env=environment)


@check("the program runs as nobody in a read-only root folder that holds only it and its libraries", lane="wait")
def runs_alone(world):
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        raise Skipped("only root may mount folders")
    root, log, volumes = world.folder / "image", world.folder / "image.log", world.folder / "volumes"
    subprocess.run([str(SCRIPT), world.program, str(root)], check=True)
    os.chmod(world.folder, 0o711)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    size = sum((root / path).stat().st_size for path in files)
    for volume in ("data", "keys"):
        (volumes / volume).mkdir(parents=True)
        os.chown(volumes / volume, int(USER), int(USER))
    process = start(root, volumes, log)
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "listening" in line:
                break
        else:
            raise Broken(f"it does not start: {said} {log.read_text()}")
        host, port = line.rsplit("/", 1)[1].strip().split(":")
        key = world.plant("key", (volumes / "keys/vault.admin-key").read_text().strip())
        client = Client((host, int(port)), key)
        face = world.photos.face("obama.jpg")
        reply = client.post("/v1/compare", parts=[("reference", face), ("probe", face)])
        require(b'"accept"' in reply.body, f"comparing: {reply.status} {reply.body}")
        require(client.get("/readyz").status == 200, "it is not ready")
        for made in ("data/vault", "keys/vault.root", "keys/vault.admin-key"):
            there = (volumes / made).stat()
            owner, mode = there.st_uid, there.st_mode & 0o077
            require((owner, mode) == (int(USER), 0), f"{made} belongs to {owner} and is open to others: {mode:o}")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
    world.logs.append(log)
    now = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    require(now == files, f"it wrote beside its volumes: {set(now) - set(files)}")
    # The control: without its libraries it does not.
    for path in files:
        if "libc.so" in path:
            (root / path).unlink()
    begun = time.monotonic()
    broken = start(root, volumes, world.folder / "broken.log")
    require(broken.wait() != 0, "it runs without the C library: it was not alone")
    broken.stdout.close()
    require(time.monotonic() - begun < 10, "it takes long not to start")
    return f"{len(files)} files, {size >> 20} MiB"
