//! A message, and its place in a queue.
//!
//! Lives here: what is kept of a message, and how long it still counts. Does not live here: who gets it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::budget::{Budget, Charge};
use crate::codec::QoS;
use crate::codec::packets::Publish;

/// What a message takes beyond its bytes: counts, pointers, the allocator's own.
const MESSAGE_OVERHEAD: usize = 160;
/// What a place in a queue takes.
const PLACE: usize = 96;

/// A message, shared by all who wait for it.
#[derive(Debug)]
pub struct Message {
    pub topic: Box<str>,
    /// The properties that are forwarded, encoded.
    pub forwarded: Box<[u8]>,
    pub payload: Box<[u8]>,
    /// As it was published.
    pub qos: QoS,
    /// As it was published.
    pub retain: bool,
    /// How many seconds after `received` it counts.
    pub expiry: Option<u32>,
    /// When it came.
    pub received: Instant,
    /// The bytes that it takes.
    pub size: usize,
    _charge: Charge,
}

impl Message {
    /// Keeps what was published to `topic`; `None`: there is no room.
    pub fn keep(publish: &Publish<'_>, topic: &str, budget: &Budget, now: Instant) -> Option<Self> {
        let size = topic.len() + publish.forwarded.len() + publish.payload.len() + MESSAGE_OVERHEAD;
        Some(Self {
            _charge: budget.charge(size)?,
            topic: topic.into(),
            forwarded: publish.forwarded.as_slice().into(),
            payload: publish.payload.into(),
            qos: publish.qos,
            retain: publish.retain,
            expiry: publish.expiry,
            received: now,
            size,
        })
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expiry.is_some_and(|seconds| now >= self.received + Duration::from_secs(u64::from(seconds)))
    }

    /// The seconds that are left, for whoever gets it now. A repetition may come late; then it is the last second.
    pub fn remaining(&self, now: Instant) -> Option<u32> {
        let waited = now.saturating_duration_since(self.received).as_secs();
        self.expiry.map(|seconds| seconds.saturating_sub(u32::try_from(waited).unwrap_or(u32::MAX)).max(1))
    }
}

/// A message on its way to one client.
#[derive(Debug)]
pub struct Queued {
    pub message: Arc<Message>,
    /// As this client gets it.
    pub qos: QoS,
    /// The retain flag that this client sees.
    pub retain: bool,
    /// The identifiers of the client's subscriptions that match.
    pub identifiers: Box<[u32]>,
    _charge: Charge,
}

impl Queued {
    /// A place for `message`; `None`: there is no room.
    pub fn new(
        message: Arc<Message>,
        qos: QoS,
        retain: bool,
        identifiers: Box<[u32]>,
        budget: &Budget,
    ) -> Option<Self> {
        Some(Self { _charge: budget.charge(PLACE + 4 * identifiers.len())?, message, qos, retain, identifiers })
    }
}
