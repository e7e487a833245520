"""What can be asked: a function for each operation of the document. The clients' methods are made of these by
sdk/generate.py, with the same parameters and words."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

from . import models, _operations
from ._call import Call
from .holder import HolderPart
from .pictures import Picture, read


def _nothing(_: Any) -> None:
    return None


def _given(**values: Any) -> dict[str, Any]:
    """What was named."""
    return {name: value for name, value in values.items() if value is not None}


def compare(reference: Picture, probe: Picture) -> Call[models.CompareAnswer]:
    """Whether two pictures show one person. Nothing of them is kept.

    `reference` is the picture that is known, `probe` the one that was just taken.
    """
    form = [("reference", read(reference)), ("probe", read(probe))]
    return Call(_operations.COMPARE, models.CompareAnswer.from_wire, form=form)


def detect(picture: Picture) -> Call[models.DetectAnswer]:
    """The faces of a picture, with what speaks against using each. Nothing of it is kept."""
    return Call(_operations.DETECT, models.DetectAnswer.from_wire, form=[("picture", read(picture))])


def add_subject(
    id: str,
    *,
    holder: HolderPart | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.SubjectAnswer]:
    """Adds a person; holder-bound with a holder part, which then has to go along with everything about them."""
    return Call(
        _operations.ADD_SUBJECT,
        models.SubjectAnswer.from_wire,
        query={"collection": collection},
        json={"id": id},
        holder=holder,
        idempotency_key=idempotency_key,
    )


def list_subjects(
    *, collection: str | None = None, after: str | None = None, limit: int | None = None
) -> Call[models.SubjectList]:
    """One page of the people of a collection; `after` is the `next` of the page before. See `iter_subjects`."""
    query = {"collection": collection, "after": after, "limit": limit}
    return Call(_operations.LIST_SUBJECTS, models.SubjectList.from_wire, query=query)


def show_subject(subject: str, *, collection: str | None = None) -> Call[models.SubjectAnswer]:
    """A person and what they agreed to."""
    return Call(
        _operations.SHOW_SUBJECT,
        models.SubjectAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
    )


def erase_subject(
    subject: str, *, collection: str | None = None, idempotency_key: str | None = None
) -> Call[models.EraseAnswer]:
    """Destroys a person's key and everything under it. The receipt is signed: keep it."""
    return Call(
        _operations.ERASE_SUBJECT,
        models.EraseAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        idempotency_key=idempotency_key,
    )


def grant_consent(
    subject: str,
    purpose: str,
    *,
    text_version: str,
    evidence: Picture | None = None,
    evidence_sha256: str | None = None,
    days: int | None = None,
    holder: HolderPart | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Consent]:
    """Writes down that a person agreed to a purpose, such as `verify`.

    `evidence` is what shows it, such as a signed form: it is hashed here, and only the hash is sent. Give
    `evidence_sha256` instead where that is at hand. `text_version` names the text the person was shown.
    """
    if (evidence is None) == (evidence_sha256 is None):
        raise ValueError("name either `evidence` or `evidence_sha256`")
    if evidence is not None:
        evidence_sha256 = hashlib.sha256(read(evidence)).hexdigest()
    return Call(
        _operations.GRANT_CONSENT,
        models.Consent.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        json=_given(purpose=purpose, text_version=text_version, evidence_sha256=evidence_sha256, days=days),
        holder=holder,
        idempotency_key=idempotency_key,
    )


def list_consents(subject: str, *, collection: str | None = None) -> Call[models.ConsentList]:
    """What a person agreed to, ended entries too."""
    return Call(
        _operations.LIST_CONSENTS,
        models.ConsentList.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
    )


def withdraw_consents(
    subject: str, *, purpose: str | None = None, collection: str | None = None, idempotency_key: str | None = None
) -> Call[models.WithdrawAnswer]:
    """Withdraws what a person agreed to, for one purpose or all. Templates go with the last consent."""
    return Call(
        _operations.WITHDRAW_CONSENTS,
        models.WithdrawAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection, "purpose": purpose},
        idempotency_key=idempotency_key,
    )


