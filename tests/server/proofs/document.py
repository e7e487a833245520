"""The server keeps what its OpenAPI document promises: schemathesis asks, with a key for everything."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .house import SCOPES, enroll
from .report import check, require

HERE = Path(__file__).resolve().parent
# What an answer must keep. What is sent is half of the time wrong, and has to be refused; `ignored_auth` is
# the authorization matrix's, which knows scopes.
CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "missing_required_header",
    "unsupported_method", "allow_header_conformance",
])
# A fault of Python 3.11's own parser that hypothesis meets now and then (python/cpython#106905); nothing was asked then.
INTERPRETER = "AST constructor recursion depth mismatch"
STUMBLES = 4


def schemathesis(world, house, key, examples, document, only=None):
    """Output and whether everything held."""
    address = "http://{}:{}".format(*house.address)
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", address]
    command += ["--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--no-color"]
    command += ["--max-examples", str(examples), "--workers", "1"]
    command += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-shrink", "--warnings", "off"]
    command += ["--generation-deterministic", "--suppress-health-check", "all", "--request-timeout", "30"]
    if only:
        command += ["--include-path", only]
    environment = world.clean_environment(
        SCHEMATHESIS_HOOKS="proofs.hooks", PROOFS_SUBJECT=world.known, PROOFS_PICTURE=str(world.folder / "face.jpg"),
        PYTHONPATH=os.pathsep.join([str(HERE.parent), os.environ["PYTHONPATH"]]), COLUMNS="120",
    )
    for _ in range(STUMBLES):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=house.folder)
        said = done.stdout + done.stderr
        if INTERPRETER not in said:
            break
    return said, done.returncode == 0


@check("the server answers as its OpenAPI document says, and never with 500")
def keeps_the_document(world):
    (world.folder / "face.jpg").write_bytes(world.photos.face("obama.jpg"))
    with world.house() as house:
        key = house.key(*SCOPES)
        client = house.everything()
        world.known = enroll(world, client, "schema", world.photos.face("obama.jpg"))
        document = client.get("/openapi.json").json()
        path = world.folder / "openapi.json"
        path.write_text(json.dumps(document))
        said, held = schemathesis(world, house, key, 300 if world.full else 20, path)
        require(held, lambda: f"\n{said[-6000:]}")
        asked = client.get("/metrics").body.decode()
        asked = re.findall(r'^countenance_requests_total{method="(\w+)",route="(.+)",status="(\d+)"} (\d+)', asked, re.M)
        good = {(method, route) for method, route, status, _ in asked if status[0] == "2"}
        # That nothing is wrong says little where little was reached.
        require(len(good) >= 26, lambda: f"only these were answered with success: {sorted(good)}")
        # The control: a document that promises something else is found out.
        document["components"]["schemas"]["Health"]["properties"]["status"] = {"type": "integer"}
        path.write_text(json.dumps(document))
        said, held = schemathesis(world, house, key, 1, path, only="/healthz")
        require(not held and "is not of type" in said, lambda: f"a false document is not noticed:\n{said[-2000:]}")
        total = sum(int(number) for *_, number in asked)
        return f"{total} requests, {len(good)} operations reached with success"
