// What travels, as it stands in the OpenAPI document. Made by sdk/generate.py.

/** A rectangle in pixels of the upright picture, from its top left; may reach beyond the picture. */
export interface Area {
  /** Left edge. */
  x: number;
  /** Top edge. */
  y: number;
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
}

/** How often a subject may be tried. */
export interface AttemptRule {
  /** Attempts since the last success that need no wait. */
  free: number;
  /** Seconds between attempts after these. */
  wait_s: number;
  /** Attempts since the last success within 30 days after which another way in is needed. */
  limit: number;
}

/** What the person is asked, for the page that asks it. */
export interface CaptureAnswer {
  /** Id of the session. */
  session: string;
  /** What it asks. */
  kind: SessionKind;
  /** As in the session. */
  state: string;
  /** How long it may still take. */
  ends_in_ms: number;
  /** Who asks. */
  audience: string;
  /** Where a person goes who does not want this. */
  way_out: string;
  /** The text to agree to. */
  consent: CaptureConsent;
  /** How frames are to be. */
  frames: FrameRules;
  /** What the person approves. */
  approve?: string | null;
  /** That a device key of the person must sign what is shown. */
  device_key?: CaptureDeviceKey | null;
  /** That the holder's part of a key is needed, and how it is had. */
  passkey?: SessionPasskey | null;
  /** The payment that the person approves: show it large, and say with the consent that it was shown. */
  payment?: CapturePayment | null;
}

/** The text that the person reads before anything is asked. */
export interface CaptureConsent {
  /** Version of the text. */
  version: string;
  /** The language it is in, as a tag (BCP 47). */
  lang: string;
  /** Plain text. */
  text: string;
  /** SHA-256 of it, in hexadecimal. */
  sha256: string;
}

/** That the page must ask for a device key when the person agrees. */
export interface CaptureDeviceKey {
  /** For whom the key was made: `rpId`. */
  relying_party: string;
  /** 32 bytes in base64url; the challenge is made of it, of the session and of what the page shows. */
  nonce: string;
}

/** What the server says while frames come in. */
export type CaptureMessage =
  /** First. */
  | {
      /** How long the session may still take. */
      ends_in_ms: number;
      /** How frames are to be. */
      frames: FrameRules;
      type: "hello";
    }
  /** This frame was looked at. */
  | {
      /** Its number. */
      frame: number;
      type: "ack";
    }
  /** Do this now. */
  | {
      /** One more than the one before. */
      id: number;
      /** `hold`, `turn_left`, `turn_right`, `smile` or `light`. */
      kind: string;
      /** How long it is waited for. */
      window_ms: number;
      type: "prompt";
      /** `#rrggbb`, with `light`. */
      color?: string | null;
    }
  /** How to be seen better. */
  | {
      /**
       * `ok`, `no_face`, `one_face`, `closer`, `farther`, `center`, `more_light`, `less_light`, `hold_still` or
       * `look_straight`.
       */
      code: string;
      type: "guidance";
    }
  /** How far it is. */
  | {
      /** Steps that are over. */
      done: number;
      /** All steps. */
      of: number;
      type: "progress";
    }
  /** It is over. */
  | {
      /** `judged`, `canceled` or `expired`. */
      state: string;
      type: "done";
    }
  /** It cannot go on. */
  | {
      /** `frame_invalid`, `frames_too_fast`, `busy` or `internal`. */
      code: string;
      /** What was wrong. */
      detail: string;
      type: "error";
    };

/** What the payer is shown, for the page that shows it. */
export interface CapturePayment {
  /** Id of the payment. */
  id: string;
  /** How much, in minor units. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
  /** Digits of the minor unit: 2 for cents. */
  digits: number;
  /** To whom. */
  payee: string;
  /** For what. */
  order: string;
  /** From when on it can no longer be approved. */
  expires: number;
}

/** Where the session stands now. */
export interface CaptureState {
  /** As in the session. */
  state: string;
}

/** The audit tree as it stands, signed. */
export interface CheckpointAnswer {
  /** Leaves of the tree. */
  size: number;
  /** Root hash of the tree, in hexadecimal (RFC 6962, SHA-256). */
  root: string;
  /** When it was signed, in seconds since 1970-01-01 UTC. */
  time: number;
  /** The vault it is of, in hexadecimal. */
  vault: string;
  /** The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json. */
  signed: string;
}

