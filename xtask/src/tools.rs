//! What tests need beyond Rust, installed into the cache: a Python with the real TAXII client, Node packages, Chromium.
//!
//! Each function returns where the tool is, or an error that says what to install by hand. An installation is keyed by
//! the digest of the file that pins it and marked complete only at its end, so that a broken one is done again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::place::Place;
use crate::process;

/// The oldest Node that `playwright-core` supports.
const NODE_MAJOR_MIN: u32 = 20;

/// Returns a Python interpreter that needs nothing but its own library.
///
/// # Errors
/// When there is no `python3` and none can be installed.
pub fn python(place: &Place) -> Result<PathBuf> {
    match process::find("python3") {
        Some(python) => Ok(python),
        None => {
            apt_install(place, &["python3", "python3-venv"])?;
            process::find("python3").context("`python3` is not installed")
        }
    }
}

/// Returns the interpreter of an environment with everything `requirements` pins.
///
/// # Errors
/// When the environment cannot be made, or a package cannot be installed.
pub fn python_with(place: &Place, requirements: &Path) -> Result<PathBuf> {
    let python = python(place)?;
    let version = process::output(process::command(&python, place.root()).arg("--version"))?;
    let key = digest(&[&fs::read(requirements)?, version.as_bytes()]);
    let environment = place.cache().join("python").join(key);
    let inner = environment.join("bin").join("python");
    if environment.join(".complete").is_file() {
        return Ok(inner);
    }
    remove(&environment)?;
    let make = || process::succeeds(process::command(&python, place.root()).args(["-m", "venv"]).arg(&environment));
    if !make()? {
        // Debian ships the module apart from the interpreter.
        apt_install(place, &["python3-venv"])?;
        ensure!(make()?, "`python3 -m venv` fails");
    }
    let mut pip = process::command(&inner, place.root());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
    process::must(pip.arg(requirements))?;
    fs::write(environment.join(".complete"), b"")?;
    Ok(inner)
}

/// Returns the Node interpreter and the directory of the packages that `project` locks.
///
/// # Errors
/// When Node is missing or too old, or the packages cannot be installed.
pub fn node_with(place: &Place, project: &Path) -> Result<(PathBuf, PathBuf)> {
    if process::find("node").is_none() || process::find("npm").is_none() {
        apt_install(place, &["nodejs", "npm"])?;
    }
    let node = process::find("node").context("`node` is not installed")?;
    let version = process::output(process::command(&node, place.root()).arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= NODE_MAJOR_MIN),
        "`node` is {}, and version {NODE_MAJOR_MIN} is needed",
        version.trim()
    );
    let pins = ["package.json", "package-lock.json"];
    let mut parts = Vec::new();
    for pin in pins {
        parts.push(fs::read(project.join(pin)).with_context(|| format!("cannot read `{pin}`"))?);
    }
    let key = digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let installed = place.cache().join("node").join(key);
    let modules = installed.join("node_modules");
    if installed.join(".complete").is_file() {
        return Ok((node, modules));
    }
    remove(&installed)?;
    fs::create_dir_all(&installed)?;
    for file in pins.iter().chain(&[".npmrc"]) {
        fs::copy(project.join(file), installed.join(file)).with_context(|| format!("cannot copy `{file}`"))?;
    }
    // No package of ours needs a script at installation, and none may run one.
    process::must(process::command("npm", &installed).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(installed.join(".complete"), b"")?;
    Ok((node, modules))
}

/// Returns the browser: `ENTENTE_CHROMIUM`, else the first known name on the search path, else Debian's package.
///
/// # Errors
/// When there is none and none can be installed.
pub fn chromium(place: &Place) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("ENTENTE_CHROMIUM").map(PathBuf::from) {
        ensure!(named.is_file(), "ENTENTE_CHROMIUM names `{}`, which is no file", named.display());
        return Ok(named);
    }
    let known = || ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| process::find(name));
    if let Some(found) = known() {
        return Ok(found);
    }
    // Without a font a page is boxes, and a screenshot shows nothing.
    apt_install(place, &["chromium", "fonts-dejavu-core"])?;
    known().context("Chromium is not installed; name one in ENTENTE_CHROMIUM")
}

/// Installs packages where the system is Debian's and we are its administrator.
fn apt_install(place: &Place, packages: &[&str]) -> Result<()> {
    let wanted = packages.join("`, `");
    let Some(apt) = process::find("apt-get") else { bail!("`{wanted}` is not installed, and there is no apt-get") };
    let user = process::output(process::command("id", place.root()).arg("-u"))?;
    ensure!(user.trim() == "0", "`{wanted}` is not installed, and only root may install it");
    let run = |arguments: &[&str]| {
        let mut command = process::command(&apt, place.root());
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=120"]).args(arguments);
        process::succeeds(&mut command)
    };
    // A stale list is the usual reason for a failed installation, a missing network that of a failed update.
    if !run(&["update"])? {
        eprintln!("warning: the list of packages could not be brought up to date");
    }
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    ensure!(run(&arguments)?, "`{wanted}` cannot be installed");
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot remove `{}`", directory.display()))?;
    }
    Ok(())
}

/// Names an installation: the first 16 hexadecimal digits of the SHA-256 of what pins it.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
