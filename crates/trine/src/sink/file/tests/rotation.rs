//! Rotation and retention, on a disk in memory.

use super::*;

#[test]
fn a_chunk_is_divided_at_line_ends_and_no_file_is_too_large() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(8);
    write(&sink, "111\n222\n333\n4444444444\n5\n");
    write(&sink, "6\n777777\n");
    check(
        &memory,
        &[
            ("2026-11-23T10-00-00-000.jsonl", "111\n222\n"),
            ("2026-11-23T10-00-00-001.jsonl", "333\n"),
            ("2026-11-23T10-00-00-002.jsonl", "4444444444\n"),
            ("2026-11-23T10-00-00-003.jsonl", "5\n6\n"),
            ("jsonl", "777777\n"),
        ],
    );
}

#[test]
fn a_limit_of_nothing_gives_every_line_its_own_file() {
    let (memory, sink) = sink_in_memory();
    write(&sink.rotate_bytes(0), "1\n2\n");
    check(&memory, &[("2026-11-23T10-00-00-000.jsonl", "1\n"), ("jsonl", "2\n")]);
}

#[test]
fn the_size_of_an_existing_file_counts() {
    let (memory, sink) = sink_in_memory();
    memory.put("/logs/app.jsonl", "old\nold\n", TEN_O_CLOCK_MS);
    write(&sink.rotate_bytes(8), "new\n");
    check(&memory, &[("2026-11-23T10-00-00-000.jsonl", "old\nold\n"), ("jsonl", "new\n")]);
}

#[test]
fn a_file_rolls_at_the_boundary_also_when_nothing_is_written() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_every(Every::Hour);
    write(&sink, "1\n");
    memory.advance(HOUR_MS - 1);
    sink.tick().unwrap();
    write(&sink, "2\n");
    check(&memory, &[("jsonl", "1\n2\n")]);
    memory.advance(500);
    sink.tick().unwrap();
    check(&memory, &[("2026-11-23T11-00-00-000.jsonl", "1\n2\n"), ("jsonl", "")]);
}

#[test]
fn a_write_after_the_boundary_goes_to_the_new_file() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_every(Every::Day);
    write(&sink, "1\n");
    memory.advance(14 * HOUR_MS);
    write(&sink, "2\n");
    check(&memory, &[("2026-11-24T00-00-00-000.jsonl", "1\n"), ("jsonl", "2\n")]);
}

#[test]
fn an_hour_without_lines_leaves_no_file() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_every(Every::Hour);
    sink.flush().unwrap();
    for _ in 0..5 {
        memory.advance(HOUR_MS);
        sink.tick().unwrap();
    }
    write(&sink, "1\n");
    memory.advance(HOUR_MS / 2);
    write(&sink, "2\n");
    check(&memory, &[("jsonl", "1\n2\n")]);
}

#[test]
fn the_last_modification_says_which_period_an_existing_file_belongs_to() {
    let (memory, sink) = sink_in_memory();
    memory.put("/logs/app.jsonl", "at half past seven\n", TEN_O_CLOCK_MS - 5 * HOUR_MS / 2);
    write(&sink.rotate_every(Every::Hour), "at ten\n");
    check(&memory, &[("2026-11-23T08-00-00-000.jsonl", "at half past seven\n"), ("jsonl", "at ten\n")]);

    let (memory, sink) = sink_in_memory();
    memory.put("/logs/app.jsonl", "just now\n", TEN_O_CLOCK_MS);
    write(&sink.rotate_every(Every::Hour), "now\n");
    check(&memory, &[("jsonl", "just now\nnow\n")]);
}

#[test]
fn names_keep_their_order_when_the_clock_steps_back() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(2);
    write(&sink, "1\n2\n");
    memory.set_now(TEN_O_CLOCK_MS - HOUR_MS);
    write(&sink, "3\n");
    write(&sink_on(&memory).rotate_bytes(2), "4\n");
    check(
        &memory,
        &[
            ("2026-11-23T10-00-00-000.jsonl", "1\n"),
            ("2026-11-23T10-00-00-001.jsonl", "2\n"),
            ("2026-11-23T10-00-00-002.jsonl", "3\n"),
            ("jsonl", "4\n"),
        ],
    );
}

