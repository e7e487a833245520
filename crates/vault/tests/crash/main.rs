//! kill -9 at random moments under load and at every named point of a life: what was answered is
//! there, no attempt is refunded, nothing erased comes back, and the log is whole.
//!
//! `COUNTENANCE_CRASH_ROUNDS` sets the number of rounds (default 8; the long test runs 200).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that fails should say so where it fails"
)]
#![cfg(unix)]

mod child;
#[cfg(feature = "postgres")]
#[path = "../given/cluster.rs"]
#[allow(dead_code, reason = "the leak drill uses the rest of it")]
mod cluster;
#[path = "../given/mod.rs"]
mod given;
mod io;
mod load;
mod making;
mod payments;
mod place;
mod points;
mod rounds;
#[cfg(feature = "postgres")]
mod server;
#[path = "../given/watched.rs"]
mod watched;
