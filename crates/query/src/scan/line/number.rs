//! Numbers: integers exactly, floats to the nearest.

/// A number of JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

/// Most digits whose number is below 2^53, so that it is exact as a float.
const EXACT_DIGITS: usize = 15;
/// Powers of ten that are exact as floats: 5^22 is below 2^53.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Most digits that cannot overflow a `u64`.
const U64_DIGITS: usize = 19;

/// Reads a number as most are: up to seven bytes, with or without a point. `None` for any other, and for what is no number.
///
/// All bytes at once and without a branch: no processor foresees how long a number is, and where it has its point.
#[inline]
pub(super) fn short(text: &[u8]) -> Option<f64> {
    const LOW: u64 = u64::MAX / 255;
    const HIGH: u64 = LOW * 0x80;
    let length = text.len();
    let word = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) if length < size_of::<u64>() => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4))
        }
        _ => match *text {
            [a, b, c] => u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]),
            [a, b] => u64::from_le_bytes([a, b, 0, 0, 0, 0, 0, 0]),
            [a] => u64::from(a),
            _ => return None,
        },
    };
    // Where the point is, or else the end; it is taken out, and a second one is no digit.
    let no_point = word ^ (LOW * u64::from(b'.'));
    let points = !(((no_point & !HIGH) + !HIGH) | no_point | !HIGH);
    let point = ((points | 0x80 << (8 * length)).trailing_zeros() / 8) as usize;
    let whole = (1 << (8 * point)) - 1;
    let count = length - usize::from(point < length);
    let written = (word & whole) | (word >> 8 & !whole);
    // The last digit becomes the last byte, with zeros in front.
    let digits = (written ^ (LOW * u64::from(b'0'))).checked_shl(8 * (8 - count as u32))?;
    let others = (((digits & !HIGH) + LOW * (0x7f - 9)) | digits) & HIGH;
    let decimals = count - point;
    let is_number = (others == 0)
        & (point > 0)
        & ((point == 1) | (word & 0xff != u64::from(b'0')))
        & ((decimals > 0) | (point == length));
    if !is_number {
        return None;
    }
    // Clinger's fast path: both are exact, and so the one division rounds as it must.
    Some(eight_digits(digits) as i64 as f64 / EXACT_POWERS[decimals])
}

/// The number that eight digits make, a byte each, the first one lowest: put together in pairs, fours and eights.
#[inline]
pub(crate) fn eight_digits(digits: u64) -> u64 {
    const PAIR: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits * 10 + (digits >> 8);
    let high = (pairs & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let low = (pairs >> 16 & PAIR).wrapping_mul(1 + (10_000 << 32));
    high.wrapping_add(low) >> 32
}

/// Reads a number of JSON, and the three words that Python writes for those that are not finite.
///
/// `None` for what is no number, as `01`, `1.`, `+1`, `1e`.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<Number> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let mut whole = 0_u64;
    let mut length = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // Wraps beyond 19 digits; such a number is read again.
        whole = whole.wrapping_mul(10).wrapping_add(digit as u64);
        length += 1;
    }
    if length == 0 || (length > 1 && digits[0] == b'0') {
        return word(text);
    }
    if length < digits.len() {
        return float(text, digits, whole, length, is_negative);
    }
    if length > U64_DIGITS {
        return Some(large(text));
    }
    let whole = whole as i128;
    Some(Number::Int(if is_negative { -whole } else { whole }))
}

/// A number with a point or an exponent behind its first `length` digits, which make `whole`.
#[inline]
fn float(text: &[u8], digits: &[u8], whole: u64, length: usize, is_negative: bool) -> Option<Number> {
    let mut at = length;
    let mut mantissa = whole;
    let mut decimals = 0;
    if digits[at] == b'.' {
        at += 1;
        while let Some(digit) = digits.get(at).map(|byte| byte.wrapping_sub(b'0'))
            && digit <= 9
        {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(digit as u64);
            at += 1;
            decimals += 1;
        }
        if decimals == 0 {
            return None;
        }
    }
    if at < digits.len() {
        return exponent(&digits[at..]).then(|| std_float(text));
    }
    // Clinger's fast path: both are exact, and so the one division rounds as it must.
    if length + decimals <= EXACT_DIGITS {
        let float = mantissa as f64 / EXACT_POWERS[decimals];
        return Some(Number::Float(if is_negative { -float } else { float }));
    }
    Some(std_float(text))
}

