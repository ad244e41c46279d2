//! Another process finds the rings and the callsite table, and reads what is not written yet.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use trine::{Output, bind, error, info, sink::FileSink};
use trine_ring::{
    Descriptor, TableReader,
    record::{Record, ValueRef},
    ring::RING_HEADER_BYTES,
};

use crate::{
    sinks::{Flow, Valve},
    stage::{Case, Stage, to},
};

/// Events of each thread: they fit a ring.
const EVENTS: u64 = 200;
/// Threads with a ring each.
const THREADS: u64 = 3;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "another_process_reads_events_that_are_not_written_yet",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve)).start();
            let stay = std::sync::Barrier::new(THREADS as usize + 1);
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let stay = &stay;
                    scope.spawn(move || {
                        let log = bind!(request_id = "req_123");
                        for n in 0..EVENTS {
                            info!("step_done", thread, n);
                            error!(
                                log,
                                "payment_process_failed",
                                order_id = "ORD-1",
                                amount = 12.5,
                                retry = n % 2 == 0
                            );
                        }
                        stay.wait();
                        stay.wait();
                    });
                }
                stay.wait();
                // The worker has taken what it wants, and cannot get rid of it.
                assert!(trine::flush(Duration::from_millis(50)) > 0);
                place.say("ready");
                place.wait();
                // SAFETY: ends the process, with the sink still stuck.
                unsafe { libc::_exit(0) };
            });
        },
        |stage| {
            let mut running = stage.program().env("TRINE_BLACK_BOX", "off").start();
            assert_eq!(running.hear(), "ready");
            let process = Process::new(running.pid());
            running.go_on();
            running.finish().assert_success();
            assert_eq!(fs::metadata(stage.path("app.jsonl")).ok().map_or(0, |facts| facts.len()), 0);
            assert_all_there(&process, stage);
        },
    ),
    Case::new(
        "rings_are_files_of_the_users_alone_and_go_with_the_process",
        |place| {
            place.to_file().start();
            let stay = std::sync::Barrier::new(THREADS as usize + 1);
            info!("step_done", thread = THREADS, n = 0);
            assert_eq!(trine::flush(Duration::from_secs(10)), 0);
            let before = open_descriptors();
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let stay = &stay;
                    scope.spawn(move || {
                        info!("step_done", thread, n = 0);
                        stay.wait();
                        stay.wait();
                    });
                }
                stay.wait();
                assert_eq!(open_descriptors(), before, "a ring keeps no descriptor");
                place.say("ready");
                place.wait();
                stay.wait();
            });
        },
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "ready");
            let boxes = stage.black_boxes();
            assert_eq!(boxes.len(), 1, "{boxes:?}");
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&boxes[0]), 0o700);
            let mut names: Vec<_> = fs::read_dir(&boxes[0]).unwrap().map(|entry| entry.unwrap()).collect();
            names.sort_by_key(|entry| entry.file_name());
            names.iter().for_each(|entry| assert_eq!(mode(&entry.path()), 0o600, "{entry:?}"));
            let names: Vec<_> = names.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
            for name in ["callsites-0", "owner", "ring-0", "ring-3"] {
                assert!(names.iter().any(|other| other == name), "no {name} in {names:?}");
            }
            running.go_on();
            running.finish().assert_quiet_success();
            assert_eq!(stage.black_boxes(), Vec::<PathBuf>::new());
        },
    ),
    Case::new(
        "a_process_that_has_closed_all_descriptors_is_not_taken_for_dead",
        |place| {
            place.to_file().start();
            info!("step_done", thread = 0, n = 0);
            if !place.path("first").exists() {
                fs::write(place.path("first"), "").unwrap();
                assert_eq!(trine::flush(Duration::from_secs(10)), 0);
                // SAFETY: as programs do that make themselves daemons. The log is closed as well.
                unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
                place.say("ready");
                place.wait();
                // SAFETY: ends the process, which has no log any more.
                unsafe { libc::_exit(0) };
            }
        },
        |stage| {
            let mut first = stage.program().start();
            assert_eq!(first.hear(), "ready");
            stage.run().assert_quiet_success();
            assert_eq!(stage.black_boxes().len(), 1, "that of the first, which lives");
            first.go_on();
            first.finish().assert_success();
        },
    ),
    Case::new(
        "a_child_of_a_fork_has_a_black_box_of_its_own",
        |place| {
            place.to_file().start();
            info!("step_done", thread = 0, n = 0);
            // SAFETY: the child does what any child of a program with threads does here: it emits, and leaves.
            let child = unsafe { libc::fork() };
            if child == 0 {
                info!("step_done", thread = 1, n = 0);
                place.say("ready");
                place.wait();
                return;
            }
            let mut status = 0;
            // SAFETY: `status` is a valid place; the child is ours.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(status, 0);
        },
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "ready");
            assert_eq!(stage.black_boxes().len(), 2);
            running.go_on();
            running.finish().assert_quiet_success();
            assert_eq!(stage.black_boxes(), Vec::<PathBuf>::new());
            assert_eq!(fs::read_to_string(stage.path("app.jsonl")).unwrap().lines().count(), 2);
        },
    ),
    Case::new(
        "without_a_usable_directory_memory_is_private_and_one_line_says_so",
        |place| {
            place.to_file().start();
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    scope.spawn(move || info!("step_done", thread, n = 0));
                }
            });
        },
        |stage| {
            fs::write(stage.path("file"), "").unwrap();
            let outcome = stage.program().env("TRINE_BLACK_BOX", stage.path("file")).start().finish();
            outcome.assert_success();
            assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
            assert!(outcome.stderr.contains("it is not a directory"), "{outcome:?}");
            assert_eq!(fs::read_to_string(stage.path("app.jsonl")).unwrap().lines().count() as u64, THREADS);
        },
    ),
];

