//! The retained messages.
//!
//! Lives here: one message for each topic, and the limits on their number and bytes. Does not live here: to whom they
//! are sent.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use super::message::Message;
use crate::topic;

/// The retained messages, by topic.
#[derive(Debug)]
pub struct Retained {
    messages: BTreeMap<Box<str>, Arc<Message>>,
    bytes: usize,
    most_messages: usize,
    most_bytes: usize,
}

impl Retained {
    /// None yet.
    pub fn new(most_messages: usize, most_bytes: usize) -> Self {
        Self { messages: BTreeMap::new(), bytes: 0, most_messages, most_bytes }
    }

    /// Keeps a message in the place of its topic's former one; without a payload, only the former one goes.
    ///
    /// # Errors
    /// A sentence that names the limit; the former one stays.
    pub fn set(&mut self, message: &Arc<Message>, now: Instant) -> Result<(), &'static str> {
        if message.payload.is_empty() {
            if let Some(former) = self.messages.remove(&*message.topic) {
                self.bytes -= former.size;
            }
            return Ok(());
        }
        if self.refusal(message).is_some() {
            // Only where room is wanted: it looks at every message.
            self.forget_expired(now);
        }
        if let Some(limit) = self.refusal(message) {
            return Err(limit);
        }
        self.bytes += message.size;
        if let Some(former) = self.messages.insert(message.topic.clone(), message.clone()) {
            self.bytes -= former.size;
        }
        Ok(())
    }

    fn refusal(&self, message: &Message) -> Option<&'static str> {
        let former = self.messages.get(&*message.topic);
        if former.is_none() && self.messages.len() >= self.most_messages {
            Some("the limit on retained messages is reached")
        } else if self.bytes - former.map_or(0, |former| former.size) + message.size > self.most_bytes {
            Some("the limit on the bytes of retained messages is reached")
        } else {
            None
        }
    }

    fn forget_expired(&mut self, now: Instant) {
        self.messages.retain(|_, message| !message.is_expired(now));
        self.bytes = self.messages.values().map(|message| message.size).sum();
    }

    /// Those that a valid filter matches, by topic.
    pub fn matching(&self, filter: &str, now: Instant) -> Vec<Arc<Message>> {
        let found = if topic::has_wildcard(filter) {
            // Levels before the first wildcard are the beginning of every topic that matches.
            let fixed = filter.split(['+', '#']).next().unwrap_or_default().trim_end_matches('/');
            let from = self.messages.range::<str, _>((Bound::Included(fixed), Bound::Unbounded));
            from.take_while(|(name, _)| name.starts_with(fixed))
                .filter(|(name, _)| topic::matches(filter, name))
                .map(|(_, message)| message.clone())
                .collect::<Vec<_>>()
        } else {
            self.messages.get(filter).cloned().into_iter().collect()
        };
        found.into_iter().filter(|message| !message.is_expired(now)).collect()
    }
}
