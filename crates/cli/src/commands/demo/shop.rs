//! The shop of the demo: a service on many threads that emits what it does, as any program does with Trine. It works until it is killed.

use std::{
    error::Error,
    fmt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use trine::{Logger, Output, bind, info, operation, timed};

/// Threads, each with one request at a time. They wait, as for a database, nearly all the time.
pub(super) const THREADS: u64 = 24;
/// Longest that it works by itself, if nobody is left to kill it.
pub(super) const WORK_MAX: Duration = Duration::from_secs(90);

/// Serves customers; the log is this file.
pub(super) fn open(log: &Path) {
    trine::setup().output(Output::file(log)).start();
    let end = Instant::now() + WORK_MAX;
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut chance = Chance(fastrand::Rng::with_seed(number));
                while Instant::now() < end {
                    serve(&mut chance);
                }
            });
        }
    });
}

/// One request of a customer.
fn serve(chance: &mut Chance) {
    let request_id = format!("req_{:08x}", chance.0.u32(..));
    let log = bind!(request_id = request_id, user_id = format!("user_{}", 1000 + chance.below(9000)));
    if chance.below(100) < 70 {
        let endpoint = chance.pick(&["/products", "/products/search", "/cart"]);
        let _ = timed!(log, "api_request", endpoint, method = "GET")
            .run(|| told(query(&log, "products", chance)));
    } else {
        let _ = timed!(log, "api_request", endpoint = "/orders", method = "POST")
            .run(|| told(order(&log, chance)));
    }
}

/// A customer buys something.
fn order(log: &Logger, chance: &mut Chance) -> Result<(), Refusal> {
    let order_id = format!("ORD-{:06}", chance.below(1_000_000));
    let log = bind!(log, order_id = order_id);
    timed!(log, "order_create", items_count = 1 + chance.below(4)).run(|| told(fulfill(&log, chance)))
}

fn fulfill(log: &Logger, chance: &mut Chance) -> Result<(), Refusal> {
    query(log, "stock", chance)?;
    timed!(log, success: "success", "inventory_reserve").run(|| {
        chance.wait(2, 10);
        told(chance.fails(30, Refusal::OutOfStock))
    })?;
    let amount = (499 + chance.below(20_000)) as f64 / 100.0;
    let currency = chance.pick(&["EUR", "EUR", "USD", "GBP"]);
    timed!(log, success: "success", "payment_process", amount, currency).run(|| {
        chance.wait(20, 140);
        told(chance.fails(50, Refusal::Declined).and_then(|()| chance.fails(15, Refusal::Unanswered)))
    })?;
    info!(log, "user_action", action_type = "purchase", amount, currency);
    timed!(log, success: "success", "notification_send", channel = "email").run(|| chance.wait(4, 30));
    Ok(())
}

fn query(log: &Logger, table: &'static str, chance: &mut Chance) -> Result<(), Refusal> {
    timed!(log, "database_query", table).run(|| {
        chance.wait(1, 12);
        operation::record("rows", chance.below(50));
        told(chance.fails(4, Refusal::Unanswered))
    })
}

/// Why something is not done.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Declined,
    OutOfStock,
    Unanswered,
}

impl Refusal {
    /// The word by which failures are counted.
    fn reason(self) -> &'static str {
        match self {
            Refusal::Declined => "card_declined",
            Refusal::OutOfStock => "out_of_stock",
            Refusal::Unanswered => "timeout",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Declined => "the card was declined",
            Refusal::OutOfStock => "nothing is left of it",
            Refusal::Unanswered => "no answer in time",
        })
    }
}

impl Error for Refusal {}

/// Tells the operation around it why it fails, if it does.
fn told(result: Result<(), Refusal>) -> Result<(), Refusal> {
    result.inspect_err(|why| operation::record("reason", why.reason()))
}

/// What happens to a thread's customers: the same at each run.
#[derive(Debug)]
struct Chance(fastrand::Rng);

impl Chance {
    /// A number from `0` to `bound - 1`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0.u64(..bound)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.usize(..from.len())]
    }

    /// What another system takes to answer, in milliseconds; one time in fifty, six times that.
    fn wait(&mut self, least: u64, most: u64) {
        let slow = if self.below(50) == 0 { 6 } else { 1 };
        let micros = 1000 * least + self.below(1000 * (most - least));
        thread::sleep(Duration::from_micros(micros * slow));
    }

    /// Fails so many times in a thousand.
    fn fails(&mut self, per_mille: u64, why: Refusal) -> Result<(), Refusal> {
        if self.below(1000) < per_mille { Err(why) } else { Ok(()) }
    }
}
