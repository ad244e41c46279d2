//! Event Batching: each event keeps its own time, from any thread; none is forgotten for want of a last `flush`.

use trine::{Batcher, batch};

fn main() {
    let items = Batcher::new(100);

    for item_id in 1..=3 {
        batch!(items, "item_processed", item_id, status = "success");
    }

    items.flush(); // The rest. Also done when `items` is dropped, after a second, and when the program ends.
}

// Output, without the timestamps:
// {"event":"events_batch","event_count":3,"events":[{"event":"item_processed","item_id":1,"status":"success","timestamp":"<time>"},{"event":"item_processed","item_id":2,"status":"success","timestamp":"<time>"},{"event":"item_processed","item_id":3,"status":"success","timestamp":"<time>"}],"level":"info"}
