//! The two ends of a ring: any sequence of calls does what a queue would do.

use std::collections::VecDeque;

use arbitrary::{Arbitrary, Unstructured};
use trine_ring::{
    Arg, Backing, Consumer, Producer, Push,
    record::encode,
    ring::{self, RECORD_SHARE, RING_BYTES_MIN},
};

/// One call at one of the ends.
#[derive(Arbitrary, Debug)]
enum Step {
    /// Pushes an event with a text of this length, and so many numbers.
    Push { text: u16, numbers: u8 },
    /// Pushes the same, encoded before.
    PushEncoded { text: u16, numbers: u8 },
    /// The producer looks at the consumer's position.
    LookForRoom { need: u16 },
    /// The consumer looks at the producer's position.
    LookForRecords,
    /// Takes up to so many records.
    Take { records: u8 },
    /// Hands back what was taken.
    Release,
    /// Asks what is left, and when the next record was made.
    Ask,
}

/// Records, as their bytes.
#[derive(Default)]
struct Model {
    /// In the ring, not yet seen by the consumer.
    published: VecDeque<Vec<u8>>,
    /// Seen by the consumer, not yet taken.
    visible: VecDeque<Vec<u8>>,
}

/// See the module.
pub fn run(data: &[u8]) {
    let steps = Vec::<Step>::arbitrary(&mut Unstructured::new(data)).unwrap_or_default();
    let (mut producer, mut consumer) =
        ring::create(&Backing::Private, "fuzz", RING_BYTES_MIN).expect("a page of memory");
    let mut model = Model::default();
    for (ticks, step) in (0..).zip(&steps) {
        take_step(&mut producer, &mut consumer, &mut model, ticks, step);
    }
    drain(&mut consumer, &mut model);
    let one = event(u64::MAX, u16::MAX, 0, RING_BYTES_MIN / RECORD_SHARE);
    producer.refresh(one.len());
    assert_eq!(
        producer.push_encoded(&one),
        Push::Done,
        "an empty ring takes the largest record, wherever its head stands"
    );
    model.published.push_back(one);
    drain(&mut consumer, &mut model);
}

fn take_step(producer: &mut Producer, consumer: &mut Consumer, model: &mut Model, ticks: u64, step: &Step) {
    match *step {
        Step::Push { text, numbers } => {
            let record = event(ticks, text, numbers, usize::MAX);
            let (site, text, numbers) = parts(text, numbers);
            match producer.push(site, ticks, &args(&text, &numbers), [&[]; 3]) {
                Push::Done => model.published.push_back(record),
                Push::Full => {}
                other => panic!("plain arguments are {other:?}"),
            }
        }
        Step::PushEncoded { text, numbers } => {
            let record = event(ticks, text, numbers, usize::MAX);
            match producer.push_encoded(&record) {
                Push::Done => model.published.push_back(record),
                Push::Full => assert!(record.len() <= producer.capacity() / RECORD_SHARE),
                Push::TooLarge => assert!(record.len() > producer.capacity() / RECORD_SHARE),
                Push::NotPlain => panic!("an encoded record has no arguments"),
            }
        }
        Step::LookForRoom { need } => {
            let room = producer.refresh(usize::from(need));
            assert!(room.free <= producer.capacity());
        }
        Step::LookForRecords => {
            let bytes = consumer.refresh();
            model.visible.append(&mut model.published);
            assert!(bytes >= model.visible.iter().map(Vec::len).sum());
        }
        Step::Take { records } => (0..records).for_each(|_| take(consumer, model)),
        Step::Release => consumer.release(consumer.position()),
        Step::Ask => {
            let next = consumer.peek_ticks();
            assert_eq!(next, model.visible.front().map(|record| ticks_of(record)));
            assert_eq!(consumer.backlog(), (model.visible.len() + model.published.len()) as u64);
            model.visible.append(&mut model.published);
        }
    }
}

fn take(consumer: &mut Consumer, model: &mut Model) {
    let taken = consumer.next().map(|record| {
        let mut bytes = record.expect("nobody damages the ring").as_bytes().to_vec();
        // The check, which depends on where the record lies; the reader has found it right.
        bytes[20..24].fill(0);
        bytes
    });
    assert!(taken == model.visible.pop_front(), "a record came back as another");
}

fn drain(consumer: &mut Consumer, model: &mut Model) {
    consumer.refresh();
    model.visible.append(&mut model.published);
    while !model.visible.is_empty() {
        take(consumer, model);
    }
    assert!(consumer.next().is_none() && consumer.is_drained());
    consumer.release(consumer.position());
}

/// Callsite, text and numbers of an event. A callsite of its own per shape, none with the number of a filler.
fn parts(text: u16, numbers: u8) -> (u32, String, Vec<u64>) {
    let text = "x".repeat(usize::from(text) % (2 * RING_BYTES_MIN));
    (u32::from(numbers) + 1, text, (0..u64::from(numbers)).collect())
}

fn args<'a>(text: &'a str, numbers: &[u64]) -> Vec<Arg<'a>> {
    std::iter::once(Arg::Str(text)).chain(numbers.iter().map(|n| Arg::U64(*n))).collect()
}

/// An event's bytes; its text shortened until the record is at most `bytes_max` long.
fn event(ticks: u64, text: u16, numbers: u8, bytes_max: usize) -> Vec<u8> {
    let (site, text, numbers) = parts(text, numbers);
    let mut record = Vec::new();
    encode(&mut record, site, ticks, &args(&text, &numbers), &[]);
    if record.len() > bytes_max {
        let keep = text.len() - (record.len() - bytes_max);
        record.clear();
        encode(&mut record, site, ticks, &args(&text[..keep], &numbers), &[]);
    }
    record
}

fn ticks_of(record: &[u8]) -> u64 {
    u64::from_le_bytes(record[8..16].try_into().expect("eight bytes"))
}
