//! Signed notes: a text, a blank line, and signature lines (c2sp.org/signed-note).
//!
//! A text says nothing until [`Note::verify`] has found a signature by a key the reader already knew.

use std::fmt;

use ed25519_dalek::{Signer as _, VerifyingKey};
use thiserror::Error;

use crate::hash::{UnixSeconds, from_base64, from_hex, to_base64, to_hex};
use crate::{Hash, cosignature};

// LIMIT: the text of an agreement is at most 64 KiB, the largest text that is signed here.
/// The largest text of a note, in bytes.
pub const TEXT_SIZE_BYTES_MAX: usize = 65_536;

// LIMIT: the specification asks for 16; an operation can have 64 parties.
/// The largest number of signature lines.
pub const SIGNATURES_MAX: usize = 64;

// LIMIT: post-quantum signatures take up to nearly 5 kB; 64 lines of 7 KiB and the text.
/// The largest note, in bytes.
pub const NOTE_SIZE_BYTES_MAX: usize = TEXT_SIZE_BYTES_MAX + SIGNATURES_MAX * 7_168;

// LIMIT: a name is an address without scheme, not a document.
const NAME_SIZE_BYTES_MAX: usize = 256;

const LINE_START: &str = "\u{2014} ";

/// What a key's signatures mean: the type byte of c2sp.org/signed-note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 over a time and the text, made by a witness.
    CosignatureEd25519,
    /// 0x06: ML-DSA-44 over a time and the text. Read, and never verified: its signatures count as unknown.
    CosignatureMlDsa44,
}

impl Algorithm {
    const fn type_byte(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 0x01,
            Algorithm::CosignatureEd25519 => 0x04,
            Algorithm::CosignatureMlDsa44 => 0x06,
        }
    }

    const fn public_key_size_bytes(self) -> usize {
        match self {
            Algorithm::Ed25519 | Algorithm::CosignatureEd25519 => 32,
            Algorithm::CosignatureMlDsa44 => 1_312,
        }
    }

    const fn of_type_byte(byte: u8) -> Option<Algorithm> {
        match byte {
            0x01 => Some(Algorithm::Ed25519),
            0x04 => Some(Algorithm::CosignatureEd25519),
            0x06 => Some(Algorithm::CosignatureMlDsa44),
            _ => None,
        }
    }
}

/// A named Ed25519 key that signs notes (type 0x01). Its `Debug` output hides the secret.
#[derive(Clone)]
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

