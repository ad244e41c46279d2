//! What every type of value looks like on the line.
#![forbid(unsafe_code)]

mod lines;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{NonZeroI8, NonZeroI128, NonZeroU64, NonZeroU128, Saturating, Wrapping},
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use trine::{Delivery, Value, ValueWriter, bind, info};

use lines::{Lines, check, fields_of, json};

#[test]
fn integers_of_every_width_are_exact() {
    check(&i8::MIN, "-128");
    check(&i16::MIN, "-32768");
    check(&i32::MIN, "-2147483648");
    check(&i64::MIN, "-9223372036854775808");
    check(&i64::MAX, "9223372036854775807");
    check(&isize::MIN, &isize::MIN.to_string());
    check(&i128::MIN, "-170141183460469231731687303715884105728");
    check(&i128::MAX, "170141183460469231731687303715884105727");
    check(&u8::MAX, "255");
    check(&u16::MAX, "65535");
    check(&u32::MAX, "4294967295");
    check(&u64::MAX, "18446744073709551615");
    check(&usize::MAX, &usize::MAX.to_string());
    check(&u128::MAX, "340282366920938463463374607431768211455");
    check(&0_u128, "0");
    check(&-1_i128, "-1");
    check(&NonZeroI8::new(-1), "-1");
    check(&NonZeroU64::MAX, "18446744073709551615");
    check(&NonZeroI128::MIN, "-170141183460469231731687303715884105728");
    check(&Some(NonZeroU128::MAX), "340282366920938463463374607431768211455");
    check(&Wrapping(u64::MAX), "18446744073709551615");
    check(&Saturating(i128::MIN), "-170141183460469231731687303715884105728");
    check(&AtomicU64::new(u64::MAX), "18446744073709551615");
    check(&Arc::new(AtomicI64::new(i64::MIN)), "-9223372036854775808");
}

#[test]
fn floats_have_the_shortest_digits_that_read_back() {
    for (value, expected) in [
        (0.0_f64, "0.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (99.99, "99.99"),
        (1e21, "1e+21"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
        (9_007_199_254_740_993.0, "9007199254740992.0"),
    ] {
        let text = json(&value);
        assert_eq!(text, expected);
        assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()));
    }
    check(&0.1_f32, "0.1");
    check(&16_777_217.0_f32, "16777216.0");
    check(&f32::MAX, "3.4028235e+38");
    check(&f32::MIN_POSITIVE, "1.1754944e-38");
    check(&f64::from(0.1_f32), "0.10000000149011612");
}

