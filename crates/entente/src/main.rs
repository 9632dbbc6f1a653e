//! `entente`: the node, its client and its offline tools in one binary.
//!
//! | module | what it owns |
//! |---|---|
//! | `args` | the grammar |
//! | `config` | `entente.toml` and its overrides |
//! | `commands` | one module per noun |
//! | `demo` | the story told on real nodes |
//! | `output`, `failure` | what is printed, and the exit codes |

mod args;
mod commands;
mod config;
mod demo;
mod failure;
mod output;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::{Form, Output};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let form = match (cli.global.json, cli.global.jsonl) {
        (true, _) => Form::Json,
        (_, true) => Form::JsonLines,
        _ => Form::People,
    };
    let home = cli.global.home.clone();
    let output = Output {
        form,
        quiet: cli.global.quiet,
        defang: cli.global.defang || config::defangs(home.as_deref()),
        header: cli.global.header,
        home: home.clone(),
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("ENTENTE_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match commands::run(cli.command, &cli.global, &output) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let code = failure.exit;
            if code != failure::exit::OK {
                say(&failure.at_home(home.as_deref()), form != Form::People);
            }
            ExitCode::from(code)
        }
    }
}

/// Help and version go to stdout; a command line that is not understood is a usage error like any other.
fn misused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A reader that went away has seen enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json" || argument == "--jsonl") {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let mut failure = Failure::usage(message);
        if let Some(tip) = text.lines().find_map(|line| line.trim_start().strip_prefix("tip: ")) {
            failure = failure.with("tip", tip);
        }
        say(&failure.hint("entente --help"), true);
    } else {
        let _ = error.print();
    }
    ExitCode::from(failure::exit::USAGE)
}

fn say(failure: &Failure, as_json: bool) {
    // Nothing can be done when stderr is gone.
    let _ = std::io::stderr().lock().write_all(failure.render(as_json).as_bytes());
}
