//! How do I say what an error was, with its causes, so that errors of one kind can be counted?
use std::{borrow::Cow, error::Error, fmt, num::ParseIntError};

use trine::{ErrorCode, attr::timed, error};

/// Why an order cannot be read.
#[derive(Debug)]
enum OrderError {
    Quantity { line: usize, source: ParseIntError },
    Empty,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrderError::Quantity { line, .. } => write!(f, "no quantity in line {line}"),
            OrderError::Empty => f.write_str("no line at all"),
        }
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            OrderError::Quantity { source, .. } => Some(source),
            OrderError::Empty => None,
        }
    }
}

/// What a machine may rely on when the words change.
impl ErrorCode for OrderError {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        let code = match self {
            OrderError::Quantity { .. } => "quantity",
            OrderError::Empty => "empty",
        };
        Some(code.into())
    }
}

/// An operation tells its error by itself. Its causes, too: the attribute sees that the error is an `Error`.
#[timed("order_read", level = debug)]
fn read(order: &str) -> Result<u32, OrderError> {
    if order.is_empty() {
        return Err(OrderError::Empty);
    }
    let quantities = order
        .lines()
        .zip(1..)
        .map(|(text, line)| text.parse::<u32>().map_err(|source| OrderError::Quantity { line, source }));
    quantities.sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    // The first two are of one kind, in other lines: they have the same `error_fingerprint`. The third is of another.
    for order in ["1\n2\nthree", "one", ""] {
        if let Err(failure) = read(order) {
            error!(cause: &failure, "order_create_failed");
        }
    }
    // An error in a box is one, too, though its type and its code are not known to the compiler here.
    let boxed: Box<dyn Error> = Box::new(OrderError::Empty);
    error!(cause: &boxed, "order_create_failed");
    // A panic is an event by itself: `runtime_thread_panicked`, with the fields of the thread's scope.
    let kitchen = std::thread::Builder::new().name("kitchen".into()).spawn(|| panic!("out of flour"))?;
    assert!(kitchen.join().is_err());
    Ok(())
}
