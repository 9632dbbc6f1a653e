//! Notes and texts: the complete examples of the format, every error code, and the lifecycle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::{Agreement, Notice, State, Terms, Verb, sign};
use entente_ledger::note::Note;

/// Returns the codes of the errors, each once, in order.
fn codes(errors: &[entente_agreement::TextError]) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = errors.iter().map(|error| error.code).collect();
    codes.dedup();
    codes
}

fn parse_codes(text: &str) -> Vec<&'static str> {
    codes(&Terms::parse(text).expect_err("the text is refused"))
}

fn open_codes(note: &str) -> Vec<&'static str> {
    codes(&Agreement::open(note.as_bytes()).expect_err("the note is refused"))
}

#[test]
fn the_complete_examples_of_the_format_open_and_verify() {
    let agreement = agr_12();
    assert_eq!(agreement.hash_text(), "sha256:695aa11d02467a8dbf01b689b41773526a512e495784bbc0129ffa90994928c1");
    assert_eq!(agreement.terms().clauses.len(), 5);
    let operation = Agreement::open(OPERATION.as_bytes()).unwrap();
    assert_eq!(operation.terms().parties.len(), 4);
    assert_eq!(operation.state(at("2026-12-10T00:00:00Z")), State::InForce);
}

#[test]
fn the_keys_of_the_examples_are_recognised() {
    assert!(agr_12().uses_example_keys());
    assert!(Agreement::open(OPERATION.as_bytes()).unwrap().uses_example_keys());
}

#[test]
fn the_order_of_signature_lines_does_not_matter() {
    let (text, lines) = AGR_12.split_once("\n\n").map(|_| (text_of(AGR_12), AGR_12)).unwrap();
    let signatures: Vec<&str> = lines.lines().filter(|line| line.starts_with('\u{2014}')).collect();
    let swapped = format!("{text}\n{}\n{}\n", signatures[1], signatures[0]);
    assert_eq!(Agreement::open(swapped.as_bytes()).unwrap().hash_text(), agr_12().hash_text());
}

#[test]
fn every_code_of_the_text_stage_has_a_text_that_triggers_exactly_it() {
    let text = text_of(AGR_12);
    let long = format!("title = \"{}\"", "x".repeat(1_025));
    let title = "title = \"Exchange on command-and-control servers, phishing and trends\"";
    let cases: &[(&str, &str, &str)] = &[
        ("text.nfc", title, "title = \"re\u{301}seau\""),
        ("text.bidi", title, "title = \"a\u{202E}b\""),
        ("text.non-ascii", "id = \"c2-out\"", "id = \"c2-öut\""),
        ("text.comment", "version = 3", "version = 3 # final"),
        ("text.comment", "version = 3", "# final\nversion = 3"),
        ("text.toml", "version = 3", "version = three"),
        ("text.duplicate-key", "version = 3", "version = 3\nversion = 3"),
        ("text.duplicate-key", "[onward]", "[recall]\n\n[onward]"),
        ("text.unknown-key", "version = 3", "version = 3\nsecret = true"),
        ("text.unknown-key", "[onward]", "[extra]\n\n[onward]"),
        ("text.missing-key", "language = \"en\"\n", ""),
        ("text.missing-key", "k_min = 5\n", ""),
        ("text.type", "version = 3", "version = \"3\""),
        ("text.value", "confidence_min = 30", "confidence_min = 101"),
        ("text.value", "role = \"police\"", "role = \"army\""),
        ("text.value", "origin = [\"own\"]", "origin = [\"own\", \"own\"]"),
        ("text.value", "subject = [\"infrastructure\"]", "subject = [\"unknown\"]"),
        ("text.value", "to = [\"fusion\"]", "to = [\"fusion2\"]"),
        ("text.limit", title, &long),
        ("text.construct", "version = 3", "version = 3.0"),
        ("text.construct", "ack_hours = 24", "ack.hours = 24"),
        ("note.control-char", "version = 3", "version =\t3"),
        ("note.control-char", "version = 3\n", "version = 3\r\n"),
    ];
    for (code, from, to) in cases {
        assert_eq!(parse_codes(&with(&text, from, to)), [*code], "{to}");
    }
}

