//! `[masks]` of a `trine.toml`: keys that name secrets, what texts are searched for, and where the key of pseudonyms is.

use super::document::{Document, Value};
use super::keys::{flag, string, wrong_type};
use crate::config::mistake::Mistake;
use crate::config::reference::Entry;
use crate::mask::{KeyPolicy, Kind, MASK_RULES_MAX, Masks, Treatment};
use toml::de::{DeTable, DeValue};

/// Every key of `[masks]`.
#[rustfmt::skip]
pub(super) const KEYS: [Entry; 4] = [
    Entry { name: "keys",
        meaning: "Keys whose values are masked, and how; also at the end of longer keys, and at any depth.",
        allowed: "a table such as `{ nickname = \"redact\", email = \"email\" }`; masks are `\"redact\"`, `\"card\"`, `\"email\"`, `\"phone\"`, \
            `\"iban\"`, `\"ip\"`, `\"token\"`, `\"pseudonym\"`",
        default: "none besides those of [masks.md](masks.md)" },
    Entry { name: "allow",
        meaning: "Keys whose values are left alone, though they would be masked.",
        allowed: "a list such as `[\"parser_token\"]`",
        default: "none besides those of [masks.md](masks.md)" },
    Entry { name: "detectors",
        meaning: "What texts are searched for, kind by kind.",
        allowed: "a table such as `{ email = true, iban = false }`; the kinds are those of [masks.md](masks.md)",
        default: "all but `email`" },
    Entry { name: "pseudonym_key_env",
        meaning: "The variable that holds the key of `mask::pseudonym`.",
        allowed: "the name of a variable that holds 16 to 4,096 bytes",
        default: "a key drawn for the process" },
];

const IGNORED: &str = "ignored";

impl Document<'_> {
    /// What is right of `[masks]`.
    pub(super) fn take_masks(&mut self, value: &Value<'_>) -> Option<Masks> {
        let table = self.table(value, "a table: [masks]")?;
        let mut masks = Masks::new();
        // In this order, so that a key that is both named and allowed is allowed, wherever the two stand.
        for key in &KEYS {
            let Some((_, value)) = table.iter().find(|(name, _)| *name.get_ref() == key.name) else {
                continue;
            };
            masks = match key.name {
                "keys" => self.take_keys(value, masks),
                "allow" => self.take_allowed(value, masks),
                "detectors" => self.take_detectors(value, masks),
                _ => self.take_variable(value, masks),
            };
        }
        for (name, _) in table.iter().filter(|(name, _)| KEYS.iter().all(|key| key.name != *name.get_ref())) {
            self.unknown_key(name.span(), name.get_ref(), KEYS.iter().map(|key| key.name));
        }
        Some(masks)
    }

    fn take_keys(&mut self, value: &Value<'_>, mut masks: Masks) -> Masks {
        let Some(table) = self.table(value, "a table such as { nickname = \"redact\" }") else {
            return masks;
        };
        for (count, (key, value)) in table.iter().enumerate() {
            let treatment = string(value.get_ref()).and_then(treatment);
            let treatment =
                treatment.map_err(|mistake| self.find(value.span(), mistake.outcome("this key is left out")));
            let (true, Ok(treatment)) = (self.is_key(key.get_ref(), key.span(), count), treatment) else {
                continue;
            };
            masks = masks.key(key.get_ref(), treatment);
        }
        masks
    }

    fn take_allowed(&mut self, value: &Value<'_>, mut masks: Masks) -> Masks {
        let DeValue::Array(list) = value.get_ref() else {
            self.find(
                value.span(),
                wrong_type(value.get_ref(), "a list such as [\"parser_token\"]").outcome(IGNORED),
            );
            return masks;
        };
        for (count, item) in list.iter().enumerate() {
            match string(item.get_ref()) {
                Ok(key) if self.is_key(key, item.span(), count) => masks = masks.allow(key),
                Ok(_) => {}
                Err(mistake) => self.find(item.span(), mistake.outcome("this key is left out")),
            }
        }
        masks
    }

    fn take_detectors(&mut self, value: &Value<'_>, mut masks: Masks) -> Masks {
        let Some(table) = self.table(value, "a table such as { email = true }") else { return masks };
        for (word, value) in table {
            let word_span = word.span();
            let kind = kind(word.get_ref()).map_err(|mistake| self.find(word_span, mistake.outcome(IGNORED)));
            let is_on = flag(value.get_ref()).map_err(|mistake| {
                self.find(value.span(), mistake.outcome("this kind is as it is by default"));
            });
            let (Ok(kind), Ok(is_on)) = (kind, is_on) else { continue };
            masks = if is_on { masks.detect(kind) } else { masks.ignore(kind) };
        }
        masks
    }

    fn take_variable(&mut self, value: &Value<'_>, masks: Masks) -> Masks {
        let name = string(value.get_ref()).and_then(|name| {
            let is_name = !name.is_empty() && !name.contains(['=', '\0']) && name.trim() == name;
            is_name.then_some(name).ok_or_else(|| {
                Mistake::new(
                    "variable-name",
                    "this is no name of a variable; allowed: one such as SHOP_PSEUDONYM_KEY",
                )
            })
        });
        match name {
            Ok(name) => masks.pseudonym_key_env(name),
            Err(mistake) => {
                self.find(value.span(), mistake.outcome("using a key of this process"));
                masks
            }
        }
    }

    /// The table that a value must be.
    fn table<'v, 't>(&mut self, value: &'v Value<'t>, allowed: &str) -> Option<&'v DeTable<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.find(value.span(), wrong_type(other, allowed).outcome(IGNORED));
                None
            }
        }
    }

    /// True for what can be a key, as far as there is room for one.
    fn is_key(&mut self, key: &str, span: std::ops::Range<usize>, count: usize) -> bool {
        let mistake = if count >= MASK_RULES_MAX {
            Mistake::new("mask-keys-many", format!("too many keys; allowed: {MASK_RULES_MAX}"))
        } else if let Err(error) = KeyPolicy::check(key) {
            Mistake::new("mask-key-empty", error.to_string())
        } else {
            return true;
        };
        self.find(span, mistake.outcome("this key is left out"));
        false
    }
}

