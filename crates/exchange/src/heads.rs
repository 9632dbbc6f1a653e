//! The part of a run with another node that is about the two ledgers: its head is compared with what was seen before, its leaves are
//! copied and recomputed, and its head is cosigned (`ledger.md` section 6).

use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::fork::Evidence;
use entente_ledger::merkle::{self, Edge};
use entente_ledger::note::{Note, VerifierKey};
use entente_ledger::rotation::Handover;
use entente_ledger::tile::{self, Content, FULL_WIDTH, Tile};
use entente_ledger::witness::AddCheckpoint;

use crate::error::{ExchangeError, Result};
use crate::state::{Held, KnownParty, Link};
use crate::witness::log_key_in;
use crate::{Exchange, journal};

// LIMIT: leaves copied in one transaction; at 500 bytes each about 2 MB in memory.
const COPIED_AT_ONCE: usize = 4_096;

/// The answer about how a log has grown.
#[derive(serde::Deserialize)]
struct Growth {
    proof: Vec<Hash>,
}

impl Exchange {
    /// Shows the other node what this one has seen of its log, compares its present head with that, copies the new leaves, and gives
    /// it a cosignature. A node of an older version that serves no head is passed over, unless it has served one before.
    pub(crate) fn exchange_heads(&self, party: &KnownParty, link: &Link, held: &Held) -> Result<()> {
        let Some(first) = log_key_in(held, party) else { return Ok(()) };
        let origin = first.name().to_owned();
        let seen = self.store().read(|s| s.witnessed(&origin))?;
        if let Some(seen) = &seen {
            // It may have been restored from a backup and not know what it has signed.
            self.hand_cosignature(party, link, held, &seen.note);
        }
        let keys = self.fetch_keys(party, link, held, &first)?;
        let path = format!("agr/{}/checkpoint", held.id());
        let answer = match self.call(party, link, &path, None) {
            Ok(answer) => answer,
            Err(ExchangeError::Remote { code: "sync.not-found", .. }) if seen.is_none() => return Ok(()),
            Err(error) => return Err(error),
        };
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let note = String::from_utf8(answer.body).map_err(|e| refused(e.to_string()))?;
        if note.is_empty() && seen.is_none() {
            return Ok(());
        }
        let head = journal::open_checkpoint(&note, &keys).map_err(|e| refused(e.to_string()))?;
        let inbox = self.store().read(|s| s.inbox(held.id(), party.no))?;
        for earlier in seen.iter().map(|row| &row.note).chain(&inbox.checkpoint) {
            self.compare_heads(party, (earlier, &note), &keys, None)?;
        }
        self.copy_leaves(party, link, held, (&head, &note), &keys)?;
        self.cosign_head(party, link, held, (&head, &note), &keys)
    }

