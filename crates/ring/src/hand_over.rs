//! What a process leaves, under a model checker: one thread emits, another reads its ring and writes, and both stop at any moment, as
//! when the process is killed. Whoever recovers finds each event whose macro returned once: in the file, in the outbox, or in the ring.
//!
//! The steps are those of the collector, made of the ring's own protocol and the journal's own [`Turns`]. The reader of what is left
//! has joined both threads, as it holds the lock of a dead process.

mod models {
    use loom::{
        cell::UnsafeCell,
        sync::{Arc, Mutex, atomic::AtomicBool},
        thread,
    };

    use crate::{
        primitive::{AtomicU64, Ordering},
        protocol::{ALIGN, Reader, Writer},
        turns::Turns,
    };

    const CAPACITY: u64 = 16;
    const EVENTS: u64 = 3;
    /// Check, sequence, tail, first and behind the last event in the outbox.
    const SLOT: Turns = Turns { words: 5, sequence_at: 1 };
    /// Check, sequence, events taken.
    const NOTE: Turns = Turns { words: 3, sequence_at: 1 };

    /// What outlives the process.
    struct Shared {
        head: AtomicU64,
        tail: AtomicU64,
        cells: [UnsafeCell<u64>; (CAPACITY / ALIGN) as usize],
        slot: Vec<AtomicU64>,
        note: Vec<AtomicU64>,
        /// Everything that was ever put into the outbox; a slot says which part counts.
        outbox: Mutex<Vec<u64>>,
        file: Mutex<Vec<u64>>,
        is_killed: AtomicBool,
    }

    impl Shared {
        fn new() -> Shared {
            let words = |turns: Turns| (0..2 * turns.words).map(|_| AtomicU64::new(0)).collect();
            Shared {
                head: AtomicU64::new(0),
                tail: AtomicU64::new(0),
                cells: std::array::from_fn(|_| UnsafeCell::new(0)),
                slot: words(SLOT),
                note: words(NOTE),
                outbox: Mutex::new(Vec::new()),
                file: Mutex::new(Vec::new()),
                is_killed: AtomicBool::new(false),
            }
        }

        /// Asked between any two steps.
        fn lives(&self) -> Option<()> {
            (!self.is_killed.load(Ordering::Relaxed)).then_some(())
        }

        fn cell(&self, offset: u64) -> &UnsafeCell<u64> {
            &self.cells[(offset / ALIGN) as usize]
        }
    }

    /// The thread that emits; how many of its macros returned.
    fn emit(shared: &Shared) -> u64 {
        let mut writer = Writer::new(CAPACITY, 0, 0);
        let mut returned = 0;
        let mut run = || {
            while returned < EVENTS {
                shared.lives()?;
                if writer.window().1 < ALIGN {
                    writer.refresh(&shared.tail, ALIGN);
                    thread::yield_now();
                    continue;
                }
                let event = returned + 1;
                shared.cell(writer.window().0).with_mut(|cell| unsafe { *cell = event });
                shared.lives()?;
                writer.commit(ALIGN, &shared.head);
                returned = event;
            }
            Some(())
        };
        run();
        returned
    }

    /// The collector: a chunk is one event.
    fn collect(shared: &Shared) -> Option<()> {
        let mut reader = Reader::new(CAPACITY, 0);
        let mut sequence = 0;
        while sequence < EVENTS {
            shared.lives()?;
            if reader.refresh(&shared.head) == 0 {
                thread::yield_now();
                continue;
            }
            let (offset, _) = reader.window();
            let event = shared.cell(offset).with(|cell| unsafe { *cell });
            reader.advance(ALIGN);
            shared.outbox.lock().unwrap().push(event);
            shared.lives()?;
            sequence += 1;
            SLOT.store(&shared.slot, sequence, [reader.position(), sequence - 1, sequence]);
            shared.lives()?;
            shared.file.lock().unwrap().push(event);
            shared.lives()?;
            NOTE.store(&shared.note, sequence, [sequence]);
            shared.lives()?;
            Reader::release(reader.position(), &shared.tail);
        }
        Some(())
    }

    /// What recovery makes of it: the file, what the outbox has more, what the ring has behind that.
    fn recover(shared: &Shared) -> Vec<u64> {
        let slot = SLOT.latest(&shared.slot, |words| Some(words.len()));
        let (read, from, to) = slot.map_or((0, 0, 0), |(_, values)| (values[0], values[1], values[2]));
        let noted = NOTE.latest(&shared.note, |words| Some(words.len())).map_or(0, |(_, values)| values[0]);
        let mut all = shared.file.lock().unwrap().clone();
        // The note may be older than what the file has: it is read, from there on.
        assert!(noted as usize <= all.len());
        let waiting = &shared.outbox.lock().unwrap()[from as usize..to as usize];
        all.extend(waiting.iter().skip(all.len() - from as usize));
        let (head, tail) = (shared.head.load(Ordering::Acquire), shared.tail.load(Ordering::Acquire));
        let mut rest = Reader::between(CAPACITY, tail.max(read), head);
        while rest.window().1 > 0 {
            all.push(shared.cell(rest.window().0).with(|cell| unsafe { *cell }));
            rest.advance(ALIGN);
        }
        all
    }

    #[test]
    fn a_process_killed_at_any_step_leaves_every_event_once() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let shared = Arc::new(Shared::new());
            let threads = [Arc::clone(&shared), Arc::clone(&shared)];
            let [one, other] = threads;
            let emitting = thread::spawn(move || emit(&one));
            let collecting = thread::spawn(move || collect(&other).is_some());
            shared.is_killed.store(true, Ordering::Relaxed);
            let returned = emitting.join().unwrap();
            collecting.join().unwrap();
            assert_eq!(recover(&shared), (1..=returned).collect::<Vec<_>>());
        });
    }
}
