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
    /**
     * Whether two pictures show one person.
     * @param {Picture} reference The picture that is known.
     * @param {Picture} probe The picture that was just taken.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").CompareAnswer>}
     */
    compare(reference: Picture, probe: Picture, { signal }?: Ending): Promise<import("../types/models.js").CompareAnswer>;
    /**
     * The faces of a picture, with what speaks against using each.
     * @param {Picture} picture
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").DetectAnswer>}
     */
    detect(picture: Picture, { signal }?: Ending): Promise<import("../types/models.js").DetectAnswer>;
    /**
     * Adds a person; holder-bound with a holder part, which then has to go along with everything about them.
     * @param {string} id
     * @param {Held & Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").SubjectAnswer>}
     */
    addSubject(id: string, { holder, collection, idempotencyKey, signal }?: Held & Place & Write & Ending): Promise<import("../types/models.js").SubjectAnswer>;
    /**
     * One page of the people of a collection. See `subjects`.
     * @param {Place & Ending & { after?: string, limit?: number }} [options] `after` is the `next` of the page before.
     * @returns {Promise<import("../types/models.js").SubjectList>}
     */
    listSubjects({ collection, after, limit, signal }?: Place & Ending & {
        after?: string;
        limit?: number;
    }): Promise<import("../types/models.js").SubjectList>;
    /**
     * Everybody in a collection, page after page.
     * @param {Place & Ending} [options]
     * @returns {AsyncGenerator<import("../types/models.js").SubjectListEntry, void, void>}
     */
    subjects(options?: Place & Ending): AsyncGenerator<import("../types/models.js").SubjectListEntry, void, void>;
    /**
     * A person and what they agreed to.
     * @param {string} subject
     * @param {Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").SubjectAnswer>}
     */
    showSubject(subject: string, { collection, signal }?: Place & Ending): Promise<import("../types/models.js").SubjectAnswer>;
    /**
     * Destroys a person's key and everything under it. The receipt is signed: keep it.
     * @param {string} subject
     * @param {Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").EraseAnswer>}
     */
    eraseSubject(subject: string, { collection, idempotencyKey, signal }?: Place & Write & Ending): Promise<import("../types/models.js").EraseAnswer>;
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
    grantConsent(subject: string, purpose: string, options: {
        textVersion: string;
        evidence?: Picture;
        evidenceSha256?: string;
        days?: number;
    } & Held & Place & Write & Ending): Promise<import("../types/models.js").Consent>;
    /**
     * What a person agreed to, ended entries too.
     * @param {string} subject
     * @param {Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").ConsentList>}
     */
    listConsents(subject: string, { collection, signal }?: Place & Ending): Promise<import("../types/models.js").ConsentList>;
    /**
     * Withdraws what a person agreed to, for one purpose or all. Templates go with the last consent.
     * @param {string} subject
     * @param {{ purpose?: string } & Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").WithdrawAnswer>}
     */
    withdrawConsents(subject: string, { purpose, collection, idempotencyKey, signal }?: {
        purpose?: string;
    } & Place & Write & Ending): Promise<import("../types/models.js").WithdrawAnswer>;
    /**
     * Makes templates of 1 to 16 photos of a person who agreed. Only the outcome `enrolled` stores anything.
     * @param {string} subject
     * @param {Picture[]} photos
     * @param {{ replace?: boolean } & Held & Place & Write & Ending} [options] With `replace` the templates that are there go
     *   once the new ones are sealed.
     * @returns {Promise<import("../types/models.js").EnrollAnswer>}
     */
    enrollFaces(subject: string, photos: Picture[], { replace, holder, collection, idempotencyKey, signal }?: {
        replace?: boolean;
    } & Held & Place & Write & Ending): Promise<import("../types/models.js").EnrollAnswer>;
    /**
     * Whether a picture that was just taken shows this person: `accept`, `reject`, or `recapture` with its cause.
     *
     * An unknown person, a wrong face, a missing consent and too many attempts are one and the same `reject`.
     * @param {string} subject
     * @param {Picture} probe
     * @param {Held & Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").VerifyAnswer>}
     */
    verifySubject(subject: string, probe: Picture, { holder, collection, idempotencyKey, signal }?: Held & Place & Write & Ending): Promise<import("../types/models.js").VerifyAnswer>;
    /**
     * Everything held about a person, in the clear: hand it over to them and delete it.
     * @param {string} subject
     * @param {Held & Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").ExportAnswer>}
     */
    exportSubject(subject: string, { holder, collection, signal }?: Held & Place & Ending): Promise<import("../types/models.js").ExportAnswer>;
    /**
     * The collections of the tenant, with what is decided in each.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").CollectionList>}
     */
    listCollections({ signal }?: Ending): Promise<import("../types/models.js").CollectionList>;
    /**
     * What is decided in a collection, and how many members it may have.
     * @param {string} collection
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").CollectionAnswer>}
     */
    showCollection(collection: string, { signal }?: Ending): Promise<import("../types/models.js").CollectionAnswer>;
    /**
     * Makes a collection, or sets what is decided in it; what is left out stays as it is, or is as usual.
     * @param {string} collection
     * @param {{ fmr?: number, fpir?: number, margin?: number } & Write & Ending} [options] `fpir` is the share of strangers
     *   who may be taken for a member, `fmr` the rate at which a member is a candidate, and `margin` how much less alike the
     *   second one must be.
     * @returns {Promise<import("../types/models.js").CollectionAnswer>}
     */
    setCollection(collection: string, { fmr, fpir, margin, idempotencyKey, signal }?: {
        fmr?: number;
        fpir?: number;
        margin?: number;
    } & Write & Ending): Promise<import("../types/models.js").CollectionAnswer>;
    /**
     * Who of those who agreed to be identified in a collection a picture shows, or nobody.
     *
     * `refer` means that a person has to decide, `ambiguous` that two members are too much alike.
     * @param {string} collection
     * @param {Picture} probe
     * @param {Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").IdentifyAnswer>}
     */
    identifyMember(collection: string, probe: Picture, { idempotencyKey, signal }?: Write & Ending): Promise<import("../types/models.js").IdentifyAnswer>;
    /**
     * One page of those who can be identified in a collection. See `members`.
     * @param {string} collection
     * @param {{ after?: string, limit?: number } & Ending} [options] `after` is the `next` of the page before.
     * @returns {Promise<import("../types/models.js").MemberList>}
     */
    listMembers(collection: string, { after, limit, signal }?: {
        after?: string;
        limit?: number;
    } & Ending): Promise<import("../types/models.js").MemberList>;
    /**
     * Everybody who can be identified in a collection, page after page.
     * @param {string} collection
     * @param {Ending} [options]
     * @returns {AsyncGenerator<import("../types/models.js").MemberEntry, void, void>}
     */
    members(collection: string, options?: Ending): AsyncGenerator<import("../types/models.js").MemberEntry, void, void>;
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
    openSession(kind: import("../types/models.js").SessionKind, options: Question & Place & Write & Ending): Promise<import("../types/models.js").SessionOpened>;
    /**
     * Looks at a document, and opens a session that asks whether the live person is the one on it. Nothing of it is stored.
     *
     * The answer has the `session`, or the `cause` why there is none (with `strict` also `zone_not_trusted`), and the `checks` of its zone.
     * Asked again it opens another session.
     * @param {Picture} picture
     * @param {Check & Place & Ending} options
     * @returns {Promise<import("../types/models.js").DocumentAnswer>}
     */
    openDocument(picture: Picture, options: Check & Place & Ending): Promise<import("../types/models.js").DocumentAnswer>;
    /**
     * Where a session stands. Once it is judged, the answer has the signed `result`, for a minute from the first time.
     * Trust nothing but the result, checked: see `ResultChecker`.
     * @param {string} session
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").SessionAnswer>}
     */
    showSession(session: string, { signal }?: Ending): Promise<import("../types/models.js").SessionAnswer>;
    /**
     * Ends a session. A result that was not taken is gone; one that is over stays as it is.
     * @param {string} session
     * @param {Ending} [options]
     * @returns {Promise<void>}
     */
    cancelSession(session: string, { signal }?: Ending): Promise<void>;
    /**
     * Makes a payment that `subject` is to approve: `amount` in minor units, 1250 for 12.50 EUR. Nobody is shown it before
     * `openPaymentSession`. Whether there is such a subject is told nowhere.
     * @param {string} subject
     * @param {Bill & Place & Write & Ending} options
     * @returns {Promise<import("../types/models.js").PaymentAnswer>}
     */
    makePayment(subject: string, options: Bill & Place & Write & Ending): Promise<import("../types/models.js").PaymentAnswer>;
    /**
     * Where a payment stands. Deliver on a checked result, not on this.
     * @param {string} payment
     * @param {Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").PaymentAnswer>}
     */
    showPayment(payment: string, { collection, signal }?: Place & Ending): Promise<import("../types/models.js").PaymentAnswer>;
    /**
     * Cancels a payment that nobody has approved. Again is the same.
     * @param {string} payment
     * @param {Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").PaymentAnswer>}
     */
    cancelPayment(payment: string, { collection, idempotencyKey, signal }?: Place & Write & Ending): Promise<import("../types/models.js").PaymentAnswer>;
    /**
     * Enters that `amount` in minor units, or all that is left, was given back. Moving the money is yours.
     * @param {string} payment
     * @param {{ amount?: number } & Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").PaymentAnswer>}
     */
    refundPayment(payment: string, { amount, collection, idempotencyKey, signal }?: {
        amount?: number;
    } & Place & Write & Ending): Promise<import("../types/models.js").PaymentAnswer>;
    /**
     * Asks the payer, `subject` again, to approve a payment in front of a camera. As `openSession`: the token is for the
     * payer's browser, the result is taken with `showSession`. Deliver when the result checks, its outcome is `accept` and
     * its `transaction_sha256` is that of your order: see `transactionSha256`.
     * @param {string} payment
     * @param {Omit<Question, "approve" | "subject"> & { subject: string } & Place & Write & Ending} options
     * @returns {Promise<import("../types/models.js").SessionOpened>}
     */
    openPaymentSession(payment: string, options: Omit<Question, "approve" | "subject"> & {
        subject: string;
    } & Place & Write & Ending): Promise<import("../types/models.js").SessionOpened>;
    /**
     * One page of the payments that a subject was asked to approve and that are kept. See `payments`.
     * @param {string} subject
     * @param {Place & Ending & { after?: string, limit?: number }} [options] `after` is the `next` of the page before.
     * @returns {Promise<import("../types/models.js").PaymentList>}
     */
    listPayments(subject: string, { collection, after, limit, signal }?: Place & Ending & {
        after?: string;
        limit?: number;
    }): Promise<import("../types/models.js").PaymentList>;
    /**
     * The payments that a subject was asked to approve and that are kept, page after page.
     * @param {string} subject
     * @param {Place & Ending} [options]
     * @returns {AsyncGenerator<import("../types/models.js").PaymentAnswer, void, void>}
     */
    payments(subject: string, options?: Place & Ending): AsyncGenerator<import("../types/models.js").PaymentAnswer, void, void>;
    /**
     * Opens a link by which a person sees and withdraws what they agreed to; it ends the one before. Send them to `/consents#ID.TOKEN` of the
     * server within ten minutes. They prove themselves with a device key, or where they are holder-bound with the passkey that `passkey` names.
     * `wayOut` is where they go without one.
     * @param {string} subject
     * @param {{ audience: string, wayOut: string, passkey?: import("../types/models.js").SessionPasskey } & Place & Ending} options
     * @returns {Promise<import("../types/models.js").ConsentLinkOpened>}
     */
    openConsentLink(subject: string, { audience, wayOut, passkey, collection, signal }: {
        audience: string;
        wayOut: string;
        passkey?: import("../types/models.js").SessionPasskey;
    } & Place & Ending): Promise<import("../types/models.js").ConsentLinkOpened>;
    /**
     * Begins to register a passkey of a person who agreed to payments: hand `public_key` to `makeDeviceKey` in their browser, and what it
     * gives to `finishDeviceKey`, within five minutes. `label` is what lists call it, `name` what their device does.
     * @param {string} subject
     * @param {{ label?: string, name?: string } & Held & Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").DeviceKeyOpened>}
     */
    openDeviceKey(subject: string, { label, name, holder, collection, signal }?: {
        label?: string;
        name?: string;
    } & Held & Place & Ending): Promise<import("../types/models.js").DeviceKeyOpened>;
    /**
     * Registers the passkey that the person's browser made. `deviceKey` is the id that `openDeviceKey` gave; it takes one answer.
     * @param {string} subject
     * @param {string} deviceKey
     * @param {Record<string, any>} credential
     * @param {Held & Place & Write & Ending} [options]
     * @returns {Promise<import("../types/models.js").DeviceKeyEntry>}
     */
    finishDeviceKey(subject: string, deviceKey: string, credential: Record<string, any>, { holder, collection, idempotencyKey, signal }?: Held & Place & Write & Ending): Promise<import("../types/models.js").DeviceKeyEntry>;
    /**
     * The device keys of a person, the oldest first.
     * @param {string} subject
     * @param {Place & Ending} [options]
     * @returns {Promise<import("../types/models.js").DeviceKeyList>}
     */
    listDeviceKeys(subject: string, { collection, signal }?: Place & Ending): Promise<import("../types/models.js").DeviceKeyList>;
    /**
     * Removes a device key. It holds for a payment that is just being decided, too.
     * @param {string} subject
     * @param {string} deviceKey
     * @param {Place & Write & Ending} [options]
     * @returns {Promise<void>}
     */
    removeDeviceKey(subject: string, deviceKey: string, { collection, idempotencyKey, signal }?: Place & Write & Ending): Promise<void>;
    /**
     * The keys of the tenant; never the secrets.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").KeyList>}
     */
    listKeys({ signal }?: Ending): Promise<import("../types/models.js").KeyList>;
    /**
     * Makes a key with these scopes. It is shown this once.
     * @param {import("../types/models.js").Scope[]} scopes
     * @param {{ days?: number, rate?: number, daily?: number, compat?: import("../types/models.js").CompatKey } & Write & Ending} [options]
     *   `days` until it ends, `rate` requests per second and `daily` requests per day (UTC) bound it. With `compat` it is one
     *   of another product's protocol, and `scopes` is empty.
     * @returns {Promise<import("../types/models.js").KeyCreated>}
     */
    createKey(scopes: import("../types/models.js").Scope[], { days, rate, daily, compat, idempotencyKey, signal }?: {
        days?: number;
        rate?: number;
        daily?: number;
        compat?: import("../types/models.js").CompatKey;
    } & Write & Ending): Promise<import("../types/models.js").KeyCreated>;
    /**
     * Ends a key, which is named by its id.
     * @param {string} key
     * @param {Write & Ending} [options]
     * @returns {Promise<void>}
     */
    revokeKey(key: string, { idempotencyKey, signal }?: Write & Ending): Promise<void>;
    /**
     * The audit tree as it stands, signed. Give one to somebody else now and then.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").CheckpointAnswer>}
     */
    auditCheckpoint({ signal }?: Ending): Promise<import("../types/models.js").CheckpointAnswer>;
    /**
     * That the tree of `older` leaves is the beginning of a newer one.
     * @param {number} older
     * @param {{ newer?: number } & Ending} [options]
     * @returns {Promise<import("../types/models.js").ConsistencyAnswer>}
     */
    auditConsistency(older: number, { newer, signal }?: {
        newer?: number;
    } & Ending): Promise<import("../types/models.js").ConsistencyAnswer>;
    /**
     * That a leaf is in the tree; answers about people name theirs.
     * @param {string} leaf
     * @param {{ size?: number } & Ending} [options]
     * @returns {Promise<import("../types/models.js").InclusionAnswer>}
     */
    auditInclusion(leaf: string, { size, signal }?: {
        size?: number;
    } & Ending): Promise<import("../types/models.js").InclusionAnswer>;
    /**
     * One page of the log: what happened, and not to whom. See `logEntries`.
     * @param {{ from?: number, limit?: number } & Ending} [options] `from` is the `next` of the page before.
     * @returns {Promise<import("../types/models.js").EntriesAnswer>}
     */
    auditEntries({ from, limit, signal }?: {
        from?: number;
        limit?: number;
    } & Ending): Promise<import("../types/models.js").EntriesAnswer>;
    /**
     * The log from a leaf on, page after page.
     * @param {{ from?: number } & Ending} [options]
     * @returns {AsyncGenerator<import("../types/models.js").LogEntry, void, void>}
     */
    logEntries(options?: {
        from?: number;
    } & Ending): AsyncGenerator<import("../types/models.js").LogEntry, void, void>;
    /**
     * What is done with faces here, and what is never done.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").Policy>}
     */
    policy({ signal }?: Ending): Promise<import("../types/models.js").Policy>;
    /**
     * The public keys that check what the server signs.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").Jwks>}
     */
    jwks({ signal }?: Ending): Promise<import("../types/models.js").Jwks>;
    /**
     * That the server runs.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").Health>}
     */
    healthz({ signal }?: Ending): Promise<import("../types/models.js").Health>;
    /**
     * That the server can serve.
     * @param {Ending} [options]
     * @returns {Promise<import("../types/models.js").Health>}
     */
    readyz({ signal }?: Ending): Promise<import("../types/models.js").Health>;
    /**
     * Numbers for a monitor, in the OpenMetrics format.
     * @param {Ending} [options]
     * @returns {Promise<string>}
     */
    metrics({ signal }?: Ending): Promise<string>;
    /**
     * The document of this very server.
     * @param {Ending} [options]
     * @returns {Promise<Record<string, any>>}
     */
    openapi({ signal }?: Ending): Promise<Record<string, any>>;
    /**
     * The document as a page to read, in HTML.
     * @param {Ending} [options]
     * @returns {Promise<string>}
     */
    reference({ signal }?: Ending): Promise<string>;
}
export type Picture = import("./pictures.js").Picture;
export type HolderPart = import("./holder.js").HolderPart;
/**
 * What may go along with any call.
 */
