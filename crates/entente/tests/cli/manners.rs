//! What holds for every command: help that fits a screen, errors as one JSON line, no raw control characters, no secrets, and a
//! quiet end when nobody reads.

use std::io::Read;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::support::Desk;

/// Every command, as its help names it.
fn commands(desk: &Desk, path: &[String]) -> Vec<Vec<String>> {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = desk.run(&arguments).expect(0).stdout;
    let mut found = vec![path.to_vec()];
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for name in listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' ')) {
        let name = name.split_whitespace().next().expect("a name").to_owned();
        found.extend(commands(desk, &[path, &[name]].concat()));
    }
    found
}

#[test]
fn help_of_every_command_fits_a_screen() {
    // Would break: the flag somebody looks for has scrolled away.
    let desk = Desk::new();
    let all = commands(&desk, &[]);
    assert!(all.len() > 35, "only {} commands were found", all.len());
    for path in &all {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let run = desk.run(&arguments).expect(0);
        let lines = run.stdout.lines().count();
        // The list of all commands is the longest page there is.
        let most = if path.is_empty() { 48 } else { 40 };
        assert!(lines <= most, "`{}` prints {lines} lines", arguments.join(" "));
        // The line of usage is not broken, so that it can be copied.
        let wide = run.stdout.lines().find(|line| line.chars().count() > 100 && !line.starts_with("Usage:"));
        assert_eq!(wide, None, "`{}`", arguments.join(" "));
        assert!(run.stderr.is_empty());
    }
    let shown: [&[&str]; 4] = [&["--help"], &["admit", "--help"], &["agreement", "--help"], &["--version"]];
    let page = desk.page(&shown).replace(env!("CARGO_PKG_VERSION"), "[version]");
    assert_snapshot!("help", page);
}

#[test]
fn with_json_an_error_is_one_line_on_stderr_and_stdout_is_empty() {
    // Would break: a program that reads stdout parses half a document, or an error text it cannot read.
    let desk = Desk::pair();
    desk.write("list.txt", "198.51.100.1\n");
    let failing: [&[&str]; 14] = [
        &["chek"],
        &["check", "--fail-on", "severe"],
        &["--home", "nowhere", "check", "list.txt"],
        &["--home", "north", "check", "missing.txt"],
        &["--home", "north", "admit", "missing.txt"],
        &["--home", "north", "show", "203.0.113.1"],
        &["--home", "north", "explain", "203.0.113.1", "--for", "fusion"],
        &["--home", "north", "explain", "nonsense"],
        &["--home", "north", "agreement", "show", "agr-9"],
        &["--home", "north", "party", "show", "nobody"],
        &["--home", "north", "token", "revoke", "nobody.x"],
        &["--home", "north", "receipt", "show", "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"],
        &["pull", "http://127.0.0.1:1/"],
        &["verify", "missing"],
    ];
    for arguments in failing {
        for flag in ["--json", "--jsonl"] {
            let run = desk.run(&[arguments, &[flag]].concat());
            assert!(run.code != 0 && run.stdout.is_empty(), "{run:?}");
            assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
            let error: serde_json::Value = serde_json::from_str(&run.stderr).expect("JSON on stderr");
            for key in ["code", "message"] {
                assert!(error["error"][key].as_str().is_some_and(|text| !text.is_empty()), "{run:?}");
            }
        }
    }
}

#[test]
fn a_mistyped_command_line_names_what_was_meant() {
    // Would break: a script author is left with an exit code and no reason.
    let desk = Desk::new();
    let page = desk.page(&[
        &["chek"],
        &["check", "--jsn"],
        &["chek", "--json"],
        &["check", "--json", "--jsonl"],
        &["agreement", "sing"],
    ]);
    assert_snapshot!("mistyped", page);
}

