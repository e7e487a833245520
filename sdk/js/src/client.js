import { Connection } from "./connection.js";
import * as operations from "./operations.js";
import { read } from "./pictures.js";
import { sha256 } from "./random.js";

/** @typedef {import("./pictures.js").Picture} Picture */
/** @typedef {import("./holder.js").HolderPart} HolderPart */

/**
 * What may go along with any call.
 * @typedef {object} Ending
 * @property {AbortSignal} [signal] Ends the call early.
 */

/**
 * @typedef {object} Place
 * @property {string} [collection] The collection that is meant; else that of the client.
 */

/**
 * @typedef {object} Held
 * @property {HolderPart} [holder] The person's part of the key, for a holder-bound subject.
 */

/**
 * @typedef {object} Write
 * @property {string} [idempotencyKey] A name of your own for this write, to ask again for the same one; else a new one.
 */

/**
 * What a session asks.
 * @typedef {object} Question
 * @property {string} audience Who asks; shown to the person.
 * @property {string} nonce Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _.
 * @property {string} wayOut The page for whoever does not want this.
 * @property {string} [subject] Who it is to be; with `verify` only.
 * @property {string} [approve] What the person approves.
 * @property {string} [webhook] Where the result is sent; an address that the server's settings allow.
 * @property {import("../types/models.js").SessionPasskey} [passkey] For a holder-bound subject.
 * @property {number} [lastsS] Seconds that it may take, 30 to 600: 180.
 */

/**
 * What is asked of the person on a document.
 * @typedef {object} Check
 * @property {string} case What you call this check, the same for each try: attempts are counted on it. It is not stored.
 * @property {string} audience Who asks; shown to the person.
 * @property {string} nonce Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _.
 * @property {string} wayOut The page for whoever does not want this.
 * @property {string} [approve] What the person approves.
 * @property {string} [webhook] Where the result is sent; an address that the server's settings allow.
 * @property {number} [lastsS] Seconds that it may take, 30 to 600: 180.
 * @property {boolean} [strict] Open no session unless the zone is clear, all its check digits hold, its date of birth is a date (parts of it
 *   may be unknown), it states a date of expiry that has not passed, and the portrait is on the page of the zone (on a card, TD1, it is not).
 */

/**
 * What a payment is of.
 * @typedef {object} Bill
 * @property {number} amount Minor units.
 * @property {string} currency ISO 4217 code.
 * @property {string} payee To whom, as the payer is shown it.
 * @property {string} order For what, as you call it; it is shown, too.
 * @property {number} [lastsS] Seconds it may wait to be approved, 30 to 3600: 600.
 * @property {import("../types/models.js").PaymentPolicy} [policy] `device-key` takes a passkey of the payer as well: `single-factor`.
 */

/** Asks a Countenance server. Every operation of the document is a method of the same name. */
export class Countenance extends Connection {
  // Pictures alone: nothing of them is kept.

  /**
   * Whether two pictures show one person.
   * @param {Picture} reference The picture that is known.
   * @param {Picture} probe The picture that was just taken.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").CompareAnswer>}
   */
  async compare(reference, probe, { signal } = {}) {
    return this.ask(operations.compare, {
      form: [
        ["reference", await read(reference)],
        ["probe", await read(probe)],
      ],
      signal,
    });
  }

  /**
   * The faces of a picture, with what speaks against using each.
   * @param {Picture} picture
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").DetectAnswer>}
   */
  async detect(picture, { signal } = {}) {
    return this.ask(operations.detect, { form: [["picture", await read(picture)]], signal });
  }

  // People who agreed.

  /**
   * Adds a person; holder-bound with a holder part, which then has to go along with everything about them.
   * @param {string} id
   * @param {Held & Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").SubjectAnswer>}
   */
  async addSubject(id, { holder, collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.addSubject, { json: { id }, query: { collection }, holder, idempotencyKey, signal });
  }

  /**
   * One page of the people of a collection. See `subjects`.
   * @param {Place & Ending & { after?: string, limit?: number }} [options] `after` is the `next` of the page before.
   * @returns {Promise<import("../types/models.js").SubjectList>}
   */
  async listSubjects({ collection, after, limit, signal } = {}) {
    return this.ask(operations.listSubjects, { query: { collection, after, limit }, signal });
  }

