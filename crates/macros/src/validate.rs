//! From what was written to what is meant: which options there are, which functions can be timed.

use proc_macro::{Ident, Literal, Span, TokenTree};

use crate::{
    mistake::{Mistake, Result},
    parse::{ALLOWED, Angles, Function, Written},
};

/// A function to be timed.
pub(crate) struct Operation {
    pub(crate) function: Function,
    pub(crate) name: Literal,
    /// Options of `timed!`, by their names there.
    pub(crate) options: Vec<(&'static str, Vec<TokenTree>)>,
    pub(crate) log: Option<Vec<TokenTree>>,
    pub(crate) fields: Vec<TokenTree>,
    pub(crate) judge: Option<Vec<TokenTree>>,
    pub(crate) is_async: bool,
    /// What is behind `->`, with `_` for every `impl Trait`.
    pub(crate) returns: Vec<TokenTree>,
}

/// The options there are; the last arm of the match below is `judge`.
const OPTIONS: [&str; 7] = ["fields", "level", "success", "slow_ms", "parent", "log", "judge"];

pub(crate) fn operation(written: Vec<Written>, function: Function) -> Result<Operation> {
    let is_async = qualifiers(&function)?;
    let mut operation = Operation {
        name: Literal::string(""),
        options: Vec::new(),
        log: None,
        fields: Vec::new(),
        judge: None,
        is_async,
        returns: without_impl(&function.returns),
        function,
    };
    let mut seen: Vec<String> = Vec::new();
    let mut name = None;
    for Written { key, value, is_list, span } in written {
        let Some(key) = key else {
            if name.is_some() || !seen.is_empty() {
                return Err(Mistake::new(span, "the name of the operation comes first, and once"));
            }
            name = Some(literal(
                &value,
                span,
                "the name of an operation is a text: `#[timed(\"database_query\")]`",
            )?);
            continue;
        };
        let word = key.to_string();
        if seen.contains(&word) {
            return Err(Mistake::new(span, format!("the option `{word}` is there twice")));
        }
        if !OPTIONS.contains(&word.as_str()) {
            return Err(Mistake::new(span, format!("unknown option `{word}`; {ALLOWED}")));
        }
        if is_list != (word == "fields") {
            return Err(Mistake::new(span, ALLOWED));
        }
        match word.as_str() {
            "fields" => operation.fields = value,
            "level" => operation.options.push(("level", level(value, span)?)),
            "success" => {
                let hint = "the option `success` takes a text: `success = \"committed\"`";
                operation.options.push(("success", vec![literal(&value, span, hint)?.into()]));
            }
            "slow_ms" => operation.options.push(("slow_ms", value)),
            "parent" => operation.options.push(("parent", value)),
            "log" => operation.log = Some(value),
            _ => operation.judge = Some(value),
        }
        seen.push(word);
    }
    operation.name = match name {
        Some(name) => name,
        None => of_function(&operation.function.name)?,
    };
    Ok(operation)
}

/// True for `async`; an error for what cannot be timed.
fn qualifiers(function: &Function) -> Result<bool> {
    for qualifier in &function.qualifiers {
        let message = match qualifier.to_string().as_str() {
            "const" => {
                "a `const fn` runs while compiling as well, where nothing can be emitted: `#[timed]` cannot be here"
            }
            "unsafe" => {
                "`#[timed]` puts the body into a closure, where it would no longer be `unsafe`: time what is inside with \
                 `trine::timed!(...).run(|| ...)`"
            }
            _ => continue,
        };
        return Err(Mistake::new(qualifier.span(), message));
    }
    let is_async = function.qualifiers.iter().any(|word| word.to_string() == "async");
    let future = function
        .returns
        .iter()
        .find(|token| matches!(token, TokenTree::Ident(word) if word.to_string() == "Future"));
    let nested = function.returns.iter().find(|token| has_future(token));
    match future.or(nested) {
        Some(token) if !is_async => Err(Mistake::new(
            token.span(),
            "`#[timed]` would time how long the future takes to be made, not to run: make the function `async`, or return \
             `trine::timed!(...).run_async(async move { ... })`",
        )),
        _ => Ok(is_async),
    }
}

/// `Future` in parentheses or brackets.
fn has_future(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().any(|token| has_future(&token)),
        TokenTree::Ident(word) => word.to_string() == "Future",
        _ => false,
    }
}

fn literal(value: &[TokenTree], span: Span, hint: &str) -> Result<Literal> {
    match value {
        [TokenTree::Literal(literal)] if literal.to_string().starts_with(['"', 'r']) => Ok(literal.clone()),
        [TokenTree::Group(group)] => literal_in(group.stream().into_iter().collect(), span, hint),
        _ => Err(Mistake::new(span, hint)),
    }
}

/// A literal that a macro has passed on stands in a group without delimiters.
fn literal_in(value: Vec<TokenTree>, span: Span, hint: &str) -> Result<Literal> {
    literal(&value, span, hint)
}

/// The word of a level, also as text: `debug`, `"debug"`.
fn level(value: Vec<TokenTree>, span: Span) -> Result<Vec<TokenTree>> {
    let hint = "the option `level` takes a word: `trace`, `debug`, `info`, `warning`, `error` or `critical`";
    match &value[..] {
        [TokenTree::Ident(_)] => Ok(value),
        [TokenTree::Literal(text)] => {
            let word = text.to_string();
            match word.trim_matches('"') {
                word @ ("trace" | "debug" | "info" | "warning" | "error" | "critical") => {
                    Ok(vec![Ident::new(word, text.span()).into()])
                }
                _ => Err(Mistake::new(text.span(), hint)),
            }
        }
        _ => Err(Mistake::new(span, hint)),
    }
}

/// The name that a function gives its operation: its own, which has two words.
fn of_function(function: &Ident) -> Result<Literal> {
    let written = function.to_string();
    let name = written.strip_prefix("r#").unwrap_or(&written).trim_matches('_');
    if !name.contains('_') {
        return Err(Mistake::new(
            function.span(),
            format!(
                "an operation's name says at least where and what, and `{name}` is one word: name it, like \
                 `#[timed(\"order_{name}\")]`"
            ),
        ));
    }
    let mut literal = Literal::string(name);
    literal.set_span(function.span());
    Ok(literal)
}

/// A type with `_` in place of every `impl Trait`, which may stand in a signature only.
fn without_impl(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut out = Vec::new();
    let mut tokens = tokens.iter().peekable();
    let mut angles = Angles::default();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word.to_string() == "impl" => {
                out.push(Ident::new("_", word.span()).into());
                // To the end of the bounds: a comma or a closing bracket of what is around.
                let depth = angles.depth();
                while let Some(next) = tokens.peek() {
                    let is_comma = matches!(next, TokenTree::Punct(comma) if comma.as_char() == ',');
                    let mut after = angles;
                    after.pass(next);
                    if after.depth() < depth || is_comma && angles.depth() == depth {
                        break;
                    }
                    angles = after;
                    tokens.next();
                }
            }
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut replaced =
                    proc_macro::Group::new(group.delimiter(), without_impl(&inside).into_iter().collect());
                replaced.set_span(group.span());
                out.push(replaced.into());
            }
            other => {
                angles.pass(other);
                out.push(other.clone());
            }
        }
    }
    out
}
