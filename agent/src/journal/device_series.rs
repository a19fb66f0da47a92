//! Where one device's numbered series stand.
//!
//! Lives here: the numbers, and what the computer's clocks at a commit say of them. Does not live here: the row that keeps them
//! (`store`), how a jump is judged (`clock_jump`).

use portal_contract::Timestamp;

use super::clock_jump::{self, ClockJump, ClockReading};

/// Where one device's series stand; what is in the row of `devices`, and the oldest numbers that are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DeviceSeries {
    pub last_event: u64,
    pub last_sequence: u64,
    pub last_decided_at: Option<Timestamp>,
    /// By the computer's clock.
    pub last_written_at: Option<Timestamp>,
    pub last_used_id: u64,
    pub published_through: u64,
    pub redelivered: u64,
    pub next_held_key: u64,
    pub jump: Option<ClockJump>,
    pub first_event: u64,
    pub first_sequence: u64,
    pub first_used_id: u64,
    /// The newest device time that is known.
    pub device_time: Option<Timestamp>,
    /// When ages were looked at last, in device time.
    pub looked: Option<Timestamp>,
    /// The computer's clocks at the last commit of this run.
    pub read: Option<ClockReading>,
}

impl DeviceSeries {
    /// Takes note of the clocks at a commit, and of the jump that they show.
    pub(super) fn note_clocks(&mut self, now: ClockReading) {
        let jump = match self.read {
            Some(earlier) => clock_jump::between(earlier, now),
            // The clock since boot says nothing about a time before this run, so over a restart only the computer's
            // clock itself is left to compare.
            None => self.last_written_at.and_then(|last| clock_jump::over_restart(last, now.wall)),
        };
        // A commit without a jump takes none back: it holds until its own time is over.
        self.jump = jump.or(self.jump);
        self.read = Some(now);
        self.last_written_at = Some(now.wall);
    }

    /// The clock jump, while nothing is pruned by age for it.
    pub(super) fn jump_in_force(&self) -> Option<ClockJump> {
        let now = self.last_written_at?;
        self.jump.filter(|jump| jump.holds_at(now))
    }
}