  /**
   * Everybody in a collection, page after page.
   * @param {Place & Ending} [options]
   * @returns {AsyncGenerator<import("../types/models.js").SubjectListEntry, void, void>}
   */
  async *subjects(options = {}) {
    /** @type {string | null | undefined} */
    let after;
    do {
      /** @type {import("../types/models.js").SubjectList} */
      const page = await this.listSubjects({ ...options, after: after ?? undefined });
      yield* page.subjects;
      after = page.next;
    } while (after);
  }

  /**
   * A person and what they agreed to.
   * @param {string} subject
   * @param {Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").SubjectAnswer>}
   */
  async showSubject(subject, { collection, signal } = {}) {
    return this.ask(operations.showSubject, { segments: { subject }, query: { collection }, signal });
  }

  /**
   * Destroys a person's key and everything under it. The receipt is signed: keep it.
   * @param {string} subject
   * @param {Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").EraseAnswer>}
   */
  async eraseSubject(subject, { collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.eraseSubject, { segments: { subject }, query: { collection }, idempotencyKey, signal });
  }

  /**
   * Writes down that a person agreed to a purpose, such as `verify`.
   *
   * `evidence` is what shows it, such as a signed form: it is hashed here, and only the hash is sent. Give
   * `evidenceSha256` instead where that is at hand. `textVersion` names the text the person was shown.
   * @param {string} subject
   * @param {string} purpose
   * @param {{ textVersion: string, evidence?: Picture, evidenceSha256?: string, days?: number } & Held & Place & Write & Ending} options
   * @returns {Promise<import("../types/models.js").Consent>}
   */
  async grantConsent(subject, purpose, options) {
    const { textVersion, evidence, evidenceSha256, days, holder, collection, idempotencyKey, signal } = options;
    if ((evidence === undefined) === (evidenceSha256 === undefined)) {
      throw new TypeError("name either `evidence` or `evidenceSha256`");
    }
    const digest = evidence === undefined ? evidenceSha256 : await sha256(await read(evidence));
    return this.ask(operations.grantConsent, {
      segments: { subject },
      query: { collection },
      json: { purpose, text_version: textVersion, evidence_sha256: digest, days },
      holder,
      idempotencyKey,
      signal,
    });
  }

  /**
   * What a person agreed to, ended entries too.
   * @param {string} subject
   * @param {Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").ConsentList>}
   */
  async listConsents(subject, { collection, signal } = {}) {
    return this.ask(operations.listConsents, { segments: { subject }, query: { collection }, signal });
  }

  /**
   * Withdraws what a person agreed to, for one purpose or all. Templates go with the last consent.
   * @param {string} subject
   * @param {{ purpose?: string } & Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").WithdrawAnswer>}
   */
  async withdrawConsents(subject, { purpose, collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.withdrawConsents, {
      segments: { subject },
      query: { collection, purpose },
      idempotencyKey,
      signal,
    });
  }

  /**
   * Makes templates of 1 to 16 photos of a person who agreed. Only the outcome `enrolled` stores anything.
   * @param {string} subject
   * @param {Picture[]} photos
   * @param {{ replace?: boolean } & Held & Place & Write & Ending} [options] With `replace` the templates that are there go
   *   once the new ones are sealed.
   * @returns {Promise<import("../types/models.js").EnrollAnswer>}
   */
  async enrollFaces(subject, photos, { replace = false, holder, collection, idempotencyKey, signal } = {}) {
    if (!Array.isArray(photos)) throw new TypeError("`photos` is an array, even of one picture");
    /** @type {[string, Uint8Array<ArrayBuffer> | string][]} */
    const form = [];
    for (const photo of photos) form.push(["photo", await read(photo)]);
    if (replace) form.push(["replace", "true"]);
    return this.ask(operations.enrollFaces, {
      segments: { subject },
      query: { collection },
      form,
      holder,
      idempotencyKey,
      signal,
    });
  }

  /**
   * Whether a picture that was just taken shows this person: `accept`, `reject`, or `recapture` with its cause.
   *
   * An unknown person, a wrong face, a missing consent and too many attempts are one and the same `reject`.
   * @param {string} subject
   * @param {Picture} probe
   * @param {Held & Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").VerifyAnswer>}
   */
  async verifySubject(subject, probe, { holder, collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.verifySubject, {
      segments: { subject },
      query: { collection },
      form: [["probe", await read(probe)]],
      holder,
      idempotencyKey,
      signal,
    });
  }

