//! Failing disks, moved files, torn lines, on a disk in memory.

use super::*;
use std::error::Error;
use std::io::ErrorKind;

#[track_caller]
fn fails(sink: &FileSink, lines: &str, written: usize, message: &str) {
    let error = sink.write(lines.as_bytes()).expect_err("the disk refuses");
    assert_eq!((error.written, error.source.to_string().as_str()), (written, message));
}

#[test]
fn a_missing_directory_is_an_error_that_names_it() {
    let memory = Memory::new(TEN_O_CLOCK_MS, &[]);
    let sink = sink_on(&memory);
    fails(&sink, "1\n", 0, "open `/logs/app.jsonl`: directory `/logs` does not exist");
    assert_eq!(sink.flush().unwrap_err().kind(), ErrorKind::NotFound);
    write(&sink.create_directory(true), "1\n");
    check(&memory, &[("jsonl", "1\n")]);
}

#[test]
fn a_refusal_to_open_says_why_and_keeps_the_cause() {
    let why = |kind| {
        let (memory, sink) = sink_in_memory();
        memory.fail(Operation::Open, Fault::Error(kind));
        let error = sink.flush().unwrap_err();
        assert_eq!(error.kind(), kind);
        let cause =
            error.get_ref().and_then(Error::source).and_then(|cause| cause.downcast_ref::<io::Error>());
        assert_eq!(cause.map(io::Error::kind), Some(kind));
        error.to_string().trim_start_matches("open `/logs/app.jsonl`: ").to_owned()
    };
    assert_eq!(why(ErrorKind::ReadOnlyFilesystem), "directory `/logs` is on a read-only file system");
    assert_eq!(why(ErrorKind::PermissionDenied), "permission denied for the file or its directory `/logs`");
    assert_eq!(why(ErrorKind::IsADirectory), "it is a directory");
    assert_eq!(why(ErrorKind::NotADirectory), "`/logs` is not a directory");
    assert_eq!(why(ErrorKind::StorageFull), "the disk is full");
    assert_eq!(why(ErrorKind::QuotaExceeded), "the disk quota is used up");
}

#[test]
fn a_tick_before_the_first_write_opens_nothing() {
    let (memory, sink) = sink_in_memory();
    sink.tick().unwrap();
    assert_eq!((memory.calls(Operation::Open), memory.names()), (0, vec![]));
}

#[test]
fn short_and_interrupted_writes_are_continued() {
    let (memory, sink) = sink_in_memory();
    sink.flush().unwrap();
    memory.fail(Operation::Write, Fault::Short(1));
    memory.fail(Operation::Write, Fault::Error(ErrorKind::Interrupted));
    memory.fail(Operation::Write, Fault::Short(3));
    write(&sink, "111\n222\n");
    check(&memory, &[("jsonl", "111\n222\n")]);
}

#[test]
fn a_full_disk_says_what_was_accepted_and_the_rest_continues_the_line() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(8);
    memory.set_bytes_free(6);
    fails(&sink, "111\n222\n333\n", 6, "write `/logs/app.jsonl`: the disk is full");
    fails(&sink, "2\n333\n", 0, "write `/logs/app.jsonl`: the disk is full");
    memory.set_bytes_free(1);
    fails(&sink, "2\n333\n", 1, "write `/logs/app.jsonl`: the disk is full");
    memory.heal();
    write(&sink, "\n333\n");
    check(&memory, &[("2026-11-23T10-00-00-000.jsonl", "111\n222\n"), ("jsonl", "333\n")]);
}

#[test]
fn a_torn_line_is_finished_in_its_file_before_that_rolls_or_is_let_go() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_every(Every::Hour);
    memory.set_bytes_free(2);
    fails(&sink, "111\n", 2, "write `/logs/app.jsonl`: the disk is full");
    memory.heal();
    memory.advance(HOUR_MS);
    sink.request_reopen();
    sink.tick().unwrap();
    write(&sink, "1\n222\n");
    check(&memory, &[("2026-11-23T11-00-00-000.jsonl", "111\n"), ("jsonl", "222\n")]);
}

