//! Misuse: every mistake is one error, in our words, on the user's line. The message stands beside each case, in
//! `ui/<the_mistake>.stderr`; `TRYBUILD=overwrite` writes it anew.

#[test]
fn every_mistake_is_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
