//! Idle, proved and not slept for: nothing is on its way to the device, on it, or from it, and nothing is due.
//!
//! The proof is one round trip through the broker in which nothing else happened: a probe that was sent while there was
//! nothing to do came back, and what the broker had taken before it would have come first (as with the fence). Away from
//! the broker by its own wish, the device is idle once the connection has ended.
//!
//! Lives here: who waits, and how far the proof has come. Does not live here: when to move time (whoever asked).

use crate::input::{RequestNumber, SessionInput};

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

/// What is to be done for those who wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IdleStep {
    /// Nothing, for now.
    Wait,
    /// Send a probe of this number.
    Probe(u64),
    /// The device is idle: answer these.
    Answer(Vec<RequestNumber>),
}

/// Who waits for the device to be idle.
#[derive(Debug, Default)]
pub(crate) struct IdleDetector {
    waiting: Vec<RequestNumber>,
    proof: Proof,
    probe: u64,
    connected: bool,
    fence_is_back: bool,
}

impl IdleDetector {
    /// One more waits. A probe that is on its way says nothing of what this one has sent.
    pub(crate) fn ask(&mut self, request: RequestNumber) {
        self.waiting.push(request);
        self.disturbed();
    }

    /// Something happened: what was proved is so no longer.
    pub(crate) fn disturbed(&mut self) {
        self.proof = Proof::Missing;
    }

    /// Whether anybody waits.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes note of what the session tells.
    pub(crate) fn hear(&mut self, input: &SessionInput) {
        match input {
            SessionInput::ProbeReturned(number) => {
                // An older probe, or one behind whose back something happened, proves nothing of now.
                if *number == self.probe && self.proof == Proof::Sought {
                    self.proof = Proof::Found;
                }
                return;
            }
            SessionInput::Connected { .. } => self.connected = true,
            SessionInput::FenceReturned(_) => self.fence_is_back = true,
            SessionInput::Disconnected => (self.connected, self.fence_is_back) = (false, false),
            _ => {}
        }
        // The proof serves those who wait now. Whoever asks later may have sent something since.
        self.disturbed();
    }

    /// Goes on with the proof. `has_work`: something waits, is decided, or is due; `away`: the device is offline by command.
    pub(crate) fn step(&mut self, has_work: bool, away: bool) -> IdleStep {
        if self.waiting.is_empty() {
            return IdleStep::Wait;
        }
        if has_work {
            self.disturbed();
            return IdleStep::Wait;
        }
        // Away by its own wish, there is no broker to ask. What was in flight when it left is settled by the end of
        // the connection alone.
        let found = if away { !self.connected } else { self.proof == Proof::Found };
        if found {
            self.disturbed();
            return IdleStep::Answer(std::mem::take(&mut self.waiting));
        }
        if !away && self.proof == Proof::Missing && self.fence_is_back {
            self.probe = self.probe.wrapping_add(1);
            self.proof = Proof::Sought;
            return IdleStep::Probe(self.probe);
        }
        IdleStep::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ConnectionNumber;

    fn with_fence_back() -> IdleDetector {
        let mut idle = IdleDetector::default();
        idle.hear(&SessionInput::FenceReturned(ConnectionNumber(1)));
        idle
    }

    #[test]
    fn a_probe_proves_idleness_only_if_it_is_the_latest_and_nothing_happened_since() {
        let mut idle = with_fence_back();
        idle.ask(RequestNumber(7));
        assert_eq!(idle.step(false, false), IdleStep::Probe(1));
        idle.disturbed();
        idle.hear(&SessionInput::ProbeReturned(1));
        assert_eq!(idle.step(false, false), IdleStep::Probe(2), "something happened: proved anew");
        idle.hear(&SessionInput::ProbeReturned(1));
        assert_eq!(idle.step(false, false), IdleStep::Wait, "one that was sent before something happened");
        idle.hear(&SessionInput::ProbeReturned(2));
        assert_eq!(idle.step(true, false), IdleStep::Wait, "there is work");
        assert_eq!(idle.step(false, false), IdleStep::Probe(3));
        idle.hear(&SessionInput::ProbeReturned(3));
        assert_eq!(idle.step(false, false), IdleStep::Answer(vec![RequestNumber(7)]));
        assert_eq!(idle.step(false, false), IdleStep::Wait, "nobody waits");
    }

    #[test]
    fn whoever_asks_anew_gets_a_proof_of_their_own() {
        let mut idle = with_fence_back();
        idle.ask(RequestNumber(1));
        assert_eq!(idle.step(false, false), IdleStep::Probe(1));
        idle.hear(&SessionInput::ProbeReturned(1));
        idle.ask(RequestNumber(2));
        assert_eq!(idle.step(false, false), IdleStep::Probe(2));
    }

    #[test]
    fn offline_by_command_it_is_idle_once_the_connection_has_ended() {
        let mut idle = IdleDetector::default();
        let (connection, session_present, publish_window) = (ConnectionNumber(1), false, 1);
        idle.hear(&SessionInput::Connected { connection, session_present, publish_window });
        idle.ask(RequestNumber(1));
        assert_eq!(idle.step(false, true), IdleStep::Wait);
        idle.hear(&SessionInput::Disconnected);
        assert_eq!(idle.step(false, true), IdleStep::Answer(vec![RequestNumber(1)]));
    }
}