export type Ending = {
    /**
     * Ends the call early.
     */
    signal?: AbortSignal | undefined;
};
export type Place = {
    /**
     * The collection that is meant; else that of the client.
     */
    collection?: string | undefined;
};
export type Held = {
    /**
     * The person's part of the key, for a holder-bound subject.
     */
    holder?: import("./holder.js").HolderPart | undefined;
};
export type Write = {
    /**
     * A name of your own for this write, to ask again for the same one; else a new one.
     */
    idempotencyKey?: string | undefined;
};
/**
 * What a session asks.
 */
export type Question = {
    /**
     * Who asks; shown to the person.
     */
    audience: string;
    /**
     * Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _.
     */
    nonce: string;
    /**
     * The page for whoever does not want this.
     */
    wayOut: string;
    /**
     * Who it is to be; with `verify` only.
     */
    subject?: string | undefined;
    /**
     * What the person approves.
     */
    approve?: string | undefined;
    /**
     * Where the result is sent; an address that the server's settings allow.
     */
    webhook?: string | undefined;
    /**
     * For a holder-bound subject.
     */
    passkey?: import("../types/models.js").SessionPasskey | undefined;
    /**
     * Seconds that it may take, 30 to 600: 180.
     */
    lastsS?: number | undefined;
};
/**
 * What is asked of the person on a document.
 */
