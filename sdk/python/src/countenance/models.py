"""What travels, as it stands in the OpenAPI document. Made by sdk/generate.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CompatProduct = Literal["compreface"]
"""Whose protocol a key speaks."""

CompatPurpose = Literal["identify", "verify"]
"""What each subject behind such a key is said to have agreed to."""

CompatService = Literal["detection", "recognition", "verification"]
"""What a key of such a protocol is for."""

Decision = Literal["accept", "recapture", "reject"]
"""The outcomes of a comparison."""

EnrollOutcome = Literal["different", "enrolled", "not_the_subject", "recapture"]
"""The outcomes of an enrollment; only `enrolled` stores anything."""

FoundAnswer = Literal["accept", "refer"]
"""What is said of a member who is found."""

IdentifyDecision = Literal["accept", "ambiguous", "recapture", "refer", "reject"]
"""The outcomes of an identification."""

LogContent = Literal["open", "sealed", "shredded"]
"""What can be said of an entry."""

PaymentPolicy = Literal["single-factor", "device-key"]
"""What it takes to approve a payment."""

Scope = Literal["admin", "audit", "compare", "detect", "enroll", "identify", "pay", "refund", "scores", "sessions", "verify"]
"""What a key may do. A key has a set of them; none includes another."""

SessionKind = Literal["document", "payment", "presence", "verify"]
"""What a session asks."""

Side = Literal["probe", "reference"]
"""One of the two pictures."""

SubjectKind = Literal["holder_bound", "operator_key"]
"""Who holds the key of a subject."""

VerifyDecision = Literal["accept", "recapture", "reject"]
"""The outcomes of a verification."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """A rectangle in pixels of the upright picture, from its top left; may reach beyond the picture."""

    x: float
    """Left edge."""
    y: float
    """Top edge."""
    width: float
    """Columns."""
    height: float
    """Rows."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Area:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            x=wire["x"],
            y=wire["y"],
            width=wire["width"],
            height=wire["height"],
        )


@dataclass(frozen=True, kw_only=True)
class AttemptRule:
    """How often a subject may be tried."""

    free: int
    """Attempts since the last success that need no wait."""
    wait_s: int
    """Seconds between attempts after these."""
    limit: int
    """Attempts since the last success within 30 days after which another way in is needed."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> AttemptRule:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            free=wire["free"],
            wait_s=wire["wait_s"],
            limit=wire["limit"],
        )


@dataclass(frozen=True, kw_only=True)
class CaptureAnswer:
    """What the person is asked, for the page that asks it."""

    session: str
    """Id of the session."""
    kind: SessionKind
    """What it asks."""
    state: str
    """As in the session."""
    ends_in_ms: int
    """How long it may still take."""
    audience: str
    """Who asks."""
    way_out: str
    """Where a person goes who does not want this."""
    consent: CaptureConsent
    """The text to agree to."""
    frames: FrameRules
    """How frames are to be."""
    approve: str | None = None
    """What the person approves."""
    device_key: CaptureDeviceKey | None = None
    """That a device key of the person must sign what is shown."""
    passkey: SessionPasskey | None = None
    """That the holder's part of a key is needed, and how it is had."""
    payment: CapturePayment | None = None
    """The payment that the person approves: show it large, and say with the consent that it was shown."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CaptureAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            session=wire["session"],
            kind=wire["kind"],
            state=wire["state"],
            ends_in_ms=wire["ends_in_ms"],
            audience=wire["audience"],
            way_out=wire["way_out"],
            consent=CaptureConsent.from_wire(wire["consent"]),
            frames=FrameRules.from_wire(wire["frames"]),
            approve=wire.get("approve"),
            device_key=None if wire.get("device_key") is None else CaptureDeviceKey.from_wire(wire["device_key"]),
            passkey=None if wire.get("passkey") is None else SessionPasskey.from_wire(wire["passkey"]),
            payment=None if wire.get("payment") is None else CapturePayment.from_wire(wire["payment"]),
        )


@dataclass(frozen=True, kw_only=True)
class CaptureConsent:
    """The text that the person reads before anything is asked."""

    version: str
    """Version of the text."""
    lang: str
    """The language it is in, as a tag (BCP 47)."""
    text: str
    """Plain text."""
    sha256: str
    """SHA-256 of it, in hexadecimal."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CaptureConsent:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            version=wire["version"],
            lang=wire["lang"],
            text=wire["text"],
            sha256=wire["sha256"],
        )


@dataclass(frozen=True, kw_only=True)
class CaptureDeviceKey:
    """That the page must ask for a device key when the person agrees."""

    relying_party: str
    """For whom the key was made: `rpId`."""
    nonce: str
    """32 bytes in base64url; the challenge is made of it, of the session and of what the page shows."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CaptureDeviceKey:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            relying_party=wire["relying_party"],
            nonce=wire["nonce"],
        )


@dataclass(frozen=True, kw_only=True)
class CaptureMessage:
    """What the server says while frames come in."""

    type: str
    """Which kind it is; one that is not known here is passed over."""
    ends_in_ms: int | None = None
    """With `hello`: how long the session may still take."""
    frames: FrameRules | None = None
    """With `hello`: how frames are to be."""
    frame: int | None = None
    """With `ack`: its number."""
    id: int | None = None
    """With `prompt`: one more than the one before."""
    kind: str | None = None
    """With `prompt`: `hold`, `turn_left`, `turn_right`, `smile` or `light`."""
    window_ms: int | None = None
    """With `prompt`: how long it is waited for."""
    color: str | None = None
    """With `prompt`: `#rrggbb`, with `light`."""
    code: str | None = None
    """With `guidance`: `ok`, `no_face`, `one_face`, `closer`, `farther`, `center`, `more_light`, `less_light`,
    `hold_still` or `look_straight`. With `error`: `frame_invalid`, `frames_too_fast`, `busy` or `internal`.
    """
    done: int | None = None
    """With `progress`: steps that are over."""
    of: int | None = None
    """With `progress`: all steps."""
    state: str | None = None
    """With `done`: `judged`, `canceled` or `expired`."""
    detail: str | None = None
    """With `error`: what was wrong."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CaptureMessage:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            type=wire["type"],
            ends_in_ms=wire.get("ends_in_ms"),
            frames=None if wire.get("frames") is None else FrameRules.from_wire(wire["frames"]),
            frame=wire.get("frame"),
            id=wire.get("id"),
            kind=wire.get("kind"),
            window_ms=wire.get("window_ms"),
            color=wire.get("color"),
            code=wire.get("code"),
            done=wire.get("done"),
            of=wire.get("of"),
            state=wire.get("state"),
            detail=wire.get("detail"),
        )


