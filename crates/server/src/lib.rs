#![doc = include_str!("../README.md")]

mod authenticate;
mod call;
mod capture_page;
mod ceremonies;
mod collections;
mod compat;
mod conditional;
mod config;
mod idempotency;
mod keys;
mod line;
mod local;
mod metrics;
mod observe;
mod places;
mod platform;
mod pool;
mod rates;
mod reference;
mod refusal;
mod router;
mod routes;
mod server;
mod sessions;
mod tls;
mod token;
mod wire;

pub use config::{Compat, Config};
pub use keys::{KeyError, KeyOrder, KeyStore, KeyStoreError, NewKey};
pub use local::{Operator, SOCKET, Told, store_of};
pub use platform::Parts;
pub use server::{Listen, ServeError, Server, Stop};
pub use sessions::{SessionLimits, TargetError, WebhookConfig};
pub use tls::{TlsError, TlsFiles};
pub use wire::{device_key as device_key_entry, payment as payment_answer};
