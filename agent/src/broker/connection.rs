//! One connection from CONNACK to its end.
//!
//! Lives here: what each event of it means: subscriptions, the fence, pushes, answers, the clean end. Does not live here:
//! how it came to be and what follows (`session`).

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use portal_contract::{ConnectionPayload, ConnectionState, DeviceTopics, GroupId, IncomingTopic, PushTarget};
use tokio::time::sleep_until;

use super::SessionEvent;
use super::events::EventQueue;
use super::fence::{ConnectionFence, FenceArrival};
use super::link::{DesiredState, SharedSession};
use super::outbox::{PublishPurpose, SentPublish};
use super::repeated_ends::UnansweredRequest;
use super::subscriptions::{DeviceSubscriptions, SubscriptionRequest};
use super::unanswered::WaitStep;
use crate::mqtt::{BrokerUrl, ConnectionFailure, MqttClient, MqttConnection, MqttEvent, MqttMessage};

/// How long a clean end may take before the connection is simply dropped; the last will then says `offline`.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the alarm is set for where nothing is waited for.
const NO_DEADLINE: Duration = Duration::from_secs(3600);

/// How a connection ended.
pub(super) enum ConnectionEnd {
    /// It was lost, and this was unanswered then.
    Lost { failure: ConnectionFailure, unanswered: Option<UnansweredRequest> },
    /// It was left by wish.
    Left,
}

pub(super) struct LiveConnection<'a> {
    pub(super) link: &'a SharedSession,
    pub(super) events: &'a mut EventQueue,
    /// Groups that the broker's session may still hold.
    pub(super) held_groups: &'a mut BTreeSet<GroupId>,
    pub(super) url: &'a BrokerUrl,
    pub(super) topics: &'a DeviceTopics,
    pub(super) client: MqttClient,
    pub(super) epoch: u64,
    pub(super) subscriptions: DeviceSubscriptions,
    pub(super) fence: ConnectionFence,
    pub(super) online: bool,
    /// When it will have stood long enough.
    pub(super) stable_at: Option<Instant>,
    /// When a clean end is given up.
    pub(super) leave_by: Option<Instant>,
    /// How long a request may be unanswered.
    pub(super) answer_timeout: Duration,
    /// That an answer is waited for is said.
    pub(super) wait_said: bool,
}

