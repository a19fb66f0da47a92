//! What the daemon's calls and the session's task share: the live connection's client, what is unanswered on it, and how things stand.
//!
//! Lives here: everything under the one short lock; nothing waits while it is held. Does not live here: the network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use portal_contract::{GroupId, status};
use tokio::sync::Notify;

use portal_device::AckToken;

use super::acks::AckQueue;
use super::outbox::{InFlightPublishes, PublishPurpose, SentPublish};
use super::{ConnectionNumber, Publish, PublishId, SessionControl};
use crate::mqtt::{MqttClient, ServerLimits};

/// What MQTT adds to topic and payload at most: header, lengths, packet id, properties.
const PUBLISH_OVERHEAD: usize = 16;

/// What is missing at a broker without retained messages.
const RETAINS_NOTHING: &str = "the broker keeps no retained messages: who subscribes to the device's state or connection \
                               later is not told it, and the group list that was published while the device was away \
                               does not arrive; allow retained messages at the broker";

/// What the daemon wants of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DesiredState {
    Online,
    Offline,
    Stop,
}

/// The shared half of a session.
#[derive(Debug)]
pub(super) struct SharedSession {
    inner: Mutex<SharedState>,
    /// Rung when a wish, the groups, a probe or a publish of impossible size await the task.
    pub(super) waker: Notify,
}

#[derive(Debug)]
struct SharedState {
    desired: DesiredState,
    groups: BTreeSet<GroupId>,
    live: Option<ActiveClient>,
    too_large: Vec<(PublishId, String)>,
    /// The newest probe that is asked for and not sent yet.
    probe: Option<u64>,
    status: SessionStatus,
}

#[derive(Debug)]
struct ActiveClient {
    epoch: u64,
    client: MqttClient,
    acks: AckQueue,
    outbox: InFlightPublishes,
    largest: usize,
}

/// How things stand, for `status`.
#[derive(Debug, Default)]
pub(super) struct SessionStatus {
    pub(super) url: String,
    pub(super) answered: bool,
    pub(super) refused: BTreeSet<String>,
    /// Why there is no connection.
    pub(super) outage: Option<String>,
    /// What the broker has not answered for a while.
    pub(super) waiting: Option<String>,
    /// A second client is likely.
    pub(super) suspicion: Option<String>,
    /// Why the fence only counts as back.
    pub(super) fence: Option<String>,
    /// The topics that the broker takes nothing to, each with its latest reason; until the next connect.
    pub(super) refused_publishes: BTreeMap<String, String>,
    /// The topics whose publishes are larger than the packets that the broker takes, each with the latest size and the
    /// limit; until the next connect.
    pub(super) held_back: BTreeMap<String, (usize, usize)>,
    /// The broker keeps no retained messages.
    pub(super) retains_nothing: bool,
    /// QoS 0 messages of this connection that found no room.
    pub(super) dropped: u64,
}

impl SharedSession {
    pub(super) fn new() -> Self {
        let inner = SharedState {
            desired: DesiredState::Online,
            groups: BTreeSet::new(),
            live: None,
            too_large: Vec::new(),
            probe: None,
            status: SessionStatus::default(),
        };
        Self { inner: Mutex::new(inner), waker: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, SharedState> {
        // Each change under the lock is whole in itself, so what a panicking holder left is usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn desired(&self) -> DesiredState {
        self.lock().desired
    }

    /// Sets the wish; `Stop` is final.
    pub(super) fn set_desired(&self, desired: DesiredState) {
        let mut inner = self.lock();
        if inner.desired != DesiredState::Stop {
            inner.desired = desired;
        }
        drop(inner);
        self.waker.notify_one();
    }

    pub(super) fn groups(&self) -> BTreeSet<GroupId> {
        self.lock().groups.clone()
    }

    pub(super) fn update_status(&self, change: impl FnOnce(&mut SessionStatus)) {
        change(&mut self.lock().status);
    }

    /// A connection stands.
    pub(super) fn open(&self, epoch: u64, client: MqttClient, outbox: InFlightPublishes, limits: ServerLimits) {
        let largest = limits.maximum_packet_size.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX);
        let mut inner = self.lock();
        inner.status.held_back.clear();
        inner.status.retains_nothing = !limits.retain_available;
        inner.live = Some(ActiveClient { epoch, client, acks: AckQueue::default(), outbox, largest });
        inner.status.refused_publishes.clear();
    }

    /// The connection is gone, and with it every token and publish of it.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.live = None;
        inner.probe = None;
        inner.status.answered = false;
        inner.status.refused.clear();
        inner.status.waiting = None;
        inner.status.fence = None;
        inner.status.dropped = 0;
    }

    /// A message for the daemon arrived.
    pub(super) fn arrived(&self, pkid: u16) -> Option<AckToken> {
        self.lock().live.as_mut().map(|live| AckToken { connection: live.epoch, position: live.acks.arrived(pkid) })
    }

    /// A message that is no one's arrived: it is acknowledged as soon as its turn comes.
    pub(super) fn arrived_and_settled(&self, pkid: u16) {
        if let Some(live) = &mut self.lock().live {
            let position = live.acks.arrived(pkid);
            live.settle(position);
        }
    }

    pub(super) fn sent(&self, pkid: u16) {
        if let Some(live) = &mut self.lock().live {
            live.outbox.sent(pkid, Instant::now());
        }
    }

    /// When the oldest publish that is unanswered was sent.
    pub(super) fn publish_unanswered_since(&self) -> Option<Instant> {
        self.lock().live.as_ref()?.outbox.unanswered_since()
    }

