//! Types of other crates, each behind a feature of that crate's name.
//!
//! Shape: identifiers and URLs are their text. A point in time is RFC 3339 with `T`, and `Z` or an offset; one without a zone
//! has none. An exact length of time is what a `std::time::Duration` is, a number in the unit its key names (`took_ms`); there
//! is no such number below zero, so a negative one is text, as in ISO 8601: `-PT1.5S`.

/// Types written as their `Display`, which is their standard text form.
#[cfg(any(feature = "uuid", feature = "url", feature = "jiff", feature = "chrono", feature = "time"))]
macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl crate::Value for $type {
            fn encode(&self, writer: crate::ValueWriter<'_>) {
                writer.format(format_args!("{self}"));
            }
        }
    )*};
}

/// What the examples below have in common: the text that a value becomes.
#[cfg(any(feature = "uuid", feature = "url", feature = "jiff", feature = "chrono", feature = "time"))]
macro_rules! text_of_value {
    () => {
        "# fn text(value: &impl trine_ring::Value) -> String {
         #     let mut out = Vec::new();
         #     trine_ring::record::encode(&mut out, 1, 0, &[trine_ring::value::arg(value)], &[]);
         #     let record = trine_ring::record::Record::new(&out).unwrap();
         #     let trine_ring::record::ValueRef::Str(text) = record.values().next().unwrap() else { panic!() };
         #     text.to_str().into_owned()
         # }"
    };
}

/// Writes a length of time; `seconds` and `nanos` have the same sign.
#[cfg(any(feature = "jiff", feature = "chrono", feature = "time"))]
fn write_length(writer: crate::ValueWriter<'_>, seconds: i64, nanos: i32) {
    let (whole, below) = (seconds.unsigned_abs(), nanos.unsigned_abs());
    if seconds >= 0 && nanos >= 0 {
        writer.arg(&crate::Arg::Duration(&std::time::Duration::new(whole, below)));
    } else if below == 0 {
        writer.format(format_args!("-PT{whole}S"));
    } else {
        writer.format(format_args!("-PT{whole}.{}S", format!("{below:09}").trim_end_matches('0')));
    }
}

/// ```
#[doc = text_of_value!()]
/// let id = uuid::uuid!("67E55044-10B1-426F-9247-BB680E5FE0C8");
/// assert_eq!(text(&id), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// ```
#[cfg(feature = "uuid")]
mod uuid {
    displayed!(uuid::Uuid);
}

/// ```
#[doc = text_of_value!()]
/// let page = url::Url::parse("https://Example.org/a b?q=1#top").unwrap();
/// assert_eq!(text(&page), "https://example.org/a%20b?q=1#top");
/// ```
///
/// A URL is written whole: a password in it as well.
#[cfg(feature = "url")]
mod url {
    displayed!(url::Url);
}

/// ```
#[doc = text_of_value!()]
/// use jiff::{Timestamp, ToSpan, tz};
///
/// let moment: Timestamp = "2025-10-24T10:00:00.5Z".parse().unwrap();
/// assert_eq!(text(&moment), "2025-10-24T10:00:00.5Z");
/// assert_eq!(text(&moment.to_zoned_datetime(tz::offset(2).to_time_zone())), "2025-10-24T12:00:00.5+02:00");
/// assert_eq!(text(&1.month().days(2)), "P1M2D");
/// ```
///
/// RFC 3339 has no place for the name of a time zone: `%zoned` writes it.
#[cfg(feature = "jiff")]
mod jiff {
    displayed!(jiff::Timestamp, jiff::Span, jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime);

    impl crate::Value for jiff::ZonedDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            let offset = self.offset();
            // An offset of whole minutes is all that RFC 3339 can say; others were in use before 1972.
            if offset.seconds() == 0 || offset.seconds() % 60 != 0 {
                writer.value(&self.timestamp());
            } else {
                writer.format(format_args!("{}", self.timestamp().display_with_offset(offset)));
            }
        }
    }

    impl crate::Value for jiff::SignedDuration {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            super::write_length(writer, self.as_secs(), self.subsec_nanos());
        }
    }
}

