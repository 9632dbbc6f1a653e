//! `sync`, `pull`, `push`, and what a suspension does to them.

use insta::assert_snapshot;

use crate::support::Desk;

#[test]
fn nodes_exchange_and_a_suspension_is_felt_at_once() {
    // Would break: a partner goes on reading after the agreement was suspended (A20).
    let desk = Desk::pair();
    desk.contribute();
    let mut page = desk.page(&[&["--home", "fusion", "sync", "--json"], &["--home", "fusion", "sync", "nobody"]]);
    let _north = desk.serve("north");
    let _fusion = desk.serve("fusion");
    let (url, token) = (desk.collection("agr-1-fusion"), desk.read("fusion.token"));
    let pull = ["pull", &url, "--user", &token, "--password-file", "for-fusion.secret"];
    page.push_str(&desk.page(&[
        &["--home", "fusion", "sync", "--header"],
        &["--home", "fusion", "sync", "northtel", "--json"],
        &["--home", "fusion", "sync", "northtel", "--jsonl"],
        &[&pull[..], &["--out", "pulled.jsonl", "--cursor-file", "cursor"]].concat(),
        &[&pull[..], &["--out", "pulled.jsonl", "--cursor-file", "cursor", "--json"]].concat(),
    ]));
    let whole = desk.run(&[&pull[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(whole["objects"].as_array().expect("objects").len(), 4, "{whole}");
    assert_eq!(desk.read("pulled.jsonl").lines().count(), 4);
    desk.run(&["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "test", "--yes"]).expect(0);
    page.push_str(&desk.page(&[
        &["--home", "fusion", "sync"],
        &["--home", "north", "sync"],
        &pull,
        &[&pull[..], &["--json"]].concat(),
        &["--home", "north", "export", "csv", "--for", "fusion"],
        &["--home", "north", "explain", "198.51.100.77", "--for", "fusion"],
        &["--home", "fusion", "agreement", "resume", "agr-1"],
        &["--home", "fusion", "sync"],
    ]));
    assert_snapshot!("sync", page);
}

#[test]
fn other_programs_collections_are_read_and_written_and_refuse_in_words() {
    // Would break: a script cannot tell wrong credentials from a collection that is not there.
    let desk = Desk::pair();
    desk.contribute();
    let _north = desk.serve("north");
    let token = desk.read("fusion.token");
    let [out, into, other] = ["agr-1-fusion", "agr-1-fusion-in", "agr-9-fusion"].map(|name| desk.collection(name));
    let wrong = desk.write("wrong.secret", "wrong\n");
    let open = desk.write("open.secret", "wrong\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (file, mode) in [(&wrong, 0o600), (&open, 0o644)] {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("its mode");
        }
    }
    desk.write(
        "object.json",
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40\",\
         \"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\",\"pattern\":\"[ipv4-addr:value = \
         '198.51.100.40']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-11-01T00:00:00Z\",\"object_marking_refs\":[\
         \"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]}",
    );
    desk.write(
        "bad.jsonl",
        format!("{}\n{{\"type\":\"indicator\",\"id\":\"indicator--1\"}}\n", desk.read("object.json")),
    );
    desk.write("empty.json", "");
    desk.write("prose.txt", "not STIX at all\n");
    let with = |secret: &'static str| ["--user", token.as_str(), "--password-file", secret];
    let sound = with("for-fusion.secret");
    let page = desk.page(&[
        &["pull", &out],
        &[&["pull", &out][..], &with("wrong.secret")].concat(),
        &[&["pull", &out, "--json"][..], &with("wrong.secret")].concat(),
        &[&["pull", &out][..], &with("open.secret")].concat(),
        &[&["pull", &out][..], &with("missing.secret")].concat(),
        &[&["pull", &other][..], &sound].concat(),
        &[&["pull", &into][..], &sound].concat(),
        &["pull", "http://127.0.0.1:1/"],
        &["pull", "ftp://127.0.0.1:1/collections/x/"],
        &[&["push", "object.json", "--to", &into][..], &sound].concat(),
        &[&["push", "object.json", "--json", "--to", &into][..], &sound].concat(),
        &[&["push", "object.json", "--json", "--to", &out][..], &sound].concat(),
        &[&["push", "bad.jsonl", "--to", &into][..], &sound].concat(),
        &[&["push", "empty.json", "--to", &into][..], &sound].concat(),
        &[&["push", "prose.txt", "--to", &into][..], &sound].concat(),
        &[&["push", "missing.json", "--to", &into][..], &sound].concat(),
    ]);
    assert_snapshot!("pull-push", page);
}

#[test]
fn a_cursor_belongs_to_its_collection() {
    // Would break: a position of one collection silently skips objects of another.
    let desk = Desk::pair();
    desk.write(
        "cursor",
        "{\"format\":1,\"collection\":\"http://127.0.0.1:9/collections/x/\",\"added_after\":null,\"next\":null}",
    );
    desk.write("broken", "{\"format\":1");
    let page = desk.page(&[
        &["pull", "http://127.0.0.1:9/collections/y/", "--cursor-file", "cursor"],
        &["pull", "http://127.0.0.1:9/collections/y/", "--cursor-file", "broken"],
    ]);
    assert_snapshot!("cursor", page);
}

#[test]
fn a_node_serves_on_loopback_only_unless_a_proxy_stands_before_it() {
    // Would break: tokens cross a network in plain text.
    let desk = Desk::pair();
    let page = desk.page(&[
        &["--home", "north", "serve", "--listen", "0.0.0.0:0"],
        &["--home", "north", "serve", "--listen", "8440"],
        &["--home", "nowhere", "serve"],
    ]);
    let _first = desk.serve("north");
    let taken = desk.run(&["--home", "north", "serve"]).expect(1);
    assert_snapshot!("serve", page + &desk.show(&taken));
}