@dataclass(frozen=True, kw_only=True)
class CapturePayment:
    """What the payer is shown, for the page that shows it."""

    id: str
    """Id of the payment."""
    amount: int
    """How much, in minor units."""
    currency: str
    """ISO 4217 code."""
    digits: int
    """Digits of the minor unit: 2 for cents."""
    payee: str
    """To whom."""
    order: str
    """For what."""
    expires: int
    """From when on it can no longer be approved."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CapturePayment:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            amount=wire["amount"],
            currency=wire["currency"],
            digits=wire["digits"],
            payee=wire["payee"],
            order=wire["order"],
            expires=wire["expires"],
        )


@dataclass(frozen=True, kw_only=True)
class CaptureState:
    """Where the session stands now."""

    state: str
    """As in the session."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CaptureState:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            state=wire["state"],
        )


@dataclass(frozen=True, kw_only=True)
class CheckpointAnswer:
    """The audit tree as it stands, signed."""

    size: int
    """Leaves of the tree."""
    root: str
    """Root hash of the tree, in hexadecimal (RFC 6962, SHA-256)."""
    time: int
    """When it was signed, in seconds since 1970-01-01 UTC."""
    vault: str
    """The vault it is of, in hexadecimal."""
    signed: str
    """The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CheckpointAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            size=wire["size"],
            root=wire["root"],
            time=wire["time"],
            vault=wire["vault"],
            signed=wire["signed"],
        )


@dataclass(frozen=True, kw_only=True)
class CollectionAnswer:
    """A collection."""

    name: str
    """Its name."""
    policy: str
    """What stands in every answer of `identify`: all that decides it."""
    fmr: float
    """A member is a candidate at this false-match rate."""
    fmr_upper_95: float
    """Upper 95 % bound of that rate as it was measured."""
    fpir: float
    """The share of strangers who may be taken for a member."""
    margin: float
    """How much less alike the second member must be, in score."""
    most_members: int
    """Most members that may be searched: `fpir` divided by `fmr_upper_95`."""
    answers: FoundAnswer
    """What is said of a member who is found."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CollectionAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            name=wire["name"],
            policy=wire["policy"],
            fmr=wire["fmr"],
            fmr_upper_95=wire["fmr_upper_95"],
            fpir=wire["fpir"],
            margin=wire["margin"],
            most_members=wire["most_members"],
            answers=wire["answers"],
        )


@dataclass(frozen=True, kw_only=True)
class CollectionList:
    """The collections of a tenant."""

    collections: list[CollectionAnswer]
    """The collections, oldest first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CollectionList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            collections=[CollectionAnswer.from_wire(one) for one in wire["collections"]],
        )


@dataclass(frozen=True, kw_only=True)
class CompareAnswer:
    """What came of a comparison. Nothing of the pictures is kept."""

    decision: Decision
    """The answer."""
    false_match_rate: float
    """The false-match rate it was decided at."""
    cause: str | None = None
    """Why to take it again, such as `too_dark`."""
    score: float | None = None
    """Cosine of the templates, -1 to 1; only for keys with the scope `scores`."""
    side: Side | None = None
    """Which picture to take again."""
    threshold: float | None = None
    """What the score was held against; only for keys with the scope `scores`."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CompareAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            decision=wire["decision"],
            false_match_rate=wire["false_match_rate"],
            cause=wire.get("cause"),
            score=wire.get("score"),
            side=wire.get("side"),
            threshold=wire.get("threshold"),
        )


@dataclass(frozen=True, kw_only=True)
class CompatKey:
    """A key of another product's protocol."""

    product: CompatProduct
    """Whose protocol."""
    service: CompatService
    """Which service of it."""
    attestation: str
    """The operator's word on how subjects agree, 1 to 500 characters: the procedure it names stands behind every
    consent that is entered through the key.
    """
    collection: str | None = None
    """The collection of a recognition service; a new one of its own where it is left out."""
    embeddings: bool | None = None
    """Whether embeddings are given out and taken in."""
    fpir: float | None = None
    """The share of strangers who may be taken for a subject, above 0 and at most 0.01; it bounds how many subjects
    the collection may have. 0.001 where it is left out.
    """
    keep_pictures: bool | None = None
    """Whether the pictures of faces are kept, each sealed under its subject's key."""
    purposes: list[CompatPurpose] | None = None
    """To what they agree; both where it is left out."""
    retention_days: int | None = None
    """Days each consent lasts, 1 to 1095; as long as the server allows where it is left out."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> CompatKey:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            product=wire["product"],
            service=wire["service"],
            attestation=wire["attestation"],
            collection=wire.get("collection"),
            embeddings=wire.get("embeddings"),
            fpir=wire.get("fpir"),
            keep_pictures=wire.get("keep_pictures"),
            purposes=wire.get("purposes"),
            retention_days=wire.get("retention_days"),
        )


@dataclass(frozen=True, kw_only=True)
class Consent:
    """An entry of the consent ledger."""

    number: int
    """Number of the entry within its subject."""
    purpose: str
    """For what."""
    state: str
    """`active`, `withdrawn` or `expired`."""
    expires: int
    """When it ends, in seconds since 1970-01-01 UTC."""
    evidence_sha256: str | None = None
    """SHA-256, in hexadecimal, of what shows that it was given."""
    granted: int | None = None
    """When it was given, in seconds since 1970-01-01 UTC."""
    text_version: str | None = None
    """Which version of the text was shown, where it can be opened without a holder part."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Consent:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            number=wire["number"],
            purpose=wire["purpose"],
            state=wire["state"],
            expires=wire["expires"],
            evidence_sha256=wire.get("evidence_sha256"),
            granted=wire.get("granted"),
            text_version=wire.get("text_version"),
        )


