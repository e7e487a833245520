//! The numeric kernels of Countenance: the only numeric `unsafe` in the workspace.
//!
//! Every kernel has one scalar meaning and one body per instruction set; the
//! instruction set is chosen once, by value ([`Isa`]), never inside a loop.

mod isa;

pub use isa::{Isa, UnknownIsa};
