"""The package says all that the OpenAPI document says, and is what the generator makes of it."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import generate
import pytest
from conftest import ROOT

from countenance import (
    AsyncCapture,
    AsyncConsentLink,
    AsyncCountenance,
    Capture,
    ConsentLink,
    Countenance,
    _calls,
    _capture_calls,
    _link_calls,
    _operations,
    models,
)

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/spec/openapi.json").read_text())
# What a function calls otherwise than the document, because it can do more.
OTHERWISE = {"photo": "photos", "from": "from_"}
# httpx speaks no WebSocket; `capture_frames` does the same by requests.
WITHOUT = {"capture_socket"}
# What the object for one session, or one link, was given when it was made.
OF_TOKEN = {"session", "link"}


def missing(document: dict[str, Any]) -> Iterator[str]:
    """What the document has and the package has not."""
    found = {model.name: model for model in generate.models(document)}
    for operation in generate.operations(document):
        if operation.name in WITHOUT:
            continue
        clients: tuple[type, ...] = (Countenance, AsyncCountenance)
        calls: Any = _calls
        if operation.capture:
            clients, calls = (Capture, AsyncCapture), _capture_calls
        elif operation.link:
            clients, calls = (ConsentLink, AsyncConsentLink), _link_calls
        known = OF_TOKEN if operation.capture or operation.link else set()
        call = getattr(calls, operation.name, None)
        if call is None:
            yield f"no function {operation.name}"
            continue
        for client in clients:
            if not callable(getattr(client, operation.name, None)):
                yield f"no method {client.__name__}.{operation.name}"
        taken = known | set(inspect.signature(call).parameters)
        wanted = {OTHERWISE.get(name, name) for name in operation.query} | set(re.findall(r"{(\w+)}", operation.path))
        wanted |= {"holder"} if operation.holder else set()
        wanted |= {"idempotency_key"} if operation.idempotent else set()
        for body in (operation.form or operation.body, operation.body if operation.form else None):
            wanted |= {OTHERWISE.get(one.name, one.name) for one in found[body].fields} if body else set()
        if lacking := sorted(wanted - taken):
            yield f"{operation.name} does not take {', '.join(lacking)}"
        if operation.answer and answer(call) is not getattr(models, operation.answer, object()):
            yield f"{operation.name} does not answer {operation.answer}"
        written = getattr(_operations, operation.name.upper(), None)
        if written is None:
            yield f"{operation.name} is asked nowhere"
        elif any(
            getattr(written, name) != getattr(operation, name) for name in ("capture", "link", "path", "method")
        ):
            yield f"{operation.name} asks something else"


def answer(call: Callable[..., Any]) -> object:
    return typing.get_args(typing.get_type_hints(call)["return"])[0]


def test_every_operation_and_parameter_of_the_document_has_its_place() -> None:
    assert list(missing(DOCUMENT)) == []
    assert len(generate.operations(DOCUMENT)) >= 38
    assert {one.name for one in generate.operations(DOCUMENT) if one.socket} == WITHOUT


def test_an_operation_or_parameter_that_is_new_in_the_document_is_missed() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["paths"]["/v1/new"] = {"get": {**document["paths"]["/policy"]["get"], "operationId": "novelty"}}
    document["paths"]["/v1/keys"]["get"]["parameters"] = [{"in": "query", "name": "wish", "schema": {}}]
    document["components"]["schemas"]["KeyRequest"]["properties"]["wish"] = {"type": "string"}
    assert set(missing(document)) == {
        "create_key does not take wish",
        "list_keys does not take wish",
        "no function novelty",
    }


def test_what_is_committed_is_what_is_generated() -> None:
    differ = [str(path) for path, text in generate.made().items() if path.read_text() != text]
    assert differ == [], "run sdk/generate.py and commit what it writes"


def test_a_shape_that_the_generator_does_not_know_is_refused() -> None:
    with pytest.raises(generate.Unknown):
        generate.shape({"anyOf": [{"type": "string"}, {"type": "integer"}]})
    with pytest.raises(generate.Unknown):
        generate.nullable({"type": ["string", "integer"]})


def test_nobody_calls_a_function_that_the_document_does_not_have() -> None:
    known = {operation.name for operation in generate.operations(DOCUMENT)}
    modules_of = (_calls, _capture_calls, _link_calls)
    functions = [one for module in modules_of for one in inspect.getmembers(module, inspect.isfunction)]
    modules = {module.__name__ for module in modules_of}
    own = {name for name, one in functions if one.__module__ in modules and not name.startswith("_")}
    assert own == known - WITHOUT


def test_an_answer_of_a_newer_server_is_read_as_far_as_it_is_known() -> None:
    wire = {"decision": "accept", "false_match_rate": 1e-4, "novelty": {"more": 1}}
    read = models.CompareAnswer.from_wire(wire)
    assert (read.decision, read.score) == ("accept", None)


def test_messages_of_several_kinds_have_the_fields_of_each_and_what_does_not_fit_is_refused() -> None:
    kinds = DOCUMENT["components"]["schemas"]["CaptureMessage"]["oneOf"]
    words = {one["properties"]["type"]["enum"][0] for one in kinds}
    assert {"hello", "ack", "prompt", "done", "error"} <= words
    wire = {"type": "prompt", "id": 2, "kind": "light", "color": "#2040ff", "window_ms": 400, "novelty": 1}
    message = models.CaptureMessage.from_wire(wire)
    assert (message.type, message.id, message.color, message.frame) == ("prompt", 2, "#2040ff", None)
    assert models.CaptureMessage.from_wire({"type": "novelty"}).type == "novelty"
    for wrong in ({"id": {"type": "string"}}, {"type": {"type": "string"}}):
        document = json.loads(json.dumps(DOCUMENT))
        changed = document["components"]["schemas"]["CaptureMessage"]["oneOf"]
        next(one for one in changed if "prompt" in one["properties"]["type"]["enum"])["properties"].update(wrong)
        if "id" in wrong:
            changed[1]["properties"]["id"] = {"type": "integer"}
        with pytest.raises(generate.Unknown):
            generate.models(document)


def test_no_representation_of_an_answer_shows_a_key_or_a_token() -> None:
    opened = models.SessionOpened(id="a-1", token="secret-token", state="created", expires=1)
    assert "a-1" in repr(opened)
    assert "secret-token" not in repr(opened)
    assert {"key", "token", "picture"} <= generate.SECRET
