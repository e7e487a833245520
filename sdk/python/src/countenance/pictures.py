"""Pictures: a path, bytes or an open file. JPEG, PNG or WebP; the server takes no addresses of pictures."""

from __future__ import annotations

import os
from typing import IO, TypeAlias

Picture: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
"""A path, the bytes themselves, or a file that is open for reading bytes."""

MOST_BYTES = 256 << 20
"""More than this is not read: no server takes it."""


def read(picture: Picture) -> bytes:
    """The bytes of a picture."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        content = bytes(picture)
    elif isinstance(picture, (str, os.PathLike)):
        with open(picture, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    else:
        content = picture.read(MOST_BYTES + 1)
        if not isinstance(content, bytes):
            raise TypeError('a picture is read as bytes: open it with "rb"')
    if not content:
        raise ValueError("the picture is empty; a file that was read before must be rewound")
    if len(content) > MOST_BYTES:
        raise ValueError(f"the picture has more than {MOST_BYTES} bytes")
    return content
