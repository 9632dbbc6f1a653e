//! The layers of the house: arrows between crates only point down, and the lower layers own no input or output.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{lint, process};

/// The highest layer that takes bytes and a time and returns values, and nothing else.
const PURE_LAYER_MAX: u8 = 2;

/// What a pure crate may not depend on directly.
const IMPURE_CRATES: [&str; 7] = ["axum", "getrandom", "mimalloc", "rusqlite", "tokio", "tower-http", "ureq"];

/// What the code of a pure crate may not name.
const IMPURE_WORDS: [&str; 12] = [
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "Uuid::new_v4",
    "getrandom",
];

/// One package of the workspace, as `cargo metadata` tells it.
#[derive(Debug)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Names of everything it depends on directly, in any way (normal, build, dev).
    pub dependencies: Vec<(&'a str, bool)>,
    /// Its manifest.
    pub manifest: &'a Path,
}

/// Asks cargo about the workspace alone (`deep` false), or about everything it builds on (`deep` true).
///
/// Offline; only when a deep answer lacks a package that was never downloaded, the lock file's packages are fetched.
///
/// # Errors
/// When cargo fails or prints no JSON.
pub fn metadata(root: &Path, deep: bool) -> Result<Value> {
    let cargo = || process::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), root);
    let ask = || {
        let depth = if deep { "--all-features" } else { "--no-deps" };
        process::output(cargo().args(["metadata", "--format-version", "1", "--offline", depth]))
    };
    let text = match ask() {
        Err(_) if deep => {
            process::must(cargo().args(["fetch", "--locked", "--quiet"]))?;
            ask()?
        }
        other => other?,
    };
    serde_json::from_str(&text).context("cargo metadata printed no JSON")
}

/// Lists the packages of a `cargo metadata` document; a dependency is marked `true` when it is for tests only.
pub fn packages(metadata: &Value) -> impl Iterator<Item = Package<'_>> {
    let list = metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|package| {
        let dependencies = package.get("dependencies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Some(Package {
            name: package.get("name")?.as_str()?,
            dependencies: dependencies
                .iter()
                .filter_map(|dependency| {
                    let for_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
                    Some((dependency.get("name")?.as_str()?, for_tests))
                })
                .collect(),
            manifest: Path::new(package.get("manifest_path")?.as_str()?),
        })
    })
}

/// Reads `layers.txt`: one `layer crate` a line, `#` begins a comment.
///
/// # Errors
/// When a line has another form, a crate stands twice, or the layers are not in rising order.
pub fn parse(text: &str) -> Result<BTreeMap<String, u8>> {
    let mut layers = BTreeMap::new();
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let number = index.saturating_add(1);
        let Some((layer, name)) = line.split_once(char::is_whitespace) else {
            bail!("layers.txt line {number}: expected `layer crate`, found `{line}`");
        };
        let layer: u8 = layer.parse().with_context(|| format!("layers.txt line {number}: `{layer}` is no layer"))?;
        if layer < last {
            bail!("layers.txt line {number}: layer {layer} below layer {last}; the lowest comes first");
        }
        last = layer;
        if layers.insert(name.trim().to_owned(), layer).is_some() {
            bail!("layers.txt line {number}: `{}` stands twice", name.trim());
        }
    }
    Ok(layers)
}

/// Compares the arrows between the workspace's crates with their layers; each complaint names one arrow or crate.
///
/// A crate that is not listed stands beside the house: it may have no arrow to or from it. Dependencies for tests
/// count too, since a test that reaches upwards pulls the upper room into the lower one's build.
#[must_use]
pub fn complaints(layers: &BTreeMap<String, u8>, metadata: &Value) -> Vec<String> {
    let packages: Vec<Package<'_>> = packages(metadata).collect();
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut found = Vec::new();
    for name in layers.keys().filter(|name| !is_ours(name)) {
        found.push(format!("`{name}` is listed in layers.txt but is no crate of the workspace"));
    }
    for package in &packages {
        let own = layers.get(package.name);
        for (target, for_tests) in &package.dependencies {
            if own.is_some_and(|layer| *layer <= PURE_LAYER_MAX) && !for_tests && IMPURE_CRATES.contains(target) {
                found.push(format!("`{}` is of a pure layer and depends on `{target}`", package.name));
            }
            if !is_ours(target) {
                continue;
            }
            match (own, layers.get(*target)) {
                (Some(own), Some(theirs)) if theirs < own => {}
                (Some(own), Some(theirs)) if theirs == own => {
                    found.push(format!("`{}` depends on `{target}` of its own layer {own}", package.name));
                }
                (Some(own), Some(theirs)) => {
                    found.push(format!("upward arrow: `{}` (layer {own}) → `{target}` (layer {theirs})", package.name));
                }
                (None, _) => found
                    .push(format!("unlisted arrow: `{}` is not in layers.txt and depends on `{target}`", package.name)),
                (_, None) => found.push(format!(
                    "unlisted arrow: `{}` depends on `{target}`, which is not in layers.txt",
                    package.name
                )),
            }
        }
    }
    found
}

/// Runs the whole rule on a tree: arrows, and the words that pure crates may not use.
///
/// # Errors
/// When the tree cannot be read or cargo fails.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let layers = parse(&fs::read_to_string(root.join("layers.txt")).context("cannot read layers.txt")?)?;
    let metadata = metadata(root, false)?;
    let mut found = complaints(&layers, &metadata);
    for package in packages(&metadata) {
        if layers.get(package.name).is_none_or(|layer| *layer > PURE_LAYER_MAX) {
            continue;
        }
        let Some(source) = package.manifest.parent().map(|directory| directory.join("src")) else { continue };
        for path in lint::walk(&source, "rs") {
            let text = fs::read_to_string(&path)?;
            let shown = path.strip_prefix(root).unwrap_or(&path).display();
            for (line, word) in impure_words(&text) {
                found.push(format!("{shown}:{line}: a pure crate names `{word}`"));
            }
        }
    }
    Ok(found)
}

/// Finds the forbidden words in code above its tests; comments do not count.
fn impure_words(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        for word in IMPURE_WORDS {
            if code.contains(word) {
                found.push((index.saturating_add(1), word));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_words_in_tests_and_comments_are_not_counted() {
        // Would break: a doc comment that explains the rule, or a test that reads a vector, fails the check.
        let text = "// std::fs is not used\nuse std::fs;\n#[cfg(test)]\nmod tests { use std::thread; }\n";
        assert_eq!(impure_words(text), [(2, "std::fs")]);
    }

    #[test]
    fn layers_out_of_order_are_refused() {
        // Would break: a list that no longer reads as the order of the house.
        assert!(parse("1 b\n0 a\n").is_err());
        assert!(parse("0 a\n0 a\n").is_err());
        assert!(parse("a\n").is_err());
        assert_eq!(parse("# c\n0 a # why\n").unwrap().get("a"), Some(&0));
    }
}
