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

mod fixture;

/// The `sh` blocks of a text that speak of stored people.
fn commands(text: &str) -> String {
    let mut blocks = text.split("```sh\n").skip(1);
    let mut script = String::new();
    for block in &mut blocks {
        let block = block.split("```").next().unwrap();
        if block.starts_with("countenance ") {
            script.push_str(block);
        }
    }
    assert!(script.lines().count() > 3, "no commands found");
    script
}

/// Runs commands in a folder with the photos and the form that the pages speak of.
fn run(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    for (name, photo) in [
        ("monday.jpg", "obama.jpg"),
        ("friday.jpg", "obama2.jpg"),
        ("today.jpg", "obama2.jpg"),
        ("ben.jpg", "biden.jpg"),
    ] {
        std::fs::copy(fixture::sample(photo), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("form.pdf"), "signed").unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_countenance"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let output = std::process::Command::new("sh")
        .args(["-eux", "-c", script])
        .env("PATH", path)
        .current_dir(&folder)
        .output()
        .unwrap();
    fixture::assert_exit(&output, 0);
}

#[test]
fn every_command_of_the_operations_page_works() {
    run(&commands(include_str!("../../../docs/operations.md")));
}

#[test]
fn the_walk_through_of_the_first_page_works() {
    let readme = include_str!("../../../README.md");
    let part = readme.split("## People who agreed").nth(1).unwrap();
    run(&commands(part));
}