    /// Two heads of a log that contradict each other stop the exchange with its party. Without a proof of growth only what the two show
    /// by themselves is compared.
    pub(crate) fn compare_heads(
        &self,
        party: &KnownParty,
        (earlier, later): (&str, &str),
        keys: &[VerifierKey],
        proof: Option<&[Hash]>,
    ) -> Result<()> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let at = self.leaf_time().ok_or_else(|| refused("the clock is outside the years of leaves".to_owned()))?;
        let found =
            Evidence::of(earlier, later, proof.unwrap_or_default(), keys, at).map_err(|e| refused(e.to_string()))?;
        match found {
            Some(evidence) if proof.is_some() || evidence.finding() != entente_ledger::fork::Finding::Unproved => {
                Err(self.suspect(party, &evidence)?)
            }
            _ => Ok(()),
        }
    }

    /// The keys to believe for a party's log, after the handovers that it shows.
    pub(crate) fn fetch_keys(
        &self,
        party: &KnownParty,
        link: &Link,
        held: &Held,
        first: &VerifierKey,
    ) -> Result<Vec<VerifierKey>> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let handovers: Vec<Handover> = match self.call(party, link, &format!("api/v1/agr/{}/keys", held.id()), None) {
            Ok(answer) => serde_json::from_slice(&answer.body).map_err(|e| refused(e.to_string()))?,
            Err(ExchangeError::Remote { code: "sync.not-found", .. }) => return self.believed(first.name(), first),
            Err(error) => return Err(error),
        };
        self.follow_handovers(first.name(), first, &handovers).map_err(refused)
    }

    /// Copies the leaves of another party's log up to a signed head, which they must have the root of.
    fn copy_leaves(
        &self,
        party: &KnownParty,
        link: &Link,
        held: &Held,
        (head, note): (&Checkpoint, &str),
        keys: &[VerifierKey],
    ) -> Result<()> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let empty = Edge::new().to_bytes();
        let mut copy = self.store().write(|tx| tx.create_copy(head.origin(), held.id(), party.no, &empty))?;
        let mut edge = Edge::from_bytes(&copy.edge).ok_or_else(|| refused("the kept copy is damaged".to_owned()))?;
        while edge.size() < head.size() {
            let mut entries: Vec<Vec<u8>> = Vec::new();
            while edge.size() < head.size() && entries.len() < COPIED_AT_ONCE {
                for entry in self.fetch_entries(party, link, &format!("agr/{}", held.id()), edge.size(), head.size())? {
                    edge.push(merkle::leaf_hash(&entry));
                    entries.push(entry);
                }
            }
            // Leaves become part of the copy only once they are known to be the first ones of the signed head.
            let proof = self.growth(party, link, held, edge.size(), head.size())?;
            if merkle::verify_consistency(edge.size(), &edge.root(), head.size(), &head.root(), &proof).is_err() {
                if !copy.checkpoint.is_empty() {
                    self.compare_heads(party, (&copy.checkpoint, note), keys, Some(&proof))?;
                }
                return Err(refused(format!(
                    "the leaves it serves are not those of its head of {} leaves",
                    head.size()
                )));
            }
            self.store().write(|tx| tx.extend_copy(&copy, &entries, &edge.to_bytes(), note))?;
            copy.size = i64::try_from(edge.size()).unwrap_or(i64::MAX);
        }
        Ok(())
    }

    /// The proof, as the other node gives it, that its log of `old` leaves is the beginning of that of `new`.
    pub(crate) fn growth(&self, party: &KnownParty, link: &Link, held: &Held, old: u64, new: u64) -> Result<Vec<Hash>> {
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let path = format!("api/v1/agr/{}/consistency?old={old}&new={new}", held.id());
        match self.call(party, link, &path, None) {
            // What cannot be read proves nothing, and is kept with the evidence as nothing.
            Ok(answer) => {
                Ok(serde_json::from_slice::<Growth>(&answer.body).map(|growth| growth.proof).unwrap_or_default())
            }
            // It has the checkpoint it signed and does not prove it: that is no passing fault.
            Err(ExchangeError::Remote { code: "sync.not-found" | "sync.refused", .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// One tile of entries of a log below `prefix`, from leaf `from` on; `size` is that of the published tree.
    pub(crate) fn fetch_entries(
        &self,
        party: &KnownParty,
        link: &Link,
        prefix: &str,
        from: u64,
        size: u64,
    ) -> Result<Vec<Vec<u8>>> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let index = from / u64::from(FULL_WIDTH);
        let width = tile::width_at(Content::Entries, index, size);
        let name =
            Tile::new(Content::Entries, index, width).ok_or_else(|| refused("its log is too large".to_owned()))?;
        let answer = match self.call(party, link, &format!("{prefix}/{}", name.path()), None) {
            Ok(answer) => answer,
            Err(ExchangeError::Remote { code: "sync.not-found", .. }) => {
                return Err(refused(format!("it does not serve the tile `{}` of its signed tree", name.path())));
            }
            Err(error) => return Err(error),
        };
        let entries = tile::parse_entries(&answer.body, width)
            .ok_or_else(|| refused(format!("its tile `{}` is not readable", name.path())))?;
        let skip = usize::try_from(from % u64::from(FULL_WIDTH)).unwrap_or(0);
        Ok(entries.into_iter().skip(skip).map(<[u8]>::to_vec).collect())
    }

    /// Cosigns a head that goes on from the one cosigned last, and hands the cosignature over.
    fn cosign_head(
        &self,
        party: &KnownParty,
        link: &Link,
        held: &Held,
        (head, note): (&Checkpoint, &str),
        keys: &[VerifierKey],
    ) -> Result<()> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let seen = self.store().read(|s| s.witnessed(head.origin()))?;
        let old = seen.as_ref().map_or(0, |row| u64::try_from(row.size).unwrap_or(0));
        if seen.is_some() && old == head.size() {
            return Ok(());
        }
        let proof = self.growth(party, link, held, old, head.size())?;
        if let Some(seen) = &seen {
            self.compare_heads(party, (&seen.note, note), keys, Some(&proof))?;
        }
        let request = AddCheckpoint::new(old, proof, note.as_bytes()).map_err(|e| refused(e.to_string()))?;
        let line = self.cosign(&request)?.map_err(|e| refused(e.to_string()))?;
        let mut cosigned = Note::parse(note.as_bytes()).map_err(|e| refused(e.to_string()))?;
        cosigned.add(line).map_err(|e| refused(e.to_string()))?;
        self.hand_cosignature(party, link, held, &String::from_utf8_lossy(&cosigned.to_bytes()));
        Ok(())
    }

    /// Hands a cosigned head to the node whose log it is. That it does not take it stops nothing: it asks again, or learns nothing.
    fn hand_cosignature(&self, party: &KnownParty, link: &Link, held: &Held, note: &str) {
        let path = format!("api/v1/ledger/{}/cosignatures", held.id());
        if let Err(error) = self.call(party, link, &path, Some(note.as_bytes())) {
            tracing::debug!(party.id = %party.id, agreement.id = held.id(), "a cosignature was not taken: {error}");
        }
    }
}