def enroll_faces(
    subject: str,
    photos: Sequence[Picture],
    *,
    replace: bool = False,
    holder: HolderPart | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.EnrollAnswer]:
    """Makes templates of 1 to 16 photos of a person who agreed. Only the outcome `enrolled` stores anything.

    With `replace` the templates that are there go once the new ones are sealed.
    """
    if isinstance(photos, (str, bytes, bytearray, memoryview)):
        raise TypeError("`photos` is a list, even of one picture")
    form: list[tuple[str, bytes | str]] = [("photo", read(photo)) for photo in photos]
    if replace:
        form.append(("replace", "true"))
    return Call(
        _operations.ENROLL_FACES,
        models.EnrollAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        form=form,
        holder=holder,
        idempotency_key=idempotency_key,
    )


def verify_subject(
    subject: str,
    probe: Picture,
    *,
    holder: HolderPart | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.VerifyAnswer]:
    """Whether a picture that was just taken shows this person: `accept`, `reject`, or `recapture` with its cause.

    An unknown person, a wrong face, a missing consent and too many attempts are one and the same `reject`.
    """
    return Call(
        _operations.VERIFY_SUBJECT,
        models.VerifyAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        form=[("probe", read(probe))],
        holder=holder,
        idempotency_key=idempotency_key,
    )


def export_subject(
    subject: str, *, holder: HolderPart | None = None, collection: str | None = None
) -> Call[models.ExportAnswer]:
    """Everything held about a person, in the clear: hand it over to them and delete it."""
    return Call(
        _operations.EXPORT_SUBJECT,
        models.ExportAnswer.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        holder=holder,
    )


def list_collections() -> Call[models.CollectionList]:
    """The collections of the tenant, with what is decided in each."""
    return Call(_operations.LIST_COLLECTIONS, models.CollectionList.from_wire)


def show_collection(collection: str) -> Call[models.CollectionAnswer]:
    """What is decided in a collection, and how many members it may have."""
    return Call(
        _operations.SHOW_COLLECTION, models.CollectionAnswer.from_wire, segments={"collection": collection}
    )


def set_collection(
    collection: str,
    *,
    fmr: float | None = None,
    fpir: float | None = None,
    margin: float | None = None,
    idempotency_key: str | None = None,
) -> Call[models.CollectionAnswer]:
    """Makes a collection, or sets what is decided in it; what is left out stays as it is, or is as usual.

    `fpir` is the share of strangers who may be taken for a member, `fmr` the rate at which a member is a candidate, and
    `margin` how much less alike the second one must be.
    """
    return Call(
        _operations.SET_COLLECTION,
        models.CollectionAnswer.from_wire,
        segments={"collection": collection},
        json=_given(fmr=fmr, fpir=fpir, margin=margin),
        idempotency_key=idempotency_key,
    )


def identify_member(
    collection: str, probe: Picture, *, idempotency_key: str | None = None
) -> Call[models.IdentifyAnswer]:
    """Who of those who agreed to be identified in a collection a picture shows, or nobody.

    `refer` means that a person has to decide, `ambiguous` that two members are too much alike.
    """
    return Call(
        _operations.IDENTIFY_MEMBER,
        models.IdentifyAnswer.from_wire,
        segments={"collection": collection},
        form=[("probe", read(probe))],
        idempotency_key=idempotency_key,
    )


def list_members(
    collection: str, *, after: str | None = None, limit: int | None = None
) -> Call[models.MemberList]:
    """One page of those who can be identified in a collection. See `iter_members`."""
    return Call(
        _operations.LIST_MEMBERS,
        models.MemberList.from_wire,
        segments={"collection": collection},
        query={"after": after, "limit": limit},
    )


