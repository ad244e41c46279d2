//! What a program writes into a pipe, as it comes.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use trine_query::scan::input::LINE_BYTES_MAX;

/// What stands for the standard input.
pub(super) const STDIN: &str = "-";
/// Read at once.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces that wait while others are shown; with more, whoever writes waits.
const PIECES_MAX: usize = 16;

/// The standard input, read by a thread of its own: what is told each second does not wait for the next line.
pub(super) struct Piped {
    pieces: Receiver<io::Result<Vec<u8>>>,
    /// The beginning of a line that has not ended.
    carried: Vec<u8>,
    has_ended: bool,
}

impl Piped {
    pub(super) fn begin() -> Piped {
        let (sender, pieces) = sync_channel(PIECES_MAX);
        thread::spawn(move || read(&sender));
        Piped { pieces, carried: Vec::new(), has_ended: false }
    }

    /// Whole lines that came: none within `wait` where none did. `None` once there are no more.
    ///
    /// The last line may lack its line feed; one of more than [`LINE_BYTES_MAX`] is cut there, and then no event.
    pub(super) fn lines(&mut self, wait: Duration) -> Option<io::Result<Vec<u8>>> {
        if self.has_ended {
            return None;
        }
        match self.pieces.recv_timeout(wait) {
            Ok(Ok(piece)) => {
                let end = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                let mut lines = Vec::new();
                if end > 0 || self.carried.len() > LINE_BYTES_MAX {
                    lines = std::mem::take(&mut self.carried);
                    lines.extend_from_slice(&piece[..end]);
                }
                self.carried.extend_from_slice(&piece[end..]);
                Some(Ok(lines))
            }
            Ok(Err(error)) => Some(Err(error)),
            Err(RecvTimeoutError::Timeout) => Some(Ok(Vec::new())),
            Err(RecvTimeoutError::Disconnected) => {
                self.has_ended = true;
                Some(Ok(std::mem::take(&mut self.carried)))
            }
        }
    }
}

fn read(sender: &SyncSender<io::Result<Vec<u8>>>) {
    let mut input = io::stdin().lock();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match input.read(&mut piece) {
            Ok(0) => return,
            Ok(length) => Ok(piece[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_over = read.is_err();
        if sender.send(read).is_err() || is_over {
            return;
        }
    }
}
