#!/usr/bin/env python3
"""Makes the models of both SDKs from docs/spec/openapi.json, and the methods of both Python clients from one list of calls.

    sdk/generate.py           writes what is generated
    sdk/generate.py --check   says what differs, and fails if anything does

It knows the shapes of JSON schema that the document uses and refuses any other, so that nothing is left out in silence.
Needs nothing but Python 3.10.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs/spec/openapi.json"
PYTHON = HERE / "python/src/countenance"
JS = HERE / "js/src"
MADE = "Made by sdk/generate.py"
METHODS = ("get", "put", "post", "delete", "patch")
WIDTH = 116
# What no representation shows: whoever logs an answer does not mean to log these.
SECRET = frozenset({"holder", "key", "permit", "picture", "template", "token"})


class Unknown(Exception):
    """The document uses a shape that this program does not know."""


# The document, as far as the SDKs need it.


@dataclass(frozen=True)
class Shape:
    """A type: a name of a model, a word of JSON, or a list or a choice of these."""

    kind: str  # model, string, integer, number, boolean, object, list, choice
    name: str = ""
    inner: Shape | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    name: str
    shape: Shape
    about: str
    required: bool
    nullable: bool


@dataclass(frozen=True)
class Model:
    name: str
    about: str
    fields: tuple[Field, ...] = ()
    words: tuple[str, ...] = ()
    kinds: tuple[Model, ...] = ()
    """Of messages of several kinds, each kind; which one a message is its `type` says."""


@dataclass
class Operation:
    name: str
    method: str
    path: str
    about: str
    scope: str | None
    capture: bool
    link: bool
    socket: bool
    query: list[str]
    holder: bool
    idempotent: bool
    body: str | None
    form: str | None
    answer: str | None
    kind: str
    headers: list[str] = field(default_factory=list)


def nullable(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A schema without its `null`, and whether it had one."""
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        if len(kinds) != 1:
            raise Unknown(f"several types: {schema}")
        return {**schema, "type": kinds[0]}, len(kinds) != len(schema["type"])
    if "oneOf" in schema:
        others = [one for one in schema["oneOf"] if one != {"type": "null"}]
        if len(others) != 1:
            raise Unknown(f"several shapes: {schema}")
        rest = {key: value for key, value in schema.items() if key != "oneOf"}
        return {**others[0], **rest}, len(others) != len(schema["oneOf"])
    return schema, False


def shape(schema: dict[str, Any]) -> Shape:
    if "$ref" in schema:
        return Shape("model", name=schema["$ref"].rsplit("/", 1)[1])
    kind = schema.get("type")
    if kind == "string" and "enum" in schema:
        return Shape("choice", words=tuple(schema["enum"]))
    if kind in ("string", "integer", "number", "boolean"):
        return Shape(kind)
    if kind == "array" and isinstance(schema.get("items"), dict):
        return Shape("list", inner=shape(schema["items"]))
    if kind == "object" and not schema.get("properties"):
        return Shape("object")
    raise Unknown(f"a schema of an unknown kind: {json.dumps(schema)[:200]}")


def fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Field]:
    if "$ref" in schema:
        return fields(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if "allOf" in schema:
        return [one for part in schema["allOf"] for one in fields(part, schemas)]
    if schema.get("type") != "object":
        raise Unknown(f"a model that is no object: {json.dumps(schema)[:200]}")
    required = schema.get("required", [])
    found = []
    # As the document lists what is required: that is how the type is written.
    names = [*required, *(name for name in schema["properties"] if name not in required)]
    for name in names:
        plain, null = nullable(schema["properties"][name])
        about = plain.get("description", "")
        found.append(Field(name, shape(plain), about, name in required, null))
    return found


def models(document: dict[str, Any]) -> list[Model]:
    schemas = document["components"]["schemas"]
    made = []
    for name, schema in sorted(schemas.items()):
        about = schema.get("description", "")
        if "enum" in schema:
            made.append(Model(name, about, words=tuple(schema["enum"])))
        elif "oneOf" in schema:
            kinds = [
                Model(name, one.get("description", ""), tuple(fields(one, schemas))) for one in schema["oneOf"]
            ]
            made.append(Model(name, about, fields=tuple(together(kinds)), kinds=tuple(kinds)))
        else:
            made.append(Model(name, about, fields=tuple(fields(schema, schemas))))
    return made


def together(kinds: list[Model]) -> list[Field]:
    """The fields of messages of several kinds, where a message has those of its kind."""
    named: dict[str, list[tuple[str, Field]]] = {}
    for kind in kinds:
        words = [word for one in kind.fields if one.name == "type" for word in one.shape.words]
        if len(words) != 1:
            raise Unknown(f"a kind of {kind.name} that has no `type` of its own")
        for one in kind.fields:
            named.setdefault(one.name, []).append((words[0], one))
    # Other words than these are to come, and are passed over by whoever reads them.
    found = [Field("type", Shape("string"), "Which kind it is; one that is not known here is passed over.", True, False)]
    for name, given in named.items():
        if name == "type":
            continue
        if len({one.shape for _, one in given}) != 1:
            raise Unknown(f"`{name}` is not the same in all kinds of a message")
        about = " ".join(f"With `{word}`: {one.about[:1].lower()}{one.about[1:]}" for word, one in given)
        found.append(Field(name, given[0][1].shape, about, False, True))
    return found


def reference(content: dict[str, Any], kind: str) -> str | None:
    schema = content.get(kind, {}).get("schema", {})
    return schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None


def operations(document: dict[str, Any]) -> list[Operation]:
    made = []
    for path, methods in sorted(document["paths"].items()):
        for method in methods:
            if method not in METHODS:
                raise Unknown(f"{method} {path}")
            made.append(operation(path, method, methods[method]))
    return made


def operation(path: str, method: str, given: dict[str, Any]) -> Operation:
    parameters = given.get("parameters", [])
    by_place: dict[str, list[str]] = {"query": [], "path": [], "header": []}
    for one in parameters:
        by_place[one["in"]].append(one["name"])
    headers = [name for name in by_place["header"] if name not in ("Idempotency-Key", "Countenance-Holder")]
    if set(by_place["path"]) != set(re.findall(r"{(\w+)}", path)):
        raise Unknown(f"the values in {path} are not its parameters")
    body = given.get("requestBody", {}).get("content", {})
    answers = {code: one for code, one in given["responses"].items() if code.startswith("2")}
    kinds = {kind for one in answers.values() for kind in one.get("content", {})}
    named = {reference(one.get("content", {}), "application/json") for one in answers.values()}
    if len(kinds) > 1 or len(named) > 1:
        raise Unknown(f"{method} {path} has answers of several kinds")
    (scope,) = given["security"]
    if not set(scope) <= {"key", "capture", "consents"}:
        raise Unknown(f"{method} {path} is opened by {', '.join(scope)}")
    return Operation(
        name=given["operationId"],
        method=method.upper(),
        path=path,
        about=given.get("summary", ""),
        scope=scope["key"][0] if "key" in scope else None,
        capture="capture" in scope,
        link="consents" in scope,
        socket="101" in given["responses"],
        query=by_place["query"],
        holder="Countenance-Holder" in by_place["header"],
        idempotent="Idempotency-Key" in by_place["header"],
        body=reference(body, "application/json"),
        form=reference(body, "multipart/form-data"),
        answer=named.pop() if named else None,
        kind=kinds.pop() if kinds else "",
        headers=headers,
    )


# Python.


def sentence(about: str) -> list[str]:
    """A description in lines, each paragraph wrapped."""
    lines: list[str] = []
    for paragraph in about.strip().split("\n\n"):
        lines += [""] if lines else []
        lines += textwrap.wrap(" ".join(paragraph.split()), WIDTH - 8)
    return lines


def docstring(about: str, indent: str) -> list[str]:
    lines = sentence(about) or ["As it stands in the document."]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']


def python_type(given: Shape) -> str:
    if given.kind == "list" and given.inner:
        return f"list[{python_type(given.inner)}]"
    if given.kind == "choice":
        return f"Literal[{', '.join(json.dumps(word) for word in given.words)}]"
    plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, Any]"}
    return given.name if given.kind == "model" else plain[given.kind]


