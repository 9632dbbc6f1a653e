//! `cargo xtask fuzz`: each file of `fuzz/fuzz_targets` for a while.
//!
//! The targets use libFuzzer with coverage, on the stable compiler: the instrumentation is a pass of LLVM and needs no
//! nightly. Address checks are left out, since no crate of ours may contain `unsafe`. The corpus grows in
//! `fuzz/corpus` (not committed); `fuzz/seeds/<target>` holds the inputs worth keeping.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::place::Place;
use crate::{lint, process};

/// What switches the coverage of libFuzzer on, as `cargo fuzz` does with `--sanitizer none`.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

/// Everything of `fuzz/Cargo.toml` below this line is written by `cargo xtask fuzz --manifest`.
const MARK: &str = "# Targets: one for each file of fuzz_targets, written by `cargo xtask fuzz --manifest`.\n";

/// LIMIT: bytes of one input; twice the largest text any target accepts whole.
const INPUT_SIZE_BYTES_MAX: u32 = 131_072;

/// Runs the targets named, or all of them.
///
/// # Errors
/// When a flag or a target is unknown, the targets do not build, or there is no C++ compiler.
pub fn run(place: &Place, arguments: &[String]) -> Result<bool> {
    let mut seconds = 30_u32;
    let mut names = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--manifest" => return write_manifest(place.root()).map(|()| true),
            "--seconds" => {
                let value = rest.next().context("`--seconds` needs a number")?;
                seconds = value.parse().with_context(|| format!("`{value}` is no number of seconds"))?;
            }
            flag if flag.starts_with('-') => bail!("unknown flag `{flag}`"),
            name => names.push(name.to_owned()),
        }
    }
    let all = targets(place.root());
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!("unknown target `{unknown}`; there are {}", all.join(", "));
    }
    let chosen = if names.is_empty() { all } else { names };
    ensure!(!chosen.is_empty(), "there are no fuzz targets; nothing was checked");
    let directory = place.root().join("fuzz");
    let host = host(place)?;
    let mut build = place.cargo();
    build
        .args(["build", "--locked", "--release", "--target", &host, "--manifest-path"])
        .arg(directory.join("Cargo.toml"));
    for name in &chosen {
        build.args(["--bin", name]);
    }
    // A target triple keeps the flags away from build scripts and procedural macros.
    build.env("RUSTFLAGS", COVERAGE).env("CARGO_TARGET_DIR", place.target().join("fuzz"));
    process::must(&mut build).context("the fuzz targets do not build (a C++ compiler is needed)")?;
    let mut failed = Vec::new();
    for name in &chosen {
        let binary = place.target().join("fuzz").join(&host).join("release").join(name);
        if !run_target(&directory, &binary, name, seconds)? {
            failed.push(name.as_str());
        }
    }
    println!("fuzz: {} targets for {seconds} s each, {} failed {}", chosen.len(), failed.len(), failed.join(", "));
    Ok(failed.is_empty())
}

fn run_target(directory: &Path, binary: &Path, name: &str, seconds: u32) -> Result<bool> {
    let corpus = directory.join("corpus").join(name);
    let artefacts = directory.join("artifacts").join(name);
    for needed in [&corpus, &artefacts] {
        fs::create_dir_all(needed).with_context(|| format!("cannot make `{}`", needed.display()))?;
    }
    let mut command = process::command(binary, directory);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={INPUT_SIZE_BYTES_MAX}"));
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    command.arg(format!("-artifact_prefix={}/", artefacts.display())).arg(&corpus);
    let seeds = directory.join("seeds").join(name);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    process::succeeds(&mut command)
}

/// Compares the manifest with the files.
///
/// # Errors
/// When the manifest cannot be read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let (manifest, wanted) = manifest(root)?;
    Ok(if manifest == wanted {
        Vec::new()
    } else {
        vec![
            "fuzz/Cargo.toml does not list the files of fuzz_targets; `cargo xtask fuzz --manifest` mends it"
                .to_owned(),
        ]
    })
}

/// Tells whether there is anything to fuzz.
#[must_use]
pub fn has_targets(root: &Path) -> bool {
    !targets(root).is_empty()
}

fn write_manifest(root: &Path) -> Result<()> {
    let (_, wanted) = manifest(root)?;
    fs::write(root.join("fuzz").join("Cargo.toml"), wanted)?;
    println!("fuzz: {} targets", targets(root).len());
    Ok(())
}

/// Returns the manifest as it is and as it should be.
fn manifest(root: &Path) -> Result<(String, String)> {
    let text = fs::read_to_string(root.join("fuzz").join("Cargo.toml")).context("cannot read fuzz/Cargo.toml")?;
    let (head, _) = text.split_once(MARK).context("fuzz/Cargo.toml has no line for the targets")?;
    let mut wanted = format!("{head}{MARK}");
    for name in targets(root) {
        wanted.push_str(&format!(
            "\n[[bin]]\nname = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\ntest = false\ndoc = false\nbench = false\n"
        ));
    }
    Ok((text, wanted))
}

fn targets(root: &Path) -> Vec<String> {
    let files: Vec<PathBuf> = lint::walk(&root.join("fuzz").join("fuzz_targets"), "rs");
    files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect()
}

fn host(place: &Place) -> Result<String> {
    let printed = process::output(process::command("rustc", place.root()).arg("-vV"))?;
    let line = printed.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("`rustc -vV` names no host")
}
