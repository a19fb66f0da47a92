//! A connection that waits for the broker's answers: what is said of it, and when.
//!
//! Lives here: the connection's side of `unanswered`. Does not live here: the rule itself (`unanswered`), ending the
//! connection (`connection`).

use std::time::{Duration, Instant};

use portal_contract::timestamp;

use super::SessionEvent;
use super::connection::LiveConnection;
use super::repeated_ends::UnansweredRequest;
use super::unanswered::{RequestKind, WaitStep, wait_step};
use crate::wall_clock;

impl LiveConnection<'_> {
    pub(super) fn wait_step(&self, said: bool, now: Instant) -> Option<WaitStep> {
        let publish = self.link.publish_unanswered_since().map(|since| (RequestKind::Publish, since));
        wait_step(self.subscriptions.unanswered().chain(publish), said, self.answer_timeout, now)
    }

    pub(super) fn oldest_unanswered(&self) -> Option<UnansweredRequest> {
        let publish = self.link.publish_unanswered_since().map(|since| (RequestKind::Publish, since));
        let (kind, _) = self.subscriptions.unanswered().chain(publish).min_by_key(|(_, since)| *since)?;
        let topic = if kind == RequestKind::Publish { self.link.unanswered_topic() } else { None };
        Some(UnansweredRequest { kind, topic })
    }

    pub(super) fn say_the_wait(&mut self, kind: RequestKind, waited: Duration) {
        let since = wall_clock::now().plus_millis(-timestamp::millis(waited));
        let words = format!(
            "waiting for the broker to answer {} since {since}; after {} s the next broker is tried",
            kind.word(),
            self.answer_timeout.as_secs_f32()
        );
        tracing::warn!(url = %self.url, "{words}");
        self.wait_said = true;
        self.link.update_status(|standing| standing.waiting = Some(words));
        self.events.tell(SessionEvent::StateChanged { epoch: self.epoch });
    }

    /// An answer came: unless another is waited for as long, that is no longer said.
    pub(super) fn hear_an_answer(&mut self) {
        if self.wait_said && matches!(self.wait_step(false, Instant::now()), Some(WaitStep::Until(_)) | None) {
            self.wait_said = false;
            tracing::info!(url = %self.url, "the broker answers again");
            self.link.update_status(|standing| standing.waiting = None);
            self.events.tell(SessionEvent::StateChanged { epoch: self.epoch });
        }
    }
}