    /// Where that one goes to.
    pub(super) fn unanswered_topic(&self) -> Option<String> {
        self.lock().live.as_ref()?.outbox.unanswered_topic().map(str::to_owned)
    }

    pub(super) fn answered(&self, pkid: u16) -> Option<SentPublish> {
        self.lock().live.as_mut()?.outbox.answered(pkid)
    }

    /// The session's own publish, beyond the daemon's window.
    pub(super) fn publish_own(&self, purpose: PublishPurpose, topic: String, payload: Bytes, retain: bool) {
        if let Some(live) = &mut self.lock().live {
            live.hand_over(purpose, topic, payload, retain);
        }
    }

    /// The probe that is to be sent.
    pub(super) fn take_probe(&self) -> Option<u64> {
        self.lock().probe.take()
    }

    /// The daemon's publishes that the broker's packet limit forbids.
    pub(super) fn take_too_large(&self) -> Vec<(PublishId, String)> {
        std::mem::take(&mut self.lock().too_large)
    }
}

impl ActiveClient {
    fn settle(&mut self, position: u64) {
        self.acks.settle(position);
        while let Some(pkid) = self.acks.release() {
            // The request channel holds every packet id there is (`REQUESTS`), so only a dead connection refuses.
            self.client.ack(pkid);
        }
    }

    fn hand_over(&mut self, purpose: PublishPurpose, topic: String, payload: Bytes, retain: bool) -> bool {
        let taken = self.client.publish(topic.clone(), payload, retain);
        if taken {
            self.outbox.handed(purpose, topic);
        }
        taken
    }
}

impl SessionControl for SharedSession {
    fn ack(&self, token: AckToken) {
        let mut inner = self.lock();
        // A token of an older connection is dropped: its packet id may stand for another push by now, which would be
        // acknowledged unseen and lost with the next crash (decisions/0002).
        if let Some(live) = inner.live.as_mut().filter(|live| live.epoch == token.connection) {
            live.settle(token.position);
        }
    }

    fn set_groups(&self, groups: BTreeSet<GroupId>) {
        let mut inner = self.lock();
        if inner.groups != groups {
            // Not online until they are answered, from this very call on: whoever waits for it must not be too early.
            inner.status.answered &= groups.is_subset(&inner.groups);
            inner.groups = groups;
            drop(inner);
            self.waker.notify_one();
        }
    }

    fn publish(&self, publish: Publish) -> bool {
        let Publish { connection, id, topic, payload, retain } = publish;
        let mut inner = self.lock();
        // On a later connection it would come twice: the host publishes again what an earlier one did not answer.
        let live = inner.live.as_mut().filter(|live| ConnectionNumber(live.epoch) == connection);
        let Some(live) = live else { return false };
        let size = topic.len() + payload.len() + PUBLISH_OVERHEAD;
        let largest = live.largest;
        if size > largest {
            let detail = format!("{size} bytes are more than the {largest} that the broker takes");
            // Taken, and refused by the task a moment later: the host hears of it where it hears of every answer.
            inner.status.held_back.insert(topic, (size, largest));
            inner.too_large.push((id, detail));
            drop(inner);
            self.waker.notify_one();
            return true;
        }
        !live.outbox.is_full() && live.hand_over(PublishPurpose::Daemon(id), topic, payload.into(), retain)
    }

    fn probe(&self, number: u64) {
        self.lock().probe = Some(number);
        self.waker.notify_one();
    }

    fn go_offline(&self) {
        self.set_desired(DesiredState::Offline);
    }

    fn go_online(&self) {
        self.set_desired(DesiredState::Online);
    }

    fn state(&self) -> status::BrokerStatus {
        self.lock().status.report()
    }
}

impl SessionStatus {
    fn report(&self) -> status::BrokerStatus {
        let dropped = (self.dropped > 0)
            .then(|| format!("{} messages sent at QoS 0 found no room and were dropped; send at QoS 1", self.dropped));
        let (publishes, held_back) = (self.refused_publishes(), self.held_back());
        let retains_nothing = (self.answered && self.retains_nothing).then(|| RETAINS_NOTHING.to_owned());
        let problems = [
            &self.suspicion,
            &self.outage,
            &self.waiting,
            &self.fence,
            &held_back,
            &publishes,
            &retains_nothing,
            &dropped,
        ];
        let problems: Vec<&str> = problems.into_iter().flatten().map(String::as_str).collect();
        status::BrokerStatus {
            url: self.url.clone(),
            connected: self.answered,
            refused_subscriptions: self.refused.iter().cloned().collect(),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
            embedded: None,
        }
    }

    fn held_back(&self) -> Option<String> {
        let topics: Vec<_> =
            self.held_back.iter().map(|(topic, (size, _))| format!("{topic} ({size} bytes)")).collect();
        let (_, (_, largest)) = self.held_back.first_key_value()?;
        Some(format!(
            "the broker takes packets of at most {largest} bytes, so what the device publishes to {} is held back; raise \
             the broker's largest packet size",
            topics.join(", ")
        ))
    }

    fn refused_publishes(&self) -> Option<String> {
        let topics: Vec<_> =
            self.refused_publishes.iter().map(|(topic, reason)| format!("{topic} ({reason})")).collect();
        (!topics.is_empty()).then(|| {
            format!(
                "the broker refused what the device publishes to {}; allow it in the broker's ACL: it is published again \
                 at the next connect",
                topics.join(", ")
            )
        })
    }
}