#[test]
fn every_code_of_the_agreement_stage_has_a_text_that_triggers_exactly_it() {
    let text = text_of(AGR_12);
    let c2_obligations = "\"redact-victim:prefix\", \"strip-source\", \"strip-free-text\", \"coarsen-time:1h\"";
    let cases: &[(&str, &str, &str)] = &[
        ("agr.format", "entente/agreement@1", "entente/agreement@2"),
        ("agr.supersedes", "version = 3", "version = 1"),
        ("agr.validity", "valid_to = 2027-12-01", "valid_to = 2026-12-01"),
        ("agr.validity", "valid_to = 2027-12-01", "valid_to = 2031-12-03"),
        ("agr.validity", "review_by = 2027-06-01", "review_by = 2028-06-01"),
        ("agr.no-recipient", "to = [\"fusion\"]", "to = []"),
        ("agr.self", "to = [\"fusion\"]", "to = [\"fusion\", \"northtel\"]"),
        ("agr.ceiling-red", "tlp_max = \"amber\"", "tlp_max = \"red\""),
        ("agr.remark-above-max", "remark:tlp=amber\"", "remark:tlp=amber+strict\""),
        ("agr.bucket-threshold", "confidence_min = 30", "confidence_min = 40"),
        ("agr.ambiguous", "purpose = [\"phishing-takedown\"]", "purpose = [\"c2-disruption\"]"),
        ("agr.vacuous", "origin = [\"own\"]", "origin = []"),
        ("agr.vacuous", "private_lookup = true\nlookup_answer = \"contact-handle\"\n", ""),
        ("agr.victim", c2_obligations, "\"strip-source\""),
        ("agr.text", "text = false", "text = true"),
        ("agr.retain", "\"retain:180d\", ", ""),
        ("agr.retain", "\"retain:180d\"", "\"retain:180d\", \"retain:90d\""),
        ("agr.quota", "objects_per_day = 100000", "objects_per_day = 0"),
        ("agr.quota", "private_lookups_per_day = 10000", "private_lookups_per_day = 0"),
        ("agr.unsupported", "\"watermark\"", "\"attach-iep:marking-definition--01bc4353-4829-4d55-8d52-0ab7e0790df9\""),
        ("agr.wrong-key", "id = \"agr-12\"", "id = \"agr-13\""),
    ];
    for (code, from, to) in cases {
        let mut changed = with(&text, from, to);
        if *code == "agr.victim" {
            changed = with(&changed, "subject = [\"infrastructure\"]", "subject = [\"victim\"]");
        }
        assert_eq!(parse_codes(&changed), [*code], "{to}");
    }
}

#[test]
fn a_clause_covered_by_an_earlier_one_is_vacuous() {
    let text = text_of(AGR_12);
    let start = text.find("[[clause]]\nid = \"phish-out\"").unwrap();
    let end = text.find("[[clause]]\nid = \"c2-in\"").unwrap();
    let narrower = with(&text[start..end], "id = \"phish-out\"", "id = \"phish-more\"")
        .replace("max_age_days = 30", "max_age_days = 20");
    let doubled = format!("{}{narrower}{}", &text[..end], &text[end..]);
    assert_eq!(parse_codes(&doubled), ["agr.vacuous"]);
}

#[test]
fn every_code_of_the_note_stage_has_a_note_that_triggers_exactly_it() {
    let stranger = entente_ledger::note::SigningKey::from_seed("stranger.example", &[7; 32]).unwrap();
    let mut foreign = Note::new(text_of(AGR_12)).unwrap();
    foreign.add(stranger.sign(foreign.text())).unwrap();
    let many = format!("{AGR_12}{}", "\u{2014} x.example AAAAAAA=\n".repeat(63));
    assert_eq!(open_codes(&"x".repeat(1_000_000)), ["note.size"]);
    assert_eq!(codes(&Agreement::open(b"\xff\n\n").unwrap_err()), ["note.utf8"]);
    assert_eq!(open_codes(&with(AGR_12, "version = 3", "version =\t3")), ["note.control-char"]);
    assert_eq!(open_codes(&AGR_12.replace('\n', "\r\n")), ["note.control-char"]);
    assert_eq!(open_codes(&format!("{AGR_12}more\n")), ["note.trailing"]);
    assert_eq!(open_codes(&text_of(AGR_12)), ["note.no-signature"]);
    assert_eq!(open_codes(&with(AGR_12, "valid_to = 2027-12-01", "valid_to = 2027-12-02")), ["note.bad-signature"]);
    assert_eq!(open_codes(&many), ["note.too-many-signatures"]);
    assert_eq!(codes(&Agreement::open(&foreign.to_bytes()).unwrap_err()), ["note.unknown-signer-only"]);
}

