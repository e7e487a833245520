"""The root folder of the image, without an engine for images."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from .http import Client
from .report import Broken, Skipped, check, require

SCRIPT = Path(__file__).resolve().parents[3] / "packaging/rootfs.sh"
# As in the Dockerfile.
NOBODY = "10001:10001"


def start(root, log, address):
    command = [shutil.which("chroot"), f"--userspec={NOBODY}", str(root), "/usr/bin/countenance", "serve"]
    command += ["--data", "/data/vault", "--root", "/keys/vault.root", "--listen", address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log.open("ab"), text=True, env={})


@check("the program runs as nobody in a root folder that holds only it and its libraries", lane="wait")
def runs_alone(world):
    if os.geteuid() != 0 or not shutil.which("chroot"):
        raise Skipped("only root may change the root folder")
    root, log = world.folder / "image", world.folder / "image.log"
    subprocess.run([str(SCRIPT), world.program, str(root)], check=True)
    os.chmod(world.folder, 0o711)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    size = sum((root / path).stat().st_size for path in files)
    process = start(root, log, "127.0.0.1:0")
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "listening" in line:
                break
        else:
            raise Broken(f"it does not start: {said} {log.read_text()}")
        host, port = line.rsplit("/", 1)[1].strip().split(":")
        key = world.plant("key", (root / "keys/vault.admin-key").read_text().strip())
        client = Client((host, int(port)), key)
        face = world.photos.face("obama.jpg")
        reply = client.post("/v1/compare", parts=[("reference", face), ("probe", face)])
        require(b'"accept"' in reply.body, f"comparing: {reply.status} {reply.body}")
        require(client.get("/readyz").status == 200, "it is not ready")
        for made in ("data/vault", "keys/vault.root", "keys/vault.admin-key"):
            owner, mode = (root / made).stat().st_uid, (root / made).stat().st_mode & 0o077
            require((owner, mode) == (10001, 0), f"{made} belongs to {owner} and is open to others: {mode:o}")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
    world.logs.append(log)
    # The control: without its libraries it does not.
    for path in files:
        if "libc.so" in path:
            (root / path).unlink()
    begun = time.monotonic()
    broken = start(root, world.folder / "broken.log", "127.0.0.1:0")
    require(broken.wait() != 0, "it runs without the C library: it was not alone")
    broken.stdout.close()
    require(time.monotonic() - begun < 10, "it takes long not to start")
    return f"{len(files)} files, {size >> 20} MiB"
