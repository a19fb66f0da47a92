//! Used ids, compactly: 16 bytes of an id's SHA-256 stand for it (decisions/0003).
//!
//! Lives here: the hash, and the ids that are appended and not committed yet. Does not live here: those in the
//! database (`store` writes them, `database` looks them up).

use std::collections::HashMap;

use portal_contract::NotificationId;
use sha2::{Digest, Sha256};

use super::entry::{CommitTicket, JournalEntry};

/// What stands for an id. Nobody can make two ids that share one: that takes 2^64 tries.
pub(super) type IdHash = [u8; 16];

/// The id's hash.
pub(super) fn hash(id: &NotificationId) -> IdHash {
    let digest = Sha256::digest(id.as_str().as_bytes());
    let mut short = IdHash::default();
    short.copy_from_slice(&digest[..16]);
    short
}

/// The hash of the id that an entry uses up, if it uses one.
pub(super) fn used_by(entry: &JournalEntry) -> Option<IdHash> {
    entry.used_id().map(hash)
}

/// Whether an id is used, as far as what is not committed yet can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingState {
    /// Used.
    Used,
    /// Not used: everything in the database is about to be forgotten.
    Forgotten,
    /// The database knows.
    Unknown,
}

/// The ids of entries that are not committed yet, each with the ticket that it waits for.
#[derive(Debug, Default)]
pub(super) struct PendingIds {
    used: HashMap<(i64, IdHash), CommitTicket>,
    forgotten: HashMap<i64, CommitTicket>,
}

impl PendingIds {
    /// Takes note of an id that is used with this ticket.
    pub(super) fn use_id(&mut self, device: i64, hash: IdHash, ticket: CommitTicket) {
        self.used.insert((device, hash), ticket);
    }

    /// Takes note that all ids of the device are forgotten with this ticket.
    pub(super) fn forget(&mut self, device: i64, ticket: CommitTicket) {
        self.used.retain(|(owner, _), _| *owner != device);
        self.forgotten.insert(device, ticket);
    }

    /// What is known of the id.
    pub(super) fn look_up(&self, device: i64, hash: IdHash) -> PendingState {
        if self.used.contains_key(&(device, hash)) {
            PendingState::Used
        } else if self.forgotten.contains_key(&device) {
            PendingState::Forgotten
        } else {
            PendingState::Unknown
        }
    }

    /// Lets go of an id, unless it was used anew after this ticket.
    pub(super) fn committed(&mut self, device: i64, hash: IdHash, through: CommitTicket) {
        if self.used.get(&(device, hash)).is_some_and(|ticket| *ticket <= through) {
            self.used.remove(&(device, hash));
        }
    }

    /// Lets go of what was forgotten up to this ticket.
    pub(super) fn forgetting_committed(&mut self, through: CommitTicket) {
        self.forgotten.retain(|_, ticket| *ticket > through);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_used_again_after_forgetting_stays_used_until_its_own_commit() {
        let id = hash(&"a".parse().unwrap());
        let mut pending = PendingIds::default();
        pending.use_id(1, id, CommitTicket(1));
        pending.forget(1, CommitTicket(2));
        assert_eq!(pending.look_up(1, id), PendingState::Forgotten);
        assert_eq!(pending.look_up(2, id), PendingState::Unknown);
        pending.use_id(1, id, CommitTicket(3));
        pending.committed(1, id, CommitTicket(2));
        pending.forgetting_committed(CommitTicket(2));
        assert_eq!(pending.look_up(1, id), PendingState::Used);
        pending.committed(1, id, CommitTicket(3));
        assert_eq!(pending.look_up(1, id), PendingState::Unknown);
    }

    /// Databases hold these hashes.
    #[test]
    fn the_hash_is_what_it_always_was() {
        let expected = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23];
        assert_eq!(hash(&"abc".parse().unwrap()), expected);
    }
}