def open_session(
    kind: models.SessionKind,
    *,
    audience: str,
    nonce: str,
    way_out: str,
    subject: str | None = None,
    approve: str | None = None,
    webhook: str | None = None,
    passkey: models.SessionPasskey | None = None,
    lasts_s: int | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.SessionOpened]:
    """Puts one question to one live person: whether somebody is there, or whether it is `subject` (with `verify`).

    `audience` is who asks, `way_out` the page for whoever does not want this; both are shown. `nonce` is fresh for each
    session: keep it to check the result. `approve` is what the person approves. The answer has the capture token, shown
    this once: it is for the person's browser, or for `Capture`.
    """
    asked = _given(
        kind=kind,
        audience=audience,
        nonce=nonce,
        way_out=way_out,
        subject=subject,
        approve=approve,
        webhook=webhook,
        passkey=None if passkey is None else dataclasses.asdict(passkey),
        lasts_s=lasts_s,
    )
    return Call(
        _operations.OPEN_SESSION,
        models.SessionOpened.from_wire,
        query={"collection": collection},
        json=asked,
        idempotency_key=idempotency_key,
    )


def open_document(
    picture: Picture,
    *,
    case: str,
    audience: str,
    nonce: str,
    way_out: str,
    approve: str | None = None,
    webhook: str | None = None,
    lasts_s: int | None = None,
    strict: bool = False,
    collection: str | None = None,
) -> Call[models.DocumentAnswer]:
    """Looks at a document, and opens a session that asks whether the live person is the one on it. Nothing of it is stored.

    `case` is what you call this check, the same for each try: attempts are counted on it. The answer has the `session`, or
    the `cause` why there is none, and the `checks` of its zone; `strict` opens none unless the zone is clear, all its check
    digits hold, its date of birth is a date (parts of it may be unknown), it states a date of expiry that has not passed,
    and the portrait is on the page of the zone (on a card, TD1, it is not).
    The other names are those of `open_session`. Asked again it opens another session.
    """
    asked: dict[str, Any] = {"case": case, "audience": audience, "nonce": nonce, "way_out": way_out}
    more = {"approve": approve, "webhook": webhook, "lasts_s": None if lasts_s is None else str(lasts_s)}
    form: list[tuple[str, bytes | str]] = [("picture", read(picture)), *_given(**asked, **more).items()]
    if strict:
        form.append(("strict", "true"))
    return Call(
        _operations.OPEN_DOCUMENT, models.DocumentAnswer.from_wire, query={"collection": collection}, form=form
    )


def show_session(session: str) -> Call[models.SessionAnswer]:
    """Where a session stands. Once it is judged, the answer has the signed `result`, for a minute from the first time.

    Trust nothing but the result, checked: see `ResultChecker`.
    """
    return Call(_operations.SHOW_SESSION, models.SessionAnswer.from_wire, segments={"session": session})


def cancel_session(session: str) -> Call[None]:
    """Ends a session. A result that was not taken is gone; one that is over stays as it is."""
    return Call(_operations.CANCEL_SESSION, _nothing, segments={"session": session})


def make_payment(
    subject: str,
    *,
    amount: int,
    currency: str,
    payee: str,
    order: str,
    lasts_s: int | None = None,
    policy: models.PaymentPolicy | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.PaymentAnswer]:
    """Makes a payment that `subject` is to approve: `amount` in minor units, 1250 for 12.50 EUR.

    Nobody is shown it before `open_payment_session`. Whether there is such a subject is told nowhere. The `policy` `device-key`
    takes a passkey of theirs beside the face.
    """
    asked = _given(
        subject=subject, amount=amount, currency=currency, payee=payee, order=order, lasts_s=lasts_s, policy=policy
    )
    return Call(
        _operations.MAKE_PAYMENT,
        models.PaymentAnswer.from_wire,
        query={"collection": collection},
        json=asked,
        idempotency_key=idempotency_key,
    )


def show_payment(payment: str, *, collection: str | None = None) -> Call[models.PaymentAnswer]:
    """Where a payment stands. Deliver on a checked result, not on this."""
    return Call(
        _operations.SHOW_PAYMENT,
        models.PaymentAnswer.from_wire,
        segments={"payment": payment},
        query={"collection": collection},
    )


def cancel_payment(
    payment: str, *, collection: str | None = None, idempotency_key: str | None = None
) -> Call[models.PaymentAnswer]:
    """Cancels a payment that nobody has approved. Again is the same."""
    return Call(
        _operations.CANCEL_PAYMENT,
        models.PaymentAnswer.from_wire,
        segments={"payment": payment},
        query={"collection": collection},
        idempotency_key=idempotency_key,
    )