  /**
   * Everything held about a person, in the clear: hand it over to them and delete it.
   * @param {string} subject
   * @param {Held & Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").ExportAnswer>}
   */
  async exportSubject(subject, { holder, collection, signal } = {}) {
    return this.ask(operations.exportSubject, { segments: { subject }, query: { collection }, holder, signal });
  }

  // Collections, and who of one somebody is.

  /**
   * The collections of the tenant, with what is decided in each.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").CollectionList>}
   */
  async listCollections({ signal } = {}) {
    return this.ask(operations.listCollections, { signal });
  }

  /**
   * What is decided in a collection, and how many members it may have.
   * @param {string} collection
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").CollectionAnswer>}
   */
  async showCollection(collection, { signal } = {}) {
    return this.ask(operations.showCollection, { segments: { collection }, signal });
  }

  /**
   * Makes a collection, or sets what is decided in it; what is left out stays as it is, or is as usual.
   * @param {string} collection
   * @param {{ fmr?: number, fpir?: number, margin?: number } & Write & Ending} [options] `fpir` is the share of strangers
   *   who may be taken for a member, `fmr` the rate at which a member is a candidate, and `margin` how much less alike the
   *   second one must be.
   * @returns {Promise<import("../types/models.js").CollectionAnswer>}
   */
  async setCollection(collection, { fmr, fpir, margin, idempotencyKey, signal } = {}) {
    return this.ask(operations.setCollection, {
      segments: { collection },
      json: { fmr, fpir, margin },
      idempotencyKey,
      signal,
    });
  }

  /**
   * Who of those who agreed to be identified in a collection a picture shows, or nobody.
   *
   * `refer` means that a person has to decide, `ambiguous` that two members are too much alike.
   * @param {string} collection
   * @param {Picture} probe
   * @param {Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").IdentifyAnswer>}
   */
  async identifyMember(collection, probe, { idempotencyKey, signal } = {}) {
    return this.ask(operations.identifyMember, {
      segments: { collection },
      form: [["probe", await read(probe)]],
      idempotencyKey,
      signal,
    });
  }

  /**
   * One page of those who can be identified in a collection. See `members`.
   * @param {string} collection
   * @param {{ after?: string, limit?: number } & Ending} [options] `after` is the `next` of the page before.
   * @returns {Promise<import("../types/models.js").MemberList>}
   */
  async listMembers(collection, { after, limit, signal } = {}) {
    return this.ask(operations.listMembers, { segments: { collection }, query: { after, limit }, signal });
  }

  /**
   * Everybody who can be identified in a collection, page after page.
   * @param {string} collection
   * @param {Ending} [options]
   * @returns {AsyncGenerator<import("../types/models.js").MemberEntry, void, void>}
   */
  async *members(collection, options = {}) {
    /** @type {string | null | undefined} */
    let after;
    do {
      /** @type {import("../types/models.js").MemberList} */
      const page = await this.listMembers(collection, { ...options, after: after ?? undefined });
      yield* page.members;
      after = page.next;
    } while (after);
  }

  // Sessions: one question to one live person.

  /**
   * Puts one question to one live person: whether somebody is there, or whether it is `subject` (with `verify`).
   *
   * `audience` is who asks, `wayOut` the page for whoever does not want this; both are shown. `nonce` is fresh for each
   * session: keep it to check the result. `approve` is what the person approves. The answer has the capture token, shown
   * this once: it is for the person's browser, or for `Capture`.
   * @param {import("../types/models.js").SessionKind} kind
   * @param {Question & Place & Write & Ending} options
   * @returns {Promise<import("../types/models.js").SessionOpened>}
   */
  async openSession(kind, options) {
    const { audience, nonce, wayOut, subject, approve, webhook, passkey, lastsS } = options;
    const { collection, idempotencyKey, signal } = options;
    return this.ask(operations.openSession, {
      query: { collection },
      json: { kind, audience, nonce, way_out: wayOut, subject, approve, webhook, passkey, lasts_s: lastsS },
      idempotencyKey,
      signal,
    });
  }

