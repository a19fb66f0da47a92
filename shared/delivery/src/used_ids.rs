//! Whether the id of a push or of a remote action is used on this device: the one place that answers.
//!
//! The journal knows the ids that are durable. It is asked in batches, and the pushes wait meanwhile: a disk that does not
//! answer stops them, and nothing else. What was used since it was asked, or is not durable yet, is known here, and so is
//! that most ids are new: of those the journal is not asked (decisions/0003).

use std::collections::HashMap;

use crate::entry::{BatchNumber, UsedId};
use crate::id_filter::{UsedIdFilter, id_hash};

fn is_a_pushs(id: &UsedId) -> bool {
    matches!(id, UsedId::Notification(_))
}

/// What is known of ids.
#[derive(Debug, Default)]
pub(crate) struct UsedIds {
    /// Which ids of pushes may be used: all that were ever used on this device, and a few more.
    filter: UsedIdFilter,
    /// Used, and not surely in an answer of the journal's: each with the batch that makes it durable.
    recent: HashMap<UsedId, BatchNumber>,
    /// Every earlier id of a push is forgotten with this batch, which is not durable yet.
    forgotten: Option<BatchNumber>,
    /// What the journal said of the ids of pushes that wait.
    answers: HashMap<UsedId, bool>,
    is_asked: bool,
    /// What the journal is about to say of the ids of pushes may speak of before they were forgotten: they were forgotten since
    /// it was asked, or that was not durable yet when it was asked.
    answer_is_outdated: bool,
    durable: BatchNumber,
}

