//! `agreement …`.

use std::fs;
use std::path::Path;

use entente_agreement::plain::{self, Language};
use entente_agreement::template::{self, TemplateError, TemplateParty};
use entente_agreement::{Agreement, AgreementId, PartyId, Role, Terms, TextError};
use entente_exchange::node::Card;
use entente_exchange::view::AgreementView;
use entente_exchange::{Exchange, ExchangeError, Viewer};
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use serde_json::json;

use super::{confirm, open, tlp, write_output};
use crate::args::{AgreementCommand, AgreementNew, Global};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, thousands, visible, wrapped};

/// Runs an `agreement` command.
pub(crate) fn run(command: AgreementCommand, global: &Global, output: &Output) -> Outcome {
    match command {
        AgreementCommand::New(args) => new(args, global, output),
        AgreementCommand::Check { file, lang } => {
            let bytes = fs::read(&file).map_err(|e| Failure::file("read", &file, &e))?;
            let terms = parse_any(&bytes).map_err(|errors| refused(&file, &errors))?;
            remark(&terms, output);
            describe(&terms, lang, output)?;
            Ok(exit::OK)
        }
        AgreementCommand::Sign { file } => sign(&file, &open(global)?, output),
        AgreementCommand::Verify { file } => verify(&file, output),
        AgreementCommand::Simulate(args) => super::simulate::run(&args, global, output),
        AgreementCommand::Compare { a, b } => super::compare::run(&a, &b, global, output),
        AgreementCommand::List => list(&open(global)?, output),
        AgreementCommand::Show { agreement, lang, note } => show(agreement, lang, note, global, output),
        AgreementCommand::Suspend { id, reason, yes } => suspend(&open(global)?, &id, &reason, yes, output),
        AgreementCommand::Resume { id } => resume(&open(global)?, &id, output),
        AgreementCommand::Life(command) => super::life::run(command, global, output),
    }
}

/// Lists what is agreed, and what is offered.
fn list(exchange: &Exchange, output: &Output) -> Outcome {
    let agreements = exchange.agreements(&Viewer::Staff)?;
    let offers = exchange.offers()?;
    let summary = match offers.len() {
        0 => json!({ "agreements": agreements.len() }),
        waiting => json!({ "agreements": agreements.len(), "offers": waiting }),
    };
    let lines: Vec<Listed> =
        agreements.into_iter().map(Listed::Held).chain(offers.into_iter().map(Listed::Offered)).collect();
    output.list(
        &["agreement", "v", "state", "parties", "valid to", "released", "withheld", "received"],
        &lines,
        |line| match line {
            Listed::Held(line) => vec![
                line.id.clone(),
                line.version.to_string(),
                line.state.clone(),
                line.parties.join(" ⇄ "),
                line.valid_to.clone(),
                thousands(line.released),
                thousands(line.withheld),
                thousands(line.received),
            ],
            Listed::Offered(line) => vec![
                line.id.clone(),
                line.version.to_string(),
                line.state.clone(),
                line.parties.join(" ⇄ "),
                format!("lapses {}", line.lapses.get(..10).unwrap_or_default()),
                format!("needs {}", line.unsigned.join(", ")),
                String::new(),
                String::new(),
            ],
        },
        &summary,
    )?;
    Ok(exit::OK)
}

/// A line of `agreement list`.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Listed {
    Held(entente_exchange::view::AgreementLine),
    Offered(entente_exchange::offers::OfferLine),
}

