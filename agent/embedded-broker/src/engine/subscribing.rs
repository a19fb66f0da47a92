//! SUBSCRIBE and UNSUBSCRIBE.
//!
//! Lives here: which filter is granted, and which retained messages it brings. Does not live here: who hears a topic
//! (`subscriptions`).

use std::time::Instant;

use super::ids::{ConnectionId, SessionId};
use super::message::Queued;
use super::subscriptions::{Subscription, Subscriptions};
use super::{Broker, NoticeKind};
use crate::codec::packets::{RetainHandling, Subscribe};
use crate::codec::writing::Control;
use crate::codec::{Fault, Reason};
use crate::topic;

impl Broker {
    pub(super) fn subscribe(&mut self, id: ConnectionId, key: SessionId, subscribe: &Subscribe<'_>, now: Instant) {
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        let mut sentence = "";
        let mut granted = Vec::new();
        for (filter, options) in &subscribe.filters {
            let subscription = Subscription { options: *options, identifier: subscribe.identifier };
            match self.grant(key, filter, subscription) {
                Ok(is_new) => {
                    codes.push(options.qos as u8);
                    granted.push((*filter, subscription, is_new));
                }
                Err(fault) => {
                    codes.push(fault.reason as u8);
                    sentence = if sentence.is_empty() { fault.detail } else { sentence };
                    let client = self.client_of(id);
                    self.notice(NoticeKind::SubscriptionRefused, &client, fault.detail);
                }
            }
        }
        // MQTT would let retained messages come before the answer (MQTT 5, 3.8.4); a client does not know then what
        // they are for.
        self.send(id, Control::SubAck(subscribe.id, &codes, sentence));
        for (filter, subscription, is_new) in granted {
            let wanted = match subscription.options.retain_handling {
                RetainHandling::Send => true,
                RetainHandling::SendIfNew => is_new,
                RetainHandling::DoNotSend => false,
            };
            if wanted {
                self.send_retained(key, filter, subscription, now);
            }
        }
    }

    /// Sets a subscription; whether there was none to this filter.
    fn grant(&mut self, key: SessionId, filter: &str, subscription: Subscription) -> Result<bool, Fault> {
        const QUOTA: Reason = Reason::QuotaExceeded;
        if filter.starts_with("$share/") {
            return Err(Fault::new(Reason::SharedSubscriptionsUnavailable, "there are no shared subscriptions here"));
        }
        if !topic::is_filter(filter) {
            return Err(Fault::new(Reason::TopicFilterInvalid, "it is not a topic filter"));
        }
        let Some(session) = self.sessions.get_mut(&key) else { return Err(Fault::new(Reason::Unspecified, "")) };
        let is_new = !session.filters.contains_key(filter);
        // A filter that is subscribed to again gets new options and takes no more room (MQTT 5, 3.8.4).
        if is_new {
            if session.filters.len() >= self.limits.subscriptions {
                return Err(Fault::new(QUOTA, "the limit on subscriptions of one client is reached"));
            }
            let charge = Subscriptions::charge(filter, &self.budget)
                .ok_or(Fault::new(QUOTA, "the broker's memory limit is reached"))?;
            session.filters.insert(filter.into(), charge);
        }
        self.subscriptions.set(filter, key, subscription);
        Ok(is_new)
    }

    fn send_retained(&mut self, key: SessionId, filter: &str, subscription: Subscription, now: Instant) {
        for message in self.retained.matching(filter, now) {
            let qos = subscription.options.qos.min(message.qos);
            let identifiers = subscription.identifier.into_iter().collect();
            let queued = Queued::new(message, qos, true, identifiers, &self.budget);
            self.enqueue(key, queued);
        }
        self.pump(key, now);
    }

    pub(super) fn unsubscribe(&mut self, id: ConnectionId, key: SessionId, packet: u16, filters: &[&str]) {
        let mut codes = Vec::with_capacity(filters.len());
        for filter in filters {
            let known = self.sessions.get_mut(&key).and_then(|session| session.filters.remove(*filter));
            self.subscriptions.remove(filter, key);
            let reason = if known.is_some() { Reason::Success } else { Reason::NoSubscriptionExisted };
            codes.push(reason as u8);
        }
        self.send(id, Control::UnsubAck(packet, &codes));
    }
}
