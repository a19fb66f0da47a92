//! Who has subscribed to what.
//!
//! Lives here: finding the sessions for a topic. Filters without wildcards, of which a fleet has tens of thousands, are
//! looked up; those with wildcards, of which there are few, are tried one by one. (A tree of levels would try fewer, and
//! costs more for each filter.) Does not live here: the limit on subscriptions (`engine`).

use std::collections::HashMap;

use super::ids::SessionId;
use crate::budget::{Budget, Charge};
use crate::codec::packets::SubscribeOptions;
use crate::topic;

/// What a subscription takes beyond its filter, which is kept twice.
const OVERHEAD: usize = 256;

/// One subscription of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// How.
    pub options: SubscribeOptions,
    pub identifier: Option<u32>,
}

type Subscribers = Vec<(SessionId, Subscription)>;

/// Everybody's subscriptions, by filter.
#[derive(Debug, Default)]
pub struct Subscriptions {
    exact: HashMap<Box<str>, Subscribers>,
    wildcards: HashMap<Box<str>, Subscribers>,
}

impl Subscriptions {
    /// The bytes that a subscription to `filter` takes; `None`: there is no room.
    pub fn charge(filter: &str, budget: &Budget) -> Option<Charge> {
        budget.charge(2 * filter.len() + OVERHEAD)
    }

    /// Sets `session`'s subscription to a valid `filter`.
    pub fn set(&mut self, filter: &str, session: SessionId, subscription: Subscription) {
        let subscribers = match self.of_kind(filter).get_mut(filter) {
            Some(subscribers) => subscribers,
            None => self.of_kind(filter).entry(filter.into()).or_default(),
        };
        match subscribers.iter_mut().find(|(id, _)| *id == session) {
            Some(known) => known.1 = subscription,
            None => subscribers.push((session, subscription)),
        }
    }

    /// Takes `session`'s subscription to `filter` away.
    pub fn remove(&mut self, filter: &str, session: SessionId) {
        let filters = self.of_kind(filter);
        if let Some(subscribers) = filters.get_mut(filter) {
            subscribers.retain(|(id, _)| *id != session);
            // Otherwise every filter that was ever named would stay, and their number is the clients' choice.
            if subscribers.is_empty() {
                filters.remove(filter);
            }
        }
    }

    /// Every subscription that `name` matches, the ones of a session together.
    pub fn matching(&self, name: &str) -> Subscribers {
        let mut found: Subscribers = self.exact.get(name).cloned().unwrap_or_default();
        for (filter, subscribers) in &self.wildcards {
            if topic::matches(filter, name) {
                found.extend_from_slice(subscribers);
            }
        }
        // A client hears a message once however many of its filters match, with the identifiers of all of them (MQTT
        // 5, 3.3.4).
        found.sort_unstable_by_key(|(id, subscription)| (*id, subscription.identifier));
        found
    }

    fn of_kind(&mut self, filter: &str) -> &mut HashMap<Box<str>, Subscribers> {
        if topic::has_wildcard(filter) { &mut self.wildcards } else { &mut self.exact }
    }
}
