// One check from the first question to the end. Knows no page: what the person sees is in `view`, and `changed` tells of it.
import { Trouble } from "./connection.js";
import { LightGuard, deviceKeyText, readRules, termsText, toHex } from "./protocol.js";

/** How often a line that broke is opened anew before the person is told. */
const MOST_BREAKS = 4;
/** How long a camera may show nothing. */
const SILENT_MS = 8000;

const BEGIN = Object.freeze({ step: "loading", prompt: null, color: null, slow: false, guidance: null, done: 0, of: 0, resumed: false });

/**
 * Steps: `loading`, `consent`, `passkey`, `sending`, `camera`, `capturing`, and the ends `judged`, `canceled`, `expired`, `declined`; `trouble`, with its
 * code in `view.trouble`, stands before any of them and can often be tried `again`.
 */
export class Check {
  /** What is to be seen now. */
  view = { ...BEGIN };
  /** What the session asks; null until it is known. */
  session = null;
  /** The open camera while there is one. */
  camera = null;
  #with;
  #again = null;
  #line = null;
  #guard = null;
  #calm = false;
  #stopped = false;
  #consented = false;
  #expiry = null;

  /**
   * @param {{connection: import("./connection.js").Connection, openCamera: Function, holderPart: Function, deviceKey: Function,
   *   digest: (text: string) => Promise<Uint8Array>, now: () => number, wait: (ms: number) => Promise<void>,
   *   changed: (view: object) => void}} parts
   */
  constructor(parts) {
    this.#with = parts;
  }

