//! Keyed names: derived ids and pseudonyms (sections 8.1 and 9.1 of the format).

use std::fmt;

use entente_observable::Kind;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex;
use crate::ids::PartyId;

/// Holds the two secret keys of one agreement at the releasing node. They never leave it.
///
/// `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Keys {
    id: Hmac<Sha256>,
    victim: Hmac<Sha256>,
    namespace: [u8; 16],
}

impl Keys {
    /// Takes K_id, from which derived ids are made, and K_v, from which pseudonyms of victims are made: 32 random bytes each.
    pub fn new(id: &[u8; 32], victim: &[u8; 32]) -> Keys {
        let (id, victim) = (keyed(id), keyed(victim));
        let full = tag(&id, &[b"entente derived id namespace/1"]);
        let mut namespace = [0_u8; 16];
        for (slot, byte) in namespace.iter_mut().zip(full) {
            *slot = byte;
        }
        Keys { id, victim, namespace }
    }

    /// Returns the derived id of an object for a recipient; `None` stands for every recipient alike.
    ///
    /// The same original gives the same id for the life of the agreement.
    pub fn derived_id(&self, object_type: &str, original_id: &str, recipient: Option<&PartyId>) -> String {
        let recipient = recipient.map_or("*", PartyId::as_str);
        let name = hex::encode(&tag(&self.id, &[recipient.as_bytes(), b"\n", original_id.as_bytes()]));
        entente_stix::id::derived(&self.namespace, object_type, &name)
    }

    /// Returns the pseudonym of a victim: `victim-` and 26 characters.
    ///
    /// `value` is canonical. The same value has the same pseudonym in one agreement and unlinkable ones across agreements.
    pub fn victim_pseudonym(&self, kind: Kind, value: &str) -> String {
        let full = tag(&self.victim, &[kind.name().as_bytes(), &[0], value.as_bytes()]);
        format!("victim-{}", base32(&full).chars().take(26).collect::<String>())
    }

    /// Returns the pseudonym of a party: `party-` and 26 characters.
    pub fn party_pseudonym(&self, party: &PartyId) -> String {
        let full = tag(&self.id, &[b"entente party pseudonym/1\n", party.as_str().as_bytes()]);
        format!("party-{}", base32(&full).chars().take(26).collect::<String>())
    }

    /// Returns the id of the identity object that stands for a party under its pseudonym.
    pub fn party_identity_id(&self, party: &PartyId) -> String {
        entente_stix::id::derived(&self.namespace, "identity", &self.party_pseudonym(party))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // INVARIANT: HMAC takes keys of any length; `new` pads a key of up to 64 bytes.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    Hmac::new(&block)
}

fn tag(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Writes lower-case base32 (RFC 4648 §6) without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut out = String::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            let index = usize::try_from((bits >> count) & 31).unwrap_or(0);
            out.push(ALPHABET.get(index).map_or('a', |letter| char::from(*letter)));
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        let index = usize::try_from((bits << (5 - count)) & 31).unwrap_or(0);
        out.push(ALPHABET.get(index).map_or('a', |letter| char::from(*letter)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231_for_a_padded_key() {
        let mut key = [0_u8; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex::encode(&tag(&keyed(&key), &[b"Hi ", b"There"])), expected);
    }

    #[test]
    fn base32_agrees_with_rfc_4648() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"foob"), "mzxw6yq");
    }

    #[test]
    fn pseudonyms_are_stable_within_and_unlinkable_across_agreements() {
        let (one, other) = (Keys::new(&[1; 32], &[2; 32]), Keys::new(&[1; 32], &[3; 32]));
        let name = one.victim_pseudonym(Kind::Ipv4Addr, "198.51.100.7");
        assert_eq!(name, one.victim_pseudonym(Kind::Ipv4Addr, "198.51.100.7"));
        assert_ne!(name, other.victim_pseudonym(Kind::Ipv4Addr, "198.51.100.7"));
        assert_ne!(name, one.victim_pseudonym(Kind::DomainName, "198.51.100.7"));
        assert_eq!(name.len(), "victim-".len() + 26);
    }

    #[test]
    fn derived_ids_differ_per_watermarked_recipient() {
        let keys = Keys::new(&[1; 32], &[2; 32]);
        let id = "indicator--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11";
        let party = PartyId::parse("fusion").unwrap();
        assert_ne!(keys.derived_id("indicator", id, None), keys.derived_id("indicator", id, Some(&party)));
        assert!(entente_stix::id::is_identifier(&keys.derived_id("indicator", id, None)));
    }
}
