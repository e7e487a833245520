//! What the process does before anything else, so that its memory stays its own: no core file,
//! no debugger of the same user, and every block of memory wiped when it is freed.

use std::alloc::System;
use zeroizing_alloc::ZeroAlloc;

/// Wipes each block when it is freed, whoever had it: decoders, buffers, libraries.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Set to anything, this leaves the process open to debuggers and core files.
pub(crate) const OVERRIDE: &str = "COUNTENANCE_ALLOW_DEBUGGER";

/// Closes the process: the size of a core file becomes 0, hard limit included, and
/// `PR_SET_DUMPABLE` 0 makes `/proc/PID/mem` unreadable and `ptrace` refused to other processes
/// of the same user. Only a process with `CAP_SYS_PTRACE` still looks in.
///
/// # Errors
/// The system's error when it refuses; the program should then say so and go on or not.
#[cfg(target_os = "linux")]
pub(crate) fn close() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Elsewhere there is no such call that is known to hold.
#[cfg(not(target_os = "linux"))]
pub(crate) fn close() -> std::io::Result<()> {
    Ok(())
}

/// What the program calls first. Returns a warning for the error stream where something was left
/// open.
pub(crate) fn begin() -> Option<String> {
    if std::env::var_os(OVERRIDE).is_some() {
        return Some(format!(
            "{OVERRIDE} is set: debuggers and core files can see faces and keys"
        ));
    }
    let error = close().err()?;
    Some(format!(
        "core files and debuggers could not be refused: {error}"
    ))
}
