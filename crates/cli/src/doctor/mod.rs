//! x
use crate::{engine::EngineArgs, failure::Outcome, exit::Exit};
/// x
///
/// y
#[derive(clap::Args, Debug)]
#[command(after_long_help="Example")]
pub(crate) struct Args {}
pub(crate) fn run(_: &Args, _: &EngineArgs) -> Outcome { Ok(Exit::Success) }