/** A collection. */
export interface CollectionAnswer {
  /** Its name. */
  name: string;
  /** What stands in every answer of `identify`: all that decides it. */
  policy: string;
  /** A member is a candidate at this false-match rate. */
  fmr: number;
  /** Upper 95 % bound of that rate as it was measured. */
  fmr_upper_95: number;
  /** The share of strangers who may be taken for a member. */
  fpir: number;
  /** How much less alike the second member must be, in score. */
  margin: number;
  /** Most members that may be searched: `fpir` divided by `fmr_upper_95`. */
  most_members: number;
  /** What is said of a member who is found. */
  answers: FoundAnswer;
}

/** The collections of a tenant. */
export interface CollectionList {
  /** The collections, oldest first. */
  collections: CollectionAnswer[];
}

/** What is decided in a collection. What is left out stays as it is; in a new collection it is as usual. */
export interface CollectionRequest {
  /** A member is a candidate at this false-match rate, above 0 and at most 1; 1e-6 is usual. */
  fmr?: number | null;
  /**
   * The share of strangers who may be taken for a member (FPIR), above 0 and at most 0.5; 1e-3 is usual. Above
   * 1e-2 nobody is accepted: every answer is `refer`.
   */
  fpir?: number | null;
  /**
   * How much less alike the second member must be, in score, 0 to 0.5; else the answer is `ambiguous`. 0.05 is
   * usual.
   */
  margin?: number | null;
}

/** What came of a comparison. Nothing of the pictures is kept. */
export interface CompareAnswer {
  /** The answer. */
  decision: Decision;
  /** The false-match rate it was decided at. */
  false_match_rate: number;
  /** Why to take it again, such as `too_dark`. */
  cause?: string | null;
  /** Cosine of the templates, -1 to 1; only for keys with the scope `scores`. */
  score?: number | null;
  /** Which picture to take again. */
  side?: Side | null;
  /** What the score was held against; only for keys with the scope `scores`. */
  threshold?: number | null;
}

/** Two pictures, as JSON. */
export interface CompareRequest {
  /** The picture that is known: JPEG, PNG or WebP, in base64. */
  reference: string;
  /** The picture that was just taken: JPEG, PNG or WebP, in base64. */
  probe: string;
}

/** A key of another product's protocol. */
export interface CompatKey {
  /** Whose protocol. */
  product: CompatProduct;
  /** Which service of it. */
  service: CompatService;
  /**
   * The operator's word on how subjects agree, 1 to 500 characters: the procedure it names stands behind every
   * consent that is entered through the key.
   */
  attestation: string;
  /** The collection of a recognition service; a new one of its own where it is left out. */
  collection?: string | null;
  /** Whether embeddings are given out and taken in. */
  embeddings?: boolean;
  /**
   * The share of strangers who may be taken for a subject, above 0 and at most 0.01; it bounds how many subjects
   * the collection may have. 0.001 where it is left out.
   */
  fpir?: number | null;
  /** Whether the pictures of faces are kept, each sealed under its subject's key. */
  keep_pictures?: boolean;
  /** To what they agree; both where it is left out. */
  purposes?: CompatPurpose[];
  /** Days each consent lasts, 1 to 1095; as long as the server allows where it is left out. */
  retention_days?: number | null;
}

/** Whose protocol a key speaks. */
export type CompatProduct = "compreface";

/** What each subject behind such a key is said to have agreed to. */
export type CompatPurpose = "identify" | "verify";

/** What a key of such a protocol is for. */
export type CompatService = "detection" | "recognition" | "verification";

/** An entry of the consent ledger. */
export interface Consent {
  /** Number of the entry within its subject. */
  number: number;
  /** For what. */
  purpose: string;
  /** `active`, `withdrawn` or `expired`. */
  state: string;
  /** When it ends, in seconds since 1970-01-01 UTC. */
  expires: number;
  /** SHA-256, in hexadecimal, of what shows that it was given. */
  evidence_sha256?: string | null;
  /** When it was given, in seconds since 1970-01-01 UTC. */
  granted?: number | null;
  /** Which version of the text was shown, where it can be opened without a holder part. */
  text_version?: string | null;
}

/** The person agrees. */
export interface ConsentGiven {
  /** SHA-256 of the text that was read, in hexadecimal, in whichever language it was. */
  sha256: string;
  /** With colors that change slowly, for people who do not bear flashing. */
  calm?: boolean;
  /**
   * What a device key signed, where one is asked for: `toJSON()` of the credential that
   * `navigator.credentials.get` gave. Only its `id` and its `response` are read.
   */
  device_key?: Record<string, unknown> | null;
  /** The holder's part of the key, 64 hexadecimal digits, where it is asked for. */
  holder?: string | null;
  /**
   * SHA-256 of the terms of the payment that the page has shown, computed there from what it shows, in
   * hexadecimal.
   */
  shown_sha256?: string | null;
}

