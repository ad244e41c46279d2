//! The reference: what a variable or a key is called, means, allows and defaults to.
//!
//! `docs/configuration.md` holds the tables as [`reference`] renders them; a test compares.

#[cfg(feature = "config")]
use super::file;
use super::variables;

/// One line of the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) allowed: &'static str,
    /// As a person reads it; empty where there is none.
    pub(crate) default: &'static str,
}

impl Entry {
    /// What a finding says of a value that could not be used.
    pub(crate) fn outcome(&self) -> String {
        match self.default {
            "" => "ignored".to_owned(),
            default => format!("using the default, {default}"),
        }
    }
}

/// The reference of all variables and all keys of `trine.toml`, as Markdown tables under the headings that
/// `docs/configuration.md` gives them. Keys are in it when the feature `config` is on.
#[must_use]
pub fn reference() -> Vec<(&'static str, String)> {
    vec![
        ("Variables", markdown("variable", variables::entries())),
        #[cfg(feature = "config")]
        ("Keys of the file", markdown("key", file::entries())),
        #[cfg(feature = "config")]
        ("Keys of `[masks]`", markdown("key", file::mask_entries())),
        #[cfg(feature = "config")]
        ("Keys of an `[[output]]`", markdown("key", file::output_entries())),
    ]
}

/// A Markdown table of entries.
fn markdown<'a>(head: &str, entries: impl Iterator<Item = &'a Entry>) -> String {
    let mut table = format!("| {head} | what it says | allowed | default |\n|---|---|---|---|\n");
    for Entry { name, meaning, allowed, default } in entries {
        table += &format!("| `{name}` | {meaning} | {allowed} | {default} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_document_holds_every_table_as_it_is_rendered() {
        let document = document();
        for (title, table) in reference() {
            assert!(document.contains(&table), "docs/configuration.md lacks this table of {title}:\n{table}");
        }
    }

    #[test]
    #[cfg(feature = "config")]
    fn the_example_in_the_document_is_read_and_says_everything() {
        let document = document();
        let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let (settings, findings) = file::read_text(example, "trine.toml");
        // A build without a compression says so, rightly.
        let unexpected: Vec<_> =
            findings.iter().filter(|finding| finding.id != "compression-feature-off").collect();
        assert!(unexpected.is_empty(), "{unexpected:?}");
        for (_, table) in reference().iter().skip(1) {
            for name in table.lines().skip(2).filter_map(|line| line.split('`').nth(1)) {
                let said = |line: &str| {
                    ["", "[", "[["].iter().any(|open| {
                        line.strip_prefix(open)
                            .and_then(|line| line.strip_prefix(name))
                            .is_some_and(|rest| rest.starts_with([' ', ']']))
                    })
                };
                assert!(example.lines().any(said), "the example lacks `{name}`");
            }
        }
        assert_eq!(settings.outputs.map(|outputs| outputs.len()), Some(3));
    }

    #[test]
    fn the_default_level_is_that_of_the_rules() {
        let (_, variables) = &reference()[0];
        assert!(
            variables.contains(&format!("see *Level rules* | {} |", crate::rules::LevelRules::default()))
        );
    }
}
