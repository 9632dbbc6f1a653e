//! `demo`: the main job on real nodes, told in a page of plain text.
//!
//! A telco, a CERT, a vendor, a community and a police hub each get a node: own keys, own SQLite file, own loopback port. They sign
//! agreements in both directions, admit what they know, and exchange over HTTP exactly as nodes in different buildings would. The
//! story is then read back from the nodes, so that it can say nothing that did not happen.

mod cast;
mod corpus;
mod narrate;
mod story;
mod text;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::args::Demo;
use crate::demo::cast::Cast;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output};

/// Plays the story.
pub(crate) fn run(args: &Demo, output: &Output) -> Outcome {
    let (directory, temporary) = directory(args)?;
    let outcome = play(args, &directory, output);
    if temporary {
        // What could not be removed is a temporary directory of the operating system's.
        let _ = std::fs::remove_dir_all(&directory);
    }
    outcome
}

fn play(args: &Demo, directory: &Path, output: &Output) -> Outcome {
    let corpus = match &args.data {
        Some(data) => corpus::Corpus::from_directory(data)?,
        None => corpus::Corpus::synthetic(&args.countries)?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::new(exit::FAILURE, "demo.runtime", e.to_string()))?;
    let (stop, _) = tokio::sync::watch::channel(false);
    let cast = Cast::open(directory, &runtime, &stop)?;
    let story = story::play(&cast, &corpus)?;
    match output.form {
        Form::People => output.data(&narrate::page(&story))?,
        _ => output.json(&story)?,
    }
    if args.serve {
        cast.keep_serving(directory, output)?;
        runtime.block_on(crate::commands::interrupted());
    }
    let _ = stop.send(true);
    if let (Some(keep), false) = (&args.keep, args.serve) {
        output.note(&format!("kept in {}; try: entente --home {}/fusion doctor", keep.display(), keep.display()));
    }
    drop(cast);
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    Ok(exit::OK)
}

/// The directory of the nodes, new and empty, and whether it is removed at the end.
fn directory(args: &Demo) -> Result<(PathBuf, bool), Failure> {
    if let Some(keep) = &args.keep {
        if keep.exists() {
            return Err(Failure::new(
                exit::USAGE,
                "demo.exists",
                format!("`{}` exists; name a new directory", keep.display()),
            ));
        }
        std::fs::create_dir_all(keep).map_err(|e| Failure::file("create", keep, &e))?;
        return Ok((keep.clone(), false));
    }
    let mut suffix = [0_u8; 8];
    getrandom::fill(&mut suffix).map_err(|_| Failure::new(exit::FAILURE, "random.unavailable", "no random bytes"))?;
    let name: String = suffix.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = std::env::temp_dir().join(format!("entente-demo-{name}"));
    std::fs::create_dir(&path).map_err(|e| Failure::file("create", &path, &e))?;
    Ok((path, true))
}

/// Writes `serve.json` once every node answers, so that scripts can find them.
fn write_addresses(directory: &Path, nodes: &[serde_json::Value]) -> Result<(), Failure> {
    let part = directory.join("serve.json.part");
    let path = directory.join("serve.json");
    let text = json!({ "nodes": nodes }).to_string();
    std::fs::write(&part, text).map_err(|e| Failure::file("write", &part, &e))?;
    std::fs::rename(&part, &path).map_err(|e| Failure::file("write", &path, &e))
}