impl UsedIds {
    /// Nothing is known but what the filter says.
    pub(crate) fn new(filter: UsedIdFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Whether the id is used; none: the journal is to be asked.
    pub(crate) fn is_used(&self, id: &UsedId) -> Option<bool> {
        if self.recent.contains_key(id) {
            return Some(true);
        }
        // The journal still says "used" until the forgetting is committed.
        if self.forgotten.is_some() && is_a_pushs(id) {
            return Some(false);
        }
        self.answers.get(id).copied().or_else(|| self.is_new(id).then_some(false))
    }

    fn is_new(&self, id: &UsedId) -> bool {
        // Actions are few, and the journal may be asked for each.
        matches!(id, UsedId::Notification(id) if !self.filter.may_be_used(&id_hash(id)))
    }

    /// The id is used from now on, durably with this batch.
    pub(crate) fn use_id(&mut self, id: UsedId, batch: BatchNumber) {
        self.answers.remove(&id);
        if let UsedId::Notification(id) = &id {
            self.filter.note(&id_hash(id));
        }
        self.recent.insert(id, batch);
    }

    /// No id of a push is used any more, durably with this batch.
    pub(crate) fn forget_pushes(&mut self, batch: BatchNumber) {
        self.recent.retain(|id, _| !is_a_pushs(id));
        self.answers.retain(|id, _| !is_a_pushs(id));
        self.filter.forget();
        self.forgotten = Some(batch);
        self.answer_is_outdated = self.is_asked;
    }

    /// What the journal said of this id has served its push. By the next one it may have forgotten the id.
    pub(crate) fn answer_served(&mut self, id: &UsedId) {
        self.answers.remove(id);
    }

    /// Whether the journal may be asked now: one question at a time.
    pub(crate) fn may_ask(&self) -> bool {
        !self.is_asked
    }

    /// The journal is asked; what it said before is no longer needed.
    pub(crate) fn asked(&mut self) {
        // The question names all that wait, so nothing is lost by it, and no answer outlives its push: the map needs
        // no bound of its own.
        self.answers.clear();
        self.is_asked = true;
        self.answer_is_outdated = self.forgotten.is_some();
    }

    /// The journal's answer.
    pub(crate) fn answered(&mut self, answers: Vec<(UsedId, bool)>) {
        self.is_asked = false;
        let is_outdated = std::mem::take(&mut self.answer_is_outdated);
        // Of what was used meanwhile the answer may not know yet. The journal is asked again where need be.
        let says_nothing = |id: &UsedId| self.recent.contains_key(id) || is_outdated && is_a_pushs(id);
        self.answers.extend(answers.into_iter().filter(|(id, _)| !says_nothing(id)));
        self.let_go_of_durable();
    }

    /// Every batch up to this one is durable.
    pub(crate) fn durable(&mut self, batch: BatchNumber) {
        self.durable = self.durable.max(batch);
        self.forgotten = self.forgotten.filter(|forgotten| *forgotten > self.durable);
        self.let_go_of_durable();
    }

    /// The journal knows what is durable, but an answer that is on its way may have been read before.
    fn let_go_of_durable(&mut self) {
        if !self.is_asked && !self.recent.is_empty() {
            let durable = self.durable;
            self.recent.retain(|_, batch| *batch > durable);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> UsedId {
        UsedId::Notification(text.parse().unwrap())
    }

    #[test]
    fn an_id_is_used_from_the_moment_it_is_written_and_the_journal_knows_it_once_it_is_durable() {
        let mut ids = UsedIds::default();
        assert_eq!(ids.is_used(&id("a")), None);
        ids.use_id(id("a"), BatchNumber(1));
        assert_eq!((ids.is_used(&id("a")), ids.is_used(&id("b"))), (Some(true), None));
        ids.durable(BatchNumber(1));
        assert_eq!(ids.is_used(&id("a")), None, "the journal is asked");
    }

    #[test]
    fn an_answer_that_was_read_before_a_use_does_not_hide_it() {
        let mut ids = UsedIds::default();
        ids.asked();
        ids.use_id(id("a"), BatchNumber(1));
        ids.durable(BatchNumber(1));
        ids.answered(vec![(id("a"), false), (id("b"), true)]);
        // The answer may stand; what was used meanwhile must not be taken for unused because of it.
        assert_ne!(ids.is_used(&id("a")), Some(false));
        assert_eq!(ids.is_used(&id("b")), Some(true));
    }

    #[test]
    fn forgetting_makes_every_id_unused_at_once_and_voids_an_answer_on_its_way() {
        let mut ids = UsedIds::default();
        ids.use_id(id("a"), BatchNumber(1));
        ids.asked();
        ids.forget_pushes(BatchNumber(2));
        assert_eq!(ids.is_used(&id("a")), Some(false));
        ids.use_id(id("b"), BatchNumber(3));
        assert_eq!(ids.is_used(&id("b")), Some(true));
        ids.answered(vec![(id("a"), true)]);
        assert_eq!(ids.is_used(&id("a")), Some(false));
        ids.durable(BatchNumber(3));
        assert_eq!(ids.is_used(&id("a")), None);
    }

    #[test]
    fn an_answer_that_was_asked_for_before_the_forgetting_was_durable_is_void_too() {
        let mut ids = UsedIds::default();
        ids.forget_pushes(BatchNumber(1));
        // Asked because of an action; the pushes that wait beside it are in the question.
        ids.asked();
        ids.durable(BatchNumber(1));
        ids.answered(vec![(id("a"), true), (UsedId::Action("b".to_owned()), true)]);
        assert_eq!(ids.is_used(&id("a")), None, "the journal is asked again");
        assert_eq!(ids.is_used(&UsedId::Action("b".to_owned())), Some(true));
    }

    #[test]
    fn forgetting_the_ids_of_pushes_forgets_none_of_an_action() {
        let action = || UsedId::Action("a".to_owned());
        let mut ids = UsedIds::default();
        ids.use_id(action(), BatchNumber(1));
        ids.forget_pushes(BatchNumber(2));
        assert_eq!((ids.is_used(&action()), ids.is_used(&id("a"))), (Some(true), Some(false)));
        ids.durable(BatchNumber(1));
        assert_eq!(ids.is_used(&action()), None, "the journal is asked");
    }
}
