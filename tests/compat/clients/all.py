"""Starts the server, makes a key of each kind and lets every client do all it can."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def photos(folder):
    """The sample photos, under their own names."""
    manifest = tomllib.loads((ROOT / "models/manifest.toml").read_text())
    for sample in manifest["sample"]:
        shutil.copy(ROOT / "models/store" / sample["sha256"], folder / sample["name"])


def main():
    program, packages = sys.argv[1], pathlib.Path(sys.argv[2])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COUNTENANCE_")}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        photos(folder)
        log = (folder / "log").open("w")
        server = subprocess.Popen(
            [program, "serve", "--data", "vault", "--listen", "127.0.0.1:0", "--compat", "compreface", "--compat-images-by-url"],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )
        try:
            address = next(line.split()[1] for line in server.stdout if line.startswith("listening"))

            def key(service, *more):
                command = [program, "key", "create", "--data", "vault", "--compat", "compreface", "--service", service]
                command += ["--attest", "consent form of the test", "--json", *more]
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
                return json.loads(done.stdout)["key"]

            failed = []
            for client, command, path in [
                ("compreface-sdk 0.6.0", ["python3", HERE / "official.py"], "official"),
                ("compreface-sdk-python 1.0.6", ["python3", HERE / "other.py"], "other"),
                ("@exadel/compreface-js-sdk 1.0.0", ["node", packages / "node" / "client.mjs"], None),
                ("Double Take and Home Assistant, as they call", ["python3", HERE / "replayed.py"], "other"),
            ]:
                if path is None:
                    # Packages are found from where a module stands.
                    shutil.copy(HERE / "node.mjs", packages / "node" / "client.mjs")
                given = {
                    "address": address,
                    "recognition": key("recognition", "--keep-pictures", "--fpir", "1e-2"),
                    "detection": key("detection"),
                    "verification": key("verification"),
                    "photos": str(folder),
                }
                own = dict(environment, GIVEN=json.dumps(given))
                if path:
                    own["PYTHONPATH"] = str(packages / path)
                done = subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, timeout=300)
                good = done.returncode == 0
                calls = done.stdout.strip().splitlines()[-1:] or [""]
                print(f"{'ok' if good else 'FAILED'}  {client}  {calls[0] if good else ''}")
                if not good:
                    failed.append(client)
                    print(done.stdout, done.stderr)
            if server.poll() is not None:
                failed.append("the server ended")
        finally:
            server.terminate()
            server.wait(60)
            log.close()
        if failed:
            print((folder / "log").read_text()[-4000:])
            sys.exit(f"failed: {', '.join(failed)}")


main()
