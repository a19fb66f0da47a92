//! The retained device state on its way to the broker: the newest that is durable, one at a time.
//!
//! Lives here: whether it is to be published. Does not live here: the sending.

use portal_contract::DeviceState;

/// The newest durable state, and whether the broker has it.
#[derive(Debug, Default)]
pub(crate) struct StatePublisher {
    /// None before the first commit of a process: with its settings the state may be another than the one before.
    durable: Option<DeviceState>,
    is_due: bool,
    in_flight: bool,
}

impl StatePublisher {
    /// A newer state survives a kill: others may be told.
    pub(crate) fn became_durable(&mut self, state: DeviceState) {
        self.durable = Some(state);
        self.is_due = true;
    }

    /// A connection stands: what was in flight may be lost, and clustered brokers may have lost what they retained.
    pub(crate) fn online(&mut self) {
        self.is_due = true;
        self.in_flight = false;
    }

    /// The state to publish now, if any: of several changes while one is in flight only the newest is published.
    pub(crate) fn next(&mut self) -> Option<&DeviceState> {
        // One at a time: two states in flight could reach a broker's retained message in the wrong order where the
        // first has to be sent again.
        let state = self.durable.as_ref().filter(|_| self.is_due && !self.in_flight)?;
        self.is_due = false;
        self.in_flight = true;
        Some(state)
    }

    /// How many wait for their PUBACK: one at most.
    pub(crate) fn in_flight(&self) -> usize {
        usize::from(self.in_flight)
    }

    /// The broker answered, with whatever word: a refused state is published again at the next change or connect.
    pub(crate) fn answered(&mut self) {
        self.in_flight = false;
    }

    /// Whether the broker has the newest state, or has refused it.
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_due && !self.in_flight
    }
}
