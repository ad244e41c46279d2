//! Where the frames of a zstd file begin: their headers and those of their blocks are read, nothing is decoded.
//!
//! Frames are independent, so runs of them are decoded in parallel.
//!
//! Source: RFC 8878, "Zstandard Compression and the 'application/zstd' Media Type", section 3.1.

use std::{fs::File, io};

use super::range::fill_at;

/// A run of frames that is decoded as one has at least so many bytes: some megabytes of lines, so that setting up a decoder
/// (about 20 us) is nothing, and the seams between runs are few.
const RUN_BYTES_MIN: u64 = 512 << 10;

const MAGIC: u32 = 0xfd2f_b528;
const SKIPPABLE: u32 = 0x184d_2a50;
/// Longest header of a frame: magic, descriptor, window, dictionary, size.
const HEADER_BYTES_MAX: usize = 4 + 1 + 1 + 4 + 8;
/// Blocks of the first frame that are looked at before it is taken for the only one: a frame without an end in sight is one stream,
/// and finding its end would cost a read per block for nothing.
const FIRST_FRAME_BLOCKS_MAX: usize = 4_096;

/// The runs of frames of a file, as `begin..end`; a single one where there is nothing to be had from more.
///
/// Damage ends the walk: what is left is the last run, and whoever decodes it meets the damage.
pub(super) fn runs(file: &File, length: u64) -> Vec<(u64, u64)> {
    let mut runs = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < length {
        let blocks_max = if at == 0 { FIRST_FRAME_BLOCKS_MAX } else { usize::MAX };
        match frame_end(file, at, blocks_max) {
            Ok(Some(end)) if end <= length && end > at => at = end,
            _ => break,
        }
        if at - begin >= RUN_BYTES_MIN {
            runs.push((begin, at));
            begin = at;
        }
    }
    if begin < length {
        runs.push((begin, length));
    }
    runs
}

/// Just behind the frame that begins here; `None` where there is none, or its blocks are too many.
fn frame_end(file: &File, begin: u64, blocks_max: usize) -> io::Result<Option<u64>> {
    let mut header = [0; HEADER_BYTES_MAX];
    let read = fill_at(file, &mut header, begin)?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if read >= 8 && word(0) & 0xffff_fff0 == SKIPPABLE {
        return Ok(Some(begin + 8 + u64::from(word(4))));
    }
    if read < 6 || word(0) != MAGIC {
        return Ok(None);
    }
    let descriptor = header[4];
    let is_single = descriptor >> 5 & 1 == 1;
    let size_bytes = match descriptor >> 6 {
        0 => u64::from(is_single),
        bits => 1 << bits,
    };
    let dictionary_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let checksum_bytes = if descriptor >> 2 & 1 == 1 { 4 } else { 0 };
    let mut at = begin + 5 + u64::from(!is_single) + dictionary_bytes + size_bytes;
    for _ in 0..blocks_max {
        let mut block = [0; 3];
        if fill_at(file, &mut block, at)? < 3 {
            return Ok(None);
        }
        let block = u32::from_le_bytes([block[0], block[1], block[2], 0]);
        let is_repeated = block >> 1 & 3 == 1;
        at += 3 + if is_repeated { 1 } else { u64::from(block >> 3) };
        if block & 1 == 1 {
            return Ok(Some(at + checksum_bytes));
        }
    }
    Ok(None)
}