def python_read(given: Shape, value: str, objects: set[str], depth: int = 0) -> str:
    """The expression that makes a value of what came as JSON."""
    if given.kind == "model" and given.name in objects:
        return f"{given.name}.from_wire({value})"
    if given.kind == "list" and given.inner:
        one = f"one{depth or ''}"
        inner = python_read(given.inner, one, objects, depth + 1)
        return value if inner == one else f"[{inner} for {one} in {value}]"
    return value


def python_models(document: dict[str, Any]) -> str:
    made = models(document)
    objects = {model.name for model in made if not model.words}
    out = [
        f'"""What travels, as it stands in the OpenAPI document. {MADE}."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping",
        "from dataclasses import dataclass, field",
        "from typing import Any, Literal",
        "",
    ]
    # Requests are written by name in the calls, and forms with them.
    for model in made:
        if model.words:
            out += [f"{model.name} = Literal[{', '.join(json.dumps(word) for word in model.words)}]"]
            out += [*docstring(model.about, ""), ""]
    for model in made:
        if not model.words and not model.name.endswith(("Request", "Form")):
            out += python_class(model, objects)
    names = [model.name for model in made if model.words or not model.name.endswith(("Request", "Form"))]
    out += ["", "__all__ = [", *(f"    {json.dumps(name)}," for name in names), "]", ""]
    return "\n".join(out)


def python_class(model: Model, objects: set[str]) -> list[str]:
    out = ["", "@dataclass(frozen=True, kw_only=True)", f"class {model.name}:", *docstring(model.about, "    "), ""]
    ordered = sorted(model.fields, key=lambda one: not one.required)
    for one in ordered:
        kind = python_type(one.shape)
        optional = not one.required or one.nullable
        if one.name in SECRET:
            given = " | None = field(default=None, repr=False)" if optional else " = field(repr=False)"
        else:
            given = " | None = None" if optional else ""
        out += [f"    {one.name}: {kind}{given}"]
        out += docstring(one.about, "    ")
    out += ["", "    @classmethod", f"    def from_wire(cls, wire: Mapping[str, Any]) -> {model.name}:"]
    out += ['        """Made of JSON; what it does not know it leaves out."""', "        return cls("]
    for one in ordered:
        if one.required and not one.nullable:
            out += [f"            {one.name}={python_read(one.shape, f'wire[{json.dumps(one.name)}]', objects)},"]
            continue
        value = f"wire.get({json.dumps(one.name)})"
        read = python_read(one.shape, "value", objects)
        if read != "value":
            read = python_read(one.shape, f"wire[{json.dumps(one.name)}]", objects)
            out += [f"            {one.name}=None if {value} is None else {read},"]
        else:
            out += [f"            {one.name}={value},"]
    return [*out, "        )", ""]


