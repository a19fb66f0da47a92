//! The broker's edge: one device's session that never loses a push, and the embedded broker.
//!
//! Lives here: connecting, subscribing, acknowledgements in order, the fence, back-off (contract 2 and 4). Does not live
//! here: what a push means and when it is durable; the daemon says so by acknowledging.
//!
//! **Order.** MQTT wants acknowledgements in the order of arrival. The edge keeps that order itself: tokens may come back
//! in any order, and one goes out once all before it have. Fences and what is of no concern are settled by the edge, so
//! each [`SessionEvent::Message`] is the daemon's, and every token of it is to be acknowledged.
//!
//! **Epochs.** Each CONNACK begins an epoch. A token of an older one is dropped: a packet id used again would acknowledge
//! a push that was never seen (decisions/0002). What was not acknowledged comes again, marked as redelivered.
//!
//! **Full channels.** The session never waits for the daemon. Its events go to the daemon's channel, which must hold the
//! receive window and [`EVENT_SLACK`]; what QoS 1 brings beyond (3.1.1 knows no window) waits in the session, of which
//! packet ids allow 65,535; a QoS 0 message is dropped and counted in `problem`.

mod acks;
mod backoff;
mod connection;
mod embedded;
mod embedded_file;
mod events;
mod fence;
mod link;
mod outbox;
mod reconnecting;
mod recording;
mod repeated_ends;
mod session;
mod settings;
mod subscriptions;
mod unanswered;
mod waiting;

use std::collections::BTreeSet;

use bytes::Bytes;
use portal_contract::{GroupId, IncomingTopic};

pub use crate::mqtt::{BrokerCredentials, BrokerUrl, BrokerUrlError, MqttVersion, Secret, TlsError, TlsSettings};
pub use embedded::{EmbeddedAccess, EmbeddedBroker, EmbeddedError, EmbeddedLimits, EmbeddedOptions};
pub use embedded_file::{EMBEDDED_BROKER_FILE, keep_credentials, kept_credentials};
pub use portal_delivery::{ConnectionNumber, DeviceKey, Publish, PublishId};
pub use portal_device::AckToken;
pub use recording::{RecordedSessionCall, RecordingSessions};
pub use session::{BrokerSession, SessionHandle};
pub use settings::{BrokerError, EVENT_SLACK, ReconnectSettings, SessionSettings};

/// What the session tells the daemon, in the order in which it happened.
#[derive(Debug)]
pub enum SessionEvent {
    /// A try begins.
    Connecting {
        /// The broker tried.
        url: String,
    },
    /// CONNACK came.
    Connected {
        /// The connection's number, from 1 on, never used again in this process.
        epoch: u64,
        /// Whether the broker had kept the session.
        session_present: bool,
        /// How many publishes of the host's it takes before it has answered the first of them.
        publish_window: usize,
        /// The broker.
        url: String,
    },
    /// Every subscription is answered, granted or refused (the refused stand in `state()`). Once a connection.
    Online {
        /// The connection.
        epoch: u64,
    },
    /// A later change of groups is answered as well.
    Subscribed {
        /// The connection.
        epoch: u64,
    },
    /// Something for the device.
    Message {
        /// The connection.
        epoch: u64,
        /// What it is about; never [`IncomingTopic::Fence`].
        incoming: IncomingTopic,
        /// The payload, of any size up to what the protocol allows.
        payload: Bytes,
        /// To be acknowledged once durable; `None` at QoS 0.
        token: Option<AckToken>,
        /// Whether the broker marked it as sent before (DUP).
        redelivered: bool,
        /// Whether it comes from the broker's retained store.
        retained: bool,
        /// MQTT 5's message expiry, in seconds from receipt.
        expiry_seconds: Option<u32>,
    },
    /// This connection's fence came back, was refused, or counts as back; `state()` says which. Once a connection.
    FenceReturned {
        /// The connection.
        epoch: u64,
    },
    /// A probe of this connection came back.
    ProbeReturned {
        /// The number that it was asked for by.
        number: u64,
    },
    /// PUBACK came.
    Published {
        /// The daemon's number.
        id: PublishId,
    },
    /// A publish was refused; the connection goes on.
    PublishRefused {
        /// The daemon's number.
        id: PublishId,
        /// The broker's reason, in words.
        detail: String,
        /// Whether it can never be sent, being too large; otherwise the broker may take it another time, and `state()`
        /// names the topic.
        for_good: bool,
    },
    /// What `state()` says changed, and nothing else happened: a publish without a number was refused, or the fence came
    /// after it had counted as back.
    StateChanged {
        /// The connection.
        epoch: u64,
    },
    /// The connection is gone, or the first try failed; once an outage, not once a try.
    Disconnected {
        /// What happened and what to do about it.
        problem: String,
    },
    /// The session's task ended: it was stopped, or it panicked.
    Ended,
}

/// What the daemon asks of a session. No call waits.
pub trait SessionControl: Send + Sync {
    /// Acknowledges a message; a token of an older connection is dropped.
    fn ack(&self, token: AckToken);

    /// The groups to be subscribed from now on; the difference is subscribed and unsubscribed at once, and the whole
    /// at each connect.
    fn set_groups(&self, groups: BTreeSet<GroupId>);

    /// Publishes at QoS 1, in the order of the calls. `false`: the connection that it is meant for does not stand, or as many
    /// as the broker takes are unanswered. A publish without an answer when the connection ends is forgotten: publish it
    /// again (contract 4: from the first without PUBACK).
    fn publish(&self, publish: Publish) -> bool;

    /// Sends a message to oneself, behind everything that was asked for before; [`SessionEvent::ProbeReturned`] comes
    /// behind everything that the broker had taken for the device by then. Forgotten where the connection ends first.
    fn probe(&self, number: u64);

    /// Publishes `offline`, disconnects and stays so; the broker keeps the session. Ends with `Disconnected`.
    fn go_offline(&self);

    /// Connects again after [`SessionControl::go_offline`].
    fn go_online(&self);

    /// How things stand; `embedded` is left for the daemon to fill.
    fn state(&self) -> portal_contract::status::BrokerStatus;
}
