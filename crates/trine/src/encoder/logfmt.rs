//! Lines of `key=value`.

use super::{Encoder, duration, pairs, plans::Plans};
use crate::{callsite::Callsite, civil::Stamp, event::EventRef};

/// `event=user_login user_id=user_123 timestamp=2025-10-24T10:00:00.123456Z level=info`: the order is that of [`Json`].
///
/// - A value is quoted when it is empty, or holds white space, `=`, `"`, `\` or a character that cannot be seen; within quotes the
///   escapes are those of JSON. Text that reads like a number is not marked: logfmt has no types.
/// - A list or a map is its compact JSON, quoted. Nothing (`None`) is `key=`, the empty text `key=""`.
/// - In a key, white space, `=`, `"` and what cannot be seen become `_`, so that two odd keys may come to look alike.
/// - What is not UTF-8 (from a damaged ring) becomes U+FFFD.
///
/// Shape: exactly one line per event, whatever the event holds.
///
/// [`Json`]: super::Json
#[derive(Debug, Default)]
pub struct Logfmt {
    plans: Plans<Plan>,
    stamp: Stamp,
    scratch: Vec<u8>,
}

/// A callsite's constant text.
#[derive(Debug)]
struct Plan {
    /// `event=name`
    head: Vec<u8>,
    /// ` key=` of each key, and the unit of a duration in it.
    keys: Vec<(Vec<u8>, f64)>,
    /// ` level=info\n`
    tail: Vec<u8>,
}

impl Plan {
    fn new(site: &Callsite) -> Plan {
        let mut head = b"event=".to_vec();
        pairs::write_key(&mut head, site.name().as_bytes());
        let keys = site.keys().iter().map(|key| {
            let mut text = Vec::new();
            write_key(&mut text, key.as_bytes());
            (text, duration::unit_ns(key.as_bytes()))
        });
        Plan { head, keys: keys.collect(), tail: format!(" level={}\n", site.level()).into_bytes() }
    }
}

impl Logfmt {
    /// The encoder; it has no settings.
    pub fn new() -> Logfmt {
        Logfmt::default()
    }
}

impl Encoder for Logfmt {
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        let plan = self.plans.of(event.site, Plan::new);
        out.extend_from_slice(&plan.head);
        let mut values = event.record.values();
        for (key, unit_ns) in &plan.keys {
            out.extend_from_slice(key);
            if let Some(value) = values.next() {
                pairs::write_value(out, &mut self.scratch, &value, *unit_ns);
            }
        }
        for (_, key, value) in pairs::behind_call(*event) {
            write_key(out, key.as_bytes());
            pairs::write_value(out, &mut self.scratch, &value, duration::unit_ns(key.as_bytes()));
        }
        out.extend_from_slice(b" timestamp=");
        self.stamp.write(out, event.unix_ns);
        out.extend_from_slice(&plan.tail);
    }

    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(Logfmt::new())
    }
}

