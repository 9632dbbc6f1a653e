//! Files taken unchanged from published packages, held against their digests and against `NOTICE`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};
use toml::Table;

use crate::process;

const LIST: &str = "vendor.toml";

/// One entry of `vendor.toml`.
#[derive(Debug)]
struct Entry {
    name: String,
    version: String,
    path: String,
    file: String,
    licence: String,
    integrity: String,
    sha256: String,
}

/// Runs `cargo xtask vendor`.
///
/// # Errors
/// When the flag is missing or unknown, or a file cannot be read or fetched.
pub fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    match arguments {
        [flag] if flag == "--check" => {
            let found = check(root)?;
            for complaint in &found {
                println!("  {complaint}");
            }
            println!("vendor: {}", if found.is_empty() { "ok" } else { "failed" });
            Ok(found.is_empty())
        }
        [flag] if flag == "--update" => update(root).map(|()| true),
        _ => bail!("usage: cargo xtask vendor --check|--update"),
    }
}

/// Compares files, list and `NOTICE`; offline.
///
/// # Errors
/// When the list or the directory cannot be read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let directory = directory(root);
    let entries = entries(&directory)?;
    let notice = fs::read_to_string(root.join("NOTICE")).unwrap_or_default();
    let mut found = Vec::new();
    for entry in &entries {
        match fs::read(directory.join(&entry.file)) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == entry.sha256 => {}
            Ok(_) => found.push(format!("`{}` differs from its sha256 in {LIST}", entry.file)),
            Err(error) => found.push(format!("`{}` of {LIST} cannot be read: {error}", entry.file)),
        }
        let title = format!("{} {}", entry.name, entry.version);
        if !notice.contains(&title) || !notice.contains(&entry.licence) {
            found.push(format!("NOTICE lacks `{title}` or its licence `{}`", entry.licence));
        }
    }
    let listed: BTreeSet<&str> = entries.iter().map(|entry| entry.file.as_str()).collect();
    for file in fs::read_dir(&directory)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name != LIST && !listed.contains(name.as_str()) {
            found.push(format!("`{name}` stands among the vendored files without an entry in {LIST}"));
        }
    }
    Ok(found)
}

/// Fetches each package, verifies its archive and the file in it, and replaces the file.
fn update(root: &Path) -> Result<()> {
    let directory = directory(root);
    for entry in entries(&directory)? {
        let scratch = std::env::temp_dir().join(format!("entente-vendor-{}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        let result = fetch(&entry, &scratch, &directory);
        fs::remove_dir_all(&scratch)?;
        result.with_context(|| format!("`{} {}`", entry.name, entry.version))?;
        println!("{} {} → {}", entry.name, entry.version, entry.file);
    }
    Ok(())
}

fn fetch(entry: &Entry, scratch: &Path, directory: &Path) -> Result<()> {
    let package = format!("{}@{}", entry.name, entry.version);
    let printed = process::output(process::command("npm", scratch).args(["pack", "--silent", &package]))?;
    let archive = scratch.join(printed.lines().last().unwrap_or_default().trim());
    let bytes = fs::read(&archive).context("no archive was fetched")?;
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(&bytes)));
    ensure!(integrity == entry.integrity, "the archive has integrity `{integrity}`, {LIST} says `{}`", entry.integrity);
    process::must(process::command("tar", scratch).arg("-xzf").arg(&archive))?;
    let bytes = fs::read(scratch.join("package").join(&entry.path)).context("the archive lacks the file")?;
    let digest = hex(&Sha256::digest(&bytes));
    ensure!(digest == entry.sha256, "the file has sha256 `{digest}`, {LIST} says `{}`", entry.sha256);
    fs::write(directory.join(&entry.file), bytes)?;
    Ok(())
}

fn directory(root: &Path) -> PathBuf {
    ["crates", "web", "assets", "vendor"].iter().fold(root.to_path_buf(), |path, part| path.join(part))
}

fn entries(directory: &Path) -> Result<Vec<Entry>> {
    let text = fs::read_to_string(directory.join(LIST)).with_context(|| format!("cannot read {LIST}"))?;
    let table: Table = text.parse().with_context(|| format!("{LIST} is not TOML"))?;
    let files = table.get("file").and_then(toml::Value::as_array).with_context(|| format!("{LIST} lists no file"))?;
    files
        .iter()
        .map(|file| {
            let text = |key: &str| {
                let value = file.get(key).and_then(toml::Value::as_str);
                value.map(str::to_owned).with_context(|| format!("{LIST}: an entry lacks `{key}`"))
            };
            Ok(Entry {
                name: text("name")?,
                version: text("version")?,
                path: text("path")?,
                file: text("as")?,
                licence: text("licence")?,
                integrity: text("integrity")?,
                sha256: text("sha256")?,
            })
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc`, from FIPS 180-4's examples.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn clone(file: &[u8], notice: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let directory = directory(root.path());
        fs::create_dir_all(&directory).unwrap();
        let list = format!(
            "[[file]]\nname = \"n\"\nversion = \"1\"\npath = \"p\"\nas = \"n.js\"\nlicence = \"0BSD\"\nintegrity = \"\"\nsha256 = \"{ABC}\"\n"
        );
        fs::write(directory.join(LIST), list).unwrap();
        fs::write(directory.join("n.js"), file).unwrap();
        fs::write(root.path().join("NOTICE"), notice).unwrap();
        root
    }

    #[test]
    fn an_unchanged_file_with_a_notice_passes() {
        // Would break: the check cries wolf.
        assert_eq!(check(clone(b"abc", "n 1, 0BSD").path()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_changed_file_a_stray_file_and_a_missing_notice_are_refused() {
        // Would break: code that nobody published reaches every page of the console.
        let root = clone(b"abd", "");
        fs::write(directory(root.path()).join("stray.js"), b"").unwrap();
        assert_eq!(check(root.path()).unwrap().len(), 3);
    }
}