/// Drafts an agreement from a template and this party's and the other's card.
fn new(args: AgreementNew, global: &Global, output: &Output) -> Outcome {
    if !template::list().iter().any(|template| template.name == args.template) {
        let known: Vec<&str> = template::list().iter().map(|template| template.name).collect();
        return Err(Failure::usage(format!("`{}` is not a template; known: {}", args.template, known.join(", "))));
    }
    let tlp_max = tlp(&args.tlp_max)?;
    if tlp_max == Tlp::Red {
        return Err(Failure::usage("TLP:RED is never exchanged; use amber+strict or lower"));
    }
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Failure::new(exit::USAGE, "file.exists", format!("`{}` exists; name a new file", out.display())));
    }
    let exchange = open(global)?;
    let draft = Draft {
        template: &args.template,
        with: &args.with,
        id: &args.id,
        valid_days: args.valid_days,
        tlp_max,
        max_age_days: args.max_age_days,
        community: args.community,
        instrument: (args.instrument, args.instrument_file.as_deref().map(digest).transpose()?),
    };
    let text = draft.text(&exchange)?;
    let id = &args.id;
    match (&args.out, output.form) {
        (None, Form::Json | Form::JsonLines) => output.json(&json!({ "id": id, "text": text }))?,
        (Some(out), Form::Json | Form::JsonLines) => {
            write_output(Some(out), text.as_bytes(), output)?;
            output.json(&json!({ "id": id, "file": out }))?;
        }
        (None, Form::People) => output.bytes(text.as_bytes())?,
        (Some(out), Form::People) => {
            write_output(Some(out), text.as_bytes(), output)?;
            let [show, sign] =
                ["show", "sign"].map(|verb| output.command(&format!("agreement {verb} {}", out.display())));
            output.note(&format!("drafted `{id}`: read it with `{show}`, then `{sign}`"));
        }
    }
    Ok(exit::OK)
}

/// Shows an agreement that the node knows, or the text in a file.
fn show(agreement: String, lang: Language, note: bool, global: &Global, output: &Output) -> Outcome {
    let view = match named(&agreement, lang, global)? {
        Named::File(terms) => {
            describe(&terms, lang, output)?;
            return Ok(exit::OK);
        }
        Named::Known(view) => view,
    };
    match (output.form, note) {
        (Form::People, true) => output.data(&view.note)?,
        (Form::People, false) => {
            let line = &view.line;
            let by = match view.suspended_by.as_slice() {
                [] => String::new(),
                parties => format!(" by {}", parties.join(" and ")),
            };
            output.data(&format!(
                "{}  v{}  {}{by}  {} to {}\n\n",
                line.id, line.version, line.state, line.valid_from, line.valid_to
            ))?;
            print_sentences(&view.sentences, output)?;
        }
        _ => output.json(&view)?,
    }
    Ok(exit::OK)
}

/// What an argument names that may be an agreement of the node or a file.
enum Named {
    Known(Box<AgreementView>),
    File(Box<Terms>),
}

fn named(agreement: &str, lang: Language, global: &Global) -> Result<Named, Failure> {
    let path = Path::new(agreement);
    let known =
        AgreementId::parse(agreement).is_some().then(|| open(global)).map(|exchange| view(&exchange?, agreement, lang));
    match known {
        Some(Ok(view)) => Ok(Named::Known(Box::new(view))),
        // An id that the node does not know, or no id at all: then it may be a file, for which no node is needed.
        _ if path.is_file() => {
            let bytes = fs::read(path).map_err(|e| Failure::file("read", path, &e))?;
            parse_any(&bytes).map(|terms| Named::File(Box::new(terms))).map_err(|errors| refused(path, &errors))
        }
        Some(Err(failure)) => Err(failure),
        None => Err(ExchangeError::UnknownAgreement(agreement.to_owned()).into()),
    }
}

/// The terms of an agreement of the node, or of a text or note in a file.
pub(super) fn terms(agreement: &str, global: &Global) -> Result<Terms, Failure> {
    match named(agreement, Language::English, global)? {
        Named::File(terms) => Ok(*terms),
        Named::Known(view) => parse_any(view.note.as_bytes()).map_err(|errors| refused(Path::new(agreement), &errors)),
    }
}

/// The agreement as staff sees it.
fn view(exchange: &Exchange, id: &str, lang: Language) -> Result<AgreementView, Failure> {
    exchange.agreement(id, &Viewer::Staff, lang)?.ok_or_else(|| ExchangeError::UnknownAgreement(id.to_owned()).into())
}

