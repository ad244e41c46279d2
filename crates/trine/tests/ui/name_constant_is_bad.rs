use trine::EventName;

fn main() {
    const LOGIN: EventName = EventName::literal("UserLogin");
    trine::info!(LOGIN, user_id = 7);
}
