//! What of the page outlives the daemon, so that an open page comes back by itself after a restart: its host name, the port, and
//! the public keys of the pages that were let in.
//!
//! No secret is among it: a page proves that it was let in by signing a challenge, and the key that signs never leaves its tab.
//! Rejected: keeping hashes of the cookies. While the daemon is away another user's program may listen on its port, and the
//! browser would hand it the cookie, which would then be good again at the next start.
//!
//! Lives here: the form of the file, its age limit, and what a page signs. Does not live here: who is let in (`access`), the
//! disk (the daemon).

use std::fmt;

use portal_contract::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::control::token::hex;

/// How long a page that did not come back may do so.
const PAGE_LIFE_MILLIS: i64 = 7 * 24 * 3_600_000;
/// How many pages are known at most; those that came last stay.
const MOST_PAGES: usize = 64;
/// An uncompressed point of the curve P-256, in bytes.
const POINT: usize = 65;

/// Where it is kept. The daemon has a private file of its state directory.
pub trait PanelFile: fmt::Debug + Send + Sync {
    /// What was written last; none where there is none, or it cannot be read.
    fn read(&self) -> Option<Vec<u8>>;
    /// Writes it, in the place of what was there.
    fn write(&self, bytes: &[u8]);
    /// Removes it.
    fn remove(&self);
}

/// Keeps nothing: each start has a new name, and open pages need a new link.
#[derive(Debug)]
pub struct NothingKept;

impl PanelFile for NothingKept {
    fn read(&self) -> Option<Vec<u8>> {
        None
    }

    fn write(&self, _: &[u8]) {}

    fn remove(&self) {}
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::control) struct KeptPanel {
    /// `pa-RANDOM`.
    pub(super) name: String,
    pub(in crate::control) port: u16,
    pub(super) pages: Vec<KeptPage>,
}

/// A page that was let in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeptPage {
    key: PageKey,
    /// When it was let in, or came back.
    seen_at: Timestamp,
}

/// A page's public key: P-256, as 130 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct PageKey([u8; POINT]);

impl TryFrom<String> for PageKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = bytes_of_hex(&text).and_then(|bytes| <[u8; POINT]>::try_from(bytes).ok());
        // 4: an uncompressed point, the one form that browsers give out.
        let bytes = bytes.filter(|bytes| bytes[0] == 4);
        bytes.map(Self).ok_or_else(|| "a page's key has 130 hexadecimal digits, 04 first".to_owned())
    }
}

impl From<PageKey> for String {
    fn from(key: PageKey) -> Self {
        hex(&key.0)
    }
}

impl PageKey {
    /// Whether the page of this key signed a challenge for a daemon at this authority.
    ///
    /// The authority is signed too: what a page signed for another program's port is of no use here.
    pub(super) fn has_signed(&self, authority: &str, challenge: &str, signature: &str) -> bool {
        let signed = format!("portal-agent page\n{authority}\n{challenge}");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0);
        bytes_of_hex(signature).is_some_and(|signature| key.verify(signed.as_bytes(), &signature).is_ok())
    }
}

impl KeptPanel {
    /// Reads what was kept; none where it is not what a daemon writes, or nobody is left who could come back.
    pub(in crate::control) fn read(file: &dyn PanelFile, now: Timestamp) -> Option<Self> {
        let mut kept: Self = serde_json::from_slice(&file.read()?).ok()?;
        kept.pages.retain(|page| page.is_welcome(now));
        let is_name = kept
            .name
            .strip_prefix("pa-")
            .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|letter| letter.is_ascii_hexdigit()));
        (is_name && !kept.pages.is_empty()).then_some(kept)
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // Plain text and numbers: there is nothing in it that JSON cannot say.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Knows a page from now on.
    pub(super) fn add(&mut self, key: PageKey, now: Timestamp) {
        self.pages.retain(|page| page.key != key && page.is_welcome(now));
        if self.pages.len() >= MOST_PAGES {
            self.pages.remove(0);
        }
        self.pages.push(KeptPage { key, seen_at: now });
    }

    pub(super) fn knows(&self, key: &PageKey, now: Timestamp) -> bool {
        self.pages.iter().any(|page| page.key == *key && page.is_welcome(now))
    }
}

impl KeptPage {
    fn is_welcome(&self, now: Timestamp) -> bool {
        // A clock that was set back makes none older.
        now.millis_since(self.seen_at) <= PAGE_LIFE_MILLIS
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    // A key or a signature has some hundred digits; nothing longer is looked at.
    if text.len() > 512 { None } else { text.as_bytes().chunks(2).map(pair).collect() }
}

#[cfg(test)]
pub(super) mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    /// A page's key pair, as a browser makes one.
    pub(in crate::control::panel) struct TestPage(EcdsaKeyPair);

    impl TestPage {
        pub(in crate::control::panel) fn new() -> Self {
            let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
            let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap())
        }

        pub(in crate::control::panel) fn key(&self) -> PageKey {
            PageKey(self.0.public_key().as_ref().try_into().unwrap())
        }

        pub(in crate::control::panel) fn sign(&self, authority: &str, challenge: &str) -> String {
            let text = format!("portal-agent page\n{authority}\n{challenge}");
            let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
            hex(signature.as_ref())
        }
    }

    #[test]
    fn a_signature_is_for_one_challenge_one_authority_and_one_key() {
        let (page, other) = (TestPage::new(), TestPage::new());
        let signature = page.sign("pa-1.localhost:7", "00ff");
        assert!(page.key().has_signed("pa-1.localhost:7", "00ff", &signature));
        assert!(!page.key().has_signed("pa-1.localhost:8", "00ff", &signature));
        assert!(!page.key().has_signed("pa-1.localhost:7", "00fe", &signature));
        assert!(!other.key().has_signed("pa-1.localhost:7", "00ff", &signature));
        for wrong in ["", "0", "zz", &signature[2..], &"0".repeat(128), &"0".repeat(1000)] {
            assert!(!page.key().has_signed("pa-1.localhost:7", "00ff", wrong), "{wrong}");
        }
        for wrong in ["", "04", &"02".repeat(65), &"0".repeat(1000)] {
            assert!(PageKey::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[derive(Debug)]
    struct Bytes(Vec<u8>);

    impl PanelFile for Bytes {
        fn read(&self) -> Option<Vec<u8>> {
            Some(self.0.clone())
        }
        fn write(&self, _: &[u8]) {}
        fn remove(&self) {}
    }

    #[test]
    fn pages_are_known_for_a_week_and_what_is_damaged_is_as_none() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let mut kept = KeptPanel { name: "pa-0123456789abcdef".to_owned(), port: 7, pages: Vec::new() };
        let pages: Vec<TestPage> = (0..MOST_PAGES + 2).map(|_| TestPage::new()).collect();
        for page in &pages {
            kept.add(page.key(), now);
        }
        assert!(kept.pages.len() == MOST_PAGES && !kept.knows(&pages[1].key(), now), "the oldest make room");
        assert_eq!(KeptPanel::read(&Bytes(kept.to_json()), now).as_ref(), Some(&kept));
        let later = now.plus_millis(PAGE_LIFE_MILLIS + 1);
        assert!(!kept.knows(&pages[2].key(), later) && KeptPanel::read(&Bytes(kept.to_json()), later).is_none());
        let text = String::from_utf8(kept.to_json()).unwrap();
        for wrong in ["", "{}", &text[1..], &text.replace("pa-0123456789abcdef", "evil.example/#")] {
            assert!(KeptPanel::read(&Bytes(wrong.as_bytes().to_vec()), now).is_none(), "{wrong}");
        }
    }
}
