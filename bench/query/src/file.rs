//! Whole scans: a file, plain and compressed, with one worker and two.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process,
};

use trine_query::scan::{
    input::{Input, Options, scan},
    line::Line,
};

use crate::Contestant;

/// Bytes of a frame of the file that has several.
const FRAME_BYTES: usize = 4 << 20;

/// The same lines in several files, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(text: &[u8]) -> Folder {
        let folder = env::temp_dir().join(format!("trine-bench-query-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        let write =
            |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("room for temporary files");
        write("plain", text);
        let frames = |bytes: usize| {
            text.chunks(bytes).flat_map(|part| zstd::encode_all(part, 3).expect("memory")).collect::<Vec<_>>()
        };
        write("one-frame", &frames(text.len()));
        write("frames", &frames(FRAME_BYTES));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).expect("memory");
        write("gzip", &gzip.finish().expect("memory"));
        Folder(folder)
    }

    pub(crate) fn contestants(&self) -> Vec<Contestant> {
        let mut all = Vec::new();
        let mut add = |name, file: &str, threads| {
            let path = self.0.join(file);
            all.push(Contestant {
                question: "names of a file",
                name,
                run: Box::new(move || names(&path, threads)),
            });
        };
        add("plain, 1 worker", "plain", 1);
        add("plain, 2 workers", "plain", 2);
        add("zstd frames, 1 worker", "frames", 1);
        add("zstd frames, 2 workers", "frames", 2);
        add("zstd one frame, 1 worker", "one-frame", 1);
        add("zstd one frame, 2 workers", "one-frame", 2);
        add("gzip, 1 worker", "gzip", 1);
        add("gzip, 2 workers", "gzip", 2);
        all
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(path: &Path, threads: usize) -> u64 {
    let input = Input::files([path.to_owned()]);
    let options = Options { threads, ..Options::default() };
    let outcome = scan(
        &input,
        &options,
        || 0,
        |sum, block| {
            *sum += block
                .lines()
                .map(|line| Line::new(line).name_in_front().map_or(0, <[u8]>::len) as u64)
                .sum::<u64>();
        },
    );
    assert!(outcome.report.troubles.is_empty(), "{:?}", outcome.report.troubles);
    outcome.states.iter().sum()
}
