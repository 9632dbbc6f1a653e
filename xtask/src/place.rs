//! Where a chore works: the clone, the cache outside it, the build directory, the data.
//!
//! Build results and downloads live outside the clone where the environment allows, so that a second clone on the
//! same machine starts warm. Cargo judges freshness by the age of files, so two clones that share one build directory
//! could each be served what the other built. Hence *slots*: a slot is a build directory with one lock and the name of
//! the clone that used it last. A chore holds its slot for as long as it runs; a clone that takes over a slot keeps
//! the dependencies and drops the workspace's own crates.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// LIMIT: build directories kept outside the clones; each holds a few GiB. One more clone than this at the same time
/// builds inside itself.
const SLOTS_MAX: usize = 3;

/// The surroundings of one chore.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
    cache: PathBuf,
    target: PathBuf,
    /// Held, not read: closing the file gives the slot back.
    _slot: Option<File>,
}

impl Place {
    /// Finds the clone: the directory above this package, or the first one upwards that holds `layers.txt`.
    ///
    /// # Errors
    /// When neither exists.
    pub fn find_root() -> Result<PathBuf> {
        if let Some(manifest) = std::env::var_os("CARGO_MANIFEST_DIR")
            && let Some(parent) = Path::new(&manifest).parent()
            && parent.join("layers.txt").is_file()
        {
            return Ok(parent.to_path_buf());
        }
        let here = std::env::current_dir().context("cannot tell the current directory")?;
        for directory in here.ancestors() {
            if directory.join("layers.txt").is_file() {
                return Ok(directory.to_path_buf());
            }
        }
        bail!("no `layers.txt` in `{}` or above it: not inside a clone", here.display())
    }

    /// Chooses cache and build directory for the clone at `root`.
    ///
    /// `ENTENTE_CACHE` names the cache, else it is `entente` below `XDG_CACHE_HOME` or below `.cache` at home; where
    /// none of them can be written it is inside the clone. A set `CARGO_TARGET_DIR` is left as it is.
    ///
    /// # Errors
    /// When no directory can be made, or a slot cannot be cleared of another clone's crates.
    pub fn open(root: PathBuf) -> Result<Place> {
        let (cache, outside) = match cache_outside() {
            Some(cache) => (cache, true),
            None => {
                let cache = root.join("target").join("cache");
                fs::create_dir_all(&cache).with_context(|| format!("cannot make `{}`", cache.display()))?;
                (cache, false)
            }
        };
        if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
            return Ok(Place { target: root.join(target), root, cache, _slot: None });
        }
        if outside && let Some((target, slot)) = take_slot(&cache.join("target"), &root)? {
            return Ok(Place { root, cache, target, _slot: Some(slot) });
        }
        Ok(Place { target: root.join("target"), root, cache, _slot: None })
    }

    /// Returns the root of the clone.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory for downloads and installed tools.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Returns the build directory.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Returns where the real data is expected: `ENTENTE_DATA`, else `shared/data` beside the clone.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        match std::env::var_os("ENTENTE_DATA") {
            Some(data) => self.root.join(data),
            None => self.root.join("..").join("shared").join("data"),
        }
    }

    /// Tells whether a continuous-integration machine runs this, where a skipped test counts as failed.
    #[must_use]
    pub fn is_ci(&self) -> bool {
        std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
    }

    /// Prepares a cargo command that builds into this place.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = process::command(cargo, &self.root);
        command.env("CARGO_TARGET_DIR", &self.target).env("ENTENTE_DATA", self.data());
        command
    }
}

fn cache_outside() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = from("ENTENTE_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|directory| directory.join("entente")))
        .or_else(|| from("HOME").map(|directory| directory.join(".cache").join("entente")))?;
    if !cache.is_absolute() || fs::create_dir_all(&cache).is_err() {
        return None;
    }
    // A directory may exist and yet refuse files: only writing one tells.
    let probe = cache.join(format!(".probe-{}", std::process::id()));
    let writable = fs::write(&probe, b"").is_ok();
    let _ = fs::remove_file(&probe);
    writable.then_some(cache)
}

