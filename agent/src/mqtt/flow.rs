//! The state of one connection after CONNACK: packet ids, what is unanswered, what both sides' limits allow.
//!
//! Pure: packets and requests in, bytes and events out. Does not live here: the socket and the time (`connection`).
//!
//! **Packet ids** are any that is free, for publishes and subscribes alike: the broker's Receive Maximum limits how many
//! publishes are unanswered, not which ids are used (MQTT 5, 4.9). So a publish that is never answered holds nothing else
//! back, and no id is used twice at a time.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::client::{MqttEvent, MqttMessage, MqttRequest, ServerLimits};
use super::endpoint::MqttVersion;
use super::flow_end::FlowEnd;
use super::in_flight::{Arrival, AwaitedAnswer, AwaitedAnswers, UnacknowledgedMessages};
use super::packet::{self, BrokerPacket, FrameError, OwnReason, ShortPacket};

#[derive(Debug)]
struct HeldPublish {
    topic: String,
    payload: Bytes,
    retain: bool,
}

/// What was announced to the broker, and how messages are acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnLimits {
    pub(super) version: MqttVersion,
    /// Messages that may be unacknowledged; 3.1.1 announces none, and has 65,535 packet ids.
    pub(super) receive_maximum: usize,
    /// Bytes of unacknowledged payloads from which on a broker that sends more messages than it may is disconnected.
    /// Not from the first message too many: mosquitto 2.0.11 sends all that it has after the first PUBACK (45 messages with
    /// a Receive Maximum of 10), and would never be heard to the end. Over 3.1.1 reading pauses there.
    pub(super) most_bytes: usize,
    /// Bytes of a packet.
    pub(super) largest: usize,
    pub(super) manual_acks: bool,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct PacketFlow {
    own: OwnLimits,
    server: ServerLimits,
    awaited: AwaitedAnswers,
    unanswered_publishes: usize,
    /// Publishes beyond the broker's Receive Maximum, in order.
    held: VecDeque<HeldPublish>,
    unacknowledged: UnacknowledgedMessages,
    pong_awaited: bool,
    too_many_said: bool,
    /// DISCONNECT is written: nothing follows it.
    pub(super) ending: bool,
    /// Bytes to be sent.
    pub(super) out: BytesMut,
    /// What happened, oldest first.
    pub(super) events: VecDeque<MqttEvent>,
}

impl PacketFlow {
    pub(super) fn new(own: OwnLimits, server: ServerLimits) -> Self {
        Self {
            own,
            server,
            awaited: AwaitedAnswers::default(),
            unanswered_publishes: 0,
            held: VecDeque::new(),
            unacknowledged: UnacknowledgedMessages::default(),
            pong_awaited: false,
            too_many_said: false,
            ending: false,
            out: BytesMut::new(),
            events: VecDeque::new(),
        }
    }

    pub(super) fn version(&self) -> MqttVersion {
        self.own.version
    }

    /// A request of this side.
    pub(super) fn request(&mut self, request: MqttRequest) -> Result<(), FlowEnd> {
        if self.ending {
            return Ok(());
        }
        match request {
            MqttRequest::Publish { topic, payload, retain } => {
                // By way of the queue also where there is room: none may overtake those that are held back.
                self.held.push_back(HeldPublish { topic, payload, retain });
                self.send_held()
            }
            MqttRequest::Subscribe(filters) => {
                let pkid = self.awaited.free_id().ok_or(FlowEnd::Within)?;
                let packet = packet::subscribe(self.own.version, pkid, &filters).map_err(|_| FlowEnd::Within)?;
                self.send_subscription(&packet)?;
                self.awaited.insert(pkid, AwaitedAnswer::Subscribed);
                self.events.push_back(MqttEvent::SubscribeSent(pkid));
                Ok(())
            }
            MqttRequest::Unsubscribe(filter) => {
                let pkid = self.awaited.free_id().ok_or(FlowEnd::Within)?;
                let packet = packet::unsubscribe(self.own.version, pkid, filter).map_err(|_| FlowEnd::Within)?;
                self.send_subscription(&packet)?;
                self.awaited.insert(pkid, AwaitedAnswer::Unsubscribed);
                self.events.push_back(MqttEvent::UnsubscribeSent(pkid));
                Ok(())
            }
            MqttRequest::Acknowledge(pkid) => {
                self.acknowledge(pkid);
                Ok(())
            }
            MqttRequest::Disconnect => {
                self.short(ShortPacket::Disconnect(OwnReason::Normal));
                self.ending = true;
                Ok(())
            }
        }
    }

