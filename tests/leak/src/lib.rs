//! The leak drill: a vault is filled and used through the use cases of `core`, everything it
//! leaves behind is collected, and the whole is searched for what a thief would want.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what the drill says on the error stream is itself searched"
)]

pub mod attack;
pub mod canary;
pub mod carve;
pub mod door;
pub mod drive;
pub mod encode;
pub mod people;
pub mod process;
pub mod scan;