/// ```
#[doc = text_of_value!()]
/// use chrono::{DateTime, FixedOffset};
///
/// let moment: DateTime<FixedOffset> = "2025-10-24T12:00:00.5+02:00".parse().unwrap();
/// assert_eq!(text(&moment), "2025-10-24T12:00:00.500+02:00");
/// assert_eq!(text(&moment.to_utc()), "2025-10-24T10:00:00.500Z");
/// assert_eq!(text(&moment.naive_local()), "2025-10-24T12:00:00.500");
/// ```
#[cfg(feature = "chrono")]
mod chrono {
    use chrono::Offset;

    displayed!(chrono::NaiveDate, chrono::NaiveTime);

    /// The parts by their `Debug`: chrono's `Display` puts a space where the `T` belongs.
    impl<Z: chrono::TimeZone> crate::Value for chrono::DateTime<Z> {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            let offset = self.offset().fix().local_minus_utc();
            // An offset of whole minutes is all that RFC 3339 can say; others were in use before 1972.
            if offset == 0 || offset % 60 != 0 {
                writer.format(format_args!("{:?}Z", self.naive_utc()));
            } else {
                writer.format(format_args!("{:?}", self.fixed_offset()));
            }
        }
    }

    impl crate::Value for chrono::NaiveDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            writer.format(format_args!("{self:?}"));
        }
    }

    impl crate::Value for chrono::TimeDelta {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            super::write_length(writer, self.num_seconds(), self.subsec_nanos());
        }
    }
}

/// ```
#[doc = text_of_value!()]
/// use time::{OffsetDateTime, UtcOffset};
///
/// let moment = OffsetDateTime::from_unix_timestamp(1_761_300_000).unwrap();
/// assert_eq!(text(&moment), "2025-10-24T10:00:00Z");
/// let moment = moment.to_offset(UtcOffset::from_hms(2, 0, 0).unwrap());
/// assert_eq!(text(&moment), "2025-10-24T12:00:00+02:00");
/// assert_eq!(text(&moment.time()), "12:00:00");
/// ```
#[cfg(feature = "time")]
mod time {
    use time::{
        OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset, format_description::well_known::Rfc3339,
    };

    displayed!(time::Date);

    impl crate::Value for OffsetDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            // An offset of whole minutes is all that RFC 3339 can say; others were in use before 1972.
            let moment = match self.offset().seconds_past_minute() {
                0 => *self,
                _ => self.checked_to_offset(UtcOffset::UTC).unwrap_or(*self),
            };
            match moment.format(&Rfc3339) {
                Ok(text) => writer.str(&text),
                // A year before 0 or beyond 9999 has no RFC 3339 form.
                Err(_) => writer.format(format_args!("{self}")),
            }
        }
    }

    impl crate::Value for UtcDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            OffsetDateTime::from(*self).encode(writer);
        }
    }

    /// As RFC 3339, without the offset.
    impl crate::Value for PrimitiveDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            match self.assume_utc().format(&Rfc3339) {
                Ok(text) => writer.str(text.trim_end_matches('Z')),
                Err(_) => writer.format(format_args!("{self}")),
            }
        }
    }

    /// By hand: time's `Display` writes one o'clock as `1:00:00.0`.
    impl crate::Value for time::Time {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            let (hour, minute, second, nanos) = self.as_hms_nano();
            if nanos == 0 {
                writer.format(format_args!("{hour:02}:{minute:02}:{second:02}"));
            } else {
                let below = format!("{nanos:09}");
                let below = below.trim_end_matches('0');
                writer.format(format_args!("{hour:02}:{minute:02}:{second:02}.{below}"));
            }
        }
    }

    impl crate::Value for time::Duration {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            super::write_length(writer, self.whole_seconds(), self.subsec_nanoseconds());
        }
    }
}
