//! The example about tests has tests: they run here, and its program as well.

mod programs;

#[path = "../test_what_you_emit.rs"]
#[expect(dead_code, reason = "nobody calls its `main`")]
mod test_what_you_emit;

#[test]
fn test_what_you_emit_emits_what_its_tests_say() {
    let run = programs::Program::new("test_what_you_emit", "run").run().succeeded();
    let events = run.events();
    assert_eq!(
        programs::names(&events),
        [
            "payment_charge_started",
            "payment_charge_success",
            "payment_charge_started",
            "payment_charge_failed"
        ]
    );
}
