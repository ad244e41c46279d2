//! What detectors find, by the name that configuration gives it.

use std::{fmt, str::FromStr};

use super::super::UnknownWord;
use crate::Error;

/// A kind of secret that [`Detectors`](super::Detectors) find by its form.
///
/// ```
/// use trine_model::mask::Kind;
///
/// assert_eq!("private_key".parse::<Kind>().unwrap(), Kind::PrivateKey);
/// assert_eq!(Kind::ALL.len(), 16);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A payment card: an issuer's prefix, its length, and the check digit of Luhn. Keeps the last four digits.
    Card,
    /// A bank account: a country's length and the check digits (mod 97). Keeps the country and the last characters.
    Iban,
    /// An e-mail address. Keeps the first letter and the domain. **Off by default.**
    Email,
    /// A JSON web token, signed (JWS) or encrypted (JWE).
    Jwt,
    /// An access key id of Amazon Web Services, `AKIA` or `ASIA`. Keeps these four letters. (Its secret is found by its key.)
    Aws,
    /// An API key (`AIza`), a client secret (`GOCSPX-`) or an access token (`ya29.`) of Google. Keeps the prefix.
    Gcp,
    /// A token of GitHub: `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_`, `github_pat_`. Keeps the prefix.
    Github,
    /// A token of GitLab: `glpat-`, `gldt-`, `glrt-`. Keeps the prefix.
    Gitlab,
    /// A token (`xoxb-` and its kin, `xapp-`) or the address of a webhook of Slack. Keeps the prefix.
    Slack,
    /// A live key (`sk_live_`, `rk_live_`) or webhook secret (`whsec_`) of Stripe. Keeps the prefix. Test keys are no secrets.
    Stripe,
    /// A key of the providers of language models who write it `sk-`. Keeps the prefix.
    Ai,
    /// A token of another issuer who marks it: npm, PyPI, SendGrid, Hugging Face, DigitalOcean, Shopify, Docker, Vault.
    /// Keeps the prefix.
    Vendor,
    /// A private key in PEM. Keeps its first and last line.
    PrivateKey,
    /// Credentials as in the header `Authorization`: `Bearer ...`, `Basic ...`. Keeps the scheme.
    Header,
    /// A password in a URL, `scheme://user:password@host`. Keeps everything else.
    Url,
    /// A value assigned to a key that names a secret, in a URL's query, JSON, a header, a command line: `password=...`,
    /// `"api_key":"..."`. Keeps everything else.
    Assignment,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 16] = [
        Kind::Card,
        Kind::Iban,
        Kind::Email,
        Kind::Jwt,
        Kind::Aws,
        Kind::Gcp,
        Kind::Github,
        Kind::Gitlab,
        Kind::Slack,
        Kind::Stripe,
        Kind::Ai,
        Kind::Vendor,
        Kind::PrivateKey,
        Kind::Header,
        Kind::Url,
        Kind::Assignment,
    ];

    /// The name in a configuration: that of the variant in lower case, `private_key` with `_`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Card => "card",
            Kind::Iban => "iban",
            Kind::Email => "email",
            Kind::Jwt => "jwt",
            Kind::Aws => "aws",
            Kind::Gcp => "gcp",
            Kind::Github => "github",
            Kind::Gitlab => "gitlab",
            Kind::Slack => "slack",
            Kind::Stripe => "stripe",
            Kind::Ai => "ai",
            Kind::Vendor => "vendor",
            Kind::PrivateKey => "private_key",
            Kind::Header => "header",
            Kind::Url => "url",
            Kind::Assignment => "assignment",
        }
    }

    /// The bit that stands for it in a set.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// Reads a name in any case.
///
/// Errors: [`Error::is_invalid`]; the message lists the names and suggests the nearest.
impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Kind, Error> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownWord::error("detector", text, Kind::ALL.into_iter().map(Kind::as_str)))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_name_and_has_its_own_bit() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().to_uppercase().parse::<Kind>().unwrap(), kind);
        }
        assert_eq!(Kind::ALL.iter().fold(0, |bits, kind| bits | kind.bit()).count_ones(), 16);
    }

    #[test]
    fn an_unknown_kind_says_what_is_allowed() {
        let message = "cart".parse::<Kind>().unwrap_err().to_string();
        assert!(
            message.starts_with("read `cart` as a detector: detectors are card, iban, email, "),
            "{message}"
        );
        assert!(message.ends_with("; did you mean `card`?"), "{message}");
    }

    #[test]
    fn the_page_has_every_kind_in_this_order() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/masks.md");
        // A crate that was published stands alone.
        let Ok(page) = std::fs::read_to_string(page) else { return };
        let rows = page.lines().skip_while(|line| !line.starts_with("| detector |")).skip(2);
        let listed: Vec<&str> = rows.map_while(|row| row.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(listed, Kind::ALL.map(Kind::as_str));
    }
}
