//! One module per noun; each turns arguments into one call of the exchange and prints the answer.

mod admit;
mod agreement;
mod batch;
mod compare;
mod convert;
mod doctor;
mod ledger;
mod life;
mod look;
mod node;
mod party;
mod pattern;
mod recall;
mod reciprocity;
mod review;
mod simulate;
mod stix;
mod transfer;
mod verify;

pub(crate) use node::{interrupted, spawn_schedule};

use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

use entente_exchange::Exchange;
use entente_formats::{FormatError, Inflation, decompress};
use entente_stix::marking::Tlp;

use crate::args::{Command, Global};
use crate::config::Loaded;
use crate::failure::{Failure, Outcome, exit};
use crate::output::Output;

/// Runs a command and returns its exit code.
pub(crate) fn run(command: Command, global: &Global, output: &Output) -> Outcome {
    match command {
        Command::Init(args) => node::init(&args, global, output),
        Command::Serve(args) => node::serve(&args, global, output),
        Command::Demo(args) => crate::demo::run(&args, output),
        Command::Party(command) => party::run(command, &open(global)?, output),
        Command::Agreement(command) => agreement::run(command, global, output),
        Command::Admit(args) => admit::run(&args, &open(global)?, output),
        Command::Check(args) => look::check(&args, &open(global)?, output),
        Command::Show { object } => look::show(&object, &open(global)?, output),
        Command::Explain(args) => look::explain(&args, global, output),
        Command::Review(args) => review::run(&args, &open(global)?, output),
        Command::Release(command) => look::releases(&command, &open(global)?, output),
        Command::Recall(args) => recall::run(args, &open(global)?, output),
        Command::Receipt(command) => verify::receipt(command, &open(global)?, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Sync { party } => transfer::sync(party.as_deref(), &open(global)?, output),
        Command::Pull(args) => transfer::pull(&args, output),
        Command::Push(args) => transfer::push(&args, output),
        Command::Export(args) => transfer::export(&args, &open(global)?, output),
        Command::Ledger(command) => ledger::run(&command, &open(global)?, output),
        Command::Reciprocity(args) => reciprocity::run(args, &open(global)?, output),
        Command::Token(command) => party::token(command, &open(global)?, output),
        Command::Stix(command) => stix::run(command, output),
        Command::Pattern(command) => pattern::run(command, output),
        Command::Convert(args) => convert::run(&args, output),
        Command::Formats => admit::formats(output),
        Command::Doctor { fail_on } => doctor::run(fail_on.as_deref(), global, output),
    }
}

fn open(global: &Global) -> Result<Exchange, Failure> {
    Loaded::read(global.home.as_deref())?.open()
}

/// Reads a file, or stdin for `-`.
fn read_input(path: &Path, output: &Output) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        note_terminal(output);
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| Failure::file("read", path, &e))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|e| Failure::file("read", path, &e))
}

/// Opens a file, or stdin for `-`, and undoes gzip or zstd.
fn open_input(path: &Path, limits: Inflation, output: &Output) -> Result<Box<dyn BufRead>, Failure> {
    let raw: Box<dyn BufRead> = if path == Path::new("-") {
        note_terminal(output);
        Box::new(BufReader::with_capacity(READ_SIZE_BYTES, std::io::stdin()))
    } else {
        let file = fs::File::open(path).map_err(|e| Failure::file("read", path, &e))?;
        Box::new(BufReader::with_capacity(READ_SIZE_BYTES, file))
    };
    decompress(raw, limits).map_err(|error| match error {
        FormatError::Io(error) => Failure::file("read", path, &error),
        error => Failure::new(exit::USAGE, error.code(), format!("`{}`: {error}", path.display())),
    })
}

/// What is read of an input at once.
const READ_SIZE_BYTES: usize = 64 * 1024;

/// Says that a command waits for its input, when that is a terminal.
fn note_terminal(output: &Output) {
    if std::io::stdin().is_terminal() {
        output.note("reading from the terminal; end with Ctrl-D");
    }
}

/// Writes a file through a temporary one beside it, so that no reader sees half of it; stdout for `None`.
fn write_output(path: Option<&Path>, bytes: &[u8], output: &Output) -> Result<(), Failure> {
    let Some(path) = path else { return output.bytes(bytes) };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, bytes).map_err(|e| Failure::file("write", &part, &e))?;
    fs::rename(&part, path).map_err(|e| Failure::file("write", path, &e))
}

/// Reads a TLP word.
fn tlp(word: &str) -> Result<Tlp, Failure> {
    Tlp::parse(word).ok_or_else(|| {
        Failure::usage(format!("`{word}` is not a TLP level; use clear, green, amber, amber+strict or red"))
    })
}

/// A question on the terminal before something that others notice; without a terminal the flag must say yes.
fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::new(
            exit::USAGE,
            "usage.confirm",
            format!("{question} Say --yes, since there is no terminal to ask on"),
        ));
    }
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{question} [y/N] ").as_bytes());
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(exit::USAGE, "usage.cancelled", "cancelled"))
}
