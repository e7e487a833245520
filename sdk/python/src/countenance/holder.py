"""The holder's part of a holder-bound subject's key."""

from __future__ import annotations

import os
import re
import secrets

_BYTES = 32


class HolderPart:
    """32 bytes that belong to the person, for instance on their device: without them nobody opens what is stored, and
    the server never keeps them. They cannot be made up again once lost."""

    __slots__ = ("_digits",)

    def __init__(self, part: bytes) -> None:
        if len(part) != _BYTES:
            raise ValueError(f"a holder part is {_BYTES} bytes, not {len(part)}")
        self._digits = bytes(part).hex()

    @classmethod
    def generate(cls) -> HolderPart:
        """A new one."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def from_hex(cls, digits: str) -> HolderPart:
        """Made of 64 hexadecimal digits, as `hex` gives them and the command line writes them."""
        if not re.fullmatch(r"[0-9a-fA-F]{64}", digits.strip()):
            raise ValueError("a holder part is 64 hexadecimal digits")
        return cls(bytes.fromhex(digits.strip()))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> HolderPart:
        """Read from a file with 32 bytes or 64 hexadecimal digits."""
        with open(path, "rb") as file:
            content = file.read(2 * _BYTES + 2)
        if len(content) == _BYTES:
            return cls(content)
        return cls.from_hex(content.decode("ascii", "replace"))

    def hex(self) -> str:
        """The 64 digits: a secret."""
        return self._digits

    def __repr__(self) -> str:
        return "HolderPart(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HolderPart) and secrets.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        return hash(self._digits)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a holder part is not pickled: write hex() where it belongs")
