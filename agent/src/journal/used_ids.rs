//! Used ids, compactly: 16 bytes of an id's SHA-256 stand for it (decisions/0003).
//!
//! Lives here: the hash. Does not live here: those in the database (`store` writes them, `database` looks them up), those that
//! are not durable yet (`portal_delivery`).

use portal_contract::NotificationId;
use sha2::{Digest, Sha256};

/// What stands for an id. Nobody can make two ids that share one: that takes 2^64 tries.
pub(super) type IdHash = [u8; 16];

/// The id's hash.
pub(super) fn hash(id: &NotificationId) -> IdHash {
    let digest = Sha256::digest(id.as_str().as_bytes());
    let mut short = IdHash::default();
    short.copy_from_slice(&digest[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Databases hold these hashes.
    #[test]
    fn the_hash_is_what_it_always_was() {
        let expected = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23];
        assert_eq!(hash(&"abc".parse().unwrap()), expected);
    }
}
