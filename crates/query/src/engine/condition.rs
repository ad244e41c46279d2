//! What must stand in a line, as bytes, for a filter to let it through.

use trine_model::EventName;

use super::{
    event::{Derived, Slot},
    expr::Expr,
    scope::EventScope,
    test::{Anywhere, Check, Test},
    value::{Val, decode},
};
use crate::{
    answer::Cell,
    lang::ast::Comparison,
    scan::{
        line::{Path, Step},
        needles::Condition,
    },
};

/// May say less than the filter, never more.
pub(super) fn of_test(test: &Test, scope: &EventScope) -> Condition {
    match test {
        Test::All | Test::Not(_) => Condition::Any,
        Test::And(all) => Condition::All(all.iter().map(|one| of_test(one, scope)).collect()),
        Test::Or(any) => Condition::OneOf(any.iter().map(|one| of_test(one, scope)).collect()),
        Test::Slot(slot, check) => of_check(&scope.slots[*slot], check),
        Test::Anywhere(Anywhere::Text(text, _)) => Condition::text_holds(text),
        Test::Anywhere(Anywhere::Glob(parts)) => holds_all(parts),
        Test::Anywhere(Anywhere::Regex(_)) => Condition::Any,
        Test::Expr(expr) => of_expr(expr, scope),
    }
}

fn of_expr(expr: &Expr, scope: &EventScope) -> Condition {
    match expr {
        Expr::And(all) => Condition::All(all.iter().map(|one| of_expr(one, scope)).collect()),
        Expr::Or(any) => Condition::OneOf(any.iter().map(|one| of_expr(one, scope)).collect()),
        Expr::Compare(comparison, sides) => match (&**sides, comparison) {
            (
                [Expr::Slot(slot), Expr::Const(Val::Text(text))]
                | [Expr::Const(Val::Text(text)), Expr::Slot(slot)],
                Comparison::Equal,
            ) => {
                match &scope.slots[*slot] {
                    // Compared as they are, not as a list that may hold it.
                    slot @ Slot::Field(_) => of_check(slot, &Check::Text(text.clone().into_owned())),
                    _ => Condition::Any,
                }
            }
            // What is not there is neither more nor less.
            (
                [left, right],
                Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast,
            ) => Condition::All(vec![has_field(left, scope), has_field(right, scope)]),
            _ => Condition::Any,
        },
        Expr::In(inner, set) => match &**inner {
            Expr::Slot(slot) => of_check(&scope.slots[*slot], &Check::OneOf(set.clone())),
            _ => Condition::Any,
        },
        _ => Condition::Any,
    }
}

fn has_field(expr: &Expr, scope: &EventScope) -> Condition {
    match expr {
        Expr::Slot(slot) => match &scope.slots[*slot] {
            Slot::Field(path) => has_key(path),
            _ => Condition::Any,
        },
        Expr::Scaled(inner, _) | Expr::Minus(inner) => has_field(inner, scope),
        _ => Condition::Any,
    }
}

fn of_check(slot: &Slot, check: &Check) -> Condition {
    match slot {
        Slot::Field(path) => of_field(path, check),
        Slot::Name => of_name(check),
        Slot::Derived(Derived::Domain | Derived::Action | Derived::Status) => match check {
            // An own field, or a part of the name, of which a word is the same in every spelling.
            Check::Text(text) => Condition::text_holds(longest_word(text)),
            _ => Condition::Any,
        },
        Slot::Time | Slot::Level | Slot::Derived(_) | Slot::Extra(_) | Slot::Within(..) => Condition::Any,
    }
}

fn of_field(path: &Path, check: &Check) -> Condition {
    let value = match check {
        Check::Null => return Condition::Any,
        Check::Text(text) => text_of(text),
        Check::Glob(parts) => {
            let begin = parts.first().map_or(Condition::Any, |first| Condition::text_begins(first));
            // What begins with digits may be a number, and so without quotes.
            let is_number = parts
                .first()
                .is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
            if is_number {
                Condition::Any
            } else {
                Condition::All(vec![begin_or_any(parts, begin), holds_all(parts)])
            }
        }
        Check::OneOf(set) => {
            let mut any = Vec::with_capacity(set.len());
            for key in set {
                match decode(&mut &key[..]) {
                    Cell::Text(text) => any.push(text_of(&text)),
                    _ => return has_key(path),
                }
            }
            Condition::OneOf(any)
        }
        _ => Condition::Any,
    };
    Condition::All(vec![has_key(path), value])
}

fn begin_or_any(parts: &[String], begin: Condition) -> Condition {
    if parts.first().is_some_and(String::is_empty) { Condition::Any } else { begin }
}

/// A value that is this text; of numbers and truth values, which have no quotes, nothing is known.
fn text_of(text: &str) -> Condition {
    let may_be_bare = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        || matches!(text, "true" | "false" | "NaN" | "inf" | "")
        || text.starts_with(['[', '{']);
    if may_be_bare { Condition::Any } else { Condition::text_is(text) }
}

fn has_key(path: &Path) -> Condition {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    match keys[..] {
        [] => Condition::Any,
        [key] => Condition::has_key(key),
        // In each other, or one key with dots in it.
        [.., last] => Condition::OneOf(vec![Condition::has_key(last), Condition::has_key(&keys.join("."))]),
    }
}

fn of_name(check: &Check) -> Condition {
    match check {
        Check::Text(name) => spellings(name, "\""),
        Check::Glob(parts) => Condition::All(parts.iter().map(|part| spellings(part, "")).collect()),
        _ => Condition::Any,
    }
}

/// A name, or a piece of one, with `_` and with dots, and what follows. In front of it may stand emoji.
fn spellings(name: &str, end: &str) -> Condition {
    let is_of_words =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_of_words || (!end.is_empty() && EventName::check(name).is_err()) {
        return Condition::text_holds(name);
    }
    Condition::HoldsDotted(format!("{name}{end}").into_bytes())
}

fn longest_word(text: &str) -> &str {
    text.split(['_', '.']).max_by_key(|word| word.len()).unwrap_or(text)
}

fn holds_all(parts: &[String]) -> Condition {
    Condition::All(
        parts.iter().filter(|part| !part.is_empty()).map(|part| Condition::text_holds(part)).collect(),
    )
}
