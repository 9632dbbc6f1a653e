//! What comes from outside: licences, sources and duplicate versions of every package the lock file names.
//!
//! The rules stand in `deny.toml`, in the form `cargo deny` reads. They are applied here over `cargo metadata`, so that
//! they hold without a network and without that tool; where it is installed it runs too and adds the advisories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use toml::Table;

use crate::{layers, licence, process};

/// The identity that lock files give to the public registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The rules of `deny.toml` that are applied here.
#[derive(Debug, Default)]
pub struct Rules {
    licences: BTreeSet<String>,
    duplicates: BTreeSet<String>,
}

impl Rules {
    /// Reads `[licenses] allow` and `[bans] skip`.
    ///
    /// # Errors
    /// When the text is not TOML, or a skipped duplicate has no exact version or no reason.
    pub fn parse(text: &str) -> Result<Rules> {
        let table: Table = text.parse().context("deny.toml is not TOML")?;
        let list = |section: &str, key: &str| {
            table.get(section).and_then(|section| section.get(key)).and_then(toml::Value::as_array).cloned()
        };
        let licences = list("licenses", "allow").unwrap_or_default();
        let mut rules = Rules {
            licences: licences.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect(),
            duplicates: BTreeSet::new(),
        };
        for skipped in list("bans", "skip").unwrap_or_default() {
            let package = skipped.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
            let reason = skipped.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
            anyhow::ensure!(package.contains('@'), "deny.toml: `{package}` in [bans] skip has no exact version");
            anyhow::ensure!(!reason.is_empty(), "deny.toml: `{package}` in [bans] skip has no reason");
            rules.duplicates.insert(package.to_owned());
        }
        Ok(rules)
    }

    /// Applies the rules to a deep `cargo metadata` document.
    #[must_use]
    pub fn complaints(&self, metadata: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let mut named = BTreeSet::new();
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let packages = metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for package in packages {
            let text = |key: &str| package.get(key).and_then(Value::as_str);
            let (name, version) = (text("name").unwrap_or_default(), text("version").unwrap_or_default());
            versions.entry(name).or_default().insert(version);
            match text("source") {
                None | Some(REGISTRY) => {}
                Some(other) => found.push(format!("`{name}@{version}` comes from `{other}`, not from the registry")),
            }
            let Some(expression) = text("license") else {
                found.push(format!("`{name}@{version}` states no licence"));
                continue;
            };
            match licence::judge(expression, &self.licences) {
                Ok(verdict) => {
                    if !verdict.satisfied {
                        found.push(format!("`{name}@{version}` is under `{expression}`, which is not allowed"));
                    }
                    named.extend(verdict.named);
                }
                Err(error) => found.push(format!("`{name}@{version}`: {error:#}")),
            }
        }
        for stale in self.licences.difference(&named) {
            found.push(format!("deny.toml allows the licence `{stale}`, which no package names any more"));
        }
        let mut duplicated = BTreeSet::new();
        for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
            let all: Vec<String> = versions.iter().map(|version| format!("{name}@{version}")).collect();
            let left = all.iter().filter(|package| !self.duplicates.contains(*package)).count();
            if left > 1 {
                found.push(format!("several versions of one package: {}", all.join(", ")));
            }
            duplicated.extend(all);
        }
        for stale in self.duplicates.difference(&duplicated) {
            found.push(format!("deny.toml skips the duplicate `{stale}`, which is none any more"));
        }
        found
    }
}

/// Applies the rules to the tree, and runs `cargo deny` where it is installed.
///
/// # Errors
/// When `deny.toml` cannot be read or cargo fails.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let rules = Rules::parse(&fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?)?;
    let mut found = rules.complaints(&layers::metadata(root, true)?);
    if process::find("cargo-deny").is_none() {
        println!("  advisories: NOT CHECKED, `cargo deny` is not installed; licences, sources and duplicates were");
        return Ok(found);
    }
    let deny = |what: &[&str]| {
        let mut command = process::command("cargo", root);
        process::succeeds(command.args(["deny", "--offline", "check"]).args(what))
    };
    if !deny(&["bans", "licenses", "sources"])? {
        found.push("`cargo deny check bans licenses sources` failed".to_owned());
    }
    // The advisory database is another repository; where it cannot be fetched, that is said and not counted.
    let mut fetch = process::command("cargo", root);
    if process::succeeds(fetch.args(["deny", "fetch", "db"]))? {
        if !deny(&["advisories"])? {
            found.push("`cargo deny check advisories` failed".to_owned());
        }
    } else {
        println!("  advisories: NOT CHECKED, the advisory database cannot be fetched here");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"
        [licenses]
        allow = ["MIT"]
        [bans]
        skip = [{ crate = "a@1.0.0", reason = "needed by b" }]
    "#;

    fn package(name: &str, version: &str, licence: &str, source: Option<&str>) -> Value {
        json!({ "name": name, "version": version, "license": licence, "source": source })
    }

    #[test]
    fn a_clean_tree_has_no_complaint() {
        // Would break: the check fails for no reason and is switched off.
        let packages = [
            package("a", "1.0.0", "MIT", Some(REGISTRY)),
            package("a", "2.0.0", "MIT OR GPL-3.0-only", Some(REGISTRY)),
            package("own", "0.1.0", "MIT", None),
        ];
        assert_eq!(Rules::parse(TEXT).unwrap().complaints(&json!({ "packages": packages })), Vec::<String>::new());
    }

    #[test]
    fn each_rule_bites() {
        // Would break: a forbidden licence, a foreign source, a new duplicate or a stale exception passes.
        let rules = Rules::parse(TEXT).unwrap();
        let packages = [
            package("a", "2.0.0", "GPL-3.0-only", Some(REGISTRY)),
            package("b", "1.0.0", "MIT", Some("git+https://example.org/b")),
            package("b", "2.0.0", "MIT", Some(REGISTRY)),
        ];
        let found = rules.complaints(&json!({ "packages": packages })).join("\n");
        for expected in
            ["`a@2.0.0` is under", "`b@1.0.0` comes from", "b@1.0.0, b@2.0.0", "skips the duplicate `a@1.0.0`"]
        {
            assert!(found.contains(expected), "{expected} is missing in:\n{found}");
        }
        let none = rules.complaints(&json!({ "packages": [] })).join("\n");
        assert!(none.contains("allows the licence `MIT`"), "{none}");
    }

    #[test]
    fn an_exception_needs_version_and_reason() {
        // Would break: an exception for ever, for everything, for nothing.
        assert!(Rules::parse("[bans]\nskip = [{ crate = \"a\", reason = \"x\" }]").is_err());
        assert!(Rules::parse("[bans]\nskip = [{ crate = \"a@1.0.0\" }]").is_err());
    }
}
