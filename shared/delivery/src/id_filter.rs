//! The ids of pushes that are certainly new on a device, known without asking the journal.
//!
//! Lives here: an id's hash, and a filter over the hashes of all ids that were used. Does not live here: what is used for
//! certain (`used_ids`, and the journal behind it), where the hashes are kept (the journal).

use fastbloom::BloomFilter;
use portal_contract::NotificationId;
use sha2::{Digest, Sha256};

/// What stands for an id, in the journal too. Nobody can make two ids that share one: that takes 2^64 tries.
pub type IdHash = [u8; 16];

/// The id's hash.
pub fn id_hash(id: &NotificationId) -> IdHash {
    let digest = Sha256::digest(id.as_str().as_bytes());
    let mut short = IdHash::default();
    short.copy_from_slice(&digest[..16]);
    short
}

/// How many ids the first part holds: with a thousand devices in one process, each byte counts a thousand times.
const FIRST_IDS: usize = 512;
/// The most that a part holds which is added later: room is taken before it is needed.
const MOST_ADDED: usize = 131_072;
/// How many new ids a part takes for used ones, for which the journal is asked. There may be fifteen parts, at 13 bits an id.
const FALSE_POSITIVES: f64 = 0.002;
/// Fixed, so that the same device does the same twice. Whoever makes ids that meet each other in the filter gains a
/// question to the journal for each.
const SEED: u128 = 0;

/// Which ids may be used. One that is not among them is new for certain. The default knows nothing: any id may be used.
#[derive(Debug, Clone, Default)]
pub struct UsedIdFilter {
    /// A filter cannot grow, since it does not keep what it was given: each part is behind one that is full.
    parts: Vec<FilterPart>,
}

#[derive(Debug, Clone)]
struct FilterPart {
    filter: BloomFilter,
    /// How many it holds in all, and how many of them it has taken.
    room: usize,
    taken: usize,
}

impl FilterPart {
    fn new(room: usize) -> Self {
        let filter = BloomFilter::with_false_pos(FALSE_POSITIVES).seed(&SEED).expected_items(room);
        Self { filter, room, taken: 0 }
    }

    fn note(&mut self, hash: &IdHash) {
        self.taken += 1;
        self.filter.insert(hash);
    }
}

impl UsedIdFilter {
    /// Every id that was ever used is among `hashes`; `count` says about how many there are.
    pub fn of(count: usize, hashes: impl IntoIterator<Item = IdHash>) -> Self {
        let mut filter = Self { parts: vec![FilterPart::new(count.max(FIRST_IDS))] };
        hashes.into_iter().for_each(|hash| filter.note(&hash));
        filter
    }

    /// No id is used any more. One that knows nothing goes on so.
    pub fn forget(&mut self) {
        if !self.parts.is_empty() {
            *self = Self::of(0, []);
        }
    }

    /// Whether the id may be used; false: it is new for certain.
    pub fn may_be_used(&self, hash: &IdHash) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| part.filter.contains(hash))
    }

    /// The id is used from now on.
    pub fn note(&mut self, hash: &IdHash) {
        let Some(last) = self.parts.last_mut() else { return };
        if last.taken < last.room {
            return last.note(hash);
        }
        let mut next = FilterPart::new(last.room.saturating_mul(2).min(MOST_ADDED));
        next.note(hash);
        self.parts.push(next);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(number: u32) -> IdHash {
        id_hash(&format!("id-{number}").parse().unwrap())
    }

    /// Databases hold these hashes.
    #[test]
    fn the_hash_is_what_it_always_was() {
        let expected = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23];
        assert_eq!(id_hash(&"abc".parse().unwrap()), expected);
    }

    #[test]
    fn a_filter_that_knows_nothing_calls_nothing_new() {
        let mut filter = UsedIdFilter::default();
        assert!(filter.may_be_used(&hash(1)));
        filter.note(&hash(1));
        assert!(filter.may_be_used(&hash(2)));
    }

    #[test]
    fn few_new_ids_are_taken_for_used_ones_however_many_were_used() {
        for known in [0, 100, 20_000] {
            let mut filter = UsedIdFilter::of(known as usize, (0..known).map(hash));
            (known..known + 20_000).for_each(|number| filter.note(&hash(number)));
            let tried = 1_000_000..1_010_000;
            let taken = tried.clone().filter(|number| filter.may_be_used(&hash(*number))).count();
            assert!(taken < tried.len() / 20, "{taken} of {} after {known}", tried.len());
        }
    }

    proptest! {
        #[test]
        fn no_used_id_is_called_new(known in proptest::collection::vec(0..5000_u32, 0..600), noted in proptest::collection::vec(any::<u32>(), 0..3000)) {
            let mut filter = UsedIdFilter::of(known.len() / 2, known.iter().map(|number| hash(*number)));
            noted.iter().for_each(|number| filter.note(&hash(*number)));
            prop_assert!(known.iter().chain(&noted).all(|number| filter.may_be_used(&hash(*number))));
        }
    }
}
