//! How the bytes of a source are packed: told by its first bytes, not by its name.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::trouble::TroubleKind;

/// How the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Gzip,
    Zstd,
    /// Not packed, and not ours to read.
    Utf16,
}

/// Bytes that tell the form.
pub(super) const MAGIC_BYTES: usize = 4;

impl Form {
    pub(super) fn of(begin: &[u8]) -> Form {
        match begin {
            [0x1f, 0x8b, ..] => Form::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Form::Zstd,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Form::Utf16,
            _ => Form::Plain,
        }
    }

    /// What is wrong when its bytes cannot be read.
    pub(super) fn trouble(self) -> TroubleKind {
        match self {
            Form::Plain | Form::Utf16 => TroubleKind::Unreadable,
            Form::Gzip | Form::Zstd => TroubleKind::Damaged,
        }
    }

    /// A reader of the bytes that were packed.
    pub(super) fn unpack<'a>(self, packed: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Form::Plain | Form::Utf16 => Box::new(packed),
            Form::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Form::Zstd => Box::new(zstd_decoder(packed)?),
        })
    }
}

/// Any window that zstd can write: `--long=31`, two gibibytes. The default bound is 128 MiB, and files beyond it would be refused.
const ZSTD_WINDOW_LOG_MAX: u32 = 31;

pub(super) fn zstd_decoder<'a, R: Read>(packed: R) -> io::Result<zstd::Decoder<'a, io::BufReader<R>>> {
    let mut decoder = zstd::Decoder::new(packed)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// Reads the bytes that tell the form; gives them back together with the rest. `go_on` is asked when a read was interrupted by a signal:
/// a pipe may keep us waiting here.
pub(super) fn peek<R: Read>(
    mut reader: R,
    go_on: &dyn Fn() -> bool,
) -> io::Result<(Form, impl Read + use<R>)> {
    let mut begin = [0; MAGIC_BYTES];
    let mut filled = 0;
    while filled < MAGIC_BYTES {
        match reader.read(&mut begin[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read.min(MAGIC_BYTES - filled),
            Err(error) if error.kind() == io::ErrorKind::Interrupted && go_on() => {}
            Err(error) => return Err(error),
        }
    }
    let form = Form::of(&begin[..filled]);
    Ok((form, io::Cursor::new(begin).take(filled as u64).chain(reader)))
}