  /**
   * Looks at a document, and opens a session that asks whether the live person is the one on it. Nothing of it is stored.
   *
   * The answer has the `session`, or the `cause` why there is none (with `strict` also `zone_not_trusted`), and the `checks` of its zone.
   * Asked again it opens another session.
   * @param {Picture} picture
   * @param {Check & Place & Ending} options
   * @returns {Promise<import("../types/models.js").DocumentAnswer>}
   */
  async openDocument(picture, options) {
    const { audience, nonce, wayOut, approve, webhook, lastsS, strict, collection, signal } = options;
    const said = { case: options.case, audience, nonce, way_out: wayOut, approve, webhook, lasts_s: lastsS, strict };
    /** @type {[string, Uint8Array<ArrayBuffer> | string][]} */
    const form = [["picture", await read(picture)]];
    for (const [name, value] of Object.entries(said)) if (value !== undefined) form.push([name, String(value)]);
    return this.ask(operations.openDocument, { query: { collection }, form, signal });
  }

  /**
   * Where a session stands. Once it is judged, the answer has the signed `result`, for a minute from the first time.
   * Trust nothing but the result, checked: see `ResultChecker`.
   * @param {string} session
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").SessionAnswer>}
   */
  async showSession(session, { signal } = {}) {
    return this.ask(operations.showSession, { segments: { session }, signal });
  }

  /**
   * Ends a session. A result that was not taken is gone; one that is over stays as it is.
   * @param {string} session
   * @param {Ending} [options]
   * @returns {Promise<void>}
   */
  async cancelSession(session, { signal } = {}) {
    return this.ask(operations.cancelSession, { segments: { session }, signal });
  }

  // Payments: one named amount that one person approves.

  /**
   * Makes a payment that `subject` is to approve: `amount` in minor units, 1250 for 12.50 EUR. Nobody is shown it before
   * `openPaymentSession`. Whether there is such a subject is told nowhere.
   * @param {string} subject
   * @param {Bill & Place & Write & Ending} options
   * @returns {Promise<import("../types/models.js").PaymentAnswer>}
   */
  async makePayment(subject, options) {
    const { amount, currency, payee, order, lastsS, policy, collection, idempotencyKey, signal } = options;
    return this.ask(operations.makePayment, {
      query: { collection },
      json: { subject, amount, currency, payee, order, lasts_s: lastsS, policy },
      idempotencyKey,
      signal,
    });
  }

  /**
   * Where a payment stands. Deliver on a checked result, not on this.
   * @param {string} payment
   * @param {Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").PaymentAnswer>}
   */
  async showPayment(payment, { collection, signal } = {}) {
    return this.ask(operations.showPayment, { segments: { payment }, query: { collection }, signal });
  }

  /**
   * Cancels a payment that nobody has approved. Again is the same.
   * @param {string} payment
   * @param {Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").PaymentAnswer>}
   */
  async cancelPayment(payment, { collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.cancelPayment, { segments: { payment }, query: { collection }, idempotencyKey, signal });
  }

  /**
   * Enters that `amount` in minor units, or all that is left, was given back. Moving the money is yours.
   * @param {string} payment
   * @param {{ amount?: number } & Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").PaymentAnswer>}
   */
  async refundPayment(payment, { amount, collection, idempotencyKey, signal } = {}) {
    const call = { segments: { payment }, query: { collection }, json: { amount }, idempotencyKey, signal };
    return this.ask(operations.refundPayment, call);
  }

  /**
   * Asks the payer, `subject` again, to approve a payment in front of a camera. As `openSession`: the token is for the
   * payer's browser, the result is taken with `showSession`. Deliver when the result checks, its outcome is `accept` and
   * its `transaction_sha256` is that of your order: see `transactionSha256`.
   * @param {string} payment
   * @param {Omit<Question, "approve" | "subject"> & { subject: string } & Place & Write & Ending} options
   * @returns {Promise<import("../types/models.js").SessionOpened>}
   */
  async openPaymentSession(payment, options) {
    const { audience, nonce, wayOut, subject, webhook, passkey, lastsS } = options;
    const { collection, idempotencyKey, signal } = options;
    return this.ask(operations.openPaymentSession, {
      segments: { payment },
      query: { collection },
      json: { subject, audience, nonce, way_out: wayOut, webhook, passkey, lasts_s: lastsS },
      idempotencyKey,
      signal,
    });
  }

