//! Where a field lies: a key, or keys and places within each other.

use std::{error, fmt};

use super::{Broken, Kind, Line, Raw, fields::FieldSet, walk};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a map: the first member with this key. Into a list of OpenTelemetry's attributes: the one with this key.
    Key(String),
    /// Into a list: the item at this place, from 0.
    Index(usize),
}

/// The way to a field: `status`, `order.lines[0].sku`, `http["status.code"]`.
///
/// A key may hold dots in the line, as OpenTelemetry's do: `http.method` finds the member `"http.method"` as well as `method`
/// within the map `http`, whichever comes first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    steps: Vec<Step>,
}

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    text: String,
    at: usize,
    expected: &'static str,
}

impl Path {
    /// A member of the line itself, whatever characters its key has.
    pub fn key(key: impl Into<String>) -> Path {
        Path { steps: vec![Step::Key(key.into())] }
    }

    /// Keys joined by dots; `[0]` is an item of a list, `["a.b"]` a key that is taken as it stands.
    ///
    /// Errors: an empty key, a bracket that does not close or holds no number. The message points at the place.
    ///
    /// ```
    /// use trine_query::scan::line::Path;
    ///
    /// assert_eq!(Path::parse("a.b[0]").unwrap().to_string(), "a.b[0]");
    /// assert_eq!(
    ///     Path::parse("a[x]").unwrap_err().to_string(),
    ///     "read `a[x]` as a path: expected a number or a quoted key at character 3",
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Path, PathError> {
        let fail =
            |rest: &str, expected| PathError { text: text.to_owned(), at: text.len() - rest.len(), expected };
        let mut steps = Vec::new();
        let mut rest = text;
        let mut needs_key = true;
        while needs_key || !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[').filter(|_| !needs_key || steps.is_empty()) {
                let (step, behind) =
                    bracket(inside).ok_or_else(|| fail(inside, "a number or a quoted key"))?;
                if steps.is_empty() && matches!(step, Step::Index(_)) {
                    return Err(fail(text, "a key"));
                }
                rest = behind.strip_prefix(']').ok_or_else(|| fail(behind, "`]`"))?;
                steps.push(step);
            } else {
                let length = rest.find(['.', '[', ']']).unwrap_or(rest.len());
                if !needs_key || length == 0 {
                    return Err(fail(rest, if needs_key { "a key" } else { "`.` or `[`" }));
                }
                steps.push(Step::Key(rest[..length].to_owned()));
                rest = &rest[length..];
            }
            needs_key = rest.starts_with('.');
            rest = rest.strip_prefix('.').unwrap_or(rest);
        }
        Ok(Path { steps })
    }

    /// The steps, of which the first is a key.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The key in the line itself, where it is one step.
    pub fn as_key(&self) -> Option<&str> {
        match &self.steps[..] {
            [Step::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// Its first key, where more follows.
    pub fn first_of_several(&self) -> Option<&str> {
        match &self.steps[..] {
            [Step::Key(key), _, ..] => Some(key),
            _ => None,
        }
    }

    /// What the steps behind the first find in the value of that.
    pub fn behind_key<'a>(&self, value: Raw<'a>) -> Option<Raw<'a>> {
        descend(value, self.steps.get(1..)?).ok().flatten()
    }

    /// Its keys joined by dots, where there are several and nothing else.
    pub(super) fn dotted(&self) -> Option<String> {
        let keys: Option<Vec<&str>> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        keys.filter(|keys| keys.len() > 1).map(|keys| keys.join("."))
    }

    pub(super) fn find<'a>(&self, line: Line<'a>) -> Result<Option<Raw<'a>>, Broken> {
        let mut found = [None];
        FieldSet::new([self.clone()]).find(line, &mut found)?;
        Ok(found[0])
    }
}

/// What stands behind a `[`, and the rest.
fn bracket(inside: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = inside.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"')?;
        return Some((Step::Key(key.to_owned()), rest));
    }
    let length = inside.find(|c: char| !c.is_ascii_digit()).unwrap_or(inside.len());
    Some((Step::Index(inside[..length].parse().ok()?), &inside[length..]))
}

