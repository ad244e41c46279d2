//! The same on the real disk, where it could differ.

use super::super::{Every, FileSink, Sink};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory of its own for each test, deleted afterwards.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trine-file-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn names(&self) -> Vec<PathBuf> {
        names_in(&self.0)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names_in(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn lines_are_appended_and_files_roll() {
    let directory = Directory::new();
    let path = directory.0.join("deep/er/app.jsonl");
    let sink =
        FileSink::new(&path).create_directory(true).rotate_bytes(8).rotate_every(Every::Day).sync(true);
    sink.write(b"111\n222\n333\n").unwrap();
    sink.flush().unwrap();
    sink.tick().unwrap();
    let names = names_in(path.parent().unwrap());
    assert_eq!(names.iter().map(|path| text(path)).collect::<Vec<_>>(), ["111\n222\n", "333\n"]);
    assert_eq!(names[1], path);
}

#[test]
fn a_crash_within_a_line_is_noticed_on_the_real_disk_too() {
    let directory = Directory::new();
    let path = directory.0.join("app.jsonl");
    fs::write(&path, "hal").unwrap();
    FileSink::new(&path).write(b"1\n").unwrap();
    FileSink::new(&path).write(b"2\n").unwrap();
    assert_eq!(text(&path), "hal\n1\n2\n");
}

#[test]
fn a_path_that_cannot_be_opened_is_named() {
    let directory = Directory::new();
    let error = FileSink::new(directory.0.join("missing/app.jsonl")).write(b"1\n").unwrap_err();
    assert_eq!((error.written, error.source.kind()), (0, ErrorKind::NotFound));
    assert!(error.source.to_string().ends_with("missing` does not exist"), "{}", error.source);
    let error = FileSink::new(&directory.0).flush().unwrap_err();
    assert!(error.to_string().contains(directory.0.to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_moved_away_is_reopened_by_the_tick() {
    let directory = Directory::new();
    let (path, moved) = (directory.0.join("app.jsonl"), directory.0.join("app.old"));
    let sink = FileSink::new(&path);
    sink.write(b"1\n").unwrap();
    fs::rename(&path, &moved).unwrap();
    sink.tick().unwrap();
    sink.write(b"2\n").unwrap();
    assert_eq!((text(&moved), text(&path)), ("1\n".into(), "2\n".into()));
    fs::remove_file(&path).unwrap();
    sink.request_reopen();
    sink.write(b"3\n").unwrap();
    assert_eq!(text(&path), "3\n");
}

#[cfg(unix)]
#[test]
fn new_files_have_the_mode() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let path = directory.0.join("app.jsonl");
    FileSink::new(&path).mode(0o600).flush().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_device_is_written_and_never_renamed() {
    let directory = Directory::new();
    let path = directory.0.join("null");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    let sink = FileSink::new(&path).rotate_bytes(1).rotate_every(Every::Hour);
    sink.write(b"1\n2\n").unwrap();
    assert_eq!((directory.names(), Path::new("/dev/null").exists()), (vec![path], true));
}

#[cfg(unix)]
#[test]
fn behind_a_symbolic_link_the_real_file_rolls() {
    let directory = Directory::new();
    let (link, real) = (directory.0.join("link.jsonl"), directory.0.join("real/app.jsonl"));
    fs::create_dir(real.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    FileSink::new(&link).rotate_bytes(2).write(b"1\n2\n").unwrap();
    assert_eq!(text(&real), "2\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn many_threads_share_a_sink() {
    const THREADS: usize = 4;
    const LINES: usize = 500;
    let directory = Directory::new();
    let sink = FileSink::new(directory.0.join("app.jsonl")).rotate_bytes(2_000);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let sink = &sink;
            scope.spawn(move || {
                for line in 0..LINES {
                    sink.write(format!("{thread} {line:04}\n").as_bytes()).unwrap();
                }
            });
        }
    });
    let all: String = directory.names().iter().map(|path| text(path)).collect();
    for thread in 0..THREADS {
        let of_thread: Vec<_> =
            all.lines().filter_map(|line| line.strip_prefix(&format!("{thread} "))).collect();
        assert_eq!(of_thread, (0..LINES).map(|line| format!("{line:04}")).collect::<Vec<_>>());
    }
}

#[cfg(feature = "gzip")]
#[test]
fn a_gzip_file_reads_back() {
    check_compressed(super::Compression::Gzip, ".gz", |file| Box::new(flate2::read::GzDecoder::new(file)));
}

#[cfg(feature = "zstd")]
#[test]
fn a_zstd_file_reads_back() {
    check_compressed(super::Compression::Zstd, ".zst", |file| {
        Box::new(zstd::stream::Decoder::new(file).unwrap())
    });
}

#[cfg(any(feature = "gzip", feature = "zstd"))]
#[track_caller]
fn check_compressed(
    compression: super::Compression,
    ending: &str,
    unpack: impl Fn(fs::File) -> Box<dyn std::io::Read>,
) {
    let directory = Directory::new();
    let sink = FileSink::new(directory.0.join("app.jsonl")).rotate_bytes(300_000).compress(compression);
    let lines: String = (0..50_000).map(|n| format!("line {n:06}\n")).collect();
    sink.write(lines.as_bytes()).unwrap();
    assert!(sink.finish(std::time::Duration::from_secs(60)));
    assert_eq!(sink.take_reports(), Vec::<String>::new());
    let names = directory.names();
    let (current, closed) = names.split_last().unwrap();
    assert_eq!(closed.len(), 1);
    assert!(closed[0].to_str().unwrap().ends_with(ending), "{closed:?}");
    let mut all = String::new();
    unpack(fs::File::open(&closed[0]).unwrap()).read_to_string(&mut all).unwrap();
    assert!(all == lines[..300_000 / 12 * 12], "the closed file reads back as its lines");
    assert_eq!(all + &text(current), lines);
}
