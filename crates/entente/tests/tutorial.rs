//! The tutorial and the guide to validation are run as a reader would run them: every shell block of `docs/tutorial.md` and of
//! `docs/validate.md`, in order, in one bash, on free ports. What a block prints must be what stands under it.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails where it meets what it does not expect")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Ended, free_port, wait_at_most};

/// A shell block, and what stands under it.
struct Step {
    shell: String,
    shown: Option<String>,
}

/// Separates the output of blocks.
const MARK: char = '\u{1e}';

#[test]
fn the_tutorial_prints_what_it_says() {
    // Would break: a reader pastes a block and gets something else, or an error.
    follow("tutorial.md", "trap 'kill $north_pid $fusion_pid 2>/dev/null' EXIT\n");
}

#[test]
fn the_guide_to_validation_prints_what_it_says() {
    // Would break: a reader pastes a block and gets something else, or an error.
    follow("validate.md", "");
}

/// Runs the blocks of a document behind a first line of script, and compares what each prints.
fn follow(name: &str, first: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let document = fs::read_to_string(path).expect("the document");
    let steps = steps(&document);
    assert!(steps.len() > 10, "only {} blocks were found", steps.len());
    let mut script = first.to_owned();
    for step in &steps {
        script.push_str(&format!("{}\nprintf '\\036'\n", step.shell));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let output = bash(&script, directory.path());
    let printed: Vec<&str> = output.split(MARK).collect();
    assert_eq!(printed.len(), steps.len() + 1, "the script ended early:\n{output}");
    for (number, (step, printed)) in steps.iter().zip(printed).enumerate() {
        let shown = step.shown.as_deref().unwrap_or_default();
        assert!(
            agrees(shown, printed),
            "block {} of {name} does not print what it shows:\n{}\n--- shown\n{shown}\n--- printed\n{printed}",
            number + 1,
            step.shell
        );
    }
}

/// Runs a script to its end and returns what it printed; the program under test is the first on its path.
fn bash(script: &str, directory: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_entente")).parent().expect("a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let log = directory.join("printed");
    let file = fs::File::create(&log).expect("a file");
    let mut command = Command::new("bash");
    command
        .args(["-c", script])
        .current_dir(directory)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("NORTH_PORT", free_port().to_string())
        .env("FUSION_PORT", free_port().to_string())
        .env_remove("ENTENTE_HOME")
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a second handle"))
        .stderr(file);
    let ended = wait_at_most(&mut command, 60);
    let printed = fs::read_to_string(log).expect("what was printed");
    assert!(matches!(ended, Ended::With(0)), "the script ended with {ended:?}:\n{printed}");
    printed
}

/// Every `sh` block, with the `text` block that follows it.
fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match kind {
            "sh" => steps.push(Step { shell: block.join("\n"), shown: None }),
            "text" => steps.last_mut().expect("a block before its output").shown = Some(block.join("\n")),
            other => panic!("a block of kind `{other}`"),
        }
    }
    steps
}

/// Whether the printed lines are those shown; `…` stands for anything within a line.
fn agrees(shown: &str, printed: &str) -> bool {
    let (shown, printed): (Vec<&str>, Vec<&str>) = (shown.lines().collect(), printed.lines().collect());
    shown.len() == printed.len() && shown.iter().zip(&printed).all(|(shown, printed)| fits(shown, printed))
}

fn fits(shown: &str, printed: &str) -> bool {
    let parts: Vec<&str> = shown.split('…').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return shown == printed };
    let Some(rest) = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    let mut rest = rest;
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[test]
fn shown_lines_are_compared_part_by_part() {
    // Would break: the test above agrees with anything.
    assert!(fits("a … b", "a 12 b") && fits("same", "same") && fits("…x…", "1x2"));
    assert!(!fits("a … b", "a 12 c") && !fits("same", "other") && !fits("…x…", "12"));
    assert!(!agrees("one\ntwo", "one"));
}
