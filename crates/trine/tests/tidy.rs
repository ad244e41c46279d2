//! Rules of the house that no lint knows, over all files of the workspace.
#![forbid(unsafe_code)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longest source file: what a person reads in one sitting. A longer one holds two ideas.
const LINES_MAX: usize = 600;
/// The one crate that may have `unsafe`.
const UNSAFE_CRATE: &str = "ring";
/// Folders that hold what was built, fetched, found or logged.
const NOT_OURS: [&str; 6] = [".git", "artifacts", "corpus", "logs", "node_modules", "target"];

/// The root of the workspace; `None` where this crate stands alone, as in a registry.
fn root() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    root.join("ARCHITECTURE.md").exists().then(|| root.to_owned())
}

/// Every text file below a folder of the workspace, with its path as seen from the root.
fn texts(below: &str) -> Vec<(String, String)> {
    let Some(root) = root() else { return Vec::new() };
    let mut found = Vec::new();
    let mut folders = vec![root.join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !NOT_OURS.iter().any(|not| name == *not) {
                folders.push(path);
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// The Rust sources of the crates, but for the programs that must not compile.
fn sources() -> impl Iterator<Item = (String, String)> {
    texts("crates").into_iter().filter(|(path, _)| path.ends_with(".rs") && !path.contains("/tests/ui/"))
}

/// What people read: the documents at the root and in `docs/`, and the read-me of any folder.
fn documents() -> impl Iterator<Item = (String, String)> {
    texts("").into_iter().filter(|(path, _)| {
        path.ends_with(".md")
            && (path.starts_with("docs/") || !path.contains('/') || path.ends_with("/README.md"))
    })
}

#[track_caller]
fn assert_none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Places that hold one of these words, as `path:line`.
fn places(files: impl IntoIterator<Item = (String, String)>, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                found.push(format!("{path}:{number}: {word}"));
            }
        }
    }
    found
}

#[test]
fn every_source_file_says_first_what_it_is() {
    let silent = sources().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path);
    assert_none("these do not begin with `//!`", silent.collect());
}

#[test]
fn every_crate_but_one_forbids_unsafe() {
    let open = sources()
        .filter(|(path, _)| path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs"))
        .filter(|(path, _)| !path.starts_with(&format!("crates/{UNSAFE_CRATE}/")))
        .filter(|(_, text)| !text.lines().any(|line| line == "#![forbid(unsafe_code)]"))
        .map(|(path, _)| path);
    assert_none("these lack `#![forbid(unsafe_code)]`", open.collect());
}

#[test]
fn nothing_is_left_half_done() {
    // Put together here, so that this file does not find itself.
    let calls = ["dbg", "todo", "unimplemented"].map(|name| format!("{name}!("));
    let words: Vec<String> = calls.into_iter().chain([["#[ig", "nore"].concat()]).collect();
    assert_none("these were left behind", places(sources(), &words));
}

#[test]
fn no_source_file_is_too_long() {
    let long = sources().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > LINES_MAX).then(|| format!("{path}: {lines} lines"))
    });
    assert_none(&format!("these have more than {LINES_MAX} lines"), long.collect());
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let words: Vec<String> = ["root", "work", "tmp/target"].iter().map(|path| format!("/{path}/")).collect();
    assert_none("these are paths of one machine", places(texts(""), &words));
}

#[test]
fn every_crate_carries_what_a_registry_asks_for() {
    let Some(root) = root() else { return };
    let mut lacking = Vec::new();
    for (path, manifest) in texts("crates").iter().filter(|(path, _)| path.ends_with("/Cargo.toml")) {
        let keys =
            ["description", "license", "repository", "readme", "keywords", "categories", "rust-version"];
        let has = |key: &str| manifest.lines().any(|line| line.starts_with(key));
        lacking.extend(keys.into_iter().filter(|key| !has(key)).map(|key| format!("{path}: no {key}")));
        for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
            // A link to the one at the root, which `cargo package` follows.
            let here = root.join(path).with_file_name(license);
            if fs::read_to_string(&here).ok() != fs::read_to_string(root.join(license)).ok() {
                lacking.push(format!("{path}: its {license} is not that of the root"));
            }
        }
    }
    assert_none("these crates lack", lacking);
}

#[test]
fn the_read_me_names_the_oldest_rust_that_is_promised() {
    let Some(root) = root() else { return };
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("it is there");
    let manifest = read("Cargo.toml");
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    let oldest = oldest.expect("the workspace says its oldest Rust");
    assert!(read("README.md").contains(&format!("Rust {oldest} or later")), "not Rust {oldest}");
}

#[test]
fn every_document_is_linked_from_another() {
    let documents: Vec<_> = documents().collect();
    let lost =
        documents.iter().map(|(path, _)| path).filter(|path| path.starts_with("docs/")).filter(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_linked = |text: &str| {
                links(text).any(|link| link.split('#').next().is_some_and(|to| to.ends_with(name)))
            };
            !documents.iter().any(|(from, text)| from != *path && is_linked(text))
        });
    assert_none("no document links to these", lost.cloned().collect());
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let Some(root) = root() else { return };
    let mut broken = Vec::new();
    for (path, text) in documents() {
        let folder = root.join(&path).parent().expect("a file lies in a folder").to_owned();
        for link in links(&text) {
            let to = link.split('#').next().unwrap_or_default();
            if !to.is_empty()
                && !to.contains("://")
                && !to.starts_with("mailto:")
                && !folder.join(to).exists()
            {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    assert_none("these links lead nowhere", broken);
}

/// What the Markdown links `[text](target)` of a text lead to; none where the target is more than one word.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains(char::is_whitespace))
}
