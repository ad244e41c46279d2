//! Aligned and coloured lines, for people at a terminal.

mod markers;
mod paint;

use std::borrow::Cow;

use trine_model::{Level, NameParts, Role};
use trine_ring::record::ValueRef;

use self::paint::{Paint, Style};
use super::{Encoder, duration, json, pairs, plans::Plans};
use crate::{callsite::Callsite, civil::Stamp, event::EventRef};

/// Columns a level takes, in its short form.
const LEVEL_COLUMNS: usize = 5;
/// Columns a name takes at least, so that the fields behind it align. Nearly all names of a catalog are shorter than this.
const NAME_COLUMNS: usize = 30;
/// Where the time of day, with milliseconds, lies in a timestamp: `10:00:00.123` in `2025-10-24T10:00:00.123456Z`.
const TIME_OF_DAY: std::ops::Range<usize> = 11..23;
/// In front of every line of a text that stands under its event, so that no line of it passes for an event of its own.
const GUTTER: &str = "    │ ";

/// A tab within text of several lines, where real ones would depend on the gutter.
const TAB: &str = "    ";

/// `10:00:00.123 INFO  💳 ▸ payment_process_started        order_id=ORD-123 amount=99.99 currency=USD`
///
/// - The time of day is UTC; the date is left out.
/// - The level takes five columns: `WARN` and `CRIT` are `warning` and `critical`.
/// - Two signs say what the event is about and how it went (`▸` began, `✓` well, `✗` ill, `∙` neither). They are decoration: the
///   name behind them is printed exactly as written.
/// - The name is padded to 30 columns, so that the fields align.
/// - Fields are written as [`Logfmt`](super::Logfmt) does, except that nothing is `null`, and that lists and maps are JSON
///   without quotes around.
/// - Text of several lines (a stack trace) stands under the event, indented, behind its key: only there an event is more than one
///   line. A tab within is four spaces.
/// - In colour: the level in its own; time and keys are faint, fields of the context all of them; the name is red when the
///   operation failed or the level is `error` or above.
/// - A control character in any text is escaped visibly: what an event holds cannot command the terminal.
///
/// What is written changes as people's taste does. For programs there are the other formats.
#[derive(Debug)]
pub struct Pretty {
    paint: Paint,
    markers: bool,
    plans: Plans<Plan>,
    stamp: Stamp,
    scratch: Vec<u8>,
    /// What will stand under the event at hand.
    under: Vec<u8>,
}

/// A callsite's constant text.
#[derive(Debug)]
struct Plan {
    /// From the level to the name, padded.
    head: Vec<u8>,
    /// ` key=` of each key, and the unit of a duration in it.
    keys: Vec<(Vec<u8>, f64)>,
}

impl Default for Pretty {
    fn default() -> Pretty {
        Pretty::new()
    }
}

impl Pretty {
    /// The encoder: with signs, without colour.
    pub fn new() -> Pretty {
        Pretty {
            paint: Paint { color: false },
            markers: true,
            plans: Plans::default(),
            stamp: Stamp::default(),
            scratch: Vec::new(),
            under: Vec::new(),
        }
    }

    /// Whether colours are used. Default: no. `NO_COLOR`, and whether there is a terminal, are for the caller to look at.
    #[must_use = "returns the encoder, for `Output`"]
    pub fn color(mut self, color: bool) -> Pretty {
        self.paint = Paint { color };
        self.plans.clear();
        self
    }

    /// Whether the signs in front of the name are used. Default: yes. For terminals and fonts that do not have them.
    #[must_use = "returns the encoder, for `Output`"]
    pub fn markers(mut self, markers: bool) -> Pretty {
        self.markers = markers;
        self.plans.clear();
        self
    }
}

impl Plan {
    fn new(site: &Callsite, paint: Paint, markers: bool) -> Plan {
        let mut head = vec![b' '];
        paint.text(&mut head, Style::Level(site.level()), short(site.level()));
        pad(&mut head, short(site.level()), LEVEL_COLUMNS);
        head.push(b' ');
        let parts = NameParts::of(site.name());
        if markers {
            let (mark, style) = markers::role(parts.role());
            head.extend_from_slice(markers::subject(&parts).as_bytes());
            head.push(b' ');
            paint.text(&mut head, style, mark);
            head.push(b' ');
        }
        let has_failed = parts.role() == Role::Fail || site.level() >= Level::Error;
        paint.text(&mut head, if has_failed { Style::Alarm } else { Style::Bold }, site.name());
        pad(&mut head, site.name(), NAME_COLUMNS);
        let keys = site.keys().iter().map(|key| {
            let mut text = Vec::new();
            write_key(&mut text, paint, key.as_bytes());
            (text, duration::unit_ns(key.as_bytes()))
        });
        Plan { head, keys: keys.collect() }
    }
}

