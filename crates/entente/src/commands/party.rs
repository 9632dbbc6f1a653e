//! `party …` and `token …`.

use std::fs;

use entente_exchange::node::{Card, write_secret};
use entente_exchange::{Exchange, Link, Viewer};
use serde_json::json;

use crate::args::{Party, Token};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, thousands, visible};

/// Runs a `party` command.
pub(crate) fn run(command: Party, exchange: &Exchange, output: &Output) -> Outcome {
    match command {
        Party::Add { card, token, token_file, url, yes } => {
            let text = fs::read_to_string(&card).map_err(|e| Failure::file("read", &card, &e))?;
            let card = Card::parse(&text)?;
            for word in [&card.name, &card.role, &card.country, &card.node, &card.url] {
                if visible(word) != *word {
                    let message = format!("`{word}` holds characters that cannot be seen");
                    return Err(Failure::new(exit::USAGE, "card.refused", message));
                }
            }
            let keys = |card: &Card| (card.vkey.clone(), card.ledger_vkey.clone());
            if exchange.cards()?.iter().any(|known| known.id == card.id && keys(known) != keys(&card)) {
                let question = format!(
                    "`{}` comes with other keys than before. Did you compare them over another channel?",
                    card.id
                );
                super::confirm(&question, yes)?;
            }
            let link = match (token, token_file) {
                (Some(token), Some(file)) => {
                    let secret_file = fs::canonicalize(&file).map_err(|e| Failure::file("read", &file, &e))?;
                    entente_exchange::node::read_secret(&secret_file)?;
                    Some(Link {
                        url: url.unwrap_or_else(|| card.url.clone()),
                        token,
                        secret_file: secret_file.display().to_string(),
                    })
                }
                _ => None,
            };
            exchange.add_party(&card, link.as_ref())?;
            match output.form {
                Form::People => {
                    output.note(&format!("added `{}` ({}, {})", card.id, card.name, card.role));
                    let called = exchange.party(&card.id, &Viewer::Staff)?.is_some_and(|party| party.url.is_some());
                    if !called {
                        let file = format!("for-{}.secret", card.id);
                        output.note(&format!(
                            "hint: {} gives it access; with the token it gives you, add it again with --token and --token-file",
                            output.command(&format!("token new {} --secret-file {file}", card.id))
                        ));
                    }
                }
                _ => output.json(&json!({ "party": card, "link": link }))?,
            }
            Ok(exit::OK)
        }
        Party::Profile(args) => super::reciprocity::profile(&args, exchange, output),
        Party::Affiliate(args) => super::reciprocity::affiliate(&args, exchange, output),
        Party::List => {
            let parties = exchange.parties(&Viewer::Staff)?;
            let summary = json!({ "parties": parties.len() });
            output.list(
                &["party", "name", "role", "country", "node", "agreements", "gave", "took"],
                &parties,
                |party| {
                    vec![
                        party.id.clone(),
                        party.name.clone(),
                        party.role.clone(),
                        party.country.clone(),
                        party.url.clone().unwrap_or_else(|| "–".to_owned()),
                        party
                            .exchange
                            .iter()
                            .map(|row| format!("{} {}", row.agreement, row.state))
                            .collect::<Vec<_>>()
                            .join(", "),
                        thousands(party.gave.iter().map(|(_, n)| n).sum()),
                        thousands(party.took),
                    ]
                },
                &summary,
            )?;
            Ok(exit::OK)
        }
        Party::Show { party } => {
            let card = match party {
                None => exchange.card(),
                Some(id) => exchange.cards()?.into_iter().find(|card| card.id == id).ok_or_else(|| {
                    Failure::new(exit::NOT_FOUND, "party.unknown", format!("party `{id}` is not known"))
                        .hint("entente party list")
                })?,
            };
            match output.form {
                Form::People => output.data(&card.to_toml()?)?,
                _ => output.json(&card)?,
            }
            Ok(exit::OK)
        }
    }
}

/// Runs a `token` command.
pub(crate) fn token(command: Token, exchange: &Exchange, output: &Output) -> Outcome {
    match command {
        Token::New { party, secret_file } => {
            let token = exchange.issue_token(&party)?;
            if let Some(file) = secret_file {
                write_secret(&file, &format!("{}\n", token.secret))?;
                match output.form {
                    Form::People => output.data(&format!("{}\n", token.id))?,
                    _ => output.json(&json!({ "id": token.id, "party": token.party, "secret_file": file }))?,
                }
            } else {
                match output.form {
                    Form::People => {
                        output.data(&format!("{}\n{}\n", token.id, token.secret))?;
                        output.note("first line: token id (user name); second line: secret, shown only now");
                    }
                    _ => output.json(&token)?,
                }
            }
            Ok(exit::OK)
        }
        Token::List => {
            let tokens = exchange.tokens()?;
            let summary = json!({ "tokens": tokens.len() });
            output.list(
                &["token", "party", "state"],
                &tokens,
                |token| {
                    vec![
                        token.id.clone(),
                        token.party.clone(),
                        if token.revoked { "revoked" } else { "valid" }.to_owned(),
                    ]
                },
                &summary,
            )?;
            Ok(exit::OK)
        }
        Token::Link => {
            let link =
                format!("{}/enter?key={}", exchange.node().url.trim_end_matches('/'), exchange.issue_enter_key()?);
            match output.form {
                Form::People => output.data(&format!("{link}\n"))?,
                _ => output.json(&json!({ "link": link }))?,
            }
            Ok(exit::OK)
        }
        Token::Revoke { id } => {
            if !exchange.revoke_token(&id)? {
                return Err(Failure::new(
                    exit::NOT_FOUND,
                    "token.unknown",
                    format!("token `{id}` is not known or already revoked"),
                )
                .hint("entente token list"));
            }
            match output.form {
                Form::People => output.note(&format!("revoked `{id}`")),
                _ => output.json(&json!({ "id": id, "revoked": true }))?,
            }
            Ok(exit::OK)
        }
    }
}