/// What speaks against a slot, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    /// This clone used it last.
    Own,
    /// The clone that used it last is gone.
    Orphaned,
    /// Another clone used it last; its dependencies are warm, its own crates must go.
    Foreign,
    /// Nobody used it yet: everything is built from nothing.
    Cold,
}

/// Takes the best free slot for a clone; none when all are busy.
fn take_slot(base: &Path, root: &Path) -> Result<Option<(PathBuf, File)>> {
    let owner = root.canonicalize().unwrap_or_else(|_| root.to_path_buf()).display().to_string();
    let mut free = Vec::new();
    for number in 0..SLOTS_MAX {
        let target = base.join(number.to_string());
        fs::create_dir_all(&target).with_context(|| format!("cannot make `{}`", target.display()))?;
        let lock = File::create(target.join(".slot-lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock a build directory"),
        }
        let slot = match fs::read_to_string(target.join(".slot-owner")) {
            Ok(last) if last == owner => Slot::Own,
            Ok(last) if !Path::new(&last).exists() => Slot::Orphaned,
            Ok(_) => Slot::Foreign,
            Err(_) => Slot::Cold,
        };
        free.push((slot, target, lock));
    }
    // The other slots are given back here, when their locks are dropped.
    let Some((slot, target, lock)) = free.into_iter().min_by_key(|(slot, _, _)| *slot) else { return Ok(None) };
    if matches!(slot, Slot::Orphaned | Slot::Foreign) {
        forget_own_crates(root, &target)?;
    }
    fs::write(target.join(".slot-owner"), owner)?;
    Ok(Some((target, lock)))
}

/// Drops the workspace's own crates from a build directory and keeps the dependencies.
fn forget_own_crates(root: &Path, target: &Path) -> Result<()> {
    let metadata = crate::layers::metadata(root, false)?;
    let names: Vec<String> = crate::layers::packages(&metadata).map(|package| package.name.to_owned()).collect();
    for profile in ["dev", "release"] {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = process::command(cargo, root);
        command.env("CARGO_TARGET_DIR", target).args(["clean", "--quiet", "--offline", "--profile", profile]);
        for name in &names {
            command.args(["--package", name]);
        }
        process::must(&mut command)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_serves_one_chore_at_a_time() {
        // Would break: two clones build into one directory at once, and one tests what the other built.
        let base = tempfile::tempdir().unwrap();
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = take_slot(base.path(), one.path()).unwrap().unwrap();
        let second = take_slot(base.path(), two.path()).unwrap().unwrap();
        assert_ne!(first.0, second.0);
    }

    #[test]
    fn a_clone_returns_to_its_own_slot() {
        // Would break: a second run of the same clone starts cold.
        let base = tempfile::tempdir().unwrap();
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = take_slot(base.path(), one.path()).unwrap().unwrap();
        let second = take_slot(base.path(), two.path()).unwrap().unwrap();
        let (first_path, second_path) = (first.0.clone(), second.0.clone());
        drop((first, second));
        assert_eq!(take_slot(base.path(), two.path()).unwrap().unwrap().0, second_path);
        assert_eq!(take_slot(base.path(), one.path()).unwrap().unwrap().0, first_path);
    }

    #[test]
    fn no_slot_is_left_when_all_are_busy() {
        // Would break: the fourth clone waits for ever instead of building inside itself.
        let base = tempfile::tempdir().unwrap();
        let clones: Vec<_> = (0..=SLOTS_MAX).map(|_| tempfile::tempdir().unwrap()).collect();
        let taken: Vec<_> = clones.iter().map(|clone| take_slot(base.path(), clone.path()).unwrap()).collect();
        assert!(taken[..SLOTS_MAX].iter().all(Option::is_some));
        assert!(taken[SLOTS_MAX].is_none());
    }
}