impl LiveConnection<'_> {
    pub(super) async fn run(mut self, connection: &mut MqttConnection) -> ConnectionEnd {
        self.start();
        let mut armed = self.next_deadline();
        let mut alarm = pin!(sleep_until(armed.into()));
        loop {
            let event = {
                let mut poll = pin!(connection.poll());
                loop {
                    tokio::select! {
                        event = &mut poll => break event,
                        () = self.link.waker.notified() => self.hear_the_daemon(),
                        () = &mut alarm => {
                            if let Some(end) = self.time_is_up() {
                                return end;
                            }
                            armed = self.next_deadline();
                            alarm.as_mut().reset(armed.into());
                        }
                        () = self.events.relieve(), if self.events.has_backlog() => {}
                    }
                    self.rearm(&mut armed, alarm.as_mut());
                }
            };
            match event {
                Ok(MqttEvent::DisconnectSent) => return ConnectionEnd::Left,
                Ok(event) => self.on_event(event),
                Err(failure) => {
                    let unanswered = self.oldest_unanswered();
                    return ConnectionEnd::Lost { failure, unanswered };
                }
            }
            self.rearm(&mut armed, alarm.as_mut());
        }
    }

    /// Moves the alarm where a deadline came nearer; one that moved away is noticed when the alarm rings.
    fn rearm(&self, armed: &mut Instant, alarm: std::pin::Pin<&mut tokio::time::Sleep>) {
        let next = self.next_deadline();
        if next < *armed {
            *armed = next;
            alarm.reset(next.into());
        }
    }

    fn next_deadline(&self) -> Instant {
        let now = Instant::now();
        let answer =
            self.wait_step(self.wait_said, now).map(|step| if let WaitStep::Until(at) = step { at } else { now });
        let others = [self.fence.deadline(), self.stable_at, self.leave_by, answer];
        others.into_iter().flatten().fold(now + NO_DEADLINE, Instant::min)
    }

    fn start(&mut self) {
        let wanted = self.link.groups();
        let asks = self.subscriptions.at_connect(&wanted, self.held_groups);
        self.held_groups.extend(&wanted);
        self.ask(asks);
        self.hear_the_daemon();
    }

    fn ask(&mut self, asks: Vec<SubscriptionRequest>) {
        for ask in asks {
            let taken = match &ask {
                SubscriptionRequest::Subscribe(filters) => self.client.subscribe(filters),
                SubscriptionRequest::Unsubscribe(group) => {
                    self.client.unsubscribe(self.topics.group_notifications(*group))
                }
            };
            if taken {
                self.subscriptions.handed(ask, Instant::now());
            }
        }
    }

    fn hear_the_daemon(&mut self) {
        for (id, detail) in self.link.take_too_large() {
            self.events.tell(SessionEvent::PublishRefused { id, detail, for_good: true });
        }
        let wanted = self.link.groups();
        self.held_groups.extend(&wanted);
        let asks = self.subscriptions.change(&wanted);
        self.ask(asks);
        self.subscriptions_changed();
        self.send_probe();
        if self.link.desired() != DesiredState::Online && self.leave_by.is_none() {
            self.leave();
        }
    }

    fn send_probe(&self) {
        // A probe goes behind the fence and every subscription, so that what they bring is before it.
        if self.online
            && self.subscriptions.all_answered()
            && let Some(number) = self.link.take_probe()
        {
            self.link.publish_own(PublishPurpose::Probe, self.topics.fence(), self.fence.probe(number), false);
        }
    }

    fn leave(&mut self) {
        self.leave_by = Some(Instant::now() + CLOSE_TIMEOUT);
        // The DISCONNECT follows once the broker has taken this: it takes the last will back, and without either word
        // `online` would stay retained.
        self.publish_connection(PublishPurpose::Offline, ConnectionState::Offline);
    }

    fn publish_connection(&self, purpose: PublishPurpose, state: ConnectionState) {
        self.link.publish_own(purpose, self.topics.connection(), connection_payload(state), true);
    }

    fn time_is_up(&mut self) -> Option<ConnectionEnd> {
        let now = Instant::now();
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if due(self.leave_by) {
            return Some(ConnectionEnd::Left);
        }
        if due(self.stable_at) {
            self.stable_at = None;
            self.link.update_status(|standing| standing.suspicion = None);
        }
        if due(self.fence.deadline()) {
            self.fence_counts_as_back("the fence did not come back; pushes are treated as if none had been held");
        }
        match self.wait_step(self.wait_said, now) {
            Some(WaitStep::GiveUp(kind)) => {
                let failure = ConnectionFailure::unanswered(self.url, kind.word(), self.answer_timeout);
                return Some(ConnectionEnd::Lost { failure, unanswered: None });
            }
            Some(WaitStep::Say(kind, since)) => self.say_the_wait(kind, now.saturating_duration_since(since)),
            Some(WaitStep::Until(_)) | None => {}
        }
        None
    }

    fn on_event(&mut self, event: MqttEvent) {
        match event {
            MqttEvent::Message(message) => self.on_message(message),
            MqttEvent::PublishSent(pkid) => self.link.sent(pkid),
            MqttEvent::PublishAnswered { pkid, refusal } => {
                self.on_answer(pkid, refusal);
                self.hear_an_answer();
            }
            MqttEvent::SubscribeSent(pkid) => self.subscriptions.subscribe_sent(pkid),
            MqttEvent::SubscribeAnswered { pkid, refusals } => {
                self.subscriptions.subscribe_answered(pkid, &refusals, Instant::now());
                self.hear_an_answer();
                self.subscriptions_changed();
            }
            MqttEvent::UnsubscribeSent(pkid) => self.subscriptions.unsubscribe_sent(pkid),
            MqttEvent::UnsubscribeAnswered { pkid } => self.on_unsubscribed(pkid),
            MqttEvent::Connected { .. } | MqttEvent::DisconnectSent => {}
        }
    }

    fn on_unsubscribed(&mut self, pkid: u16) {
        if let Some(group) = self.subscriptions.unsubscribe_answered(pkid, Instant::now())
            && !self.link.groups().contains(&group)
        {
            self.held_groups.remove(&group);
        }
        self.hear_an_answer();
        self.subscriptions_changed();
    }

    fn subscriptions_changed(&mut self) {
        let refused = self.subscriptions.refused().clone();
        let up_to_date = self.subscriptions.all_answered();
        let mut news = false;
        self.link.update_status(|standing| {
            standing.refused = refused;
            news = up_to_date && !standing.answered;
            standing.answered = up_to_date;
            if news {
                standing.outage = None;
            }
        });
        if !news {
            return;
        }
        if self.online {
            self.events.tell(SessionEvent::Subscribed { epoch: self.epoch });
            self.send_probe();
        } else {
            self.become_online();
        }
    }

    fn become_online(&mut self) {
        self.online = true;
        tracing::info!(device = %self.topics.device(), url = %self.url, epoch = self.epoch, "online");
        for topic in self.subscriptions.refused() {
            tracing::warn!(url = %self.url, topic, "the broker refused the subscription; allow it in the broker's ACL");
        }
        self.publish_connection(PublishPurpose::Online, ConnectionState::Online);
        self.events.tell(SessionEvent::Online { epoch: self.epoch });
        // Only now: the broker sends it back by a subscription, which has to be there first, and behind what the
        // session held.
        self.link.publish_own(PublishPurpose::Fence, self.topics.fence(), self.fence.payload(), false);
        self.fence.sent(Instant::now());
        self.send_probe();
        if self.subscriptions.refused().contains(&self.topics.fence()) {
            self.fence_counts_as_back("the broker refused the subscription to the fence; allow devices/{its id}/#");
        }
    }

    fn fence_counts_as_back(&mut self, why: &str) {
        if self.fence.give_up() {
            tracing::warn!(url = %self.url, "{why}");
            self.link.update_status(|standing| standing.fence = Some(why.to_owned()));
            self.events.tell(SessionEvent::FenceReturned { epoch: self.epoch });
        }
    }

    fn on_answer(&mut self, pkid: u16, refusal: Option<String>) {
        let Some(SentPublish { purpose, topic }) = self.link.answered(pkid) else { return };
        match (purpose, refusal) {
            (PublishPurpose::Daemon(id), None) => self.events.tell(SessionEvent::Published { id }),
            // Where an access list forbids the topic, mosquitto grants the subscription and refuses the publish, and
            // nothing ever comes back (decisions/0001).
            (PublishPurpose::Fence, Some(reason)) => {
                self.fence_counts_as_back(&format!(
                    "the broker refused the fence ({reason}); allow devices/{{its id}}/#"
                ));
            }
            (_, Some(reason)) => self.on_refusal(purpose, topic, reason),
            (_, None) => {}
        }
        if purpose == PublishPurpose::Offline {
            self.client.disconnect();
        }
    }

    fn on_refusal(&mut self, purpose: PublishPurpose, topic: String, detail: String) {
        self.link.update_status(|standing| {
            // Once a topic and connection: a whole window of receipts may be refused.
            if !standing.refused_publishes.contains_key(&topic) {
                tracing::warn!(topic, detail, "the broker refused a publish; allow it in the broker's ACL");
            }
            standing.refused_publishes.insert(topic, detail.clone());
        });
        self.events.tell(match purpose {
            PublishPurpose::Daemon(id) => SessionEvent::PublishRefused { id, detail, for_good: false },
            _ => SessionEvent::StateChanged { epoch: self.epoch },
        });
    }

    fn on_message(&mut self, message: MqttMessage) {
        let incoming = std::str::from_utf8(&message.topic).ok().and_then(|topic| self.topics.parse(topic));
        match incoming {
            Some(IncomingTopic::Fence) => {
                self.settle(message.pkid);
                match self.fence.arrived(&message.payload) {
                    FenceArrival::InTime => self.events.tell(SessionEvent::FenceReturned { epoch: self.epoch }),
                    FenceArrival::Late => {
                        self.link.update_status(|standing| standing.fence = None);
                        self.events.tell(SessionEvent::StateChanged { epoch: self.epoch });
                    }
                    FenceArrival::Probe(number) => self.events.tell(SessionEvent::ProbeReturned { number }),
                    FenceArrival::Other => {}
                }
            }
            Some(incoming) => {
                if let IncomingTopic::Notification(target) = &incoming {
                    self.fence.pushed(Instant::now);
                    // It is delivered all the same: whether a push to a group is for this device is decided by the
                    // rules, not by the subscription that brought it.
                    self.look_for_a_stray(target);
                }
                self.deliver(incoming, message);
            }
            None => {
                tracing::debug!(topic = ?message.topic, "a message that is not for this device");
                self.settle(message.pkid);
            }
        }
    }

    fn settle(&self, pkid: Option<u16>) {
        if let Some(pkid) = pkid {
            self.link.arrived_and_settled(pkid);
        }
    }

    fn look_for_a_stray(&mut self, target: &PushTarget) {
        if let PushTarget::Group { id } = target
            && let Some(ask) = self.subscriptions.stray(*id)
        {
            self.ask(vec![ask]);
        }
    }

    fn deliver(&mut self, incoming: IncomingTopic, message: MqttMessage) {
        let event = SessionEvent::Message {
            epoch: self.epoch,
            incoming,
            payload: message.payload,
            token: message.pkid.and_then(|pkid| self.link.arrived(pkid)),
            redelivered: message.redelivered,
            retained: message.retained,
            expiry_seconds: message.expiry_seconds,
        };
        if message.pkid.is_some() {
            self.events.tell(event);
        // No window bounds messages at QoS 0, so they cannot all be kept. Those at QoS 1 are never dropped: at most a
        // window of them is unacknowledged.
        } else if !self.events.tell_if_room(event) {
            self.link.update_status(|standing| standing.dropped += 1);
        }
    }
}

/// The payload of the connection topic (contract 2).
pub(super) fn connection_payload(state: ConnectionState) -> Bytes {
    // Two words in a flat object: this serialisation has nothing that could fail.
    serde_json::to_vec(&ConnectionPayload { connection: state }).unwrap_or_default().into()
}
