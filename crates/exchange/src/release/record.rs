//! The decision record of a release, and the commitment that its leaf covers (`agreements.md` 11.1, `ledger.md` 3.1).

use std::fmt::Write as _;

use entente_ledger::Hash;
use entente_ledger::receipt::{commitment, decision_digest};
use entente_observable::Kind;

use super::{Ready, Record, Run, SALT_SIZE_BYTES};
use crate::ENGINE;

impl Run<'_> {
    /// Salt, decision digest and commitment of one release.
    pub(super) fn seal(&self, one: &Ready, salt: &[u8; SALT_SIZE_BYTES]) -> (Vec<u8>, Hash) {
        let output = Hash::of(&one.applied.bytes);
        let record = self.record(one, &output);
        let digest = decision_digest(&self.nonce(salt), record.as_bytes());
        let mut secret = salt.to_vec();
        secret.extend_from_slice(&digest);
        (secret, commitment(salt, &output.0, &one.applied.object_id, &digest))
    }

    /// The nonce of a decision digest. It is derived from the salt with a secret of the node, because the recipient is given the
    /// salt and must not be able to try records against the digest.
    fn nonce(&self, salt: &[u8; 16]) -> [u8; 16] {
        let hash = Hash::of_parts(&[b"entente decision nonce/1\n", &self.exchange.secrets().node, salt]);
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..] = hash.0;
        [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]
    }

    /// The decision record, JSON with keys in a fixed order.
    fn record(&self, one: &Ready, output: &Hash) -> String {
        let Record { facts, permit, input } = &one.record;
        let mut text = String::with_capacity(640);
        let clause = self.held.agreement.terms().clauses.get(permit.clause).map_or("", |clause| clause.id.as_str());
        // Writing to a String does not fail; every value below is a word, a number or a digest, so nothing needs escaping.
        let _ = write!(
            text,
            "{{\"v\":1,\"engine\":\"{ENGINE}\",\"now\":\"{}\",\"agreement\":\"{}\",\"releaser\":\"{}\",\"recipient\":\"{}\",\"stage\":\"release\",\
             \"object\":\"{}\",\"input\":\"{}\",\"attributes\":{{\"type\":\"{}\",\"kind\":\"{}\",\"tlp\":{},\"pap\":{},\"origin\":\"{}\",\
             \"subject\":\"{}\",\"confidence\":{},\"age_days\":{}}},\"decision\":\"permit\",\"clause\":\"{clause}\",\"output\":\"{}\"}}",
            self.now.to_micros_string(),
            self.held.hash().to_sha256_text(),
            self.exchange.own(),
            self.recipient,
            one.original,
            input.to_sha256_text(),
            facts.object_type.name(),
            facts.kind.map_or("none", Kind::name),
            crate::facts::tlp_level(facts.tlp),
            facts.pap.key(),
            facts.origin.name(),
            facts.subject.names().join(","),
            facts.confidence,
            facts.age_days(self.now),
            output.to_sha256_text(),
        );
        text
    }
}