@dataclass(frozen=True, kw_only=True)
class ConsentGiven:
    """The person agrees."""

    sha256: str
    """SHA-256 of the text that was read, in hexadecimal, in whichever language it was."""
    calm: bool | None = None
    """With colors that change slowly, for people who do not bear flashing."""
    device_key: dict[str, Any] | None = None
    """What a device key signed, where one is asked for: `toJSON()` of the credential that
    `navigator.credentials.get` gave. Only its `id` and its `response` are read.
    """
    holder: str | None = field(default=None, repr=False)
    """The holder's part of the key, 64 hexadecimal digits, where it is asked for."""
    shown_sha256: str | None = None
    """SHA-256 of the terms of the payment that the page has shown, computed there from what it shows, in
    hexadecimal.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConsentGiven:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            sha256=wire["sha256"],
            calm=wire.get("calm"),
            device_key=wire.get("device_key"),
            holder=wire.get("holder"),
            shown_sha256=wire.get("shown_sha256"),
        )


@dataclass(frozen=True, kw_only=True)
class ConsentLinkAnswer:
    """What a link asks of the person."""

    link: str
    """Its id."""
    ends_in_ms: int
    """Milliseconds until it cannot be used any more."""
    audience: str
    """Who keeps the consents."""
    way_out: str
    """Where to go from here."""
    device_key: CaptureDeviceKey | None = None
    """Asks for what a device key signs; the nonce is for one answer."""
    passkey: SessionPasskey | None = None
    """Asks for the holder's part of the key."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConsentLinkAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            link=wire["link"],
            ends_in_ms=wire["ends_in_ms"],
            audience=wire["audience"],
            way_out=wire["way_out"],
            device_key=None if wire.get("device_key") is None else CaptureDeviceKey.from_wire(wire["device_key"]),
            passkey=None if wire.get("passkey") is None else SessionPasskey.from_wire(wire["passkey"]),
        )


@dataclass(frozen=True, kw_only=True)
class ConsentLinkOpened:
    """A link that was opened."""

    id: str
    """Its id."""
    token: str = field(repr=False)
    """Its token, shown this once: for the person's browser, at `/consents#ID.TOKEN`. Alone it shows nothing."""
    expires: int
    """Until when it can be used, in seconds since 1970-01-01 UTC."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConsentLinkOpened:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            token=wire["token"],
            expires=wire["expires"],
        )


@dataclass(frozen=True, kw_only=True)
class ConsentList:
    """The consents of a subject."""

    consents: list[Consent]
    """The entries, ended ones too."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConsentList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            consents=[Consent.from_wire(one) for one in wire["consents"]],
        )


@dataclass(frozen=True, kw_only=True)
class ConsistencyAnswer:
    """That an older tree is the beginning of a newer one."""

    older: int
    """Leaves of the older tree."""
    older_root: str
    """Its root hash, in hexadecimal."""
    newer: int
    """Leaves of the newer tree."""
    newer_root: str
    """Its root hash, in hexadecimal."""
    path: list[str]
    """The proof, in hexadecimal."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ConsistencyAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            older=wire["older"],
            older_root=wire["older_root"],
            newer=wire["newer"],
            newer_root=wire["newer_root"],
            path=wire["path"],
        )


@dataclass(frozen=True, kw_only=True)
class DetectAnswer:
    """The faces of a picture. Nothing of it is kept."""

    width: int
    """Columns of the upright picture."""
    height: int
    """Rows of the upright picture."""
    faces: list[Face]
    """The faces, the surest first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DetectAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            width=wire["width"],
            height=wire["height"],
            faces=[Face.from_wire(one) for one in wire["faces"]],
        )


@dataclass(frozen=True, kw_only=True)
class DeviceKeyAnswer:
    """What the browser answers. Of the credential only `response` is read, and of that only what is named here."""

    credential: dict[str, Any]
    """`toJSON()` of the credential that `navigator.credentials.create` gave."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DeviceKeyAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            credential=wire["credential"],
        )


@dataclass(frozen=True, kw_only=True)
class DeviceKeyEntry:
    """A device key."""

    id: str
    """Its id."""
    label: str
    """What it is called."""
    added: int
    """When it was registered, in seconds since 1970-01-01 UTC."""
    synced: bool
    """Whether it may be on other devices of the person, too: it is then as well kept as their account with whoever
    syncs it.
    """
    used: int | None = None
    """When it signed last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DeviceKeyEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            label=wire["label"],
            added=wire["added"],
            synced=wire["synced"],
            used=wire.get("used"),
        )


