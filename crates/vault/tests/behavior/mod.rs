//! What every store must do. Mounted once per store by `tests/sqlite.rs` and `tests/postgres.rs`.

mod attempts;
mod audit;
mod backups;
mod consent;
mod enroll;
mod erase;
mod faults;
mod house;
mod keys;
mod model;
mod retention;