def python_operations(document: dict[str, Any]) -> str:
    out = [
        f'"""Every operation of the OpenAPI document. {MADE}."""',
        "",
        "from __future__ import annotations",
        "",
        "from dataclasses import dataclass",
        "",
        "",
        "@dataclass(frozen=True)",
        "class Operation:",
        '    """How an operation is asked."""',
        "",
        "    name: str",
        "    method: str",
        "    path: str",
        "    scope: str | None",
        '    """What the key must be allowed; None where no key is needed."""',
        "    capture: bool",
        '    """Whether the capture token of a session opens it, and no key."""',
        "    link: bool",
        '    """Whether the token of a consent link opens it, and no key."""',
        "    query: tuple[str, ...]",
        "    holder: bool",
        '    """Whether a holder part may go along."""',
        "    idempotent: bool",
        '    """Whether it takes an Idempotency-Key."""',
        "",
        "",
    ]
    for one in operations(document):
        query = f"({', '.join(json.dumps(name) for name in one.query)}{',' if len(one.query) == 1 else ''})"
        out += [
            f"{one.name.upper()} = Operation(",
            f"    {json.dumps(one.name)},",
            f"    {json.dumps(one.method)},",
            f"    {json.dumps(one.path)},",
            f"    scope={json.dumps(one.scope) if one.scope else None},",
            f"    capture={one.capture},",
            f"    link={one.link},",
            f"    query={query},",
            f"    holder={one.holder},",
            f"    idempotent={one.idempotent},",
            ")",
        ]
    return "\n".join([*out, ""])


def python_clients(module: str, prefix: str) -> str:
    """The methods of both clients: for each call a method with the same parameters and the same words."""
    calls = (PYTHON / f"{module}.py").read_text()
    tree = ast.parse(calls)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    # Of what the calls import, that of which their parameters and answers are made.
    words = " ".join(f"{ast.unparse(one.args)} {ast.unparse(one.returns)}" for one in functions if one.returns)
    imports = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names = [one.name for one in node.names if re.search(rf"\b{one.name}\b", words)]
            if names:
                imports.append(f"from {'.' * node.level}{node.module or ''} import {', '.join(names)}")
    out = [
        f'"""For each call of `{module}.py` a method, waiting and awaited. {MADE}."""',
        "",
        "from __future__ import annotations",
        "",
        *imports,
        f"from . import {module}",
        "from ._connection import AsyncConnection, Connection",
        "",
    ]
    for name, base, asynchronous in (("Methods", "Connection", False), ("AsyncMethods", "AsyncConnection", True)):
        out += ["", f"class {name.replace('Methods', prefix + 'Methods')}({base}):"]
        out += [f'    """What can be asked, {"awaited" if asynchronous else "waiting for each answer"}."""']
        for function in functions:
            out += ["", *method(function, module, asynchronous)]
        out += [""]
    return "\n".join(out)


def method(function: ast.FunctionDef, module: str, asynchronous: bool) -> list[str]:
    given = function.args
    if not isinstance(function.returns, ast.Subscript):
        raise Unknown(f"{function.name} does not say what it answers")
    answer = ast.unparse(function.returns.slice)
    passed = [one.arg for one in given.args] + [f"{one.arg}={one.arg}" for one in given.kwonlyargs]
    parameters = ast.unparse(given)
    call = f"{module}.{function.name}({', '.join(passed)})"
    word = "async def" if asynchronous else "def"
    line = f"    {word} {function.name}(self{', ' + parameters if parameters else ''}) -> {answer}:"
    if len(line) > WIDTH:
        line = f"    {word} {function.name}(\n        self, {parameters}\n    ) -> {answer}:"
    about = ast.get_docstring(function)
    if not about:
        raise Unknown(f"{function.name} does not say what it does")
    quoted = about.splitlines()
    if len(quoted) == 1:
        doc = [f'        """{about}"""']
    else:
        doc = [f'        """{quoted[0]}', *(f"        {text}".rstrip() for text in quoted[1:]), '        """']
    return [line, *doc, f"        return await self._ask(lambda: {call})" if asynchronous else f"        return self._ask({call})"]


# JavaScript.


def js_type(given: Shape) -> str:
    if given.kind == "list" and given.inner:
        inner = js_type(given.inner)
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if given.kind == "choice":
        return " | ".join(json.dumps(word) for word in given.words)
    plain = {"integer": "number", "object": "Record<string, unknown>"}
    return given.name if given.kind == "model" else plain.get(given.kind, given.kind)


