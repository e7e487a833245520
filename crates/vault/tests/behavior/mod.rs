//! What every store must do. Mounted once per store by `tests/sqlite.rs`, `postgres.rs` and
//! `split.rs`.

mod attempts;
mod audit;
mod backups;
mod bulk;
mod consent;
mod device_keys;
mod enroll;
mod erase;
mod faults;
mod house;
mod keys;
mod log;
mod model;
mod payments;
mod platform;
mod retention;
mod swaps;
#[path = "../given/watched.rs"]
mod watched;