def refund_payment(
    payment: str,
    amount: int | None = None,
    *,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.PaymentAnswer]:
    """Enters that `amount` in minor units, or all that is left, was given back. Moving the money is yours."""
    return Call(
        _operations.REFUND_PAYMENT,
        models.PaymentAnswer.from_wire,
        segments={"payment": payment},
        query={"collection": collection},
        json=_given(amount=amount),
        idempotency_key=idempotency_key,
    )


def open_payment_session(
    payment: str,
    *,
    subject: str,
    audience: str,
    nonce: str,
    way_out: str,
    webhook: str | None = None,
    passkey: models.SessionPasskey | None = None,
    lasts_s: int | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.SessionOpened]:
    """Asks the payer, `subject` again, to approve a payment in front of a camera.

    As `open_session`: the token is for the payer's browser, the result is taken with `show_session`. Deliver when the result
    checks, its outcome is `accept` and its `transaction_sha256` is that of your order: see `transaction_sha256`.
    """
    asked = _given(
        subject=subject,
        audience=audience,
        nonce=nonce,
        way_out=way_out,
        webhook=webhook,
        passkey=None if passkey is None else dataclasses.asdict(passkey),
        lasts_s=lasts_s,
    )
    return Call(
        _operations.OPEN_PAYMENT_SESSION,
        models.SessionOpened.from_wire,
        segments={"payment": payment},
        query={"collection": collection},
        json=asked,
        idempotency_key=idempotency_key,
    )


def list_payments(
    subject: str, *, collection: str | None = None, after: str | None = None, limit: int | None = None
) -> Call[models.PaymentList]:
    """One page of the payments that a subject was asked to approve and that are kept; `after` is the `next` of the page
    before. See `iter_payments`."""
    return Call(
        _operations.LIST_PAYMENTS,
        models.PaymentList.from_wire,
        segments={"subject": subject},
        query={"collection": collection, "after": after, "limit": limit},
    )


def open_device_key(
    subject: str,
    *,
    label: str | None = None,
    name: str | None = None,
    holder: HolderPart | None = None,
    collection: str | None = None,
) -> Call[models.DeviceKeyOpened]:
    """Begins to register a passkey of a person who agreed to payments, which a payment can take beside the face.

    Hand `public_key` to `makeDeviceKey` of the JavaScript client in their browser, and what it gives to `finish_device_key`,
    within five minutes. `label` is what lists call it, `name` what their device does.
    """
    return Call(
        _operations.OPEN_DEVICE_KEY,
        models.DeviceKeyOpened.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        json=_given(label=label, name=name),
        holder=holder,
    )


def finish_device_key(
    subject: str,
    device_key: str,
    credential: dict[str, Any],
    *,
    holder: HolderPart | None = None,
    collection: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.DeviceKeyEntry]:
    """Registers the passkey that the person's browser made.

    `device_key` is the id that `open_device_key` gave; it takes one answer.
    """
    return Call(
        _operations.FINISH_DEVICE_KEY,
        models.DeviceKeyEntry.from_wire,
        segments={"subject": subject, "device_key": device_key},
        query={"collection": collection},
        json={"credential": credential},
        holder=holder,
        idempotency_key=idempotency_key,
    )


def list_device_keys(subject: str, *, collection: str | None = None) -> Call[models.DeviceKeyList]:
    """The device keys of a person, the oldest first."""
    return Call(
        _operations.LIST_DEVICE_KEYS,
        models.DeviceKeyList.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
    )


def remove_device_key(
    subject: str, device_key: str, *, collection: str | None = None, idempotency_key: str | None = None
) -> Call[None]:
    """Removes a device key. It holds for a payment that is just being decided, too."""
    return Call(
        _operations.REMOVE_DEVICE_KEY,
        _nothing,
        segments={"subject": subject, "device_key": device_key},
        query={"collection": collection},
        idempotency_key=idempotency_key,
    )


