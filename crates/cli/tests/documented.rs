//! The command line as it is documented: every case in `tests/cmd` is run and must print
//! what stands there. Run with `TRYCMD=overwrite` to write them anew.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

#[test]
fn every_documented_command_prints_what_is_documented() {
    trycmd::TestCases::new().case("tests/cmd/*.md");
}
