"""Every operation of the OpenAPI document. Made by sdk/generate.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """How an operation is asked."""

    name: str
    method: str
    path: str
    scope: str | None
    """What the key must be allowed; None where no key is needed."""
    capture: bool
    """Whether the capture token of a session opens it, and no key."""
    link: bool
    """Whether the token of a consent link opens it, and no key."""
    query: tuple[str, ...]
    holder: bool
    """Whether a holder part may go along."""
    idempotent: bool
    """Whether it takes an Idempotency-Key."""


JWKS = Operation(
    "jwks",
    "GET",
    "/.well-known/jwks.json",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
REFERENCE = Operation(
    "reference",
    "GET",
    "/docs",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
HEALTHZ = Operation(
    "healthz",
    "GET",
    "/healthz",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
METRICS = Operation(
    "metrics",
    "GET",
    "/metrics",
    scope="audit",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
OPENAPI = Operation(
    "openapi",
    "GET",
    "/openapi.json",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
POLICY = Operation(
    "policy",
    "GET",
    "/policy",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
READYZ = Operation(
    "readyz",
    "GET",
    "/readyz",
    scope=None,
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
AUDIT_CHECKPOINT = Operation(
    "audit_checkpoint",
    "GET",
    "/v1/audit/checkpoint",
    scope="audit",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
AUDIT_CONSISTENCY = Operation(
    "audit_consistency",
    "GET",
    "/v1/audit/consistency",
    scope="audit",
    capture=False,
    link=False,
    query=("older", "newer"),
    holder=False,
    idempotent=False,
)
AUDIT_ENTRIES = Operation(
    "audit_entries",
    "GET",
    "/v1/audit/entries",
    scope="audit",
    capture=False,
    link=False,
    query=("from", "limit"),
    holder=False,
    idempotent=False,
)
AUDIT_INCLUSION = Operation(
    "audit_inclusion",
    "GET",
    "/v1/audit/inclusion",
    scope="audit",
    capture=False,
    link=False,
    query=("leaf", "size"),
    holder=False,
    idempotent=False,
)
SHOW_CAPTURE = Operation(
    "show_capture",
    "GET",
    "/v1/capture/{session}",
    scope=None,
    capture=True,
    link=False,
    query=("lang",),
    holder=False,
    idempotent=False,
)
DECLINE_CAPTURE = Operation(
    "decline_capture",
    "DELETE",
    "/v1/capture/{session}",
    scope=None,
    capture=True,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
AGREE_CAPTURE = Operation(
    "agree_capture",
    "POST",
    "/v1/capture/{session}/consent",
    scope=None,
    capture=True,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
CAPTURE_SOCKET = Operation(
    "capture_socket",
    "GET",
    "/v1/capture/{session}/frames",
    scope=None,
    capture=True,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
CAPTURE_FRAMES = Operation(
    "capture_frames",
    "POST",
    "/v1/capture/{session}/frames",
    scope=None,
    capture=True,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
LIST_COLLECTIONS = Operation(
    "list_collections",
    "GET",
    "/v1/collections",
    scope="enroll",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
SHOW_COLLECTION = Operation(
    "show_collection",
    "GET",
    "/v1/collections/{collection}",
    scope="enroll",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
SET_COLLECTION = Operation(
    "set_collection",
    "PUT",
    "/v1/collections/{collection}",
    scope="admin",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=True,
)
IDENTIFY_MEMBER = Operation(
    "identify_member",
    "POST",
    "/v1/collections/{collection}/identify",
    scope="identify",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=True,
)
LIST_MEMBERS = Operation(
    "list_members",
    "GET",
    "/v1/collections/{collection}/members",
    scope="enroll",
    capture=False,
    link=False,
    query=("after", "limit"),
    holder=False,
    idempotent=False,
)
COMPARE = Operation(
    "compare",
    "POST",
    "/v1/compare",
    scope="compare",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
SHOW_CONSENT_LINK = Operation(
    "show_consent_link",
    "GET",
    "/v1/consent-links/{link}",
    scope=None,
    capture=False,
    link=True,
    query=(),
    holder=False,
    idempotent=False,
)
SHOW_OWN_CONSENTS = Operation(
    "show_own_consents",
    "POST",
    "/v1/consent-links/{link}/consents",
    scope=None,
    capture=False,
    link=True,
    query=(),
    holder=True,
    idempotent=False,
)
WITHDRAW_OWN_CONSENTS = Operation(
    "withdraw_own_consents",
    "POST",
    "/v1/consent-links/{link}/withdrawals",
    scope=None,
    capture=False,
    link=True,
    query=(),
    holder=False,
    idempotent=False,
)
DETECT = Operation(
    "detect",
    "POST",
    "/v1/detect",
    scope="detect",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
OPEN_DOCUMENT = Operation(
    "open_document",
    "POST",
    "/v1/documents",
    scope="sessions",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
LIST_KEYS = Operation(
    "list_keys",
    "GET",
    "/v1/keys",
    scope="admin",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
CREATE_KEY = Operation(
    "create_key",
    "POST",
    "/v1/keys",
    scope="admin",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=True,
)
REVOKE_KEY = Operation(
    "revoke_key",
    "DELETE",
    "/v1/keys/{key}",
    scope="admin",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=True,
)
MAKE_PAYMENT = Operation(
    "make_payment",
    "POST",
    "/v1/payments",
    scope="pay",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
SHOW_PAYMENT = Operation(
    "show_payment",
    "GET",
    "/v1/payments/{payment}",
    scope="pay",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
CANCEL_PAYMENT = Operation(
    "cancel_payment",
    "POST",
    "/v1/payments/{payment}/cancel",
    scope="pay",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
REFUND_PAYMENT = Operation(
    "refund_payment",
    "POST",
    "/v1/payments/{payment}/refunds",
    scope="refund",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
OPEN_PAYMENT_SESSION = Operation(
    "open_payment_session",
    "POST",
    "/v1/payments/{payment}/sessions",
    scope="pay",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
OPEN_SESSION = Operation(
    "open_session",
    "POST",
    "/v1/sessions",
    scope="sessions",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
SHOW_SESSION = Operation(
    "show_session",
    "GET",
    "/v1/sessions/{session}",
    scope="sessions",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
CANCEL_SESSION = Operation(
    "cancel_session",
    "DELETE",
    "/v1/sessions/{session}",
    scope="sessions",
    capture=False,
    link=False,
    query=(),
    holder=False,
    idempotent=False,
)
LIST_SUBJECTS = Operation(
    "list_subjects",
    "GET",
    "/v1/subjects",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection", "after", "limit"),
    holder=False,
    idempotent=False,
)
ADD_SUBJECT = Operation(
    "add_subject",
    "POST",
    "/v1/subjects",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=True,
)
SHOW_SUBJECT = Operation(
    "show_subject",
    "GET",
    "/v1/subjects/{subject}",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
ERASE_SUBJECT = Operation(
    "erase_subject",
    "DELETE",
    "/v1/subjects/{subject}",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
OPEN_CONSENT_LINK = Operation(
    "open_consent_link",
    "POST",
    "/v1/subjects/{subject}/consent-links",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
LIST_CONSENTS = Operation(
    "list_consents",
    "GET",
    "/v1/subjects/{subject}/consents",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
GRANT_CONSENT = Operation(
    "grant_consent",
    "POST",
    "/v1/subjects/{subject}/consents",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=True,
)
WITHDRAW_CONSENTS = Operation(
    "withdraw_consents",
    "DELETE",
    "/v1/subjects/{subject}/consents",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection", "purpose"),
    holder=False,
    idempotent=True,
)
LIST_DEVICE_KEYS = Operation(
    "list_device_keys",
    "GET",
    "/v1/subjects/{subject}/device-keys",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=False,
)
OPEN_DEVICE_KEY = Operation(
    "open_device_key",
    "POST",
    "/v1/subjects/{subject}/device-keys",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=False,
)
FINISH_DEVICE_KEY = Operation(
    "finish_device_key",
    "POST",
    "/v1/subjects/{subject}/device-keys/{device_key}",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=True,
)
REMOVE_DEVICE_KEY = Operation(
    "remove_device_key",
    "DELETE",
    "/v1/subjects/{subject}/device-keys/{device_key}",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=False,
    idempotent=True,
)
EXPORT_SUBJECT = Operation(
    "export_subject",
    "POST",
    "/v1/subjects/{subject}/export",
    scope="admin",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=False,
)
ENROLL_FACES = Operation(
    "enroll_faces",
    "POST",
    "/v1/subjects/{subject}/faces",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=True,
)
LIST_PAYMENTS = Operation(
    "list_payments",
    "GET",
    "/v1/subjects/{subject}/payments",
    scope="enroll",
    capture=False,
    link=False,
    query=("collection", "after", "limit"),
    holder=False,
    idempotent=False,
)
VERIFY_SUBJECT = Operation(
    "verify_subject",
    "POST",
    "/v1/subjects/{subject}/verify",
    scope="verify",
    capture=False,
    link=False,
    query=("collection",),
    holder=True,
    idempotent=True,
)