/** What a link asks of the person. */
export interface ConsentLinkAnswer {
  /** Its id. */
  link: string;
  /** Milliseconds until it cannot be used any more. */
  ends_in_ms: number;
  /** Who keeps the consents. */
  audience: string;
  /** Where to go from here. */
  way_out: string;
  /** Asks for what a device key signs; the nonce is for one answer. */
  device_key?: CaptureDeviceKey | null;
  /** Asks for the holder's part of the key. */
  passkey?: SessionPasskey | null;
}

/** A link that was opened. */
export interface ConsentLinkOpened {
  /** Its id. */
  id: string;
  /** Its token, shown this once: for the person's browser, at `/consents#ID.TOKEN`. Alone it shows nothing. */
  token: string;
  /** Until when it can be used, in seconds since 1970-01-01 UTC. */
  expires: number;
}

/** A link that is to be opened for a subject. */
export interface ConsentLinkRequest {
  /** Who keeps the consents: 1 to 255 visible ASCII characters. It is shown to the person. */
  audience: string;
  /** Where a person goes whose passkey does not work, and after it: a page with TLS. */
  way_out: string;
  /**
   * For a holder-bound subject: which passkey gives the holder's part of the key. Without it a device key is
   * asked for.
   */
  passkey?: SessionPasskey | null;
}

/** The consents of a subject. */
export interface ConsentList {
  /** The entries, ended ones too. */
  consents: Consent[];
}

/** What a subject agrees to, from now on. */
export interface ConsentRequest {
  /** For what: `verify`, `identify`, `identity_check`, `payment` or `device_unlock`. */
  purpose: string;
  /** Which version of the text was shown. */
  text_version: string;
  /** SHA-256, in hexadecimal, of what shows that it was given: a signed form, a recorded action. */
  evidence_sha256: string;
  /** For how many days, 1 to 1095; as long as the policy allows where it is left out. */
  days?: number | null;
}

/** That an older tree is the beginning of a newer one. */
export interface ConsistencyAnswer {
  /** Leaves of the older tree. */
  older: number;
  /** Its root hash, in hexadecimal. */
  older_root: string;
  /** Leaves of the newer tree. */
  newer: number;
  /** Its root hash, in hexadecimal. */
  newer_root: string;
  /** The proof, in hexadecimal. */
  path: string[];
}

/** The outcomes of a comparison. */
export type Decision = "accept" | "recapture" | "reject";

/** The faces of a picture. Nothing of it is kept. */
export interface DetectAnswer {
  /** Columns of the upright picture. */
  width: number;
  /** Rows of the upright picture. */
  height: number;
  /** The faces, the surest first. */
  faces: Face[];
}

/** A picture, as JSON. */
export interface DetectRequest {
  /** JPEG, PNG or WebP, in base64. */
  picture: string;
}

/** What the browser answers. Of the credential only `response` is read, and of that only what is named here. */
export interface DeviceKeyAnswer {
  /** `toJSON()` of the credential that `navigator.credentials.create` gave. */
  credential: Record<string, unknown>;
}

/** A device key. */
export interface DeviceKeyEntry {
  /** Its id. */
  id: string;
  /** What it is called. */
  label: string;
  /** When it was registered, in seconds since 1970-01-01 UTC. */
  added: number;
  /**
   * Whether it may be on other devices of the person, too: it is then as well kept as their account with whoever
   * syncs it.
   */
  synced: boolean;
  /** When it signed last. */
  used?: number | null;
}

/** The device keys of a subject. */
export interface DeviceKeyList {
  /** The oldest first. */
  device_keys: DeviceKeyEntry[];
}

/** A registration that was begun. */
export interface DeviceKeyOpened {
  /** Id of the registration: answer it, once, at `/v1/subjects/{subject}/device-keys/{device_key}`. */
  id: string;
  /** From when on it is not answered any more, in seconds since 1970-01-01 UTC. */
  expires: number;
  /** For `PublicKeyCredential.parseCreationOptionsFromJSON` in the person's browser. */
  public_key: Record<string, unknown>;
}

/** A device key that is to be registered. */
export interface DeviceKeyRequest {
  /** What it is to be called in lists, up to 32 characters: "Ana's phone". */
  label?: string;
  /**
   * What the person's device calls the account, 1 to 64 characters; what the caller calls the subject where it
   * is left out.
   */
  name?: string | null;
}

/**
 * What was found on a document. Nothing of it is kept but the template of the portrait, in memory, until the
 * session is judged.
 */
export interface DocumentAnswer {
  /** Which checks ran, and what came of them. */
  checks: DocumentChecks;
  /**
   * Why no session was opened: what is wrong with the picture of the portrait, such as `several_faces`, or with
   * `strict` `zone_not_trusted`.
   */
  cause?: string | null;
  /** The session in which the person shows that it is they. */
  session?: SessionOpened | null;
}

