"""Asks a Countenance server: face verification for people who agreed to it.

    from countenance import Countenance
    client = Countenance(key_file="vault.admin-key")
    client.compare("passport.jpg", "today.jpg").decision
"""

from . import models
from ._capture import AsyncCapture, Capture
from ._client import AsyncCountenance, Countenance
from ._link import AsyncConsentLink, ConsentLink
from .errors import (
    Conflict,
    ConsentMissing,
    CountenanceError,
    KeyRefused,
    NotFound,
    NotReached,
    Problem,
    RequestRefused,
    ServerFailed,
    TooMany,
    UnexpectedAnswer,
)
from .frames import Frame
from .holder import HolderPart
from .pictures import Picture
from .results import Result, ResultChecker, ResultInvalid, check_result, transaction_sha256

__all__ = [
    "AsyncCapture",
    "AsyncConsentLink",
    "AsyncCountenance",
    "Capture",
    "Conflict",
    "ConsentLink",
    "ConsentMissing",
    "Countenance",
    "CountenanceError",
    "Frame",
    "HolderPart",
    "KeyRefused",
    "NotFound",
    "NotReached",
    "Picture",
    "Problem",
    "RequestRefused",
    "Result",
    "ResultChecker",
    "ResultInvalid",
    "ServerFailed",
    "TooMany",
    "UnexpectedAnswer",
    "check_result",
    "models",
    "transaction_sha256",
]
