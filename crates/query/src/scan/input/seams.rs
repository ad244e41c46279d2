//! Lines that lie across two runs of frames, whose halves two workers found.

use std::mem;

/// What the workers left over of one source's runs.
#[derive(Debug)]
pub(super) struct Seams {
    pieces: Vec<Option<Piece>>,
    missing: usize,
}

/// What is left over of one run.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Up to the first line feed; all of the run when it has none.
    pub(super) head: Vec<u8>,
    /// Behind the last line feed.
    pub(super) tail: Option<Vec<u8>>,
}

impl Seams {
    pub(super) fn new(runs: usize) -> Seams {
        Seams { pieces: vec![None; runs], missing: runs }
    }

    /// Puts one run's left-overs in; when they are the last, gives all the lines across, each with the run before which it ends.
    pub(super) fn put(&mut self, run: usize, piece: Piece) -> Option<Vec<(usize, Vec<u8>)>> {
        self.pieces[run] = Some(piece);
        self.missing -= 1;
        if self.missing > 0 {
            return None;
        }
        let mut lines = Vec::new();
        let mut line = Vec::new();
        let runs = self.pieces.len();
        for (run, piece) in mem::take(&mut self.pieces).into_iter().flatten().enumerate() {
            line.extend_from_slice(&piece.head);
            if let Some(tail) = piece.tail {
                lines.push((run, mem::replace(&mut line, tail)));
            }
        }
        lines.push((runs, line));
        lines.retain(|(_, line)| !line.is_empty());
        Some(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(head: &str, tail: Option<&str>) -> Piece {
        Piece { head: head.into(), tail: tail.map(Into::into) }
    }

    #[test]
    fn halves_are_joined_once_all_are_there() {
        let mut seams = Seams::new(4);
        assert_eq!(seams.put(2, piece("middle", None)), None);
        assert_eq!(seams.put(0, piece("first\n", Some("be"))), None);
        assert_eq!(seams.put(3, piece("end\n", Some("rest"))), None);
        let lines = seams.put(1, piece("gin\n", Some(""))).unwrap();
        let lines: Vec<_> = lines.iter().map(|(run, line)| (*run, str::from_utf8(line).unwrap())).collect();
        assert_eq!(lines, [(0, "first\n"), (1, "begin\n"), (3, "middleend\n"), (4, "rest")]);
    }
}