/**
 * Checks of a document's machine-readable zone, without a word of what it says: the claim `document` of the
 * result.
 */
export interface DocumentChecks {
  /** How it was read: `clear`, `doubtful`, `unreadable` or `absent`. */
  zone: string;
  /** All check digits in one: `passed`, `failed` or `absent`. */
  check_digits: string;
  /** Whether its last valid day has passed, where it states one. */
  expired?: boolean | null;
  /** `TD1`, `TD2`, `TD3`, `MRV-A` or `MRV-B`, where it was read. */
  format?: string | null;
  /**
   * Where a zone was read and a portrait found: `page`, on the page of the zone, or `apart`. A card (TD1) has
   * its portrait on the other side, and that both sides are of one card no picture shows.
   */
  portrait?: string | null;
}

/** A picture of a document, and what is asked of the person on it. */
export interface DocumentRequest {
  /** The picture of the document: JPEG, PNG or WebP, in base64. */
  picture: string;
  /**
   * What you call this check, such as the number of an application: 1 to 128 bytes, the same for each try.
   * Attempts are counted on it; it is not stored.
   */
  case: string;
  /** As in a session. */
  audience: string;
  /** As in a session. */
  nonce: string;
  /** As in a session. */
  way_out: string;
  /** As in a session. */
  approve?: string | null;
  /** Seconds it may take, 30 to 600; 180 where it is left out. The portrait is held in memory no longer. */
  lasts_s?: number | null;
  /**
   * Open no session unless the zone is clear, all its check digits hold, its date of birth is a date (parts of
   * it may be unknown), it states a date of expiry that has not passed, and the portrait is on the page of the
   * zone (on a card, TD1, it is not).
   */
  strict?: boolean;
  /** As in a session. */
  webhook?: string | null;
}

/** What came of the photos. */
export interface EnrollAnswer {
  /** The outcome. */
  outcome: EnrollOutcome;
  /** How many templates were sealed. */
  templates: number;
  /** How many older templates they took the place of. */
  replaced: number;
  /** Why to take it again, such as `too_dark`. */
  cause?: string | null;
  /** Index of the photo that stands in the way. */
  photo?: number | null;
}

/** The outcomes of an enrollment; only `enrolled` stores anything. */
export type EnrollOutcome = "different" | "enrolled" | "not_the_subject" | "recapture";

/** Photos that are to become templates, as JSON. */
export interface EnrollRequest {
  /** JPEG, PNG or WebP, each in base64; 1 to 16, all of one person. */
  photos: string[];
  /** Whether the templates there are go once the new ones are sealed. */
  replace?: boolean;
}

/** A page of the log. It says what happened, and to nobody's name, id or pseudonym. */
export interface EntriesAnswer {
  /** Leaves of the tree. */
  size: number;
  /** The entries, oldest first; each was held against its leaf. */
  entries: LogEntry[];
  /** `from` of the next page; absent on the last. */
  next?: number | null;
}

/** A signed statement that a subject's key is gone. */
export interface EraseAnswer {
  /** The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json. */
  receipt: string;
  /** When, in seconds since 1970-01-01 UTC. */
  time: number;
  /** Leaf of the erasure in the audit tree, as `/v1/audit/inclusion` takes it. */
  leaf: string;
}

/** Everything held about a subject. */
export interface ExportAnswer {
  /** What the caller calls it. */
  id: string;
  /** Who holds its key. */
  kind: SubjectKind;
  /** When it was added, in seconds since 1970-01-01 UTC. */
  created: number;
  /** Day of last use, counted from 1970-01-01. */
  used_day: number;
  /** Attempts since the last success, in the newest 31 days. */
  attempts: number;
  /** Its consents, ended ones too. */
  consents: Consent[];
  /** Its templates. */
  templates: ExportTemplate[];
  /** Payments it was asked to approve. */
  payments: PaymentAnswer[];
  /** Its device keys. */
  device_keys: DeviceKeyEntry[];
  /** What the audit log says about it. */
  events: ExportEvent[];
}

/** An audit event. */
export interface ExportEvent {
  /** What happened, such as `enrolled`. */
  kind: string;
  /** When, in seconds since 1970-01-01 UTC. */
  time: number;
  /** Its leaf in the audit tree, as `/v1/audit/inclusion` takes it. */
  leaf: string;
  /** The leaf's bytes, in hexadecimal: their hash is in the tree. */
  leaf_bytes: string;
  /** `subject` where they did it themselves, with a passkey: see and withdraw their consents. */
  by?: string | null;
  /** How an attempt ended. */
  outcome?: string | null;
  /** For which purpose. */
  purpose?: string | null;
}

