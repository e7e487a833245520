// Every operation of the OpenAPI document. Made by sdk/generate.py.

/**
 * How an operation is asked.
 * @typedef {object} Operation
 * @property {string} method Its method of HTTP.
 * @property {string} path With `{name}` where a segment is a value.
 * @property {string | null} scope What the key must be allowed; null where no key is needed.
 * @property {boolean} capture Whether the capture token of a session opens it, and no key.
 * @property {boolean} link Whether the token of a consent link opens it, and no key.
 * @property {readonly string[]} query Its parameters.
 * @property {boolean} holder Whether a holder part may go along.
 * @property {boolean} idempotent Whether it takes an Idempotency-Key.
 * @property {boolean} text Whether the answer is text and no JSON.
 */

/** @type {Operation} */
export const jwks = { method: "GET", path: "/.well-known/jwks.json", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const reference = { method: "GET", path: "/docs", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: true };

/** @type {Operation} */
export const healthz = { method: "GET", path: "/healthz", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const metrics = { method: "GET", path: "/metrics", scope: "audit", capture: false, link: false, query: [], holder: false, idempotent: false, text: true };

/** @type {Operation} */
export const openapi = { method: "GET", path: "/openapi.json", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const policy = { method: "GET", path: "/policy", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const readyz = { method: "GET", path: "/readyz", scope: null, capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const auditCheckpoint = { method: "GET", path: "/v1/audit/checkpoint", scope: "audit", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const auditConsistency = { method: "GET", path: "/v1/audit/consistency", scope: "audit", capture: false, link: false, query: ["older", "newer"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const auditEntries = { method: "GET", path: "/v1/audit/entries", scope: "audit", capture: false, link: false, query: ["from", "limit"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const auditInclusion = { method: "GET", path: "/v1/audit/inclusion", scope: "audit", capture: false, link: false, query: ["leaf", "size"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const showCapture = { method: "GET", path: "/v1/capture/{session}", scope: null, capture: true, link: false, query: ["lang"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const declineCapture = { method: "DELETE", path: "/v1/capture/{session}", scope: null, capture: true, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const agreeCapture = { method: "POST", path: "/v1/capture/{session}/consent", scope: null, capture: true, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const captureSocket = { method: "GET", path: "/v1/capture/{session}/frames", scope: null, capture: true, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const captureFrames = { method: "POST", path: "/v1/capture/{session}/frames", scope: null, capture: true, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const listCollections = { method: "GET", path: "/v1/collections", scope: "enroll", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const showCollection = { method: "GET", path: "/v1/collections/{collection}", scope: "enroll", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const setCollection = { method: "PUT", path: "/v1/collections/{collection}", scope: "admin", capture: false, link: false, query: [], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const identifyMember = { method: "POST", path: "/v1/collections/{collection}/identify", scope: "identify", capture: false, link: false, query: [], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const listMembers = { method: "GET", path: "/v1/collections/{collection}/members", scope: "enroll", capture: false, link: false, query: ["after", "limit"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const compare = { method: "POST", path: "/v1/compare", scope: "compare", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const showConsentLink = { method: "GET", path: "/v1/consent-links/{link}", scope: null, capture: false, link: true, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const showOwnConsents = { method: "POST", path: "/v1/consent-links/{link}/consents", scope: null, capture: false, link: true, query: [], holder: true, idempotent: false, text: false };

/** @type {Operation} */
export const withdrawOwnConsents = { method: "POST", path: "/v1/consent-links/{link}/withdrawals", scope: null, capture: false, link: true, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const detect = { method: "POST", path: "/v1/detect", scope: "detect", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const openDocument = { method: "POST", path: "/v1/documents", scope: "sessions", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const listKeys = { method: "GET", path: "/v1/keys", scope: "admin", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const createKey = { method: "POST", path: "/v1/keys", scope: "admin", capture: false, link: false, query: [], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const revokeKey = { method: "DELETE", path: "/v1/keys/{key}", scope: "admin", capture: false, link: false, query: [], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const makePayment = { method: "POST", path: "/v1/payments", scope: "pay", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const showPayment = { method: "GET", path: "/v1/payments/{payment}", scope: "pay", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const cancelPayment = { method: "POST", path: "/v1/payments/{payment}/cancel", scope: "pay", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const refundPayment = { method: "POST", path: "/v1/payments/{payment}/refunds", scope: "refund", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const openPaymentSession = { method: "POST", path: "/v1/payments/{payment}/sessions", scope: "pay", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const openSession = { method: "POST", path: "/v1/sessions", scope: "sessions", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const showSession = { method: "GET", path: "/v1/sessions/{session}", scope: "sessions", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const cancelSession = { method: "DELETE", path: "/v1/sessions/{session}", scope: "sessions", capture: false, link: false, query: [], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const listSubjects = { method: "GET", path: "/v1/subjects", scope: "enroll", capture: false, link: false, query: ["collection", "after", "limit"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const addSubject = { method: "POST", path: "/v1/subjects", scope: "enroll", capture: false, link: false, query: ["collection"], holder: true, idempotent: true, text: false };

/** @type {Operation} */
export const showSubject = { method: "GET", path: "/v1/subjects/{subject}", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const eraseSubject = { method: "DELETE", path: "/v1/subjects/{subject}", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const openConsentLink = { method: "POST", path: "/v1/subjects/{subject}/consent-links", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const listConsents = { method: "GET", path: "/v1/subjects/{subject}/consents", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const grantConsent = { method: "POST", path: "/v1/subjects/{subject}/consents", scope: "enroll", capture: false, link: false, query: ["collection"], holder: true, idempotent: true, text: false };

/** @type {Operation} */
export const withdrawConsents = { method: "DELETE", path: "/v1/subjects/{subject}/consents", scope: "enroll", capture: false, link: false, query: ["collection", "purpose"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const listDeviceKeys = { method: "GET", path: "/v1/subjects/{subject}/device-keys", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const openDeviceKey = { method: "POST", path: "/v1/subjects/{subject}/device-keys", scope: "enroll", capture: false, link: false, query: ["collection"], holder: true, idempotent: false, text: false };

/** @type {Operation} */
export const finishDeviceKey = { method: "POST", path: "/v1/subjects/{subject}/device-keys/{device_key}", scope: "enroll", capture: false, link: false, query: ["collection"], holder: true, idempotent: true, text: false };

/** @type {Operation} */
export const removeDeviceKey = { method: "DELETE", path: "/v1/subjects/{subject}/device-keys/{device_key}", scope: "enroll", capture: false, link: false, query: ["collection"], holder: false, idempotent: true, text: false };

/** @type {Operation} */
export const exportSubject = { method: "POST", path: "/v1/subjects/{subject}/export", scope: "admin", capture: false, link: false, query: ["collection"], holder: true, idempotent: false, text: false };

/** @type {Operation} */
export const enrollFaces = { method: "POST", path: "/v1/subjects/{subject}/faces", scope: "enroll", capture: false, link: false, query: ["collection"], holder: true, idempotent: true, text: false };

/** @type {Operation} */
export const listPayments = { method: "GET", path: "/v1/subjects/{subject}/payments", scope: "enroll", capture: false, link: false, query: ["collection", "after", "limit"], holder: false, idempotent: false, text: false };

/** @type {Operation} */
export const verifySubject = { method: "POST", path: "/v1/subjects/{subject}/verify", scope: "verify", capture: false, link: false, query: ["collection"], holder: true, idempotent: true, text: false };
