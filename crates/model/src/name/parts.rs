//! Where domain, action and status lie in a name.

use std::borrow::Cow;

use crate::{
    name::grammar::canonical,
    vocabulary::{Role, role_of},
};

/// Domain, action and status of a name: pieces of its text, each empty when the name has none.
///
/// ```
/// use trine_model::NameParts;
///
/// let parts = NameParts::of("auth_password_reset_requested");
/// assert_eq!(parts, NameParts { domain: "auth", action: "password_reset", status: "requested" });
/// assert_eq!(parts.operation(), "auth_password_reset");
///
/// assert_eq!(NameParts::of("cache_hit"), NameParts { domain: "cache", action: "hit", status: "" });
/// assert_eq!(NameParts::of("order_created"), NameParts { domain: "order", action: "", status: "created" });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameParts<'a> {
    /// The system area: `payment` in `payment_process_failed`. Never empty for a valid name.
    pub domain: &'a str,
    /// What was attempted: `process`. Has dots inside when the name has four segments or more.
    pub action: &'a str,
    /// How it went: `failed`.
    pub status: &'a str,
}

impl<'a> NameParts<'a> {
    /// The parts of a name.
    ///
    /// Written with `_`: the domain is the first word; the status is the longest tail of what follows that
    /// [`STATUSES`](crate::vocabulary::STATUSES) lists. Without such a tail the last of three words or more is the status, and
    /// the second of two is the action.
    ///
    /// Written with dots: the first segment is the domain, the last is the status, the middle is the action. Of two
    /// segments the second ends in a status that we know, or is an action.
    ///
    /// Total: a text that is not a name gives some parts too, and never a panic.
    pub fn of(name: &'a str) -> NameParts<'a> {
        match name.split_once('.') {
            Some((domain, rest)) => match rest.rsplit_once('.') {
                Some((action, status)) => NameParts { domain, action, status },
                None => {
                    let (action, status) = split_known_status(rest).unwrap_or((rest, ""));
                    NameParts { domain, action, status }
                }
            },
            None => {
                let (domain, rest) = name.split_once('_').unwrap_or((name, ""));
                let (action, status) =
                    split_known_status(rest).or_else(|| rest.rsplit_once('_')).unwrap_or((rest, ""));
                NameParts { domain, action, status }
            }
        }
    }

    /// Domain and action in the spelling with `_`: what the events of one operation have in common.
    ///
    /// `payment_process` for `payment_process_failed`; only the domain for `order_created`.
    pub fn operation(&self) -> Cow<'a, str> {
        let domain = canonical(self.domain);
        if self.action.is_empty() {
            domain
        } else {
            Cow::Owned(format!("{domain}_{}", canonical(self.action)))
        }
    }

    /// What the status means for the operation; [`Role::Point`] when there is none, or none that we know.
    pub fn role(&self) -> Role {
        role_of(self.status).unwrap_or(Role::Point)
    }
}

/// Cuts words in front of the longest tail that is a known status. The words in front may be none.
fn split_known_status(words: &str) -> Option<(&str, &str)> {
    if role_of(words).is_some() {
        return Some(("", words));
    }
    words
        .match_indices('_')
        .map(|(at, _)| (&words[..at], &words[at + 1..]))
        .find(|(_, status)| role_of(status).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: [&str; 3]) {
        let NameParts { domain, action, status } = NameParts::of(name);
        assert_eq!([domain, action, status], expected, "{name}");
    }

    #[test]
    fn status_is_the_longest_known_tail() {
        check("job_run_timed_out", ["job", "run", "timed_out"]);
        check("order_line_item_out_of_stock", ["order", "line_item", "out_of_stock"]);
        check("request_timed_out", ["request", "", "timed_out"]);
    }

    #[test]
    fn unknown_tail_gives_its_last_word() {
        check("sensor_heat_purple", ["sensor", "heat", "purple"]);
        check("a_b_c_d", ["a", "b_c", "d"]);
    }

    #[test]
    fn domain_stays_even_when_it_reads_like_a_status() {
        check("timed_out", ["timed", "out", ""]);
        check("failed_failed", ["failed", "", "failed"]);
        check("not_found", ["not", "", "found"]);
    }

    #[test]
    fn dots_say_where_the_parts_are() {
        check("web_app.log_in.timed_out", ["web_app", "log_in", "timed_out"]);
        check("export.daily.left_over", ["export", "daily", "left_over"]);
        check("storage.bucket.object.deleted", ["storage", "bucket.object", "deleted"]);
        check("order.created", ["order", "", "created"]);
        check("cache.hit", ["cache", "hit", ""]);
        check("page.list_view", ["page", "list_view", ""]);
        check("auth.login_failed", ["auth", "login", "failed"]);
    }

    #[test]
    fn operation_is_the_same_for_both_spellings() {
        for name in [
            "storage_bucket_object_deleted",
            "storage.bucket.object.deleted",
            "storage.bucket_object.deleted",
        ] {
            assert_eq!(NameParts::of(name).operation(), "storage_bucket_object");
        }
        assert_eq!(NameParts::of("order.created").operation(), "order");
    }

    #[test]
    fn text_that_is_no_name_gives_some_parts() {
        check("", ["", "", ""]);
        check("_", ["", "", ""]);
        check(".", ["", "", ""]);
        check("...", ["", ".", ""]);
        check("größe_erreicht_", ["größe", "erreicht", ""]);
    }
}