/** A template, for its subject. */
export interface ExportTemplate {
  /** Number of the record. */
  number: number;
  /** The model that made it. */
  model: string;
  /** Its bytes (`docs/spec/template-v1.md`), in base64. */
  template: string;
}

/** One face. */
export interface Face {
  /** Where it is. */
  area: Area;
  /**
   * Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, each x and y in pixels
   * of the upright picture.
   */
  landmarks: number[][];
  /** Measured on the face. */
  quality: Quality;
  /** What speaks against making a template of it, such as `too_small`; empty when nothing does. */
  causes: string[];
}

/** What is said of a member who is found. */
export type FoundAnswer = "accept" | "refer";

/** Frames, where there is no WebSocket. */
export interface FrameBatch {
  /** None or some. */
  frames: FrameEntry[];
}

/** A frame of a batch. */
export interface FrameEntry {
  /** Its number. */
  frame: number;
  /** When it was taken, on the client's clock. */
  time_ms: number;
  /** JPEG or WebP, in base64. */
  picture: string;
}

/** What the server says to frames. */
export interface FrameMessages {
  /** In this order. */
  messages: CaptureMessage[];
}

/** How frames are to be. */
export interface FrameRules {
  /** Columns at most. */
  width: number;
  /** Rows at most. */
  height: number;
  /** Bytes at most. */
  max_bytes: number;
  /** Frames a second at most. */
  per_second: number;
  /** Frames at most that were sent and not looked at. */
  in_flight: number;
  /** Frames of one request at most. */
  batch: number;
}

/** That the process runs, or that it can serve. */
export interface Health {
  /** `ok`. */
  status: string;
  /** Version of the program. */
  version: string;
}

/** What came of an identification. */
export interface IdentifyAnswer {
  /** The answer. */
  decision: IdentifyDecision;
  /** What decided it: the model and the settings of the collection. */
  policy: string;
  /** Why to take the picture again, such as `too_dark`; it comes from the picture alone. */
  cause?: string | null;
  /** What it was decided on; only for keys with the scope `scores`. */
  detail?: IdentifyDetail | null;
  /** Who it is, with `accept`, or may be, with `refer`. */
  subject?: string | null;
}

/** The outcomes of an identification. */
export type IdentifyDecision = "accept" | "ambiguous" | "recapture" | "refer" | "reject";

/** What only whoever runs the collection may see. */
export interface IdentifyDetail {
  /** What the score was held against. */
  threshold: number;
  /** Members that were searched; none with `recapture`. */
  members: number;
  /** Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it. */
  leaf: string;
  /** Cosine of the best template of the member who was found, -1 to 1. */
  score?: number | null;
}

/** A picture taken just now, as JSON. */
export interface IdentifyRequest {
  /** JPEG, PNG or WebP, in base64. */
  probe: string;
}

/** That a leaf is in the tree. */
export interface InclusionAnswer {
  /** Index of the leaf. */
  leaf: number;
  /** Hash of the leaf, in hexadecimal. */
  leaf_hash: string;
  /** Leaves of the tree. */
  size: number;
  /** Root hash of the tree, in hexadecimal. */
  root: string;
  /** The path from the leaf up, in hexadecimal. */
  path: string[];
}

/** An Ed25519 key (RFC 8037). */
export interface Jwk {
  /** `OKP`. */
  kty: string;
  /** `Ed25519`. */
  crv: string;
  /** The public key, in base64url. */
  x: string;
  /** Its thumbprint (RFC 7638). */
  kid: string;
  /** `sig`. */
  use: string;
  /** What it signs: `vault` (audit checkpoints and erase receipts) or `result` (results of sessions). */
  purpose: string;
}

/** Keys that check signatures (RFC 7517). */
export interface Jwks {
  /** The keys. */
  keys: Jwk[];
}

/** A key that was made. It is shown this once. */
export interface KeyCreated {
  /** Its name, for lists and for revoking. */
  id: string;
  /** Whose it is. */
  tenant: string;
  /** What it may do. */
  scopes: Scope[];
  /** When it was made, in seconds since 1970-01-01 UTC. */
  created: number;
  /** The service of another product's protocol that the key stands for, where it is one of those. */
  compat?: CompatKey | null;
  /** Requests per day (UTC), where there is a limit. */
  daily?: number | null;
  /** When it expires, in seconds since 1970-01-01 UTC. */
  expires?: number | null;
  /** Requests per second, where the key has a number of its own. */
  rate?: number | null;
  /** The key itself: keep it, it cannot be shown again. */
  key: string;
}

