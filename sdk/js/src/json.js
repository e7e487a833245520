// JSON as RFC 8259 has it, where a member that is repeated is an error and no choice of the reader.

const DEEPEST = 64;
const TOKEN = /[\t\n\r ]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** A number that is not written as an integer. */
export class Fraction {
  /** @param {string} text */
  constructor(text) {
    this.value = Number(text);
  }
}

/**
 * Reads JSON. Numbers that are not written as integers come as Fraction; objects have no prototype.
 * @param {string} text
 * @returns {unknown}
 */
export function parseOnce(text) {
  let at = 0;
  /** @returns {string} */
  const next = () => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new SyntaxError("this is no JSON");
    at = TOKEN.lastIndex;
    return found[0].trimStart();
  };
  /** @param {string} quoted */
  const string = (quoted) => {
    if (quoted[0] !== '"') throw new SyntaxError("a string is missing");
    const value = JSON.parse(quoted);
    // Half a surrogate pair is no text.
    if (/[\ud800-\udfff]/u.test(value)) throw new SyntaxError("a string is no text");
    return /** @type {string} */ (value);
  };
  /**
   * @param {string} token
   * @param {number} depth
   * @returns {unknown}
   */
  const value = (token, depth) => {
    if (depth > DEEPEST) throw new SyntaxError("this is too deep");
    if (token === "{") return object(depth);
    if (token === "[") return array(depth);
    if (token[0] === '"') return string(token);
    if (token === "true" || token === "false") return token === "true";
    if (token === "null") return null;
    if (/^-?\d+$/.test(token)) return Number(token);
    if (/^-?\d/.test(token)) return new Fraction(token);
    throw new SyntaxError("this is no JSON");
  };
  /** @param {number} depth */
  const object = (depth) => {
    /** @type {Record<string, unknown>} */
    const made = Object.create(null);
    let token = next();
    if (token === "}") return made;
    for (;;) {
      const name = string(token);
      if (next() !== ":") throw new SyntaxError("this is no JSON");
      if (name in made) throw new SyntaxError("a member is repeated");
      made[name] = value(next(), depth + 1);
      token = next();
      if (token === "}") return made;
      if (token !== ",") throw new SyntaxError("this is no JSON");
      token = next();
    }
  };
  /** @param {number} depth */
  const array = (depth) => {
    /** @type {unknown[]} */
    const made = [];
    let token = next();
    if (token === "]") return made;
    for (;;) {
      made.push(value(token, depth + 1));
      token = next();
      if (token === "]") return made;
      if (token !== ",") throw new SyntaxError("this is no JSON");
      token = next();
    }
  };
  const read = value(next(), 0);
  if (/[^\t\n\r ]/.test(text.slice(at))) throw new SyntaxError("something follows");
  return read;
}
