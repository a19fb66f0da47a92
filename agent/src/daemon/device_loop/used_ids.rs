//! Which ids are used, asked of the journal in batches and off the loop: a disk that does not answer stops the pushes that
//! need its word, and nothing else.
//!
//! Lives here: the answers, and how long they hold. Does not live here: the ids that are gathered and not appended yet
//! (`outbox`), those that are (the journal).

use std::collections::HashMap;
use std::sync::Arc;

use portal_contract::NotificationId;
use tokio::sync::oneshot;

use super::LoopError;
use crate::journal::{Journal, JournalEntry, JournalError};

type Answers = Result<Vec<(NotificationId, bool)>, JournalError>;

/// What is known of the ids of pushes that wait.
#[derive(Default)]
pub(super) struct UsedIds {
    /// The journal's answers, and whatever was used since they were asked for.
    known: HashMap<NotificationId, bool>,
    asked: Option<oneshot::Receiver<Answers>>,
}

impl UsedIds {
    /// Whether the id is used; none: the journal is to be asked.
    pub(super) fn is_used(&self, id: &NotificationId) -> Option<bool> {
        self.known.get(id).copied()
    }

    /// Takes note of what is written from now on: an answer that was asked for before does not know of it.
    pub(super) fn note(&mut self, entry: &JournalEntry) {
        if *entry == JournalEntry::IdsForgotten {
            *self = Self::default();
        }
        if let Some(id) = entry.used_id() {
            self.known.insert(id.clone(), true);
        }
    }

    /// Whether an answer is on its way.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Asks the journal, which must have been given everything that was written so far.
    pub(super) fn ask(&mut self, journal: &Arc<dyn Journal>, ids: Vec<NotificationId>) {
        let (answer, asked) = oneshot::channel();
        self.known.clear();
        self.asked = Some(asked);
        let journal = Arc::clone(journal);
        // Ends by itself after one read of a bounded batch; the loop asks for one at a time.
        tokio::task::spawn_blocking(move || {
            let used = journal.are_used(&ids);
            // Whoever asked may have gone, or have forgotten all ids since.
            let _ = answer.send(used.map(|used| ids.into_iter().zip(used).collect()));
        });
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// The journal could not be read.
    pub(super) async fn answered(&mut self) -> Result<(), LoopError> {
        let Some(asked) = self.asked.as_mut() else { return Ok(()) };
        let answers = asked.await;
        self.asked = None;
        for (id, used) in answers.map_err(|_| LoopError::Panicked)?? {
            self.known.entry(id).or_insert(used);
        }
        Ok(())
    }
}
