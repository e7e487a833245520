"""For each call of `_link_calls.py` a method, waiting and awaited. Made by sdk/generate.py."""

from __future__ import annotations

from typing import Any
from . import models
from ._call import Call
from .holder import HolderPart
from . import _link_calls
from ._connection import AsyncConnection, Connection


class LinkMethods(Connection):
    """What can be asked, waiting for each answer."""

    def show_consent_link(self) -> models.ConsentLinkAnswer:
        """What the link asks of the person: a holder part (`passkey`), or what a device key signed (`device_key`)."""
        return self._ask(_link_calls.show_consent_link())

    def show_own_consents(
        self, *, holder: HolderPart | None=None, device_key: dict[str, Any] | None=None
    ) -> models.OwnConsents:
        """What the person agreed to, if `holder` or `device_key` shows that it is they: once, and after three wrong ones no more.

        `device_key` is the credential that `navigator.credentials.get` gave, as JSON, for the challenge of this link.
        """
        return self._ask(_link_calls.show_own_consents(holder=holder, device_key=device_key))

    def withdraw_own_consents(self, purpose: str, permit: str) -> models.OwnWithdrawal:
        """The person withdraws what they agreed to for `purpose`; `permit` came with their consents."""
        return self._ask(_link_calls.withdraw_own_consents(purpose, permit))


class AsyncLinkMethods(AsyncConnection):
    """What can be asked, awaited."""

    async def show_consent_link(self) -> models.ConsentLinkAnswer:
        """What the link asks of the person: a holder part (`passkey`), or what a device key signed (`device_key`)."""
        return await self._ask(lambda: _link_calls.show_consent_link())

    async def show_own_consents(
        self, *, holder: HolderPart | None=None, device_key: dict[str, Any] | None=None
    ) -> models.OwnConsents:
        """What the person agreed to, if `holder` or `device_key` shows that it is they: once, and after three wrong ones no more.

        `device_key` is the credential that `navigator.credentials.get` gave, as JSON, for the challenge of this link.
        """
        return await self._ask(lambda: _link_calls.show_own_consents(holder=holder, device_key=device_key))

    async def withdraw_own_consents(self, purpose: str, permit: str) -> models.OwnWithdrawal:
        """The person withdraws what they agreed to for `purpose`; `permit` came with their consents."""
        return await self._ask(lambda: _link_calls.withdraw_own_consents(purpose, permit))
