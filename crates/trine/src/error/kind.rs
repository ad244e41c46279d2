//! What kind of error it is: the short name of its type, or what its `Debug` text tells of it.

use std::borrow::Cow;

use super::code;

/// Pointers that are errors when what they point to is one.
const POINTERS: [&str; 3] = ["alloc::boxed::Box<", "alloc::rc::Rc<", "alloc::sync::Arc<"];
/// Types that are nothing but text.
const TEXTS: [&str; 3] = ["alloc::string::String", "alloc::borrow::Cow", "core::fmt::Arguments"];
/// Modules whose name says nothing beside `Error`.
const MODULES_OF_ERRORS: [&str; 3] = ["error", "errors", "err"];

/// The short name of a type: `shop::payment::PaymentError<u8>` is `PaymentError`. A type that is only called `Error` keeps the
/// module it is of: `io::Error`. `None` for what names no error: `dyn Error`, text, numbers.
pub(super) fn of_type(name: &str) -> Option<String> {
    if name.starts_with(char::is_lowercase) && !name.contains(':') {
        return None; // A primitive: told at once, for most operations that fail with a text do so with a `str`.
    }
    let mut name = name;
    loop {
        let inner = POINTERS.iter().find_map(|pointer| name.strip_prefix(pointer)?.strip_suffix('>'));
        let inner = inner.or_else(|| name.strip_prefix('&')).or_else(|| name.strip_prefix("mut "));
        match inner {
            Some(inner) => name = inner,
            None => break,
        }
    }
    // What comes behind is noise: generics, and the `{{closure}}` of a type that was declared in one goes before.
    let path = name.split('<').next().unwrap_or(name);
    let short = of_path(path);
    let is_type = short.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase));
    (is_type && !path.starts_with("dyn ") && !TEXTS.contains(&path)).then_some(short)
}

fn of_path(path: &str) -> String {
    let mut segments = path.rsplit("::");
    let last = segments.next().unwrap_or(path);
    match segments.find(|module| !MODULES_OF_ERRORS.contains(module)) {
        Some(module) if last == "Error" && !module.is_empty() => format!("{module}::{last}"),
        _ => last.to_owned(),
    }
}

/// The name that the `Debug` text of an error begins with, when it looks as if it were derived: `Declined(..)`, `Timeout`,
/// `Refused { .. }`. Of an enum that is the variant.
pub(super) fn of_debug(debug: &str) -> Option<&str> {
    let len = debug.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(debug.len());
    let (name, rest) = debug.split_at(len);
    let is_derived = rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {");
    (is_derived && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
}

/// The code of an `io::Error`, from its `Debug` text: a `&dyn Error` that may borrow cannot be asked for its type. `None` where the
/// text is not that of one.
///
/// Source: `std::io::error`, whose forms are `Os { code: 2, kind: NotFound, message: ".." }`, `Custom { kind: Other, error: .. }`
/// and `Error { kind: UnexpectedEof, message: ".." }`.
pub(super) fn io_code_of_debug(debug: &str) -> Option<Option<String>> {
    let kind_before = |text: &str, behind: &str| {
        let (kind, rest) = text.split_once(',')?;
        let is_kind = kind.bytes().all(|b| b.is_ascii_alphabetic()) && rest.starts_with(behind);
        is_kind.then(|| kind.to_owned())
    };
    let of_io = |kind: &str, number| code::of_io(kind, number).map(Cow::into_owned);
    if let Some(rest) = debug.strip_prefix("Os { code: ") {
        let (number, rest) = rest.split_once(", kind: ")?;
        let number: i32 = number.parse().ok()?;
        return Some(of_io(&kind_before(rest, " message: ")?, Some(number)));
    }
    if let Some(rest) = debug.strip_prefix("Custom { kind: ") {
        return Some(of_io(&kind_before(rest, " error: ")?, None));
    }
    Some(of_io(&kind_before(debug.strip_prefix("Error { kind: ")?, " message: ")?, None))
}

/// Whether a `Debug` text is that of a context which `anyhow` or `eyre` put around an error.
pub(super) fn is_context(debug: &str) -> bool {
    debug.starts_with("Error { context: ") || debug.starts_with("Error { msg: ")
}

#[cfg(test)]
mod tests {
    use std::{error::Error, fmt, io, sync::Arc};

    use super::*;

    fn of<T: ?Sized>() -> Option<String> {
        of_type(std::any::type_name::<T>())
    }

    #[test]
    fn a_type_is_named_by_its_last_word() {
        assert_eq!(of::<std::num::ParseIntError>().unwrap(), "ParseIntError");
        assert_eq!(of_type("shop::payment::Failed<shop::Card, 3>").unwrap(), "Failed");
        assert_eq!(of_type("shop::main::{{closure}}::Failed").unwrap(), "Failed");
        assert_eq!(of_type("PaymentError").unwrap(), "PaymentError");
    }

    #[test]
    fn a_type_called_error_keeps_its_module() {
        assert_eq!(of::<io::Error>().unwrap(), "io::Error");
        assert_eq!(of::<fmt::Error>().unwrap(), "fmt::Error");
        assert_eq!(of_type("serde_json::error::Error").unwrap(), "serde_json::Error");
        assert_eq!(of_type("errors::Error").unwrap(), "Error");
    }

    #[test]
    fn a_pointer_is_what_it_points_to() {
        assert_eq!(of::<Box<io::Error>>().unwrap(), "io::Error");
        assert_eq!(of::<&&Arc<io::Error>>().unwrap(), "io::Error");
        assert_eq!(of::<dyn Error>(), None);
        assert_eq!(of::<&(dyn Error + Send + Sync)>(), None);
        assert_eq!(of::<Arc<dyn Error>>(), None);
    }

    #[test]
    fn text_and_numbers_are_no_errors() {
        assert_eq!(of::<&&str>(), None);
        assert_eq!(of::<String>(), None);
        assert_eq!(of::<Cow<'_, str>>(), None);
        assert_eq!(of::<fmt::Arguments<'_>>(), None);
        assert_eq!(of::<u16>(), None);
        assert_eq!(of::<dyn fmt::Display>(), None);
        assert_eq!(of::<Result<String, io::Error>>().unwrap(), "Result");
    }

    #[test]
    fn a_debug_text_has_a_name_only_where_it_looks_derived() {
        assert_eq!(of_debug("Declined(\"late\")"), Some("Declined"));
        assert_eq!(of_debug("ParseIntError { kind: InvalidDigit }"), Some("ParseIntError"));
        assert_eq!(of_debug("Timeout"), Some("Timeout"));
        for prose in ["\"boxed\"", "Connection refused", "no funds", "", "é", "Refused: by peer", "(1, 2)"] {
            assert_eq!(of_debug(prose), None, "{prose}");
        }
    }

    #[test]
    fn errors_of_the_system_are_known_by_their_debug_text() {
        let code = |error: io::Error| io_code_of_debug(&format!("{error:?}"));
        assert_eq!(code(io::Error::from_raw_os_error(2)).unwrap().unwrap(), "NotFound");
        assert_eq!(code(io::Error::other("x")), Some(None));
        let cut_short = io::Read::read_exact(&mut io::empty(), &mut [0]).unwrap_err();
        assert_eq!(code(cut_short).unwrap().unwrap(), "UnexpectedEof");
        for other in
            ["Os { code: x, kind: A, message: b", "Custom { kind: \"x\", error: 1", "Kind", "Os {", ""]
        {
            assert_eq!(io_code_of_debug(other), None, "{other}");
        }
    }
}