  /** Reads the session. */
  load() {
    return this.#try(() => this.load(), async () => {
      this.#show({ ...BEGIN });
      await this.#read();
      if (this.session.state !== "created") return this.#settle();
      // Whoever agrees agrees to what is shown here, so its digest is computed here.
      const digest = toHex(await this.#with.digest(this.session.consent.text));
      if (digest !== this.session.consent.sha256) throw new Trouble("refused");
      this.#show({ step: "consent" });
    });
  }

  /** The person has read the text and agrees; `calm` makes colored light slow. */
  agree({ calm }) {
    return this.#try(() => (this.#consented ? this.resume() : this.agree({ calm })), async () => {
      const consent = { sha256: this.session.consent.sha256, calm };
      if (this.session.payment) {
        // Of what this page shows, and not of what the server says it is.
        const terms = termsText(this.session.payment);
        if (terms === null) throw new Trouble("refused");
        consent.shown_sha256 = toHex(await this.#with.digest(terms));
      }
      if (this.session.device_key) {
        // First of all, while the press of the button still counts: some browsers ask for no passkey without one.
        const asked = this.session.device_key;
        this.#show({ step: "passkey" });
        const challenge = await this.#with.digest(deviceKeyText(this.session.session, asked.nonce, consent.shown_sha256));
        consent.device_key = await this.#with.deviceKey(asked, challenge);
      }
      if (this.session.passkey) {
        this.#show({ step: "passkey" });
        consent.holder = await this.#with.holderPart(this.session.passkey);
      }
      this.#show({ step: "sending" });
      this.#calm = calm;
      this.#guard = new LightGuard(calm);
      const { state } = await this.#with.connection.agree(consent);
      this.#consented = true;
      this.session = { ...this.session, state };
      await this.#capture();
    });
  }

  /** Goes on with a session that was agreed to before the page was loaded anew. */
  resume() {
    return this.#try(() => this.resume(), () => this.#capture());
  }

  /** Tries anew what there was trouble with. */
  again() {
    return this.#again?.();
  }

  /** The person takes the way out. Nothing is captured from this moment. */
  async decline() {
    this.#halt();
    this.#show({ ...BEGIN, step: "declined" });
    // Who wants out gets out, whether the server hears of it or not: without an answer the session expires.
    await this.#with.connection.decline().catch(() => {});
  }

  /** Stops, for good: the page is left. */
  stop() {
    this.#halt();
  }

  async #try(again, what) {
    if (this.#stopped) return;
    this.#again = null;
    try {
      await what();
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof Trouble && error.code === "over") {
        // It ended elsewhere; the session says how.
        return this.#try(again, async () => {
          await this.#read();
          if (this.session.state === "created") throw new Trouble("server");
          this.#settle();
        });
      }
      this.#letGo();
      const code = error instanceof Trouble ? error.code : "unknown";
      // A text that was refused is read anew before it can be agreed to.
      this.#again = code === "ticket" ? null : code === "refused" ? () => this.load() : again;
      this.#show({ step: "trouble", trouble: code, mendable: this.#again !== null, color: null });
    }
  }

  async #read() {
    this.session = await this.#with.connection.read();
    clearTimeout(this.#expiry);
    const left = this.session.ends_in_ms;
    if (!["created", "capturing"].includes(this.session.state) || !(left > 0)) return;
    this.#expiry = setTimeout(() => this.#isOver("expired"), Math.min(left + 1000, 0x7fffffff));
  }

  #settle() {
    const { state } = this.session;
    if (state === "capturing") return this.#show({ ...BEGIN, step: "consent", resumed: true });
    return this.#isOver(state === "fetched" ? "judged" : state);
  }

  #isOver(step) {
    if (this.#stopped) return;
    this.#halt();
    this.#show({ ...BEGIN, step });
  }

  async #capture() {
    // The server holds this too; here it is held so that no camera is even asked for.
    if (!this.#consented && this.session.state !== "capturing") throw new Trouble("refused");
    this.#guard ??= new LightGuard(false);
    this.#show({ ...BEGIN, step: "camera" });
    const camera = await this.#with.openCamera(readRules(this.session.frames));
    if (this.#stopped) return camera.close();
    this.camera = camera;
    this.#show({ step: "capturing" });
    await this.#frames(camera);
  }

  // Lines come and go, the camera stays. A socket that never says hello twice is given up for plain requests.
  async #frames(camera) {
    let gone;
    const lost = new Promise((_, reject) => {
      gone = () => reject(new Trouble("camera_lost"));
    });
    lost.catch(() => {});
    let seen = this.#with.now();
    let making = false;
    camera.lost = gone;
    camera.watch(async (time) => {
      seen = this.#with.now();
      const line = this.#line;
      if (making || !line?.isReady(time)) return;
      making = true;
      const picture = await camera.picture().catch(() => null);
      making = false;
      if (picture !== null) line.send(time, picture);
    });
    const silence = setInterval(() => this.#with.now() - seen > SILENT_MS && gone(), 1000);
    try {
      let deaf = 0;
      for (let breaks = 0; !this.#stopped; breaks += 1) {
        const end = await Promise.race([this.#listen(deaf >= 2), lost]);
        if (this.#stopped) return;
        if (end.state) return this.#isOver(end.state);
        if (!end.greeted) deaf += 1;
        if (["ticket", "elsewhere", "over"].includes(end.code)) throw new Trouble(end.code);
        try {
          await this.#read();
        } catch (error) {
          if (!(error instanceof Trouble) || error.code !== "network") throw error;
        }
        if (this.session.state !== "capturing") return this.#settle();
        if (breaks >= MOST_BREAKS) throw new Trouble(end.code === "network" ? "network" : "server");
        this.#show({ prompt: null, color: null, guidance: "again", done: 0, of: 0 });
        await this.#with.wait(end.code === "busy" ? 2500 : 400 * 2 ** breaks);
      }
    } finally {
      clearInterval(silence);
      this.#letGo();
    }
  }

  /** One line until it ends: `{state}` when the session does, else `{code, greeted}`. */
  #listen(plain) {
    return new Promise((resolve) => {
      let code = null;
      const heard = (message) => {
        if (message.type === "done") {
          resolve({ state: message.state });
          line.close();
        } else if (message.type === "error") {
          code = message.code;
          line.close();
        } else {
          this.#heard(message);
        }
      };
      const closed = (trouble) => resolve({ code: code ?? trouble ?? "internal", greeted: line.greeted });
      const { connection } = this.#with;
      let line;
      try {
        line = plain ? connection.postLine(heard, closed) : connection.socketLine(heard, closed);
      } catch {
        return resolve({ code: "network", greeted: false });
      }
      this.#line = line;
    });
  }

  #heard(message) {
    switch (message.type) {
      case "hello":
        this.#show({ guidance: null });
        break;
      case "prompt": {
        const light = message.kind === "light";
        if (!light) this.#guard.out();
        else if (!this.#guard.allows(message.color, this.#with.now())) break;
        this.#show({ prompt: message.kind, color: light ? message.color : null, slow: this.#calm || message.slow === true });
        break;
      }
      case "guidance":
        this.#show({ guidance: message.code });
        break;
      case "progress":
        this.#show({ done: message.done, of: message.of });
        break;
      default:
    }
  }

  #letGo() {
    this.#line?.close();
    this.#line = null;
    this.camera?.close();
    this.camera = null;
  }

  #halt() {
    this.#stopped = true;
    this.#again = null;
    clearTimeout(this.#expiry);
    this.#letGo();
  }

  #show(change) {
    this.view = { ...this.view, ...change };
    this.#with.changed(this.view);
  }
}