#[test]
fn a_torn_line_that_was_given_up_is_ended_before_the_next() {
    let (memory, sink) = sink_in_memory();
    memory.set_bytes_free(2);
    fails(&sink, "111\n222\n", 2, "write `/logs/app.jsonl`: the disk is full");
    memory.heal();
    write(&sink, "333\n");
    check(&memory, &[("jsonl", "11\n333\n")]);
}

#[test]
fn nothing_is_glued_to_half_a_line_left_by_a_crash() {
    let (memory, sink) = sink_in_memory();
    memory.put("/logs/app.jsonl", "whole\nhal", TEN_O_CLOCK_MS);
    write(&sink, "new\n");
    check(&memory, &[("jsonl", "whole\nhal\nnew\n")]);
}

#[test]
fn lines_without_an_end_do_not_swallow_the_next() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "no end");
    write(&sink, "next\n");
    check(&memory, &[("jsonl", "no end\nnext\n")]);
}

#[test]
fn an_empty_write_changes_nothing() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "");
    assert_eq!(memory.names(), vec![]);
    memory.set_bytes_free(2);
    fails(&sink, "111\n", 2, "write `/logs/app.jsonl`: the disk is full");
    memory.heal();
    write(&sink, "");
    write(&sink, "1\n");
    check(&memory, &[("jsonl", "111\n")]);
}

#[test]
fn a_rotation_that_fails_loses_nothing_and_is_tried_again() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(4);
    memory.fail(Operation::Rename, Fault::Error(ErrorKind::PermissionDenied));
    write(&sink, "111\n222\n333\n");
    write(&sink, "444\n");
    assert_eq!(
        sink.take_reports(),
        [
            "rotate `/logs/app.jsonl`: permission denied for the file or its directory `/logs`; writing goes on in the \
          same file"
        ]
    );
    check(&memory, &[("jsonl", "111\n222\n333\n444\n")]);
    memory.advance(1_000);
    write(&sink, "555\n");
    check(&memory, &[("2026-11-23T10-00-01-000.jsonl", "111\n222\n333\n444\n"), ("jsonl", "555\n")]);
    assert_eq!(sink.take_reports(), Vec::<String>::new());
}

#[test]
fn a_next_file_that_cannot_be_opened_is_an_error_and_loses_nothing() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(4);
    write(&sink, "111\n");
    memory.fail(Operation::Open, Fault::Error(ErrorKind::StorageFull));
    fails(&sink, "222\n", 0, "open `/logs/app.jsonl`: the disk is full");
    write(&sink, "222\n");
    check(&memory, &[("2026-11-23T10-00-00-000.jsonl", "111\n"), ("jsonl", "222\n")]);
}

#[test]
fn a_directory_that_cannot_be_listed_still_rotates() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(2);
    memory.put("/logs/app.2026-11-23T10-00-00-000.jsonl", "taken\n", TEN_O_CLOCK_MS);
    memory.fail(Operation::List, Fault::Error(ErrorKind::PermissionDenied));
    memory.fail(Operation::List, Fault::Error(ErrorKind::PermissionDenied));
    write(&sink, "1\n2\n");
    assert_eq!(sink.take_reports().len(), 1);
    check(
        &memory,
        &[
            ("2026-11-23T10-00-00-000.jsonl", "taken\n"),
            ("2026-11-23T10-00-00-001.jsonl", "1\n"),
            ("jsonl", "2\n"),
        ],
    );
}

#[test]
fn names_keep_their_order_when_the_clock_steps_back_and_the_directory_cannot_be_listed() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(2);
    write(&sink, "1\n2\n");
    memory.set_now(TEN_O_CLOCK_MS - HOUR_MS);
    memory.fail(Operation::List, Fault::Error(ErrorKind::PermissionDenied));
    write(&sink, "3\n");
    check(
        &memory,
        &[
            ("2026-11-23T10-00-00-000.jsonl", "1\n"),
            ("2026-11-23T10-00-00-001.jsonl", "2\n"),
            ("jsonl", "3\n"),
        ],
    );
}

