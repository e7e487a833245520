"""What schemathesis cannot make up: a picture with a face, and a subject that is there."""

import base64
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies

PICTURE = Path(os.environ["PROOFS_PICTURE"]).read_bytes()
SUBJECT = os.environ["PROOFS_SUBJECT"]
FIELDS = ("picture", "reference", "probe")

schemathesis.openapi.format(
    "binary", strategies.one_of(strategies.just(PICTURE), strategies.binary(max_size=64))
)


def _once_in(number, value):
    """The same answer for the same input, so that a run can be repeated."""
    return sum(repr(value).encode()) % number == 0


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    # It has to stay there to be asked about.
    erased = context.operation.method == "delete" and context.operation.path.endswith("}")
    if path_parameters and "collection" in path_parameters and not _once_in(3, path_parameters):
        path_parameters = {**path_parameters, "collection": "default"}
    if path_parameters and "subject" in path_parameters and not erased and not _once_in(3, path_parameters):
        path_parameters = {**path_parameters, "subject": SUBJECT}
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and not _once_in(3, body):
        for field in FIELDS:
            if isinstance(body.get(field), str):
                body = {**body, field: base64.b64encode(PICTURE).decode()}
        if isinstance(body.get("photos"), list) and body["photos"]:
            body = {**body, "photos": [base64.b64encode(PICTURE).decode()] * min(len(body["photos"]), 2)}
    return body