#[test]
fn abuse_a21_every_broken_note_is_rejected_with_its_own_code() {
    let one = sign::sign(text_of(AGR_12).as_bytes(), &northtel_key()).unwrap();
    assert_eq!(codes(&Agreement::open(&one).unwrap_err()), ["agr.party-unsigned"]);

    let mut wrong = Note::parse(&one).unwrap();
    let seed = [9; 32];
    let impostor = entente_ledger::note::SigningKey::from_seed("fusion.example/agreements", &seed).unwrap();
    wrong.add(impostor.sign(wrong.text())).unwrap();
    assert_eq!(codes(&Agreement::open(&wrong.to_bytes()).unwrap_err()), ["agr.wrong-key"]);
    assert_eq!(codes(&sign::sign(&one, &impostor).unwrap_err()), ["agr.wrong-key"]);

    // Reordered text breaks the signature.
    let reordered = AGR_12.replacen("version = 3\n", "", 1).replacen("kind = ", "version = 3\nkind = ", 1);
    assert_eq!(open_codes(&reordered), ["note.bad-signature"]);
    assert_eq!(open_codes(&with(AGR_12, "version = 3", "version = 3\nversion = 3")), ["text.duplicate-key"]);
    assert_eq!(open_codes(&with(AGR_12, "version = 3", "version = 3\nx = 3")), ["text.unknown-key"]);

    let known = agr_12();
    let older = Terms::parse(&with(&text_of(AGR_12), "version = 3", "version = 2")).unwrap();
    assert_eq!(older.check_successor(Some(known.terms())).unwrap_err().code, "agr.replay");
    let altered = Terms::parse(&with(&text_of(AGR_12), "language = \"en\"", "language = \"fr\"")).unwrap();
    assert_eq!(altered.check_successor(Some(known.terms())).unwrap_err().code, "agr.replay");
    let next = Terms::parse(&with(&text_of(AGR_12), "version = 3", "version = 4")).unwrap();
    assert_eq!(next.check_successor(Some(known.terms())).unwrap_err().code, "agr.supersedes");
    assert!(known.terms().check_successor(Some(known.terms())).is_ok());
}

#[test]
fn abuse_a21_no_byte_of_a_note_can_change() {
    let original = AGR_12.as_bytes();
    for at in (0..original.len()).step_by(7) {
        let mut bytes = original.to_vec();
        bytes[at] ^= 1;
        if let Ok(agreement) = Agreement::open(&bytes) {
            assert_eq!(agreement.hash_text(), agr_12().hash_text(), "byte {at}");
        }
    }
}

#[test]
fn abuse_a22_an_amendment_needs_all_signatures_and_names_the_text_it_replaces() {
    let mut known = agr_12();
    let hash = known.hash_text();
    let text = with(&text_of(AGR_12), "version = 3", "version = 4");
    let text = with(&text, "sha256:35c23a864fb34fe2bcd2c862fd7ca2bf3d199a51ca4d52daae96a45b2bda946c", &hash);
    let text = with(&text, "valid_from = 2026-12-01", "valid_from = 2027-01-01");
    let half = Agreement::open_partial(&sign::sign(text.as_bytes(), &fusion_key()).unwrap()).unwrap();
    assert_eq!(half.state(now()), State::Offered);
    assert_eq!(known.supersede(&half).unwrap_err().code, "agr.party-unsigned");
    let later = signed(&text);
    known.supersede(&later).unwrap();
    assert_eq!(known.state(at("2026-12-31T23:59:59Z")), State::InForce);
    assert_eq!(known.state(at("2027-01-01T00:00:00Z")), State::Amended);
}

#[test]
fn state_follows_from_notes_and_clock() {
    let draft = Agreement::draft(&text_of(AGR_12)).unwrap();
    assert_eq!(draft.state(now()), State::Draft);
    let agreement = agr_12();
    assert_eq!(agreement.state(at("2026-11-30T23:59:59.999Z")), State::Countersigned);
    assert_eq!(agreement.state(at("2026-12-01T00:00:00Z")), State::InForce);
    assert_eq!(agreement.state(at("2027-11-30T23:59:59.999Z")), State::InForce);
    assert_eq!(agreement.state(at("2027-12-01T00:00:00Z")), State::Expired);
}

