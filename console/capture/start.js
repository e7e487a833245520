// What <countenance-capture> and <countenance-consents> begin with: a ticket and a language, and how they stop and begin anew as element and page come and go.
import { catalogue, choose, direction } from "./messages/index.js";

/**
 * The SHA-256 of a text.
 * @param {string} text
 * @param {import("./connection.js").Trouble} trouble what is said where there is none to be had
 */
export async function digest(text, trouble) {
  // Only pages that were opened securely have this, and only they have a camera and passkeys.
  if (!globalThis.crypto?.subtle) throw trouble;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Begins for an element: whenever it is given a ticket, is put on a page, or its page is gone back to. */
export class Start {
  /** Looks up texts in the language; null until there is one. */
  say = null;
  /** The language that everything is shown in. */
  language = "en";
  /** The check or visit that is under way; null while nothing is. */
  current = null;
  #ticket = undefined;
  #starts = 0;
  #host;
  #widget;
  #with;
  #leave = () => {
    this.current?.stop();
    this.#with.left();
  };
  #back = (event) => event.persisted && this.#begin();

  /**
   * `begun` comes first, at every start, once there are texts; `open` makes what is under way then, and `show` is given what is to be seen of it,
   * or `refused` where the link does not work. `left` comes when it is stopped because the element or the page is left.
   * @param {HTMLElement} host the element
   * @param {HTMLElement} widget what of it is in the language
   * @param {{begun: () => void, open: (ticket: {session: string, token: string}, changed: (view: object) => void) => {load: Function, stop: Function},
   *   show: (view: object) => void, refused: object, left?: () => void}} parts
   */
  constructor(host, widget, parts) {
    this.#host = host;
    this.#widget = widget;
    this.#with = { left: () => {}, ...parts };
  }

  /** The element was put on a page. */
  connect() {
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#back);
    this.#begin();
  }

  /** It was taken off. */
  disconnect() {
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#back);
    this.#leave();
  }

  /** The ticket as it was given; undefined until then, null when the link does not work. */
  get ticket() {
    return this.#ticket;
  }

  set ticket(given) {
    this.#ticket = given;
    // An element that is on no page yet begins when it is put on one.
    if (this.#host.isConnected) this.#begin();
  }

  /** The server's address. */
  get base() {
    return this.#host.getAttribute("server") ?? location.origin;
  }

  async #begin() {
    this.current?.stop();
    this.current = null;
    const start = ++this.#starts;
    const ticket = this.#ticket;
    if (ticket === undefined) return;
    this.language = choose(this.#host.lang ? [this.#host.lang] : navigator.languages);
    const say = await catalogue(this.language);
    // While the texts were loaded it may have begun anew, or have been taken off the page.
    if (start !== this.#starts || !this.#host.isConnected) return;
    this.say = say;
    this.#widget.lang = this.language;
    this.#widget.dir = direction(this.language);
    this.#with.begun();
    if (ticket === null) return this.#with.show(this.#with.refused);
    // What was stopped may still come to an end: it is not shown over what came after it.
    const current = this.#with.open(ticket, (view) => this.current === current && this.#with.show(view));
    this.current = current;
    current.load();
  }
}
