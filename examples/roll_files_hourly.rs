//! How do I keep log files from growing without end?
//!
//! Closed files are compressed with `--features gzip` (or `zstd`); without, they stay as they are.
use std::time::Duration;

use trine::{
    Output, info,
    sink::file::{Compression, Every, FileSink},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() -> std::io::Result<()> {
    let file = FileSink::new("logs/rolling/app.jsonl")
        .create_directory(true)
        .rotate_every(Every::Hour) // at every full hour, UTC,
        .rotate_bytes(16 << 10) // and before it is larger than this; 100 << 20 would be usual.
        .keep_files(5) // Of the closed files, the newest five stay,
        .keep_age(7 * DAY) // none for longer than a week,
        .keep_bytes(1 << 30) // and together no more than a gibibyte.
        .compress(if cfg!(feature = "gzip") { Compression::Gzip } else { Compression::None });
    trine::setup().output(Output::to(file)).start();

    for item_id in 0..1000 {
        info!("item_process_completed", item_id, queue = "imports");
    }
    trine::flush(Duration::from_secs(5)); // Waits for the events, not for the compression.

    let mut files: Vec<_> = std::fs::read_dir("logs/rolling")?.collect::<Result<_, _>>()?;
    files.sort_by_key(|file| file.file_name());
    for file in files {
        println!("{:>6} bytes  {}", file.metadata()?.len(), file.path().display());
    }
    Ok(())
}
