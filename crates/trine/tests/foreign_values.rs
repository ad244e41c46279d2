//! Values of other crates' types: what they are on the line and to a test that captures them.
#![forbid(unsafe_code)]
#![cfg(any(feature = "uuid", feature = "url", feature = "jiff", feature = "chrono", feature = "time"))]

mod lines;

use trine::{Delivery, Value, event::OwnedValue, info, testing};

use lines::{Lines, fields_of};

/// Checks a value on the line, and that it is captured as what it is.
#[track_caller]
fn check(value: &dyn Value, json: &str, captured: OwnedValue) {
    let lines = Lines::take_turn(Delivery::Inline);
    let line = lines.one(|| info!("value_written", value));
    assert_eq!(fields_of(&line, "value_written"), format!(",\"value\":{json}"));
    let capture = testing::capture();
    info!("value_written", value);
    assert_eq!(capture.events()[0].get("value"), Some(&captured));
}

#[track_caller]
fn check_text(value: &dyn Value, text: &str) {
    check(value, &format!("\"{text}\""), OwnedValue::Text(text.to_owned()));
}

/// Checks a type's lengths of time, made from nanoseconds.
#[cfg(any(feature = "jiff", feature = "chrono", feature = "time"))]
fn check_lengths<T: Value>(nanos: impl Fn(i64) -> T) {
    use std::time::Duration;

    check(&nanos(1_500_000_000), "1.5", OwnedValue::Duration(Duration::from_millis(1_500)));
    check(&nanos(0), "0.0", OwnedValue::Duration(Duration::ZERO));
    check_text(&nanos(-1_500_000_000), "-PT1.5S");
    check_text(&nanos(-2_000_000_000), "-PT2S");
    check_text(&nanos(-1), "-PT0.000000001S");
    check_text(&nanos(i64::MIN), "-PT9223372036.854775808S");
    let lines = Lines::take_turn(Delivery::Inline);
    let line = lines.one(|| info!("value_written", took_ms = nanos(1_500_250_000)));
    assert_eq!(fields_of(&line, "value_written"), ",\"took_ms\":1500.25", "the key names the unit");
}

#[cfg(feature = "uuid")]
#[test]
fn a_uuid_is_lower_case_with_hyphens() {
    let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    check_text(&uuid::Uuid::parse_str(&text.to_uppercase()).unwrap(), text);
    check_text(&uuid::Uuid::nil(), "00000000-0000-0000-0000-000000000000");
}