/** What is kept of a key. */
export interface KeyEntry {
  /** Its name, for lists and for revoking. */
  id: string;
  /** Whose it is. */
  tenant: string;
  /** What it may do. */
  scopes: Scope[];
  /** When it was made, in seconds since 1970-01-01 UTC. */
  created: number;
  /** The service of another product's protocol that the key stands for, where it is one of those. */
  compat?: CompatKey | null;
  /** Requests per day (UTC), where there is a limit. */
  daily?: number | null;
  /** When it expires, in seconds since 1970-01-01 UTC. */
  expires?: number | null;
  /** Requests per second, where the key has a number of its own. */
  rate?: number | null;
}

/** The keys of a tenant. */
export interface KeyList {
  /** The keys, oldest first; expired ones too until they are revoked. */
  keys: KeyEntry[];
}

/** A key that is to be made. */
export interface KeyRequest {
  /** What it may do: one or more, and none that the asking key lacks. */
  scopes: Scope[];
  /**
   * The service of another product's protocol that the key stands for; `scopes` is then empty, as they follow
   * from the service.
   */
  compat?: CompatKey | null;
  /** Requests per day (UTC), 1 to 1000000000; any number where it is left out. */
  daily?: number | null;
  /** Days until it expires, 1 to 3650; without it never. */
  days?: number | null;
  /** Requests per second, 1 to 100000; as the server is set where it is left out. */
  rate?: number | null;
}

/** What can be said of an entry. */
export type LogContent = "open" | "sealed" | "shredded";

/** An entry of the log. */
export interface LogEntry {
  /** Index of its leaf. */
  leaf: number;
  /** Hash of its leaf, in hexadecimal: the commitment that the tree has of it. */
  leaf_hash: string;
  /** What can be said of it. */
  content: LogContent;
  /** `subject` where they did it themselves, with a passkey: see and withdraw their consents. */
  by?: string | null;
  /** On which day, counted from 1970-01-01. */
  day?: number | null;
  /** What happened, such as `enrolled` or `key_made`. */
  kind?: string | null;
  /** How a verification or identification ended. */
  outcome?: string | null;
  /** For which purpose. */
  purpose?: string | null;
  /** When, in seconds since 1970-01-01 UTC; only of what is about no person. */
  time?: number | null;
}

/**
 * A member of a collection: a subject with the operator's key, a template and a standing consent to
 * `identify`.
 */
export interface MemberEntry {
  /** What the caller calls it. */
  id: string;
  /** When its consent to `identify` ends, in seconds since 1970-01-01 UTC. */
  expires: number;
  /** How many templates it has. */
  templates: number;
  /** Day of last use, counted from 1970-01-01. */
  used_day: number;
}

/** The members among a stretch of the subjects of a collection. */
export interface MemberList {
  /** The members; a page may have none and still not be the last. */
  members: MemberEntry[];
  /** What the next page is asked with; absent on the last. */
  next?: string | null;
}

/** What a subject agreed to, for themselves. */
export interface OwnConsents {
  /** Whoever has it and the token may withdraw, for as long as this lasts. Shown this once. */
  permit: string;
  /** Milliseconds until that is over. */
  ends_in_ms: number;
  /** The entries, ended ones too. */
  consents: Consent[];
}

/** What shows that the consents are one's own; a holder part goes in the header Countenance-Holder instead. */
export interface OwnConsentsRequest {
  /** The credential that `navigator.credentials.get` gave, as JSON, where `device_key` was asked for. */
  device_key?: Record<string, unknown> | null;
}

/** What stands after a withdrawal. */
export interface OwnWithdrawal {
  /** How many entries were withdrawn. */
  withdrawn: number;
  /** The entries, ended ones too, without what only the holder's part opens. */
  consents: Consent[];
}

/** What a subject withdraws. */
export interface OwnWithdrawalRequest {
  /**
   * For what: `verify`, `identify`, `identity_check`, `payment` or `device_unlock`. All standing consents for it
   * end.
   */
  purpose: string;
  /** As it came with the consents. */
  permit: string;
}

/** Where a payment stands. */
export interface PaymentAnswer {
  /** Its id. */
  id: string;
  /** `created`, `shown`, `answering`, `authorized`, `refused`, `canceled` or `expired`. */
  state: string;
  /** How much, in minor units. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
  /** To whom. */
  payee: string;
  /** For what. */
  order: string;
  /** When it was made, in seconds since 1970-01-01 UTC. */
  created: number;
  /** From when on it can no longer be approved. */
  expires: number;
  /** SHA-256 of the terms as they are shown, in hexadecimal: `approved_sha256` of the result. */
  shown_sha256: string;
  /** What it takes to approve it: `single-factor` or `device-key`. */
  policy: string;
  /** How much was given back, in minor units. */
  refunded: number;
  /** What was given back, in order. */
  refunds: RefundEntry[];
  /** When it was approved. */
  authorized?: number | null;
  /** What took part when it was approved. */
  factors?: string[] | null;
}

