//! Who follows receipts, as those who wait for answers are kept.
//!
//! Lives here: what a follower hears, and what it misses. Does not live here: its other end (`receipts`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use portal_contract::Receipt;
use tokio::sync::mpsc;

use super::FollowScope;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct HeardMessage {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
}

/// The end of a follower that receipts are put into.
#[derive(Debug)]
pub(super) struct FollowerEntry {
    pub(super) filter: String,
    pub(super) followed: FollowScope,
    pub(super) receipts: mpsc::Sender<Receipt>,
    pub(super) missed: Arc<AtomicU64>,
}

impl FollowerEntry {
    pub(super) fn follows(&self, topic: &str) -> bool {
        match self.followed {
            FollowScope::Device(_) => topic == self.filter,
            FollowScope::AllDevices => topic.ends_with("/receipts"),
        }
    }

    pub(super) fn tell(&self, receipt: &Receipt) {
        if self.receipts.try_send(receipt.clone()).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
