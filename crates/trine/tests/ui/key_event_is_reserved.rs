use trine::info;

fn main() {
    info!("alert_rule_fired", event = "high");
}
