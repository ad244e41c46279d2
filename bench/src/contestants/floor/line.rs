//! Renders the workload's JSON line, append only.

use super::stamp::Stamp;
use crate::workload::{Bound, Request, Wide};

/// More than any line of the workloads needs, so that one reservation per line is the only growth.
pub const LINE_BYTES_MAX: usize = 2048;

/// Bytes that JSON wants escaped: control characters, the quote and the backslash.
static ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Appends `text` as the inside of a JSON string.
#[inline]
pub fn escape(line: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if ESCAPED[byte as usize] {
            line.extend_from_slice(&bytes[done..at]);
            escape_byte(line, byte);
            done = at + 1;
        }
    }
    line.extend_from_slice(&bytes[done..]);
}

#[cold]
fn escape_byte(line: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            line.extend_from_slice(b"\\u00");
            line.extend_from_slice(&[HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]);
            return;
        }
    };
    line.extend_from_slice(&[b'\\', short]);
}

/// Appends the part of the line that W1, W2 and W4 share: from the name to `duration_ms`.
#[inline]
pub fn request(line: &mut Vec<u8>, endpoint: &str, method: &str, id: &str, status: i64, duration_ms: f64) {
    line.reserve(LINE_BYTES_MAX);
    line.extend_from_slice(b"{\"event\":\"api_request_completed\",\"endpoint\":\"");
    escape(line, endpoint);
    line.extend_from_slice(b"\",\"method\":\"");
    escape(line, method);
    line.extend_from_slice(b"\",\"request_id\":\"");
    escape(line, id);
    line.extend_from_slice(b"\",\"status_code\":");
    line.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    line.extend_from_slice(b",\"duration_ms\":");
    line.extend_from_slice(zmij::Buffer::new().format_finite(duration_ms).as_bytes());
}

/// [`request`] for the row of a workload.
#[inline]
pub fn row(line: &mut Vec<u8>, r: &Request) {
    request(line, r.endpoint, r.method, r.request_id, r.status_code, r.duration_ms);
}

/// Appends the seven further fields of W4.
#[inline]
pub fn wide(line: &mut Vec<u8>, wide: &Wide) {
    line.extend_from_slice(b",\"detail\":\"");
    escape(line, wide.detail);
    line.extend_from_slice(b"\",\"tags\":");
    let mut comma = b'[';
    for tag in wide.tags {
        line.extend_from_slice(&[comma, b'"']);
        escape(line, tag);
        line.push(b'"');
        comma = b',';
    }
    line.extend_from_slice(b"],\"geo\":");
    let mut comma = b'{';
    for (key, value) in &wide.geo {
        line.extend_from_slice(&[comma, b'"']);
        escape(line, key);
        line.extend_from_slice(b"\":\"");
        escape(line, value);
        line.push(b'"');
        comma = b',';
    }
    line.extend_from_slice(b"},\"cached\":");
    line.extend_from_slice(if wide.cached { b"true" } else { b"false" });
    match wide.parent_id {
        None => line.extend_from_slice(b",\"parent_id\":null"),
        Some(id) => {
            line.extend_from_slice(b",\"parent_id\":\"");
            escape(line, id);
            line.push(b'"');
        }
    }
    line.extend_from_slice(b",\"bytes_out\":");
    line.extend_from_slice(itoa::Buffer::new().format(wide.bytes_out).as_bytes());
    line.extend_from_slice(b",\"user_agent\":\"");
    escape(line, wide.user_agent);
    line.push(b'"');
}

/// The context as the fragment that every line repeats: serialised once, when it is bound.
pub fn context(bound: &Bound) -> Vec<u8> {
    let mut fragment = Vec::new();
    for (key, value) in [("service", bound.service), ("region", bound.region), ("version", bound.version)] {
        fragment.extend_from_slice(b",\"");
        escape(&mut fragment, key);
        fragment.extend_from_slice(b"\":\"");
        escape(&mut fragment, value);
        fragment.push(b'"');
    }
    fragment
}

/// Appends time, level and the end of the line.
#[inline]
pub fn tail(line: &mut Vec<u8>, stamp: &mut Stamp, cycles: u64) {
    line.extend_from_slice(b",\"timestamp\":\"");
    line.extend_from_slice(stamp.render(cycles));
    line.extend_from_slice(b"\",\"level\":\"info\"}\n");
}