/// The other parties read the reason in a notice and on a page.
pub(super) const REASON_CHARS_MAX: usize = 200;

fn suspend(exchange: &Exchange, id: &str, reason: &str, yes: bool, output: &Output) -> Outcome {
    let before = view(exchange, id, Language::English)?;
    if reason.trim().is_empty() || visible(reason) != reason || reason.chars().count() > REASON_CHARS_MAX {
        return Err(Failure::usage(format!("a reason is one line of at most {REASON_CHARS_MAX} characters")));
    }
    let others: Vec<&str> =
        before.line.parties.iter().map(String::as_str).filter(|party| *party != exchange.own().as_str()).collect();
    confirm(
        &format!(
            "Suspend `{id}`? Nothing is released to or delivered to {} under it from then on ({} released so far).",
            others.join(", "),
            thousands(before.line.released)
        ),
        yes,
    )?;
    exchange.suspend(id, reason)?;
    match output.form {
        Form::People => {
            output.note(&format!("suspended `{id}`; to lift it: {}", output.command(&format!("agreement resume {id}"))))
        }
        _ => output.json(&json!({ "id": id, "state": "suspended", "suspended_by": [exchange.own().as_str()] }))?,
    }
    Ok(exit::OK)
}

/// Only who suspended an agreement can resume it.
fn resume(exchange: &Exchange, id: &str, output: &Output) -> Outcome {
    let before = view(exchange, id, Language::English)?;
    let own = exchange.own().as_str();
    if before.line.state == "suspended" && !before.suspended_by.iter().any(|party| party == own) {
        let by = before.suspended_by.join("`, `");
        let message = format!("agreement `{id}` was suspended by `{by}`, and only they can resume it");
        return Err(Failure::new(exit::REFUSED, "agreement.suspended-by-other", message));
    }
    exchange.resume(id)?;
    let after = view(exchange, id, Language::English)?;
    match output.form {
        Form::People => output.note(&format!("resumed `{id}` for this party: {}", after.line.state)),
        _ => output.json(&json!({ "id": id, "state": after.line.state, "suspended_by": after.suspended_by }))?,
    }
    Ok(exit::OK)
}

/// SHA-256 of a file.
fn digest(path: &Path) -> Result<[u8; 32], Failure> {
    let bytes = fs::read(path).map_err(|e| Failure::file("read", path, &e))?;
    Ok(entente_ledger::Hash::of(&bytes).0)
}

/// What a draft is made of.
struct Draft<'a> {
    template: &'a str,
    /// Ids of known parties, or files with cards.
    with: &'a [String],
    id: &'a str,
    valid_days: u16,
    tlp_max: Tlp,
    max_age_days: u16,
    community: Vec<String>,
    /// Reference and digest of the legal instrument.
    instrument: (Option<String>, Option<[u8; 32]>),
}

impl Draft<'_> {
    fn text(self, exchange: &Exchange) -> Result<String, Failure> {
        let id = AgreementId::parse(self.id)
            .ok_or_else(|| Failure::usage(format!("`{}` is not an agreement id", self.id)))?;
        let cards = exchange.cards()?;
        let mut parties = vec![party(&exchange.card(), self.id)?];
        for name in self.with {
            let known = cards.iter().find(|card| card.id == *name);
            let card = match known {
                Some(card) => card.clone(),
                None => card_in(name)?,
            };
            parties.push(party(&card, self.id)?);
        }
        let now = exchange.now().floor_to(1_000_000);
        let draft = template::Draft {
            id,
            title: None,
            valid_from: now,
            valid_to: now.saturating_add_micros(i64::from(self.valid_days) * 86_400_000_000),
            parties,
            tlp_max: self.tlp_max,
            max_age_days: self.max_age_days,
            community: self.community,
            instrument_reference: self.instrument.0.unwrap_or_else(|| UNNAMED.to_owned()),
            instrument_sha256: self.instrument.1.unwrap_or_default(),
        };
        template::draft(self.template, &draft).map_err(|error| match error {
            TemplateError::Text(errors) => refused(Path::new("draft"), &errors),
            error => Failure::usage(error.to_string()),
        })
    }
}