@dataclass(frozen=True, kw_only=True)
class DeviceKeyList:
    """The device keys of a subject."""

    device_keys: list[DeviceKeyEntry]
    """The oldest first."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DeviceKeyList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            device_keys=[DeviceKeyEntry.from_wire(one) for one in wire["device_keys"]],
        )


@dataclass(frozen=True, kw_only=True)
class DeviceKeyOpened:
    """A registration that was begun."""

    id: str
    """Id of the registration: answer it, once, at `/v1/subjects/{subject}/device-keys/{device_key}`."""
    expires: int
    """From when on it is not answered any more, in seconds since 1970-01-01 UTC."""
    public_key: dict[str, Any]
    """For `PublicKeyCredential.parseCreationOptionsFromJSON` in the person's browser."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DeviceKeyOpened:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            expires=wire["expires"],
            public_key=wire["public_key"],
        )


@dataclass(frozen=True, kw_only=True)
class DocumentAnswer:
    """What was found on a document. Nothing of it is kept but the template of the portrait, in memory, until the
    session is judged.
    """

    checks: DocumentChecks
    """Which checks ran, and what came of them."""
    cause: str | None = None
    """Why no session was opened: what is wrong with the picture of the portrait, such as `several_faces`, or with
    `strict` `zone_not_trusted`.
    """
    session: SessionOpened | None = None
    """The session in which the person shows that it is they."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DocumentAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            checks=DocumentChecks.from_wire(wire["checks"]),
            cause=wire.get("cause"),
            session=None if wire.get("session") is None else SessionOpened.from_wire(wire["session"]),
        )


@dataclass(frozen=True, kw_only=True)
class DocumentChecks:
    """Checks of a document's machine-readable zone, without a word of what it says: the claim `document` of the
    result.
    """

    zone: str
    """How it was read: `clear`, `doubtful`, `unreadable` or `absent`."""
    check_digits: str
    """All check digits in one: `passed`, `failed` or `absent`."""
    expired: bool | None = None
    """Whether its last valid day has passed, where it states one."""
    format: str | None = None
    """`TD1`, `TD2`, `TD3`, `MRV-A` or `MRV-B`, where it was read."""
    portrait: str | None = None
    """Where a zone was read and a portrait found: `page`, on the page of the zone, or `apart`. A card (TD1) has
    its portrait on the other side, and that both sides are of one card no picture shows.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> DocumentChecks:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            zone=wire["zone"],
            check_digits=wire["check_digits"],
            expired=wire.get("expired"),
            format=wire.get("format"),
            portrait=wire.get("portrait"),
        )


@dataclass(frozen=True, kw_only=True)
class EnrollAnswer:
    """What came of the photos."""

    outcome: EnrollOutcome
    """The outcome."""
    templates: int
    """How many templates were sealed."""
    replaced: int
    """How many older templates they took the place of."""
    cause: str | None = None
    """Why to take it again, such as `too_dark`."""
    photo: int | None = None
    """Index of the photo that stands in the way."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EnrollAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            outcome=wire["outcome"],
            templates=wire["templates"],
            replaced=wire["replaced"],
            cause=wire.get("cause"),
            photo=wire.get("photo"),
        )


@dataclass(frozen=True, kw_only=True)
class EntriesAnswer:
    """A page of the log. It says what happened, and to nobody's name, id or pseudonym."""

    size: int
    """Leaves of the tree."""
    entries: list[LogEntry]
    """The entries, oldest first; each was held against its leaf."""
    next: int | None = None
    """`from` of the next page; absent on the last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EntriesAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            size=wire["size"],
            entries=[LogEntry.from_wire(one) for one in wire["entries"]],
            next=wire.get("next"),
        )


@dataclass(frozen=True, kw_only=True)
class EraseAnswer:
    """A signed statement that a subject's key is gone."""

    receipt: str
    """The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json."""
    time: int
    """When, in seconds since 1970-01-01 UTC."""
    leaf: str
    """Leaf of the erasure in the audit tree, as `/v1/audit/inclusion` takes it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EraseAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            receipt=wire["receipt"],
            time=wire["time"],
            leaf=wire["leaf"],
        )


@dataclass(frozen=True, kw_only=True)
class ExportAnswer:
    """Everything held about a subject."""

    id: str
    """What the caller calls it."""
    kind: SubjectKind
    """Who holds its key."""
    created: int
    """When it was added, in seconds since 1970-01-01 UTC."""
    used_day: int
    """Day of last use, counted from 1970-01-01."""
    attempts: int
    """Attempts since the last success, in the newest 31 days."""
    consents: list[Consent]
    """Its consents, ended ones too."""
    templates: list[ExportTemplate]
    """Its templates."""
    payments: list[PaymentAnswer]
    """Payments it was asked to approve."""
    device_keys: list[DeviceKeyEntry]
    """Its device keys."""
    events: list[ExportEvent]
    """What the audit log says about it."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ExportAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            kind=wire["kind"],
            created=wire["created"],
            used_day=wire["used_day"],
            attempts=wire["attempts"],
            consents=[Consent.from_wire(one) for one in wire["consents"]],
            templates=[ExportTemplate.from_wire(one) for one in wire["templates"]],
            payments=[PaymentAnswer.from_wire(one) for one in wire["payments"]],
            device_keys=[DeviceKeyEntry.from_wire(one) for one in wire["device_keys"]],
            events=[ExportEvent.from_wire(one) for one in wire["events"]],
        )