/// Appends ` key=`.
fn write_key(out: &mut Vec<u8>, key: &[u8]) {
    out.push(b' ');
    pairs::write_key(out, key);
    out.push(b'=');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trine_ring::{
        Arg::{self, *},
        record::{Record, ValueRef},
    };

    use super::{super::guide::*, *};

    /// An event's line.
    fn line(sample: &Sample) -> String {
        String::from_utf8(sample.encoded(&mut Logfmt::new(), TEN_NS).unwrap()).unwrap()
    }

    /// Reads a line: each key, and its value unless that is nothing at all. What stands in quotes is left to a JSON parser.
    fn parse(line: &str) -> Vec<(String, Option<String>)> {
        let mut rest = line.strip_suffix('\n').expect("a line break at the end");
        assert!(!rest.contains('\n'), "one line");
        let mut pairs = Vec::new();
        loop {
            let (key, behind) = rest.split_once('=').expect("a key");
            assert!(!key.is_empty() && !key.contains(char::is_whitespace), "{key:?}");
            let (value, behind) = if behind.starts_with('"') {
                let mut quoted = serde_json::Deserializer::from_str(behind).into_iter::<String>();
                let value = quoted.next().unwrap().unwrap();
                (Some(value), &behind[quoted.byte_offset()..])
            } else {
                let end = behind.find(' ').unwrap_or(behind.len());
                (Some(behind[..end].to_owned()).filter(|value| !value.is_empty()), &behind[end..])
            };
            pairs.push((key.to_owned(), value));
            if behind.is_empty() {
                return pairs;
            }
            rest = behind.strip_prefix(' ').expect("a space between two pairs");
        }
    }

    #[track_caller]
    fn check(value: Arg<'_>, expected: &str) {
        let line = line(&sample!(Info, "cache_read", "value" = value));
        let value = line.strip_prefix("event=cache_read value=").unwrap();
        assert_eq!(
            value.strip_suffix(" timestamp=2025-10-24T10:00:00.123456Z level=info\n").unwrap(),
            expected
        );
    }

    #[test]
    fn every_kind_of_value_has_its_text() {
        let list: &dyn trine_ring::Value = &vec![Some("a b"), None];
        check(Null, "");
        check(Bool(true), "true");
        check(I64(-5), "-5");
        check(U128(&u128::MAX), "340282366920938463463374607431768211455");
        check(F64(99.99), "99.99");
        check(F32(0.1), "0.1");
        check(F64(f64::NAN), "NaN");
        check(F32(f32::NEG_INFINITY), "-inf");
        check(Char('='), r#""=""#);
        check(Str(""), r#""""#);
        check(Time(&std::time::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
        check(Duration(&std::time::Duration::from_millis(1_500)), "1.5");
        check(Socket(&"[::1]:80".parse().unwrap()), "[::1]:80");
        check(Dyn(list), r#""[\"a b\",null]""#);
    }

    #[test]
    fn the_guides_events_are_lines_of_pairs() {
        let text = encoded_flow(&mut Logfmt::new());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[6],
            "event=payment_charge_failed error=\"card declined\" stack_trace=\"Traceback (most recent call last):\\n  \
             File \\\"orders.py\\\", line 42, in charge\\n\\traise CardError\\n\" order_id=ORD-123 \
             timestamp=2025-10-24T10:00:00.129456Z level=error"
        );
        assert_eq!(
            lines[8],
            "event=user_login user_id=user_123 source=web_app ip_address=192.168.1.100 \
             timestamp=2025-10-24T10:00:00.131456Z level=info"
        );
        assert_eq!(
            lines[12],
            "event=page_view page=\"/dashboard?tab=2\" user_id=guest request_id=req_123 session_id=sess_456 \
             timestamp=2025-10-24T10:00:00.135456Z level=info"
        );
        assert_eq!(
            lines[14],
            "event=database_connection_lost timestamp=2025-10-24T10:00:00.137456Z level=critical"
        );
        for (line, sample) in lines.iter().zip(flow()) {
            let record = Record::new(&sample.bytes).unwrap();
            let event = EventRef { site: sample.site, record, unix_ns: TEN_NS };
            let mut keys = vec!["event".to_owned()];
            keys.extend(event.fields().map(|(key, _)| key.into_owned()));
            keys.extend(["timestamp".to_owned(), "level".to_owned()]);
            let parsed = parse(&format!("{line}\n"));
            assert_eq!(parsed.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), keys);
            assert_eq!(parsed[0].1.as_deref(), Some(event.name()));
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(texts in proptest::collection::vec(hostile_text(), 1..5)) {
            let sample = of_texts(&texts);
            let parsed = parse(&line(&sample));
            prop_assert_eq!(parsed[1].clone(), ("page".to_owned(), Some(texts[0].clone())));
            let list: Vec<String> = serde_json::from_str(parsed[2].1.as_deref().unwrap()).unwrap();
            prop_assert_eq!(&list, &texts);
            prop_assert_eq!(parsed[3].1.as_ref(), Some(&texts[0]));
            let record = Record::new(&sample.bytes).unwrap();
            let context: Vec<_> = record.values().blocks().flat_map(|block| block.fields()).collect();
            prop_assert_eq!(parsed.len(), 4 + context.len() + 2);
            for ((key, value), (_, original)) in parsed[4..].iter().zip(&context) {
                let ValueRef::Str(original) = original else { panic!("{original:?}") };
                prop_assert_eq!(value.as_deref(), Some(&*original.to_str()));
                prop_assert!(!key.contains(['=', '"']) && !key.contains(char::is_control));
            }
        }

        #[test]
        fn a_damaged_record_is_one_line_too(at in any::<usize>(), flip in 1u8..) {
            if let Some(line) = damaged(at, flip).encoded(&mut Logfmt::new(), TEN_NS) {
                let parsed = parse(&String::from_utf8(line).unwrap());
                prop_assert_eq!(parsed.last().unwrap(), &("level".to_owned(), Some("error".to_owned())));
            }
        }
    }
}
