"""What a camera sees, for the capture side of a session."""

from __future__ import annotations

from dataclasses import dataclass, field

from .pictures import Picture


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A picture of the camera, as it sees it: not mirrored."""

    frame: int
    """Its number: 0, 1, 2 and so on, over all requests."""
    time_ms: int
    """When it was taken, on a steady clock of your own."""
    picture: Picture = field(repr=False)
    """JPEG or WebP, within what `show_capture().frames` says."""
