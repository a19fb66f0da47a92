//! What a loop stands between, what it goes on from, and why it ends.
//!
//! Lives here: plain types. Does not live here: the loop.

use std::sync::Arc;

use portal_contract::Receipt;
use tokio::sync::{mpsc, watch};

use crate::broker::{SessionEvent, Sessions};
use crate::daemon::clock::Clock;
use crate::daemon::requests::Request;
use crate::desktop::{DesktopEvent, Notifier};
use crate::journal::{Journal, JournalError, JournalReader};
use portal_device::DeviceCommand;

/// Why the loop ended by itself; what was not acknowledged comes again.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The journal could not be read, or takes nothing any more.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The broker's session is gone.
    #[error("the session with the broker ended by itself; start the daemon again, and report the log")]
    SessionEnded,
    /// The loop itself panicked.
    #[error("the daemon's loop ended in a panic; start it again, and report the log")]
    Panicked,
}

/// The edges of one device.
pub struct Edges {
    /// The computer's clock.
    pub clock: Arc<dyn Clock>,
    /// Where everything is remembered.
    pub journal: Arc<dyn Journal>,
    /// Reads what was remembered.
    pub reader: JournalReader,
    /// The broker.
    pub sessions: Arc<dyn Sessions>,
    /// The desktop.
    pub notifier: Arc<dyn Notifier>,
}

/// Where the loop hears from its edges.
pub struct Inputs {
    /// From the broker; holds at least the receive window, so that the broker's task never waits for the loop.
    pub session: mpsc::Receiver<SessionEvent>,
    /// From the desktop.
    pub desktop: mpsc::Receiver<DesktopEvent>,
    /// From the control API.
    pub requests: mpsc::Receiver<Request>,
    /// From the readers of the journal, in answer to the publisher's asking.
    pub pages: mpsc::Receiver<Result<Vec<Receipt>, JournalError>>,
}

/// What others may watch.
#[derive(Clone)]
pub struct Watched {
    /// Counts up whenever `status` may differ.
    pub changes: watch::Sender<u64>,
    /// The sequence of the newest durable receipt.
    pub settled: watch::Sender<u64>,
}

/// What the loop goes on from.
pub struct Beginning {
    /// Every receipt up to here has its PUBACK.
    pub published_through: u64,
    /// How many redeliveries there were.
    pub redelivered: u64,
    /// What this start changes of the device: its name.
    pub commands: Vec<DeviceCommand>,
}
