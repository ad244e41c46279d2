//! A mistake of the user's, at the token where it is.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// What is wrong, and where.
pub(crate) struct Mistake {
    span: Span,
    message: String,
}

pub(crate) type Result<T> = std::result::Result<T, Mistake>;

impl Mistake {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Mistake {
        Mistake { span, message: message.into() }
    }

    /// `::core::compile_error! { "..." }`, shown at the token.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let span = self.span;
        let punct = |char, spacing| {
            let mut punct = Punct::new(char, spacing);
            punct.set_span(span);
            TokenTree::from(punct)
        };
        let mut message = Literal::string(&self.message);
        message.set_span(span);
        let mut braces = Group::new(Delimiter::Brace, TokenTree::from(message).into());
        braces.set_span(span);
        let path = [
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            Ident::new("core", span).into(),
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            Ident::new("compile_error", span).into(),
            punct('!', Spacing::Alone),
        ];
        path.into_iter().chain([TokenTree::from(braces)]).collect()
    }
}
