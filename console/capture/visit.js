// One visit to the consents of one's own, from the link to the end. Knows no page: what the person sees is in `view`, and `changed` tells of it.
import { Trouble } from "./connection.js";
import { consentsText } from "./protocol.js";

const BEGIN = Object.freeze({ step: "loading", purpose: null, withdrawn: null });
/** What the page for checks calls otherwise: here there is one passkey, whatever it does. */
const SAME = { ticket: "link", device_key_missing: "passkey_missing", device_key_refused: "passkey_refused", refused: "unknown" };

/**
 * Steps: `loading`, `ask`, `passkey`, `sending`, `list`, `confirm`, `withdrawing`, the end `over`; `trouble`, with its code in `view.trouble`,
 * stands before any of them and can often be tried `again`.
 */
export class Visit {
  /** What is to be seen now. */
  view = { ...BEGIN };
  /** What the link asks; null until it is known. */
  link = null;
  /** What the person agreed to; null until they have shown who they are. */
  consents = null;
  /** Until when, on the clock of the machine. */
  until = 0;
  #with;
  #permit = null;
  #again = null;
  #expiry = null;
  #stopped = false;

  /**
   * @param {{connection: import("./connection.js").LinkConnection, holderPart: Function, deviceKey: Function,
   *   digest: (text: string) => Promise<Uint8Array>, changed: (view: object) => void, now?: () => number}} parts
   */
  constructor(parts) {
    this.#with = { now: () => Date.now(), ...parts };
  }

  /** Reads what the link asks. */
  load() {
    return this.#try(() => this.load(), async () => {
      this.#show({ ...BEGIN });
      this.link = await this.#with.connection.read();
      this.#lasts(this.link.ends_in_ms);
      this.#show({ step: "ask" });
    });
  }

  /** The person shows who they are, and sees what they agreed to. */
  show() {
    return this.#try(() => this.show(), async () => {
      // First of all, while the press of the button still counts: some browsers ask for no passkey without one.
      this.#show({ step: "passkey" });
      const proof = {};
      if (this.link.device_key) {
        const challenge = await this.#with.digest(consentsText(this.link.link, this.link.device_key.nonce));
        proof.deviceKey = await this.#with.deviceKey(this.link.device_key, challenge);
      } else {
        proof.holder = await this.#with.holderPart(this.link.passkey);
      }
      this.#show({ step: "sending" });
      let told;
      try {
        told = await this.#with.connection.show(proof);
      } catch (error) {
        // The question was for one answer: what comes next is asked anew.
        this.#again = () => this.load();
        throw error;
      }
      if (this.#stopped) return;
      this.#permit = told.permit;
      this.consents = told.consents;
      this.#lasts(told.ends_in_ms);
      this.#show({ step: "list" });
    });
  }

  /** The purposes that stand, each with its entries, the one that lasts longest first. */
  get standing() {
    const found = new Map();
    for (const one of this.consents ?? []) {
      if (one.state !== "active") continue;
      found.set(one.purpose, [...(found.get(one.purpose) ?? []), one].sort((a, b) => b.expires - a.expires));
    }
    return found;
  }

  /** What has ended, the newest first. */
  get ended() {
    return (this.consents ?? []).filter((one) => one.state !== "active").reverse();
  }

  /** The person thinks of withdrawing. */
  consider(purpose) {
    this.#show({ step: "confirm", purpose, withdrawn: null });
  }

  /** They keep it. */
  keep() {
    this.#show({ step: "list", purpose: null, withdrawn: null });
  }

  /** They withdraw. */
  withdraw() {
    const { purpose } = this.view;
    return this.#try(() => this.#retry(purpose), async () => {
      this.#show({ step: "withdrawing" });
      const told = await this.#with.connection.withdraw(purpose, this.#permit);
      if (this.#stopped) return;
      // What only the holder's part opens is not told again, and has not changed.
      const before = new Map(this.consents.map((one) => [one.number, one]));
      this.consents = told.consents.map((one) => ({ ...before.get(one.number), ...one }));
      this.#show({ step: "list", purpose: null, withdrawn: purpose });
    });
  }

  #retry(purpose) {
    this.#show({ step: "confirm", purpose });
    return this.withdraw();
  }

  /** Tries anew what there was trouble with. */
  again() {
    return this.#again?.();
  }

  /** Stops, for good: the page is left. */
  stop() {
    this.#stopped = true;
    this.#forget();
  }

  #forget() {
    clearTimeout(this.#expiry);
    this.#again = null;
    this.#permit = null;
    this.consents = null;
  }

  #lasts(ms) {
    clearTimeout(this.#expiry);
    this.until = this.#with.now() + ms;
    this.#expiry = setTimeout(() => {
      if (this.#stopped) return;
      this.stop();
      this.view = { ...BEGIN, step: "over" };
      this.#with.changed(this.view);
    }, Math.min(ms, 0x7fffffff));
    this.#expiry.unref?.();
  }

  async #try(again, what) {
    if (this.#stopped) return;
    this.#again = null;
    try {
      await what();
    } catch (error) {
      if (this.#stopped) return;
      const code = error instanceof Trouble ? (SAME[error.code] ?? error.code) : "unknown";
      this.#again ??= code === "link" ? () => this.load() : again;
      this.#show({ step: "trouble", trouble: code });
    }
  }

  #show(change) {
    if (this.#stopped) return;
    this.view = { ...this.view, ...change };
    this.#with.changed(this.view);
  }
}
