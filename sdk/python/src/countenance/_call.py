"""One question to the server, ready to be sent as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ._operations import Operation
from .holder import HolderPart

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """An operation, what goes along, and what is made of the answer."""

    operation: Operation
    answer: Callable[[Any], T]
    segments: Mapping[str, str] = field(default_factory=dict)
    """Values in the path."""
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Sequence[tuple[str, bytes | str]] | None = None
    """The parts of a form; bytes are pictures."""
    holder: HolderPart | None = None
    idempotency_key: str | None = None
    text: bool = False
    """Whether the answer is text and no JSON."""
