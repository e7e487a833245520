#![doc = include_str!("../README.md")]

mod authenticate;
mod call;
mod config;
mod keys;
mod metrics;
mod observe;
mod platform;
mod pool;
mod refusal;
mod router;
mod routes;
mod server;
mod wire;

pub use config::Config;
pub use keys::{KeyStore, KeyStoreError, NewKey};
pub use platform::Parts;
pub use server::{ServeError, Server, Stop};
