//! The language and the engine: any text is a question or a mistake with a place; a question reads back from its canonical text, and has
//! an answer over any log.
//!
//! The first line of the input is the question, the rest is the log.

use std::io::Cursor;

use trine_query::{
    engine::{Settings, ask},
    lang::parse,
    scan::input::Input,
};

/// See the module.
pub fn run(data: &[u8]) {
    let (question, log) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b""[..]),
    };
    let question = String::from_utf8_lossy(question);
    match parse(&question) {
        Ok(query) => {
            let canonical = query.to_string();
            match parse(&canonical) {
                Ok(again) => assert_eq!(again, query, "{question} as {canonical}"),
                Err(error) => panic!("{question} as {canonical}: {error}"),
            }
        }
        Err(error) => {
            assert!(error.at() <= question.len() && !error.to_string().is_empty());
            return;
        }
    }
    let input = Input::reader("log", Cursor::new(log.to_owned()));
    let settings = Settings { threads: 1, memory_bytes: 16 << 20, now_ns: 0, ..Settings::default() };
    if let Ok(answer) = ask(&question, &input, &settings) {
        assert!(answer.rows.iter().all(|row| row.len() == answer.columns.len()));
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&answer.json()).is_ok() || !log.is_ascii());
    }
}
