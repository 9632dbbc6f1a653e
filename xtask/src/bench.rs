//! `cargo xtask bench`: every benchmark in release, and one table beside the physical limits of the same run.
//!
//! A benchmark is a bench target of a crate (`harness = false`). Each figure it wants in the table it prints as a line
//! of its own:
//!
//! ```text
//! bench: {"name":"admit, 10,000 objects","value":25310,"unit":"objects/s","goal":20000,"limit":"append","peer":"…"}
//! ```
//!
//! `goal`, `limit` (`append` or `memcpy`) and `peer` may be missing; a figure with a limit must be in objects/s.
//!
//! Where a target has peers (`stix`, `pattern`, `policy`), they run after it in the same run, on the files that it wrote below
//! `ENTENTE_BENCH_FILES` or on the same seed: rstix and Cedar in workspaces of their own, so that they enter no dependency of the
//! product, and the OASIS packages in Python. They print the same lines with `peer_of`, the name of the figure that theirs stands beside:
//!
//! ```text
//! bench: {"peer_of":"admit, 10,000 objects","peer":"rstix 0.23","value":1265}
//! ```
//!
//! A peer that is not to be had is named and fails nothing. With `--quick` the variable `ENTENTE_BENCH_QUICK` is `1`, and a benchmark leaves out its long sizes. A goal that is
//! missed is shown and fails nothing: time is never a test.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::limits::{self, Limits, OBJECT_SIZE_BYTES};
use crate::place::Place;
use crate::{layers, process, tools};

const HEAD: [&str; 6] = ["What", "Measured", "Goal", "Limit in this run", "Share of the limit", "Peer"];

/// Runs the benchmarks whose package or target is named, or all of them.
///
/// # Errors
/// When a flag is unknown, or nothing has the name.
pub fn run(place: &Place, arguments: &[String]) -> Result<bool> {
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let names: Vec<&String> = arguments.iter().filter(|argument| *argument != "--quick").collect();
    if let Some(flag) = names.iter().find(|name| name.starts_with('-')) {
        bail!("unknown flag `{flag}`");
    }
    let metadata = layers::metadata(place.root(), false)?;
    let targets: Vec<(String, String)> = targets(&metadata)
        .into_iter()
        .filter(|(package, target)| names.is_empty() || names.iter().any(|name| *name == package || *name == target))
        .collect();
    if targets.is_empty() {
        bail!("no benchmark of that name; nothing was measured");
    }
    std::fs::create_dir_all(place.target())?;
    let span = Duration::from_secs(if quick { 1 } else { 3 });
    let limits = limits::measure(place.target(), span).context("cannot measure the limits")?;
    let mut rows: Vec<Value> = Vec::new();
    let mut passed = true;
    for (package, target) in &targets {
        let mut command = place.cargo();
        command.args(["bench", "--locked", "--package", package, "--bench", target]);
        passed &= watch(place, &mut command, quick, &mut rows)?;
        for (name, peer) in peers(place, target) {
            let ran = peer.and_then(|mut command| watch(place, &mut command, quick, &mut rows));
            if !ran.as_ref().is_ok_and(|ran| *ran) {
                println!(
                    "peer {name}: not measured{}",
                    ran.err().map(|error| format!(": {error:#}")).unwrap_or_default()
                );
            }
        }
    }
    println!("\n{}\n", machine(place));
    let cells: Vec<[String; 6]> = beside(&rows).iter().map(|row| cells(row, limits)).collect();
    print!("{}", table(&cells, limits));
    Ok(passed)
}

/// Runs one program and gathers the figures it prints.
fn watch(place: &Place, command: &mut Command, quick: bool, rows: &mut Vec<Value>) -> Result<bool> {
    command.env("ENTENTE_BENCH_QUICK", if quick { "1" } else { "0" });
    command.env("ENTENTE_BENCH_FILES", place.target().join("bench-files"));
    process::watch(command, |line| {
        rows.extend(line.strip_prefix("bench: ").and_then(|json| serde_json::from_str::<Value>(json).ok()));
    })
}

/// The peers of a target.
fn peers(place: &Place, target: &str) -> Vec<(&'static str, Result<Command>)> {
    match target {
        "stix" | "pattern" => vec![("rstix", rstix(place, target)), ("python", python(place, target))],
        "policy" => vec![("cedar", Ok(cedar(place)))],
        _ => Vec::new(),
    }
}

/// Cedar, in the workspace of the oracle; it makes the same agreements and the same feed from the same seed.
fn cedar(place: &Place) -> Command {
    let mut command = place.cargo();
    command.args(["bench", "--quiet", "--locked", "--bench", "cedar", "--manifest-path"]);
    command.arg(place.root().join("oracle").join("Cargo.toml"));
    command
}

/// The Rust peer, built apart from the workspace and its lock file.
fn rstix(place: &Place, target: &str) -> Result<Command> {
    let mut command = place.cargo();
    command.env("CARGO_TARGET_DIR", place.target().join("peers"));
    command.args(["run", "--quiet", "--locked", "--release", "--manifest-path"]);
    command.arg(place.root().join("e2e/stix/rstix/Cargo.toml")).args(["--", target]);
    Ok(command)
}