    /// It is time for a PINGREQ; `false`: the last one is unanswered.
    pub(super) fn ping(&mut self) -> bool {
        self.ping_unheard();
        !std::mem::replace(&mut self.pong_awaited, true)
    }

    /// Whether more may be read. Over 3.1.1, where no Receive Maximum can be announced, a broker may have 65,535 messages
    /// unacknowledged: reading pauses at the same sum of bytes, and TCP has the broker wait. It breaks no rule by that, so it is
    /// not disconnected.
    pub(super) fn may_read(&self) -> bool {
        self.own.version == MqttVersion::Mqtt5 || self.unacknowledged.bytes() <= self.own.most_bytes
    }

    /// A PINGREQ while reading pauses: its answer cannot be heard, so none is waited for.
    pub(super) fn ping_unheard(&mut self) {
        if !self.ending {
            self.short(ShortPacket::PingReq);
        }
    }

    /// Whether the last PINGREQ is unanswered.
    pub(super) fn pong_awaited(&self) -> bool {
        self.pong_awaited
    }

    /// Takes the packets off what was read.
    pub(super) fn take_packets(&mut self, read: &mut BytesMut) -> Result<(), FlowEnd> {
        loop {
            match packet::take_frame(read, self.own.largest) {
                Ok(Some(frame)) => self.take_packet(packet::read(self.own.version, frame)?)?,
                Ok(None) => return Ok(()),
                Err(FrameError::Malformed) => return Err(FlowEnd::ProtocolError),
                Err(FrameError::TooLarge { size }) => return Err(FlowEnd::TooLarge { size }),
            }
        }
    }

    fn take_packet(&mut self, packet: BrokerPacket) -> Result<(), FlowEnd> {
        match packet {
            BrokerPacket::Publish { message, exactly_once, alias } => self.arrived(message, exactly_once, alias)?,
            BrokerPacket::PubAck { pkid, refusal } => {
                if self.awaited.answered(pkid, AwaitedAnswer::Published) {
                    self.unanswered_publishes -= 1;
                    self.events.push_back(MqttEvent::PublishAnswered { pkid, refusal });
                    self.send_held()?;
                }
            }
            BrokerPacket::SubAck { pkid, refusals } => {
                if self.awaited.answered(pkid, AwaitedAnswer::Subscribed) {
                    self.events.push_back(MqttEvent::SubscribeAnswered { pkid, refusals });
                }
            }
            BrokerPacket::UnsubAck(pkid) => {
                if self.awaited.answered(pkid, AwaitedAnswer::Unsubscribed) {
                    self.events.push_back(MqttEvent::UnsubscribeAnswered { pkid });
                }
            }
            BrokerPacket::PubRel(pkid) => {
                // Answered whatever the id: a broker sends PUBREL again until it has its PUBCOMP, and the first
                // answer may be lost.
                let released = self.unacknowledged.released(pkid);
                self.short(released);
            }
            BrokerPacket::PingResp => self.pong_awaited = false,
            BrokerPacket::Disconnect { sentence, kind } => return Err(FlowEnd::Told { sentence, kind }),
            BrokerPacket::Accepted { .. } | BrokerPacket::Refused { .. } => return Err(FlowEnd::ProtocolError),
        }
        Ok(())
    }

