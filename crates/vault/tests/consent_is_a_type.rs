//! What the types forbid: programs that must not compile.

#[test]
#[ignore = "builds every dependency once more: `make test-all` runs it, the doc tests are the short form"]
fn enrolling_without_a_consent_of_the_ledger_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/enroll_with_consent.rs");
    cases.compile_fail("tests/ui/enroll_without_consent.rs");
    cases.compile_fail("tests/ui/make_consent.rs");
    cases.compile_fail("tests/ui/open_without_attempt.rs");
    cases.compile_fail("tests/ui/decide_twice.rs");
}
