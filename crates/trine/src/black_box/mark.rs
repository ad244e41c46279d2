//! Lines that another run had rendered, marked as recovered: for outputs that cannot be read, which may have had them.

/// What stands before the end of a line, by format, and what is put before it.
const TAILS: [(&[u8], &[u8]); 2] =
    [(b",\"timestamp\":\"", b",\"recovered\":true"), (b" timestamp=", b" recovered=true")];

/// The same lines with a field `recovered`, where their format is one of ours that programs read.
pub(super) fn lines(lines: &[u8]) -> Vec<u8> {
    let mut marked = Vec::with_capacity(lines.len() + lines.len() / 8);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let found = TAILS.iter().find_map(|(tail, mark)| {
            let at = line.windows(tail.len()).rposition(|window| window == *tail)?;
            Some((at, *mark))
        });
        let (at, mark) = found.unwrap_or((line.len(), b""));
        marked.extend_from_slice(&line[..at]);
        marked.extend_from_slice(mark);
        marked.extend_from_slice(&line[at..]);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn the_mark_is_the_last_field() {
        let json = br#"{"event":"a_b","x":",\"timestamp\":\"","timestamp":"2025-10-24T10:00:00.123456Z","level":"info"}"#;
        let marked = String::from_utf8(lines(json)).unwrap();
        assert!(
            marked
                .ends_with(r#","recovered":true,"timestamp":"2025-10-24T10:00:00.123456Z","level":"info"}"#)
        );
        let logfmt = b"event=a_b timestamp=2025-10-24T10:00:00.123456Z level=info\n";
        assert_eq!(
            lines(logfmt),
            b"event=a_b recovered=true timestamp=2025-10-24T10:00:00.123456Z level=info\n"
        );
        assert_eq!(lines(b"of another form\n"), b"of another form\n");
    }
}
