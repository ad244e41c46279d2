//! Sensitive Data Masking: the type masks, so no call can forget it, and no input makes a mask crash or show all.
//!
//! The guide's functions fail on `@b.com` and on `a@b@c`, and show a "card" `123` whole.

use trine::{Value, ValueWriter, info};

/// Fewest digits of a card number, as in ISO/IEC 7812: of fewer, four would be too many to show.
const CARD_DIGITS_MIN: usize = 12;

/// An address of which a line shows the first letter and the domain: `u***@example.com`.
struct Email<'a>(&'a str);

impl Value for Email<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self.0.rsplit_once('@') {
            // Of a name with one letter, the first is all.
            Some((user, domain)) => match (user.chars().next(), user.chars().nth(1)) {
                (Some(first), Some(_)) => writer.format(format_args!("{first}***@{domain}")),
                _ => writer.format(format_args!("***@{domain}")),
            },
            None => writer.str("***"),
        }
    }
}

/// A card number of which a line shows the last four digits.
struct Card<'a>(&'a str);

impl Value for Card<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        let digits: Vec<char> = self.0.chars().filter(char::is_ascii_digit).collect();
        match digits.last_chunk::<4>() {
            Some([a, b, c, d]) if digits.len() >= CARD_DIGITS_MIN => {
                writer.format(format_args!("****-****-****-{a}{b}{c}{d}"));
            }
            _ => writer.str("****"),
        }
    }
}

fn main() {
    let (user_email, card_number) = (Email("user@example.com"), Card("4111111111111111"));
    info!("payment_process_started", user_email, card_number, amount = 99.99);

    // Any text has a mask.
    let emails = ["@b.com", "a@b@c", "\"x@y\"@z.com", "ü@example.com", "no address", ""].map(Email);
    let cards = ["4111-1111-1111-1234", "123", "4111", "not a card", ""].map(Card);
    info!("masks_show_completed", emails, cards);

    // Keys that name a secret need no mask at all: their values stop before they are stored anywhere.
    info!("auth_token_issued", user_id = "user_123", token = "eyJhbGciOi", token_type = "jwt");
}

// Output, without the timestamps:
// {"event":"payment_process_started","user_email":"u***@example.com","card_number":"****-****-****-1111","amount":99.99,"level":"info"}
// {"event":"masks_show_completed","emails":["***@b.com","a***@c","\"***@z.com","***@example.com","***","***"],"cards":["****-****-****-1234","****","****","****","****"],"level":"info"}
// {"event":"auth_token_issued","user_id":"user_123","token":"***","token_type":"jwt","level":"info"}