/// The packages of OASIS.
fn python(place: &Place, target: &str) -> Result<Command> {
    let directory = place.root().join("e2e/stix");
    let python = tools::python_with(place, &directory.join("requirements.txt"))?;
    let mut command = process::command(python, place.root());
    command.arg(directory.join("bench.py")).arg(target).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// Puts the figures of peers into the row they stand beside, with how many times as fast we are.
fn beside(rows: &[Value]) -> Vec<Value> {
    let (peers, mut own): (Vec<Value>, Vec<Value>) = rows.iter().cloned().partition(|row| row.get("peer_of").is_some());
    for peer in &peers {
        let text = |key: &str| peer.get(key).and_then(Value::as_str).unwrap_or_default();
        let value = peer.get("value").and_then(Value::as_f64).unwrap_or_default();
        let named = own.iter_mut().find(|row| row.get("name").and_then(Value::as_str) == Some(text("peer_of")));
        let Some(fields) = named.and_then(Value::as_object_mut) else { continue };
        let ours = fields.get("value").and_then(Value::as_f64).unwrap_or_default();
        let known = fields.get("peer").and_then(Value::as_str).filter(|known| !known.is_empty());
        let mut cell = known.map(|known| format!("{known}; ")).unwrap_or_default();
        cell.push_str(&format!("{} {} (× {})", text("peer"), grouped(value), grouped(ours / value)));
        fields.insert("peer".to_owned(), cell.into());
    }
    own
}

/// Lists the bench targets of the workspace as (package, target).
fn targets(metadata: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for package in metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        for target in package.get("targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let kinds = target.get("kind").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            if kinds.iter().any(|kind| kind == "bench") {
                let target = target.get("name").and_then(Value::as_str).unwrap_or_default();
                found.push((name.to_owned(), target.to_owned()));
            }
        }
    }
    found
}

fn cells(row: &Value, limits: Limits) -> [String; 6] {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let value = row.get("value").and_then(Value::as_f64).unwrap_or_default();
    let unit = text("unit");
    let limit = match text("limit") {
        "append" => Some(limits.append),
        "memcpy" => Some(limits.memcpy),
        _ => None,
    };
    [
        text("name").to_owned(),
        format!("{} {unit}", grouped(value)),
        row.get("goal").and_then(Value::as_f64).map(|goal| format!("{} {unit}", grouped(goal))).unwrap_or_default(),
        limit.map(|limit| format!("{} {unit} ({})", grouped(limit), text("limit"))).unwrap_or_default(),
        limit.map(|limit| format!("{:.1} %", 100.0 * value / limit)).unwrap_or_default(),
        text("peer").to_owned(),
    ]
}

fn table(rows: &[[String; 6]], limits: Limits) -> String {
    let row = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut text = row(&HEAD) + &row(&["---"; 6]);
    for cells in rows {
        text.push_str(&row(&cells.each_ref().map(String::as_str)));
    }
    let (append, memcpy) = (grouped(limits.append), grouped(limits.memcpy));
    text.push_str(&format!(
        "\nLimits: append of {OBJECT_SIZE_BYTES}-byte objects, durable every 1,000: {append} objects/s; copy in memory: {memcpy} objects/s.\n"
    ));
    text
}

/// Writes a figure with its thousands apart; below ten with two digits after the point.
fn grouped(value: f64) -> String {
    if value.abs() < 10.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.chars().count().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Names the machine: processor, cores, memory, system, compiler, day.
fn machine(place: &Place) -> String {
    let field = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let ask = |program: &str, arguments: &[&str]| {
        let answer = process::output(process::command(program, place.root()).args(arguments));
        answer.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
    };
    format!(
        "{}, {cores} cores, memory {}; {}; {}; {}",
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        ask("uname", &["-sr"]),
        ask("rustc", &["--version"]),
        ask("date", &["-u", "+%Y-%m-%d"]),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        // Would break: 25310 and 253100 are told apart by counting digits.
        assert_eq!(grouped(25_310.4), "25,310");
        assert_eq!(grouped(1_180_000.0), "1,180,000");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(0.25), "0.25");
    }

    #[test]
    fn a_peer_stands_beside_the_figure_it_names() {
        // Would break: a peer has a row of its own, or the ratio is upside down.
        let rows = [
            json!({ "name": "parse", "value": 1000, "unit": "objects/s" }),
            json!({ "peer_of": "parse", "peer": "rstix", "value": 250 }),
            json!({ "peer_of": "parse", "peer": "stix2", "value": 2 }),
            json!({ "peer_of": "nothing", "peer": "stix2", "value": 2 }),
        ];
        let beside = beside(&rows);
        assert_eq!(beside.len(), 1);
        assert_eq!(beside[0]["peer"], "rstix 250 (× 4.00); stix2 2.00 (× 500)");
    }

    #[test]
    fn a_row_shows_its_share_of_the_limit() {
        // Would break: a figure stands alone, and nobody can tell whether it is good.
        let row = json!({ "name": "admit", "value": 500, "unit": "objects/s", "limit": "append" });
        let cells = cells(&row, Limits { append: 1000.0, memcpy: 1.0 });
        assert_eq!(cells, ["admit", "500 objects/s", "", "1,000 objects/s (append)", "50.0 %", ""]);
    }
}