/// The card in a file, where the name is not that of a known party.
fn card_in(name: &str) -> Result<Card, Failure> {
    let path = Path::new(name);
    if !path.is_file() {
        let message = format!("party `{name}` is not known");
        return Err(
            Failure::new(exit::NOT_FOUND, "party.unknown", message).hint(format!("entente party add {name}.card"))
        );
    }
    let text = fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    Ok(Card::parse(&text)?)
}

/// What a draft says in place of the legal instrument that nobody named.
const UNNAMED: &str = "to be named before signing";

/// Says what a person should mend before signing.
fn remark(terms: &Terms, output: &Output) {
    if terms.instrument.reference == UNNAMED {
        output.note("warning[agr.instrument]: the text names no legal instrument; see its section [instrument]");
    }
}

/// A party of a draft, from its card.
pub(crate) fn party(card: &Card, agreement: &str) -> Result<TemplateParty, Failure> {
    let role = Role::parse(&card.role).ok_or_else(|| Failure::usage(format!("`{}` is not a role", card.role)))?;
    let basis = match role {
        Role::Police => "led-8",
        Role::Cert => "national:cert-mandate",
        _ => "gdpr-6-1-f",
    };
    Ok(TemplateParty {
        id: PartyId::parse(&card.id).ok_or_else(|| Failure::usage(format!("`{}` is not a party id", card.id)))?,
        name: card.name.clone(),
        role,
        country: card.country.clone(),
        node: Some(card.node.clone()),
        vkey: card.vkey.clone(),
        log_vkey: Some(card.log_vkey(agreement)?),
        witness_vkey: card.witness_vkey.clone(),
        legal_basis: vec![basis.to_owned()],
        contact: format!("exchange@{}", card.node),
    })
}

/// Nobody signs a text that names another key for a party than the card it gave: the other signature would be a stranger's (A21).
pub(super) fn check_keys(terms: &Terms, exchange: &Exchange) -> Result<(), Failure> {
    let mut cards = exchange.cards()?;
    cards.push(exchange.card());
    for party in &terms.parties {
        let card = cards
            .iter()
            .find(|card| card.id == party.id.as_str())
            .ok_or_else(|| ExchangeError::UnknownParty(party.id.to_string()))?;
        let log = card.log_vkey(terms.id.as_str())?;
        let named = [(&party.vkey, &card.vkey), (party.log_vkey.as_ref().unwrap_or(&log), &log)];
        if let Some((text, card)) = named.into_iter().find(|(text, card)| text != card) {
            let message = format!("the text names another key for `{}` than its card; it is not signed", party.id);
            return Err(Failure::new(exit::VERIFICATION, "agreement.foreign-key", message)
                .with("text", text)
                .with("card", card)
                .hint(format!("entente party show {}", party.id)));
        }
    }
    Ok(())
}

