/**
 * The bytes of a picture.
 * @param {Picture} picture
 * @param {number} [most]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function read(picture: Picture, most?: number): Promise<Uint8Array<ArrayBuffer>>;
/**
 * A picture or another file: a Blob or File, bytes, or in Node the path of a file or a file that is open.
 * @typedef {Blob | ArrayBuffer | Uint8Array | string | URL | { readFile(): Promise<Uint8Array> }} Picture
 */
/** More than this is not sent: no server takes it. */
export const MOST_BYTES: number;
/**
 * A picture or another file: a Blob or File, bytes, or in Node the path of a file or a file that is open.
 */
export type Picture = Blob | ArrayBuffer | Uint8Array | string | URL | {
    readFile(): Promise<Uint8Array>;
};