impl Encoder for Pretty {
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        let Pretty { paint, markers, plans, stamp, scratch, under } = self;
        let plan = plans.of(event.site, |site| Plan::new(site, *paint, *markers));
        under.clear();
        write_time(out, *paint, stamp, event.unix_ns);
        out.extend_from_slice(&plan.head);

        let mut values = event.record.values();
        for ((text, unit_ns), key) in plan.keys.iter().zip(event.site.keys()) {
            let value = values.next().unwrap_or(ValueRef::Null);
            if let Some(text) = text_of_lines(&value) {
                write_under(under, *paint, key.as_bytes(), &text);
                continue;
            }
            out.extend_from_slice(text);
            write_value(out, scratch, &value, *unit_ns);
        }
        for (context, key, value) in pairs::behind_call(*event) {
            let key = key.as_bytes();
            if let Some(text) = text_of_lines(&value) {
                write_under(under, *paint, key, &text);
                continue;
            }
            if context == 0 {
                write_key(out, *paint, key);
                write_value(out, scratch, &value, duration::unit_ns(key));
            } else {
                paint.begin(out, Style::Dim);
                write_key(out, Paint { color: false }, key);
                write_value(out, scratch, &value, duration::unit_ns(key));
                paint.end(out);
            }
        }

        if out.ends_with(b" ") {
            // No field came: the name was padded in vain. Values never end in a space, for then they would be quoted.
            out.truncate(out.trim_ascii_end().len());
        }
        out.push(b'\n');
        out.extend_from_slice(under);
    }

    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(Pretty::new().color(self.paint.color).markers(self.markers))
    }
}

/// A level in at most [`LEVEL_COLUMNS`]: forms that `TRINE_LEVEL` understands too.
const fn short(level: Level) -> &'static str {
    match level {
        Level::Trace => "TRACE",
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warning => "WARN",
        Level::Error => "ERROR",
        Level::Critical => "CRIT",
    }
}

/// Appends spaces behind `text`, up to that many columns in all. Levels and names are ASCII.
fn pad(out: &mut Vec<u8>, text: &str, columns: usize) {
    out.resize(out.len() + columns.saturating_sub(text.len()), b' ');
}

fn write_time(out: &mut Vec<u8>, paint: Paint, stamp: &mut Stamp, unix_ns: i64) {
    paint.begin(out, Style::Dim);
    let start = out.len();
    stamp.write(out, unix_ns);
    out.copy_within(start + TIME_OF_DAY.start..start + TIME_OF_DAY.end, start);
    out.truncate(start + TIME_OF_DAY.len());
    paint.end(out);
}

/// Appends ` key=`.
fn write_key(out: &mut Vec<u8>, paint: Paint, key: &[u8]) {
    out.push(b' ');
    paint.begin(out, Style::Dim);
    pairs::write_key(out, key);
    out.push(b'=');
    paint.end(out);
}

fn write_value(out: &mut Vec<u8>, scratch: &mut Vec<u8>, value: &ValueRef<'_>, unit_ns: f64) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::List(_) | ValueRef::Map(_) => {
            scratch.clear();
            json::append_value(scratch, value, unit_ns);
            pairs::write_visible(out, &String::from_utf8_lossy(scratch));
        }
        plain => pairs::write_value(out, scratch, plain, unit_ns),
    }
}

/// The text of a value that has several lines. A line break at the very end makes no line.
fn text_of_lines<'a>(value: &ValueRef<'a>) -> Option<Cow<'a, str>> {
    let ValueRef::Str(text) = value else { return None };
    let (_, but_last) = text.as_bytes().split_last()?;
    but_last.contains(&b'\n').then(|| text.to_str())
}

