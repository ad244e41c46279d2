//! A length of time as a number, in the unit its key names.

/// What one second is worth under a key: `elapsed_ms` in milliseconds; without a known suffix, seconds.
pub(crate) fn per_second(key: &[u8]) -> f64 {
    let suffix = key.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    match suffix {
        b"ns" => 1e9,
        b"us" => 1e6,
        b"ms" => 1e3,
        b"m" | b"min" => 1.0 / 60.0,
        b"h" => 1.0 / 3_600.0,
        b"d" | b"days" => 1.0 / 86_400.0,
        _ => 1.0,
    }
}

/// The number to write. Whole seconds and nanoseconds are scaled apart, so that long times keep their fraction.
pub(crate) fn number(seconds: u64, nanos: u32, per_second: f64) -> f64 {
    seconds as f64 * per_second + f64::from(nanos) * (per_second / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_names_the_unit() {
        let text = |key: &str| number(1, 500_000_000, per_second(key.as_bytes()));
        assert_eq!(text("duration_ms"), 1_500.0);
        assert_eq!(text("wait_us"), 1_500_000.0);
        assert_eq!(text("wait_ns"), 1_500_000_000.0);
        assert_eq!(text("session_duration_s"), 1.5);
        assert_eq!(text("elapsed"), 1.5);
        assert_eq!(text("ms"), 1_500.0);
        assert_eq!(text("forms"), 1.5, "only a whole word is a unit");
    }
}