/// What lies behind these steps within a value.
#[inline(always)]
pub(super) fn descend<'a>(raw: Raw<'a>, steps: &[Step]) -> Result<Option<Raw<'a>>, Broken> {
    if steps.is_empty() { Ok(Some(raw)) } else { into(raw, steps) }
}

fn into<'a>(mut raw: Raw<'a>, steps: &[Step]) -> Result<Option<Raw<'a>>, Broken> {
    for step in steps {
        let next = match step {
            Step::Key(key) if raw.kind() == Kind::List => attribute(raw, key)?,
            Step::Key(key) => walk::first(raw.members(), key.as_bytes())?,
            Step::Index(index) => raw.items().nth(*index).transpose()?,
        };
        match next {
            Some(next) => raw = next,
            None => return Ok(None),
        }
    }
    Ok(Some(raw))
}

/// The value of a key in a list of attributes, as OpenTelemetry writes them: `[{"key":"a","value":{"stringValue":"b"}}]`.
fn attribute<'a>(list: Raw<'a>, key: &str) -> Result<Option<Raw<'a>>, Broken> {
    for item in list.items() {
        let item = item?;
        if walk::first(item.members(), b"key")?.is_some_and(|found| found.is_text(key)) {
            let Some(value) = walk::first(item.members(), b"value")? else { return Ok(None) };
            // The map says only of which type the value is.
            return Ok(Some(value.members().next().transpose()?.map_or(value, |member| member.value)));
        }
    }
    Ok(None)
}

/// As [`Path::parse`] reads it.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']']) => {
                    write!(f, "[\"{key}\"]")?;
                }
                Step::Key(key) => write!(f, "{}{key}", if place == 0 { "" } else { "." })?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.text[..self.at].chars().count() + 1;
        write!(f, "read `{}` as a path: expected {} at character {place}", self.text, self.expected)
    }
}

impl error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back() {
        for text in ["a", "a.b", "a.b[0]", "a[1][2].c", "a-b.c_d", "[\"a.b\"].c", "a[\"b]\"]", "größe"] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Path::parse("a[\"b\"]").unwrap(), Path::parse("a.b").unwrap());
        assert_eq!(Path::key("a.b").to_string(), "[\"a.b\"]");
    }

    #[test]
    fn what_is_no_path_says_where() {
        for (text, place) in [
            ("", 1),
            (".", 1),
            ("a.", 3),
            ("a..b", 3),
            (".a", 1),
            ("[0]", 1),
            ("a[", 3),
            ("a[]", 3),
            ("a[1", 4),
            ("a[-1]", 3),
            ("a]", 2),
            ("a[0]b", 5),
            ("a.[0]", 3),
            ("ä[x]", 3),
            ("a[99999999999999999999]", 3),
        ] {
            let error = Path::parse(text).unwrap_err().to_string();
            assert!(error.ends_with(&format!("at character {place}")), "{error}");
        }
    }

    #[test]
    fn paths_lead_into_maps_and_lists() {
        let line = Line::new(br#"{"a":{"b":[1,{"c":"x"}],"b":2},"h.m":3,"h":{"m":4,"n":5}}"#);
        let get = |path: &str| {
            line.get_path(&Path::parse(path).unwrap())
                .unwrap()
                .map(|raw| String::from_utf8_lossy(raw.bytes()))
        };
        assert_eq!(get("a.b[1].c").as_deref(), Some(r#""x""#));
        assert_eq!(get("a.b[0]").as_deref(), Some("1"));
        assert_eq!(get("a.b[2]"), None);
        assert_eq!(get("a.b.c"), None);
        assert_eq!(get("a[0]"), None);
        assert_eq!(get("h.m").as_deref(), Some("3"), "the first in the line");
        assert_eq!(get("h.n").as_deref(), Some("5"));
        let line =
            Line::new(br#"{"a":[{"key":"b","value":{"intValue":"7"}},1,{"key":"c","value":8}],"h.m":3}"#);
        let get = |path: &str| line.get_path(&Path::parse(path).unwrap()).unwrap().map(Raw::bytes);
        assert_eq!(get("a.b"), Some(&b"\"7\""[..]), "an attribute of OpenTelemetry");
        assert_eq!(get("a.c"), Some(&b"8"[..]));
        assert_eq!(get("a.d"), None);
        assert_eq!(line.get("h.m").unwrap().unwrap().bytes(), b"3");
    }
}
