//! The program of `black_box.rs`: `caller`, `leave EVENTS`, or `recover`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use trine::{Logger, bind, info};

/// Events of a burst, and how many bursts there are behind those that warm up.
const BURST: u64 = 100;
const WARM: usize = 200;
const BURSTS: usize = 3_000;
/// Between two bursts: the worker writes meanwhile.
const PAUSE: Duration = Duration::from_micros(500);

fn main() {
    let words: Vec<String> = std::env::args().collect();
    match (words[1].as_str(), words.get(2)) {
        ("caller", _) => caller(&bound()),
        ("leave", Some(events)) => {
            let (log, events) = (bound(), events.parse().expect("a number"));
            (0..events).for_each(|n| emit(&log, n));
            // With nothing written: the directory of the log is not there.
            std::process::abort();
        }
        ("recover", _) => {
            let begin = Instant::now();
            trine::setup().start();
            println!("{}", begin.elapsed().as_nanos());
        }
        _ => panic!("unknown {words:?}"),
    }
}

fn bound() -> Logger {
    bind!(service = "checkout", region = "eu-central-1", version = "1.4.2")
}

/// The event of the workload W2: five fields, three bound.
#[inline(always)]
fn emit(log: &Logger, n: u64) {
    info!(
        log,
        "api_request_completed",
        endpoint = black_box("/api/v1/orders"),
        method = black_box("POST"),
        request_id = black_box("req_0123456789"),
        status_code = 200 + n % 5,
        duration_ms = black_box(12.5)
    );
}

/// Prints the nanoseconds of one event: of bursts, the median.
fn caller(log: &Logger) {
    let mut times: Vec<f64> = (0..WARM + BURSTS)
        .map(|_| {
            std::thread::sleep(PAUSE);
            let begin = Instant::now();
            (0..BURST).for_each(|n| emit(log, n));
            begin.elapsed().as_nanos() as f64 / BURST as f64
        })
        .skip(WARM)
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{}", times[BURSTS / 2]);
}
