//! `init`, `party`, `token`, `doctor`, and the configuration.

use insta::assert_snapshot;

use crate::support::Desk;

fn init<'a>(home: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--home", home, "init"];
    let given = |flag: &str| more.contains(&flag);
    for (flag, value) in [
        ("--party", "northtel"),
        ("--name", "Northtel"),
        ("--role", "private"),
        ("--country", "XN"),
        ("--host", "northtel.example"),
    ] {
        if !given(flag) {
            arguments.extend([flag, value]);
        }
    }
    arguments.extend(more);
    arguments
}

#[test]
fn a_node_is_created_once_and_from_sound_words() {
    // Would break: a second `init` replaces the keys, or a node is created under a name that no agreement can carry.
    let desk = Desk::new();
    let mut page = desk.page(&[&init("node", &[]), &init("node", &[])]);
    for wrong in [
        ["--party", "North Tel"],
        ["--role", "telco"],
        ["--country", "Norland"],
        ["--host", "http://northtel.example"],
        ["--name", "North\u{202e}tel"],
        ["--listen", "8440"],
        ["--band", "festive"],
    ] {
        page.push_str(&desk.page(&[&init("other", &wrong)]));
    }
    assert_snapshot!("init", page);
    assert!(!desk.path().join("other").exists(), "a refused command leaves nothing");
    desk.run(&init("third", &["--json"])).expect(0).json()["card"]["vkey"].as_str().expect("a key");
}

#[test]
#[cfg(unix)]
fn a_new_home_is_closed_to_other_users() {
    // Would break: any user of the machine reads keys, tokens or data (A47).
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.run(&init("node", &[])).expect(0);
    let mode = |name: &str| desk.path().join(name).metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode("node"), 0o700);
    assert_eq!([mode("node/entente.toml"), mode("node/keys/agreement.key"), mode("node/keys/ledger.key")], [0o600; 3]);
}

#[test]
fn the_home_is_named_by_flag_or_variable() {
    // Would break: `ENTENTE_HOME=… entente init` fills the working directory.
    let desk = Desk::new();
    let arguments = init("x", &[]);
    let status = desk.command(&arguments[2..]).env("ENTENTE_HOME", "named").status().expect("it runs");
    assert!(status.success() && desk.path().join("named/entente.toml").is_file());
}

#[test]
fn a_configuration_that_is_not_understood_is_refused_with_its_line() {
    // Would break: a misspelt key is ignored, and the node listens where nobody meant it to.
    let desk = Desk::new();
    desk.run(&init("node", &[])).expect(0);
    let sound = desk.read("node/entente.toml");
    let mut page = String::new();
    for (from, to) in [
        ("listen = ", "listn = "),
        ("sync_every_s = 5", "sync_every_s = \"soon\""),
        ("band = \"production\"", "band = \"festive\""),
        ("[serve]", "[serve"),
    ] {
        assert!(sound.contains(from), "{sound}");
        desk.write("node/entente.toml", sound.replace(from, to));
        page.push_str(&desk.page(&[&["--home", "node", "party", "list"]]));
    }
    desk.write("node/entente.toml", &sound);
    let output = desk
        .command(&["--home", "node", "party", "list", "--json"])
        .env("ENTENTE_SERVE__LISTN", "127.0.0.1:1")
        .output()
        .expect("it runs");
    page.push_str(&String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
    page.push_str(&desk.page(&[&["--home", "nowhere", "party", "list"]]));
    assert_snapshot!("config", page);
}

#[test]
#[cfg(unix)]
fn a_configuration_that_others_may_change_is_refused() {
    // Would break: another user of the machine points the node at a listener of his.
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.run(&init("node", &[])).expect(0);
    let file = desk.path().join("node/entente.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("its mode");
    let run = desk.run(&["--home", "node", "party", "list"]).expect(1);
    assert!(run.stderr.contains("error[config.unsafe]") && run.stderr.contains("hint: chmod go-w"), "{run:?}");
}

#[test]
fn parties_and_tokens_are_listed_shown_and_refused() {
    // Would break: an officer cannot tell who is known, or a revoked token still looks valid.
    let desk = Desk::pair();
    desk.write("broken.card", "format = \"entente/card@1\"\nid = \"x\"\n");
    let card = desk.read("fusion.card").replace("Fusion Centre", "Fusion\\u202e Centre");
    desk.write("hidden.card", card);
    let init = [
        "--party",
        "fusion",
        "--name",
        "Fusion Centre",
        "--role",
        "police",
        "--country",
        "INT",
        "--host",
        "fusion.example",
    ];
    desk.run(&[&["--home", "stranger", "init"][..], &init].concat()).expect(0);
    desk.write("stranger.card", desk.run(&["--home", "stranger", "party", "show"]).expect(0).stdout);
    let token = desk.read("fusion.token");
    let north = |arguments: &[&'static str]| [&["--home", "north"], arguments].concat();
    let page = desk.page(&[
        &north(&["party", "list"]),
        &north(&["party", "list", "--header"]),
        &north(&["party", "list", "--json"]),
        &north(&["party", "list", "--jsonl"]),
        &north(&["party", "show"]),
        &north(&["party", "show", "fusion"]),
        &north(&["party", "show", "nobody"]),
        &north(&["party", "add", "northtel.card"]),
        &north(&["party", "add", "broken.card"]),
        &north(&["party", "add", "hidden.card"]),
        &north(&["party", "add", "missing.card"]),
        &north(&["party", "add", "stranger.card"]),
        &north(&["token", "list"]),
        &north(&["token", "list", "--json"]),
        &north(&["token", "new", "nobody"]),
        &["--home", "north", "token", "revoke", &token],
        &["--home", "north", "token", "revoke", &token],
        &north(&["token", "list"]),
    ]);
    assert_snapshot!("party-token", page);
}

#[test]
fn the_doctor_names_what_is_wrong_and_what_mends_it() {
    // Would break: a node that cannot work looks healthy to whoever watches its exit code.
    let desk = Desk::new();
    let mut page = desk.page(&[&["--home", "node", "doctor"], &["--home", "node", "doctor", "--json"]]);
    desk.run(&init("node", &[])).expect(0);
    page.push_str(&desk.page(&[
        &["--home", "node", "doctor"],
        &["--home", "node", "doctor", "--fail-on", "warning"],
        &["--home", "node", "doctor", "--fail-on", "error"],
        &["--home", "node", "doctor", "--json"],
    ]));
    std::fs::remove_file(desk.path().join("node/keys/ledger.key")).expect("the key");
    desk.write("node/keys/ledger.key", "not a key");
    page.push_str(&desk.page(&[&["--home", "node", "doctor"]]));
    assert_snapshot!("doctor", page);
}
