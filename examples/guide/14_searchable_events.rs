//! Searchable Events: values keep their types, so that a sum is a sum, and a variant is one of a closed set.

use trine::{Value, ValueWriter, info};

/// Two arms of a test, and no third one by a typing error.
enum Variant {
    A,
    B,
}

impl Value for Variant {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.str(match self {
            Variant::A => "A",
            Variant::B => "B",
        });
    }
}

fn main() {
    for (category, amount, user_segment, ab_test_variant) in [
        ("electronics", 99.99, "premium", Variant::B),
        ("books", 12.5, "free", Variant::A),
        ("electronics", 20.01, "free", Variant::B),
    ] {
        info!(
            "user_action",
            action_type = "purchase", // to filter by
            category,                 // to group by
            amount,                   // to add up: a number, in the line too
            user_segment,             // to group by
            ab_test_variant,          // to compare
        );
    }
    info!("user_action", action_type = "wish", category = "books", user_segment = "free");
}

// Output, without the timestamps:
// {"event":"user_action","action_type":"purchase","category":"electronics","amount":99.99,"user_segment":"premium","ab_test_variant":"B","level":"info"}
// {"event":"user_action","action_type":"purchase","category":"books","amount":12.5,"user_segment":"free","ab_test_variant":"A","level":"info"}
// {"event":"user_action","action_type":"purchase","category":"electronics","amount":20.01,"user_segment":"free","ab_test_variant":"B","level":"info"}
// {"event":"user_action","action_type":"wish","category":"books","user_segment":"free","level":"info"}
