//! How a message gets from its publisher to everybody who hears it.
//!
//! Lives here: PUBLISH, the retained store, who gets a message and how. Does not live here: when it is sent
//! (`session`, `connection`).

use std::sync::Arc;
use std::time::Instant;

use super::ids::{ConnectionId, SessionId};
use super::message::{Message, Queued};
use super::{ALIASES, Broker, NoticeKind, WINDOW};
use crate::codec::packets::Publish;
use crate::codec::writing::{Answer, Control};
use crate::codec::{Fault, QoS, Reason, Version};

const NO_ROOM: &str = "the broker's memory limit is reached";

impl Broker {
    /// PUBLISH. It is acknowledged once every subscriber's queue has it.
    pub(super) fn publish(
        &mut self,
        id: ConnectionId,
        key: SessionId,
        publish: Publish<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        let (Some(connection), Some(session)) = (self.connections.get_mut(&id), self.sessions.get_mut(&key)) else {
            return Ok(());
        };
        let version = connection.version();
        if let Some(alias) = publish.alias {
            if alias == 0 || alias > ALIASES {
                return Err(Fault::new(Reason::TopicAliasInvalid, "a topic alias was 0 or over the announced maximum"));
            }
            // A topic beside an alias sets the alias anew (MQTT 5, 3.3.2.3.4).
            if !publish.topic.is_empty() {
                connection.aliases.insert(alias, publish.topic.into());
            }
        }
        let topic = match publish.alias {
            Some(alias) if publish.topic.is_empty() => {
                let unknown = Fault::protocol("a topic alias stood for no topic");
                connection.aliases.get(&alias).cloned().ok_or(unknown)?
            }
            _ => publish.topic.into(),
        };
        if publish.qos == QoS::ExactlyOnce {
            // A repetition: it was passed on when it came first, and is only answered again (MQTT 5, 4.3.3).
            if session.incoming.contains(&publish.id) {
                self.send(id, Control::Answer(Answer::PubRec, publish.id, Reason::Success, ""));
                return Ok(());
            }
            if session.incoming.len() >= usize::from(WINDOW) {
                return Err(Fault::new(Reason::ReceiveMaximumExceeded, "more QoS 2 messages were open than announced"));
            }
        }
        let result = match Message::keep(&publish, &topic, &self.budget, now) {
            Some(message) => self.distribute(Some(key), message, now),
            None => Err(NO_ROOM),
        };
        let (reason, sentence) = match result {
            Ok(0) => (Reason::NoMatchingSubscribers, ""),
            Ok(_) => (Reason::Success, ""),
            Err(limit) => {
                let client = self.client_of(id);
                self.notice(NoticeKind::PublishRefused, &client, limit);
                if version == Version::V311 && publish.qos != QoS::AtMostOnce {
                    // 3.1.1 has no refusal: an acknowledgement would be a lie, so the connection ends (3.1.1, 3.3.5).
                    return Err(Fault::new(Reason::QuotaExceeded, limit));
                }
                (Reason::QuotaExceeded, limit)
            }
        };
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => self.send(id, Control::Answer(Answer::PubAck, publish.id, reason, sentence)),
            QoS::ExactlyOnce => {
                // A PUBREC with an error ends the exchange: no PUBREL comes, and the id is free at once (MQTT 5, 4.3.3).
                if reason != Reason::QuotaExceeded {
                    self.with_session(key, |session| {
                        session.incoming.insert(publish.id);
                    });
                }
                self.send(id, Control::Answer(Answer::PubRec, publish.id, reason, sentence));
            }
        }
        Ok(())
    }

    /// Keeps a message if it is to be retained, and gives it to everybody who hears its topic; to how many.
    ///
    /// # Errors
    /// A sentence that names the limit on retained messages that it meets; nobody gets it then.
    pub(super) fn distribute(
        &mut self,
        from: Option<SessionId>,
        message: Message,
        now: Instant,
    ) -> Result<usize, &'static str> {
        let message = Arc::new(message);
        // First, so that nobody has a message that is refused: a sender who tries again sends it once.
        if message.retain {
            self.retained.set(&message, now)?;
        }
        let matching = self.subscriptions.matching(&message.topic);
        let mut receivers = 0;
        // A client whose subscriptions overlap gets it once, at the highest QoS of them, with all their identifiers.
        for of_session in matching.chunk_by(|(one, _), (other, _)| one == other) {
            let (mut receiver, mut identifiers, mut qos, mut keeps_flag) = (None, Vec::new(), QoS::AtMostOnce, false);
            for (key, subscription) in of_session {
                if subscription.options.no_local && from == Some(*key) {
                    continue;
                }
                receiver = Some(*key);
                qos = qos.max(subscription.options.qos);
                keeps_flag |= subscription.options.retain_as_published;
                identifiers.extend(subscription.identifier);
            }
            let Some(receiver) = receiver else { continue };
            receivers += 1;
            // Without Retain As Published the flag says that a message had been retained before, which this one is not: it is
            // just published (MQTT 5, 3.3.1.3).
            let retain = keeps_flag && message.retain;
            let queued = Queued::new(message.clone(), qos.min(message.qos), retain, identifiers.into(), &self.budget);
            self.enqueue(receiver, queued);
            self.pump(receiver, now);
        }
        Ok(receivers)
    }

    /// Puts a message into a session's queue; what is lost is told. `None`: there was no room.
    pub(super) fn enqueue(&mut self, key: SessionId, queued: Option<Queued>) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let connection = session.connection.and_then(|id| self.connections.get_mut(&id));
        let kept = match (queued, connection) {
            (None, _) => Err(NO_ROOM),
            // Nothing of QoS 0 waits for a client that is away.
            (Some(queued), None) if queued.qos == QoS::AtMostOnce => Ok(()),
            (Some(queued), Some(connection)) if queued.qos == QoS::AtMostOnce => {
                if connection.queue.len() < self.limits.queued_messages {
                    connection.queue.push_back(queued);
                    Ok(())
                } else {
                    Err("its queue is full")
                }
            }
            (Some(queued), _) => {
                let kept = session.enqueue(queued, self.limits.queued_messages);
                if kept { Ok(()) } else { Err("its queue is full") }
            }
        };
        if let Err(why) = kept {
            let client = session.client_id.to_string();
            self.notice(NoticeKind::Dropped, &client, why);
        }
    }
}