#[test]
fn a_file_moved_away_is_noticed_within_a_second() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "1\n");
    memory.move_away("/logs/app.jsonl", "/logs/app.old");
    memory.advance(999);
    write(&sink, "2\n");
    memory.advance(1);
    write(&sink, "3\n");
    check(&memory, &[("jsonl", "3\n"), ("old", "1\n2\n")]);
}

#[test]
fn a_tick_makes_a_file_that_was_moved_away_anew() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "1\n");
    memory.move_away("/logs/app.jsonl", "/logs/app.old");
    sink.tick().unwrap();
    check(&memory, &[("jsonl", ""), ("old", "1\n")]);
}

#[test]
fn a_request_to_reopen_is_honoured_by_the_next_write() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "1\n");
    memory.move_away("/logs/app.jsonl", "/logs/app.old");
    sink.request_reopen();
    write(&sink, "2\n");
    check(&memory, &[("jsonl", "2\n"), ("old", "1\n")]);
    let opened = memory.calls(Operation::Open);
    write(&sink, "3\n");
    assert_eq!(memory.calls(Operation::Open), opened, "one request, one reopening");
}

#[test]
fn a_foreign_file_at_our_path_is_continued_not_renamed() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(4);
    write(&sink, "111\n");
    memory.move_away("/logs/app.jsonl", "/logs/app.old");
    memory.put("/logs/app.jsonl", "2\n", TEN_O_CLOCK_MS);
    write(&sink, "3\n");
    check(&memory, &[("jsonl", "2\n3\n"), ("old", "111\n")]);
}

#[test]
fn a_file_gone_on_its_server_is_opened_anew() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "1\n");
    memory.move_away("/logs/app.jsonl", "/logs/app.old");
    memory.fail(Operation::Write, Fault::Short(1));
    memory.fail(Operation::Write, Fault::Error(ErrorKind::StaleNetworkFileHandle));
    assert_eq!(sink.write(b"22\n").unwrap_err().written, 1);
    write(&sink, "2\n");
    check(&memory, &[("jsonl", "2\n"), ("old", "1\n2")]);
}

#[test]
fn flush_waits_for_the_disk_only_when_asked_to() {
    let (memory, sink) = sink_in_memory();
    write(&sink, "1\n");
    sink.flush().unwrap();
    assert_eq!(memory.calls(Operation::Sync), 0);

    let (memory, sink) = sink_in_memory();
    let sink = sink.sync(true).rotate_bytes(2);
    write(&sink, "1\n");
    assert_eq!(memory.calls(Operation::Sync), 1, "the new name");
    sink.flush().unwrap();
    assert_eq!(memory.calls(Operation::Sync), 2, "the line");
    write(&sink, "2\n");
    assert_eq!(memory.calls(Operation::Sync), 5, "the closed file, the rename, the new name");
    memory.fail(Operation::Sync, Fault::Error(ErrorKind::StorageFull));
    assert_eq!(sink.flush().unwrap_err().to_string(), "sync `/logs/app.jsonl`: the disk is full");
}

#[test]
fn a_file_that_cannot_be_synced_is_not_closed() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.sync(true).rotate_bytes(2);
    write(&sink, "1\n");
    memory.fail(Operation::Sync, Fault::Error(ErrorKind::StorageFull));
    write(&sink, "2\n");
    check(&memory, &[("jsonl", "1\n2\n")]);
    assert_eq!(sink.take_reports().len(), 1);
}

#[test]
fn messages_call_the_sink_by_the_path_the_user_wrote() {
    assert_eq!(FileSink::new("logs/app.jsonl").describe(), "file:logs/app.jsonl");
}