@dataclass(frozen=True, kw_only=True)
class ExportEvent:
    """An audit event."""

    kind: str
    """What happened, such as `enrolled`."""
    time: int
    """When, in seconds since 1970-01-01 UTC."""
    leaf: str
    """Its leaf in the audit tree, as `/v1/audit/inclusion` takes it."""
    leaf_bytes: str
    """The leaf's bytes, in hexadecimal: their hash is in the tree."""
    by: str | None = None
    """`subject` where they did it themselves, with a passkey: see and withdraw their consents."""
    outcome: str | None = None
    """How an attempt ended."""
    purpose: str | None = None
    """For which purpose."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ExportEvent:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            kind=wire["kind"],
            time=wire["time"],
            leaf=wire["leaf"],
            leaf_bytes=wire["leaf_bytes"],
            by=wire.get("by"),
            outcome=wire.get("outcome"),
            purpose=wire.get("purpose"),
        )


@dataclass(frozen=True, kw_only=True)
class ExportTemplate:
    """A template, for its subject."""

    number: int
    """Number of the record."""
    model: str
    """The model that made it."""
    template: str = field(repr=False)
    """Its bytes (`docs/spec/template-v1.md`), in base64."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ExportTemplate:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            number=wire["number"],
            model=wire["model"],
            template=wire["template"],
        )


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face."""

    area: Area
    """Where it is."""
    landmarks: list[list[float]]
    """Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, each x and y in pixels
    of the upright picture.
    """
    quality: Quality
    """Measured on the face."""
    causes: list[str]
    """What speaks against making a template of it, such as `too_small`; empty when nothing does."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Face:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            area=Area.from_wire(wire["area"]),
            landmarks=wire["landmarks"],
            quality=Quality.from_wire(wire["quality"]),
            causes=wire["causes"],
        )


@dataclass(frozen=True, kw_only=True)
class FrameBatch:
    """Frames, where there is no WebSocket."""

    frames: list[FrameEntry]
    """None or some."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FrameBatch:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            frames=[FrameEntry.from_wire(one) for one in wire["frames"]],
        )


@dataclass(frozen=True, kw_only=True)
class FrameEntry:
    """A frame of a batch."""

    frame: int
    """Its number."""
    time_ms: int
    """When it was taken, on the client's clock."""
    picture: str = field(repr=False)
    """JPEG or WebP, in base64."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FrameEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            frame=wire["frame"],
            time_ms=wire["time_ms"],
            picture=wire["picture"],
        )


@dataclass(frozen=True, kw_only=True)
class FrameMessages:
    """What the server says to frames."""

    messages: list[CaptureMessage]
    """In this order."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FrameMessages:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            messages=[CaptureMessage.from_wire(one) for one in wire["messages"]],
        )


@dataclass(frozen=True, kw_only=True)
class FrameRules:
    """How frames are to be."""

    width: int
    """Columns at most."""
    height: int
    """Rows at most."""
    max_bytes: int
    """Bytes at most."""
    per_second: int
    """Frames a second at most."""
    in_flight: int
    """Frames at most that were sent and not looked at."""
    batch: int
    """Frames of one request at most."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> FrameRules:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            width=wire["width"],
            height=wire["height"],
            max_bytes=wire["max_bytes"],
            per_second=wire["per_second"],
            in_flight=wire["in_flight"],
            batch=wire["batch"],
        )


@dataclass(frozen=True, kw_only=True)
class Health:
    """That the process runs, or that it can serve."""

    status: str
    """`ok`."""
    version: str
    """Version of the program."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Health:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            status=wire["status"],
            version=wire["version"],
        )


@dataclass(frozen=True, kw_only=True)
class IdentifyAnswer:
    """What came of an identification."""

    decision: IdentifyDecision
    """The answer."""
    policy: str
    """What decided it: the model and the settings of the collection."""
    cause: str | None = None
    """Why to take the picture again, such as `too_dark`; it comes from the picture alone."""
    detail: IdentifyDetail | None = None
    """What it was decided on; only for keys with the scope `scores`."""
    subject: str | None = None
    """Who it is, with `accept`, or may be, with `refer`."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> IdentifyAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            decision=wire["decision"],
            policy=wire["policy"],
            cause=wire.get("cause"),
            detail=None if wire.get("detail") is None else IdentifyDetail.from_wire(wire["detail"]),
            subject=wire.get("subject"),
        )


@dataclass(frozen=True, kw_only=True)
class IdentifyDetail:
    """What only whoever runs the collection may see."""

    threshold: float
    """What the score was held against."""
    members: int
    """Members that were searched; none with `recapture`."""
    leaf: str
    """Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it."""
    score: float | None = None
    """Cosine of the best template of the member who was found, -1 to 1."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> IdentifyDetail:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            threshold=wire["threshold"],
            members=wire["members"],
            leaf=wire["leaf"],
            score=wire.get("score"),
        )


@dataclass(frozen=True, kw_only=True)
class InclusionAnswer:
    """That a leaf is in the tree."""

    leaf: int
    """Index of the leaf."""
    leaf_hash: str
    """Hash of the leaf, in hexadecimal."""
    size: int
    """Leaves of the tree."""
    root: str
    """Root hash of the tree, in hexadecimal."""
    path: list[str]
    """The path from the leaf up, in hexadecimal."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> InclusionAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            leaf=wire["leaf"],
            leaf_hash=wire["leaf_hash"],
            size=wire["size"],
            root=wire["root"],
            path=wire["path"],
        )


@dataclass(frozen=True, kw_only=True)
class Jwk:
    """An Ed25519 key (RFC 8037)."""

    kty: str
    """`OKP`."""
    crv: str
    """`Ed25519`."""
    x: str
    """The public key, in base64url."""
    kid: str
    """Its thumbprint (RFC 7638)."""
    use: str
    """`sig`."""
    purpose: str
    """What it signs: `vault` (audit checkpoints and erase receipts) or `result` (results of sessions)."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Jwk:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            kty=wire["kty"],
            crv=wire["crv"],
            x=wire["x"],
            kid=wire["kid"],
            use=wire["use"],
            purpose=wire["purpose"],
        )


