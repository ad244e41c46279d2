//! The file of events: made anew before, looked at afterwards.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
};

/// What stands in the file.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// One line for each of [`SAMPLES`], where there is one.
    pub(crate) samples: [Option<String>; 3],
}

/// What the sample lines are of.
const SAMPLES: [&str; 3] = ["payment_charge_started", "shipping_create_failed", "order_fulfill_completed"];
/// Large reads: the file has hundreds of megabytes.
const BUFFER_BYTES: usize = 1 << 20;

/// Makes an empty file, and the directories to it.
///
/// Errors: a sentence for the user. What is no file (a device, a pipe) is refused, for it cannot be read again.
pub(crate) fn create(path: &Path) -> Result<(), String> {
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return Err(format!(
            "`{}` is no file; allowed: a file, or a path where there is none",
            path.display()
        ));
    }
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| File::create(path).map(drop))
        .map_err(|error| format!("cannot create `{}`: {error}", path.display()))
}

/// Reads the whole file.
pub(crate) fn examine(path: &Path) -> io::Result<Contents> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let mut contents = Contents { lines: 0, bytes: 0, samples: [const { None }; 3] };
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        contents.bytes += line.len() as u64;
        contents.lines += u64::from(line.ends_with(b"\n"));
        contents.keep_sample(&line);
        line.clear();
    }
    Ok(contents)
}

impl Contents {
    fn keep_sample(&mut self, line: &[u8]) {
        for (sample, name) in self.samples.iter_mut().zip(SAMPLES).filter(|(sample, _)| sample.is_none()) {
            let line = String::from_utf8_lossy(line);
            if line.contains(name) {
                *sample = Some(line.trim_end().to_owned());
            }
        }
    }
}
