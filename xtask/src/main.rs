//! `cargo xtask`: the door to the project's chores.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::place::Place;
use xtask::{bench, check, codes, fuzz, registries, test, vendor};

const USAGE: &str = "\
usage: cargo xtask <chore>

  check [STEP…]            format, layers, licences, vendored files, lints, clippy, docs (or only the steps named)
  test [SUITE…]            everything: cargo test, then oracle, stix, taxii, ledger, kill, demo, browser (or only the suites named)
       --update-screenshots   let the browser suite rewrite docs/screenshots
       --requests N           requests that the oracle suite asks of each evaluator (default 300000)
  bench [NAME…] [--quick]  benchmarks in release, one table beside the physical limits
  vendor --check|--update  vendored files against their digests, or fetched anew
  codes --write            docs/errors.md brought up to the codes of the sources
  registries --from DIR --date YYYY-MM-DD
                           lists of registered names, from the packages unpacked in DIR
  fuzz [TARGET…] [--seconds N] [--manifest]
                           each fuzz target for N seconds (default 30); --manifest rewrites the list of targets
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let mut arguments = std::env::args().skip(1);
    let Some(chore) = arguments.next() else {
        print!("{USAGE}");
        return Ok(false);
    };
    let arguments: Vec<String> = arguments.collect();
    if matches!(chore.as_str(), "help" | "--help" | "-h") {
        print!("{USAGE}");
        return Ok(true);
    }
    let root = Place::find_root()?;
    match chore.as_str() {
        "check" => check::run(&Place::open(root)?, &arguments),
        "test" => test::run(&Place::open(root)?, &arguments),
        "bench" => bench::run(&Place::open(root)?, &arguments),
        "vendor" => vendor::run(&root, &arguments),
        "codes" => codes::run(&root, &arguments),
        "registries" => registries::run(&root, &arguments),
        "fuzz" => fuzz::run(&Place::open(root)?, &arguments),
        other => bail!("unknown chore `{other}`\n\n{USAGE}"),
    }
}
