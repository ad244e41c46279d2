//! The strict judgement of a whole line, as RFC 8259 has it.

use super::{
    broken::{Broken, Problem},
    number,
    skip::{self, DEPTH_MAX},
    text,
};

/// Which of the open lists and maps are maps, outermost first.
struct Open {
    maps: [u64; DEPTH_MAX / 64],
    depth: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Value,
    FirstItem,
    FirstKey,
    Key,
    Behind,
}

/// Judges a line; it must be one object, and nothing else but white space.
pub(super) fn line(bytes: &[u8]) -> Result<(), Broken> {
    let begin = skip::blank(bytes, 0);
    match bytes.get(begin) {
        Some(b'{') => {}
        Some(_) => return Err(Problem::NotAnObject.at(begin)),
        None => return Err(Problem::Empty.at(begin)),
    }
    if let Err(error) = str::from_utf8(bytes) {
        return Err(Problem::NotUtf8.at(error.valid_up_to()));
    }
    let mut open = Open { maps: [0; DEPTH_MAX / 64], depth: 0 };
    let mut expected = Expected::Value;
    let mut at = begin;
    loop {
        at = skip::blank(bytes, at);
        if open.depth == 0 && expected == Expected::Behind {
            return if at == bytes.len() { Ok(()) } else { Err(Problem::Trailing.at(at)) };
        }
        let Some(&byte) = bytes.get(at) else { return Err(Problem::Cut.at(at)) };
        (at, expected) = match (expected, byte) {
            (Expected::FirstItem, b']') | (Expected::FirstKey, b'}') => (open.close(at), Expected::Behind),
            (Expected::Behind, b']') if !open.is_map() => (open.close(at), Expected::Behind),
            (Expected::Behind, b'}') if open.is_map() => (open.close(at), Expected::Behind),
            (Expected::Behind, b',') => (at + 1, if open.is_map() { Expected::Key } else { Expected::Value }),
            (Expected::Behind, _) => return Err(Problem::NoComma.at(at)),
            (Expected::FirstKey | Expected::Key, b'"') => {
                let colon = skip::blank(bytes, string(bytes, at)?);
                match bytes.get(colon) {
                    Some(b':') => (colon + 1, Expected::Value),
                    Some(_) => return Err(Problem::NoColon.at(colon)),
                    None => return Err(Problem::Cut.at(colon)),
                }
            }
            (Expected::FirstKey | Expected::Key, _) => return Err(Problem::NoKey.at(at)),
            (_, b'{') => (open.open(at, true)?, Expected::FirstKey),
            (_, b'[') => (open.open(at, false)?, Expected::FirstItem),
            (_, b'"') => (string(bytes, at)?, Expected::Behind),
            _ => (scalar(bytes, at)?, Expected::Behind),
        };
    }
}

impl Open {
    fn open(&mut self, at: usize, is_map: bool) -> Result<usize, Broken> {
        if self.depth == DEPTH_MAX {
            return Err(Problem::TooDeep.at(at));
        }
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        self.maps[word] = if is_map { self.maps[word] | bit } else { self.maps[word] & !bit };
        self.depth += 1;
        Ok(at + 1)
    }

    fn close(&mut self, at: usize) -> usize {
        self.depth -= 1;
        at + 1
    }

    fn is_map(&self) -> bool {
        let last = self.depth - 1;
        self.maps[last / 64] >> (last % 64) & 1 == 1
    }
}

/// Just behind the text that begins at `at`.
fn string(bytes: &[u8], at: usize) -> Result<usize, Broken> {
    let Some((end, escaped)) = skip::text(bytes, at + 1) else { return Err(Problem::Cut.at(bytes.len())) };
    let inside = &bytes[at + 1..end];
    if let Some(control) = inside.iter().position(|byte| *byte < 0x20) {
        return Err(Problem::BadControl.at(at + 1 + control));
    }
    match escaped.then(|| text::bad_escape(inside)).flatten() {
        Some(bad) => Err(Problem::BadEscape.at(at + 1 + bad)),
        None => Ok(end + 1),
    }
}

/// Just behind the number or word that begins at `at`.
fn scalar(bytes: &[u8], at: usize) -> Result<usize, Broken> {
    let raw = skip::value(bytes, at)?.bytes();
    match raw[0] {
        b'-' | b'0'..=b'9' if raw.is_ascii() && number::read(raw).is_some() && raw != b"-Infinity" => {}
        b'-' | b'0'..=b'9' => return Err(Problem::BadNumber.at(at)),
        _ if matches!(raw, b"true" | b"false" | b"null") => {}
        _ => return Err(Problem::BadWord.at(at)),
    }
    Ok(at + raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: Result<(), (Problem, usize)>) {
        let found = line(text).map_err(|broken| (broken.problem, broken.at));
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn good_lines_are_good() {
        for text in [
            r#"{}"#,
            " {\t} \r",
            r#"{"a":1}"#,
            r#"{"a" : [ ] , "b" : { } , "c" : [ 1 , "x" , null ] }"#,
            r#"{"a":"\ud800","a":-0.5e-3,"é":"\/"}"#,
        ] {
            check(text.as_bytes(), Ok(()));
        }
    }

    #[test]
    fn each_problem_is_named_and_placed() {
        for (text, problem, at) in [
            ("", Problem::Empty, 0),
            (" \t", Problem::Empty, 2),
            ("INFO started", Problem::NotAnObject, 0),
            ("[1]", Problem::NotAnObject, 0),
            ("{", Problem::Cut, 1),
            (r#"{"a"#, Problem::Cut, 3),
            (r#"{"a":1"#, Problem::Cut, 6),
            (r#"{"a":[1"#, Problem::Cut, 7),
            (r#"{"a":"x\"#, Problem::Cut, 8),
            (r#"{a:1}"#, Problem::NoKey, 1),
            (r#"{"a":1,}"#, Problem::NoKey, 7),
            (r#"{"a" 1}"#, Problem::NoColon, 5),
            (r#"{"a":}"#, Problem::NoValue, 5),
            (r#"{"a":[1,]}"#, Problem::NoValue, 8),
            (r#"{"a":1 "b":2}"#, Problem::NoComma, 7),
            (r#"{"a":[1}}"#, Problem::NoComma, 7),
            (r#"{"a":{"b":1]}"#, Problem::NoComma, 11),
            (r#"{"a":1} x"#, Problem::Trailing, 8),
            (r#"{"a":1}{"#, Problem::Trailing, 7),
            (r#"{"a":01}"#, Problem::BadNumber, 5),
            (r#"{"a":-Infinity}"#, Problem::BadNumber, 5),
            (r#"{"a":NaN}"#, Problem::BadWord, 5),
            (r#"{"a":tru}"#, Problem::BadWord, 5),
            (r#"{"a":"\x"}"#, Problem::BadEscape, 6),
            ("{\"a\":\"\t\"}", Problem::BadControl, 6),
        ] {
            check(text.as_bytes(), Err((problem, at)));
        }
        check(b"{\"a\":\"\xff\"}", Err((Problem::NotUtf8, 6)));
    }

    #[test]
    fn nesting_is_allowed_up_to_the_bound() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        check(nested(DEPTH_MAX - 1).as_bytes(), Ok(()));
        check(nested(DEPTH_MAX).as_bytes(), Err((Problem::TooDeep, 5 + DEPTH_MAX - 1)));
        check(nested(1_000_000).as_bytes(), Err((Problem::TooDeep, 5 + DEPTH_MAX - 1)));
    }
}
