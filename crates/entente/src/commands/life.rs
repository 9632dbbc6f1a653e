//! `agreement offer`, `countersign`, `amend`, `terminate`, `consent …`, `requests`, `rotate-key`.

use std::fs;
use std::path::Path;

use entente_agreement::plain::{self, Language};
use entente_agreement::template::{self, Amendment};
use entente_agreement::{ConsentScope, PartyId, Purpose, Relation, Terms};
use entente_exchange::Exchange;
use entente_exchange::consent::ConsentTerms;
use entente_exchange::offers::{Review, Shown, Signed};
use entente_stix::Timestamp;
use serde_json::json;

use super::agreement::{REASON_CHARS_MAX, check_keys, instant, parse_any, print_sentences, refused, terms as known};
use super::{compare, confirm, open, write_output};
use crate::args::{AgreementAmend, AgreementLife, Consenting, Global};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, visible};

/// Runs a command of an agreement's life.
pub(super) fn run(command: AgreementLife, global: &Global, output: &Output) -> Outcome {
    match command {
        AgreementLife::Offer { file, accept_broader, dry_run } => {
            offer(&file, accept_broader, dry_run, &open(global)?, output)
        }
        AgreementLife::Countersign { id, lang, accept_broader, dry_run, yes } => {
            let exchange = open(global)?;
            let review = exchange.review_offer(&id)?;
            show(&review, lang, output)?;
            if dry_run {
                return Ok(exit::OK);
            }
            accepted(&review, accept_broader)?;
            confirm(&format!("Sign `{id}` version {} as `{}`?", review.terms.version, exchange.own()), yes)?;
            tell(&exchange.countersign(&id, Shown { accept_broader, simulate: None })?, output)
        }
        AgreementLife::Amend(args) => amend(&args, global, output),
        AgreementLife::Terminate { id, reason, effective, yes } => {
            terminate(&open(global)?, &id, &reason, effective.as_deref(), yes, output)
        }
        AgreementLife::Consent(args) => {
            let exchange = open(global)?;
            let hash = exchange.consent(&args.id, &consenting(&args, &exchange)?)?.to_sha256_text();
            say(
                output,
                &args.id,
                &hash,
                &format!("consented; to take it back: agreement consent-withdraw {} {hash}", args.id),
            )
        }
        AgreementLife::ConsentWithdraw { id, consent } => {
            let hash = open(global)?.withdraw_consent(&id, &consent)?.to_sha256_text();
            say(
                output,
                &id,
                &hash,
                "withdrawn: nothing more goes on under this consent; what went on already is recalled apart",
            )
        }
        AgreementLife::ConsentRequest(args) => {
            let exchange = open(global)?;
            let hash = exchange.request_consent(&args.id, &consenting(&args, &exchange)?)?.to_sha256_text();
            say(output, &args.id, &hash, "asked; the answer comes with an exchange")
        }
        AgreementLife::Requests { id } => requests(&open(global)?, id.as_deref(), output),
        AgreementLife::RotateKey { yes } => rotate(&open(global)?, yes, output),
    }
}

fn offer(file: &Path, accept_broader: bool, dry_run: bool, exchange: &Exchange, output: &Output) -> Outcome {
    let bytes = fs::read(file).map_err(|e| Failure::file("read", file, &e))?;
    let terms = parse_any(&bytes).map_err(|errors| refused(file, &errors))?;
    if terms.party(exchange.own()).is_none() {
        return Err(entente_exchange::ExchangeError::NotAParty(terms.id.to_string()).into());
    }
    check_keys(&terms, exchange)?;
    let review = exchange.review_text(&bytes)?;
    if review.comparison.is_some() || dry_run {
        show(&review, Language::English, output)?;
    }
    if dry_run {
        return Ok(exit::OK);
    }
    accepted(&review, accept_broader)?;
    let signed = exchange.offer(&bytes, Shown { accept_broader, simulate: None })?;
    write_output(Some(file), signed.note.as_bytes(), output)?;
    tell(&signed, output)
}

