//! Time-Based Events: the one time of the event, in UTC, and all that is derived from it agrees with it.
//!
//! The guide asks the clock four times per event, three of them for local time: around midnight the fields contradict each other.

use trine::{EventEdit, Verdict, info};

const NS_PER_HOUR: i64 = 3_600_000_000_000;
/// The first of January 1970 was a Thursday.
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// Adds what the guide adds in each call; here it is done once, for all, and the caller does not wait for it.
fn add_hour_and_day(event: &mut EventEdit<'_>) -> Verdict {
    if event.name() == "session_activity" {
        let hours = event.unix_ns().div_euclid(NS_PER_HOUR);
        let day = hours.div_euclid(24).rem_euclid(7) as usize;
        event.set("hour_of_day", &hours.rem_euclid(24)).set("day_of_week", DAYS[day]);
    }
    Verdict::Keep
}

fn main() {
    trine::setup().stage(add_hour_and_day).start();

    info!(
        "session_activity",
        session_id = "sess_123",
        user_id = "user_456",
        activity_type = "page_view",
        page = "/dashboard",
    );
}

// Output, without the timestamps:
// {"event":"session_activity","session_id":"sess_123","user_id":"user_456","activity_type":"page_view","page":"/dashboard","hour_of_day":<hour>,"day_of_week":"<day>","level":"info"}
