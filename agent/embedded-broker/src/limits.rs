//! How much of everything the broker takes.
//!
//! Lives here: the numbers and their defaults. Does not live here: what happens beyond them (`engine`, `listener`).

use std::time::Duration;

/// The broker's limits. Beyond one of them a client is refused by name where MQTT has a way to say so, and it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most clients at a time. An open file limit that is too low for so many lowers it.
    pub clients: usize,
    /// The most sessions that are kept for clients that are away; for one more, the one that is away longest ends.
    pub sessions: usize,
    /// The most subscriptions of one session.
    pub subscriptions: usize,
    /// The most messages that wait for one client; what comes beyond is dropped for this client.
    pub queued_messages: usize,
    /// The most retained messages.
    pub retained_messages: usize,
    /// The most bytes of retained messages, topics and properties included.
    pub retained_bytes: usize,
    /// The most bytes of everything that is kept: messages, their places in queues, subscriptions, sessions.
    pub memory: usize,
    /// The largest packet, in bytes.
    pub packet_size: usize,
    /// How long a connection may take until its CONNECT is there.
    pub connect_timeout: Duration,
    /// How long a client may take none of the bytes that wait for it.
    pub write_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 10_000,
            sessions: 10_000,
            subscriptions: 2_000,
            queued_messages: 100_000,
            retained_messages: 50_000,
            retained_bytes: 64 << 20,
            memory: 256 << 20,
            packet_size: 1 << 20,
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
        }
    }
}
