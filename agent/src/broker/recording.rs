//! A session that only writes down what was asked of it, for whoever tests against [`SessionControl`].
//!
//! Lives here: the recorder and tokens for it. Does not live here: any network.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portal_contract::{GroupId, status};

use super::{AckToken, Publish, SessionControl};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedSessionCall {
    /// [`SessionControl::ack`], with the number given to [`RecordingSessions::token`].
    Ack(u64),
    /// [`SessionControl::set_groups`].
    Groups(BTreeSet<GroupId>),
    /// [`SessionControl::publish`].
    Publish(Publish),
    /// [`SessionControl::probe`].
    Probe(u64),
    /// [`SessionControl::go_offline`].
    Offline,
    /// [`SessionControl::go_online`].
    Online,
}

/// Records every call; publishes are taken while it is told to be connected.
#[derive(Debug, Default)]
pub struct RecordingSessions {
    inner: Mutex<RecordedState>,
}

#[derive(Debug, Default)]
struct RecordedState {
    calls: Vec<RecordedSessionCall>,
    state: status::BrokerStatus,
}

impl RecordingSessions {
    /// A recorder that is not connected.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token that its acknowledgement is recognised by.
    pub fn token(number: u64) -> AckToken {
        AckToken { connection: 0, position: number }
    }

    /// What [`SessionControl::state`] answers, and by `connected` whether publishes are taken.
    pub fn set_state(&self, state: status::BrokerStatus) {
        self.lock().state = state;
    }

    /// The calls since the last time, in order.
    pub fn take(&self) -> Vec<RecordedSessionCall> {
        std::mem::take(&mut self.lock().calls)
    }

    fn lock(&self) -> MutexGuard<'_, RecordedState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, call: RecordedSessionCall) {
        self.lock().calls.push(call);
    }
}

impl SessionControl for RecordingSessions {
    fn ack(&self, token: AckToken) {
        self.record(RecordedSessionCall::Ack(token.position));
    }

    fn set_groups(&self, groups: BTreeSet<GroupId>) {
        self.record(RecordedSessionCall::Groups(groups));
    }

    fn publish(&self, publish: Publish) -> bool {
        let mut inner = self.lock();
        if inner.state.connected {
            inner.calls.push(RecordedSessionCall::Publish(publish));
        }
        inner.state.connected
    }

    fn probe(&self, number: u64) {
        self.record(RecordedSessionCall::Probe(number));
    }

    fn go_offline(&self) {
        self.record(RecordedSessionCall::Offline);
    }

    fn go_online(&self) {
        self.record(RecordedSessionCall::Online);
    }

    fn state(&self) -> status::BrokerStatus {
        self.lock().state.clone()
    }
}
