//! The nodes: created, introduced to each other, bound by signed agreements, and serving on loopback.

use std::path::{Path, PathBuf};
use std::time::Duration;

use entente_exchange::node::{Band, Card, write_secret};
use entente_exchange::{Exchange, Link};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::corpus::{CONTRIBUTORS, Contributor};
use super::text;
use crate::commands::spawn_schedule;
use crate::config::{Config, Loaded, NodeSection, OutputSection, ServeSection};
use crate::failure::{Failure, exit};
use crate::output::Output;

/// One running node.
pub(crate) struct Player {
    /// Party id.
    pub(crate) id: String,
    /// The node.
    pub(crate) exchange: Exchange,
    /// Its base address.
    pub(crate) url: String,
    /// Its home.
    pub(crate) home: PathBuf,
    /// A token for an outside TAXII client: id, secret, collection to read, collection to write.
    taxii: Option<[String; 4]>,
}

/// All nodes.
pub(crate) struct Cast {
    /// The hub.
    pub(crate) hub: Player,
    /// The contributors, as in [`CONTRIBUTORS`].
    pub(crate) contributors: Vec<Player>,
}

/// Party id of the hub.
pub(crate) const HUB: &str = "fusion";

impl Cast {
    /// Creates every node, signs the agreements, and starts serving.
    pub(crate) fn open(directory: &Path, runtime: &Runtime, stop: &watch::Sender<bool>) -> Result<Self, Failure> {
        let mut hub = player(directory, HUB, "Fusion Centre for Cyber Police", "police", "INT", runtime, stop)?;
        let mut contributors = Vec::new();
        for contributor in &CONTRIBUTORS {
            contributors.push(player(
                directory,
                contributor.id,
                contributor.name,
                contributor.role,
                "XN",
                runtime,
                stop,
            )?);
        }
        let cards: Vec<Card> = contributors.iter().map(|player| player.exchange.card()).collect();
        // Contributors know each other by name only; agreements and tokens exist with the hub alone.
        for (index, player) in contributors.iter_mut().enumerate() {
            introduce(&hub, player)?;
            for card in cards.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, card)| card) {
                player.exchange.add_party(card, None)?;
            }
        }
        for (player, contributor) in contributors.iter_mut().zip(&CONTRIBUTORS) {
            agree(&hub, player, contributor)?;
            let token = hub.exchange.issue_token(&player.id)?;
            let agreement = agreement_id(&player.id);
            if hub.taxii.is_none() {
                hub.taxii = Some([
                    token.id.clone(),
                    token.secret.clone(),
                    format!("{agreement}-{}", player.id),
                    format!("{agreement}-{}-in", player.id),
                ]);
            }
            let own = player.exchange.issue_token(HUB)?;
            player.taxii = Some([own.id, own.secret, format!("{agreement}-{HUB}"), format!("{agreement}-{HUB}-in")]);
        }
        Ok(Self { hub, contributors })
    }

    /// Starts the schedules, writes `serve.json`, and says where the consoles are.
    pub(crate) fn keep_serving(&self, directory: &Path, output: &Output) -> Result<(), Failure> {
        let mut nodes = Vec::new();
        output.note("consoles (each link works once, for 15 minutes); Ctrl-C ends the demonstration:");
        for player in std::iter::once(&self.hub).chain(&self.contributors) {
            spawn_schedule(player.exchange.clone(), Duration::from_secs(5));
            let link = format!("{}/enter?key={}", player.url, player.exchange.issue_enter_key()?);
            output.note(&format!("  {:<13} {link}", player.id));
            let taxii = player.taxii.as_ref().map(|[user, password, read, write]| {
                json!({ "discovery": format!("{}/taxii2/", player.url), "user": user, "password": password,
                        "read_collection": read, "write_collection": write })
            });
            nodes.push(json!({ "party": player.id, "url": player.url, "home": player.home, "console_link": link, "taxii": taxii }));
        }
        super::write_addresses(directory, &nodes)
    }
}

/// Id of the agreement between a contributor and the hub.
pub(crate) fn agreement_id(contributor: &str) -> String {
    format!("agr-{contributor}")
}

fn player(
    directory: &Path,
    id: &str,
    name: &str,
    role: &str,
    country: &str,
    runtime: &Runtime,
    stop: &watch::Sender<bool>,
) -> Result<Player, Failure> {
    let home = directory.join(id);
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .map_err(|e| Failure::new(exit::FAILURE, "demo.listen", format!("no loopback port: {e}")))?;
    let address = listener.local_addr().map_err(|e| Failure::new(exit::FAILURE, "demo.listen", e.to_string()))?;
    let config = Config {
        node: NodeSection {
            name: id.to_owned(),
            title: name.to_owned(),
            role: role.to_owned(),
            country: country.to_owned(),
            host: format!("{id}.example"),
            band: Band::Demo,
        },
        serve: ServeSection { listen: address.to_string(), ..ServeSection::default() },
        output: OutputSection::default(),
    };
    config.create(&home)?;
    let exchange = Loaded { home: home.clone(), config }.open()?;
    let served = exchange.clone();
    let mut stopped = stop.subscribe();
    runtime.spawn(async move {
        let until = async move {
            // The sender lives as long as the demonstration; either way the node stops.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = entente_web::serve(listener, served, entente_web::Options::default(), until).await {
            tracing::error!("node stopped serving: {error}");
        }
    });
    Ok(Player { id: id.to_owned(), exchange, url: format!("http://{address}"), home, taxii: None })
}

/// Each side gets the other's card, and a token to call the other's node.
fn introduce(hub: &Player, contributor: &Player) -> Result<(), Failure> {
    for (caller, called) in [(hub, contributor), (contributor, hub)] {
        called.exchange.add_party(&caller.exchange.card(), None)?;
        let token = called.exchange.issue_token(&caller.id)?;
        let file = format!("token-{}.secret", called.id);
        write_secret(&caller.home.join(&file), &format!("{}\n", token.secret))?;
        let link = Link { url: called.url.clone(), token: token.id, secret_file: file };
        caller.exchange.add_party(&called.exchange.card(), Some(&link))?;
    }
    Ok(())
}

/// The contributor drafts and signs, the hub countersigns, both install the same note.
fn agree(hub: &Player, player: &Player, contributor: &Contributor) -> Result<(), Failure> {
    let id = agreement_id(contributor.id);
    let from = player.exchange.now().saturating_add_micros(-86_400_000_000);
    let text = text::agreement(&text::Terms {
        id: &id,
        contributor: &player.exchange.card(),
        hub: &hub.exchange.card(),
        from,
        to: from.saturating_add_micros(366 * 86_400_000_000),
        community: contributor.community,
    })?;
    let signed = |bytes: &[u8], by: &Player| {
        entente_agreement::sign::sign(bytes, by.exchange.keys().agreement()).map_err(|errors| {
            let first = errors.first().map_or_else(String::new, ToString::to_string);
            Failure::new(exit::FAILURE, "demo.agreement", format!("the built-in agreement was refused: {first}"))
        })
    };
    let offered = signed(text.as_bytes(), player)?;
    let note = signed(&offered, hub)?;
    player.exchange.install_agreement(&note)?;
    hub.exchange.install_agreement(&note)?;
    Ok(())
}