@dataclass(frozen=True, kw_only=True)
class Jwks:
    """Keys that check signatures (RFC 7517)."""

    keys: list[Jwk]
    """The keys."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Jwks:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            keys=[Jwk.from_wire(one) for one in wire["keys"]],
        )


@dataclass(frozen=True, kw_only=True)
class KeyCreated:
    """A key that was made. It is shown this once."""

    id: str
    """Its name, for lists and for revoking."""
    tenant: str
    """Whose it is."""
    scopes: list[Scope]
    """What it may do."""
    created: int
    """When it was made, in seconds since 1970-01-01 UTC."""
    key: str = field(repr=False)
    """The key itself: keep it, it cannot be shown again."""
    compat: CompatKey | None = None
    """The service of another product's protocol that the key stands for, where it is one of those."""
    daily: int | None = None
    """Requests per day (UTC), where there is a limit."""
    expires: int | None = None
    """When it expires, in seconds since 1970-01-01 UTC."""
    rate: int | None = None
    """Requests per second, where the key has a number of its own."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> KeyCreated:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            tenant=wire["tenant"],
            scopes=wire["scopes"],
            created=wire["created"],
            key=wire["key"],
            compat=None if wire.get("compat") is None else CompatKey.from_wire(wire["compat"]),
            daily=wire.get("daily"),
            expires=wire.get("expires"),
            rate=wire.get("rate"),
        )


@dataclass(frozen=True, kw_only=True)
class KeyEntry:
    """What is kept of a key."""

    id: str
    """Its name, for lists and for revoking."""
    tenant: str
    """Whose it is."""
    scopes: list[Scope]
    """What it may do."""
    created: int
    """When it was made, in seconds since 1970-01-01 UTC."""
    compat: CompatKey | None = None
    """The service of another product's protocol that the key stands for, where it is one of those."""
    daily: int | None = None
    """Requests per day (UTC), where there is a limit."""
    expires: int | None = None
    """When it expires, in seconds since 1970-01-01 UTC."""
    rate: int | None = None
    """Requests per second, where the key has a number of its own."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> KeyEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            tenant=wire["tenant"],
            scopes=wire["scopes"],
            created=wire["created"],
            compat=None if wire.get("compat") is None else CompatKey.from_wire(wire["compat"]),
            daily=wire.get("daily"),
            expires=wire.get("expires"),
            rate=wire.get("rate"),
        )


@dataclass(frozen=True, kw_only=True)
class KeyList:
    """The keys of a tenant."""

    keys: list[KeyEntry]
    """The keys, oldest first; expired ones too until they are revoked."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> KeyList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            keys=[KeyEntry.from_wire(one) for one in wire["keys"]],
        )


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """An entry of the log."""

    leaf: int
    """Index of its leaf."""
    leaf_hash: str
    """Hash of its leaf, in hexadecimal: the commitment that the tree has of it."""
    content: LogContent
    """What can be said of it."""
    by: str | None = None
    """`subject` where they did it themselves, with a passkey: see and withdraw their consents."""
    day: int | None = None
    """On which day, counted from 1970-01-01."""
    kind: str | None = None
    """What happened, such as `enrolled` or `key_made`."""
    outcome: str | None = None
    """How a verification or identification ended."""
    purpose: str | None = None
    """For which purpose."""
    time: int | None = None
    """When, in seconds since 1970-01-01 UTC; only of what is about no person."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> LogEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            leaf=wire["leaf"],
            leaf_hash=wire["leaf_hash"],
            content=wire["content"],
            by=wire.get("by"),
            day=wire.get("day"),
            kind=wire.get("kind"),
            outcome=wire.get("outcome"),
            purpose=wire.get("purpose"),
            time=wire.get("time"),
        )


@dataclass(frozen=True, kw_only=True)
class MemberEntry:
    """A member of a collection: a subject with the operator's key, a template and a standing consent to
    `identify`.
    """

    id: str
    """What the caller calls it."""
    expires: int
    """When its consent to `identify` ends, in seconds since 1970-01-01 UTC."""
    templates: int
    """How many templates it has."""
    used_day: int
    """Day of last use, counted from 1970-01-01."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MemberEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            expires=wire["expires"],
            templates=wire["templates"],
            used_day=wire["used_day"],
        )


@dataclass(frozen=True, kw_only=True)
class MemberList:
    """The members among a stretch of the subjects of a collection."""

    members: list[MemberEntry]
    """The members; a page may have none and still not be the last."""
    next: str | None = None
    """What the next page is asked with; absent on the last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> MemberList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            members=[MemberEntry.from_wire(one) for one in wire["members"]],
            next=wire.get("next"),
        )


@dataclass(frozen=True, kw_only=True)
class OwnConsents:
    """What a subject agreed to, for themselves."""

    permit: str = field(repr=False)
    """Whoever has it and the token may withdraw, for as long as this lasts. Shown this once."""
    ends_in_ms: int
    """Milliseconds until that is over."""
    consents: list[Consent]
    """The entries, ended ones too."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OwnConsents:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            permit=wire["permit"],
            ends_in_ms=wire["ends_in_ms"],
            consents=[Consent.from_wire(one) for one in wire["consents"]],
        )