impl SigningKey {
    /// Creates the key of this name from its 32-byte seed.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`] if the name is empty, too long, or holds a space, a control character, or `+`.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey, NoteError> {
        SigningKey::of_algorithm(name, seed, Algorithm::Ed25519)
    }

    pub(crate) fn of_algorithm(name: &str, seed: &[u8; 32], algorithm: Algorithm) -> Result<SigningKey, NoteError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, algorithm, secret.verifying_key().as_bytes())?;
        Ok(SigningKey { secret, verifier })
    }

    /// Returns the public half.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Returns the name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// Signs the text of a note. Ed25519 is deterministic: the same text gives the same line.
    #[must_use]
    pub fn sign(&self, text: &str) -> SignatureLine {
        self.line(self.sign_bytes(text.as_bytes()).to_vec())
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    pub(crate) fn line(&self, signature: Vec<u8>) -> SignatureLine {
        SignatureLine { name: self.verifier.name.clone(), key_id: self.verifier.key_id, signature }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// A public key with its name: `name+hex(key id)+base64(type || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: [u8; 4],
    algorithm: Algorithm,
    public_key: Vec<u8>,
    ed25519: Option<VerifyingKey>,
}

impl VerifierKey {
    /// Creates a key from its raw public bytes.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`], or [`NoteError::Key`] if the length is wrong or an Ed25519 key is not canonical or of
    /// small order.
    pub fn new(name: &str, algorithm: Algorithm, public_key: &[u8]) -> Result<VerifierKey, NoteError> {
        check_name(name)?;
        if public_key.len() != algorithm.public_key_size_bytes() {
            return Err(NoteError::Key { reason: "the public key has the wrong length" });
        }
        let ed25519 = match <&[u8; 32]>::try_from(public_key) {
            Ok(bytes) => Some(strict_key(bytes)?),
            Err(_) => None,
        };
        let Hash([a, b, c, d, ..]) = Hash::of_parts(&[name.as_bytes(), b"\n", &[algorithm.type_byte()], public_key]);
        Ok(VerifierKey {
            name: name.to_owned(),
            key_id: [a, b, c, d],
            algorithm,
            public_key: public_key.to_vec(),
            ed25519,
        })
    }

    /// Reads the one-line spelling of a key.
    ///
    /// # Errors
    ///
    /// [`NoteError::Key`] or [`NoteError::KeyName`]; a key id that is not the recomputed one is refused.
    pub fn parse(text: &str) -> Result<VerifierKey, NoteError> {
        let malformed = NoteError::Key { reason: "it must read `name+key id+base64`" };
        let Some((name, (id, encoded))) =
            text.split_once('+').and_then(|(name, rest)| Some((name, rest.split_once('+')?)))
        else {
            return Err(malformed);
        };
        let Some(decoded) = from_base64(encoded) else {
            return Err(NoteError::Key { reason: "the key is not canonical base64" });
        };
        let Some((type_byte, public_key)) = decoded.split_first() else {
            return Err(malformed);
        };
        let Some(algorithm) = Algorithm::of_type_byte(*type_byte) else {
            return Err(NoteError::Key { reason: "the signature type is not known" });
        };
        let key = VerifierKey::new(name, algorithm, public_key)?;
        if from_hex(id).as_deref() != Some(&key.key_id[..]) {
            return Err(NoteError::Key { reason: "the key id is not that of the key" });
        }
        Ok(key)
    }

    /// Returns the name, for a log equal to its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the four bytes that name the key on a signature line.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Writes the key id as eight lower-case hexadecimal digits, the `actor` of a leaf.
    #[must_use]
    pub fn key_id_hex(&self) -> String {
        to_hex(&self.key_id)
    }

    /// Returns what signatures of this key mean.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the raw public key; two keys with equal bytes are the same key under two names.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Says whether a signature line names this key.
    #[must_use]
    pub fn matches(&self, line: &SignatureLine) -> bool {
        self.name == line.name && self.key_id == line.key_id
    }

    /// Checks one signature line over a text, and returns the time if it is a cosignature.
    ///
    /// `None` if the line is not of this key or the algorithm cannot be verified here.
    pub(crate) fn check(&self, text: &str, line: &SignatureLine) -> Option<Result<Option<UnixSeconds>, NoteError>> {
        let key = self.ed25519.as_ref().filter(|_| self.matches(line))?;
        let verified = match self.algorithm {
            Algorithm::Ed25519 => verify_strict(key, text.as_bytes(), &line.signature).map(|()| None),
            Algorithm::CosignatureEd25519 => cosignature::split(&line.signature).and_then(|(time, signature)| {
                verify_strict(key, cosignature::message(time, text).as_bytes(), signature).map(|()| Some(time))
            }),
            Algorithm::CosignatureMlDsa44 => return None,
        };
        Some(verified.ok_or_else(|| NoteError::BadSignature { name: line.name.clone() }))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoded = vec![self.algorithm.type_byte()];
        encoded.extend_from_slice(&self.public_key);
        write!(f, "{}+{}+{}", self.name, self.key_id_hex(), to_base64(&encoded))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One signature of a note: `— name base64(key id || signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Reads one line, without its line end.
    ///
    /// # Errors
    ///
    /// [`NoteError::MalformedSignature`].
    pub fn parse(line: &str) -> Result<SignatureLine, NoteError> {
        let parsed = || {
            let (name, encoded) = line.strip_prefix(LINE_START)?.split_once(' ')?;
            check_name(name).ok()?;
            let blob = from_base64(encoded)?;
            let (key_id, signature) = blob.split_first_chunk::<4>()?;
            let signature = Some(signature).filter(|signature| !signature.is_empty())?;
            Some(SignatureLine { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
        };
        parsed().ok_or(NoteError::MalformedSignature)
    }

    /// Returns the name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Returns the signature without the key id.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.key_id[..], &self.signature].concat();
        write!(f, "{LINE_START}{} {}", self.name, to_base64(&blob))
    }
}

/// A text and its signatures.
///
/// # Invariants
///
/// The text ends in a line feed, holds no other control character, and is at most [`TEXT_SIZE_BYTES_MAX`] long
/// unless its kind says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Creates a note nobody has signed yet.
    ///
    /// # Errors
    ///
    /// [`NoteError::Size`], [`NoteError::ControlCharacter`], or [`NoteError::NoFinalNewline`].
    pub fn new(text: impl Into<String>) -> Result<Note, NoteError> {
        Note::new_within(text, TEXT_SIZE_BYTES_MAX)
    }

    /// Creates a note nobody has signed yet, of a kind whose text may be longer or must be shorter.
    ///
    /// # Errors
    ///
    /// As [`Note::new`].
    pub fn new_within(text: impl Into<String>, text_size_bytes_max: usize) -> Result<Note, NoteError> {
        let text = text.into();
        check_text(&text, text_size_bytes_max)?;
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a note with at least one signature line. Nothing is verified.
    ///
    /// # Errors
    ///
    /// [`NoteError`] with a `note.…` code.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        Note::parse_within(bytes, TEXT_SIZE_BYTES_MAX)
    }

    /// Reads a note of a kind whose text may be longer or must be shorter. Nothing is verified.
    ///
    /// # Errors
    ///
    /// As [`Note::parse`].
    pub fn parse_within(bytes: &[u8], text_size_bytes_max: usize) -> Result<Note, NoteError> {
        let size_bytes_max = text_size_bytes_max.saturating_add(NOTE_SIZE_BYTES_MAX - TEXT_SIZE_BYTES_MAX);
        if bytes.len() > size_bytes_max {
            return Err(NoteError::Size { size_bytes_max });
        }
        let whole = std::str::from_utf8(bytes).map_err(|error| NoteError::Utf8 { offset: error.valid_up_to() })?;
        check_control_characters(whole)?;
        // The text may hold empty lines; the last one ends it.
        let Some((before, lines)) = whole.rsplit_once("\n\n") else {
            return Err(NoteError::NoSignature);
        };
        if !lines.starts_with(LINE_START) {
            let signed_before = before.rsplit('\n').next().is_some_and(|line| line.starts_with(LINE_START));
            return Err(if signed_before { NoteError::Trailing } else { NoteError::NoSignature });
        }
        let Some(lines) = lines.strip_suffix('\n') else {
            return Err(NoteError::MalformedSignature);
        };
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if !line.starts_with(LINE_START) {
                return Err(NoteError::Trailing);
            }
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(SignatureLine::parse(line)?);
        }
        let text = format!("{before}\n");
        check_text(&text, text_size_bytes_max)?;
        Ok(Note { text, signatures })
    }

    /// Returns the signed text, final line feed included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Computes the SHA-256 of the text: of an agreement, its hash. Signatures are not part of it.
    #[must_use]
    pub fn text_hash(&self) -> Hash {
        Hash::of(self.text.as_bytes())
    }

    /// Adds a signature line at the end; one by the same key that is already there is replaced.
    ///
    /// # Errors
    ///
    /// [`NoteError::TooManySignatures`].
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        self.signatures.retain(|known| (known.key_id, &known.name) != (line.key_id, &line.name));
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(line);
        Ok(())
    }

    /// Writes the note.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\n", self.text);
        for line in &self.signatures {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Verifies the signatures of the given keys and returns the indexes of those that have signed, ascending.
    ///
    /// Signatures of other keys are ignored.
    ///
    /// # Errors
    ///
    /// [`NoteError::BadSignature`] if a line names one of the keys and does not verify, which makes the whole note
    /// invalid; [`NoteError::UnknownSignerOnly`] if none of the keys has signed.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<usize>, NoteError> {
        let mut signed = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let mut found = false;
            for line in &self.signatures {
                if let Some(checked) = key.check(&self.text, line) {
                    checked?;
                    found = true;
                }
            }
            if found {
                signed.push(index);
            }
        }
        if signed.is_empty() { Err(NoteError::UnknownSignerOnly) } else { Ok(signed) }
    }
}

/// Why a note or key was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// A signature by a known key does not verify: the text, its order, or the signature was changed.
    #[error("the signature of `{name}` does not verify")]
    BadSignature {
        /// The name on the signature line.
        name: String,
    },
    /// A control character other than line feed.
    #[error("control character U+{character:04X} at byte {offset}")]
    ControlCharacter {
        /// Position of the character.
        offset: usize,
        /// The character.
        character: u32,
    },
    /// A verifier key is not well formed.
    #[error("malformed key: {reason}")]
    Key {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key name is empty, too long, or holds a space, a control character, or `+`.
    #[error("malformed key name")]
    KeyName,
    /// A signature line is not well formed.
    #[error("malformed signature line")]
    MalformedSignature,
    /// The text does not end in a line feed.
    #[error("the text does not end in a line feed")]
    NoFinalNewline,
    /// There is no signature line.
    #[error("the note has no signature line")]
    NoSignature,
    /// The note or its text is too large.
    #[error("larger than {size_bytes_max} bytes")]
    Size {
        /// The limit that was passed.
        size_bytes_max: usize,
    },
    /// More than [`SIGNATURES_MAX`] signature lines.
    #[error("more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// Bytes after the last signature line, or between signature lines.
    #[error("bytes after the last signature line")]
    Trailing,
    /// None of the known keys has signed.
    #[error("no signature by a known key")]
    UnknownSignerOnly,
    /// The note is not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    Utf8 {
        /// Position of the first bad byte.
        offset: usize,
    },
}

impl NoteError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            NoteError::BadSignature { .. } | NoteError::MalformedSignature => "note.bad-signature",
            NoteError::ControlCharacter { .. } => "note.control-char",
            NoteError::Key { .. } | NoteError::KeyName => "note.key",
            NoteError::NoFinalNewline => "note.no-newline",
            NoteError::NoSignature => "note.no-signature",
            NoteError::Size { .. } => "note.size",
            NoteError::TooManySignatures => "note.too-many-signatures",
            NoteError::Trailing => "note.trailing",
            NoteError::UnknownSignerOnly => "note.unknown-signer-only",
            NoteError::Utf8 { .. } => "note.utf8",
        }
    }
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |character: char| character.is_whitespace() || character.is_control() || character == '+';
    if name.is_empty() || name.len() > NAME_SIZE_BYTES_MAX || name.contains(bad) {
        return Err(NoteError::KeyName);
    }
    Ok(())
}

fn check_control_characters(text: &str) -> Result<(), NoteError> {
    match text.char_indices().find(|(_, character)| *character < ' ' && *character != '\n') {
        Some((offset, character)) => Err(NoteError::ControlCharacter { offset, character: u32::from(character) }),
        None => Ok(()),
    }
}

fn check_text(text: &str, size_bytes_max: usize) -> Result<(), NoteError> {
    if text.len() > size_bytes_max {
        return Err(NoteError::Size { size_bytes_max });
    }
    check_control_characters(text)?;
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::NoFinalNewline) }
}

/// Decodes a public key and refuses spellings that are not canonical and points of small order.
fn strict_key(bytes: &[u8; 32]) -> Result<VerifyingKey, NoteError> {
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| NoteError::Key { reason: "the public key is no point" })?;
    // y is little-endian in 255 bits; only 2^255 - 19 and above are not reduced.
    let [first, middle @ .., last] = bytes;
    let unreduced = *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last & 0x7f == 0x7f;
    if unreduced {
        return Err(NoteError::Key { reason: "the public key is not canonical" });
    }
    if key.is_weak() {
        return Err(NoteError::Key { reason: "the public key is of small order" });
    }
    Ok(key)
}

fn verify_strict(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Option<()> {
    let signature = ed25519_dalek::Signature::from_bytes(signature.try_into().ok()?);
    key.verify_strict(message, &signature).ok()
}

#[cfg(test)]
mod tests;