/** A page of the payments of a subject. */
export interface PaymentList {
  /** By the day they were made. */
  payments: PaymentAnswer[];
  /** What the next page is asked with; absent on the last. */
  next?: string | null;
}

/** What it takes to approve a payment. */
export type PaymentPolicy = "single-factor" | "device-key";

/** A payment that somebody is to approve. */
export interface PaymentRequest {
  /** What the caller calls the payer. Whether there is one is told nowhere. */
  subject: string;
  /** How much, in minor units of the currency: 1250 for 12.50 EUR. */
  amount: number;
  /** ISO 4217 code, three capitals; one that the server's settings allow. */
  currency: string;
  /** To whom, as the payer is shown it: 1 to 120 characters. */
  payee: string;
  /** For what, as the payee calls it: 1 to 64 visible ASCII characters. It is shown, too. */
  order: string;
  /** Seconds it may wait to be approved, 30 to 3600; 600 where it is left out. */
  lasts_s?: number | null;
  /** What it takes to approve it: a face alone where it is left out. */
  policy?: PaymentPolicy;
}

/** A session that asks the payer to approve a payment. */
export interface PaymentSessionRequest {
  /** The payer again: the payment does not tell who it is. */
  subject: string;
  /** As in a session. */
  audience: string;
  /** As in a session. */
  nonce: string;
  /** As in a session. */
  way_out: string;
  /** Seconds it may take, 30 to 600; 180 where it is left out. It never outlasts the payment. */
  lasts_s?: number | null;
  /** As in a session. */
  passkey?: SessionPasskey | null;
  /** As in a session. */
  webhook?: string | null;
}

/** What is done with faces here. */
export interface Policy {
  /** Days after the last use until a subject is erased. */
  retention_days: number;
  /** Longest a consent may last, in days. */
  consent_days: number;
  /** False-match rate at which is decided. */
  false_match_rate: number;
  /** The model whose templates are made. */
  model: string;
  /** How often a subject may be tried. */
  attempts: AttemptRule;
  /** What a subject can consent to here. */
  purposes: string[];
  /** What is never done here, whoever asks. */
  never: string[];
}

/** An error as it travels: `application/problem+json`. */
export interface Problem {
  /** `urn:countenance:problem:` and the code. */
  type: string;
  /** What kind of error it is, for people. */
  title: string;
  /** The HTTP status, again. */
  status: number;
  /** The stable name of the error, for machines. */
  code: string;
  /** What is wrong with this request. */
  detail: string;
}

/** Measured properties of one face in one picture. */
export interface Quality {
  /** Width of the face in pixels. */
  face_width_px: number;
  /** 0 (flat) and up, the same for dim and bright light. */
  sharpness: number;
  /** Mean luma, 0 to 255. */
  brightness: number;
  /** Standard deviation of the luma, 0 to 127.5. */
  contrast: number;
  /** Turn to the side in degrees, positive towards image-right. */
  yaw_deg: number;
  /** Nod in degrees, positive downwards. */
  pitch_deg: number;
  /** Tilt in degrees, positive clockwise. */
  roll_deg: number;
  /** Share of the face that lies inside the picture, 0 to 1. */
  visible_fraction: number;
}

/** Money that was given back. */
export interface RefundEntry {
  /** How much, in minor units. */
  amount: number;
  /** When that was entered. */
  at: number;
}

/** Money that is given back. It is a record: moving it is the payee's. */
export interface RefundRequest {
  /** How much, in minor units; all that is left where it is left out. */
  amount?: number | null;
}

/** What a key may do. A key has a set of them; none includes another. */
export type Scope = "admin" | "audit" | "compare" | "detect" | "enroll" | "identify" | "pay" | "refund" | "scores" | "sessions" | "verify";

/** Where a session stands. */
export interface SessionAnswer {
  /** Its id. */
  id: string;
  /** What it asks. */
  kind: SessionKind;
  /** `created`, `capturing`, `judged`, `fetched`, `canceled` or `expired`. */
  state: string;
  /** Until when it must be decided, in seconds since 1970-01-01 UTC. */
  expires: number;
  /** That it was the person who canceled it. */
  declined?: boolean;
  /** Why it ended as it did; only for keys with the scope `scores`, which tells who is enrolled. */
  detail?: SessionDetail | null;
  /** `accept`, `reject` or `recapture`, as in the result. */
  outcome?: string | null;
  /** The signed result (docs/spec/result-v1.md), for 60 s from the first time it is given. */
  result?: string | null;
}