#[test]
fn a_clock_that_steps_back_does_not_put_the_next_boundary_off() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_every(Every::Hour);
    write(&sink, "1\n");
    memory.set_now(TEN_O_CLOCK_MS - 48 * HOUR_MS);
    sink.tick().unwrap();
    memory.advance(HOUR_MS);
    sink.tick().unwrap();
    check(&memory, &[("2026-11-21T11-00-00-000.jsonl", "1\n"), ("jsonl", "")]);
}

#[test]
fn retention_deletes_the_oldest_of_ours_and_nothing_else() {
    let (memory, sink) = sink_in_memory();
    for foreign in ["/logs/app.2020.jsonl", "/logs/app.jsonl.1", "/logs/shop.2020-01-01T00-00-00-000.jsonl"] {
        memory.put(foreign, "foreign\n", 0);
    }
    memory.put("/logs/app.2020-01-01T00-00-00-000.jsonl.gz", "ours\n", 0);
    let sink = sink.rotate_bytes(2).keep_files(2);
    write(&sink, "1\n2\n3\n4\n");
    check(
        &memory,
        &[
            ("2020.jsonl", "foreign\n"),
            ("2026-11-23T10-00-00-001.jsonl", "2\n"),
            ("2026-11-23T10-00-00-002.jsonl", "3\n"),
            ("jsonl", "4\n"),
            ("jsonl.1", "foreign\n"),
            ("/logs/shop.2020-01-01T00-00-00-000.jsonl", "foreign\n"),
        ],
    );
}

#[test]
fn files_grow_old_while_nothing_is_written() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(2).keep_age(Duration::from_secs(90));
    write(&sink, "1\n2\n");
    memory.advance(89_000);
    sink.tick().unwrap();
    assert_eq!(memory.names().len(), 2, "not old enough");
    memory.advance(60_000);
    sink.tick().unwrap();
    check(&memory, &[("jsonl", "2\n")]);
}

#[test]
fn the_closed_files_fit_in_the_bytes_allowed() {
    let (memory, sink) = sink_in_memory();
    write(&sink.rotate_bytes(4).keep_bytes(10), "111\n222\n333\n444\n");
    check(
        &memory,
        &[
            ("2026-11-23T10-00-00-001.jsonl", "222\n"),
            ("2026-11-23T10-00-00-002.jsonl", "333\n"),
            ("jsonl", "444\n"),
        ],
    );
}

#[test]
fn a_file_that_cannot_be_deleted_is_reported_and_deleted_later() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(2).keep_files(0);
    memory.fail(Operation::Remove, Fault::Error(io::ErrorKind::PermissionDenied));
    write(&sink, "1\n2\n");
    let reports = sink.take_reports();
    assert!(reports[0].starts_with("delete `/logs/app.2026-11-23T10-00-00-000.jsonl`: permission denied"));
    memory.advance(60_000);
    sink.tick().unwrap();
    check(&memory, &[("jsonl", "2\n")]);
}

#[test]
fn a_write_asks_the_disk_for_nothing_but_the_write() {
    let (memory, sink) = sink_in_memory();
    let sink = sink.rotate_bytes(1 << 20).rotate_every(Every::Hour).keep_files(3);
    write(&sink, "first\n");
    let calls = |operation| memory.calls(operation);
    let before = (calls(Operation::Facts), calls(Operation::List), calls(Operation::Write));
    for _ in 0..1_000 {
        write(&sink, "line\n");
        memory.advance(2);
    }
    let after = (calls(Operation::Facts), calls(Operation::List), calls(Operation::Write));
    assert_eq!(after, (before.0 + 1, before.1, before.2 + 1_000), "two seconds: one look, a thousand writes");
}
