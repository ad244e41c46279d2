//! A disk in memory, with a clock turned by hand, that fails when told to.

use super::{Clock, Facts, Filesystem, OpenFile};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// A handle; clones see the same disk.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Memory(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    now_ms: u64,
    directories: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, Inode>,
    /// Also those without a name, as long as the test runs.
    files: BTreeMap<Inode, Content>,
    faults: VecDeque<(Operation, Fault)>,
    calls: BTreeMap<Operation, usize>,
    bytes_free: Option<usize>,
}

/// Counts up: a larger one was created later.
pub(in super::super) type Inode = u64;

#[derive(Debug, Default, Clone)]
struct Content {
    bytes: Vec<u8>,
    modified_ms: u64,
}

/// What may be told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Operation {
    Open,
    Read,
    Write,
    Rename,
    Remove,
    List,
    Facts,
    Sync,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Fault {
    Error(ErrorKind),
    /// A write accepts no more than this; a file opened for reading ends there, as if it grew later.
    Short(usize),
}

impl Memory {
    pub(in super::super) fn new(now_ms: u64, directories: &[&str]) -> Memory {
        let memory = Memory::default();
        memory.disk().now_ms = now_ms;
        memory.disk().directories.extend(directories.iter().map(PathBuf::from));
        memory
    }

    pub(in super::super) fn clock(&self) -> Clock {
        let memory = self.clone();
        Clock::turned_by(move || memory.disk().now_ms)
    }

    pub(in super::super) fn set_now(&self, now_ms: u64) {
        self.disk().now_ms = now_ms;
    }

    pub(in super::super) fn advance(&self, ms: u64) {
        self.disk().now_ms += ms;
    }

    /// The next time `operation` is done, it fails like this. Several faults of one operation come in turn.
    pub(in super::super) fn fail(&self, operation: Operation, fault: Fault) {
        self.disk().faults.push_back((operation, fault));
    }

    pub(in super::super) fn heal(&self) {
        let mut disk = self.disk();
        disk.faults.clear();
        disk.bytes_free = None;
    }

    pub(in super::super) fn set_bytes_free(&self, bytes: usize) {
        self.disk().bytes_free = Some(bytes);
    }

    pub(in super::super) fn calls(&self, operation: Operation) -> usize {
        self.disk().calls.get(&operation).copied().unwrap_or(0)
    }

    /// Puts a file there, as if someone else had.
    pub(in super::super) fn put(&self, path: &str, bytes: impl Into<Vec<u8>>, modified_ms: u64) {
        let mut disk = self.disk();
        let inode = disk.inode(Path::new(path));
        disk.files.insert(inode, Content { bytes: bytes.into(), modified_ms });
    }

    pub(in super::super) fn move_away(&self, from: &str, to: &str) {
        let mut disk = self.disk();
        let inode = disk.names.remove(Path::new(from)).expect("the file exists");
        disk.names.insert(to.into(), inode);
    }

    pub(in super::super) fn bytes(&self, path: &str) -> Vec<u8> {
        let disk = self.disk();
        let inode = disk.names.get(Path::new(path)).unwrap_or_else(|| panic!("{path} is missing"));
        disk.files[inode].bytes.clone()
    }

    pub(in super::super) fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).expect("lines are text")
    }

    /// Names, sorted, with their inode.
    pub(in super::super) fn names(&self) -> Vec<(String, Inode)> {
        self.disk().names.iter().map(|(path, &inode)| (path.display().to_string(), inode)).collect()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    fn opened(&self, path: &Path, from_start: bool) -> io::Result<Box<dyn OpenFile>> {
        let mut disk = self.disk();
        disk.call(Operation::Open)?;
        if !disk.directories.contains(path.parent().unwrap()) {
            return Err(ErrorKind::NotFound.into());
        }
        let inode = disk.inode(path);
        if from_start {
            disk.files.insert(inode, Content::default());
        }
        Ok(Box::new(Handle { memory: self.clone(), inode }))
    }
}

impl Disk {
    /// Counts the call and fails it when that is planned. What is short is left to the operation.
    fn call(&mut self, operation: Operation) -> io::Result<Option<usize>> {
        *self.calls.entry(operation).or_default() += 1;
        let planned = self.faults.iter().position(|(planned, _)| *planned == operation);
        match planned.and_then(|at| self.faults.remove(at)) {
            None => Ok(None),
            Some((_, Fault::Short(bytes))) => Ok(Some(bytes)),
            Some((_, Fault::Error(kind))) => Err(kind.into()),
        }
    }

    fn inode(&mut self, path: &Path) -> Inode {
        let next = self.files.len() as Inode;
        let inode = *self.names.entry(path.to_owned()).or_insert(next);
        self.files.entry(inode).or_insert(Content { bytes: Vec::new(), modified_ms: self.now_ms });
        inode
    }

    fn named(&self, path: &Path) -> io::Result<Inode> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn facts(&self, inode: Inode) -> Facts {
        let Content { bytes, modified_ms } = &self.files[&inode];
        let identity = Some((1, inode));
        Facts { bytes: bytes.len() as u64, modified_ms: *modified_ms, identity, is_regular: true }
    }
}

impl Filesystem for Memory {
    fn open_append(&self, path: &Path, _: u32) -> io::Result<Box<dyn OpenFile>> {
        self.opened(path, false)
    }

    fn create(&self, path: &Path, _: u32) -> io::Result<Box<dyn OpenFile>> {
        self.opened(path, true)
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let mut disk = self.disk();
        let short = disk.call(Operation::Read)?.unwrap_or(usize::MAX);
        let inode = disk.named(path)?;
        let mut bytes = disk.files[&inode].bytes.clone();
        bytes.truncate(short);
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.disk().directories.insert(path.to_owned());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Operation::Rename)?;
        let inode = disk.named(from)?;
        disk.names.remove(from);
        disk.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Operation::Remove)?;
        disk.names.remove(path).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        let mut disk = self.disk();
        disk.call(Operation::List)?;
        let ours = disk.names.keys().filter(|path| path.parent() == Some(directory));
        Ok(ours.filter_map(|path| path.file_name()).map(OsString::from).collect())
    }

    fn facts(&self, path: &Path) -> io::Result<Facts> {
        let mut disk = self.disk();
        disk.call(Operation::Facts)?;
        disk.named(path).map(|inode| disk.facts(inode))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        self.disk().call(Operation::Sync).map(|_| ())
    }
}

#[derive(Debug)]
struct Handle {
    memory: Memory,
    inode: Inode,
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = self.memory.disk();
        let short = disk.call(Operation::Write)?.unwrap_or(usize::MAX);
        let accepted = bytes.len().min(short).min(disk.bytes_free.unwrap_or(usize::MAX));
        if accepted == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        disk.bytes_free = disk.bytes_free.map(|free| free - accepted);
        let modified_ms = disk.now_ms;
        let content = disk.files.get_mut(&self.inode).unwrap();
        content.bytes.extend_from_slice(&bytes[..accepted]);
        content.modified_ms = modified_ms;
        Ok(accepted)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl OpenFile for Handle {
    fn facts(&self) -> io::Result<Facts> {
        Ok(self.memory.disk().facts(self.inode))
    }

    fn last_byte(&mut self) -> io::Result<Option<u8>> {
        Ok(self.memory.disk().files[&self.inode].bytes.last().copied())
    }

    fn sync(&self) -> io::Result<()> {
        self.memory.disk().call(Operation::Sync).map(|_| ())
    }
}
