//! What APNs and FCM keep of the messages to a device that is away, one after the other as they were sent (facts 5).
//!
//! Lives here: replacing, collapsing, discarding, running out. Does not live here: which message has which key and time to live
//! (`push_service`).

use std::collections::VecDeque;

use portal_contract::{PushProblem, Timestamp};

/// How many collapsible messages FCM keeps at once, each with a key of its own (`Rule::FcmCollapses`).
const COLLAPSE_KEYS: usize = 4;

/// By what a message takes the place of an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CollapseKey<'a> {
    /// The app's own: its bundle id, its package name.
    App,
    /// The message's.
    Named(&'a str),
}

/// A message as the push service sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitingMessage<'a> {
    /// When it was sent.
    pub(super) sent_at: Timestamp,
    /// When the push service gives it up.
    pub(super) ends_at: Option<Timestamp>,
    /// By what it collapses, if it does.
    pub(super) collapse_key: Option<CollapseKey<'a>>,
}

impl WaitingMessage<'_> {
    fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| now >= ends_at)
    }
}

/// The messages that wait, and what became of each that was sent.
#[derive(Debug)]
pub(super) struct PushStore<'a> {
    problems: Vec<Option<PushProblem>>,
    /// The place of each in `problems`, oldest first: of those that collapse, and of those that do not.
    collapsible: VecDeque<(usize, WaitingMessage<'a>)>,
    pending: VecDeque<(usize, WaitingMessage<'a>)>,
    pending_limit: usize,
    overflowed: bool,
}

impl<'a> PushStore<'a> {
    pub(super) fn new(pending_limit: usize) -> Self {
        Self {
            problems: Vec::new(),
            collapsible: VecDeque::new(),
            pending: VecDeque::new(),
            pending_limit,
            overflowed: false,
        }
    }

    /// A message that is not kept at all.
    pub(super) fn refuse(&mut self, problem: PushProblem) {
        self.problems.push(Some(problem));
    }

    /// The next message that is sent.
    pub(super) fn take(&mut self, message: WaitingMessage<'a>) {
        let place = self.problems.len();
        self.problems.push(None);
        // By the time of sending: what has expired must not keep its place among the hundred.
        self.forget_what_is_over(message.sent_at);
        match message.collapse_key {
            Some(key) => self.collapse(place, message, key),
            None => self.keep_pending(place, message),
        }
    }

    fn collapse(&mut self, place: usize, message: WaitingMessage<'a>, key: CollapseKey<'a>) {
        let same = self.collapsible.iter().position(|(_, waiting)| waiting.collapse_key == Some(key));
        // undocumented: which of the keys goes where there is one too many; here the oldest
        let replaced = same.or((self.collapsible.len() >= COLLAPSE_KEYS).then_some(0));
        if let Some((older, _)) = replaced.and_then(|index| self.collapsible.remove(index)) {
            self.problems[older] = Some(PushProblem::Collapsed);
        }
        self.collapsible.push_back((place, message));
    }

    /// `Rule::FcmKeepsHundred`: once there are too many, none of them is delivered, and none that comes later.
    fn keep_pending(&mut self, place: usize, message: WaitingMessage<'a>) {
        self.pending.push_back((place, message));
        self.overflowed |= self.pending.len() > self.pending_limit;
        if self.overflowed {
            for (lost, _) in self.pending.drain(..) {
                self.problems[lost] = Some(PushProblem::DroppedTooManyPendingMessages);
            }
        }
    }

    /// What is past its time to live takes no place any more (`Rule::TimeToLive`).
    fn forget_what_is_over(&mut self, now: Timestamp) {
        for messages in [&mut self.collapsible, &mut self.pending] {
            messages.retain(|(place, message)| {
                let is_over = message.is_over(now);
                if is_over {
                    self.problems[*place] = Some(PushProblem::DroppedTtlExpired);
                }
                !is_over
            });
        }
    }

    /// The device is back: what became of each message, in the order in which they were sent; none: it is delivered.
    pub(super) fn delivered_at(mut self, now: Timestamp) -> Vec<Option<PushProblem>> {
        self.forget_what_is_over(now);
        self.problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLAPSED: Option<PushProblem> = Some(PushProblem::Collapsed);
    const TOO_MANY: Option<PushProblem> = Some(PushProblem::DroppedTooManyPendingMessages);
    const OVER: Option<PushProblem> = Some(PushProblem::DroppedTtlExpired);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    /// Sent at that second, kept for so many, under that key.
    fn decided(limit: usize, sent: &[(i64, i64, Option<&'static str>)], back_at: i64) -> Vec<Option<PushProblem>> {
        let mut store = PushStore::new(limit);
        for (sent_at, kept_for, key) in sent {
            let ends_at = Some(at(sent_at + kept_for));
            store.take(WaitingMessage { sent_at: at(*sent_at), ends_at, collapse_key: key.map(CollapseKey::Named) });
        }
        store.delivered_at(at(back_at))
    }

    #[test]
    fn the_newest_of_a_key_takes_the_place_of_the_older_even_if_it_is_over_itself_by_then() {
        assert_eq!(decided(100, &[(0, 99, Some("a")), (1, 99, Some("a"))], 10), [COLLAPSED, None]);
        assert_eq!(decided(100, &[(0, 99, Some("a")), (1, 5, Some("a"))], 10), [COLLAPSED, OVER]);
        assert_eq!(decided(100, &[(0, 1, Some("a")), (2, 99, Some("a"))], 10), [OVER, None]);
    }

    #[test]
    fn four_keys_are_kept_and_the_oldest_goes_for_a_fifth() {
        let keys = ["a", "b", "c", "d", "a", "e"].map(Some);
        let sent: Vec<_> = keys.into_iter().enumerate().map(|(second, key)| (second as i64, 99, key)).collect();
        assert_eq!(decided(100, &sent, 10), [COLLAPSED, COLLAPSED, None, None, None, None]);
    }

    #[test]
    fn one_more_than_the_limit_and_none_is_delivered() {
        let sent = |count: i64| (0..count).map(|second| (second, 99, None)).collect::<Vec<_>>();
        assert_eq!(decided(3, &sent(3), 10), [None; 3]);
        assert_eq!(decided(3, &sent(4), 10), [TOO_MANY; 4]);
        assert_eq!(decided(3, &sent(6), 10), [TOO_MANY; 6], "nor one that came later");
    }

    #[test]
    fn what_collapses_is_not_counted_among_those_that_do_not() {
        let sent = [(0, 99, None), (1, 99, Some("a")), (2, 99, None), (3, 99, Some("b"))];
        assert_eq!(decided(2, &sent, 10), [None; 4]);
    }

    #[test]
    fn what_is_over_takes_no_place_any_more() {
        let sent = [(0, 2, None), (1, 2, None), (5, 99, None), (6, 99, None)];
        assert_eq!(decided(2, &sent, 10), [OVER, OVER, None, None]);
        assert_eq!(decided(1, &[(0, 50, None), (1, 50, None)], 60), [TOO_MANY; 2], "too many before they were over");
    }
}