    fn arrived(&mut self, message: MqttMessage, exactly_once: bool, alias: bool) -> Result<(), FlowEnd> {
        // No Topic Alias Maximum was announced, so there is none that could be known.
        if alias {
            return Err(FlowEnd::TopicAlias);
        }
        if message.topic.is_empty() {
            return Err(FlowEnd::ProtocolError);
        }
        let Some(pkid) = message.pkid else {
            self.events.push_back(MqttEvent::Message(message));
            return Ok(());
        };
        match self.unacknowledged.arrived(pkid, message.payload.len(), exactly_once) {
            Arrival::New => self.check_the_receive_maximum()?,
            // Older brokers send again on the same connection what is not acknowledged for a while: it is in hand.
            Arrival::IdInUse if message.redelivered && self.own.version == MqttVersion::Mqtt311 => return Ok(()),
            Arrival::IdInUse => return Err(FlowEnd::ProtocolError),
        }
        self.events.push_back(MqttEvent::Message(message));
        if !self.own.manual_acks {
            self.acknowledge(pkid);
        }
        Ok(())
    }

    fn check_the_receive_maximum(&mut self) -> Result<(), FlowEnd> {
        let (number, announced) = (self.unacknowledged.number(), self.own.receive_maximum);
        if number <= announced {
            return Ok(());
        }
        if self.unacknowledged.bytes() > self.own.most_bytes {
            return Err(FlowEnd::ReceiveMaximum { announced, number });
        }
        if !std::mem::replace(&mut self.too_many_said, true) {
            tracing::info!(
                announced,
                "the broker sends more unacknowledged messages than were announced; they are taken"
            );
        }
        Ok(())
    }

    fn acknowledge(&mut self, pkid: u16) {
        if let Some(packet) = self.unacknowledged.acknowledge(pkid) {
            self.short(packet);
        }
    }

    /// Sends what was held back, as far as the broker's Receive Maximum goes.
    fn send_held(&mut self) -> Result<(), FlowEnd> {
        let most = self.server.receive_maximum.map_or(usize::from(u16::MAX), usize::from);
        while self.unanswered_publishes < most {
            let Some(HeldPublish { topic, payload, retain }) = self.held.pop_front() else { return Ok(()) };
            let pkid = self.awaited.free_id().ok_or(FlowEnd::Within)?;
            // A broker that keeps none ends the connection for it (0x9A), and would at each connect: the retained
            // state is the first that a device publishes.
            let retain = retain && self.server.retain_available;
            let packet =
                packet::publish(self.own.version, pkid, &topic, payload, retain).map_err(|_| FlowEnd::Within)?;
            // Told also of one that is refused below: whoever asked matches ids to requests by their order alone.
            self.events.push_back(MqttEvent::PublishSent(pkid));
            if packet.len() > self.largest() {
                // Refused here, since a broker answers a packet over its limit by ending the connection, and a
                // receipt is published again at each connect.
                let refusal =
                    format!("{} bytes are more than the {} that the broker takes", packet.len(), self.largest());
                self.events.push_back(MqttEvent::PublishAnswered { pkid, refusal: Some(refusal) });
                continue;
            }
            self.out.extend_from_slice(&packet);
            self.awaited.insert(pkid, AwaitedAnswer::Published);
            self.unanswered_publishes += 1;
        }
        Ok(())
    }

    fn send_subscription(&mut self, packet: &[u8]) -> Result<(), FlowEnd> {
        let (size, largest) = (packet.len(), self.largest());
        if size > largest {
            return Err(FlowEnd::LimitTooSmall { size, largest });
        }
        self.out.extend_from_slice(packet);
        Ok(())
    }

    fn largest(&self) -> usize {
        self.server.maximum_packet_size.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX)
    }

    fn short(&mut self, packet: ShortPacket) {
        packet.write(self.own.version, &mut self.out);
    }
}

#[cfg(test)]
mod tests;