fn treatment(word: &str) -> Result<Treatment, Mistake> {
    let allowed = Treatment::ALL.map(Treatment::as_str);
    word.parse().map_err(|_| Mistake::unknown("mask-unknown", "mask", word, &allowed))
}

fn kind(word: &str) -> Result<Kind, Mistake> {
    let allowed = Kind::ALL.map(Kind::as_str);
    word.parse().map_err(|_| Mistake::unknown("detector-unknown", "detector", word, &allowed))
}

#[cfg(test)]
mod tests {
    use crate::config::file::read_text;
    use crate::mask::{Kind, Masks, Treatment};

    #[track_caller]
    fn finds(text: &str, begin: &str, end: &str) {
        let (_, findings) = read_text(text, "trine.toml");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].starts_with(&format!("trine: trine.toml:{begin}")), "{}", lines[0]);
        assert!(lines[0].ends_with(end), "{}", lines[0]);
    }

    #[test]
    fn every_key_is_taken_and_what_is_allowed_wins() {
        let text = "[masks]\nallow = [\"pwd\", \"nickname\"]\nkeys = { nickname = \"redact\", \"X-Email\" = \"EMAIL\" }\n\
                    pseudonym_key_env = \"SHOP_KEY\"\n[masks.detectors]\nemail = true\nprivate_key = false\n";
        let (settings, findings) = read_text(text, "trine.toml");
        let expected = Masks::new()
            .key("X-Email", Treatment::Email)
            .key("nickname", Treatment::Redact)
            .allow("pwd")
            .allow("nickname")
            .detect(Kind::Email)
            .ignore(Kind::PrivateKey)
            .pseudonym_key_env("SHOP_KEY");
        assert_eq!(settings.masks, Some(expected));
        assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn a_mistake_is_placed_and_says_what_is_allowed_and_meant() {
        finds("masks = 5", "1:9: the number `5` does not fit here; allowed: a table: [masks]", "(ignored)");
        finds(
            "[masks]\nkey = {}",
            "2:1: unknown key `key`; allowed: keys, allow, ",
            "did you mean `keys`? (ignored)",
        );
        finds(
            "[masks]\nkeys = { a = \"redcat\" }",
            "2:14: unknown mask `redcat`; allowed: redact, card, ",
            "did you mean `redact`? (this key is left out)",
        );
        finds("[masks]\nkeys = { a = true }", "2:14: `true` does not fit here", "(this key is left out)");
        finds(
            "[masks.keys]\n\"--\" = \"card\"",
            "2:1: read `--` as a key to mask: ",
            "(this key is left out)",
        );
        finds(
            "[masks]\nallow = \"pwd\"",
            "2:9: the text `pwd` does not fit here; allowed: a list",
            "(ignored)",
        );
        finds("[masks]\nallow = [\"pwd\", 1]", "2:17: the number `1` does not fit", "(this key is left out)");
        finds(
            "[masks]\ndetectors = { cart = true }",
            "2:15: unknown detector `cart`; allowed: card, iban, email, ",
            "did you mean `card`? (ignored)",
        );
        finds(
            "[masks]\ndetectors = { card = \"off\" }",
            "2:22: the text `off`",
            "(this kind is as it is by default)",
        );
        finds("[masks]\ndetectors = [\"card\"]", "2:13: a list does not fit here", "(ignored)");
        finds(
            "[masks]\npseudonym_key_env = \"A=B\"",
            "2:21: this is no name",
            "(using a key of this process)",
        );
    }

    #[test]
    fn what_is_right_beside_a_mistake_is_taken() {
        let (settings, findings) =
            read_text("[masks]\nkeys = { a = \"card\", b = \"x\" }\nallow = [1, \"c\"]", "x");
        assert_eq!(settings.masks, Some(Masks::new().key("a", Treatment::Card).allow("c")));
        assert_eq!(findings.len(), 2);
    }

    #[test]
    fn keys_beyond_the_bound_are_found() {
        let keys: Vec<_> = (0..crate::mask::MASK_RULES_MAX + 2).map(|n| format!("\"k{n}\"")).collect();
        let (_, findings) = read_text(&format!("[masks]\nallow = [{}]", keys.join(",")), "x");
        assert_eq!(findings.iter().filter(|finding| finding.id == "mask-keys-many").count(), 2);
    }
}
