//! Values as they are written: texts in quotes, numbers and what stands behind them.

use super::{Parser, Result};
use crate::lang::{ast::Literal, unit::Unit};

impl Parser<'_> {
    /// A text in double or single quotes. `\"`, `\\`, `\n`, `\t`, `\r` and `\u{1f600}` are what they look like; another `\` stands for itself.
    pub(super) fn quoted(&mut self) -> Result<String> {
        self.skip_blank();
        let begin = self.at;
        let Some(quote @ ('"' | '\'')) = self.peek() else { return Err(self.unexpected("a text in quotes")) };
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find([quote, '\\']) else {
                return Err(self.error(begin, 1, "this text has no closing quote"));
            };
            text.push_str(&rest[..end]);
            self.at += end;
            if self.rest().starts_with(quote) {
                self.at += 1;
                return Ok(text);
            }
            let mut behind = self.rest()[1..].chars();
            let (char, length) = match behind.next() {
                Some('n') => ('\n', 2),
                Some('t') => ('\t', 2),
                Some('r') => ('\r', 2),
                Some('u') => match unicode(&self.rest()[2..]) {
                    Some((char, length)) => (char, length + 2),
                    None => ('\\', 1),
                },
                Some(char @ ('"' | '\'' | '\\')) => (char, 2),
                _ => ('\\', 1),
            };
            text.push(char);
            self.at += length;
        }
    }

    /// A number and the unit behind it, if a number stands here.
    pub(super) fn number(&mut self) -> Result<Option<Literal>> {
        self.skip_blank();
        let begin = self.at;
        let rest = self.rest();
        let digits = number_length(rest);
        if digits == 0 {
            return Ok(None);
        }
        let number = &rest[..digits];
        let behind = &rest[digits..];
        let unit_length =
            behind.find(|c: char| !c.is_alphanumeric() && c != '%' && c != '_').unwrap_or(behind.len());
        let symbol = &behind[..unit_length];
        let is_remainder = symbol.starts_with('%') && symbol.len() > 1;
        self.at += digits;
        if symbol.is_empty() || is_remainder {
            return Ok(Some(plain_number(number)));
        }
        let Some((factor, unit)) = Unit::of_symbol(symbol) else {
            let error = self.error(
                begin + digits,
                symbol.len(),
                format!("unknown unit `{}`", super::shortened(symbol)),
            );
            let symbols: Vec<&str> = Unit::symbols().filter(|symbol| symbol.is_ascii()).collect();
            return Err(error.hint(format!("units are {}", symbols.join(" "))));
        };
        self.at += symbol.len();
        let number: f64 = number.parse().unwrap_or(f64::INFINITY);
        Ok(Some(Literal::Quantity(number * factor, unit)))
    }

    /// A length of time, as `5m`.
    pub(super) fn duration(&mut self) -> Result<(f64, Unit)> {
        self.skip_blank();
        let begin = self.at;
        match self.number()? {
            Some(Literal::Quantity(number, unit)) if is_length_of_time(number, unit) => Ok((number, unit)),
            Some(_) => Err(self.error(begin, self.at - begin, "expected a length of time, as `5m`")),
            None => Err(self.unexpected("a length of time, as `5m`")),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&mut self) -> Result<u64> {
        self.skip_blank();
        let begin = self.at;
        match self.number()? {
            Some(Literal::Int(int)) => u64::try_from(int)
                .map_err(|_| self.error(begin, self.at - begin, "expected a number below 2^64")),
            Some(_) => Err(self.error(begin, self.at - begin, "expected a whole number")),
            None => Err(self.unexpected("a number")),
        }
    }
}

/// Whether a stretch of time can be so long: at least a microsecond, at most some three hundred years.
pub(super) fn is_length_of_time(number: f64, unit: Unit) -> bool {
    let ns = number * unit.factor();
    unit.dimension() == crate::lang::Dimension::Time && (1e3..9e18).contains(&ns)
}

/// How many bytes of it are a number: `5`, `0.5`, `1e3`, `-2`.
pub(super) fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let digits =
        |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = sign + digits(sign);
    if length == sign {
        return 0;
    }
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// A number as exactly as it can be.
pub(super) fn plain_number(text: &str) -> Literal {
    match text.parse() {
        Ok(int) => Literal::Int(int),
        Err(_) => Literal::Float(text.parse().unwrap_or(f64::INFINITY)),
    }
}

/// What a word is that stands behind `<`, `>` or in a range: also `1e5` is a number there.
pub(super) fn of_compared(word: &str) -> Literal {
    if word.is_empty() || number_length(word) < word.len() { of_word(word) } else { plain_number(word) }
}

/// What a word is that stands where a value may: a number, a quantity, `true`, `null`, or the text that it is.
pub(super) fn of_word(word: &str) -> Literal {
    match word {
        "null" => return Literal::Null,
        "true" => return Literal::Bool(true),
        "false" => return Literal::Bool(false),
        _ => {}
    }
    let length = number_length(word);
    // `007` and `1e3` are more often ids than numbers.
    let is_canonical = |literal: &Literal| literal.to_string() == word[..length];
    if length > 0 {
        let number = plain_number(&word[..length]);
        if length == word.len() && is_canonical(&number) {
            return number;
        }
        if let (Some((factor, unit)), Ok(number)) =
            (Unit::of_symbol(&word[length..]), word[..length].parse::<f64>())
        {
            return Literal::Quantity(number * factor, unit);
        }
    }
    Literal::Text(word.to_owned())
}

/// `{1f600}` or `00e9`: the character, and how many bytes say it.
fn unicode(text: &str) -> Option<(char, usize)> {
    let (digits, length) = match text.strip_prefix('{') {
        Some(inside) => {
            let end = inside.find('}')?;
            (&inside[..end], end + 2)
        }
        None => (text.get(..4)?, 4),
    };
    let is_hex = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some((char::from_u32(number)?, length))
}
