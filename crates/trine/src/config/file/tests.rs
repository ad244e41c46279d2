//! Tests of opening the file.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

/// A directory of this test's own, removed when it is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("trine-config-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.join("trine.toml");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Checks that nothing is said by this path, and one finding with this id and text is there.
#[track_caller]
fn finds(path: &Path, id: &str, text: &str) {
    let (settings, findings) = read(path);
    assert_eq!(settings, Settings::default());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].id, id);
    assert_eq!(findings[0].source, path.to_string_lossy());
    assert!(findings[0].to_string().contains(text), "{}", findings[0]);
}

#[test]
#[cfg(feature = "config")]
fn a_file_is_read_also_with_a_byte_order_mark() {
    let scratch = Scratch::new("mark");
    let (settings, findings) = read(&scratch.file("\u{feff}level = \"debug\"\n".as_bytes()));
    assert_eq!(settings.level, "debug".parse().ok());
    assert_eq!(findings, vec![]);
}

#[test]
#[cfg(not(feature = "config"))]
fn without_the_feature_every_file_is_a_finding_that_names_it() {
    let scratch = Scratch::new("feature");
    finds(&scratch.file(b"level = \"debug\"\n"), "config-feature-off", "enable the feature `config`");
}

#[test]
fn a_file_that_is_not_there_is_a_finding() {
    finds(Path::new("/nonexistent/trine.toml"), "config-unreadable", "the file cannot be read: ");
    finds(Path::new("a\0b"), "config-unreadable", r"trine: a\u{0}b: the file cannot be read");
}

#[test]
fn a_directory_is_a_finding() {
    let scratch = Scratch::new("directory");
    finds(&scratch.0, "config-not-a-file", "this is a directory; allowed: a regular file");
}

#[test]
fn a_device_without_end_and_a_pipe_without_writer_are_findings_and_no_wait() {
    finds(Path::new("/dev/zero"), "config-not-a-file", "this is a pipe, a socket or a device");
    let scratch = Scratch::new("pipe");
    let pipe = scratch.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    finds(&pipe, "config-not-a-file", "this is a pipe, a socket or a device");
}

#[test]
fn a_file_that_is_too_large_is_a_finding() {
    let scratch = Scratch::new("large");
    let largest = vec![b'\n'; CONFIG_BYTES_MAX as usize];
    assert!(text(&scratch.file(&largest)).is_ok());
    finds(&scratch.file(&[&largest[..], b"\n"].concat()), "config-too-large", "allowed: 1048576 bytes");
}

#[test]
fn a_file_that_is_not_utf8_is_a_finding_with_its_line() {
    let scratch = Scratch::new("utf8");
    finds(&scratch.file(b"level = \"debug\"\n# \xff\n"), "config-not-utf8", "line 2 is not UTF-8");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_as_a_file_never_panic(bytes in any::<Vec<u8>>()) {
        let scratch = Scratch::new("bytes");
        let (_, findings) = read(&scratch.file(&bytes));
        prop_assert!(findings.iter().all(|finding| finding.to_string().lines().count() == 1));
    }
}
