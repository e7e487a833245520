//! What an operator may set.

use crate::sessions::{SessionLimits, WebhookConfig};
use countenance_core::{PaymentLimits, RelyingParty};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Limits of the server. All of them are bounds: none makes an answer different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads that look at pictures, each with networks of its own.
    pub workers: usize,
    /// Requests with pictures that may wait for a worker; the next ones are told to come again.
    pub queue: usize,
    /// Requests with pictures of one key that may wait or be worked on.
    pub key_places: usize,
    /// Requests without pictures that may work on the vault at one time.
    pub registry_places: usize,
    /// Bytes of a body.
    pub max_body_bytes: usize,
    /// How long headers may take to arrive, and how long an idle connection is kept.
    pub header_timeout: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a client may take to read an answer.
    pub answer_timeout: Duration,
    /// How long the work may take, waiting included.
    pub work_timeout: Duration,
    /// How long requests that were accepted may take to end when the server stops.
    pub drain_timeout: Duration,
    /// Connections at one time; more wait to be accepted.
    pub max_connections: usize,
    /// Requests per second of one key; as many may come at once.
    pub requests_per_second: NonZeroU32,
    /// How many sessions there may be.
    pub sessions: SessionLimits,
    /// How much may be paid.
    pub payments: PaymentLimits,
    /// For whom device keys are made; without one there are none.
    pub device_keys: Option<Arc<RelyingParty>>,
    /// Where results of sessions may be sent.
    pub webhooks: WebhookConfig,
    /// Another product whose protocol is spoken beside API v1.
    pub compat: Option<Compat>,
}

/// Another product's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compat {
    /// The REST protocol of CompreFace 1.2.
    Compreface {
        /// Whether pictures that were kept are given out at an address that has the key in it.
        images_by_url: bool,
    },
}

impl Default for Config {
    /// 2 workers with 64 waiting, half of these for one key, 16 MiB bodies within 15 s, 30 s of work, 200 requests per
    /// second and key.
    fn default() -> Self {
        Self {
            workers: 2,
            queue: 64,
            key_places: Self::usual_key_places(2, 64),
            registry_places: 64,
            max_body_bytes: 16 << 20,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(30),
            work_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            max_connections: 16_384,
            requests_per_second: NonZeroU32::MIN.saturating_add(199),
            sessions: SessionLimits::default(),
            payments: PaymentLimits::default(),
            device_keys: None,
            webhooks: WebhookConfig::default(),
            compat: None,
        }
    }
}

impl Config {
    /// Half of all places, and no fewer than there are workers: so one key alone can keep all of them busy, and still
    /// leaves places for the others.
    #[must_use]
    pub fn usual_key_places(workers: usize, queue: usize) -> usize {
        workers.max((workers + queue) / 2)
    }
}
