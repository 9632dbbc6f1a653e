//! What released objects refer to and their recipient lacks: the releasing party and marking definitions.

use std::collections::BTreeMap;

use entente_agreement::Context;
use entente_ledger::Hash;
use entente_stix::marking::Tlp;
use entente_stix::{Limits, Object, Timestamp};
use entente_store::manifest::Head;

use super::{Ready, Record, Run};
use crate::admit::object_key;
use crate::error::Result;

impl Run<'_> {
    /// Adds what the batch refers to and the recipient lacks: the releasing party's identity (or pseudonym) and marking
    /// definitions. They are the only objects that no decision of their own releases (`agreements.md` 9.3).
    pub(super) fn add_companions(&self, head: &Head, ready: &mut Vec<Ready>) -> Result<()> {
        let mut causes: BTreeMap<&str, &Ready> = BTreeMap::new();
        for one in ready.iter() {
            for id in &one.companions {
                causes.entry(id).or_insert(one);
            }
        }
        let mut companions: Vec<Ready> = Vec::new();
        for (id, cause) in causes {
            let rows = self.exchange.store().read(|s| s.manifest_of(head.no, object_key(id)))?;
            if rows.iter().any(|row| row.id == id) || ready.iter().any(|other| other.applied.object_id == id) {
                continue;
            }
            let Some(bytes) = self.companion(id, cause) else { continue };
            let version = Object::parse(&bytes, &Limits::offline()).ok().and_then(|object| object.version());
            let record = Record { facts: cause.record.facts, permit: cause.record.permit, input: Hash::of(&bytes) };
            let mut applied = cause.applied.clone();
            applied.bytes = bytes;
            id.clone_into(&mut applied.object_id);
            applied.id_if_changed = None;
            applied.effects.clear();
            companions.push(Ready {
                revision: cause.revision,
                clause: cause.clause,
                original: id.to_owned(),
                applied,
                has_references: false,
                companions: Vec::new(),
                changed: true,
                version_us: version.map_or(0, Timestamp::as_micros),
                record,
            });
        }
        if !companions.is_empty() {
            companions.append(ready);
            *ready = companions;
        }
        Ok(())
    }

    /// The bytes of a companion object, if the id names one.
    fn companion(&self, id: &str, cause: &Ready) -> Option<Vec<u8>> {
        if id.starts_with("marking-definition--") {
            let tlp = Tlp::from_marking_id(id).filter(|tlp| tlp.marking_id() == id);
            return tlp.map(|tlp| tlp.definition().to_vec());
        }
        let context = self.context(cause)?;
        let identity = entente_agreement::pseudonym_identity(&context);
        Object::parse(&identity, &Limits::offline()).is_ok_and(|object| object.id() == id).then_some(identity)
    }

    fn context(&self, cause: &Ready) -> Option<Context<'_>> {
        Some(Context {
            terms: self.held.agreement.terms(),
            clause: self.held.agreement.terms().clauses.get(cause.clause)?,
            releaser: self.exchange.own(),
            recipient: self.recipient,
            keys: &self.keys,
            releaser_identity: &self.identity,
            victim_values: &[],
            withheld_values: &[],
            ordinal: 0,
            now: self.now,
        })
    }
}
