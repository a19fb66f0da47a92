//! The writer thread: takes everything that waits, commits it at once, says so; begins anew.
//!
//! Lives here: the loop, how long it tries a database that cannot be written, and what follows where the file was taken
//! away. Does not live here: SQL (`store`), how that is noticed (`presence`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::clock_jump::ClockJump;
use super::entry::CommitTicket;
use super::error::{JournalError, trouble};
use super::inbox::{EntryQueue, NextBatch, WriteBatch};
use super::presence::{JournalLoss, JournalPresence};
use super::store::JournalStore;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the writer sleeps at most before it looks whether its file is still there.
const LOOK_AFTER: Duration = Duration::from_secs(30);

/// What the thread works with.
pub(super) struct JournalWriter {
    pub store: Arc<Mutex<JournalStore>>,
    pub inbox: Arc<EntryQueue>,
    pub presence: JournalPresence,
    pub durable: watch::Sender<CommitTicket>,
    pub health: watch::Sender<Option<String>>,
}

impl JournalWriter {
    /// Runs until the inbox is closed and empty. Idle it sleeps, but for a look at its file twice a minute.
    pub(super) fn run(mut self) -> Result<(), JournalError> {
        loop {
            let batch = match self.inbox.next(LOOK_AFTER) {
                NextBatch::Batch(batch) => batch,
                NextBatch::Nothing => match self.presence.look() {
                    Some(loss) => return Err(self.lost(loss, 0)),
                    None => continue,
                },
                NextBatch::Closed => break,
            };
            let jumps = self.commit(&batch)?;
            // Before anybody hears that it is durable: what is written to a file that has no name any more is gone with
            // this process, and SQLite finds nothing wrong with it.
            if let Some(loss) = self.presence.look() {
                return Err(self.lost(loss, batch.queued.len()));
            }
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
    fn commit(&mut self, batch: &WriteBatch) -> Result<Vec<(i64, Option<ClockJump>)>, JournalError> {
        // For as long as it takes: nothing of the batch is acknowledged yet, so waiting loses nothing, while giving
        // up would end the daemon for a disk that is full for a minute.
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
                    // SQLite's error may be no more than the sign of it: a log that was taken away shows as a failing
                    // disk.
                    if let Some(loss) = self.presence.look() {
                        return Err(self.lost(loss, batch.queued.len()));
                    }
                    closed = self.inbox.pause(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// The file was taken away. What was acknowledged is saved in a new one where that is possible, and nothing is
    /// acknowledged from here on: this returns once the journal is closed, with what its owner is told then.
    fn lost(&self, loss: JournalLoss, committed: usize) -> JournalError {
        let saved = match loss {
            JournalLoss::Removed => self.presence.save(&self.store.lock().unwrap_or_else(PoisonError::into_inner)),
            // Without the directory there is no place, and over a file that somebody put there nothing of ours is
            // written.
            JournalLoss::DirectoryRemoved | JournalLoss::Replaced => Ok(()),
        };
        let reason = self.presence.sentence(loss, saved.as_ref().err());
        tracing::error!("{reason}");
        self.report(Some(reason.clone()));
        // The thread stays: with its end the channel of tickets closes, which whoever waits takes for the journal's
        // own end.
        while !self.inbox.pause(LONGEST_PAUSE) {}
        let entries = committed + self.inbox.waiting();
        JournalError::Unwritten { entries, reason }
    }

    fn report(&self, trouble: Option<String>) {
        self.health.send_if_modified(|health| {
            let changed = *health != trouble;
            *health = trouble;
            changed
        });
    }
}
