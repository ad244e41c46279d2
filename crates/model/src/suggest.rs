//! "Did you mean ...?": the nearest of the words that are allowed.
//!
//! ```
//! use trine_model::suggest;
//!
//! assert_eq!(suggest::nearest("lvel", ["event", "level", "timestamp"]), Some("level"));
//! assert_eq!(suggest::nearest("colour", ["event", "level", "timestamp"]), None); // nothing is near: better silent
//! ```

/// Longest word that is compared, in characters: that of an event name. Longer ones have no neighbours, so a hostile text
/// costs nothing.
const WORD_CHARS_MAX: usize = crate::NAME_BYTES_MAX;

/// Most edits between a word and its suggestion, however long they are: more is another word, not a slip.
const EDITS_MAX: usize = 4;

/// The candidate that `word` most likely stands for: the one with the fewest edits, the first of several; none when even
/// that would change more than a third of the word (rounded), or more than four characters.
///
/// An edit inserts, removes or replaces a character, or swaps two neighbours. Upper and lower case ASCII letters count as
/// the same.
///
/// Cost: a few microseconds per candidate of about the same length; meant for messages, not for hot paths.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = letters(word)?;
    let edits_max = ((word.len() + 1) / 3).min(EDITS_MAX);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((edits(&word, &letters(candidate)?, edits_max)?, candidate)))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// The characters of a word in lower case; none when it is empty or too long to be compared.
fn letters(word: &str) -> Option<Vec<char>> {
    let letters: Vec<char> =
        word.chars().take(WORD_CHARS_MAX + 1).map(|letter| letter.to_ascii_lowercase()).collect();
    (1..=WORD_CHARS_MAX).contains(&letters.len()).then_some(letters)
}

/// How many edits lie between two words, if not more than `edits_max` (restricted Damerau-Levenshtein distance).
fn edits(a: &[char], b: &[char], edits_max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > edits_max {
        return None;
    }
    // Row `i` holds the distances from the first `i` letters of `a` to each beginning of `b`. A swap looks two rows back.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    let edits = above[b.len()];
    (edits <= edits_max).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(word, candidates.iter().copied()), expected, "{word}");
    }

    #[test]
    fn one_slip_of_each_kind_is_found() {
        for slip in ["lgin", "llogin", "lokin", "lgoin", "LOGIN"] {
            check(slip, &["logout", "login"], Some("login"));
        }
    }

    #[test]
    fn nearest_wins_and_the_first_of_equals() {
        check(
            "payment_proces_failed",
            &["payment_refund_failed", "payment_process_failed"],
            Some("payment_process_failed"),
        );
        check("bat", &["cat", "hat"], Some("cat"));
    }

    #[test]
    fn distant_short_and_empty_words_have_no_suggestion() {
        check("verbose", &["info", "debug"], None);
        check("x", &["y"], None);
        check("", &["a"], None);
        check("order_fulfilment_started", &["order_cancellation_started"], None);
    }

    #[test]
    fn overlong_words_are_not_compared() {
        let long = "a".repeat(WORD_CHARS_MAX + 1);
        check(&long, &[&long], None);
        check(&long[1..], &[&long[1..]], Some(&long[1..]));
    }

    #[test]
    fn letters_of_any_script_count_as_one_edit_each() {
        check("größse", &["größe"], Some("größe"));
    }
}
