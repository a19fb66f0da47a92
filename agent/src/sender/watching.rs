//! Every message of a connection, as it comes: for whoever reads what devices publish.
//!
//! Lives here: the stream. Does not live here: what the messages mean.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::SenderError;
use super::follower::HeardMessage;
use super::pending::PendingRequests;

/// How many messages may wait to be read: more than the states and groups of 10,000 devices.
const MOST_UNREAD: usize = 65_536;

/// The messages of a connection. It ends with the connection, and where messages come faster than they are read.
#[derive(Debug)]
pub struct MessageStream {
    pending: Arc<PendingRequests>,
    messages: mpsc::Receiver<HeardMessage>,
}

impl MessageStream {
    pub(super) async fn watch(
        pending: Arc<PendingRequests>,
        filters: Vec<(String, bool)>,
    ) -> Result<Self, SenderError> {
        let (sender, messages) = mpsc::channel(MOST_UNREAD);
        // Before the first subscription: a retained message may come before its answer.
        pending.add_watcher(sender);
        for (filter, retained) in filters {
            pending.subscribe(filter, retained).await?;
        }
        Ok(Self { pending, messages })
    }

    /// The next message. Cancel-safe.
    ///
    /// # Errors
    /// The connection is gone, or messages came faster than they were read.
    pub async fn next(&mut self) -> Result<HeardMessage, SenderError> {
        self.messages.recv().await.ok_or_else(|| self.pending.problem())
    }
}