/// Shows what would be signed: its plain words, and how it differs from the version that is held.
fn show(review: &Review, lang: Language, output: &Output) -> Result<(), Failure> {
    if output.form != Form::People {
        // The one JSON document of the command is the outcome; a dry run has none but this.
        return Ok(());
    }
    let Review { offer, terms, comparison, .. } = review;
    output.data(&format!("{}  v{}  {}\n", terms.id, terms.version, visible(&terms.title)))?;
    output.data(&format!(
        "offered by {}, signed by {}, lapses {}\n\n",
        offer.by,
        offer.signed.join(", "),
        offer.lapses.get(..10).unwrap_or_default()
    ))?;
    print_sentences(&plain::sentences(terms, lang), output)?;
    if let Some(comparison) = comparison {
        output.data(&format!(
            "\nAgainst the version that is held (A the new text, B the one held):\n{}",
            compare::difference(comparison)
        ))?;
    }
    output.data("\n")
}

/// Nobody signs a wider text without saying so (A22).
fn accepted(review: &Review, accept_broader: bool) -> Result<(), Failure> {
    if !review.is_broader() || accept_broader {
        return Ok(());
    }
    let how = match review.comparison.as_ref().map(|comparison| comparison.relation) {
        Some(Relation::Incomparable) => "cannot be ordered with",
        _ => "permits more than",
    };
    let message = format!(
        "version {} of `{}` {how} the version that is held; it is signed only with --accept-broader",
        review.terms.version, review.terms.id
    );
    Err(Failure::new(exit::REFUSED, "offer.broader", message))
}

fn tell(signed: &Signed, output: &Output) -> Outcome {
    if output.form != Form::People {
        output.json(signed)?;
        return Ok(exit::OK);
    }
    let offer = &signed.offer;
    output.note(&format!("signed `{}` version {}", offer.id, offer.version));
    for handed in &signed.handed {
        match &handed.problem {
            None => output.note(&format!("`{}` has it", handed.party)),
            Some(problem) => output.note(&format!("`{}` does not have it yet: {problem}", handed.party)),
        }
    }
    match &signed.installed {
        Some(installed) => {
            output.note(&format!(
                "every party has signed: `{}` version {} is {}",
                installed.id, installed.version, installed.state
            ));
        }
        None => output.note(&format!("not in force yet: {} must sign", offer.unsigned.join(", "))),
    }
    Ok(exit::OK)
}

fn amend(args: &AgreementAmend, global: &Global, output: &Output) -> Outcome {
    let before: Terms = known(&args.id, global)?;
    let at = |text: &Option<String>| text.as_deref().map(instant).transpose();
    let amendment =
        Amendment { valid_from: at(&args.valid_from)?, valid_to: at(&args.valid_to)?, review_by: at(&args.review_by)? };
    let edited = match &args.file {
        Some(file) => {
            let bytes = fs::read(file).map_err(|e| Failure::file("read", file, &e))?;
            String::from_utf8(bytes).map_err(|_| Failure::usage(format!("`{}` is not UTF-8", file.display())))?
        }
        None => before.text().to_owned(),
    };
    let named = args.file.as_deref().unwrap_or_else(|| Path::new(&args.id));
    let text = template::amend(&edited, &before, &amendment).map_err(|errors| refused(named, &errors))?;
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Failure::new(exit::USAGE, "file.exists", format!("`{}` exists; name a new file", out.display())));
    }
    let version = before.version.saturating_add(1);
    match (&args.out, output.form) {
        (out, Form::People) => {
            write_output(out.as_deref(), text.as_bytes(), output)?;
            if let Some(out) = out {
                let offer = output.command(&format!("agreement offer {}", out.display()));
                output.note(&format!("drafted version {version} of `{}`; to sign and send it: {offer}", args.id));
            }
        }
        (None, _) => output.json(&json!({ "id": args.id, "version": version, "text": text }))?,
        (Some(out), _) => {
            write_output(Some(out), text.as_bytes(), output)?;
            output.json(&json!({ "id": args.id, "version": version, "file": out }))?;
        }
    }
    Ok(exit::OK)
}