/// Escape, bell, carriage return, a C1 control, bidirectional and zero-width characters, and a tag character.
const HOSTILE: [char; 9] =
    ['\u{1b}', '\u{7}', '\r', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{e0041}'];

#[test]
fn hostile_text_never_reaches_a_terminal_raw() {
    // Would break: a value moves the cursor, hides a line or reads as another one on the analyst's screen.
    let desk = Desk::pair();
    let nasty: String = HOSTILE.iter().collect();
    desk.write(
        "list.txt",
        format!(
            "198.51.100.1{nasty}\nhttp://a.example/{nasty}x\n{nasty}[31mred\n\0nul\nlong{}\n",
            "x".repeat(1_000_000)
        ),
    );
    desk.write(
        "named.json",
            "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40\",\"created\":\
             \"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\",\"name\":\"evil\u{202e}\u{9b}\\u001b[2Jname\",\
             \"identity_class\":\"organization\"}",
    );
    desk.write(&format!("file{nasty}.txt"), "198.51.100.2\n");
    let odd = format!("file{nasty}.txt");
    let mut seen = Vec::new();
    for arguments in [
        &["--home", "north", "admit", "list.txt", "--tlp", "amber", "--format", "list"][..],
        &["--home", "north", "admit", "named.json"],
        &["--home", "north", "admit", &odd, "--tlp", "amber"],
        &["--home", "north", "check", "list.txt"],
        &["--home", "north", "check", &odd],
        &["--home", "north", "show", "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"],
        &["--home", "north", "explain", "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40", "--for", "fusion"],
        &["--home", "north", "show", &nasty],
        &["--home", "north", "agreement", "show", &nasty],
        &["--home", "north", "release", "list"],
        &["verify", &odd],
    ] {
        for flags in [&[][..], &["--json"]] {
            let run = desk.run(&[arguments, flags].concat());
            let printed = format!("{}{}", run.stdout, run.stderr);
            let raw = printed.chars().find(|c| HOSTILE.contains(c) || *c == '\0');
            assert_eq!(raw, None, "{run:?}");
            seen.push(run.code);
        }
    }
    assert!(seen.contains(&0) && seen.contains(&9), "the runs did their work: {seen:?}");
    let shown = desk.run(&["--home", "north", "show", "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"]).expect(0);
    assert!(shown.stdout.contains("evil<U+202E><U+009B><U+001B>[2Jname"), "{shown:?}");
}

#[test]
fn secrets_are_in_no_output() {
    // Would break: a token ends in a log, a ticket or a shell history (A47).
    let desk = Desk::pair();
    let _north = desk.serve("north");
    let (url, token) = (desk.collection("agr-1-fusion"), desk.read("fusion.token"));
    let mut secrets: Vec<String> =
        ["for-fusion.secret", "for-northtel.secret", "north/keys/agreement.key", "north/keys/ledger.key"]
            .map(|file| desk.read(file).trim().to_owned())
            .to_vec();
    secrets.push(url.replace("http://", "http://user:sekret@"));
    let (in_url, card) = (secrets[4].clone(), desk.read("fusion.card"));
    desk.write("broken.card", card.replace("vkey", "key"));
    for arguments in [
        &["--home", "north", "doctor"][..],
        &["--home", "north", "party", "list"],
        &["--home", "north", "party", "show"],
        &["--home", "north", "token", "list"],
        &["--home", "north", "party", "add", "broken.card", "--token", &token, "--token-file", "for-northtel.secret"],
        &["--home", "north", "party", "add", "fusion.card", "--token", &token, "--token-file", "for-northtel.secret"],
        &["--home", "north", "agreement", "sign", "agr-1"],
        &["--home", "north", "sync"],
        &["--home", "fusion", "sync"],
        &["pull", &url, "--user", &token, "--password-file", "for-fusion.secret"],
        &["pull", &url, "--user", &token, "--password-file", "for-northtel.secret"],
    ] {
        for flag in [&[][..], &["--json"]] {
            let run = desk.run(&[arguments, flag].concat());
            let printed = format!("{}{}", run.stdout, run.stderr);
            assert!(!secrets.iter().any(|secret| printed.contains(secret.as_str())), "{run:?}");
        }
    }
    let run = desk.run(&["pull", &in_url]).expect(2);
    assert!(!run.stderr.contains("sekret"), "{run:?}");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    // Would break: `entente … | head` prints an error and fails a pipeline.
    let desk = Desk::pair();
    let rows: String = (0..4_000_u32).map(|n| format!("198.18.{}.{}\n", n >> 8, n & 255)).collect();
    desk.write("rows.txt", &rows);
    desk.run(&["--home", "north", "admit", "rows.txt", "--tlp", "amber", "--no-release"]).expect(0);
    for arguments in [
        &["--home", "north", "export", "csv"][..],
        &["--home", "north", "check", "rows.txt", "--json"],
        &["--home", "north", "check", "rows.txt"],
        &["formats"],
        &["--help"],
    ] {
        let mut child =
            desk.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().expect("its errors").read_to_string(&mut told).expect("text");
        let status = child.wait().expect("its end");
        assert_eq!(status.code(), Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("error") && !told.contains("panicked"), "{arguments:?}: {told}");
    }
}

#[test]
fn an_error_code_is_explained_offline() {
    // Would break: who reads a code in a log must look for a document.
    let desk = Desk::new();
    let known = desk.run(&["explain", "agreement.state"]).expect(0);
    assert!(known.stdout.starts_with("agreement.state\n"), "{known:?}");
    assert_eq!(desk.run(&["explain", "agreement.state", "--json"]).expect(0).json()["code"], "agreement.state");
    let unknown = desk.run(&["explain", "nonsense.code"]).expect(2);
    assert!(unknown.stderr.contains("--for PARTY"), "{unknown:?}");
}

#[test]
fn each_code_of_a_finding_is_explained_with_its_own_remedy() {
    // Would break: who reads a code in a report is told what every other code says as well, or nothing.
    let desk = Desk::new();
    assert_snapshot!("explain-finding", desk.page(&[&["explain", "STIX-E-301"], &["explain", "STIX-E-301", "--json"]]));
    let typed = desk.run(&["explain", "stix-e-301"]).expect(0);
    assert_eq!(typed.stdout, desk.run(&["explain", "STIX-E-301"]).expect(0).stdout, "as people type it");
    for code in entente_stix::Code::ALL {
        let entry = desk.run(&["explain", code.as_str(), "--json"]).expect(0).json();
        for part in ["meaning", "remedy", "section"] {
            assert!(entry[part].as_str().is_some_and(|text| !text.is_empty()), "{entry}");
        }
    }
    let unknown = desk.run(&["explain", "STIX-E-999"]).expect(2);
    assert!(unknown.stderr.contains("no code"), "{unknown:?}");
}
