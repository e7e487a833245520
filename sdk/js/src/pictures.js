// Pictures: JPEG, PNG or WebP; the server takes no addresses of pictures.

/**
 * A picture or another file: a Blob or File, bytes, or in Node the path of a file or a file that is open.
 * @typedef {Blob | ArrayBuffer | Uint8Array | string | URL | { readFile(): Promise<Uint8Array> }} Picture
 */

/** More than this is not sent: no server takes it. */
export const MOST_BYTES = 256 * 2 ** 20;

/**
 * The bytes of a picture.
 * @param {Picture} picture
 * @param {number} [most]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function read(picture, most = MOST_BYTES) {
  const bytes = await content(picture, most);
  if (bytes.length === 0) throw new TypeError("the picture is empty; a file that was read before is at its end");
  if (bytes.length > most) throw new RangeError(`the picture has more than ${most} bytes`);
  // A copy: what the caller changes afterwards does not change what is sent again.
  return new Uint8Array(bytes);
}

/**
 * @param {Picture} picture
 * @param {number} most
 * @returns {Promise<Uint8Array>}
 */
async function content(picture, most) {
  if (picture === null || picture === undefined) throw new TypeError("a picture is missing");
  if (picture instanceof Uint8Array) return picture;
  if (picture instanceof ArrayBuffer) return new Uint8Array(picture);
  if (typeof Blob === "function" && picture instanceof Blob) {
    if (picture.size > most) throw new RangeError(`the picture has more than ${most} bytes`);
    return new Uint8Array(await picture.arrayBuffer());
  }
  if (typeof picture === "string" || picture instanceof URL) return file(picture, most);
  if (typeof picture === "object" && "readFile" in picture) return picture.readFile();
  throw new TypeError("a picture is a Blob, bytes, or in Node a path");
}

/**
 * @param {string | URL} path
 * @param {number} most
 * @returns {Promise<Uint8Array>}
 */
async function file(path, most) {
  if (typeof globalThis.process?.versions?.node !== "string") {
    throw new TypeError("a page cannot open paths: pass a Blob, such as of canvas.toBlob or an <input type=file>");
  }
  const { readFile, stat } = await import("node:fs/promises");
  if ((await stat(path)).size > most) throw new RangeError(`the picture has more than ${most} bytes`);
  return readFile(path);
}