def open_consent_link(
    subject: str,
    *,
    audience: str,
    way_out: str,
    passkey: dict[str, Any] | None = None,
    collection: str | None = None,
) -> Call[models.ConsentLinkOpened]:
    """Opens a link by which a person sees and withdraws what they agreed to; it ends the one before.

    Send them to `/consents#ID.TOKEN` of the server within ten minutes. They prove themselves with a device key, or where they are
    holder-bound with the passkey that `passkey` names (`salt` and `credentials`). `way_out` is where they go without one.
    """
    return Call(
        _operations.OPEN_CONSENT_LINK,
        models.ConsentLinkOpened.from_wire,
        segments={"subject": subject},
        query={"collection": collection},
        json=_given(audience=audience, way_out=way_out, passkey=passkey),
    )


def list_keys() -> Call[models.KeyList]:
    """The keys of the tenant; never the secrets."""
    return Call(_operations.LIST_KEYS, models.KeyList.from_wire)


def create_key(
    scopes: Sequence[models.Scope],
    *,
    days: int | None = None,
    rate: int | None = None,
    daily: int | None = None,
    compat: models.CompatKey | None = None,
    idempotency_key: str | None = None,
) -> Call[models.KeyCreated]:
    """Makes a key with these scopes. It is shown this once.

    `days` until it ends, `rate` requests per second and `daily` requests per day (UTC) bound it. With `compat` it is one
    of another product's protocol, and `scopes` is empty.
    """
    other = None if compat is None else _given(**dataclasses.asdict(compat))
    return Call(
        _operations.CREATE_KEY,
        models.KeyCreated.from_wire,
        json=_given(scopes=list(scopes), days=days, rate=rate, daily=daily, compat=other),
        idempotency_key=idempotency_key,
    )


def revoke_key(key: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Ends a key, which is named by its id."""
    return Call(_operations.REVOKE_KEY, _nothing, segments={"key": key}, idempotency_key=idempotency_key)


def audit_checkpoint() -> Call[models.CheckpointAnswer]:
    """The audit tree as it stands, signed. Give one to somebody else now and then."""
    return Call(_operations.AUDIT_CHECKPOINT, models.CheckpointAnswer.from_wire)


def audit_consistency(older: int, *, newer: int | None = None) -> Call[models.ConsistencyAnswer]:
    """That the tree of `older` leaves is the beginning of a newer one."""
    query = {"older": older, "newer": newer}
    return Call(_operations.AUDIT_CONSISTENCY, models.ConsistencyAnswer.from_wire, query=query)


def audit_inclusion(leaf: str, *, size: int | None = None) -> Call[models.InclusionAnswer]:
    """That a leaf is in the tree; answers about people name theirs."""
    query = {"leaf": leaf, "size": size}
    return Call(_operations.AUDIT_INCLUSION, models.InclusionAnswer.from_wire, query=query)


def audit_entries(*, from_: int | None = None, limit: int | None = None) -> Call[models.EntriesAnswer]:
    """One page of the log: what happened, and not to whom; `from_` is the `next` of the page before. See
    `iter_audit_entries`."""
    query = {"from": from_, "limit": limit}
    return Call(_operations.AUDIT_ENTRIES, models.EntriesAnswer.from_wire, query=query)


def policy() -> Call[models.Policy]:
    """What is done with faces here, and what is never done."""
    return Call(_operations.POLICY, models.Policy.from_wire)


def jwks() -> Call[models.Jwks]:
    """The public keys that check what the server signs."""
    return Call(_operations.JWKS, models.Jwks.from_wire)


def healthz() -> Call[models.Health]:
    """That the server runs."""
    return Call(_operations.HEALTHZ, models.Health.from_wire)


def readyz() -> Call[models.Health]:
    """That the server can serve."""
    return Call(_operations.READYZ, models.Health.from_wire)


def metrics() -> Call[str]:
    """Numbers for a monitor, in the OpenMetrics format."""
    return Call(_operations.METRICS, str, text=True)


def openapi() -> Call[dict[str, Any]]:
    """The document of this very server."""
    return Call(_operations.OPENAPI, dict)


def reference() -> Call[str]:
    """The document as a page to read, in HTML."""
    return Call(_operations.REFERENCE, str, text=True)
