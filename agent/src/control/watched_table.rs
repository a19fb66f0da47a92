//! What is kept of each device, and told of to those who watch.
//!
//! Lives here: the table, its lock and its count of changes. Does not live here: what is kept (`recording`, `scenario_run`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portal_contract::DeviceId;
use tokio::sync::watch;

/// A table by device, of which others hear when it changes.
#[derive(Debug)]
pub(super) struct WatchedTable<T> {
    rows: Mutex<HashMap<DeviceId, T>>,
    changed: watch::Sender<u64>,
}

impl<T> Default for WatchedTable<T> {
    fn default() -> Self {
        Self { rows: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl<T> WatchedTable<T> {
    /// Counts up whenever somebody was told.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Reads or changes the rows; who changes them tells of it.
    pub(super) fn with<A>(&self, act: impl FnOnce(&mut HashMap<DeviceId, T>) -> A) -> A {
        act(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells those who watch that something may look otherwise.
    pub(super) fn tell(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}
