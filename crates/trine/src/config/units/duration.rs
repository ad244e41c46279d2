//! Durations, and when to rotate. Only the configuration file has them.

use super::{multiply, same_start, split, too_much};
use crate::config::finding::excerpt;
use crate::config::mistake::Mistake;
use crate::config::output::RotateEvery;
use std::time::Duration;

/// Shortest time between two rotations: the names of closed files tell seconds apart.
const ROTATE_EVERY_MIN: Duration = Duration::from_secs(1);

/// Units of time in milliseconds, smallest first. A bare number is refused: seconds or days would be a guess.
const TIME_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const DURATION_ALLOWED: &str = "a whole number with ms, s, m, h or d, such as 15m";

/// Reads a duration such as `15m`.
///
/// Shape: a whole number and a unit; spaces around the unit do not matter.
/// Errors: anything else, and more milliseconds than a `u64` holds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, Mistake> {
    let (number, unit) = split(text);
    let wrong = || {
        Mistake::new(
            "duration-wrong",
            format!("`{}` is no duration; allowed: {DURATION_ALLOWED}", excerpt(text)),
        )
    };
    if number.is_empty() {
        return Err(wrong());
    }
    let Some((_, factor)) = TIME_UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(
            wrong().suggest(same_start(unit, &["s", "m", "h", "d"]).map(|unit| format!("{number}{unit}")))
        );
    };
    let ms =
        multiply(number, *factor).ok_or_else(|| too_much("duration-too-long", text, DURATION_ALLOWED))?;
    Ok(Duration::from_millis(ms))
}

/// Reads `hour`, `day` or a duration such as `15m`.
pub(crate) fn parse_rotate_every(text: &str) -> Result<RotateEvery, Mistake> {
    let word = text.trim();
    let meant = match word.to_ascii_lowercase().as_str() {
        "hour" => return Ok(RotateEvery::Hour),
        "day" => return Ok(RotateEvery::Day),
        "hourly" | "hours" => Some("hour".to_owned()),
        "daily" | "days" | "midnight" => Some("day".to_owned()),
        _ => None,
    };
    match parse_duration(word) {
        Ok(duration) if duration >= ROTATE_EVERY_MIN => Ok(RotateEvery::Duration(duration)),
        Ok(_) => {
            let message = format!("`{}` is too short; allowed: 1s and longer", excerpt(word));
            Err(Mistake::new("duration-too-short", message))
        }
        Err(mistake) => {
            let message = format!("{}, or hour or day", mistake.message);
            let suggestion = meant.or(mistake.suggestion);
            Err(Mistake { message, suggestion, ..Mistake::new(mistake.id, "") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_unit_of_time_is_read() {
        for (text, ms) in
            [("5ms", 5), ("30s", 30_000), ("15m", 900_000), ("1h", 3_600_000), (" 7 d ", 604_800_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn rotation_is_by_hour_by_day_or_after_a_duration() {
        assert_eq!(parse_rotate_every("hour"), Ok(RotateEvery::Hour));
        assert_eq!(parse_rotate_every(" Day"), Ok(RotateEvery::Day));
        assert_eq!(parse_rotate_every("15m"), Ok(RotateEvery::Duration(Duration::from_secs(900))));
    }

    #[test]
    fn another_rotation_says_what_is_allowed() {
        let mistake = parse_rotate_every("daily").unwrap_err();
        assert_eq!(mistake.suggestion.as_deref(), Some("day"));
        assert!(mistake.message.ends_with("or hour or day"), "{}", mistake.message);
        assert_eq!(parse_rotate_every("999ms").unwrap_err().id, "duration-too-short");
    }

    #[test]
    fn what_is_no_duration_is_a_mistake() {
        assert_eq!(parse_duration("15").unwrap_err().id, "duration-wrong");
        assert_eq!(parse_duration("7 days").unwrap_err().suggestion.as_deref(), Some("7d"));
        assert_eq!(parse_duration("18446744073709551615d").unwrap_err().id, "duration-too-long");
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_a_mistake(text in any::<String>()) {
            let _ = parse_duration(&text);
            let _ = parse_rotate_every(&text);
        }
    }
}