@dataclass(frozen=True, kw_only=True)
class OwnWithdrawal:
    """What stands after a withdrawal."""

    withdrawn: int
    """How many entries were withdrawn."""
    consents: list[Consent]
    """The entries, ended ones too, without what only the holder's part opens."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OwnWithdrawal:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            withdrawn=wire["withdrawn"],
            consents=[Consent.from_wire(one) for one in wire["consents"]],
        )


@dataclass(frozen=True, kw_only=True)
class PaymentAnswer:
    """Where a payment stands."""

    id: str
    """Its id."""
    state: str
    """`created`, `shown`, `answering`, `authorized`, `refused`, `canceled` or `expired`."""
    amount: int
    """How much, in minor units."""
    currency: str
    """ISO 4217 code."""
    payee: str
    """To whom."""
    order: str
    """For what."""
    created: int
    """When it was made, in seconds since 1970-01-01 UTC."""
    expires: int
    """From when on it can no longer be approved."""
    shown_sha256: str
    """SHA-256 of the terms as they are shown, in hexadecimal: `approved_sha256` of the result."""
    policy: str
    """What it takes to approve it: `single-factor` or `device-key`."""
    refunded: int
    """How much was given back, in minor units."""
    refunds: list[RefundEntry]
    """What was given back, in order."""
    authorized: int | None = None
    """When it was approved."""
    factors: list[str] | None = None
    """What took part when it was approved."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PaymentAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            state=wire["state"],
            amount=wire["amount"],
            currency=wire["currency"],
            payee=wire["payee"],
            order=wire["order"],
            created=wire["created"],
            expires=wire["expires"],
            shown_sha256=wire["shown_sha256"],
            policy=wire["policy"],
            refunded=wire["refunded"],
            refunds=[RefundEntry.from_wire(one) for one in wire["refunds"]],
            authorized=wire.get("authorized"),
            factors=wire.get("factors"),
        )


@dataclass(frozen=True, kw_only=True)
class PaymentList:
    """A page of the payments of a subject."""

    payments: list[PaymentAnswer]
    """By the day they were made."""
    next: str | None = None
    """What the next page is asked with; absent on the last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PaymentList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            payments=[PaymentAnswer.from_wire(one) for one in wire["payments"]],
            next=wire.get("next"),
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is done with faces here."""

    retention_days: int
    """Days after the last use until a subject is erased."""
    consent_days: int
    """Longest a consent may last, in days."""
    false_match_rate: float
    """False-match rate at which is decided."""
    model: str
    """The model whose templates are made."""
    attempts: AttemptRule
    """How often a subject may be tried."""
    purposes: list[str]
    """What a subject can consent to here."""
    never: list[str]
    """What is never done here, whoever asks."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Policy:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            retention_days=wire["retention_days"],
            consent_days=wire["consent_days"],
            false_match_rate=wire["false_match_rate"],
            model=wire["model"],
            attempts=AttemptRule.from_wire(wire["attempts"]),
            purposes=wire["purposes"],
            never=wire["never"],
        )


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An error as it travels: `application/problem+json`."""

    type: str
    """`urn:countenance:problem:` and the code."""
    title: str
    """What kind of error it is, for people."""
    status: int
    """The HTTP status, again."""
    code: str
    """The stable name of the error, for machines."""
    detail: str
    """What is wrong with this request."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Problem:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            type=wire["type"],
            title=wire["title"],
            status=wire["status"],
            code=wire["code"],
            detail=wire["detail"],
        )


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Measured properties of one face in one picture."""

    face_width_px: float
    """Width of the face in pixels."""
    sharpness: float
    """0 (flat) and up, the same for dim and bright light."""
    brightness: float
    """Mean luma, 0 to 255."""
    contrast: float
    """Standard deviation of the luma, 0 to 127.5."""
    yaw_deg: float
    """Turn to the side in degrees, positive towards image-right."""
    pitch_deg: float
    """Nod in degrees, positive downwards."""
    roll_deg: float
    """Tilt in degrees, positive clockwise."""
    visible_fraction: float
    """Share of the face that lies inside the picture, 0 to 1."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Quality:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            face_width_px=wire["face_width_px"],
            sharpness=wire["sharpness"],
            brightness=wire["brightness"],
            contrast=wire["contrast"],
            yaw_deg=wire["yaw_deg"],
            pitch_deg=wire["pitch_deg"],
            roll_deg=wire["roll_deg"],
            visible_fraction=wire["visible_fraction"],
        )


@dataclass(frozen=True, kw_only=True)
class RefundEntry:
    """Money that was given back."""

    amount: int
    """How much, in minor units."""
    at: int
    """When that was entered."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RefundEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            amount=wire["amount"],
            at=wire["at"],
        )


@dataclass(frozen=True, kw_only=True)
class SessionAnswer:
    """Where a session stands."""

    id: str
    """Its id."""
    kind: SessionKind
    """What it asks."""
    state: str
    """`created`, `capturing`, `judged`, `fetched`, `canceled` or `expired`."""
    expires: int
    """Until when it must be decided, in seconds since 1970-01-01 UTC."""
    declined: bool | None = None
    """That it was the person who canceled it."""
    detail: SessionDetail | None = None
    """Why it ended as it did; only for keys with the scope `scores`, which tells who is enrolled."""
    outcome: str | None = None
    """`accept`, `reject` or `recapture`, as in the result."""
    result: str | None = None
    """The signed result (docs/spec/result-v1.md), for 60 s from the first time it is given."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SessionAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            kind=wire["kind"],
            state=wire["state"],
            expires=wire["expires"],
            declined=wire.get("declined"),
            detail=None if wire.get("detail") is None else SessionDetail.from_wire(wire["detail"]),
            outcome=wire.get("outcome"),
            result=wire.get("result"),
        )


@dataclass(frozen=True, kw_only=True)
class SessionDetail:
    """What only whoever runs the collection may see."""

    checks: list[str]
    """Checks of a live person that failed."""
    finding: str | None = None
    """Why the outcome is what it is, such as `not_matched` or `not_live`."""
    leaf: str | None = None
    """Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it."""
    score: float | None = None
    """Cosine of the best template, -1 to 1, where one was compared."""
    threshold: float | None = None
    """What the score was held against."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SessionDetail:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            checks=wire["checks"],
            finding=wire.get("finding"),
            leaf=wire.get("leaf"),
            score=wire.get("score"),
            threshold=wire.get("threshold"),
        )