/** What only whoever runs the collection may see. */
export interface SessionDetail {
  /** Checks of a live person that failed. */
  checks: string[];
  /** Why the outcome is what it is, such as `not_matched` or `not_live`. */
  finding?: string | null;
  /** Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it. */
  leaf?: string | null;
  /** Cosine of the best template, -1 to 1, where one was compared. */
  score?: number | null;
  /** What the score was held against. */
  threshold?: number | null;
}

/** What a session asks. */
export type SessionKind = "document" | "payment" | "presence" | "verify";

/** A session that was opened. */
export interface SessionOpened {
  /** Its id. */
  id: string;
  /** The capture token, shown this once: for the person's browser. */
  token: string;
  /** `created`. */
  state: string;
  /** Until when it must be decided, in seconds since 1970-01-01 UTC. */
  expires: number;
}

/** Which passkey gives the holder's part, through its PRF (WebAuthn). */
export interface SessionPasskey {
  /** What the PRF is asked with: 32 bytes in base64url. */
  salt: string;
  /** Ids of passkeys that will do, in base64url; any of the person's where there is none. */
  credentials: string[];
}

/** A session that is to be opened. */
export interface SessionRequest {
  /** What is asked. */
  kind: SessionKind;
  /** Who asks: 1 to 255 visible ASCII characters. It is shown to the person, and `aud` of the result. */
  audience: string;
  /** Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _. It is repeated in the result. */
  nonce: string;
  /** Where a person goes who does not want this: a page with TLS. */
  way_out: string;
  /** What the person approves, shown as it is: 1 to 1000 characters. */
  approve?: string | null;
  /** Seconds it may take, 30 to 600; 180 where it is left out. */
  lasts_s?: number | null;
  /** Asks the page for the holder's part of the key of a holder-bound subject. */
  passkey?: SessionPasskey | null;
  /** What the caller calls the subject; with `verify` only. Whether there is one is told nowhere. */
  subject?: string | null;
  /** Where the result is sent; an address that the server's settings allow. */
  webhook?: string | null;
}

/** One of the two pictures. */
export type Side = "probe" | "reference";

/** A subject. */
export interface SubjectAnswer {
  /** What the caller calls it. */
  id: string;
  /** Who holds its key. */
  kind: SubjectKind;
  /** Its consents, ended ones too. */
  consents: Consent[];
}

/** Who holds the key of a subject. */
export type SubjectKind = "holder_bound" | "operator_key";

/** A page of subjects. */
export interface SubjectList {
  /** The subjects. */
  subjects: SubjectListEntry[];
  /** What the next page is asked with; absent on the last. */
  next?: string | null;
}

/** A subject in a list. */
export interface SubjectListEntry {
  /** Who holds its key. */
  kind: SubjectKind;
  /** Day of last use, counted from 1970-01-01. */
  used_day: number;
  /** What the caller calls it; never for a holder-bound subject, whose id only the holder opens. */
  id?: string | null;
}

/** A subject that is to be added: holder-bound when the header Countenance-Holder has a holder part. */
export interface SubjectRequest {
  /** What the caller calls the subject: a number or a user name. */
  id: string;
}

/**
 * What came of a verification.
 *
 * A wrong face, an unknown subject, a missing consent, a wrong holder part and too many attempts are one and
 * the same `reject`, byte for byte.
 */
export interface VerifyAnswer {
  /** The answer. */
  decision: VerifyDecision;
  /** Why to take the picture again, such as `too_dark`; it comes from the picture alone. */
  cause?: string | null;
  /** Why the answer is what it is; only for keys with the scope `scores`, which tells who is enrolled. */
  detail?: VerifyDetail | null;
}

/** The outcomes of a verification. */
export type VerifyDecision = "accept" | "recapture" | "reject";

/** What only whoever runs the collection may see. */
export interface VerifyDetail {
  /** Why the answer is what it is, such as `not_matched` or `attempts_wait`. */
  finding: string;
  /** What the score was held against. */
  threshold: number;
  /** Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it. */
  leaf?: string | null;
  /** Cosine of the best template, -1 to 1, where one was compared. */
  score?: number | null;
}

/** A picture taken just now, as JSON. */
export interface VerifyRequest {
  /** JPEG, PNG or WebP, in base64. */
  probe: string;
}

/** What was withdrawn. Templates go with the last consent. */
export interface WithdrawAnswer {
  /** How many entries. */
  withdrawn: number;
}
