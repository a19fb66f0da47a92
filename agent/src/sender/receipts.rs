//! Receipts as they are followed.
//!
//! Lives here: dropping repeated ones (contract 3: at least once), counting missed ones. Does not live here: subscribing.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portal_contract::{DeviceId, NotificationId, Receipt, Timestamp};
use tokio::sync::mpsc;

use super::follower::FollowerEntry;
use super::pending::PendingRequests;
use super::{FollowScope, SenderError};

/// How many receipts may wait to be read; what comes beyond is dropped and counted.
const MOST_UNREAD: usize = 65_536;
/// How many receipts are remembered to recognise a repeated one: more than a device has unanswered at a time.
const REMEMBERED: usize = 8_192;

/// The receipts that arrive from [`super::PushSender::follow`] on, each once. Dropped, it is unsubscribed.
#[derive(Debug)]
pub struct ReceiptStream {
    pending: Arc<PendingRequests>,
    number: u64,
    filter: String,
    receipts: mpsc::Receiver<Receipt>,
    missed: Arc<AtomicU64>,
    seen: RecentReceipts,
}

impl ReceiptStream {
    pub(super) async fn follow(
        pending: Arc<PendingRequests>,
        filter: String,
        followed: FollowScope,
    ) -> Result<Self, SenderError> {
        let (sender, receipts) = mpsc::channel(MOST_UNREAD);
        let missed = Arc::new(AtomicU64::new(0));
        let follower =
            FollowerEntry { filter: filter.clone(), followed, receipts: sender, missed: Arc::clone(&missed) };
        // Before the subscription is granted: a receipt may come in the same moment as the answer.
        let number = pending.follow(follower);
        // Made before the wait: given up or refused, its drop takes the follower out again.
        let receipts =
            Self { pending, number, filter: filter.clone(), receipts, missed, seen: RecentReceipts::default() };
        receipts.pending.subscribe(filter, false).await?;
        Ok(receipts)
    }

    /// The next receipt. Cancel-safe.
    ///
    /// # Errors
    /// [`SenderError::Missed`] once after receipts were dropped, following goes on; [`SenderError::Disconnected`].
    pub async fn next(&mut self) -> Result<Receipt, SenderError> {
        loop {
            let missed = self.missed.swap(0, Ordering::Relaxed);
            if missed > 0 {
                return Err(SenderError::Missed(missed));
            }
            match self.receipts.recv().await {
                Some(receipt) if self.seen.is_new(&receipt) => return Ok(receipt),
                Some(_) => {}
                None => return Err(self.pending.problem()),
            }
        }
    }

    /// The next receipt of the push with this id; others are passed over.
    ///
    /// # Errors
    /// As [`ReceiptStream::next`].
    pub async fn next_of(&mut self, id: &NotificationId) -> Result<Receipt, SenderError> {
        loop {
            let receipt = self.next().await?;
            if receipt.notification_id.as_ref() == Some(id) {
                return Ok(receipt);
            }
        }
    }
}

impl Drop for ReceiptStream {
    fn drop(&mut self) {
        self.pending.unfollow(self.number, &self.filter);
    }
}

/// The receipts of late. The time stands beside the sequence: a device whose state directory is new counts from one again.
#[derive(Debug, Default)]
struct RecentReceipts {
    known: HashSet<(DeviceId, u64, Timestamp)>,
    order: VecDeque<(DeviceId, u64, Timestamp)>,
}

impl RecentReceipts {
    fn is_new(&mut self, receipt: &Receipt) -> bool {
        let key = (receipt.device_id, receipt.sequence, receipt.decided_at);
        if !self.known.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
