//! An event as a line for people.

use trine_model::{Level, NameParts};
use trine_query::{
    events::{Event, each_field},
    scan::{foreign::Format, line::Kind, time},
};

use crate::render::{Screen, clean, pad_right};

/// Columns of the level: `critical`.
const LEVEL_COLUMNS: usize = 8;
/// Columns of the name, so that fields are below each other as a rule.
const NAME_COLUMNS: usize = 28;

/// Writes an event: time of day, level, name, fields.
pub(super) fn write(event: &Event<'_>, format: &Format, screen: &Screen, out: &mut Vec<u8>) {
    let style = screen.style;
    let time = event.time_ns.map(time::to_text);
    let time = time.as_ref().map_or("-".into(), |time| String::from_utf8_lossy(&time[11..23]));
    let level = event.fields.first().copied().flatten().map_or(Some(Level::Info), |raw| format.level_of(raw));
    let level_text = level.map_or("?", Level::as_str);
    let level_text = pad_right(level_text, LEVEL_COLUMNS);
    let name = pad_right(&clean(event.name), NAME_COLUMNS);
    let mut line = style.faint(&time);
    line.push_str("  ");
    line.push_str(&level.map_or(level_text.clone(), |level| style.level(level, &level_text)));
    line.push_str("  ");
    line.push_str(&style.role(NameParts::of(event.name).role(), &style.bold(&name)));
    let mut buffer = String::new();
    each_field(event.line, format, &mut |key, raw| {
        if format.level.contains(&key) || format.time.contains(&key) {
            return;
        }
        let value = match raw.text(&mut buffer) {
            Some(text) if needs_quotes(text) => format!("{text:?}"),
            Some(text) => clean(text),
            None if raw.kind() == Kind::Text => return,
            None => clean(&String::from_utf8_lossy(raw.bytes())),
        };
        line.push_str("  ");
        line.push_str(&style.faint(&format!("{}=", clean(key))));
        line.push_str(&value);
    });
    out.extend_from_slice(line.trim_end().as_bytes());
    out.push(b'\n');
}

/// Whether a text is told from what is around it only by quotes.
fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains([' ', '"', '='])
}
