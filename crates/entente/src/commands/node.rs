//! `init` and `serve`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Duration;

use entente_exchange::Exchange;
use entente_exchange::node::Band;
use entente_exchange::sync::SyncRun;
use serde_json::json;

use crate::args::{Global, Init, Serve};
use crate::config::{Config, Loaded, NodeSection, OutputSection, ServeSection, home_of};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, visible};

/// Creates a node's home, configuration, keys and store.
pub(crate) fn init(args: &Init, global: &Global, output: &Output) -> Outcome {
    let band = match args.band.as_str() {
        "production" => Band::Production,
        "test" => Band::Test,
        "demo" => Band::Demo,
        other => return Err(Failure::usage(format!("`{other}` is not a band; use production, test or demo"))),
    };
    for (what, word, known) in [
        ("party id", &args.party, entente_agreement::PartyId::parse(&args.party).is_some()),
        ("role", &args.role, entente_agreement::Role::parse(&args.role).is_some()),
        ("country code", &args.country, args.country == "INT" || is_country(&args.country)),
        ("name that can be read", &args.name, !args.name.trim().is_empty() && visible(&args.name) == args.name),
        ("host name", &args.host, is_host(&args.host)),
    ] {
        if !known {
            return Err(Failure::usage(format!("`{word}` is not a {what}")).hint("entente init --help"));
        }
    }
    address(&args.listen)?;
    let config = Config {
        node: NodeSection {
            name: args.party.clone(),
            title: args.name.clone(),
            role: args.role.clone(),
            country: args.country.clone(),
            host: args.host.clone(),
            band,
        },
        serve: ServeSection { listen: args.listen.clone(), public_url: args.url.clone(), ..ServeSection::default() },
        output: OutputSection::default(),
    };
    let home = home_of(global.home.as_deref());
    config.create(&home)?;
    let loaded = Loaded { home: home.clone(), config };
    let exchange = loaded.open()?;
    let card = exchange.card();
    match output.form {
        Form::People => {
            output.note(&format!("created node `{}` in {}", card.id, home.display()));
            output.note(&format!(
                "give its card to other parties: {}",
                output.command(&format!("party show > {}.card", card.id))
            ));
        }
        _ => output.json(&json!({ "home": home, "card": card }))?,
    }
    Ok(exit::OK)
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// A host name as agreements and checkpoints carry it: labels of lower-case letters, digits and hyphens.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is not an address and port, such as 127.0.0.1:8440");
        Failure::new(exit::USAGE, "config.listen", message)
    })
}

/// Runs the node until it is interrupted.
pub(crate) fn serve(args: &Serve, global: &Global, output: &Output) -> Outcome {
    let loaded = Loaded::read(global.home.as_deref())?;
    let serve = &loaded.config.serve;
    // The flag moves this run only; the card keeps the address that other nodes were given.
    let address = address(args.listen.as_ref().unwrap_or(&serve.listen))?;
    if !address.ip().is_loopback() && !serve.behind_proxy {
        return Err(Failure::new(
            exit::REFUSED,
            "serve.plain-http",
            format!("`{address}` is not loopback and this version speaks plain HTTP"),
        )
        .hint("put a proxy with TLS in front and set serve.behind_proxy = true"));
    }
    let exchange = loaded.open()?;
    let sync_every = Duration::from_secs(serve.sync_every_s);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(exit::FAILURE, "serve.runtime", e.to_string()))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|e| Failure::new(exit::FAILURE, "serve.listen", format!("cannot listen on {address}: {e}")))?;
        let bound = listener.local_addr().unwrap_or(address);
        if !sync_every.is_zero() {
            spawn_schedule(exchange.clone(), sync_every);
        }
        // A link in a log file would open the console to whoever reads the log.
        if args.link || std::io::stderr().is_terminal() {
            let key = exchange.issue_enter_key()?;
            output.note(&format!("console (this link works once, for 15 minutes; entente token link gives another): http://{bound}/enter?key={key}"));
        }
        match output.form {
            Form::People => output.note(&format!("`{}` ready on http://{bound}", exchange.node().party)),
            _ => output
                .json(&json!({ "ready": true, "party": exchange.node().party, "url": format!("http://{bound}") }))?,
        }
        let mut options = entente_web::Options::default();
        options.secure = serve.behind_proxy;
        entente_web::serve(listener, exchange.clone(), options, interrupted())
            .await
            .map_err(|e| Failure::new(exit::FAILURE, "serve.http", e.to_string()))
    })?;
    Ok(exit::OK)
}

/// Releases and exchanges at a fixed interval, in a thread of its own that ends with the process.
pub(crate) fn spawn_schedule(exchange: Exchange, every: Duration) {
    std::thread::spawn(move || {
        let mut stopped = BTreeMap::new();
        loop {
            if let Err(error) = exchange.release() {
                tracing::error!("release run failed: {error}");
            }
            match exchange.sync(None) {
                Ok(runs) => {
                    note_changes(&mut stopped, &runs);
                    if runs.iter().any(|run| run.stored > 0)
                        && let Err(error) = exchange.release()
                    {
                        tracing::error!("release run failed: {error}");
                    }
                }
                Err(error) => tracing::error!("exchange run failed: {error}"),
            }
            std::thread::sleep(every);
        }
    });
}

/// Logs why an exchange stops, once until that changes, and that it goes on again.
fn note_changes(stopped: &mut BTreeMap<(String, String), String>, runs: &[SyncRun]) {
    for run in runs {
        let pair = (run.party.clone(), run.agreement.clone());
        match &run.stopped {
            Some(why) if stopped.get(&pair) != Some(why) => {
                tracing::warn!(party.id = run.party, agreement.id = run.agreement, "exchange stopped: {why}");
                stopped.insert(pair, why.clone());
            }
            Some(_) => {}
            None => {
                if stopped.remove(&pair).is_some() {
                    tracing::warn!(party.id = run.party, agreement.id = run.agreement, "exchange goes on");
                }
            }
        }
    }
}

/// Resolves on Ctrl-C or SIGTERM.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
