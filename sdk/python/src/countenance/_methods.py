"""For each call of `_calls.py` a method, waiting and awaited. Made by sdk/generate.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from . import models
from ._call import Call
from .holder import HolderPart
from .pictures import Picture
from . import _calls
from ._connection import AsyncConnection, Connection


class Methods(Connection):
    """What can be asked, waiting for each answer."""

    def compare(self, reference: Picture, probe: Picture) -> models.CompareAnswer:
        """Whether two pictures show one person. Nothing of them is kept.

        `reference` is the picture that is known, `probe` the one that was just taken.
        """
        return self._ask(_calls.compare(reference, probe))

    def detect(self, picture: Picture) -> models.DetectAnswer:
        """The faces of a picture, with what speaks against using each. Nothing of it is kept."""
        return self._ask(_calls.detect(picture))

    def add_subject(
        self, id: str, *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SubjectAnswer:
        """Adds a person; holder-bound with a holder part, which then has to go along with everything about them."""
        return self._ask(_calls.add_subject(id, holder=holder, collection=collection, idempotency_key=idempotency_key))

    def list_subjects(
        self, *, collection: str | None=None, after: str | None=None, limit: int | None=None
    ) -> models.SubjectList:
        """One page of the people of a collection; `after` is the `next` of the page before. See `iter_subjects`."""
        return self._ask(_calls.list_subjects(collection=collection, after=after, limit=limit))

    def show_subject(self, subject: str, *, collection: str | None=None) -> models.SubjectAnswer:
        """A person and what they agreed to."""
        return self._ask(_calls.show_subject(subject, collection=collection))

    def erase_subject(
        self, subject: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.EraseAnswer:
        """Destroys a person's key and everything under it. The receipt is signed: keep it."""
        return self._ask(_calls.erase_subject(subject, collection=collection, idempotency_key=idempotency_key))

    def grant_consent(
        self, subject: str, purpose: str, *, text_version: str, evidence: Picture | None=None, evidence_sha256: str | None=None, days: int | None=None, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.Consent:
        """Writes down that a person agreed to a purpose, such as `verify`.

        `evidence` is what shows it, such as a signed form: it is hashed here, and only the hash is sent. Give
        `evidence_sha256` instead where that is at hand. `text_version` names the text the person was shown.
        """
        return self._ask(_calls.grant_consent(subject, purpose, text_version=text_version, evidence=evidence, evidence_sha256=evidence_sha256, days=days, holder=holder, collection=collection, idempotency_key=idempotency_key))

    def list_consents(self, subject: str, *, collection: str | None=None) -> models.ConsentList:
        """What a person agreed to, ended entries too."""
        return self._ask(_calls.list_consents(subject, collection=collection))

    def withdraw_consents(
        self, subject: str, *, purpose: str | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.WithdrawAnswer:
        """Withdraws what a person agreed to, for one purpose or all. Templates go with the last consent."""
        return self._ask(_calls.withdraw_consents(subject, purpose=purpose, collection=collection, idempotency_key=idempotency_key))

    def enroll_faces(
        self, subject: str, photos: Sequence[Picture], *, replace: bool=False, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.EnrollAnswer:
        """Makes templates of 1 to 16 photos of a person who agreed. Only the outcome `enrolled` stores anything.

        With `replace` the templates that are there go once the new ones are sealed.
        """
        return self._ask(_calls.enroll_faces(subject, photos, replace=replace, holder=holder, collection=collection, idempotency_key=idempotency_key))

    def verify_subject(
        self, subject: str, probe: Picture, *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.VerifyAnswer:
        """Whether a picture that was just taken shows this person: `accept`, `reject`, or `recapture` with its cause.

        An unknown person, a wrong face, a missing consent and too many attempts are one and the same `reject`.
        """
        return self._ask(_calls.verify_subject(subject, probe, holder=holder, collection=collection, idempotency_key=idempotency_key))

    def export_subject(
        self, subject: str, *, holder: HolderPart | None=None, collection: str | None=None
    ) -> models.ExportAnswer:
        """Everything held about a person, in the clear: hand it over to them and delete it."""
        return self._ask(_calls.export_subject(subject, holder=holder, collection=collection))

    def list_collections(self) -> models.CollectionList:
        """The collections of the tenant, with what is decided in each."""
        return self._ask(_calls.list_collections())

    def show_collection(self, collection: str) -> models.CollectionAnswer:
        """What is decided in a collection, and how many members it may have."""
        return self._ask(_calls.show_collection(collection))

    def set_collection(
        self, collection: str, *, fmr: float | None=None, fpir: float | None=None, margin: float | None=None, idempotency_key: str | None=None
    ) -> models.CollectionAnswer:
        """Makes a collection, or sets what is decided in it; what is left out stays as it is, or is as usual.

        `fpir` is the share of strangers who may be taken for a member, `fmr` the rate at which a member is a candidate, and
        `margin` how much less alike the second one must be.
        """
        return self._ask(_calls.set_collection(collection, fmr=fmr, fpir=fpir, margin=margin, idempotency_key=idempotency_key))

    def identify_member(
        self, collection: str, probe: Picture, *, idempotency_key: str | None=None
    ) -> models.IdentifyAnswer:
        """Who of those who agreed to be identified in a collection a picture shows, or nobody.

        `refer` means that a person has to decide, `ambiguous` that two members are too much alike.
        """
        return self._ask(_calls.identify_member(collection, probe, idempotency_key=idempotency_key))

    def list_members(self, collection: str, *, after: str | None=None, limit: int | None=None) -> models.MemberList:
        """One page of those who can be identified in a collection. See `iter_members`."""
        return self._ask(_calls.list_members(collection, after=after, limit=limit))

    def open_session(
        self, kind: models.SessionKind, *, audience: str, nonce: str, way_out: str, subject: str | None=None, approve: str | None=None, webhook: str | None=None, passkey: models.SessionPasskey | None=None, lasts_s: int | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SessionOpened:
        """Puts one question to one live person: whether somebody is there, or whether it is `subject` (with `verify`).

        `audience` is who asks, `way_out` the page for whoever does not want this; both are shown. `nonce` is fresh for each
        session: keep it to check the result. `approve` is what the person approves. The answer has the capture token, shown
        this once: it is for the person's browser, or for `Capture`.
        """
        return self._ask(_calls.open_session(kind, audience=audience, nonce=nonce, way_out=way_out, subject=subject, approve=approve, webhook=webhook, passkey=passkey, lasts_s=lasts_s, collection=collection, idempotency_key=idempotency_key))

    def open_document(
        self, picture: Picture, *, case: str, audience: str, nonce: str, way_out: str, approve: str | None=None, webhook: str | None=None, lasts_s: int | None=None, strict: bool=False, collection: str | None=None
    ) -> models.DocumentAnswer:
        """Looks at a document, and opens a session that asks whether the live person is the one on it. Nothing of it is stored.

        `case` is what you call this check, the same for each try: attempts are counted on it. The answer has the `session`, or
        the `cause` why there is none, and the `checks` of its zone; `strict` opens none unless the zone is clear, all its check
        digits hold, its date of birth is a date (parts of it may be unknown), it states a date of expiry that has not passed,
        and the portrait is on the page of the zone (on a card, TD1, it is not).
        The other names are those of `open_session`. Asked again it opens another session.
        """
        return self._ask(_calls.open_document(picture, case=case, audience=audience, nonce=nonce, way_out=way_out, approve=approve, webhook=webhook, lasts_s=lasts_s, strict=strict, collection=collection))

    def show_session(self, session: str) -> models.SessionAnswer:
        """Where a session stands. Once it is judged, the answer has the signed `result`, for a minute from the first time.

        Trust nothing but the result, checked: see `ResultChecker`.
        """
        return self._ask(_calls.show_session(session))

    def cancel_session(self, session: str) -> None:
        """Ends a session. A result that was not taken is gone; one that is over stays as it is."""
        return self._ask(_calls.cancel_session(session))

    def make_payment(
        self, subject: str, *, amount: int, currency: str, payee: str, order: str, lasts_s: int | None=None, policy: models.PaymentPolicy | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Makes a payment that `subject` is to approve: `amount` in minor units, 1250 for 12.50 EUR.

        Nobody is shown it before `open_payment_session`. Whether there is such a subject is told nowhere. The `policy` `device-key`
        takes a passkey of theirs beside the face.
        """
        return self._ask(_calls.make_payment(subject, amount=amount, currency=currency, payee=payee, order=order, lasts_s=lasts_s, policy=policy, collection=collection, idempotency_key=idempotency_key))

    def show_payment(self, payment: str, *, collection: str | None=None) -> models.PaymentAnswer:
        """Where a payment stands. Deliver on a checked result, not on this."""
        return self._ask(_calls.show_payment(payment, collection=collection))

    def cancel_payment(
        self, payment: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Cancels a payment that nobody has approved. Again is the same."""
        return self._ask(_calls.cancel_payment(payment, collection=collection, idempotency_key=idempotency_key))

    def refund_payment(
        self, payment: str, amount: int | None=None, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Enters that `amount` in minor units, or all that is left, was given back. Moving the money is yours."""
        return self._ask(_calls.refund_payment(payment, amount, collection=collection, idempotency_key=idempotency_key))

    def open_payment_session(
        self, payment: str, *, subject: str, audience: str, nonce: str, way_out: str, webhook: str | None=None, passkey: models.SessionPasskey | None=None, lasts_s: int | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SessionOpened:
        """Asks the payer, `subject` again, to approve a payment in front of a camera.

        As `open_session`: the token is for the payer's browser, the result is taken with `show_session`. Deliver when the result
        checks, its outcome is `accept` and its `transaction_sha256` is that of your order: see `transaction_sha256`.
        """
        return self._ask(_calls.open_payment_session(payment, subject=subject, audience=audience, nonce=nonce, way_out=way_out, webhook=webhook, passkey=passkey, lasts_s=lasts_s, collection=collection, idempotency_key=idempotency_key))

    def list_payments(
        self, subject: str, *, collection: str | None=None, after: str | None=None, limit: int | None=None
    ) -> models.PaymentList:
        """One page of the payments that a subject was asked to approve and that are kept; `after` is the `next` of the page
        before. See `iter_payments`.
        """
        return self._ask(_calls.list_payments(subject, collection=collection, after=after, limit=limit))

    def open_device_key(
        self, subject: str, *, label: str | None=None, name: str | None=None, holder: HolderPart | None=None, collection: str | None=None
    ) -> models.DeviceKeyOpened:
        """Begins to register a passkey of a person who agreed to payments, which a payment can take beside the face.

        Hand `public_key` to `makeDeviceKey` of the JavaScript client in their browser, and what it gives to `finish_device_key`,
        within five minutes. `label` is what lists call it, `name` what their device does.
        """
        return self._ask(_calls.open_device_key(subject, label=label, name=name, holder=holder, collection=collection))

    def finish_device_key(
        self, subject: str, device_key: str, credential: dict[str, Any], *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.DeviceKeyEntry:
        """Registers the passkey that the person's browser made.

        `device_key` is the id that `open_device_key` gave; it takes one answer.
        """
        return self._ask(_calls.finish_device_key(subject, device_key, credential, holder=holder, collection=collection, idempotency_key=idempotency_key))

    def list_device_keys(self, subject: str, *, collection: str | None=None) -> models.DeviceKeyList:
        """The device keys of a person, the oldest first."""
        return self._ask(_calls.list_device_keys(subject, collection=collection))

    def remove_device_key(
        self, subject: str, device_key: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> None:
        """Removes a device key. It holds for a payment that is just being decided, too."""
        return self._ask(_calls.remove_device_key(subject, device_key, collection=collection, idempotency_key=idempotency_key))

    def open_consent_link(
        self, subject: str, *, audience: str, way_out: str, passkey: dict[str, Any] | None=None, collection: str | None=None
    ) -> models.ConsentLinkOpened:
        """Opens a link by which a person sees and withdraws what they agreed to; it ends the one before.

        Send them to `/consents#ID.TOKEN` of the server within ten minutes. They prove themselves with a device key, or where they are
        holder-bound with the passkey that `passkey` names (`salt` and `credentials`). `way_out` is where they go without one.
        """
        return self._ask(_calls.open_consent_link(subject, audience=audience, way_out=way_out, passkey=passkey, collection=collection))

    def list_keys(self) -> models.KeyList:
        """The keys of the tenant; never the secrets."""
        return self._ask(_calls.list_keys())

    def create_key(
        self, scopes: Sequence[models.Scope], *, days: int | None=None, rate: int | None=None, daily: int | None=None, compat: models.CompatKey | None=None, idempotency_key: str | None=None
    ) -> models.KeyCreated:
        """Makes a key with these scopes. It is shown this once.

        `days` until it ends, `rate` requests per second and `daily` requests per day (UTC) bound it. With `compat` it is one
        of another product's protocol, and `scopes` is empty.
        """
        return self._ask(_calls.create_key(scopes, days=days, rate=rate, daily=daily, compat=compat, idempotency_key=idempotency_key))

    def revoke_key(self, key: str, *, idempotency_key: str | None=None) -> None:
        """Ends a key, which is named by its id."""
        return self._ask(_calls.revoke_key(key, idempotency_key=idempotency_key))

    def audit_checkpoint(self) -> models.CheckpointAnswer:
        """The audit tree as it stands, signed. Give one to somebody else now and then."""
        return self._ask(_calls.audit_checkpoint())

    def audit_consistency(self, older: int, *, newer: int | None=None) -> models.ConsistencyAnswer:
        """That the tree of `older` leaves is the beginning of a newer one."""
        return self._ask(_calls.audit_consistency(older, newer=newer))

    def audit_inclusion(self, leaf: str, *, size: int | None=None) -> models.InclusionAnswer:
        """That a leaf is in the tree; answers about people name theirs."""
        return self._ask(_calls.audit_inclusion(leaf, size=size))

    def audit_entries(self, *, from_: int | None=None, limit: int | None=None) -> models.EntriesAnswer:
        """One page of the log: what happened, and not to whom; `from_` is the `next` of the page before. See
        `iter_audit_entries`.
        """
        return self._ask(_calls.audit_entries(from_=from_, limit=limit))

    def policy(self) -> models.Policy:
        """What is done with faces here, and what is never done."""
        return self._ask(_calls.policy())

    def jwks(self) -> models.Jwks:
        """The public keys that check what the server signs."""
        return self._ask(_calls.jwks())

    def healthz(self) -> models.Health:
        """That the server runs."""
        return self._ask(_calls.healthz())

    def readyz(self) -> models.Health:
        """That the server can serve."""
        return self._ask(_calls.readyz())

    def metrics(self) -> str:
        """Numbers for a monitor, in the OpenMetrics format."""
        return self._ask(_calls.metrics())

    def openapi(self) -> dict[str, Any]:
        """The document of this very server."""
        return self._ask(_calls.openapi())

    def reference(self) -> str:
        """The document as a page to read, in HTML."""
        return self._ask(_calls.reference())


class AsyncMethods(AsyncConnection):
    """What can be asked, awaited."""

    async def compare(self, reference: Picture, probe: Picture) -> models.CompareAnswer:
        """Whether two pictures show one person. Nothing of them is kept.

        `reference` is the picture that is known, `probe` the one that was just taken.
        """
        return await self._ask(lambda: _calls.compare(reference, probe))

    async def detect(self, picture: Picture) -> models.DetectAnswer:
        """The faces of a picture, with what speaks against using each. Nothing of it is kept."""
        return await self._ask(lambda: _calls.detect(picture))

    async def add_subject(
        self, id: str, *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SubjectAnswer:
        """Adds a person; holder-bound with a holder part, which then has to go along with everything about them."""
        return await self._ask(lambda: _calls.add_subject(id, holder=holder, collection=collection, idempotency_key=idempotency_key))

    async def list_subjects(
        self, *, collection: str | None=None, after: str | None=None, limit: int | None=None
    ) -> models.SubjectList:
        """One page of the people of a collection; `after` is the `next` of the page before. See `iter_subjects`."""
        return await self._ask(lambda: _calls.list_subjects(collection=collection, after=after, limit=limit))

    async def show_subject(self, subject: str, *, collection: str | None=None) -> models.SubjectAnswer:
        """A person and what they agreed to."""
        return await self._ask(lambda: _calls.show_subject(subject, collection=collection))

    async def erase_subject(
        self, subject: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.EraseAnswer:
        """Destroys a person's key and everything under it. The receipt is signed: keep it."""
        return await self._ask(lambda: _calls.erase_subject(subject, collection=collection, idempotency_key=idempotency_key))

    async def grant_consent(
        self, subject: str, purpose: str, *, text_version: str, evidence: Picture | None=None, evidence_sha256: str | None=None, days: int | None=None, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.Consent:
        """Writes down that a person agreed to a purpose, such as `verify`.

        `evidence` is what shows it, such as a signed form: it is hashed here, and only the hash is sent. Give
        `evidence_sha256` instead where that is at hand. `text_version` names the text the person was shown.
        """
        return await self._ask(lambda: _calls.grant_consent(subject, purpose, text_version=text_version, evidence=evidence, evidence_sha256=evidence_sha256, days=days, holder=holder, collection=collection, idempotency_key=idempotency_key))

    async def list_consents(self, subject: str, *, collection: str | None=None) -> models.ConsentList:
        """What a person agreed to, ended entries too."""
        return await self._ask(lambda: _calls.list_consents(subject, collection=collection))

    async def withdraw_consents(
        self, subject: str, *, purpose: str | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.WithdrawAnswer:
        """Withdraws what a person agreed to, for one purpose or all. Templates go with the last consent."""
        return await self._ask(lambda: _calls.withdraw_consents(subject, purpose=purpose, collection=collection, idempotency_key=idempotency_key))

    async def enroll_faces(
        self, subject: str, photos: Sequence[Picture], *, replace: bool=False, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.EnrollAnswer:
        """Makes templates of 1 to 16 photos of a person who agreed. Only the outcome `enrolled` stores anything.

        With `replace` the templates that are there go once the new ones are sealed.
        """
        return await self._ask(lambda: _calls.enroll_faces(subject, photos, replace=replace, holder=holder, collection=collection, idempotency_key=idempotency_key))

    async def verify_subject(
        self, subject: str, probe: Picture, *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.VerifyAnswer:
        """Whether a picture that was just taken shows this person: `accept`, `reject`, or `recapture` with its cause.

        An unknown person, a wrong face, a missing consent and too many attempts are one and the same `reject`.
        """
        return await self._ask(lambda: _calls.verify_subject(subject, probe, holder=holder, collection=collection, idempotency_key=idempotency_key))

    async def export_subject(
        self, subject: str, *, holder: HolderPart | None=None, collection: str | None=None
    ) -> models.ExportAnswer:
        """Everything held about a person, in the clear: hand it over to them and delete it."""
        return await self._ask(lambda: _calls.export_subject(subject, holder=holder, collection=collection))

    async def list_collections(self) -> models.CollectionList:
        """The collections of the tenant, with what is decided in each."""
        return await self._ask(lambda: _calls.list_collections())

    async def show_collection(self, collection: str) -> models.CollectionAnswer:
        """What is decided in a collection, and how many members it may have."""
        return await self._ask(lambda: _calls.show_collection(collection))

    async def set_collection(
        self, collection: str, *, fmr: float | None=None, fpir: float | None=None, margin: float | None=None, idempotency_key: str | None=None
    ) -> models.CollectionAnswer:
        """Makes a collection, or sets what is decided in it; what is left out stays as it is, or is as usual.

        `fpir` is the share of strangers who may be taken for a member, `fmr` the rate at which a member is a candidate, and
        `margin` how much less alike the second one must be.
        """
        return await self._ask(lambda: _calls.set_collection(collection, fmr=fmr, fpir=fpir, margin=margin, idempotency_key=idempotency_key))

    async def identify_member(
        self, collection: str, probe: Picture, *, idempotency_key: str | None=None
    ) -> models.IdentifyAnswer:
        """Who of those who agreed to be identified in a collection a picture shows, or nobody.

        `refer` means that a person has to decide, `ambiguous` that two members are too much alike.
        """
        return await self._ask(lambda: _calls.identify_member(collection, probe, idempotency_key=idempotency_key))

    async def list_members(
        self, collection: str, *, after: str | None=None, limit: int | None=None
    ) -> models.MemberList:
        """One page of those who can be identified in a collection. See `iter_members`."""
        return await self._ask(lambda: _calls.list_members(collection, after=after, limit=limit))

    async def open_session(
        self, kind: models.SessionKind, *, audience: str, nonce: str, way_out: str, subject: str | None=None, approve: str | None=None, webhook: str | None=None, passkey: models.SessionPasskey | None=None, lasts_s: int | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SessionOpened:
        """Puts one question to one live person: whether somebody is there, or whether it is `subject` (with `verify`).

        `audience` is who asks, `way_out` the page for whoever does not want this; both are shown. `nonce` is fresh for each
        session: keep it to check the result. `approve` is what the person approves. The answer has the capture token, shown
        this once: it is for the person's browser, or for `Capture`.
        """
        return await self._ask(lambda: _calls.open_session(kind, audience=audience, nonce=nonce, way_out=way_out, subject=subject, approve=approve, webhook=webhook, passkey=passkey, lasts_s=lasts_s, collection=collection, idempotency_key=idempotency_key))

    async def open_document(
        self, picture: Picture, *, case: str, audience: str, nonce: str, way_out: str, approve: str | None=None, webhook: str | None=None, lasts_s: int | None=None, strict: bool=False, collection: str | None=None
    ) -> models.DocumentAnswer:
        """Looks at a document, and opens a session that asks whether the live person is the one on it. Nothing of it is stored.

        `case` is what you call this check, the same for each try: attempts are counted on it. The answer has the `session`, or
        the `cause` why there is none, and the `checks` of its zone; `strict` opens none unless the zone is clear, all its check
        digits hold, its date of birth is a date (parts of it may be unknown), it states a date of expiry that has not passed,
        and the portrait is on the page of the zone (on a card, TD1, it is not).
        The other names are those of `open_session`. Asked again it opens another session.
        """
        return await self._ask(lambda: _calls.open_document(picture, case=case, audience=audience, nonce=nonce, way_out=way_out, approve=approve, webhook=webhook, lasts_s=lasts_s, strict=strict, collection=collection))

    async def show_session(self, session: str) -> models.SessionAnswer:
        """Where a session stands. Once it is judged, the answer has the signed `result`, for a minute from the first time.

        Trust nothing but the result, checked: see `ResultChecker`.
        """
        return await self._ask(lambda: _calls.show_session(session))

    async def cancel_session(self, session: str) -> None:
        """Ends a session. A result that was not taken is gone; one that is over stays as it is."""
        return await self._ask(lambda: _calls.cancel_session(session))

    async def make_payment(
        self, subject: str, *, amount: int, currency: str, payee: str, order: str, lasts_s: int | None=None, policy: models.PaymentPolicy | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Makes a payment that `subject` is to approve: `amount` in minor units, 1250 for 12.50 EUR.

        Nobody is shown it before `open_payment_session`. Whether there is such a subject is told nowhere. The `policy` `device-key`
        takes a passkey of theirs beside the face.
        """
        return await self._ask(lambda: _calls.make_payment(subject, amount=amount, currency=currency, payee=payee, order=order, lasts_s=lasts_s, policy=policy, collection=collection, idempotency_key=idempotency_key))

    async def show_payment(self, payment: str, *, collection: str | None=None) -> models.PaymentAnswer:
        """Where a payment stands. Deliver on a checked result, not on this."""
        return await self._ask(lambda: _calls.show_payment(payment, collection=collection))

    async def cancel_payment(
        self, payment: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Cancels a payment that nobody has approved. Again is the same."""
        return await self._ask(lambda: _calls.cancel_payment(payment, collection=collection, idempotency_key=idempotency_key))

    async def refund_payment(
        self, payment: str, amount: int | None=None, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.PaymentAnswer:
        """Enters that `amount` in minor units, or all that is left, was given back. Moving the money is yours."""
        return await self._ask(lambda: _calls.refund_payment(payment, amount, collection=collection, idempotency_key=idempotency_key))

    async def open_payment_session(
        self, payment: str, *, subject: str, audience: str, nonce: str, way_out: str, webhook: str | None=None, passkey: models.SessionPasskey | None=None, lasts_s: int | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.SessionOpened:
        """Asks the payer, `subject` again, to approve a payment in front of a camera.

        As `open_session`: the token is for the payer's browser, the result is taken with `show_session`. Deliver when the result
        checks, its outcome is `accept` and its `transaction_sha256` is that of your order: see `transaction_sha256`.
        """
        return await self._ask(lambda: _calls.open_payment_session(payment, subject=subject, audience=audience, nonce=nonce, way_out=way_out, webhook=webhook, passkey=passkey, lasts_s=lasts_s, collection=collection, idempotency_key=idempotency_key))

    async def list_payments(
        self, subject: str, *, collection: str | None=None, after: str | None=None, limit: int | None=None
    ) -> models.PaymentList:
        """One page of the payments that a subject was asked to approve and that are kept; `after` is the `next` of the page
        before. See `iter_payments`.
        """
        return await self._ask(lambda: _calls.list_payments(subject, collection=collection, after=after, limit=limit))

    async def open_device_key(
        self, subject: str, *, label: str | None=None, name: str | None=None, holder: HolderPart | None=None, collection: str | None=None
    ) -> models.DeviceKeyOpened:
        """Begins to register a passkey of a person who agreed to payments, which a payment can take beside the face.

        Hand `public_key` to `makeDeviceKey` of the JavaScript client in their browser, and what it gives to `finish_device_key`,
        within five minutes. `label` is what lists call it, `name` what their device does.
        """
        return await self._ask(lambda: _calls.open_device_key(subject, label=label, name=name, holder=holder, collection=collection))

    async def finish_device_key(
        self, subject: str, device_key: str, credential: dict[str, Any], *, holder: HolderPart | None=None, collection: str | None=None, idempotency_key: str | None=None
    ) -> models.DeviceKeyEntry:
        """Registers the passkey that the person's browser made.

        `device_key` is the id that `open_device_key` gave; it takes one answer.
        """
        return await self._ask(lambda: _calls.finish_device_key(subject, device_key, credential, holder=holder, collection=collection, idempotency_key=idempotency_key))

    async def list_device_keys(self, subject: str, *, collection: str | None=None) -> models.DeviceKeyList:
        """The device keys of a person, the oldest first."""
        return await self._ask(lambda: _calls.list_device_keys(subject, collection=collection))

    async def remove_device_key(
        self, subject: str, device_key: str, *, collection: str | None=None, idempotency_key: str | None=None
    ) -> None:
        """Removes a device key. It holds for a payment that is just being decided, too."""
        return await self._ask(lambda: _calls.remove_device_key(subject, device_key, collection=collection, idempotency_key=idempotency_key))

    async def open_consent_link(
        self, subject: str, *, audience: str, way_out: str, passkey: dict[str, Any] | None=None, collection: str | None=None
    ) -> models.ConsentLinkOpened:
        """Opens a link by which a person sees and withdraws what they agreed to; it ends the one before.

        Send them to `/consents#ID.TOKEN` of the server within ten minutes. They prove themselves with a device key, or where they are
        holder-bound with the passkey that `passkey` names (`salt` and `credentials`). `way_out` is where they go without one.
        """
        return await self._ask(lambda: _calls.open_consent_link(subject, audience=audience, way_out=way_out, passkey=passkey, collection=collection))

    async def list_keys(self) -> models.KeyList:
        """The keys of the tenant; never the secrets."""
        return await self._ask(lambda: _calls.list_keys())

    async def create_key(
        self, scopes: Sequence[models.Scope], *, days: int | None=None, rate: int | None=None, daily: int | None=None, compat: models.CompatKey | None=None, idempotency_key: str | None=None
    ) -> models.KeyCreated:
        """Makes a key with these scopes. It is shown this once.

        `days` until it ends, `rate` requests per second and `daily` requests per day (UTC) bound it. With `compat` it is one
        of another product's protocol, and `scopes` is empty.
        """
        return await self._ask(lambda: _calls.create_key(scopes, days=days, rate=rate, daily=daily, compat=compat, idempotency_key=idempotency_key))

    async def revoke_key(self, key: str, *, idempotency_key: str | None=None) -> None:
        """Ends a key, which is named by its id."""
        return await self._ask(lambda: _calls.revoke_key(key, idempotency_key=idempotency_key))

    async def audit_checkpoint(self) -> models.CheckpointAnswer:
        """The audit tree as it stands, signed. Give one to somebody else now and then."""
        return await self._ask(lambda: _calls.audit_checkpoint())

    async def audit_consistency(self, older: int, *, newer: int | None=None) -> models.ConsistencyAnswer:
        """That the tree of `older` leaves is the beginning of a newer one."""
        return await self._ask(lambda: _calls.audit_consistency(older, newer=newer))

    async def audit_inclusion(self, leaf: str, *, size: int | None=None) -> models.InclusionAnswer:
        """That a leaf is in the tree; answers about people name theirs."""
        return await self._ask(lambda: _calls.audit_inclusion(leaf, size=size))

    async def audit_entries(self, *, from_: int | None=None, limit: int | None=None) -> models.EntriesAnswer:
        """One page of the log: what happened, and not to whom; `from_` is the `next` of the page before. See
        `iter_audit_entries`.
        """
        return await self._ask(lambda: _calls.audit_entries(from_=from_, limit=limit))

    async def policy(self) -> models.Policy:
        """What is done with faces here, and what is never done."""
        return await self._ask(lambda: _calls.policy())

    async def jwks(self) -> models.Jwks:
        """The public keys that check what the server signs."""
        return await self._ask(lambda: _calls.jwks())

    async def healthz(self) -> models.Health:
        """That the server runs."""
        return await self._ask(lambda: _calls.healthz())

    async def readyz(self) -> models.Health:
        """That the server can serve."""
        return await self._ask(lambda: _calls.readyz())

    async def metrics(self) -> str:
        """Numbers for a monitor, in the OpenMetrics format."""
        return await self._ask(lambda: _calls.metrics())

    async def openapi(self) -> dict[str, Any]:
        """The document of this very server."""
        return await self._ask(lambda: _calls.openapi())

    async def reference(self) -> str:
        """The document as a page to read, in HTML."""
        return await self._ask(lambda: _calls.reference())
