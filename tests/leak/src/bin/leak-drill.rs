//! The process of the drill that is searched.

fn main() -> anyhow::Result<()> {
    countenance_leak_drill::process::run()
}