#[test]
fn a_float_that_is_no_number_is_a_string() {
    check(&f64::NAN, r#""NaN""#);
    check(&-f64::NAN, r#""NaN""#);
    check(&f64::INFINITY, r#""inf""#);
    check(&f64::NEG_INFINITY, r#""-inf""#);
    check(&f32::NAN, r#""NaN""#);
    check(&f32::INFINITY, r#""inf""#);
    check(&f32::NEG_INFINITY, r#""-inf""#);
    check(&vec![f64::NAN, 1.0], r#"["NaN",1.0]"#);
}

#[test]
fn small_types_are_what_json_calls_them() {
    check(&true, "true");
    check(&false, "false");
    check(&(), "null");
    check(&'a', r#""a""#);
    check(&'"', r#""\"""#);
    check(&'\0', r#""\u0000""#);
    check(&char::MAX, "\"\u{10ffff}\"");
}

#[test]
fn text_keeps_every_character() {
    check(&"", r#""""#);
    check(&"a\0b", r#""a\u0000b""#);
    check(&"\u{1}\u{1f}\u{7f}\u{80}", "\"\\u0001\\u001f\u{7f}\u{80}\"");
    check(&"\n\r\t\u{8}\u{c}", r#""\n\r\t\b\f""#);
    check(&r#"say "hi" \ bye/"#, r#""say \"hi\" \\ bye/""#);
    check(&"🎉 größer 日本 \u{202e}\u{feff}", "\"🎉 größer 日本 \u{202e}\u{feff}\"");
    check(&"\u{2028}\u{2029}", "\"\u{2028}\u{2029}\"");
    check(&String::from("owned"), r#""owned""#);
    check(&"</script>{\"event\":\"fake\"}", r#""</script>{\"event\":\"fake\"}""#);
}

#[test]
fn every_single_character_reads_back() {
    let lines = Lines::take_turn(Delivery::Inline);
    // All of the first plane's beginning, and the edges of the rest.
    let edges = [0xd7ff, 0xe000, 0xfffe, 0xffff, 0x10000, 0x10ffff];
    for character in (0..0x800).chain(edges).filter_map(char::from_u32) {
        // In the middle of a text, so that it is met at every place of the scan.
        let text = format!("{}{character}{}", "x".repeat(character as usize % 19), "y".repeat(9));
        let line = lines.one(|| info!("value_written", value = &text));
        let read: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(read["value"], *text);
    }
}

#[test]
fn a_mebibyte_of_text_is_whole() {
    for character in ["x", "\"", "\0", "é"] {
        let text = character.repeat(1 << 20);
        let read: serde_json::Value = serde_json::from_str(&json(&text)).unwrap();
        assert_eq!(read.as_str(), Some(&*text));
    }
}

#[test]
fn an_option_is_its_value_or_null() {
    check(&None::<i32>, "null");
    check(&Some(7), "7");
    check(&Some(None::<i32>), "null");
    check(&Some(Some("x")), r#""x""#);
    check(&Some(vec![Some(1), None]), "[1,null]");
    check(&vec![Some(vec![Some(1), None]), None], "[[1,null],null]");
    check(&Some(&None::<&str>), "null");
}

#[test]
fn lists_of_every_kind_are_lists() {
    check(&[1, 2], "[1,2]");
    check(&[0; 0], "[]");
    check(&[[1], [2]], "[[1],[2]]");
    check(&&[1, 2][..], "[1,2]");
    check(&vec!["a", "b"], r#"["a","b"]"#);
    check(&VecDeque::from([1, 2]), "[1,2]");
    check(&BTreeSet::from([2, 1]), "[1,2]");
    check(&HashSet::from([1]), "[1]");
    check(&LinkedList::from([2, 1]), "[2,1]");
    check(&BinaryHeap::from([1]), "[1]");
    check(&Cow::Borrowed(&[1, 2][..]), "[1,2]");
    check(&Box::<[i32]>::from([1]), "[1]");
    check(&vec![vec![vec![(); 1]]], "[[[null]]]");
}

#[test]
fn tuples_are_lists_of_unlike_items() {
    check(&(1,), "[1]");
    check(&(1, "a"), r#"[1,"a"]"#);
    check(&(1, "a", true), r#"[1,"a",true]"#);
    check(&(1, "a", true, (None::<i32>, 2.5)), r#"[1,"a",true,[null,2.5]]"#);
}

#[test]
fn a_map_has_its_keys_as_text() {
    check(&BTreeMap::from([("a", 1), ("b", 2)]), r#"{"a":1,"b":2}"#);
    check(&BTreeMap::from([(2, "two"), (-1, "minus")]), r#"{"-1":"minus","2":"two"}"#);
    check(&HashMap::from([(7_u64, true)]), r#"{"7":true}"#);
    check(&BTreeMap::from([(String::from("a \"b\"\n"), [1])]), r#"{"a \"b\"\n":[1]}"#);
    check(&BTreeMap::from([('x', BTreeMap::from([(true, ())]))]), r#"{"x":{"true":null}}"#);
    check(&BTreeMap::<i32, i32>::new(), "{}");
    // Inside a value no key is reserved, and none is special.
    check(
        &BTreeMap::from([("event", 1), ("level", 2), ("timestamp", 3)]),
        r#"{"event":1,"level":2,"timestamp":3}"#,
    );
}

#[test]
fn of_keys_that_look_the_same_the_first_stays() {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Modulo(u32);
    impl Value for Modulo {
        fn encode(&self, writer: ValueWriter<'_>) {
            writer.format(format_args!("{}", self.0 % 40));
        }
    }
    check(&BTreeMap::from([(Modulo(1), "first"), (Modulo(41), "second")]), r#"{"1":"first"}"#);
    let many: BTreeMap<Modulo, u32> = (0..400).map(|n| (Modulo(n), n)).collect();
    let expected: Vec<String> = (0..40).map(|n| format!("\"{n}\":{n}")).collect();
    check(&many, &format!("{{{}}}", expected.join(",")));
}

#[test]
fn a_duration_is_a_number_in_the_unit_of_its_key() {
    let lines = Lines::take_turn(Delivery::Inline);
    let d = Duration::from_micros(1_500_250);
    let line = lines.one(|| {
        info!(
            "value_written",
            a = d,
            a_s = d,
            a_ms = d,
            a_us = d,
            a_ns = d,
            ms = d,
            zero_ms = Duration::ZERO,
            list_ms = [d, d],
            map = BTreeMap::from([("b_ms", d), ("b", d)]),
            option_ms = Some(d),
            "quoted ms" = d,
        );
    });
    assert_eq!(
        fields_of(&line, "value_written"),
        concat!(
            r#","a":1.50025,"a_s":1.50025,"a_ms":1500.25,"a_us":1500250.0,"a_ns":1500250000.0,"ms":1500.25,"#,
            r#""zero_ms":0.0,"list_ms":[1500.25,1500.25],"map":{"b":1.50025,"b_ms":1500.25},"option_ms":1500.25,"#,
            r#""quoted ms":1.50025"#
        )
    );
    let line = lines.one(|| info!(bind!(a_ms = d, a = d), "value_written"));
    assert_eq!(fields_of(&line, "value_written"), r#","a_ms":1500.25,"a":1.50025"#);
}

#[test]
fn the_longest_duration_is_a_number() {
    let text = json(&Duration::MAX);
    assert_eq!(text.parse::<f64>(), Ok(Duration::MAX.as_secs_f64()));
}

#[test]
fn a_time_is_rfc_3339_before_1970_too() {
    let at = |seconds: i64, nanos: u32| {
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let start = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
        start + Duration::from_nanos(nanos.into())
    };
    check(&UNIX_EPOCH, r#""1970-01-01T00:00:00.000000Z""#);
    check(&at(1_761_300_000, 123_456_000), r#""2025-10-24T10:00:00.123456Z""#);
    check(&at(1_761_300_000, 123_456_789), r#""2025-10-24T10:00:00.123456789Z""#);
    check(&at(-1, 999_999_000), r#""1969-12-31T23:59:59.999999Z""#);
    check(&at(-1, 0), r#""1969-12-31T23:59:59.000000Z""#);
    check(&at(-14_182_980, 0), r#""1969-07-20T20:17:00.000000Z""#);
    check(&at(-62_135_596_800, 0), r#""0001-01-01T00:00:00.000000Z""#);
    check(&at(253_402_300_799, 0), r#""9999-12-31T23:59:59.000000Z""#);
    // The format has no years beyond.
    check(&at(253_402_300_800, 0), r#""9999-01-01T00:00:00.000000Z""#);
    check(&SystemTime::UNIX_EPOCH, r#""1970-01-01T00:00:00.000000Z""#);
}

#[test]
fn addresses_are_their_text() {
    let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    check(&Ipv4Addr::LOCALHOST, r#""127.0.0.1""#);
    check(&v6, r#""2001:db8::1""#);
    check(&IpAddr::V4(Ipv4Addr::BROADCAST), r#""255.255.255.255""#);
    check(&IpAddr::V6(Ipv6Addr::UNSPECIFIED), r#""::""#);
    check(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 80), r#""127.0.0.1:80""#);
    check(&SocketAddrV6::new(v6, 443, 0, 0), r#""[2001:db8::1]:443""#);
    check(&SocketAddr::V6(SocketAddrV6::new(v6, 443, 0, 7)), r#""[2001:db8::1%7]:443""#);
    check(&SocketAddr::from(([10, 0, 0, 1], 65535)), r#""10.0.0.1:65535""#);
    check(&"::ffff:1.2.3.4".parse::<IpAddr>().unwrap(), r#""::ffff:1.2.3.4""#);
}

#[test]
fn errors_are_their_message() {
    let boxed: Box<dyn Error + Send + Sync> = "no funds".into();
    let plain: Box<dyn Error> = "plain".into();
    let io = std::io::Error::other("disk");
    check(&boxed, r#""no funds""#);
    check(&plain, r#""plain""#);
    check(&(&*boxed as &dyn Error), r#""no funds""#);
    check(&(&io as &dyn Error), r#""disk""#);
    check(&(&io as &(dyn Error + Send + Sync)), r#""disk""#);
    check(&Some(&io as &dyn Error), r#""disk""#);
    check(&vec![&io as &dyn Error], r#"["disk"]"#);
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(io);
    check(&shared, r#""disk""#);
}

#[test]
fn what_points_to_a_value_is_that_value() {
    let text = String::from("x");
    check(&Arc::<str>::from("x"), r#""x""#);
    check(&Rc::<str>::from("x"), r#""x""#);
    check(&Box::<str>::from("x"), r#""x""#);
    check(&Cow::Borrowed("x"), r#""x""#);
    check(&Cow::<str>::Owned("x".into()), r#""x""#);
    check(&&&&text, r#""x""#);
    check(&&mut 7, "7");
    check(&Arc::new(vec![Box::new(1)]), "[1]");
    check(&Arc::<[u8]>::from([1, 2]), "[1,2]");
    check(&Path::new("/var/log"), r#""/var/log""#);
    check(&PathBuf::from("a b"), r#""a b""#);
    check(&format_args!("{}-{:02}", "a", 7), r#""a-07""#);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_text_is_shown_as_far_as_it_is() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    check(&Path::new(OsStr::from_bytes(b"a\xffb")), "\"a\u{fffd}b\"");
    check(&OsStr::from_bytes(b"a\xffb").to_owned(), "\"a\u{fffd}b\"");
}

#[test]
fn thousands_of_fields_of_context_are_written() {
    let lines = Lines::take_turn(Delivery::Inline);
    let mut log = bind!();
    for n in 0..1_000 {
        log = log.with(&format!("key {n}"), &n);
    }
    let line = lines.one(|| info!(log, "value_written"));
    let expected: String = (0..1_000).map(|n| format!(",\"key {n}\":{n}")).collect();
    assert_eq!(fields_of(&line, "value_written"), expected);
}
