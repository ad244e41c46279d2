//! What the outputs are, in words: for whoever goes on without the program.
//!
//! A line per output: what it is called, its format, its levels, separated by tabs. A line that begins with `#` says what is masked
//! besides what always is, or names something that is done to events and cannot be written down.

use crate::{
    black_box::identity_of,
    encoder::Format,
    mask::Masks,
    pipeline::{Config, Pipe},
};

/// The format of an encoder that is none of ours.
const OWN: &str = "own";

/// The outputs of a journal, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outputs {
    pub(crate) all: Vec<Described>,
    /// What is masked besides what always is.
    pub(crate) masks: Masks,
    /// What else is done to events: `stages`.
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

impl Described {
    /// True for an encoder that only the program has.
    pub(crate) fn is_of_own_format(&self) -> bool {
        self.format == OWN
    }
}

impl Outputs {
    pub(crate) fn of(config: &Config) -> Outputs {
        let describe = |pipe: &Pipe| Described {
            identity: identity_of(pipe),
            format: pipe.format.map_or(OWN, Format::as_str).to_owned(),
            levels: pipe.rules.as_ref().unwrap_or(&config.levels).to_string(),
        };
        let has_stages = !config.stages.is_empty();
        Outputs {
            all: config.pipes.iter().map(describe).collect(),
            masks: config.masks.clone(),
            besides: has_stages.then(|| "stages".to_owned()).into_iter().collect(),
        }
    }

    /// What they are called.
    pub(super) fn identities(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|one| &*one.identity)
    }

    pub(super) fn to_text(&self) -> String {
        let besides = self.masks.to_lines().chain(self.besides.iter().cloned());
        let besides = besides.map(|line| format!("#{line}\n"));
        let all = self.all.iter().map(|one| format!("{}\t{}\t{}\n", one.identity, one.format, one.levels));
        all.chain(besides).collect()
    }

    pub(super) fn from_text(text: &str) -> Outputs {
        let mut outputs = Outputs::default();
        for line in text.lines() {
            if let Some(said) = line.strip_prefix('#') {
                if !outputs.masks.add_line(said) {
                    outputs.besides.push(said.to_owned());
                }
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
    use crate::mask::{Kind, Treatment};

    #[test]
    fn what_is_written_is_read_back() {
        let one = |identity: &str, format: &str| Described {
            identity: identity.into(),
            format: format.into(),
            levels: "info,payment=debug".into(),
        };
        let outputs = Outputs {
            all: vec![one("file:/var/log/a\tb.jsonl", "json"), one("stdout", OWN)],
            masks: Masks::new()
                .key("nick\tname", Treatment::Redact)
                .allow("parser_token")
                .detect(Kind::Email)
                .ignore(Kind::Iban),
            besides: vec!["stages".into()],
        };
        assert_eq!(Outputs::from_text(&outputs.to_text()), outputs);
        assert_eq!(Outputs::from_text("damaged").all[0].identity, "");
        // What another version says is not taken for nothing.
        let odd = ["mask\tsometimes\tname", "detect\tghosts", "masks"];
        let text: String = odd.iter().map(|line| format!("#{line}\n")).collect();
        assert_eq!(Outputs::from_text(&text).besides, odd);
    }
}
