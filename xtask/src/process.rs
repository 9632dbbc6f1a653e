//! Child processes: started with no standard input, named before they run, and never through a shell.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Prepares a command that reads nothing and does not inherit what cargo told this program about its own package.
///
/// Cargo hands `CARGO_PKG_…` and `CARGO_MANIFEST_…` to what it runs; an inner cargo that sees them would find its
/// build scripts changed at each run and build everything again.
pub fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if ours.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with its output on ours and tells whether it succeeded.
///
/// # Errors
/// When the program cannot be started at all.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    announce(command);
    let status = command.status().with_context(|| format!("cannot start `{}`", name(command)))?;
    Ok(status.success())
}

/// Runs a command with its output on ours and fails unless it succeeded.
///
/// # Errors
/// When the program cannot be started or ends with another status than zero.
pub fn must(command: &mut Command) -> Result<()> {
    if succeeds(command)? {
        return Ok(());
    }
    bail!("`{}` failed", name(command))
}

/// Runs a command quietly and returns its standard output.
///
/// # Errors
/// When the program cannot be started, fails (with what it wrote to standard error), or prints something not UTF-8.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", name(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", name(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a command, passes its standard output through line by line, and shows each line to `see`.
///
/// # Errors
/// When the program cannot be started or its output cannot be read.
pub fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{}`", name(command)))?;
    if let Some(pipe) = child.stdout.take() {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        let mut out = std::io::stdout();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            out.write_all(&line)?;
            out.flush()?;
            see(String::from_utf8_lossy(&line).trim_end());
        }
    }
    Ok(child.wait()?.success())
}

/// Finds a program on the search path.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

fn announce(command: &Command) {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    eprintln!("$ {} {}", name(command), arguments.join(" "));
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().map_or_else(
        || command.get_program().to_string_lossy().into_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
