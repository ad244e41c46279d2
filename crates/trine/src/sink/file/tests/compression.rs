//! Compression of closed files, on a disk in memory.

use super::*;

#[cfg(not(feature = "gzip"))]
#[test]
fn a_compression_that_is_not_built_in_names_the_feature() {
    let (_, sink) = sink_in_memory();
    let error = sink.compress(Compression::Gzip).write(b"1\n").unwrap_err();
    assert_eq!(error.source.kind(), io::ErrorKind::Unsupported);
    assert_eq!(
        error.source.to_string(),
        "compression `gzip` needs the cargo feature `gzip` of crate `trine`"
    );
}

#[cfg(not(feature = "zstd"))]
#[test]
fn zstd_that_is_not_built_in_names_the_feature() {
    let (_, sink) = sink_in_memory();
    let error = sink.compress(Compression::Zstd).flush().unwrap_err();
    assert_eq!(error.to_string(), "compression `zstd` needs the cargo feature `zstd` of crate `trine`");
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;
    use std::io::{ErrorKind, Read};

    /// Far longer than a few bytes take; a test that waits this long has failed.
    const PATIENCE: Duration = Duration::from_secs(60);

    const FIRST: &str = "/logs/app.2026-11-23T10-00-00-000.jsonl";
    const FIRST_GZ: &str = "/logs/app.2026-11-23T10-00-00-000.jsonl.gz";

    fn names(memory: &Memory) -> Vec<String> {
        memory.names().into_iter().map(|(name, _)| name).collect()
    }

    fn unpack(bytes: &[u8]) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_closed_file_is_compressed_and_the_original_deleted() {
        let (memory, sink) = sink_in_memory();
        let sink = sink.rotate_bytes(4).compress(Compression::Gzip);
        write(&sink, "111\n222\n");
        assert!(sink.finish(PATIENCE));
        assert_eq!(names(&memory), [FIRST_GZ, "/logs/app.jsonl"]);
        assert_eq!(unpack(&memory.bytes(FIRST_GZ)), "111\n");
    }

    #[test]
    fn a_failed_compression_leaves_the_file_and_is_reported_and_tried_again() {
        for (operation, kind, reason) in [
            (Operation::Sync, ErrorKind::StorageFull, "the disk is full"),
            (Operation::Read, ErrorKind::TimedOut, "timed out"),
        ] {
            let (memory, sink) = sink_in_memory();
            let sink = sink.rotate_bytes(4).compress(Compression::Gzip);
            memory.fail(operation, Fault::Error(kind));
            write(&sink, "111\n222\n");
            assert!(sink.finish(PATIENCE));
            assert_eq!(names(&memory), [FIRST, "/logs/app.jsonl"]);
            assert_eq!(
                sink.take_reports(),
                [format!("compress `{FIRST}`: {reason}; the file stays as it is")]
            );
            memory.advance(60_000);
            sink.tick().unwrap();
            assert!(sink.finish(PATIENCE));
            assert_eq!(names(&memory), [FIRST_GZ, "/logs/app.jsonl"]);
        }
    }

    #[test]
    fn a_file_that_another_process_still_writes_to_is_left_alone() {
        let (memory, sink) = sink_in_memory();
        let sink = sink.rotate_bytes(8).compress(Compression::Gzip);
        memory.fail(Operation::Read, Fault::Short(4));
        write(&sink, "111\n222\n333\n");
        assert!(sink.finish(PATIENCE));
        assert_eq!(names(&memory), [FIRST, "/logs/app.jsonl"]);
        let report =
            format!("compress `{FIRST}`: another process still writes to it; the file stays as it is");
        assert_eq!(sink.take_reports(), [report]);
    }

    #[test]
    fn what_a_crash_left_is_finished_at_the_next_start() {
        let (memory, sink) = sink_in_memory();
        memory.put(FIRST, "111\n", TEN_O_CLOCK_MS);
        memory.put(&format!("{FIRST_GZ}.tmp"), "half", TEN_O_CLOCK_MS);
        memory.put("/logs/app.2026-11-23T09-00-00-000.jsonl.zst.tmp", "half", TEN_O_CLOCK_MS);
        let sink = sink.compress(Compression::Gzip);
        sink.flush().unwrap();
        assert!(sink.finish(PATIENCE));
        assert_eq!(names(&memory), [FIRST_GZ, "/logs/app.jsonl"]);
        assert_eq!(unpack(&memory.bytes(FIRST_GZ)), "111\n");
    }

    #[test]
    fn a_copy_complete_before_a_crash_is_made_again() {
        let (memory, sink) = sink_in_memory();
        memory.put(FIRST, "111\n", TEN_O_CLOCK_MS);
        memory.put(FIRST_GZ, "complete or not, who knows", TEN_O_CLOCK_MS);
        let sink = sink.compress(Compression::Gzip);
        sink.flush().unwrap();
        assert!(sink.finish(PATIENCE));
        assert_eq!(unpack(&memory.bytes(FIRST_GZ)), "111\n");
    }

    #[test]
    fn compressed_files_count_as_one_in_retention() {
        let (memory, sink) = sink_in_memory();
        let sink = sink.rotate_bytes(4).compress(Compression::Gzip).keep_files(2);
        for line in ["111\n", "222\n", "333\n", "444\n"] {
            write(&sink, line);
            assert!(sink.finish(PATIENCE));
            memory.advance(1_000);
        }
        let kept = ["02", "03"].map(|second| format!("/logs/app.2026-11-23T10-00-{second}-000.jsonl.gz"));
        assert_eq!(names(&memory), [&kept[0], &kept[1], "/logs/app.jsonl"]);
        assert_eq!(unpack(&memory.bytes(&kept[1])), "333\n");
    }
}