fn sign(file: &Path, exchange: &Exchange, output: &Output) -> Outcome {
    let bytes = fs::read(file).map_err(|e| Failure::file("read", file, &e))?;
    let terms = parse_any(&bytes).map_err(|errors| refused(file, &errors))?;
    if !terms.parties.iter().any(|party| party.id == *exchange.own()) {
        return Err(ExchangeError::NotAParty(terms.id.to_string()).into());
    }
    check_keys(&terms, exchange)?;
    let key = exchange.keys().agreement();
    let already = Agreement::open_partial(&bytes)
        .ok()
        .is_some_and(|agreement| !agreement.unsigned().any(|party| party.id == *exchange.own()));
    let signed = if already {
        bytes
    } else {
        entente_agreement::sign::sign(&bytes, key).map_err(|errors| refused(file, &errors))?
    };
    if let Ok(partial) = Agreement::open_partial(&signed) {
        remark(partial.terms(), output);
    }
    if !already {
        write_output(Some(file), &signed, output)?;
        output.note(&format!("signed `{}` as `{}`", file.display(), exchange.own()));
    }
    let partial = Agreement::open_partial(&signed).map_err(|errors| refused(file, &errors))?;
    let missing: Vec<String> = partial.unsigned().map(|party| party.id.to_string()).collect();
    if !missing.is_empty() {
        match output.form {
            Form::People => {
                output.note(&format!("not in force yet: {} must sign; send them this file", missing.join(", ")))
            }
            _ => output.json(&json!({ "id": partial.id().as_str(), "installed": false, "unsigned": missing }))?,
        }
        return Ok(exit::OK);
    }
    let installed = exchange.install_agreement(&signed)?;
    match output.form {
        Form::People => output.note(&format!("installed `{}` version {}: {}", installed.id, installed.version, installed.state)),
        _ => output.json(&json!({ "id": installed.id, "installed": true, "version": installed.version, "hash": installed.hash, "state": installed.state }))?,
    }
    Ok(exit::OK)
}

/// Checks a note offline.
pub(crate) fn verify(file: &Path, output: &Output) -> Outcome {
    let bytes = fs::read(file).map_err(|e| Failure::file("read", file, &e))?;
    let agreement =
        Agreement::open(&bytes).map_err(|errors| Failure { exit: exit::VERIFICATION, ..refused(file, &errors) })?;
    let terms = agreement.terms();
    let parties: Vec<String> = terms.parties.iter().map(|party| party.id.to_string()).collect();
    match output.form {
        Form::People => output.data(&format!(
            "agreement  {} version {}, {}\nsignatures {} of {} valid: {}\nhash       {}\nVERIFIED\n",
            terms.id,
            terms.version,
            terms.title,
            parties.len(),
            parties.len(),
            parties.join(", "),
            agreement.hash_text(),
        ))?,
        _ => output.json(&json!({ "verified": true, "id": terms.id.as_str(), "version": terms.version, "hash": agreement.hash_text(), "signed_by": parties }))?,
    }
    Ok(exit::OK)
}

/// Reads the terms of a text or of a note with any number of valid signatures.
pub(super) fn parse_any(bytes: &[u8]) -> Result<Terms, Vec<TextError>> {
    match Agreement::open_partial(bytes) {
        Ok(agreement) => Ok(agreement.terms().as_ref().clone()),
        Err(errors)
            if errors.iter().all(|error| error.code() == "note.no-signature" || error.code() == "note.trailing") =>
        {
            Terms::parse(&String::from_utf8_lossy(bytes))
        }
        Err(errors) => Err(errors),
    }
}

fn describe(terms: &Terms, lang: Language, output: &Output) -> Result<(), Failure> {
    let sentences = plain::sentences(terms, lang);
    match output.form {
        Form::People => {
            output.data(&format!("{}  v{}  {}\n\n", terms.id, terms.version, terms.title))?;
            print_sentences(&sentences, output)
        }
        _ => output.json(
            &json!({ "id": terms.id.as_str(), "version": terms.version, "title": terms.title, "sentences": sentences }),
        ),
    }
}

/// Prints the sentences of an agreement as paragraphs that fit a page.
pub(super) fn print_sentences(sentences: &[String], output: &Output) -> Result<(), Failure> {
    for sentence in sentences {
        output.data(&format!("- {}\n", wrapped(sentence, 96, "  ")))?;
    }
    Ok(())
}

/// The failure of a text or note, with every fault of its stage.
pub(super) fn refused(file: &Path, errors: &[TextError]) -> Failure {
    Failure::text(errors).with("file", file.display().to_string())
}

/// The instant that a flag names.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Failure> {
    Timestamp::parse(text).map_err(|e| Failure::usage(format!("`{text}` is not an instant: {e}")))
}
