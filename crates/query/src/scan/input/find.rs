//! From what was written on the command line to files in order.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use trine_model::suggest;

use super::{
    Input, Origin, Source,
    rotation::{Age, Place},
    trouble::{Trouble, TroubleKind},
};

/// Most files of one question: a folder with more is not one of logs, and their names alone take memory.
pub const SOURCES_MAX: usize = 1_000_000;

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    files: Vec<File>,
    /// Where among the files the standard input belongs.
    stdin: Option<usize>,
    troubles: Vec<Trouble>,
}

struct File {
    path: PathBuf,
    place: Place,
}

impl Found {
    pub(super) fn argument(&mut self, argument: &str) {
        let path = Path::new(argument);
        if argument == "-" {
            self.stdin.get_or_insert(self.files.len());
        } else if path.is_dir() {
            let before = (self.files.len(), self.troubles.len());
            self.folder(path);
            if before == (self.files.len(), self.troubles.len()) {
                self.trouble(argument, TroubleKind::NoLogs, None);
            }
        } else if path.exists() {
            self.file(path.to_owned());
        } else if argument.contains(['*', '?', '[']) {
            self.glob(argument);
        } else {
            self.trouble(argument, TroubleKind::NotFound(nearest(path)), None);
        }
    }

    pub(super) fn finish(mut self) -> (Input, Vec<Trouble>) {
        let stdin_after = self.stdin.map(|at| self.files.get(at).map(|file| file.path.clone()));
        let mut known = HashSet::new();
        self.files
            .retain(|file| known.insert(fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone())));
        self.files = sorted(self.files);
        let mut sources = Vec::with_capacity(self.files.len() + 1);
        let stdin = || Source { name: "standard input".to_owned(), origin: Origin::Stdin };
        let mut is_stdin_due = stdin_after.is_some();
        for file in self.files {
            if is_stdin_due && stdin_after.as_ref().and_then(Option::as_ref) == Some(&file.path) {
                sources.push(stdin());
                is_stdin_due = false;
            }
            sources.push(Source { name: file.path.display().to_string(), origin: Origin::File(file.path) });
        }
        sources.extend(is_stdin_due.then(stdin));
        (Input { sources }, self.troubles)
    }

    fn file(&mut self, path: PathBuf) {
        if self.files.len() < SOURCES_MAX {
            let place = Place::of(&path.file_name().unwrap_or_default().to_string_lossy());
            self.files.push(File { path, place });
        } else if !matches!(self.troubles.last(), Some(Trouble { kind: TroubleKind::TooMany, .. })) {
            self.trouble(&path.display().to_string(), TroubleKind::TooMany, None);
        }
    }

    /// All logs below a folder. Links to folders are not followed, so there is an end.
    fn folder(&mut self, folder: &Path) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(cause) => {
                    self.trouble(&folder.display().to_string(), TroubleKind::Unreadable, Some(cause));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                if name.starts_with('.') {
                    continue;
                }
                // Of a link to a file, what it leads to; pipes and sockets would keep us waiting.
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder {
                    folders.push(path);
                } else if Place::of(&name).is_log() && fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
                    self.file(path);
                }
            }
        }
    }

    fn glob(&mut self, pattern: &str) {
        let paths = match glob::glob(pattern) {
            Ok(paths) => paths,
            Err(error) => return self.trouble(pattern, TroubleKind::BadGlob(error.msg.to_owned()), None),
        };
        let before = (self.files.len(), self.troubles.len());
        for path in paths {
            match path {
                Ok(path) if path.is_dir() => self.folder(&path),
                Ok(path) => self.file(path),
                Err(error) => {
                    let path = error.path().display().to_string();
                    self.trouble(&path, TroubleKind::Unreadable, Some(error.into()));
                }
            }
        }
        if before == (self.files.len(), self.troubles.len()) {
            self.trouble(pattern, TroubleKind::NoMatch, None);
        }
    }

    fn trouble(&mut self, source: &str, kind: TroubleKind, cause: Option<io::Error>) {
        self.troubles.push(Trouble::new(source, kind, cause));
    }
}

/// Folders in the order in which they were named, their logs by name, of a log the oldest file first; of a closed one that is there plain and compressed
/// (as while it is being compressed), the plain one.
fn sorted(files: Vec<File>) -> Vec<File> {
    let mut logs: Vec<((PathBuf, String), Vec<File>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for file in files {
        let log = (file.path.parent().unwrap_or(Path::new("")).to_owned(), file.place.log.clone());
        let place = *places.entry(log.clone()).or_insert(logs.len());
        match logs.get_mut(place) {
            Some((_, files)) => files.push(file),
            None => logs.push((log, vec![file])),
        }
    }
    // A folder's entries come in no order of their own.
    let mut all = Vec::new();
    let mut rest = &mut logs[..];
    while let Some(((folder, _), _)) = rest.first() {
        let folder = folder.clone();
        let length = rest.iter().take_while(|((other, _), _)| *other == folder).count();
        let (same, behind) = rest.split_at_mut(length);
        same.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, files) in same {
            files.sort_by(|a, b| a.place.cmp(&b.place));
            files.dedup_by(|b, a| {
                a.place.age != Age::Current && a.place.age == b.place.age && b.place.is_packed
            });
            all.append(files);
        }
        rest = behind;
    }
    all
}

/// The name beside it that looks most like it.
fn nearest(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = suggest::nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(folder.map_or(PathBuf::from(near), |folder| folder.join(near)).display().to_string())
}