/// Descriptors this process has open.
fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The memory of a process, as far as it is ours.
pub(crate) struct Process {
    table: TableReader,
    pub(crate) rings: Vec<Vec<u8>>,
}

impl Process {
    pub(crate) fn new(pid: i32) -> Process {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
        let find = |name: &str| -> Vec<Vec<u8>> {
            let mappings = maps.lines().filter(|line| line.contains(name));
            mappings
                .map(|line| {
                    let (from, rest) = line.split_once('-').unwrap();
                    let (to, _) = rest.split_once(' ').unwrap();
                    let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
                    let mut bytes = vec![0; (to - from) as usize];
                    memory.read_exact_at(&mut bytes, from).unwrap();
                    bytes
                })
                .collect()
        };
        let table = find("memfd:trine:callsites-0").pop().expect("a callsite table");
        Process { table: TableReader::new(table).unwrap(), rings: find("memfd:trine:ring-") }
    }
}

/// The records of a ring's memory: docs/format.md §3.
fn records(ring: &[u8]) -> Vec<Record<'_>> {
    assert_eq!(ring[..8], trine_ring::ring::MAGIC);
    let number = |at: usize| u64::from_le_bytes(ring[at..at + 8].try_into().unwrap());
    let (capacity, head, mut tail) = (number(16), number(256), number(384));
    let data = &ring[RING_HEADER_BYTES..];
    assert_eq!(data.len() as u64, capacity);
    let mut records = Vec::new();
    while tail < head {
        let record = Record::new(&data[(tail % capacity) as usize..]).expect("no ring is lapped here");
        tail += (record.as_bytes().len() as u64).next_multiple_of(8);
        records.push(record);
    }
    records
}

fn assert_all_there(process: &Process, _: &Stage) {
    let sites: BTreeMap<u32, Descriptor<'_>> = process.table.callsites().collect();
    assert_eq!(process.rings.len() as u64, THREADS);
    let mut threads = Vec::new();
    for ring in &process.rings {
        let records = records(ring);
        assert_eq!(records.len() as u64, 2 * EVENTS);
        assert!(records.windows(2).all(|pair| pair[0].ticks() <= pair[1].ticks()));
        for (n, pair) in records.chunks(2).enumerate() {
            let step = fields(&sites, &pair[0]);
            assert_eq!(step[0], ("event".into(), "step_done".into()));
            assert_eq!(step[2], ("n".into(), n.to_string()));
            if n == 0 {
                threads.push(step[1].1.clone());
            }
            let failed = fields(&sites, &pair[1]);
            let expected = [
                ("event", "payment_process_failed"),
                ("order_id", "ORD-1"),
                ("amount", "12.5"),
                ("retry", if n % 2 == 0 { "true" } else { "false" }),
                ("request_id", "req_123"),
            ];
            assert_eq!(failed, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
    threads.sort();
    assert_eq!(threads, ["0", "1", "2"]);
}

/// Name, fields of the call and of the context, as text.
fn fields(sites: &BTreeMap<u32, Descriptor<'_>>, record: &Record<'_>) -> Vec<(String, String)> {
    let site = &sites[&record.site()];
    assert!(site.file.ends_with("black_box.rs") && site.module.ends_with("black_box"), "{site:?}");
    let mut fields = vec![("event".to_owned(), site.name.to_owned())];
    let mut values = record.values();
    fields.extend(site.keys.iter().zip(&mut values).map(|(key, value)| ((*key).to_owned(), text(value))));
    for block in values.blocks() {
        fields.extend(block.fields().map(|(key, value)| (key.to_str().into_owned(), text(value))));
    }
    fields
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Str(text) => text.to_str().into_owned(),
        ValueRef::U64(number) => number.to_string(),
        ValueRef::I64(number) => number.to_string(),
        ValueRef::F64(number) => number.to_string(),
        ValueRef::Bool(is) => is.to_string(),
        other => panic!("unexpected {other:?}"),
    }
}
