//! The list of settings, and nothing else.

/// What a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `true` or `false`; the flag alone is `true`.
    Switch,
    /// Anything that its reader takes.
    Text,
    /// Text that is never shown.
    Secret,
}

/// A setting.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) value: &'static str,
    /// Its value where nobody sets it, or in words what happens then.
    pub(super) default: &'static str,
    pub(super) help: &'static str,
}

const fn text(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        name,
        kind: Kind::Text,
        value,
        default,
        help,
    }
}

const fn switch(name: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        kind: Kind::Switch,
        value: "BOOL",
        default: "false",
        help,
    }
}

/// The list.
pub(super) const SETTINGS: &[Setting] = &[
    text(
        "data",
        "DIR",
        "none: it must be named",
        "The data folder: sealed records, consents, the audit log, wrapped keys, and the operator's socket",
    ),
    text(
        "root",
        "PLACE",
        "DIR.root, a file beside the data folder",
        "The root key: a file, `credential:NAME` or a PKCS#11 URI",
    ),
    Setting {
        name: "database",
        kind: Kind::Secret,
        value: "URL",
        default: "none: the data folder",
        help: "Keep the records in this PostgreSQL database",
    },
    switch(
        "keyring-in-database",
        "Keep keyring and keys of the platform in the database too, for many nodes",
    ),
    text(
        "tenant",
        "NAME",
        "default",
        "The tenant that is made if it is not there",
    ),
    text(
        "collection",
        "NAME",
        "default",
        "The collection that is made if it is not there",
    ),
    text(
        "retention-days",
        "DAYS",
        "365",
        "Days after the last use until a subject is erased, 1 to 1095",
    ),
    text(
        "listen",
        "ADDRESS",
        "127.0.0.1:7300",
        "The address to listen on",
    ),
    text(
        "tls-cert",
        "FILE",
        "none: no TLS",
        "The certificate and those that lead to a known one, in PEM; read anew when it changes and at SIGHUP",
    ),
    text(
        "tls-key",
        "FILE",
        "none: no TLS",
        "The certificate's private key, in PEM",
    ),
    switch(
        "insecure",
        "Listen without TLS on an address that others can reach: a proxy in front has TLS",
    ),
    text(
        "workers",
        "N",
        "one per processor",
        "Threads that look at pictures, 1 to 1024",
    ),
    text(
        "queue",
        "N",
        "64",
        "Requests with pictures that may wait for a thread; the next ones are told to come again",
    ),
    text(
        "key-places",
        "N",
        "half of workers and queue",
        "Requests with pictures of one key that may wait or be worked on; the next ones are told to come again",
    ),
    text(
        "max-pixels",
        "N",
        "16000000",
        "Largest picture, columns times rows, 100000 to 50000000",
    ),
    text(
        "max-body-mib",
        "MIB",
        "16",
        "Largest body of a request, 1 to 1024",
    ),
    text(
        "max-connections",
        "N",
        "16384",
        "Connections at one time; more wait to be accepted",
    ),
    text(
        "key-rate",
        "N",
        "200",
        "Requests per second of one key that has no rate of its own",
    ),
    text(
        "node",
        "NAME",
        "a",
        "What ids of sessions begin with, 1 to 8 of a-z and 0-9: with many nodes a balancer routes by it",
    ),
    text(
        "max-sessions",
        "N",
        "1000",
        "Running sessions of this node, 1 to 100000",
    ),
    text(
        "key-sessions",
        "N",
        "100",
        "Running sessions of one key, 1 to 100000",
    ),
    text(
        "passive-liveness",
        "DIR",
        "none: sessions are judged without",
        "Judge sessions by the networks in this folder as well: the files that the model card minifasnet names",
    ),
    text(
        "payment-limits",
        "LIST",
        "none: nothing can be paid",
        "What may be paid: CURRENCY=MOST/DAY apart by commas, in minor units for one payment and for a person in 24 hours, such as EUR=5000/20000",
    ),
    text(
        "payments-per-day",
        "N",
        "20",
        "Payments that a person may approve in 24 hours, 1 to 1000",
    ),
    text(
        "payments-per-payee",
        "N",
        "10",
        "Of these, for one payee, 1 to 1000",
    ),
    text(
        "relying-party",
        "HOST",
        "none: no device keys",
        "The host of the pages on which payments are approved: device keys (passkeys) are made for it, and for no other afterwards",
    ),
    text(
        "device-key-origins",
        "ORIGINS",
        "https:// and the relying party",
        "The pages that may ask for device keys: origins of the relying party or of hosts under it, apart by commas",
    ),
    text(
        "webhooks",
        "ADDRESSES",
        "none: no result is sent",
        "Where results of sessions may be sent: addresses as https://host/path, apart by commas; what lies under one is allowed",
    ),
    text(
        "webhook-roots",
        "FILE",
        "/etc/ssl/certs/ca-certificates.crt",
        "The certificates of those who vouch for webhooks, in PEM",
    ),
    switch(
        "webhook-private",
        "Webhooks may be in a private network, and without TLS",
    ),
    text(
        "header-timeout",
        "SECONDS",
        "10",
        "How long headers may take to arrive, and how long an idle connection is kept",
    ),
    text(
        "body-timeout",
        "SECONDS",
        "15",
        "How long a body may take to arrive",
    ),
    text(
        "answer-timeout",
        "SECONDS",
        "30",
        "How long a client may take to read an answer",
    ),
    text(
        "work-timeout",
        "SECONDS",
        "30",
        "How long the work may take, waiting included",
    ),
    text(
        "drain-timeout",
        "SECONDS",
        "30",
        "How long accepted requests may take to end when the server stops",
    ),
    text(
        "fmr",
        "RATE",
        "0.0001",
        "False-match rate at which is decided",
    ),
    text(
        "compat",
        "PRODUCT",
        "none",
        "Speak another product's protocol beside API v1: compreface, under /api/v1, with keys of `key create --compat`",
    ),
    switch(
        "compat-images-by-url",
        "Give out kept pictures at an address that has the key in it, too",
    ),
    text(
        "log",
        "LEVEL",
        "info",
        "How much is logged, on the error stream, a line of JSON each: error, warn, info or debug",
    ),
];