#[cfg(feature = "url")]
#[test]
fn a_url_is_its_normal_form() {
    check_text(
        &url::Url::parse("HTTPS://Example.org:443/a b?q=\"1\"#top").unwrap(),
        "https://example.org/a%20b?q=%221%22#top",
    );
    check_text(&url::Url::parse("mailto:a@example.org").unwrap(), "mailto:a@example.org");
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz};

    use super::*;

    #[test]
    fn a_moment_is_rfc_3339() {
        let moment: Timestamp = "2025-10-24T10:00:00.123456789Z".parse().unwrap();
        check_text(&moment, "2025-10-24T10:00:00.123456789Z");
        check_text(&Timestamp::UNIX_EPOCH, "1970-01-01T00:00:00Z");
        let zoned = |offset: tz::Offset| moment.to_zoned_datetime(offset.to_time_zone());
        check_text(&zoned(tz::offset(2)), "2025-10-24T12:00:00.123456789+02:00");
        check_text(&zoned(-tz::offset(11)), "2025-10-23T23:00:00.123456789-11:00");
        check_text(&zoned(tz::Offset::UTC), "2025-10-24T10:00:00.123456789Z");
    }

    #[test]
    fn the_name_of_a_time_zone_is_left_out() {
        let zone = tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let moment = Timestamp::UNIX_EPOCH.to_zoned_datetime(zone);
        check_text(&moment, "1970-01-01T01:00:00+01:00");
    }

    #[test]
    fn an_offset_with_seconds_is_not_rounded() {
        let offset = tz::Offset::from_seconds(4_772).unwrap();
        check_text(&Timestamp::UNIX_EPOCH.to_zoned_datetime(offset.to_time_zone()), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn civil_times_and_spans_are_iso_8601() {
        check_text(&civil::date(2025, 10, 24), "2025-10-24");
        check_text(&civil::time(1, 2, 3, 500_000_000), "01:02:03.5");
        check_text(&civil::date(2025, 10, 24).at(1, 2, 3, 0), "2025-10-24T01:02:03");
        check_text(&1.year().months(2).hours(3), "P1Y2MT3H");
        check_text(&-1.day(), "-P1D");
    }

    #[test]
    fn a_length_of_time_is_a_number_in_the_unit_of_its_key() {
        check_lengths(SignedDuration::from_nanos);
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta};

    use super::*;

    #[test]
    fn a_moment_is_rfc_3339() {
        let moment: DateTime<FixedOffset> = "2025-10-24T12:00:00.123456789+02:00".parse().unwrap();
        check_text(&moment, "2025-10-24T12:00:00.123456789+02:00");
        check_text(&moment.to_utc(), "2025-10-24T10:00:00.123456789Z");
        check_text(&DateTime::UNIX_EPOCH, "1970-01-01T00:00:00Z");
        let west = FixedOffset::west_opt(11 * 3_600 + 1_800).unwrap();
        check_text(&DateTime::UNIX_EPOCH.with_timezone(&west), "1969-12-31T12:30:00-11:30");
    }

    #[test]
    fn an_offset_with_seconds_is_not_rounded() {
        let offset = FixedOffset::east_opt(4_772).unwrap();
        check_text(&DateTime::UNIX_EPOCH.with_timezone(&offset), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn naive_times_are_iso_8601() {
        let date = NaiveDate::from_ymd_opt(2025, 10, 24).unwrap();
        let time = NaiveTime::from_hms_milli_opt(1, 2, 3, 500).unwrap();
        check_text(&date, "2025-10-24");
        check_text(&time, "01:02:03.500");
        check_text(&date.and_time(time), "2025-10-24T01:02:03.500");
    }

    #[test]
    fn a_length_of_time_is_a_number_in_the_unit_of_its_key() {
        check_lengths(TimeDelta::nanoseconds);
    }
}

#[cfg(feature = "time")]
mod of_time {
    use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

    use super::*;

    #[test]
    fn a_moment_is_rfc_3339() {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(1_761_300_000_123_456_789).unwrap();
        check_text(&moment, "2025-10-24T10:00:00.123456789Z");
        check_text(&UtcDateTime::from(moment), "2025-10-24T10:00:00.123456789Z");
        check_text(&OffsetDateTime::UNIX_EPOCH, "1970-01-01T00:00:00Z");
        let west = UtcOffset::from_hms(-11, -30, 0).unwrap();
        check_text(&OffsetDateTime::UNIX_EPOCH.to_offset(west), "1969-12-31T12:30:00-11:30");
    }

    #[test]
    fn an_offset_with_seconds_is_not_rounded() {
        let offset = UtcOffset::from_hms(1, 19, 32).unwrap();
        check_text(&OffsetDateTime::UNIX_EPOCH.to_offset(offset), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_year_before_zero_is_written_all_the_same() {
        let date = Date::from_calendar_date(-44, Month::March, 15).unwrap();
        let noon = Time::from_hms(12, 0, 0).unwrap();
        check_text(&PrimitiveDateTime::new(date, noon).assume_utc(), "-0044-03-15 12:00:00.0 +00:00:00");
        check_text(&PrimitiveDateTime::new(date, noon), "-0044-03-15 12:00:00.0");
    }

    #[test]
    fn times_without_a_zone_are_iso_8601() {
        let date = Date::from_calendar_date(2025, Month::October, 24).unwrap();
        let time = Time::from_hms_milli(1, 2, 3, 500).unwrap();
        check_text(&date, "2025-10-24");
        check_text(&time, "01:02:03.5");
        check_text(&Time::MIDNIGHT, "00:00:00");
        check_text(&PrimitiveDateTime::new(date, time), "2025-10-24T01:02:03.5");
    }

    #[test]
    fn a_length_of_time_is_a_number_in_the_unit_of_its_key() {
        check_lengths(Duration::nanoseconds);
    }
}
