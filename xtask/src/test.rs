//! `cargo xtask test`: every test there is, and one closing line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::tally::Tally;
use crate::{process, tools};

/// The suites in their order: what fails soonest and explains most comes first.
const SUITES: [&str; 8] = ["rust", "oracle", "stix", "taxii", "ledger", "kill", "demo", "browser"];

/// Requests that the suite `oracle` asks of each evaluator; less than a minute on two cores.
const ORACLE_REQUESTS: u64 = 300_000;

/// Runs the suites named, or all of them.
///
/// A suite whose tools cannot be installed is named and counts as one failure on a continuous-integration machine, as
/// one skipped test elsewhere. The last line printed is `N passed, N failed, N skipped`.
///
/// # Errors
/// When a suite is unknown.
pub fn run(place: &Place, arguments: &[String]) -> Result<bool> {
    let mut names = Vec::new();
    let mut update_screenshots = false;
    let mut requests = ORACLE_REQUESTS;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--update-screenshots" => update_screenshots = true,
            "--requests" => {
                let number = rest.next().and_then(|number| number.parse().ok());
                requests = number.context("`--requests` needs a number")?;
            }
            name if SUITES.contains(&name) => names.push(name),
            other => bail!("unknown suite `{other}`; there are {}", SUITES.join(", ")),
        }
    }
    let mut total = Tally::default();
    let mut remarks = Vec::new();
    let mut binary: Option<PathBuf> = None;
    for suite in SUITES {
        if !names.is_empty() && !names.contains(&suite) {
            continue;
        }
        let begun = Instant::now();
        println!("== {suite}");
        let tally = if suite == "rust" {
            rust(place)?
        } else if suite == "oracle" {
            oracle(place, requests)?
        } else {
            match (binary.clone().map_or_else(|| build(place), Ok), command(place, suite, update_screenshots)) {
                (Ok(path), Ok(mut command)) => {
                    command.env("ENTENTE_BIN", &path);
                    binary = Some(path);
                    end_to_end(&mut command, suite, &mut remarks)?
                }
                (Err(error), _) => {
                    remarks.push(format!("{suite}: FAILED, the release binary does not build: {error:#}"));
                    Tally { failed: 1, ..Tally::default() }
                }
                (_, Err(error)) if place.is_ci() => {
                    remarks.push(format!("{suite}: FAILED, what it needs is missing: {error:#}"));
                    Tally { failed: 1, ..Tally::default() }
                }
                (_, Err(error)) => {
                    remarks.push(format!("{suite}: SKIPPED, what it needs is missing: {error:#}"));
                    Tally { skipped: 1, ..Tally::default() }
                }
            }
        };
        println!("== {suite}: {tally} ({:.0} s)", begun.elapsed().as_secs_f64());
        total += tally;
    }
    for remark in &remarks {
        println!("{remark}");
    }
    println!("{total}");
    Ok(total.failed == 0)
}

/// Runs the tests of the crates.
fn rust(place: &Place) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut command = place.cargo();
    command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
    let passed = process::watch(&mut command, |line| {
        if let Some(counted) = Tally::read(line) {
            tally += counted;
        }
    })?;
    if !passed && tally.failed == 0 {
        // The build broke, or a test program died before it could count.
        tally.failed = 1;
    }
    Ok(tally)
}

/// Holds the decision against Cedar and against a plain reading of the text, and the ledger against another implementation of its
/// formats, each in a workspace of its own.
fn oracle(place: &Place, requests: u64) -> Result<Tally> {
    let mut tally = Tally::default();
    let decision = place.root().join("oracle").join("Cargo.toml");
    let ledger = place.root().join("oracle").join("ledger").join("Cargo.toml");
    let count = requests.to_string();
    let calls: [(&Path, &str, &[&str]); 3] =
        [(&decision, "test", &[]), (&decision, "run", &["--", "--requests", &count]), (&ledger, "test", &[])];
    for (manifest, verb, arguments) in calls {
        let mut command = place.cargo();
        command.args([verb, "--locked", "--release", "--manifest-path"]).arg(manifest).args(arguments);
        let mut counted = Tally::default();
        let passed = process::watch(&mut command, |line| {
            if let Some(more) = Tally::read(line) {
                counted += more;
            }
        })?;
        if !passed && counted.failed == 0 {
            counted.failed = 1;
        }
        tally += counted;
    }
    Ok(tally)
}

/// Builds the release binary and tells where it is.
fn build(place: &Place) -> Result<PathBuf> {
    process::must(place.cargo().args(["build", "--locked", "--release", "--package", "entente"]))?;
    let binary = place.target().join("release").join(format!("entente{}", std::env::consts::EXE_SUFFIX));
    if !binary.is_file() {
        bail!("the build left no `{}`", binary.display());
    }
    Ok(binary)
}

/// Prepares one of the suites under `e2e`, and installs what it needs.
fn command(place: &Place, suite: &str, update_screenshots: bool) -> Result<Command> {
    let directory = place.root().join("e2e").join(suite);
    let mut command = match suite {
        "browser" => {
            let (node, modules) = tools::node_with(place, &directory)?;
            let chromium = tools::chromium(place)?;
            let mut command = process::command(node, place.root());
            command
                .arg(directory.join("run.mjs"))
                .env("ENTENTE_NODE_MODULES", modules)
                .env("ENTENTE_CHROMIUM", chromium);
            if update_screenshots {
                command.arg("--update-screenshots");
            }
            command
        }
        _ => {
            let requirements = directory.join("requirements.txt");
            let python =
                if requirements.is_file() { tools::python_with(place, &requirements)? } else { tools::python(place)? };
            let mut command = process::command(python, place.root());
            command.arg(directory.join("run.py")).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        }
    };
    let out = place.target().join("e2e").join(suite);
    fs::create_dir_all(&out).with_context(|| format!("cannot make `{}`", out.display()))?;
    command.env("ENTENTE_OUT", out).env("ENTENTE_DATA", place.data());
    Ok(command)
}

/// Runs one of the suites under `e2e`; a suite that ends badly or counts nothing has failed.
fn end_to_end(command: &mut Command, suite: &str, remarks: &mut Vec<String>) -> Result<Tally> {
    let mut counted = None;
    let passed = process::watch(command, |line| counted = Tally::read(line).or(counted))?;
    let Some(mut tally) = counted else {
        remarks.push(format!("{suite}: FAILED, it ended without a result"));
        return Ok(Tally { failed: 1, ..Tally::default() });
    };
    if !passed && tally.failed == 0 {
        remarks.push(format!("{suite}: FAILED after its result"));
        tally.failed = 1;
    }
    Ok(tally)
}
