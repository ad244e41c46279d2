//! A length of time as a number, in the unit its key names.

use trine_model::key::time_unit_ns;

/// Nanoseconds in a second, which is the unit of a key that names none.
const SECOND_NS: f64 = 1e9;
const MINUTE_NS: f64 = 60e9;

/// Nanoseconds in the unit of a key: `elapsed_ms` is in milliseconds.
pub(crate) fn unit_ns(key: &[u8]) -> f64 {
    // Of a length of time these are no metres.
    if key.ends_with(b"_m") {
        return MINUTE_NS;
    }
    std::str::from_utf8(key).ok().and_then(time_unit_ns).unwrap_or(SECOND_NS)
}

/// The number to write. One division of whole nanoseconds, so that 153,069 ns are 0.153069 ms and not a digit more.
///
/// Up to 104 days a nanosecond counts; beyond, a float does not hold it.
pub(crate) fn number(seconds: u64, nanos: u32, unit_ns: f64) -> f64 {
    (u128::from(seconds) * 1_000_000_000 + u128::from(nanos)) as f64 / unit_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_names_the_unit() {
        let text = |key: &str| number(1, 500_000_000, unit_ns(key.as_bytes()));
        assert_eq!(text("duration_ms"), 1_500.0);
        assert_eq!(text("wait_us"), 1_500_000.0);
        assert_eq!(text("wait_ns"), 1_500_000_000.0);
        assert_eq!(text("session_duration_s"), 1.5);
        assert_eq!(text("elapsed"), 1.5);
        assert_eq!(text("ms"), 1_500.0);
        assert_eq!(text("wait_minutes"), 0.025);
        assert_eq!(text("wait_m"), 0.025);
        assert_eq!(text("wait_millis"), 1_500.0);
        assert_eq!(text("d"), 1.5, "a letter alone is no unit");
        assert_eq!(text("forms"), 1.5, "only a whole word is a unit");
    }

    #[test]
    fn no_digit_is_invented() {
        assert_eq!(number(0, 153_069, 1e6).to_string(), "0.153069");
        assert_eq!(number(3, 100_000_001, 1e6).to_string(), "3100.000001");
    }
}
