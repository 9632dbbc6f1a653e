//! `cargo xtask check`: everything a machine can judge without running the program, quickest first.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::place::Place;
use crate::{codes, fuzz, layers, lint, process, supply, vendor};

/// One rule: its name, and what it finds wrong.
type Step = (&'static str, fn(&Place) -> Result<Vec<String>>);

const STEPS: [Step; 9] = [
    ("format", format),
    ("layers", |place| layers::check(place.root())),
    ("supply", |place| supply::check(place.root())),
    ("vendor", |place| vendor::check(place.root())),
    ("lint", |place| lint::check(place.root())),
    ("codes", |place| codes::check(place.root())),
    ("fuzz-manifest", |place| fuzz::check(place.root())),
    ("clippy", clippy),
    ("docs", docs),
];

/// Runs the steps named, or all of them, and tells whether each passed. A step that fails does not stop the others.
///
/// # Errors
/// When a step is unknown.
pub fn run(place: &Place, names: &[String]) -> Result<bool> {
    for name in names {
        if !STEPS.iter().any(|(step, _)| step == name) {
            let known: Vec<&str> = STEPS.iter().map(|(step, _)| *step).collect();
            bail!("unknown step `{name}`; there are {}", known.join(", "));
        }
    }
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let begun = Instant::now();
        let found = step(place).unwrap_or_else(|error| vec![format!("could not be checked: {error:#}")]);
        for complaint in &found {
            println!("  {complaint}");
        }
        let verdict = if found.is_empty() { "ok" } else { "FAILED" };
        println!("check {name}: {verdict} ({:.1} s)", begun.elapsed().as_secs_f64());
        if !found.is_empty() {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("check: ok");
    } else {
        println!("check: FAILED in {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

fn format(place: &Place) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if !process::succeeds(place.cargo().args(["fmt", "--all", "--check"]))? {
        found.push("not formatted; `cargo fmt --all` mends it".to_owned());
    }
    if !process::succeeds(place.cargo().args(["fmt", "--check", "--manifest-path"]).arg(oracle(place)))? {
        found.push("the oracle is not formatted; `cargo fmt --manifest-path oracle/Cargo.toml` mends it".to_owned());
    }
    if fuzz::has_targets(place.root()) {
        let manifest = place.root().join("fuzz").join("Cargo.toml");
        let mut command = place.cargo();
        command.args(["fmt", "--check", "--package", "entente-fuzz", "--manifest-path"]).arg(manifest);
        if !process::succeeds(&mut command)? {
            found.push(
                "fuzz targets not formatted; `cargo fmt -p entente-fuzz --manifest-path fuzz/Cargo.toml` mends it"
                    .to_owned(),
            );
        }
    }
    Ok(found)
}

fn clippy(place: &Place) -> Result<Vec<String>> {
    let mut command = place.cargo();
    command.args(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]);
    let mut found = verdict(process::succeeds(&mut command)?, "clippy has warnings")?;
    let mut command = place.cargo();
    command.args(["clippy", "--locked", "--all-targets", "--manifest-path"]).arg(oracle(place));
    command.args(["--", "--deny", "warnings"]);
    found.extend(verdict(process::succeeds(&mut command)?, "clippy has warnings about the oracle")?);
    Ok(found)
}

/// The workspace of the oracle, which stands beside the house as the fuzz targets do.
fn oracle(place: &Place) -> PathBuf {
    place.root().join("oracle").join("Cargo.toml")
}

fn docs(place: &Place) -> Result<Vec<String>> {
    let mut command = place.cargo();
    command.args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings");
    let mut found = verdict(process::succeeds(&mut command)?, "the documentation has warnings")?;
    found.extend(missing_documents(place.root()));
    Ok(found)
}

/// Names the documents every clone must have.
fn missing_documents(root: &Path) -> Vec<String> {
    let documents =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "NOTICE", "docs/BENCHMARKS.md"];
    let missing = documents.iter().filter(|document| !root.join(document).is_file());
    missing.map(|document| format!("`{document}` is missing")).collect()
}

fn verdict(passed: bool, complaint: &str) -> Result<Vec<String>> {
    Ok(if passed { Vec::new() } else { vec![complaint.to_owned()] })
}