/// Appends a text of several lines as it stands under the event.
fn write_under(under: &mut Vec<u8>, paint: Paint, key: &[u8], text: &str) {
    paint.begin(under, Style::Dim);
    under.extend_from_slice(b"    ");
    pairs::write_key(under, key);
    under.push(b':');
    paint.end(under);
    under.push(b'\n');
    for line in text.lines() {
        paint.text(under, Style::Dim, GUTTER);
        pairs::write_visible(under, &line.replace('\t', TAB));
        under.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trine_ring::Arg::*;

    use super::{super::guide::*, *};

    fn text(encoder: Pretty, sample: &Sample) -> String {
        let mut encoder = encoder;
        String::from_utf8(sample.encoded(&mut encoder, TEN_NS).unwrap()).unwrap()
    }

    /// The text without the sequences of [`Style`].
    fn without_color(text: &str) -> String {
        let mut pieces = text.split('\u{1b}');
        let mut plain = pieces.next().unwrap().to_owned();
        for piece in pieces {
            let (sequence, behind) = piece.split_once('m').expect("a sequence for colours");
            assert!(
                sequence.starts_with('[') && sequence[1..].chars().all(|c| c.is_ascii_digit() || c == ';'),
                "{piece}"
            );
            plain.push_str(behind);
        }
        plain
    }

    #[test]
    fn the_guides_events_align() {
        let expected = r#"
10:00:00.123 INFO  🛒 ▸ order_fulfill_started          order_id=ORD-123
10:00:00.124 INFO  💳 ▸ payment_charge_started         order_id=ORD-123
10:00:00.125 INFO  💳 ✓ payment_charge_success         transaction_id=txn_456 duration_ms=1234.5 order_id=ORD-123
10:00:00.126 INFO  📦 ✓ inventory_reserve_success      reservation_id=789 order_id=ORD-123
10:00:00.127 INFO  🔔 ▸ notification_send_started      type=order_confirmation order_id=ORD-123
10:00:00.128 INFO  🛒 ✓ order_fulfill_completed        status=shipped order_id=ORD-123
10:00:00.129 ERROR 💳 ✗ payment_charge_failed          error="card declined" order_id=ORD-123
    stack_trace:
    │ Traceback (most recent call last):
    │   File "orders.py", line 42, in charge
    │     raise CardError
10:00:00.130 ERROR 🛒 ✗ order_fulfill_failed           reason=payment_failed order_id=ORD-123
10:00:00.131 INFO  👤 ∙ user_login                     user_id=user_123 source=web_app ip_address=192.168.1.100
10:00:00.132 WARN  🔑 ▸ auth_password_reset_requested  email=user@example.com
10:00:00.133 WARN  💳 ∙ payment_fraud_detected         risk_score=0.95 rules_triggered=["velocity","location"]
10:00:00.134 DEBUG 💾 ✓ database_transaction_committed changes=5 isolation_level=null
10:00:00.135 INFO  📄 ∙ page_view                      page="/dashboard?tab=2" user_id=guest request_id=req_123 session_id=sess_456
10:00:00.136 TRACE ⚡ ∙ cache_hit                      key=user:123 sampled=true sample_rate=0.01 request_id=req_123 user_id=user_123 session_id=sess_456
10:00:00.137 CRIT  💾 ∙ database_connection_lost
10:00:00.138 INFO     ∙ sensor_heat_measured           celsius=NaN
"#;
        assert_eq!(encoded_flow(&mut Pretty::new()), &expected[1..]);
    }

    #[test]
    fn colour_says_level_outcome_and_what_is_context() {
        let colored = encoded_flow(&mut Pretty::new().color(true));
        assert_eq!(without_color(&colored), encoded_flow(&mut Pretty::new()));
        let colored = colored.replace('\u{1b}', "␛");
        let lines: Vec<&str> = colored.lines().collect();
        let expected = r#"
␛[2m10:00:00.128␛[0m ␛[32mINFO␛[0m  🛒 ␛[32m✓␛[0m ␛[1morder_fulfill_completed␛[0m        ␛[2mstatus=␛[0mshipped␛[2m order_id=ORD-123␛[0m
␛[2m10:00:00.129␛[0m ␛[31mERROR␛[0m 💳 ␛[1;31m✗␛[0m ␛[1;31mpayment_charge_failed␛[0m          ␛[2merror=␛[0m"card declined"␛[2m order_id=ORD-123␛[0m
␛[2m    stack_trace:␛[0m
␛[2m    │ ␛[0mTraceback (most recent call last):
"#;
        assert_eq!(lines[5..9].join("\n"), expected.trim());
        let expected = r#"
␛[2m10:00:00.132␛[0m ␛[33mWARN␛[0m  🔑 ␛[36m▸␛[0m ␛[1mauth_password_reset_requested␛[0m  ␛[2memail=␛[0muser@example.com
␛[2m10:00:00.133␛[0m ␛[33mWARN␛[0m  💳 ␛[2m∙␛[0m ␛[1mpayment_fraud_detected␛[0m         ␛[2mrisk_score=␛[0m0.95 ␛[2mrules_triggered=␛[0m["velocity","location"]
␛[2m10:00:00.134␛[0m ␛[36mDEBUG␛[0m 💾 ␛[32m✓␛[0m ␛[1mdatabase_transaction_committed␛[0m ␛[2mchanges=␛[0m5 ␛[2misolation_level=␛[0mnull
"#;
        assert_eq!(lines[13..16].join("\n"), expected.trim());
        let expected = r#"
␛[2m10:00:00.136␛[0m ␛[2mTRACE␛[0m ⚡ ␛[2m∙␛[0m ␛[1mcache_hit␛[0m                      ␛[2mkey=␛[0muser:123 ␛[2msampled=␛[0mtrue ␛[2msample_rate=␛[0m0.01␛[2m request_id=req_123␛[0m␛[2m user_id=user_123␛[0m␛[2m session_id=sess_456␛[0m
␛[2m10:00:00.137␛[0m ␛[1;7;31mCRIT␛[0m  💾 ␛[2m∙␛[0m ␛[1;31mdatabase_connection_lost␛[0m
"#;
        assert_eq!(lines[17..19].join("\n"), expected.trim());
    }

    #[test]
    fn signs_can_be_left_out() {
        let encoder = Pretty::new().markers(false);
        let sample = sample!(Info, "order_created", "order_id" = Str("ORD-123"));
        let line = "10:00:00.123 INFO  order_created                  order_id=ORD-123\n";
        assert_eq!(text(encoder, &sample), line);
    }

    #[test]
    fn a_fresh_encoder_has_the_settings() {
        let sample = sample!(Info, "order_created");
        for encoder in [Pretty::new(), Pretty::new().color(true), Pretty::new().markers(false)] {
            let fresh = sample.encoded(&mut *encoder.fresh(), TEN_NS).unwrap();
            assert_eq!(text(encoder, &sample).into_bytes(), fresh);
        }
    }

    #[test]
    fn a_setting_changed_later_holds_for_callsites_seen_before() {
        let sample = sample!(Info, "order_created");
        let mut encoder = Pretty::new();
        sample.encoded(&mut encoder, TEN_NS).unwrap();
        assert_eq!(text(encoder.color(true), &sample), text(Pretty::new().color(true), &sample));
    }

    #[test]
    fn a_name_that_is_too_long_pushes_the_fields_aside() {
        let sample = sample!(Info, "inventory_warehouse_transfer_started", "pallets" = U64(3));
        let line = "10:00:00.123 INFO  📦 ▸ inventory_warehouse_transfer_started pallets=3\n";
        assert_eq!(text(Pretty::new(), &sample), line);
    }

    #[test]
    fn a_value_can_neither_command_the_terminal_nor_pass_for_an_event() {
        let title = "\u{1b}]0;owned\u{7}\u{9b}2J";
        let forged = "x\r\n10:00:00.123 INFO  🔑 ✓ auth_login_success\n\u{1b}[2A\u{85}";
        let list: &dyn trine_ring::Value = &vec!["\u{9b}2J\u{7f}"];
        let sample = sample!(
            Warning,
            "auth_login_failed",
            "username" = Str(title),
            "reason" = Str(forged),
            "tried" = Dyn(list)
        );
        let expected = r#"
10:00:00.123 WARN  🔑 ✗ auth_login_failed              username="\u001b]0;owned\u0007\u009b2J" tried=["\u009b2J\u007f"]
    reason:
    │ x
    │ 10:00:00.123 INFO  🔑 ✓ auth_login_success
    │ \u001b[2A\u0085
"#;
        assert_eq!(text(Pretty::new(), &sample), &expected[1..]);
    }

    #[test]
    fn a_line_break_at_the_very_end_makes_no_text_of_lines() {
        let sample = sample!(Info, "page_view", "page" = Str("a\n"), "title" = Str("\n"));
        assert!(text(Pretty::new(), &sample).ends_with("page=\"a\\n\" title=\"\\n\"\n"));
    }

    /// Holds of whatever an event holds: nothing commands the terminal, and what is not the event's line is indented.
    fn check_is_safe(plain: &str) {
        assert!(plain.ends_with('\n') && !plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
        assert!(plain.starts_with("10:00:00.123 "), "{plain:?}");
        for line in plain.lines().skip(1) {
            assert!(line.starts_with("    "), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_shown_without_harm(texts in proptest::collection::vec(hostile_text(), 1..5)) {
            let sample = of_texts(&texts);
            let plain = text(Pretty::new(), &sample);
            check_is_safe(&plain);
            prop_assert_eq!(without_color(&text(Pretty::new().color(true), &sample)), plain);
        }

        #[test]
        fn a_damaged_record_is_shown_without_harm(at in any::<usize>(), flip in 1u8..) {
            if let Some(plain) = damaged(at, flip).encoded(&mut Pretty::new(), TEN_NS) {
                check_is_safe(&String::from_utf8(plain).unwrap());
            }
        }
    }
}
