//! Types of other crates, each behind a feature of that crate's name.

/// Types written as their `Display`, which is their standard text form.
#[allow(unused_macros, reason = "used by features")]
macro_rules! displayed {
    ($($type:ty),* $(,)?) => {$(
        impl crate::Value for $type {
            fn encode(&self, writer: crate::ValueWriter<'_>) {
                writer.format(format_args!("{self}"));
            }
        }
    )*};
}

#[cfg(feature = "uuid")]
displayed!(uuid::Uuid);

#[cfg(feature = "url")]
displayed!(url::Url);

#[cfg(feature = "jiff")]
displayed!(
    jiff::Timestamp,
    jiff::Zoned,
    jiff::Span,
    jiff::SignedDuration,
    jiff::civil::Date,
    jiff::civil::Time,
    jiff::civil::DateTime
);

#[cfg(feature = "chrono")]
mod chrono {
    displayed!(chrono::NaiveDate, chrono::NaiveTime, chrono::TimeDelta);

    /// RFC 3339; chrono's `Display` puts a space where the `T` belongs.
    impl<Z: chrono::TimeZone> crate::Value for chrono::DateTime<Z> {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            writer.format(format_args!("{:?}", self.fixed_offset()));
        }
    }

    /// ISO 8601 without a zone.
    impl crate::Value for chrono::NaiveDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            writer.format(format_args!("{self:?}"));
        }
    }
}

#[cfg(feature = "time")]
mod time {
    use time::format_description::well_known::{Iso8601, Rfc3339};

    displayed!(time::Date, time::Time, time::Duration);

    impl crate::Value for time::OffsetDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            match self.format(&Rfc3339) {
                Ok(text) => writer.str(&text),
                // A year beyond 9999 has no RFC 3339 form.
                Err(_) => writer.format(format_args!("{self}")),
            }
        }
    }

    impl crate::Value for time::PrimitiveDateTime {
        fn encode(&self, writer: crate::ValueWriter<'_>) {
            match self.format(&Iso8601::DATE_TIME) {
                Ok(text) => writer.str(&text),
                Err(_) => writer.format(format_args!("{self}")),
            }
        }
    }
}
