//! Quiet, proved and not slept for: nothing is on its way to the device, on it, or from it, and nothing is due.
//!
//! The proof is one round trip through the broker in which nothing else happened: a probe that was sent while the loop had
//! nothing to do came back, and what the broker had taken before it would have come first (as with the fence). Away from
//! the broker by its own wish, the device is quiet once the connection has ended.
//!
//! Lives here: who waits, and how far the proof has come. Does not live here: when to move time (whoever asked).

use super::DeviceLoop;
use crate::broker::SessionEvent;
use crate::control::Quiet;
use crate::daemon::requests::Reply;

/// How far the proof has come. While nobody asks, none is sought.
#[derive(Debug, Default, PartialEq, Eq)]
enum Proof {
    #[default]
    Missing,
    /// The probe is on its way, and nothing has happened since.
    Sought,
    /// It came back, and nothing had happened.
    Found,
}

/// Who waits for quiet.
#[derive(Default)]
pub(super) struct QuietSeeker {
    waiting: Vec<Reply<Quiet>>,
    proof: Proof,
    probe: u64,
    connected: bool,
    fence_is_back: bool,
}

impl QuietSeeker {
    /// One more waits. A probe that is on its way says nothing of what this one has sent.
    pub(super) fn ask(&mut self, reply: Reply<Quiet>) {
        self.waiting.retain(|waiting| !waiting.is_closed());
        self.waiting.push(reply);
        self.disturbed();
    }

    /// Something happened: what was proved is so no longer.
    pub(super) fn disturbed(&mut self) {
        self.proof = Proof::Missing;
    }

    /// Takes note of what the session tells.
    pub(super) fn hear(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::ProbeReturned { number } => {
                if *number == self.probe && self.proof == Proof::Sought {
                    self.proof = Proof::Found;
                }
                return;
            }
            SessionEvent::Connected { .. } => self.connected = true,
            SessionEvent::FenceReturned { .. } => self.fence_is_back = true,
            SessionEvent::Disconnected { .. } => (self.connected, self.fence_is_back) = (false, false),
            _ => {}
        }
        self.disturbed();
    }
}

impl DeviceLoop {
    /// Goes on with the proof, if somebody waits for it.
    pub(super) fn seek_quiet(&mut self) {
        if self.quiet.waiting.is_empty() {
            return;
        }
        if !self.has_nothing_to_do() {
            return self.quiet.disturbed();
        }
        let quiet = &mut self.quiet;
        let away = self.device.snapshot().condition.offline;
        match quiet.proof {
            _ if away && quiet.connected => {}
            _ if away => self.answer_quiet(),
            Proof::Found => self.answer_quiet(),
            Proof::Missing if quiet.fence_is_back => {
                quiet.probe = quiet.probe.wrapping_add(1);
                quiet.proof = Proof::Sought;
                self.edges.sessions.probe(quiet.probe);
            }
            Proof::Missing | Proof::Sought => {}
        }
    }

    fn has_nothing_to_do(&self) -> bool {
        let nothing_waits = self.waiting.is_empty() && self.commands.is_empty() && !self.device.is_showing_push();
        let published = self.device.snapshot().condition.offline || (self.publisher.is_idle() && !self.state_is_due);
        let is_due = self.device.next_deadline().is_some_and(|deadline| deadline <= self.now());
        nothing_waits && published && self.outbox.is_empty() && !is_due
    }

    fn answer_quiet(&mut self) {
        let (now, next_deadline) = (self.now(), self.device.next_deadline());
        let quiet = Quiet { now, next_deadline, events: self.followers.told() };
        for reply in std::mem::take(&mut self.quiet.waiting) {
            // Whoever asked may have gone.
            let _ = reply.send(Ok(quiet));
        }
        self.quiet.disturbed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_proves_quiet_only_if_it_is_the_latest_and_nothing_happened_since() {
        let mut seeker = QuietSeeker { proof: Proof::Sought, probe: 3, ..QuietSeeker::default() };
        seeker.hear(&SessionEvent::ProbeReturned { number: 2 });
        assert_eq!(seeker.proof, Proof::Sought, "one that was sent before something happened");
        seeker.hear(&SessionEvent::FenceReturned { epoch: 1 });
        seeker.hear(&SessionEvent::ProbeReturned { number: 3 });
        assert_eq!(seeker.proof, Proof::Missing, "the fence came between");
        seeker.proof = Proof::Sought;
        seeker.hear(&SessionEvent::ProbeReturned { number: 3 });
        assert_eq!(seeker.proof, Proof::Found);
        seeker.disturbed();
        assert_eq!(seeker.proof, Proof::Missing);
    }

    #[test]
    fn whoever_asks_anew_gets_a_proof_of_their_own_and_whoever_has_gone_none() {
        let mut seeker = QuietSeeker { proof: Proof::Found, ..QuietSeeker::default() };
        let (gone, answer) = tokio::sync::oneshot::channel();
        seeker.waiting.push(gone);
        drop(answer);
        let (reply, _answer) = tokio::sync::oneshot::channel();
        seeker.ask(reply);
        assert_eq!((seeker.waiting.len(), seeker.proof), (1, Proof::Missing));
    }
}
