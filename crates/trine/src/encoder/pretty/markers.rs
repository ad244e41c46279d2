//! The signs in front of a name: what it is about, and how it went. Decoration only; the name says the same.
//!
//! Subjects are two columns wide in every terminal: single characters of East Asian Width *wide*, which are emoji by themselves.
//! Those that need a variation selector (🗄 for a database) are one or two columns, as the terminal pleases, and are not used. Role
//! marks are of width *neutral*, one column everywhere; the usual ▶ ✔ ✖ • may be two.
//!
//! Source: Unicode 16.0, `EastAsianWidth.txt` and `emoji-data.txt`.

use trine_model::{NameParts, Role};

use super::paint::Style;

/// Stands for a subject when there is none.
const NO_SUBJECT: &str = "  ";

/// Words of domains and actions that have a sign.
const SUBJECTS: &[(&str, &str)] = &[
    ("account", "👤"),
    ("alert", "🚨"),
    ("api", "🌐"),
    ("auth", "🔑"),
    ("backup", "💾"),
    ("batch", "📚"),
    ("cache", "⚡"),
    ("cart", "🛒"),
    ("charge", "💳"),
    ("config", "🔧"),
    ("data", "💾"),
    ("database", "💾"),
    ("db", "💾"),
    ("deploy", "🚀"),
    ("email", "📧"),
    ("events", "📚"),
    ("file", "📁"),
    ("fraud", "🚨"),
    ("http", "🌐"),
    ("inventory", "📦"),
    ("invoice", "🧾"),
    ("job", "🔨"),
    ("login", "🔑"),
    ("logout", "🔑"),
    ("mail", "📧"),
    ("message", "📨"),
    ("metrics", "📊"),
    ("network", "📡"),
    ("notification", "🔔"),
    ("order", "🛒"),
    ("page", "📄"),
    ("payment", "💳"),
    ("product", "📦"),
    ("query", "💾"),
    ("queue", "📨"),
    ("refund", "💳"),
    ("report", "📊"),
    ("request", "🌐"),
    ("search", "🔍"),
    ("security", "🔒"),
    ("session", "👤"),
    ("shipment", "🚚"),
    ("shipping", "🚚"),
    ("storage", "📁"),
    ("task", "🔨"),
    ("token", "🔑"),
    ("user", "👤"),
    ("web", "🌐"),
    ("worker", "🔨"),
];

/// The sign of the first word that has one: words of the domain, then of the action. Two spaces when none has.
pub(super) fn subject(parts: &NameParts<'_>) -> &'static str {
    let words = parts.domain.split(['_', '.']).chain(parts.action.split(['_', '.']));
    words
        .filter_map(|word| SUBJECTS.iter().find(|(known, _)| *known == word))
        .map(|(_, sign)| *sign)
        .next()
        .unwrap_or(NO_SUBJECT)
}

/// The mark of a role, and how it looks.
pub(super) const fn role(role: Role) -> (&'static str, Style) {
    match role {
        Role::Open => ("▸", Style::Opened),
        Role::Ok => ("✓", Style::Good),
        Role::Fail => ("✗", Style::Alarm),
        Role::Point => ("∙", Style::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges of wide characters that are emoji by themselves, as far as they are needed. From `EastAsianWidth.txt`.
    const WIDE: &[std::ops::RangeInclusive<char>] = &[
        '\u{26a1}'..='\u{26a1}',
        '\u{1f300}'..='\u{1f320}',
        '\u{1f442}'..='\u{1f4fc}',
        '\u{1f4ff}'..='\u{1f53d}',
        '\u{1f680}'..='\u{1f6c5}',
        '\u{1f6d0}'..='\u{1f6d2}',
        '\u{1f947}'..='\u{1f9ff}',
    ];

    #[test]
    fn every_sign_is_one_wide_character() {
        for (word, sign) in SUBJECTS {
            let mut chars = sign.chars();
            let c = chars.next().unwrap();
            assert!(
                chars.next().is_none() && WIDE.iter().any(|range| range.contains(&c)),
                "{word}: {sign:?}"
            );
        }
    }

    #[test]
    fn words_stand_once_and_in_order() {
        assert!(SUBJECTS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn the_domain_speaks_before_the_action() {
        let sign = |name| subject(&NameParts::of(name));
        assert_eq!(sign("payment_process_failed"), "💳");
        assert_eq!(sign("user_login"), "👤");
        assert_eq!(sign("portal_login_failed"), "🔑");
        assert_eq!(sign("web_app.log_in.failed"), "🌐");
        assert_eq!(sign("sensor_heat_measured"), NO_SUBJECT);
    }
}
