//! The same, under a name of its own for the build whose vault does not encrypt.

fn main() -> anyhow::Result<()> {
    countenance_leak_drill::process::run()
}
