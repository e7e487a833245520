/**
 * Asks the person's browser to make a device key. Call it on a page of one of the origins that the server's operator named, when the person pressed
 * a button, and hand what it gives to `finishDeviceKey`.
 * @param {Record<string, any>} options `public_key` of `openDeviceKey`.
 * @returns {Promise<Record<string, any>>}
 */
export function makeDeviceKey(options: Record<string, any>): Promise<Record<string, any>>;
/**
 * Asks the person's browser for the signature of a device key, for a page of your own in place of the capture page: hand what it gives to
 * `agreeCapture`. `shownSha256` is the digest of the terms, made of what your page shows.
 * @param {string} session Id of the session.
 * @param {import("../types/models.js").CaptureDeviceKey} asked `device_key` of `showCapture`.
 * @param {string} shownSha256
 * @returns {Promise<Record<string, any>>}
 */
export function useDeviceKey(session: string, asked: import("../types/models.js").CaptureDeviceKey, shownSha256: string): Promise<Record<string, any>>;
/**
 * Asks the person's browser for the signature of a device key that shows that consents are theirs, for a page of your own in place of
 * `/consents`: hand what it gives to `showOwnConsents`. Call it when the person pressed a button.
 * @param {string} link Id of the link.
 * @param {import("../types/models.js").CaptureDeviceKey} asked `device_key` of `showConsentLink`.
 * @returns {Promise<Record<string, any>>}
 */
export function useDeviceKeyForConsents(link: string, asked: import("../types/models.js").CaptureDeviceKey): Promise<Record<string, any>>;
