//! What the outputs are, in words: for whoever goes on without the program.
//!
//! A line per output: what it is called, its format, its levels, separated by tabs. A line that begins with `#` names something that
//! is done to events and cannot be written down.

use crate::{
    black_box::identity_of,
    encoder::Format,
    pipeline::{Config, Pipe},
};

/// The format of an encoder that is none of ours.
const OWN: &str = "own";

/// The outputs of a journal, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outputs {
    pub(crate) all: Vec<Described>,
    /// What else is done to events: `stages`, `masks`.
    pub(crate) besides: Vec<String>,
}

/// One output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    /// What it is called: `file:`, and a path that does not depend on the working directory.
    pub(crate) identity: String,
    /// What its format is called in configuration; `own` for none of ours.
    pub(crate) format: String,
    /// What it takes, as level rules.
    pub(crate) levels: String,
}

impl Outputs {
    pub(crate) fn of(config: &Config) -> Outputs {
        let describe = |pipe: &Pipe| Described {
            identity: identity_of(pipe),
            format: pipe.format.map_or(OWN, Format::as_str).to_owned(),
            levels: pipe.rules.as_ref().unwrap_or(&config.levels).to_string(),
        };
        let besides = [("stages", !config.stages.is_empty()), ("masks", config.has_own_masks)];
        Outputs {
            all: config.pipes.iter().map(describe).collect(),
            besides: besides.iter().filter(|(_, is)| *is).map(|(name, _)| (*name).to_owned()).collect(),
        }
    }

    /// What they are called.
    pub(super) fn identities(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|one| &*one.identity)
    }

    pub(super) fn to_text(&self) -> String {
        let besides = self.besides.iter().map(|name| format!("#{name}\n"));
        let all = self.all.iter().map(|one| format!("{}\t{}\t{}\n", one.identity, one.format, one.levels));
        all.chain(besides).collect()
    }

    pub(super) fn from_text(text: &str) -> Outputs {
        let mut outputs = Outputs::default();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('#') {
                outputs.besides.push(name.to_owned());
                continue;
            }
            // From the end: a path may hold a tab.
            let mut parts = line.rsplitn(3, '\t').map(str::to_owned);
            let (levels, format) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            outputs.all.push(Described { identity: parts.next().unwrap_or_default(), format, levels });
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let one = |identity: &str, format: &str| Described {
            identity: identity.into(),
            format: format.into(),
            levels: "info,payment=debug".into(),
        };
        let outputs = Outputs {
            all: vec![one("file:/var/log/a\tb.jsonl", "json"), one("stdout", OWN)],
            besides: vec!["stages".into()],
        };
        assert_eq!(Outputs::from_text(&outputs.to_text()), outputs);
        assert_eq!(Outputs::from_text("damaged").all[0].identity, "");
    }
}
