//! The directory of one process, and the lock that says that it lives.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::random;

/// In the user's directory: held while a directory is made, taken over or removed.
const LOCK: &str = "lock";
/// In a process's directory: held for the life of the process, and by whoever takes over what it left.
const OWNER: &str = "owner";
/// What the names of directories begin with that hold something that could not be read.
const DAMAGED: &str = "damaged-";
/// What they begin with while they are being removed.
const REMOVED: &str = "removed-";
/// Most directories of one service: processes that run together, and what waits to be written.
const PLACES_MAX: usize = 256;
/// Longest wait for [`LOCK`], which is held for a few system calls.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// Pause between two looks at it.
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// A directory that is this process's own, or was a dead one's and is now held by this.
#[derive(Debug)]
pub(super) struct Place {
    base: PathBuf,
    path: PathBuf,
    /// Keeps the lock.
    _owner: File,
}

impl Place {
    /// Makes a directory for this process.
    ///
    /// Errors: names the directory and says what is wrong with it.
    pub(super) fn create(base: &Path, service: &str) -> io::Result<Place> {
        let (process, chance) = (std::process::id(), random::bits() as u32);
        let path = base.join(format!("{service}.{process}.{chance:08x}"));
        let made = prepare(base).and_then(|()| {
            let _lock = hold(base)?;
            check_count(base, service)?;
            make_directory(&path)?;
            let owner = open(&path.join(OWNER))?;
            owner.try_lock()?;
            Ok(owner)
        });
        match made {
            Ok(owner) => Ok(Place { base: base.to_owned(), path, _owner: owner }),
            Err(error) => Err(io::Error::new(error.kind(), format!("`{}`: {error}", base.display()))),
        }
    }

    /// The directories that dead processes of the service have left, the oldest first. They are this process's now.
    pub(super) fn take_dead(base: &Path, service: &str) -> Vec<Place> {
        if !base.is_dir() {
            return Vec::new();
        }
        let Ok(_lock) = prepare(base).and_then(|()| hold(base)) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(REMOVED) {
                // Whoever removed it died at that.
                let _ = fs::remove_dir_all(entry.path());
            } else if is_of(&name, service)
                && let Ok(owner) = open(&entry.path().join(OWNER))
                && owner.try_lock().is_ok()
                && !is_in_use(&name)
            {
                let since = owner.metadata().and_then(|facts| facts.modified()).ok();
                found.push((since, Place { base: base.to_owned(), path: entry.path(), _owner: owner }));
            }
        }
        found.sort_by_key(|(since, _)| *since);
        found.into_iter().map(|(_, place)| place).collect()
    }

    /// All directories of processes, with their names: those of dead ones held, those of others not.
    pub(super) fn take_all(base: &Path) -> io::Result<Vec<(String, Option<Place>)>> {
        prepare(base)?;
        let _lock = hold(base)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(base)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !entry.path().is_dir() || name.starts_with(REMOVED) || name.starts_with(DAMAGED) {
                continue;
            }
            let owner = open(&entry.path().join(OWNER))?;
            let is_dead = owner.try_lock().is_ok() && !is_in_use(&name);
            let place = is_dead.then(|| Place { base: base.to_owned(), path: entry.path(), _owner: owner });
            found.push((name, place));
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// Keeps the directory under another name, so that nobody takes it for one that can be read.
    pub(super) fn set_aside(self) {
        let _ = self.rename(DAMAGED);
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory with all that is in it. From the renaming on it counts as removed: dying amid the files of a place
    /// that is still one would leave a part of it to be read.
    pub(super) fn remove(self) {
        if let Ok(gone) = self.rename(REMOVED) {
            let _ = fs::remove_dir_all(gone);
        }
    }

    /// Puts a word before the directory's name.
    fn rename(&self, word: &str) -> io::Result<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let renamed = self.base.join(format!("{word}{name}"));
        fs::rename(&self.path, &renamed).map(|()| renamed)
    }
}

/// True when the process of that name has the directory's files in its memory, though its lock is free: a program that makes itself
/// a daemon closes all descriptors it finds.
fn is_in_use(name: &str) -> bool {
    let process: Option<u32> = name.split('.').nth(1).and_then(|process| process.parse().ok());
    let maps = process.and_then(|process| fs::read(format!("/proc/{process}/maps")).ok());
    maps.is_some_and(|maps| maps.windows(name.len()).any(|window| window == name.as_bytes()))
}

/// Makes sure that the user's directory is there, and nobody else's.
fn prepare(base: &Path) -> io::Result<()> {
    match make_directory(base) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let facts = fs::symlink_metadata(base)?;
    if !facts.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    check_owner(&facts)
}

#[cfg(unix)]
fn check_owner(facts: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    /// Permissions to write of those who are not the owner.
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    if facts.uid() != trine_ring::process::user_id() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if facts.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(io::Error::other("other users may write to it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Refuses one directory more, where so many wait already: a service that cannot write, and is started again and again, would fill
/// the memory.
fn check_count(base: &Path, service: &str) -> io::Result<()> {
    let is_ours = |entry: &fs::DirEntry| is_of(&entry.file_name().to_string_lossy(), service);
    let count = fs::read_dir(base)?.flatten().filter(is_ours).count();
    if count < PLACES_MAX {
        return Ok(());
    }
    Err(io::Error::other(format!("it holds {count} directories of this service, running or not written yet")))
}

/// True for the name of a directory of a process of the service.
fn is_of(name: &str, service: &str) -> bool {
    name.strip_prefix(service).is_some_and(|rest| rest.starts_with('.'))
}

fn make_directory(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "there is no mode to set"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens or makes a file of the owner's alone.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Holds the lock of the user's directory, until dropped. Waits at most [`LOCK_WAIT`].
fn hold(base: &Path) -> io::Result<File> {
    let file = open(&base.join(LOCK))?;
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn base(name: &str) -> PathBuf {
        let base = std::env::temp_dir().join(format!("trine-place-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&base);
        base
    }

    #[test]
    fn a_place_is_made_for_its_owner_alone_and_removed_again() {
        let base = base("made");
        let place = Place::create(&base, "shop-1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&base), mode(place.path()), mode(&place.path().join(OWNER))), (0o700, 0o700, 0o600));
        let other = open(&place.path().join(OWNER)).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)), "it is locked");
        let path = place.path().to_owned();
        place.remove();
        assert!(!path.exists() && base.exists());
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn a_service_that_leaves_one_after_the_other_gets_no_more_at_some_time() {
        let base = base("many");
        for number in 0..PLACES_MAX {
            fs::create_dir_all(base.join(format!("shop-1.{number}.0"))).unwrap();
        }
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).unwrap();
        let error = Place::create(&base, "shop-1").unwrap_err().to_string();
        assert!(error.contains("holds 256 directories of this service"), "{error}");
        Place::create(&base, "shop-2").unwrap().remove();
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let base = base("open");
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
        let error = Place::create(&base, "shop-1").unwrap_err().to_string();
        assert!(
            error.contains("other users may write to it") && error.contains("trine-place-open"),
            "{error}"
        );
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn a_link_and_a_file_are_no_directories() {
        let base = base("link");
        fs::create_dir(&base).unwrap();
        symlink(&base, base.join("link")).unwrap();
        fs::write(base.join("file"), "").unwrap();
        for name in ["link", "file"] {
            let error = Place::create(&base.join(name), "shop-1").unwrap_err();
            assert!(error.to_string().contains("it is not a directory"), "{error}");
        }
        assert!(Place::create(&base.join("missing/one"), "shop-1").is_err(), "parents are not made");
        fs::remove_dir_all(base).unwrap();
    }
}