export type Check = {
    /**
     * What you call this check, the same for each try: attempts are counted on it. It is not stored.
     */
    case: string;
    /**
     * Who asks; shown to the person.
     */
    audience: string;
    /**
     * Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _.
     */
    nonce: string;
    /**
     * The page for whoever does not want this.
     */
    wayOut: string;
    /**
     * What the person approves.
     */
    approve?: string | undefined;
    /**
     * Where the result is sent; an address that the server's settings allow.
     */
    webhook?: string | undefined;
    /**
     * Seconds that it may take, 30 to 600: 180.
     */
    lastsS?: number | undefined;
    /**
     * Open no session unless the zone is clear, all its check digits hold, its date of birth is a date (parts of it
     * may be unknown), it states a date of expiry that has not passed, and the portrait is on the page of the zone (on a card, TD1, it is not).
     */
    strict?: boolean | undefined;
};
/**
 * What a payment is of.
 */
export type Bill = {
    /**
     * Minor units.
     */
    amount: number;
    /**
     * ISO 4217 code.
     */
    currency: string;
    /**
     * To whom, as the payer is shown it.
     */
    payee: string;
    /**
     * For what, as you call it; it is shown, too.
     */
    order: string;
    /**
     * Seconds it may wait to be approved, 30 to 3600: 600.
     */
    lastsS?: number | undefined;
    /**
     * `device-key` takes a passkey of the payer as well: `single-factor`.
     */
    policy?: import("../types/models.js").PaymentPolicy | undefined;
};
import { Connection } from "./connection.js";
