//! Values of any type that serde can serialize.
#![forbid(unsafe_code)]
#![cfg(feature = "serde")]

mod lines;

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use proptest::{collection::vec, prelude::*};
use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap as _, SerializeSeq as _, SerializeStruct as _, SerializeStructVariant as _,
    },
};
use trine::{Delivery, assert_event, bind, event::OwnedValue, info, testing};

use lines::{Lines, fields_of};

/// Checks what a value is on the line, in a call and in a context, with a field behind it that must stand unharmed.
#[track_caller]
fn check(value: &(impl Serialize + ?Sized), json: &str) {
    let lines = Lines::take_turn(Delivery::Inline);
    let of_call = lines.one(|| info!("value_written", value = trine::serde(value), next = 1));
    assert_eq!(fields_of(&of_call, "value_written"), format!(",\"value\":{json},\"next\":1"));
    let of_context = lines.one(|| info!(bind!(value = trine::serde(value), next = 1), "value_written"));
    assert_eq!(fields_of(&of_context, "value_written"), format!(",\"value\":{json},\"next\":1"));
    let in_list = lines.one(|| info!("value_written", value = [trine::serde(value), trine::serde(value)]));
    assert_eq!(fields_of(&in_list, "value_written"), format!(",\"value\":[{json},{json}]"));
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Newtype<T>(T);

#[derive(Serialize)]
struct Pair(i8, &'static str);

#[derive(Serialize)]
struct User {
    user_id: u64,
    name: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Shape>,
}

#[derive(Serialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Unit,
    Newtype(Option<i32>),
    Tuple(i32, bool),
    Struct { side: u8, name: char },
}

/// A value made by a function, for what no derive would do.
struct By<F>(F);

impl<F: Fn(&mut Vec<Step>)> Serialize for By<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut steps = Vec::new();
        (self.0)(&mut steps);
        let mut map = serializer.serialize_map(None)?;
        for step in steps {
            // Failures are ignored, as a careless type might.
            let _ = match step {
                Step::Key(key) => map.serialize_key(key),
                Step::BadKey => map.serialize_key(&Fails),
                Step::Value(value) => map.serialize_value(&value),
                Step::BadValue => map.serialize_value(&(1, Fails)),
                Step::PanickingValue => {
                    let _ = catch_unwind(AssertUnwindSafe(|| map.serialize_value(&(1, Panics))));
                    Ok(())
                }
            };
        }
        map.end()
    }
}

enum Step {
    Key(&'static str),
    BadKey,
    Value(i32),
    BadValue,
    PanickingValue,
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no \"way\""))
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("oh")
    }
}

