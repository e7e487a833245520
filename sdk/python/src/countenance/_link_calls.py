"""What can be asked with the token of a consent link: a function for each operation of the document. The methods of `ConsentLink` are
made of these by sdk/generate.py."""

from __future__ import annotations

from typing import Any

from . import models, _operations
from ._call import Call
from .holder import HolderPart


def show_consent_link() -> Call[models.ConsentLinkAnswer]:
    """What the link asks of the person: a holder part (`passkey`), or what a device key signed (`device_key`)."""
    return Call(_operations.SHOW_CONSENT_LINK, models.ConsentLinkAnswer.from_wire)


def show_own_consents(
    *, holder: HolderPart | None = None, device_key: dict[str, Any] | None = None
) -> Call[models.OwnConsents]:
    """What the person agreed to, if `holder` or `device_key` shows that it is they: once, and after three wrong ones no more.

    `device_key` is the credential that `navigator.credentials.get` gave, as JSON, for the challenge of this link.
    """
    json: dict[str, Any] = {} if device_key is None else {"device_key": device_key}
    return Call(_operations.SHOW_OWN_CONSENTS, models.OwnConsents.from_wire, json=json, holder=holder)


def withdraw_own_consents(purpose: str, permit: str) -> Call[models.OwnWithdrawal]:
    """The person withdraws what they agreed to for `purpose`; `permit` came with their consents."""
    return Call(
        _operations.WITHDRAW_OWN_CONSENTS,
        models.OwnWithdrawal.from_wire,
        json={"purpose": purpose, "permit": permit},
    )
