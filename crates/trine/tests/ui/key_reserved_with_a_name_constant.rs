use trine::{EventName, info};

fn main() {
    const FIRED: EventName = EventName::literal("alert_rule_fired");
    info!(FIRED, level = "high");
}