  /**
   * One page of the payments that a subject was asked to approve and that are kept. See `payments`.
   * @param {string} subject
   * @param {Place & Ending & { after?: string, limit?: number }} [options] `after` is the `next` of the page before.
   * @returns {Promise<import("../types/models.js").PaymentList>}
   */
  async listPayments(subject, { collection, after, limit, signal } = {}) {
    return this.ask(operations.listPayments, { segments: { subject }, query: { collection, after, limit }, signal });
  }

  /**
   * The payments that a subject was asked to approve and that are kept, page after page.
   * @param {string} subject
   * @param {Place & Ending} [options]
   * @returns {AsyncGenerator<import("../types/models.js").PaymentAnswer, void, void>}
   */
  async *payments(subject, options = {}) {
    /** @type {string | null | undefined} */
    let after;
    do {
      /** @type {import("../types/models.js").PaymentList} */
      const page = await this.listPayments(subject, { ...options, after: after ?? undefined });
      yield* page.payments;
      after = page.next;
    } while (after);
  }

  /**
   * Opens a link by which a person sees and withdraws what they agreed to; it ends the one before. Send them to `/consents#ID.TOKEN` of the
   * server within ten minutes. They prove themselves with a device key, or where they are holder-bound with the passkey that `passkey` names.
   * `wayOut` is where they go without one.
   * @param {string} subject
   * @param {{ audience: string, wayOut: string, passkey?: import("../types/models.js").SessionPasskey } & Place & Ending} options
   * @returns {Promise<import("../types/models.js").ConsentLinkOpened>}
   */
  async openConsentLink(subject, { audience, wayOut, passkey, collection, signal }) {
    const call = { segments: { subject }, query: { collection }, json: { audience, way_out: wayOut, passkey }, signal };
    return this.ask(operations.openConsentLink, call);
  }

  // Device keys: passkeys that a payment can take beside the face.

  /**
   * Begins to register a passkey of a person who agreed to payments: hand `public_key` to `makeDeviceKey` in their browser, and what it
   * gives to `finishDeviceKey`, within five minutes. `label` is what lists call it, `name` what their device does.
   * @param {string} subject
   * @param {{ label?: string, name?: string } & Held & Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").DeviceKeyOpened>}
   */
  async openDeviceKey(subject, { label, name, holder, collection, signal } = {}) {
    const call = { segments: { subject }, query: { collection }, json: { label, name }, holder, signal };
    return this.ask(operations.openDeviceKey, call);
  }

  /**
   * Registers the passkey that the person's browser made. `deviceKey` is the id that `openDeviceKey` gave; it takes one answer.
   * @param {string} subject
   * @param {string} deviceKey
   * @param {Record<string, any>} credential
   * @param {Held & Place & Write & Ending} [options]
   * @returns {Promise<import("../types/models.js").DeviceKeyEntry>}
   */
  async finishDeviceKey(subject, deviceKey, credential, { holder, collection, idempotencyKey, signal } = {}) {
    return this.ask(operations.finishDeviceKey, {
      segments: { subject, device_key: deviceKey },
      query: { collection },
      json: { credential },
      holder,
      idempotencyKey,
      signal,
    });
  }

  /**
   * The device keys of a person, the oldest first.
   * @param {string} subject
   * @param {Place & Ending} [options]
   * @returns {Promise<import("../types/models.js").DeviceKeyList>}
   */
  async listDeviceKeys(subject, { collection, signal } = {}) {
    return this.ask(operations.listDeviceKeys, { segments: { subject }, query: { collection }, signal });
  }

  /**
   * Removes a device key. It holds for a payment that is just being decided, too.
   * @param {string} subject
   * @param {string} deviceKey
   * @param {Place & Write & Ending} [options]
   * @returns {Promise<void>}
   */
  async removeDeviceKey(subject, deviceKey, { collection, idempotencyKey, signal } = {}) {
    const segments = { subject, device_key: deviceKey };
    return this.ask(operations.removeDeviceKey, { segments, query: { collection }, idempotencyKey, signal });
  }

  // Keys of the platform.

  /**
   * The keys of the tenant; never the secrets.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").KeyList>}
   */
  async listKeys({ signal } = {}) {
    return this.ask(operations.listKeys, { signal });
  }

