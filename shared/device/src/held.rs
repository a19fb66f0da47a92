//! The pushes that wait on the device, found by what they wait for and by when they are due.
//!
//! Lives here: the collection and its order, the order of arrival. Does not live here: what lets a push go (`evaluation`).

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{HoldReason, Timestamp};

use super::numbers::HeldKey;
use super::push::HeldPush;

/// Held pushes. Every question is answered without looking at each of them: a kept session may bring thousands.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldPushes {
    by_key: BTreeMap<HeldKey, HeldEntry>,
    by_reason: BTreeMap<HoldReason, BTreeSet<HeldKey>>,
    by_due: BTreeSet<(Timestamp, HeldKey)>,
}

#[derive(Debug, Clone)]
struct HeldEntry {
    held: HeldPush,
    due: Option<Timestamp>,
}

impl HeldPushes {
    /// Takes a push in; `expires_at` is when it ends by itself, and it is due then or when the timeout ends.
    pub(super) fn insert(&mut self, held: HeldPush, expires_at: Option<Timestamp>) {
        let key = held.key;
        let due = [held.until, expires_at].into_iter().flatten().min();
        self.by_reason.entry(held.reason).or_default().insert(key);
        self.by_due.extend(due.map(|due| (due, key)));
        self.by_key.insert(key, HeldEntry { held, due });
    }

    /// All of them, in the order of arrival.
    pub(super) fn iter(&self) -> impl Iterator<Item = &HeldPush> {
        self.by_key.values().map(|entry| &entry.held)
    }

    pub(super) fn remove(&mut self, key: HeldKey) -> Option<HeldPush> {
        let HeldEntry { held, due } = self.by_key.remove(&key)?;
        if let Some(keys) = self.by_reason.get_mut(&held.reason) {
            keys.remove(&key);
        }
        if let Some(due) = due {
            self.by_due.remove(&(due, key));
        }
        Some(held)
    }

    /// The first to arrive of those that wait for `reason`.
    pub(super) fn first(&self, reason: HoldReason) -> Option<HeldKey> {
        self.by_reason.get(&reason)?.first().copied()
    }

    /// All that wait for `reason`, in the order of arrival.
    pub(super) fn all(&self, reason: HoldReason) -> Vec<HeldKey> {
        self.by_reason.get(&reason).into_iter().flatten().copied().collect()
    }

    /// One that is due: it has expired, or the timeout for its notification server has ended.
    pub(super) fn due(&self, now: Timestamp) -> Option<HeldKey> {
        self.by_due.first().filter(|(due, _)| *due <= now).map(|(_, key)| *key)
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// How many wait for `reason`.
    pub(super) fn count(&self, reason: HoldReason) -> usize {
        self.by_reason.get(&reason).map_or(0, BTreeSet::len)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}
