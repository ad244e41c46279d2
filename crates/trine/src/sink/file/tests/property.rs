//! Whatever happens, every accepted line is there once, whole, and in order.

use super::*;
use proptest::prelude::*;
use std::io::ErrorKind;

const LIMIT_BYTES: u64 = 64;

#[derive(Debug, Clone)]
enum Step {
    /// Lines of these lengths.
    Write(Vec<usize>),
    Forward(u64),
    Backward(u64),
    Tick,
    Flush,
    Reopen,
    MoveAway,
    Restart,
    Fail(Operation, Fault),
    Fill(usize),
    Heal,
}

fn step() -> impl Strategy<Value = Step> {
    let short = (Just(Operation::Write), (1_usize..20).prop_map(Fault::Short));
    let kinds = [ErrorKind::StorageFull, ErrorKind::Other, ErrorKind::Interrupted];
    let operations = [
        Operation::Write,
        Operation::Open,
        Operation::Rename,
        Operation::List,
        Operation::Facts,
        Operation::Sync,
    ];
    let failed = (proptest::sample::select(operations.to_vec()), proptest::sample::select(kinds.to_vec()));
    prop_oneof![
        10 => proptest::collection::vec(0_usize..90, 1..12).prop_map(Step::Write),
        3 => (0_u64..3 * HOUR_MS).prop_map(Step::Forward),
        1 => (0_u64..3 * HOUR_MS).prop_map(Step::Backward),
        2 => Just(Step::Tick),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        1 => Just(Step::MoveAway),
        1 => Just(Step::Restart),
        3 => short.prop_map(|(operation, fault)| Step::Fail(operation, fault)),
        4 => failed.prop_map(|(operation, kind)| Step::Fail(operation, Fault::Error(kind))),
        1 => (0_usize..50).prop_map(Step::Fill),
        2 => Just(Step::Heal),
    ]
}

/// A program that writes numbered lines and keeps, as the pipeline does, what was not accepted.
struct Program {
    memory: Memory,
    sink: FileSink,
    sync: bool,
    unsent: Vec<u8>,
    all: Vec<u8>,
    lines: usize,
    moved: usize,
    rolling_failed: bool,
}

impl Program {
    fn new(sync: bool) -> Program {
        let (memory, _) = sink_in_memory();
        let sink = Program::start(&memory, sync);
        Program { memory, sink, sync, unsent: vec![], all: vec![], lines: 0, moved: 0, rolling_failed: false }
    }

    fn start(memory: &Memory, sync: bool) -> FileSink {
        sink_on(memory).rotate_bytes(LIMIT_BYTES).rotate_every(Every::Hour).sync(sync)
    }

    fn send(&mut self) {
        match self.sink.write(&self.unsent) {
            Ok(()) => self.unsent.clear(),
            Err(error) => drop(self.unsent.drain(..error.written)),
        }
    }

    fn is_within_a_line(&self) -> bool {
        let sent = self.all.len() - self.unsent.len();
        sent > 0 && self.all[sent - 1] != b'\n'
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Write(lengths) => {
                for length in lengths {
                    let line = format!("{:05}{}\n", self.lines, "x".repeat(length));
                    self.lines += 1;
                    self.unsent.extend_from_slice(line.as_bytes());
                    self.all.extend_from_slice(line.as_bytes());
                }
                self.send();
            }
            Step::Forward(ms) => self.memory.advance(ms),
            Step::Backward(ms) => {
                self.memory.set_now(self.sink.log().clock.now_ms().saturating_sub(ms));
            }
            Step::Tick => drop(self.sink.tick()),
            Step::Flush => drop(self.sink.flush()),
            Step::Reopen => self.sink.request_reopen(),
            Step::MoveAway => {
                if self.memory.names().iter().any(|(name, _)| name == "/logs/app.jsonl") {
                    self.moved += 1;
                    self.memory.move_away("/logs/app.jsonl", &format!("/logs/moved.{:05}", self.moved));
                }
            }
            // A crash within a line cuts that line: the other tests say how.
            Step::Restart if self.is_within_a_line() => {}
            Step::Restart => self.sink = Program::start(&self.memory, self.sync),
            Step::Fail(operation, fault) => self.memory.fail(operation, fault),
            Step::Fill(bytes) => self.memory.set_bytes_free(bytes),
            Step::Heal => self.memory.heal(),
        }
        self.rolling_failed |= !self.sink.take_reports().is_empty();
    }

    /// Files in the order in which they were begun.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut names = self.memory.names();
        names.sort_by_key(|(_, inode)| *inode);
        names.into_iter().map(|(name, _)| (name.clone(), self.memory.bytes(&name))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_accepted_line_is_there_once_whole_and_in_order(
        sync: bool, steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut program = Program::new(sync);
        for step in steps {
            program.run(step);
        }
        program.memory.heal();
        program.send();
        prop_assert!(program.unsent.is_empty(), "a healed disk takes everything");

        let files = program.files();
        let joined: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        prop_assert_eq!(String::from_utf8(joined).unwrap(), String::from_utf8(program.all.clone()).unwrap());
        for (name, bytes) in &files {
            prop_assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "{} ends within a line", name);
            let is_one_line = bytes.iter().filter(|&&byte| byte == b'\n').count() == 1;
            let fits = bytes.len() as u64 <= LIMIT_BYTES || is_one_line || program.rolling_failed;
            prop_assert!(fits, "{} is too large", name);
        }
        // Without moved files, names sort like the lines.
        let ours: Vec<_> = files.iter().map(|(name, _)| name).filter(|name| !name.contains("moved")).collect();
        prop_assert!(ours.is_sorted() || program.rolling_failed, "{:?}", ours);
    }
}
