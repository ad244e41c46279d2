//! A length of time as a number, in the unit its key names.

/// Nanoseconds in the unit of a key: `elapsed_ms` is in milliseconds; without a known suffix, seconds.
pub(crate) fn unit_ns(key: &[u8]) -> f64 {
    let suffix = key.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    match suffix {
        b"ns" => 1.0,
        b"us" => 1e3,
        b"ms" => 1e6,
        b"m" | b"min" => 60e9,
        b"h" => 3_600e9,
        b"d" | b"days" => 86_400e9,
        _ => 1e9,
    }
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
        assert_eq!(text("forms"), 1.5, "only a whole word is a unit");
    }

    #[test]
    fn no_digit_is_invented() {
        assert_eq!(number(0, 153_069, 1e6).to_string(), "0.153069");
        assert_eq!(number(3, 100_000_001, 1e6).to_string(), "3100.000001");
    }
}