  /**
   * Makes a key with these scopes. It is shown this once.
   * @param {import("../types/models.js").Scope[]} scopes
   * @param {{ days?: number, rate?: number, daily?: number, compat?: import("../types/models.js").CompatKey } & Write & Ending} [options]
   *   `days` until it ends, `rate` requests per second and `daily` requests per day (UTC) bound it. With `compat` it is one
   *   of another product's protocol, and `scopes` is empty.
   * @returns {Promise<import("../types/models.js").KeyCreated>}
   */
  async createKey(scopes, { days, rate, daily, compat, idempotencyKey, signal } = {}) {
    return this.ask(operations.createKey, { json: { scopes, days, rate, daily, compat }, idempotencyKey, signal });
  }

  /**
   * Ends a key, which is named by its id.
   * @param {string} key
   * @param {Write & Ending} [options]
   * @returns {Promise<void>}
   */
  async revokeKey(key, { idempotencyKey, signal } = {}) {
    return this.ask(operations.revokeKey, { segments: { key }, idempotencyKey, signal });
  }

  // The audit log.

  /**
   * The audit tree as it stands, signed. Give one to somebody else now and then.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").CheckpointAnswer>}
   */
  async auditCheckpoint({ signal } = {}) {
    return this.ask(operations.auditCheckpoint, { signal });
  }

  /**
   * That the tree of `older` leaves is the beginning of a newer one.
   * @param {number} older
   * @param {{ newer?: number } & Ending} [options]
   * @returns {Promise<import("../types/models.js").ConsistencyAnswer>}
   */
  async auditConsistency(older, { newer, signal } = {}) {
    return this.ask(operations.auditConsistency, { query: { older, newer }, signal });
  }

  /**
   * That a leaf is in the tree; answers about people name theirs.
   * @param {string} leaf
   * @param {{ size?: number } & Ending} [options]
   * @returns {Promise<import("../types/models.js").InclusionAnswer>}
   */
  async auditInclusion(leaf, { size, signal } = {}) {
    return this.ask(operations.auditInclusion, { query: { leaf, size }, signal });
  }

  /**
   * One page of the log: what happened, and not to whom. See `logEntries`.
   * @param {{ from?: number, limit?: number } & Ending} [options] `from` is the `next` of the page before.
   * @returns {Promise<import("../types/models.js").EntriesAnswer>}
   */
  async auditEntries({ from, limit, signal } = {}) {
    return this.ask(operations.auditEntries, { query: { from, limit }, signal });
  }

  /**
   * The log from a leaf on, page after page.
   * @param {{ from?: number } & Ending} [options]
   * @returns {AsyncGenerator<import("../types/models.js").LogEntry, void, void>}
   */
  async *logEntries(options = {}) {
    /** @type {number | null | undefined} */
    let from = options.from ?? 0;
    while (typeof from === "number") {
      /** @type {import("../types/models.js").EntriesAnswer} */
      const page = await this.auditEntries({ ...options, from, limit: 1000 });
      yield* page.entries;
      from = page.next;
    }
  }

  // The server itself.

  /**
   * What is done with faces here, and what is never done.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").Policy>}
   */
  async policy({ signal } = {}) {
    return this.ask(operations.policy, { signal });
  }

  /**
   * The public keys that check what the server signs.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").Jwks>}
   */
  async jwks({ signal } = {}) {
    return this.ask(operations.jwks, { signal });
  }

  /**
   * That the server runs.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").Health>}
   */
  async healthz({ signal } = {}) {
    return this.ask(operations.healthz, { signal });
  }

  /**
   * That the server can serve.
   * @param {Ending} [options]
   * @returns {Promise<import("../types/models.js").Health>}
   */
  async readyz({ signal } = {}) {
    return this.ask(operations.readyz, { signal });
  }

  /**
   * Numbers for a monitor, in the OpenMetrics format.
   * @param {Ending} [options]
   * @returns {Promise<string>}
   */
  async metrics({ signal } = {}) {
    return this.ask(operations.metrics, { signal });
  }

  /**
   * The document of this very server.
   * @param {Ending} [options]
   * @returns {Promise<Record<string, any>>}
   */
  async openapi({ signal } = {}) {
    return this.ask(operations.openapi, { signal });
  }

  /**
   * The document as a page to read, in HTML.
   * @param {Ending} [options]
   * @returns {Promise<string>}
   */
  async reference({ signal } = {}) {
    return this.ask(operations.reference, { signal });
  }
}
