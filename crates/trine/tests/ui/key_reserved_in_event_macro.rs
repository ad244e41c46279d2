use trine::{Level, event};

fn main() {
    event!(Level::Info, "alert_rule_fired", level = "high");
}