#[test]
fn scalars_are_what_they_are_as_plain_values() {
    check(&true, "true");
    check(&i8::MIN, "-128");
    check(&i16::MIN, "-32768");
    check(&i32::MIN, "-2147483648");
    check(&i64::MIN, "-9223372036854775808");
    check(&u8::MAX, "255");
    check(&u16::MAX, "65535");
    check(&u32::MAX, "4294967295");
    check(&u64::MAX, "18446744073709551615");
    check(&i128::MIN, "-170141183460469231731687303715884105728");
    check(&u128::MAX, "340282366920938463463374607431768211455");
    check(&0.1_f32, "0.1");
    check(&0.1_f64, "0.1");
    check(&f64::NAN, r#""NaN""#);
    check(&'"', r#""\"""#);
    check("text", r#""text""#);
    check(&(), "null");
    check(&Unit, "null");
    check(&None::<i32>, "null");
    check(&Some(Some(1)), "1");
    check(&Newtype(Newtype("in")), r#""in""#);
}

#[test]
fn lists_maps_and_structs_nest() {
    check(&[1, 2][..], "[1,2]");
    check(&Vec::<i32>::new(), "[]");
    check(&(1, "a", None::<i32>), r#"[1,"a",null]"#);
    check(&Pair(-1, "x"), r#"[-1,"x"]"#);
    check(&BTreeMap::<i32, i32>::new(), "{}");
    check(&User { user_id: 7, name: None, roles: vec![] }, r#"{"user_id":7,"name":null}"#);
    check(
        &[User { user_id: 7, name: Some("Ann"), roles: vec![Shape::Unit, Shape::Newtype(None)] }],
        r#"[{"user_id":7,"name":"Ann","roles":["Unit",{"Newtype":null}]}]"#,
    );
}

#[test]
fn a_variant_is_its_name_or_a_map_of_its_name_and_data() {
    check(&Shape::Unit, r#""Unit""#);
    check(&Shape::Newtype(Some(1)), r#"{"Newtype":1}"#);
    check(&Shape::Tuple(1, true), r#"{"Tuple":[1,true]}"#);
    check(&Shape::Struct { side: 1, name: 'n' }, r#"{"Struct":{"side":1,"name":"n"}}"#);
    check(&Ok::<_, ()>([Shape::Unit]), r#"{"Ok":["Unit"]}"#);
}

#[test]
fn bytes_are_a_list_of_numbers() {
    struct Bytes(&'static [u8]);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    check(&Bytes(&[0, 127, 255]), "[0,127,255]");
    check(&[Bytes(&[])], "[[]]");
}

#[test]
fn a_scalar_key_is_its_text() {
    check(&BTreeMap::from([("a \"b\"", 1)]), r#"{"a \"b\"":1}"#);
    check(&BTreeMap::from([(String::new(), 1)]), r#"{"":1}"#);
    check(&BTreeMap::from([(-7_i8, 1)]), r#"{"-7":1}"#);
    check(&BTreeMap::from([(u64::MAX, 1)]), r#"{"18446744073709551615":1}"#);
    check(&BTreeMap::from([(i128::MIN, 1)]), r#"{"-170141183460469231731687303715884105728":1}"#);
    check(&BTreeMap::from([(u128::MAX, 1)]), r#"{"340282366920938463463374607431768211455":1}"#);
    check(&BTreeMap::from([(true, 1)]), r#"{"true":1}"#);
    check(&BTreeMap::from([('é', 1)]), r#"{"é":1}"#);
    check(&BTreeMap::from([((), 1)]), r#"{"null":1}"#);
    check(&BTreeMap::from([(Some("x"), 1), (None, 2)]), r#"{"null":2,"x":1}"#);
    check(&BTreeMap::from([(Newtype(7), 1)]), r#"{"7":1}"#);
    check(&BTreeMap::from([(Shape::Unit, 1)]), r#"{"Unit":1}"#);
    struct Float;
    impl Serialize for Float {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(1.0_f64, 1), (0.1, 2)])
        }
    }
    check(&Float, r#"{"1.0":1,"0.1":2}"#);
}

#[test]
fn a_key_that_is_no_scalar_is_written_out() {
    check(&BTreeMap::from([((1, "a", 'b'), 1)]), r#"{"[1, \"a\", \"b\"]":1}"#);
    check(&BTreeMap::from([(vec![vec![true], vec![]], 1)]), r#"{"[[true], []]":1}"#);
    check(&BTreeMap::from([(Shape::Tuple(1, true), 1)]), r#"{"{\"Tuple\": [1, true]}":1}"#);
    check(
        &BTreeMap::from([(Shape::Struct { side: 1, name: 'n' }, 1)]),
        r#"{"{\"Struct\": {\"side\": 1, \"name\": \"n\"}}":1}"#,
    );
}

#[test]
fn a_value_that_fails_is_marked_as_a_whole() {
    check(&Fails, r#""<serde: no \"way\">""#);
    check(&(1, Fails), r#""<serde: no \"way\">""#);
    check(&BTreeMap::from([("a", Ok(1)), ("b", Err(Some(Newtype(Fails))))]), r#""<serde: no \"way\">""#);
    check(&Newtype(BTreeMap::from([("a", (1, Fails))])), r#""<serde: no \"way\">""#);
    let capture = testing::capture();
    info!("value_written", value = trine::serde(&[Fails]));
    let captured = capture.events()[0].get("value").cloned();
    assert_eq!(captured, Some(OwnedValue::Failed("serde: no \"way\"".into())));
}

#[test]
fn a_value_that_panics_is_marked_as_a_whole() {
    let lines = Lines::take_turn(Delivery::Inline);
    let line = lines.one(|| info!("value_written", value = trine::serde(&[Some((1, Panics))]), next = 1));
    assert_eq!(fields_of(&line, "value_written"), r#","value":"<value panicked: oh>","next":1"#);
}

#[test]
fn a_display_that_fails_is_marked() {
    struct Shown(bool);
    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            if self.0 { Ok(()) } else { Err(fmt::Error) }
        }
    }
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    check(&[Shown(true), Shown(false), Shown(true)], r#"["half","<Display failed>","half"]"#);
}

#[test]
fn keys_and_values_that_do_not_pair_up_are_an_error() {
    let check = |steps: fn(&mut Vec<Step>), json: &str| check(&By(steps), json);
    check(|steps| steps.push(Step::Key("a")), r#""<serde: a key without a value>""#);
    check(|steps| steps.extend([Step::Key("a"), Step::Value(1), Step::Value(2)]), r#"{"a":1}"#);
    check(|steps| steps.extend([Step::Value(1), Step::Key("a"), Step::Value(2)]), r#"{"a":2}"#);
    check(|steps| steps.extend([Step::Key("a"), Step::Key("b"), Step::Value(2)]), r#"{"a":2}"#);
}

#[test]
fn an_entry_that_failed_leaves_nothing_behind() {
    let check = |steps: fn(&mut Vec<Step>), json: &str| check(&By(steps), json);
    check(|steps| steps.extend([Step::BadKey, Step::Key("a"), Step::Value(1)]), r#"{"a":1}"#);
    check(|steps| steps.extend([Step::BadKey, Step::Value(1)]), "{}");
    check(|steps| steps.extend([Step::Key("a"), Step::BadValue, Step::Value(1)]), r#"{"a":1}"#);
    check(|steps| steps.extend([Step::Key("a"), Step::PanickingValue, Step::Value(1)]), r#"{"a":1}"#);
    check(
        |steps| steps.extend([Step::Key("a"), Step::PanickingValue]),
        r#""<serde: a key without a value>""#,
    );

    struct List;
    impl Serialize for List {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(Some(9))?;
            list.serialize_element(&1)?;
            let _ = list.serialize_element(&(2, Fails));
            let _ = catch_unwind(AssertUnwindSafe(|| list.serialize_element(&(3, Panics))));
            list.serialize_element(&4)?;
            let _ = list.serialize_element(&(5, Fails));
            list.end()
        }
    }
    self::check(&List, "[1,4]");

    struct Fields;
    impl Serialize for Fields {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct_variant("Enum", 0, "Variant", 3)?;
            let _ = fields.serialize_field("bad", &(1, Fails));
            fields.serialize_field("good", &1)?;
            let _ = fields.serialize_field("bad", &(1, Fails));
            fields.end()
        }
    }
    self::check(&[Fields], r#"[{"Variant":{"good":1}}]"#);
}

#[test]
fn nesting_is_bounded_as_for_every_value() {
    /// Lists, with as many options and newtypes around each as given, around text.
    struct Deep {
        lists: usize,
        wrappers: usize,
        left: usize,
    }
    impl Serialize for Deep {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let Deep { lists, wrappers, left } = *self;
            match (left, lists) {
                (0, 0) => serializer.serialize_str("bottom"),
                (0, _) => [Deep { lists: lists - 1, wrappers, left: wrappers }].serialize(serializer),
                (_, _) if left % 2 == 0 => {
                    serializer.serialize_some(&Deep { lists, wrappers, left: left - 1 })
                }
                (_, _) => {
                    serializer.serialize_newtype_struct("Deep", &Deep { lists, wrappers, left: left - 1 })
                }
            }
        }
    }
    let deep = |lists, wrappers| Deep { lists, wrappers, left: wrappers };
    let json = |lists: usize, bottom: &str| format!("{}\"{bottom}\"{}", "[".repeat(lists), "]".repeat(lists));
    let check = |value: &Deep, expected: &str| {
        let lines = Lines::take_turn(Delivery::Inline);
        let line = lines.one(|| info!("value_written", value = trine::serde(value), next = 1));
        assert_eq!(fields_of(&line, "value_written"), format!(",\"value\":{expected},\"next\":1"));
    };
    check(&deep(64, 0), &json(64, "bottom"));
    check(&deep(65, 0), &json(64, "<nested too deep>"));
    check(&deep(1_000_000, 0), &json(64, "<nested too deep>"));
    check(&deep(63, 4), &json(63, "bottom"));
    check(&deep(0, 256), &json(0, "bottom"));
    check(&deep(0, 257), &json(0, "<nested too deep>"));
    check(&deep(0, 1_000_000), &json(0, "<nested too deep>"));
    check(&deep(2, 100), &json(2, "<nested too deep>"));
}

#[test]
fn variants_nest_to_the_same_bound() {
    #[derive(Serialize)]
    enum Chain {
        End,
        Newtype(Box<Chain>),
        Tuple(u8, Box<Chain>),
        Struct { next: Box<Chain> },
    }
    let chain = |links: usize, link: fn(Box<Chain>) -> Chain| {
        (0..links).fold(Chain::End, |end, _| link(Box::new(end)))
    };
    let json = |links: usize, open: &str, bottom: &str, close: &str| {
        format!("{}\"{bottom}\"{}", open.repeat(links), close.repeat(links))
    };
    let lines = Lines::take_turn(Delivery::Inline);
    let check = |value: Chain, expected: String| {
        let line = lines.one(|| info!("value_written", value = trine::serde(&value), next = 1));
        assert_eq!(fields_of(&line, "value_written"), format!(",\"value\":{expected},\"next\":1"));
    };
    check(chain(64, Chain::Newtype), json(64, r#"{"Newtype":"#, "End", "}"));
    check(chain(65, Chain::Newtype), json(64, r#"{"Newtype":"#, "<nested too deep>", "}"));
    let tuple = |next| Chain::Tuple(1, next);
    check(chain(32, tuple), json(32, r#"{"Tuple":[1,"#, "End", "]}"));
    check(chain(33, tuple), json(32, r#"{"Tuple":[1,"#, "<nested too deep>", "]}"));
    let fields = |next| Chain::Struct { next };
    check(chain(33, fields), json(32, r#"{"Struct":{"next":"#, "<nested too deep>", "}}"));
    // An odd bound: the map around the data still fits, the data does not.
    let mixed = Chain::Newtype(Box::new(chain(40, fields)));
    let inner = json(31, r#"{"Struct":{"next":"#, "\u{0}", "}}")
        .replace("\"\u{0}\"", r#"{"Struct":"<nested too deep>"}"#);
    check(mixed, format!(r#"{{"Newtype":{inner}}}"#));
}

#[test]
fn numbers_of_any_precision_are_numbers() {
    for digits in [
        "0",
        "-1",
        "18446744073709551615",
        "-170141183460469231731687303715884105728",
        "340282366920938463463374607431768211455",
        "1.5",
        "1e+300",
    ] {
        let value: serde_json::Value = serde_json::from_str(&format!("{{\"n\":[{digits}]}}")).unwrap();
        check(&value, &format!("{{\"n\":[{digits}]}}"));
    }
    let huge: serde_json::Value = serde_json::from_str("[1e400,2]").unwrap();
    check(&huge, r#"["1e+400",2]"#);
    struct Empty;
    impl Serialize for Empty {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_struct("$serde_json::private::Number", 0)?.end()
        }
    }
    check(&[Empty], r#""<serde: a number without digits>""#);
}

#[test]
fn a_captured_event_is_compared_with_a_serde_value() {
    let user = || User { user_id: 7, name: Some("Ann"), roles: vec![] };
    let capture = testing::capture();
    info!("user_login", user = trine::serde(&user()));
    let event = assert_event!(capture, "user_login", user = trine::serde(&user()));
    let entries =
        vec![("user_id".into(), OwnedValue::Int(7)), ("name".into(), OwnedValue::Text("Ann".into()))];
    assert_eq!(event.get("user"), Some(&OwnedValue::Map(entries)));
}

/// What JSON can hold, serialized as serde_json does it without `arbitrary_precision`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Json {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

fn any_json() -> impl Strategy<Value = Json> {
    let finite =
        any::<u64>().prop_map(f64::from_bits).prop_filter("JSON has finite floats", |v| v.is_finite());
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::I64),
        any::<u64>().prop_map(Json::U64),
        finite.prop_map(Json::F64),
        any::<String>().prop_map(Json::Text),
    ];
    leaf.prop_recursive(8, 64, 6, |json| {
        prop_oneof![
            vec(json.clone(), 0..6).prop_map(Json::List),
            prop::collection::btree_map(any::<String>(), json, 0..6).prop_map(Json::Map),
        ]
    })
}

/// True when what was read is what was written; numbers are compared as what they are, not as they are spelled.
fn is_same(written: &Json, read: &serde_json::Value) -> bool {
    match written {
        Json::Null => read.is_null(),
        Json::Bool(v) => read.as_bool() == Some(*v),
        Json::I64(v) => read.as_i64() == Some(*v),
        Json::U64(v) => read.as_u64() == Some(*v),
        Json::F64(v) => read.as_f64().map(f64::to_bits) == Some(v.to_bits()),
        Json::Text(v) => read.as_str() == Some(v),
        Json::List(items) => read.as_array().is_some_and(|read| {
            read.len() == items.len() && items.iter().zip(read).all(|(item, read)| is_same(item, read))
        }),
        Json::Map(entries) => read.as_object().is_some_and(|read| {
            read.len() == entries.len()
                && entries.iter().all(|(key, value)| read.get(key).is_some_and(|read| is_same(value, read)))
        }),
    }
}

#[test]
fn any_json_reads_back() {
    let lines = Lines::take_turn(Delivery::Inline);
    proptest!(|(json in any_json())| {
        let line = lines.one(|| info!("value_written", value = trine::serde(&json), next = 1));
        let read: serde_json::Value = match serde_json::from_str(&line) {
            Ok(read) => read,
            Err(error) => return Err(TestCaseError::fail(format!("{error} in {line}"))),
        };
        prop_assert!(is_same(&json, &read["value"]), "{line}");
        prop_assert_eq!(&read["next"], 1);
        // And what was read, whose numbers travel as a struct, is written as the same line again.
        let again = lines.one(|| info!("value_written", value = trine::serde(&read["value"]), next = 1));
        let reread: serde_json::Value = serde_json::from_str(&again).expect("a line is JSON");
        prop_assert_eq!(&reread["value"], &read["value"]);
    });
}

#[test]
fn secrets_inside_are_masked_by_type_key_and_form() {
    #[derive(Serialize, serde::Deserialize)]
    struct Login {
        user: String,
        pin: trine::Secret<u32>,
        headers: BTreeMap<String, String>,
        note: String,
    }
    let text = r#"{"user":"alice","pin":1234,"headers":{"X-Api-Key":"hush"},"note":"password=hush"}"#;
    let login: Login = serde_json::from_str(text).unwrap();
    assert_eq!(*login.pin.expose(), 1234);
    check(&[login], r#"[{"user":"alice","pin":"***","headers":{"X-Api-Key":"***"},"note":"password=***"}]"#);
}
