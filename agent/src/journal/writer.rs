//! The writer thread: takes everything that waits, commits it at once, says so; begins anew.
//!
//! Lives here: the loop and its patience with a database that cannot be written. Does not live here: SQL (`store`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::clock_jump::ClockJump;
use super::entry::CommitTicket;
use super::error::{JournalError, trouble};
use super::inbox::{EntryQueue, WriteBatch};
use super::store::JournalStore;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the thread works with.
pub(super) struct JournalWriter {
    pub store: Arc<Mutex<JournalStore>>,
    pub inbox: Arc<EntryQueue>,
    pub durable: watch::Sender<CommitTicket>,
    pub health: watch::Sender<Option<String>>,
}

impl JournalWriter {
    /// Runs until the inbox is closed and empty. Idle it sleeps; nothing in it polls.
    pub(super) fn run(self) -> Result<(), JournalError> {
        while let Some(batch) = self.inbox.next_batch() {
            let jumps = self.commit(&batch)?;
            self.inbox.committed(&batch);
            self.inbox.set_jumps(jumps);
            self.durable.send_replace(batch.through);
        }
        if let Err(error) = self.store.lock().unwrap_or_else(PoisonError::into_inner).tidy() {
            tracing::debug!(%error, "the journal's log was not moved into its file");
        }
        Ok(())
    }

    /// Commits, trying again until it works; gives up only once the journal is closed, after one last try.
    fn commit(&self, batch: &WriteBatch) -> Result<Vec<(i64, Option<ClockJump>)>, JournalError> {
        let mut pause = FIRST_PAUSE;
        let mut closed = false;
        loop {
            let result = self.store.lock().unwrap_or_else(PoisonError::into_inner).commit(&batch.queued);
            match result {
                Ok(jumps) => {
                    self.report(None);
                    return Ok(jumps);
                }
                Err(error) => {
                    let entries = batch.queued.len() + self.inbox.waiting();
                    let reason = trouble(&error, entries);
                    tracing::debug!(%reason, "commit failed");
                    self.report(Some(reason.clone()));
                    if closed {
                        return Err(JournalError::Unwritten { entries, reason });
                    }
                    closed = self.inbox.pause(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn report(&self, trouble: Option<String>) {
        self.health.send_if_modified(|health| {
            let changed = *health != trouble;
            *health = trouble;
            changed
        });
    }
}