/// True for `e5`, `E-05`.
fn exponent(text: &[u8]) -> bool {
    let digits = match text {
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => digits,
        _ => return false,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

#[cold]
fn large(text: &[u8]) -> Number {
    match str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
        Some(int) => Number::Int(int),
        None => std_float(text),
    }
}

/// What is known to be a number.
fn std_float(text: &[u8]) -> Number {
    Number::Float(str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN))
}

#[cold]
fn word(text: &[u8]) -> Option<Number> {
    match text {
        b"NaN" => Some(Number::Float(f64::NAN)),
        b"Infinity" => Some(Number::Float(f64::INFINITY)),
        b"-Infinity" => Some(Number::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_are_exact_to_128_bits() {
        for int in [0, 1, -1, i128::from(u64::MAX), i128::from(i64::MIN), i128::MAX, i128::MIN] {
            assert_eq!(read(int.to_string().as_bytes()), Some(Number::Int(int)));
        }
        assert_eq!(read(b"-0"), Some(Number::Int(0)));
        assert_eq!(read(b"9999999999999999999"), Some(Number::Int(9_999_999_999_999_999_999)));
        assert_eq!(read(u128::MAX.to_string().as_bytes()), Some(Number::Float(u128::MAX as f64)));
    }

    #[test]
    fn floats_are_what_std_reads() {
        for text in [
            "0.1",
            "-0.0",
            "99.99",
            "1e300",
            "1e+300",
            "1E-7",
            "123456789012345.6",
            "0.30000000000000004",
            "1e999",
            "5e-324",
            "2.2250738585072011e-308",
            "123456789.123456789123456789",
            "1.0",
        ] {
            let Some(Number::Float(float)) = read(text.as_bytes()) else { panic!("{text} is a float") };
            assert_eq!(float.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "1.5.2", "1x", "--1", "nan", "Inf", "1e5.5"]
        {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn words_of_python_are_read() {
        assert!(matches!(read(b"NaN"), Some(Number::Float(float)) if float.is_nan()));
        assert_eq!(read(b"-Infinity"), Some(Number::Float(f64::NEG_INFINITY)));
    }

    proptest! {
        #[test]
        fn any_float_reads_back(bits: u64, places in 0_usize..20) {
            let float = f64::from_bits(bits);
            prop_assume!(float.is_finite());
            for text in [format!("{float:e}"), format!("{float:?}"), format!("{:.places$}", float % 1e6)] {
                let expected: f64 = text.parse().unwrap();
                let read = match read(text.as_bytes()) {
                    Some(Number::Float(float)) => float,
                    Some(Number::Int(int)) => int as f64,
                    None => panic!("{text} is a number"),
                };
                prop_assert!(read == expected, "{} {}", text, read);
            }
        }

        #[test]
        fn what_is_short_is_read_as_all_is(text in "-?[0-9]{0,5}(\\.[0-9]{0,5})?[-.e0:/]?") {
            let read = match read(text.as_bytes()) {
                Some(Number::Float(float)) => Some(float),
                Some(Number::Int(int)) => Some(int as f64),
                None => None,
            };
            let short = short(text.as_bytes());
            let is_same = short.map(f64::to_bits) == read.map(f64::to_bits);
            // Of what is long, negative or has an exponent, it leaves the reading to the other.
            let is_other = text.len() >= size_of::<u64>() || text.contains(['-', 'e']);
            prop_assert!(if is_other { short.is_none() } else { is_same }, "{:?} {:?}", short, read);
        }
    }
}
