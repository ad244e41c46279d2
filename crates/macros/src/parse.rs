//! From tokens to what was written: a function in its pieces, options in theirs.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::mistake::{Mistake, Result};

/// A function, in the pieces that matter.
pub(crate) struct Function {
    /// Attributes, visibility, qualifiers, up to and with the parameters.
    pub(crate) head: Vec<TokenTree>,
    /// Behind `->`; empty where there is none.
    pub(crate) returns: Vec<TokenTree>,
    /// `where ...`, or empty.
    pub(crate) bounds: Vec<TokenTree>,
    pub(crate) body: Group,
    pub(crate) name: Ident,
    /// The words before `fn`.
    pub(crate) qualifiers: Vec<Ident>,
}

/// An option as written: `name = tokens`, `name(tokens)`, or a literal alone.
pub(crate) struct Written {
    /// `None` for the name of the operation, a literal.
    pub(crate) key: Option<Ident>,
    pub(crate) value: Vec<TokenTree>,
    /// The value stood in parentheses.
    pub(crate) is_list: bool,
    pub(crate) span: Span,
}

/// Reads a function with a body.
pub(crate) fn function(item: TokenStream) -> Result<Function> {
    let mut tokens = item.into_iter().peekable();
    let (mut head, mut qualifiers) = (Vec::new(), Vec::new());
    let nothing = || Mistake::new(Span::call_site(), "`#[timed]` stands before a function");
    loop {
        let token = tokens.next().ok_or_else(nothing)?;
        match &token {
            TokenTree::Ident(word) => match word.to_string().as_str() {
                "fn" => {
                    head.push(token);
                    break;
                }
                "async" | "const" | "unsafe" | "extern" => qualifiers.push(word.clone()),
                "struct" | "enum" | "impl" | "trait" | "mod" | "static" | "type" | "use" | "union"
                | "macro_rules" => {
                    return Err(Mistake::new(
                        word.span(),
                        format!("`#[timed]` stands before a function, and this is `{word}`"),
                    ));
                }
                _ => {}
            },
            TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        head.push(token);
    }
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => name,
        _ => return Err(nothing()),
    };
    head.push(name.clone().into());
    // Generics, then the parameters. Parentheses may stand in the generics as well: `<F: Fn(u8)>`.
    let mut depth = Angles::default();
    loop {
        let token = tokens.next().ok_or_else(nothing)?;
        depth.pass(&token);
        let is_parameters = depth.is_outside()
            && matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
        head.push(token);
        if is_parameters {
            break;
        }
    }
    let mut function =
        Function { head, returns: Vec::new(), bounds: Vec::new(), body: empty(), name, qualifiers };
    let (mut is_returns, mut is_bounds) = (false, false);
    let mut rest = tokens.collect::<Vec<_>>();
    match rest.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => function.body = body,
        _ => {
            return Err(Mistake::new(
                function.name.span(),
                "`#[timed]` needs a function with a body; in a trait it stands before each implementation",
            ));
        }
    }
    let mut rest = rest.into_iter().peekable();
    while let Some(token) = rest.next() {
        match &token {
            TokenTree::Punct(dash) if dash.as_char() == '-' && !is_returns && !is_bounds => {
                is_returns = true;
                // The second half of the arrow.
                rest.next();
            }
            TokenTree::Ident(word) if word.to_string() == "where" && !is_bounds => {
                is_bounds = true;
                function.bounds.push(token);
            }
            _ if is_bounds => function.bounds.push(token),
            _ => function.returns.push(token),
        }
    }
    Ok(function)
}

fn empty() -> Group {
    Group::new(Delimiter::Brace, TokenStream::new())
}

/// How deep in angle brackets a position is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Angles {
    depth: usize,
    /// The last token was a `-` or `=`, which make an arrow of a `>`.
    is_arrow: bool,
}

impl Angles {
    pub(crate) fn pass(&mut self, token: &TokenTree) {
        let punct = match token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match punct {
            '<' => self.depth += 1,
            '>' if !self.is_arrow => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.is_arrow = matches!(punct, '-' | '=');
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.depth == 0
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

/// Reads the options, separated by commas.
pub(crate) fn options(options: TokenStream) -> Result<Vec<Written>> {
    let mut written = Vec::new();
    for option in split_at_commas(options) {
        let mut tokens = option.into_iter();
        let Some(first) = tokens.next() else { continue };
        let span = first.span();
        let rest: Vec<TokenTree> = tokens.collect();
        let key = match first {
            TokenTree::Ident(key) => key,
            TokenTree::Literal(name) if rest.is_empty() => {
                written.push(Written { key: None, value: vec![name.into()], is_list: false, span });
                continue;
            }
            _ => return Err(Mistake::new(span, ALLOWED)),
        };
        let (value, is_list) = match &rest[..] {
            [TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' && !value.is_empty() => {
                (value.to_vec(), false)
            }
            [TokenTree::Group(list)] if list.delimiter() == Delimiter::Parenthesis => {
                (list.stream().into_iter().collect(), true)
            }
            [TokenTree::Punct(colon), ..] if colon.as_char() == ':' => {
                return Err(Mistake::new(
                    colon.span(),
                    format!("an option of `#[timed]` is written with `=`: `{key} = ...`"),
                ));
            }
            [] | [TokenTree::Punct(_)] => {
                return Err(Mistake::new(span, format!("the option `{key}` has no value; {ALLOWED}")));
            }
            _ => return Err(Mistake::new(span, ALLOWED)),
        };
        written.push(Written { key: Some(key), value, is_list, span });
    }
    Ok(written)
}

/// What may stand in the parentheses of `#[timed]`.
pub(crate) const ALLOWED: &str = "`#[timed]` takes a name and options, each with a comma: `#[timed(\"database_query\", fields(table, \
     rows = rows.len()), level = debug, success = \"committed\", slow_ms = 500, log = self.log, judge = |result| ...)]`";

fn split_at_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    // A closure's parameters have commas of their own.
    let mut is_between_bars = false;
    for token in tokens {
        match &token {
            TokenTree::Punct(bar) if bar.as_char() == '|' => is_between_bars = !is_between_bars,
            TokenTree::Punct(comma) if comma.as_char() == ',' && !is_between_bars => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is always one").push(token);
    }
    parts
}