#[test]
fn the_suspend_notice_of_the_format_applies_and_every_suspender_must_resume() {
    let mut agreement = agr_12();
    agreement.apply_notice(SUSPEND.as_bytes()).unwrap();
    assert_eq!(agreement.state(at("2027-01-03T09:00:00Z")), State::Suspended);
    assert_eq!(agreement.suspended_by(), [&party("fusion")]);
    // The same note again is a replay, before and after the suspension is lifted.
    assert_eq!(agreement.apply_notice(SUSPEND.as_bytes()).unwrap_err().code(), "notice.replay");

    let own = Verb::Suspend { party: party("northtel"), at: at("2027-01-03T10:00:00Z"), reason: "as they do".into() };
    let own = Notice::new(agreement.terms(), own).sign(&northtel_key()).unwrap();
    agreement.apply_notice(&own).unwrap();
    let resume = |name: &str, time: &str, agreement: &Agreement| {
        let verb = Verb::Resume { party: party(name), at: at(time) };
        let key = if name == "fusion" { fusion_key() } else { northtel_key() };
        Notice::new(agreement.terms(), verb).sign(&key).unwrap()
    };
    let too_old = resume("fusion", "2027-01-03T08:59:59Z", &agreement);
    assert_eq!(agreement.apply_notice(&too_old).unwrap_err().code(), "notice.replay");
    let first = resume("fusion", "2027-01-04T09:00:00Z", &agreement);
    agreement.apply_notice(&first).unwrap();
    assert_eq!(agreement.state(at("2027-01-05T00:00:00Z")), State::Suspended);
    let second = resume("northtel", "2027-01-04T09:00:00Z", &agreement);
    agreement.apply_notice(&second).unwrap();
    assert_eq!(agreement.state(at("2027-01-05T00:00:00Z")), State::InForce);
    assert_eq!(agreement.apply_notice(SUSPEND.as_bytes()).unwrap_err().code(), "notice.replay");
}

#[test]
fn a_party_cannot_act_for_another_and_notices_fit_one_version_only() {
    let mut agreement = agr_12();
    let verb = Verb::Suspend { party: party("fusion"), at: at("2027-01-03T10:00:00Z"), reason: "x".into() };
    let forged = Notice::new(agreement.terms(), verb.clone()).sign(&northtel_key()).unwrap();
    assert_eq!(agreement.apply_notice(&forged).unwrap_err().code(), "notice.not-signer");
    let mut other = Notice::new(agreement.terms(), verb);
    other.hash = Some([0; 32]);
    let other = other.sign(&fusion_key()).unwrap();
    assert_eq!(agreement.apply_notice(&other).unwrap_err().code(), "notice.other-agreement");
    assert_eq!(agreement.state(at("2027-01-03T10:00:00Z")), State::InForce);
}

#[test]
fn a_termination_takes_effect_after_its_notice() {
    let mut agreement = agr_12();
    let verb = |effective: &str| Verb::Terminate {
        party: party("northtel"),
        at: at("2027-02-01T00:00:00Z"),
        effective: at(effective),
        reason: "end of project".into(),
    };
    let early = Notice::new(agreement.terms(), verb("2027-02-28T00:00:00Z")).sign(&northtel_key()).unwrap();
    assert_eq!(agreement.apply_notice(&early).unwrap_err().code(), "notice.period");
    let right = Notice::new(agreement.terms(), verb("2027-03-03T00:00:00Z")).sign(&northtel_key()).unwrap();
    agreement.apply_notice(&right).unwrap();
    assert_eq!(agreement.state(at("2027-03-02T23:59:59Z")), State::InForce);
    assert_eq!(agreement.state(at("2027-03-03T00:00:00Z")), State::Terminated);
}

#[test]
fn every_accepted_text_is_toml_with_the_same_values() {
    for note in [AGR_12, OPERATION] {
        let text = text_of(note);
        let table: toml::Table = text.parse().unwrap();
        let terms = Terms::parse(&text).unwrap();
        assert_eq!(table["id"].as_str(), Some(terms.id.as_str()));
        let clauses = table["clause"].as_array().unwrap();
        assert_eq!(clauses.len(), terms.clauses.len());
        for (theirs, ours) in clauses.iter().zip(&terms.clauses) {
            assert_eq!(theirs["id"].as_str(), Some(ours.id.as_str()));
            assert_eq!(theirs["tlp_max"].as_str(), Some(ours.tlp_max.key()));
            let purposes: Vec<&str> =
                theirs["purpose"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            assert_eq!(purposes.len(), ours.purposes.names().len());
            assert!(purposes.iter().all(|name| ours.purposes.names().contains(name)));
        }
    }
}

#[test]
fn a_quorum_of_witnesses_is_a_term_like_others() {
    let quorum = |line: &str| {
        let text = text_of(AGR_12).replacen("keep_years = 10", &format!("keep_years = 10{line}"), 1);
        Terms::parse(&text).map(|terms| terms.audit.witness_quorum)
    };
    assert_eq!(quorum("\nwitness_quorum = 1"), Ok(1));
    assert_eq!(quorum(""), Ok(0));
    assert!(quorum("\nwitness_quorum = 65").is_err());
}
