//! From what is meant to tokens: the function, with its body inside an operation.

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::validate::Operation;

/// ```text
/// fn name(parameters) -> Returns {
///     let operation = ::trine::timed!(log, level: debug, "name", fields);
///     let (operation, result) = operation.run_unjudged(move |_| -> Returns { body });
///     operation.end_by((&&&&&&Probe(&result)).probed());
///     result
/// }
/// ```
/// Identifiers that we make resolve where the macro is defined, so that nothing in the body sees them.
pub(crate) fn operation(operation: Operation) -> TokenStream {
    let Operation { function, name, options, log, fields, judge, is_async, returns } = operation;
    let span = function.name.span().resolved_at(Span::mixed_site());

    // What is wrong with the name is shown at the name.
    let named = name.span().resolved_at(Span::mixed_site());

    let mut timed = TokenStream::new();
    if let Some(log) = log {
        timed.extend(log);
        timed.extend(code(",", span));
    }
    for (option, value) in options {
        timed.extend([TokenTree::from(Ident::new(option, span))]);
        timed.extend(code(":", span));
        timed.extend(value);
        timed.extend(code(",", span));
    }
    timed.extend([TokenTree::from(name)]);
    if !fields.is_empty() {
        timed.extend(code(",", span));
        timed.extend(fields);
    }

    let mut body = code("let __trine_operation =", span);
    body.extend(code("::trine::timed!", named));
    body.extend([group(Delimiter::Parenthesis, timed, named)]);
    body.extend(code("; let (__trine_operation, __trine_result) = ", span));
    if is_async {
        // An async block cannot say what it returns; a statement that is never reached does.
        let mut inside = TokenStream::new();
        if !returns.is_empty() {
            inside.extend(code(ALLOW, span));
            let mut fake = code("let __trine_returns:", span);
            fake.extend(returns);
            fake.extend(code("= loop {}; return __trine_returns;", span));
            inside.extend(code("if false", span));
            inside.extend([group(Delimiter::Brace, fake, span)]);
        }
        inside.extend([TokenTree::from(function.body)]);
        let mut work = code("async move", span);
        work.extend([group(Delimiter::Brace, inside, span)]);
        body.extend(code("__trine_operation.run_async_unjudged", span));
        body.extend([group(Delimiter::Parenthesis, work, span)]);
        body.extend(code(".await;", span));
    } else {
        let mut work = code("move |_| ->", span);
        if returns.is_empty() {
            work.extend(code("()", span));
        } else {
            work.extend(returns);
        }
        work.extend([TokenTree::from(function.body)]);
        body.extend(code("__trine_operation.run_unjudged", span));
        body.extend([group(Delimiter::Parenthesis, work, span)]);
        body.extend(code(";", span));
    }
    if let Some(judge) = judge {
        let mut arguments = code("&__trine_result,", span);
        arguments.extend(judge);
        body.extend(code("__trine_operation.end_judged", span));
        body.extend([group(Delimiter::Parenthesis, arguments, span)]);
        body.extend(code("; __trine_result", span));
    } else {
        body.extend(code(
            "{
                #[allow(unused_imports)]
                use ::trine::__private::{
                    ProbeAny as _, ProbeOutcome as _, ProbeResult as _, ProbeResultCoded as _, ProbeResultError as _,
                    ProbeResultHeld as _,
                };
                __trine_operation.end_by((&&&&&&::trine::__private::Probe(&__trine_result)).probed());
            }
            __trine_result",
            span,
        ));
    }

    let mut out: TokenStream = function.head.into_iter().collect();
    if !function.returns.is_empty() {
        let mut arrow = [Punct::new('-', Spacing::Joint), Punct::new('>', Spacing::Alone)];
        arrow.iter_mut().for_each(|half| half.set_span(span));
        out.extend(arrow.map(TokenTree::from));
        out.extend(function.returns);
    }
    out.extend(function.bounds);
    out.extend([group(Delimiter::Brace, body, span)]);
    out
}

/// The user did not write it, and so cannot mend it.
const ALLOW: &str = "#[allow(unknown_lints, unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, \
                     clippy::let_unit_value, clippy::let_with_type_underscore, clippy::needless_return, \
                     clippy::unused_unit)]";

/// Tokens of ours, at the user's place.
fn code(text: &str, span: Span) -> TokenStream {
    fn at(tokens: TokenStream, span: Span) -> TokenStream {
        tokens
            .into_iter()
            .map(|mut token| {
                if let TokenTree::Group(inside) = &token {
                    token = group(inside.delimiter(), at(inside.stream(), span), span);
                }
                token.set_span(span);
                token
            })
            .collect()
    }
    at(text.parse().expect("our own code is made of tokens"), span)
}

fn group(delimiter: Delimiter, tokens: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group.into()
}
