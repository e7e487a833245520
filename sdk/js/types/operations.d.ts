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
export const jwks: Operation;
/** @type {Operation} */
export const reference: Operation;
/** @type {Operation} */
export const healthz: Operation;
/** @type {Operation} */
export const metrics: Operation;
/** @type {Operation} */
export const openapi: Operation;
/** @type {Operation} */
export const policy: Operation;
/** @type {Operation} */
export const readyz: Operation;
/** @type {Operation} */
export const auditCheckpoint: Operation;
/** @type {Operation} */
export const auditConsistency: Operation;
/** @type {Operation} */
export const auditEntries: Operation;
/** @type {Operation} */
export const auditInclusion: Operation;
/** @type {Operation} */
export const showCapture: Operation;
/** @type {Operation} */
export const declineCapture: Operation;
/** @type {Operation} */
export const agreeCapture: Operation;
/** @type {Operation} */
export const captureSocket: Operation;
/** @type {Operation} */
export const captureFrames: Operation;
/** @type {Operation} */
export const listCollections: Operation;
/** @type {Operation} */
export const showCollection: Operation;
/** @type {Operation} */
export const setCollection: Operation;
/** @type {Operation} */
export const identifyMember: Operation;
/** @type {Operation} */
export const listMembers: Operation;
/** @type {Operation} */
export const compare: Operation;
/** @type {Operation} */
export const showConsentLink: Operation;
/** @type {Operation} */
export const showOwnConsents: Operation;
/** @type {Operation} */
export const withdrawOwnConsents: Operation;
/** @type {Operation} */
export const detect: Operation;
/** @type {Operation} */
export const openDocument: Operation;
/** @type {Operation} */
export const listKeys: Operation;
/** @type {Operation} */
export const createKey: Operation;
/** @type {Operation} */
export const revokeKey: Operation;
/** @type {Operation} */
export const makePayment: Operation;
/** @type {Operation} */
export const showPayment: Operation;
/** @type {Operation} */
export const cancelPayment: Operation;
/** @type {Operation} */
export const refundPayment: Operation;
/** @type {Operation} */
export const openPaymentSession: Operation;
/** @type {Operation} */
export const openSession: Operation;
/** @type {Operation} */
export const showSession: Operation;
/** @type {Operation} */
export const cancelSession: Operation;
/** @type {Operation} */
export const listSubjects: Operation;
/** @type {Operation} */
export const addSubject: Operation;
/** @type {Operation} */
export const showSubject: Operation;
/** @type {Operation} */
export const eraseSubject: Operation;
/** @type {Operation} */
export const openConsentLink: Operation;
/** @type {Operation} */
export const listConsents: Operation;
/** @type {Operation} */
export const grantConsent: Operation;
/** @type {Operation} */
export const withdrawConsents: Operation;
/** @type {Operation} */
export const listDeviceKeys: Operation;
/** @type {Operation} */
export const openDeviceKey: Operation;
/** @type {Operation} */
export const finishDeviceKey: Operation;
/** @type {Operation} */
export const removeDeviceKey: Operation;
/** @type {Operation} */
export const exportSubject: Operation;
/** @type {Operation} */
export const enrollFaces: Operation;
/** @type {Operation} */
export const listPayments: Operation;
/** @type {Operation} */
export const verifySubject: Operation;
/**
 * How an operation is asked.
 */
export type Operation = {
    /**
     * Its method of HTTP.
     */
    method: string;
    /**
     * With `{name}` where a segment is a value.
     */
    path: string;
    /**
     * What the key must be allowed; null where no key is needed.
     */
    scope: string | null;
    /**
     * Whether the capture token of a session opens it, and no key.
     */
    capture: boolean;
    /**
     * Whether the token of a consent link opens it, and no key.
     */
    link: boolean;
    /**
     * Its parameters.
     */
    query: readonly string[];
    /**
     * Whether a holder part may go along.
     */
    holder: boolean;
    /**
     * Whether it takes an Idempotency-Key.
     */
    idempotent: boolean;
    /**
     * Whether the answer is text and no JSON.
     */
    text: boolean;
};