fn terminate(
    exchange: &Exchange,
    id: &str,
    reason: &str,
    effective: Option<&str>,
    yes: bool,
    output: &Output,
) -> Outcome {
    if reason.trim().is_empty() || visible(reason) != reason || reason.chars().count() > REASON_CHARS_MAX {
        return Err(Failure::usage(format!("a reason is one line of at most {REASON_CHARS_MAX} characters")));
    }
    let effective = match effective {
        Some(text) => instant(text)?,
        None => exchange.earliest_end(id)?,
    };
    confirm(&format!("End `{id}` at {effective}? That cannot be taken back."), yes)?;
    exchange.terminate(id, effective, reason)?;
    match output.form {
        Form::People => output.note(&format!("terminated `{id}`: it ends at {effective}")),
        _ => output.json(&json!({ "id": id, "effective": effective.to_string() }))?,
    }
    Ok(exit::OK)
}

fn consenting(args: &Consenting, exchange: &Exchange) -> Result<ConsentTerms, Failure> {
    let scope = match (&args.object, &args.clause) {
        (Some(object), _) => format!("object:{object}"),
        (None, clause) => format!("clause:{}", clause.as_deref().unwrap_or_default()),
    };
    let days = i64::from(args.days).saturating_mul(86_400_000_000);
    let until: Timestamp = exchange.now().floor_to(1_000_000).saturating_add_micros(days);
    Ok(ConsentTerms {
        scope: ConsentScope::parse(&scope)
            .ok_or_else(|| Failure::usage(format!("`{scope}` names neither an object nor a clause")))?,
        to: PartyId::parse(&args.to).ok_or_else(|| Failure::usage(format!("`{}` is not a party id", args.to)))?,
        purpose: Purpose::parse(&args.purpose)
            .ok_or_else(|| Failure::usage(format!("`{}` is not a purpose", args.purpose)))?,
        until,
    })
}

fn say(output: &Output, id: &str, note: &str, done: &str) -> Outcome {
    match output.form {
        Form::People => output.note(done),
        _ => output.json(&json!({ "id": id, "note": note }))?,
    }
    Ok(exit::OK)
}

fn requests(exchange: &Exchange, id: Option<&str>, output: &Output) -> Outcome {
    let (asked, given) = (exchange.consent_requests(id)?, exchange.consents(id)?);
    let summary = json!({ "requests": asked.len(), "consents": given.len() });
    let lines: Vec<_> = asked
        .into_iter()
        .map(|line| Row { kind: "request", line })
        .chain(given.into_iter().map(|line| Row { kind: "consent", line }))
        .collect();
    output.list(
        &["what", "state", "agreement", "by", "scope", "to", "purpose", "until", "note"],
        &lines,
        |Row { kind, line }| {
            vec![
                (*kind).to_owned(),
                line.state.clone(),
                line.agreement.clone(),
                line.party.clone(),
                line.scope.clone(),
                line.to.clone(),
                line.purpose.clone(),
                line.until.get(..10).unwrap_or_default().to_owned(),
                line.note.get(..15).unwrap_or_default().to_owned(),
            ]
        },
        &summary,
    )?;
    Ok(exit::OK)
}

/// A line of `agreement requests`.
#[derive(serde::Serialize)]
struct Row {
    kind: &'static str,
    #[serde(flatten)]
    line: entente_exchange::consent::ConsentLine,
}

fn rotate(exchange: &Exchange, yes: bool, output: &Output) -> Outcome {
    confirm("Replace the key that signs for this party? The old one signs nothing any more.", yes)?;
    let rotated = exchange.rotate_key()?;
    match output.form {
        Form::People => {
            output.note(&format!(
                "{} signs from now on; told under {} agreements. Restart a node that serves, and give the new card to parties without an \
                 agreement: {}",
                rotated.new,
                rotated.agreements.len(),
                output.command("party show")
            ));
        }
        _ => output.json(&rotated)?,
    }
    Ok(exit::OK)
}