@dataclass(frozen=True, kw_only=True)
class SessionOpened:
    """A session that was opened."""

    id: str
    """Its id."""
    token: str = field(repr=False)
    """The capture token, shown this once: for the person's browser."""
    state: str
    """`created`."""
    expires: int
    """Until when it must be decided, in seconds since 1970-01-01 UTC."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SessionOpened:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            token=wire["token"],
            state=wire["state"],
            expires=wire["expires"],
        )


@dataclass(frozen=True, kw_only=True)
class SessionPasskey:
    """Which passkey gives the holder's part, through its PRF (WebAuthn)."""

    salt: str
    """What the PRF is asked with: 32 bytes in base64url."""
    credentials: list[str]
    """Ids of passkeys that will do, in base64url; any of the person's where there is none."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SessionPasskey:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            salt=wire["salt"],
            credentials=wire["credentials"],
        )


@dataclass(frozen=True, kw_only=True)
class SubjectAnswer:
    """A subject."""

    id: str
    """What the caller calls it."""
    kind: SubjectKind
    """Who holds its key."""
    consents: list[Consent]
    """Its consents, ended ones too."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SubjectAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            id=wire["id"],
            kind=wire["kind"],
            consents=[Consent.from_wire(one) for one in wire["consents"]],
        )


@dataclass(frozen=True, kw_only=True)
class SubjectList:
    """A page of subjects."""

    subjects: list[SubjectListEntry]
    """The subjects."""
    next: str | None = None
    """What the next page is asked with; absent on the last."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SubjectList:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            subjects=[SubjectListEntry.from_wire(one) for one in wire["subjects"]],
            next=wire.get("next"),
        )


@dataclass(frozen=True, kw_only=True)
class SubjectListEntry:
    """A subject in a list."""

    kind: SubjectKind
    """Who holds its key."""
    used_day: int
    """Day of last use, counted from 1970-01-01."""
    id: str | None = None
    """What the caller calls it; never for a holder-bound subject, whose id only the holder opens."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SubjectListEntry:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            kind=wire["kind"],
            used_day=wire["used_day"],
            id=wire.get("id"),
        )


@dataclass(frozen=True, kw_only=True)
class VerifyAnswer:
    """What came of a verification.

    A wrong face, an unknown subject, a missing consent, a wrong holder part and too many attempts are one and
    the same `reject`, byte for byte.
    """

    decision: VerifyDecision
    """The answer."""
    cause: str | None = None
    """Why to take the picture again, such as `too_dark`; it comes from the picture alone."""
    detail: VerifyDetail | None = None
    """Why the answer is what it is; only for keys with the scope `scores`, which tells who is enrolled."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> VerifyAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            decision=wire["decision"],
            cause=wire.get("cause"),
            detail=None if wire.get("detail") is None else VerifyDetail.from_wire(wire["detail"]),
        )


@dataclass(frozen=True, kw_only=True)
class VerifyDetail:
    """What only whoever runs the collection may see."""

    finding: str
    """Why the answer is what it is, such as `not_matched` or `attempts_wait`."""
    threshold: float
    """What the score was held against."""
    leaf: str | None = None
    """Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it."""
    score: float | None = None
    """Cosine of the best template, -1 to 1, where one was compared."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> VerifyDetail:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            finding=wire["finding"],
            threshold=wire["threshold"],
            leaf=wire.get("leaf"),
            score=wire.get("score"),
        )


@dataclass(frozen=True, kw_only=True)
class WithdrawAnswer:
    """What was withdrawn. Templates go with the last consent."""

    withdrawn: int
    """How many entries."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> WithdrawAnswer:
        """Made of JSON; what it does not know it leaves out."""
        return cls(
            withdrawn=wire["withdrawn"],
        )


__all__ = [
    "Area",
    "AttemptRule",
    "CaptureAnswer",
    "CaptureConsent",
    "CaptureDeviceKey",
    "CaptureMessage",
    "CapturePayment",
    "CaptureState",
    "CheckpointAnswer",
    "CollectionAnswer",
    "CollectionList",
    "CompareAnswer",
    "CompatKey",
    "CompatProduct",
    "CompatPurpose",
    "CompatService",
    "Consent",
    "ConsentGiven",
    "ConsentLinkAnswer",
    "ConsentLinkOpened",
    "ConsentList",
    "ConsistencyAnswer",
    "Decision",
    "DetectAnswer",
    "DeviceKeyAnswer",
    "DeviceKeyEntry",
    "DeviceKeyList",
    "DeviceKeyOpened",
    "DocumentAnswer",
    "DocumentChecks",
    "EnrollAnswer",
    "EnrollOutcome",
    "EntriesAnswer",
    "EraseAnswer",
    "ExportAnswer",
    "ExportEvent",
    "ExportTemplate",
    "Face",
    "FoundAnswer",
    "FrameBatch",
    "FrameEntry",
    "FrameMessages",
    "FrameRules",
    "Health",
    "IdentifyAnswer",
    "IdentifyDecision",
    "IdentifyDetail",
    "InclusionAnswer",
    "Jwk",
    "Jwks",
    "KeyCreated",
    "KeyEntry",
    "KeyList",
    "LogContent",
    "LogEntry",
    "MemberEntry",
    "MemberList",
    "OwnConsents",
    "OwnWithdrawal",
    "PaymentAnswer",
    "PaymentList",
    "PaymentPolicy",
    "Policy",
    "Problem",
    "Quality",
    "RefundEntry",
    "Scope",
    "SessionAnswer",
    "SessionDetail",
    "SessionKind",
    "SessionOpened",
    "SessionPasskey",
    "Side",
    "SubjectAnswer",
    "SubjectKind",
    "SubjectList",
    "SubjectListEntry",
    "VerifyAnswer",
    "VerifyDecision",
    "VerifyDetail",
    "WithdrawAnswer",
]