def comment(about: str, indent: str) -> list[str]:
    lines = sentence(about)
    if len(lines) < 2:
        return [f"{indent}/** {line} */" for line in lines]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def js_models(document: dict[str, Any]) -> str:
    out = [f"// What travels, as it stands in the OpenAPI document. {MADE}.", ""]
    for model in models(document):
        if model.name.endswith("Form"):
            continue
        out += comment(model.about, "")
        if model.words:
            out += [f"export type {model.name} = {' | '.join(json.dumps(word) for word in model.words)};", ""]
            continue
        if model.kinds:
            out += [f"export type {model.name} ="]
            for kind in model.kinds:
                out += [*comment(kind.about, "  "), "  | {", *js_fields(kind, "      "), "    }"]
            out[-1] += ";"
            out += [""]
            continue
        out += [f"export interface {model.name} {{", *js_fields(model, "  "), "}", ""]
    return "\n".join(out)


def js_fields(model: Model, indent: str) -> list[str]:
    out = []
    for one in model.fields:
        kind = js_type(one.shape) + (" | null" if one.nullable else "")
        out += [*comment(one.about, indent), f"{indent}{one.name}{'' if one.required else '?'}: {kind};"]
    return out


def js_operations(document: dict[str, Any]) -> str:
    out = [
        f"// Every operation of the OpenAPI document. {MADE}.",
        "",
        "/**",
        " * How an operation is asked.",
        " * @typedef {object} Operation",
        " * @property {string} method Its method of HTTP.",
        " * @property {string} path With `{name}` where a segment is a value.",
        " * @property {string | null} scope What the key must be allowed; null where no key is needed.",
        " * @property {boolean} capture Whether the capture token of a session opens it, and no key.",
        " * @property {boolean} link Whether the token of a consent link opens it, and no key.",
        " * @property {readonly string[]} query Its parameters.",
        " * @property {boolean} holder Whether a holder part may go along.",
        " * @property {boolean} idempotent Whether it takes an Idempotency-Key.",
        " * @property {boolean} text Whether the answer is text and no JSON.",
        " */",
        "",
    ]
    for one in operations(document):
        entry = {
            "method": one.method,
            "path": one.path,
            "scope": one.scope,
            "capture": one.capture,
            "link": one.link,
            "query": one.query,
            "holder": one.holder,
            "idempotent": one.idempotent,
            "text": one.kind.split("/")[0] == "text" or one.kind.endswith("-text"),
        }
        text = ", ".join(f"{key}: {json.dumps(value)}" for key, value in entry.items())
        out += ["/** @type {Operation} */", f"export const {camel(one.name)} = {{ {text} }};", ""]
    return "\n".join(out)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def made() -> dict[Path, str]:
    """What is generated, by file."""
    document = json.loads(DOCUMENT.read_text())
    texts = {
        PYTHON / "models.py": python_models(document),
        PYTHON / "_operations.py": python_operations(document),
        PYTHON / "_methods.py": python_clients("_calls", ""),
        PYTHON / "_capture_methods.py": python_clients("_capture_calls", "Capture"),
        PYTHON / "_link_methods.py": python_clients("_link_calls", "Link"),
        JS.parent / "types/models.d.ts": js_models(document),
        JS / "operations.js": js_operations(document),
    }
    return texts


def main() -> int:
    try:
        texts = made()
    except Unknown as error:
        print(f"sdk/generate.py does not know how to say this: {error}", file=sys.stderr)
        return 2
    differ = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    names = ", ".join(str(path.relative_to(HERE)) for path in differ)
    if "--check" in sys.argv:
        if differ:
            print(f"not as generated: {names}; run sdk/generate.py and commit what it writes", file=sys.stderr)
        return 1 if differ else 0
    for path in differ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path])
    print(f"written: {names}" if differ else "nothing has changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
