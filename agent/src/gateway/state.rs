//! What requests and the connection to the broker share.
//!
//! Lives here: the lock around the calls, whether there is a broker, who follows sends. Does not live here: HTTP, MQTT.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portal_contract::Timestamp;
use portal_graph::{Fault, Faults, Gateway, GraphAnswer, OutgoingMessage, PendingCall};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::GroupKeeper;
use crate::sender::PushSender;
use crate::wall_clock;

/// How many changes of sends a follower may be behind before it reads the send anew.
const FOLLOWERS_BACKLOG: usize = 1024;

/// The broker, as requests find it.
#[derive(Clone)]
pub(super) enum Broker {
    /// The first connection is being made.
    Connecting,
    /// There is none, and why.
    Away(String),
    /// It is there, and what it retains is known.
    Here(Arc<PushSender>),
}

pub(super) struct GatewayState {
    gateway: Mutex<Gateway>,
    faults: Option<Mutex<Faults>>,
    broker: watch::Sender<Broker>,
    changed_sends: broadcast::Sender<String>,
    keep_groups: GroupKeeper,
    pub(super) url: String,
    pub(super) open: bool,
    pub(super) ending: CancellationToken,
}

impl GatewayState {
    pub(super) fn new(
        gateway: Gateway,
        url: String,
        open: bool,
        faults: Option<Faults>,
        keep_groups: GroupKeeper,
        ending: CancellationToken,
    ) -> Self {
        Self {
            gateway: Mutex::new(gateway),
            faults: faults.map(Mutex::new),
            broker: watch::Sender::new(Broker::Connecting),
            changed_sends: broadcast::Sender::new(FOLLOWERS_BACKLOG),
            keep_groups,
            url,
            open,
            ending,
        }
    }

    /// The calls; nothing waits while they are locked.
    pub(super) fn gateway(&self) -> MutexGuard<'_, Gateway> {
        // A call that panicked has changed nothing that the next could not go on from.
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What befalls the next request; nothing where no faults are asked for.
    pub(super) fn next_fault(&self) -> Option<Fault> {
        // A draw is whole in itself.
        self.faults.as_ref().map(|faults| faults.lock().unwrap_or_else(PoisonError::into_inner).next_fault())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.gateway().time(wall_clock::now())
    }

    pub(super) fn set_broker(&self, broker: Broker) {
        self.broker.send_replace(broker);
    }

    pub(super) fn broker(&self) -> Result<Arc<PushSender>, String> {
        match &*self.broker.borrow() {
            Broker::Connecting => Err("the connection is being made".to_owned()),
            Broker::Away(why) => Err(why.clone()),
            Broker::Here(sender) => Ok(Arc::clone(sender)),
        }
    }

    /// Returns once it is clear whether there is a broker.
    pub(super) async fn settled(&self) -> Result<(), String> {
        let mut broker = self.broker.subscribe();
        // The other end lives as long as this.
        let settled = broker.wait_for(|broker| !matches!(broker, Broker::Connecting)).await;
        drop(settled);
        self.broker().map(drop)
    }

    /// Publishes a call's messages, then has its answer. A send that is to be lost is answered as if it had gone out.
    pub(super) async fn publish(&self, mut call: PendingCall, sender: &PushSender, lost: bool) -> GraphAnswer {
        let changes_groups = call.changes_groups();
        let sent = (call.is_send() && self.changed_sends.receiver_count() > 0).then(|| call.id().to_owned());
        let messages = call.take_messages();
        let published = if lost && call.is_send() {
            tracing::info!("a send was lost on purpose");
            vec![true; messages.len()]
        } else {
            publish_all(sender, messages).await
        };
        let answer = self.gateway().finish(call, &published);
        if changes_groups {
            self.keep_groups();
        }
        if let Some(id) = sent {
            self.send_changed(id);
        }
        answer
    }

    pub(super) fn keep_groups(&self) {
        // What cannot be written leaves the file as it was: an empty one would forget every group.
        if let Ok(bytes) = serde_json::to_vec(&self.gateway().directories()) {
            (self.keep_groups)(bytes);
        }
    }

    pub(super) fn send_changed(&self, id: String) {
        // Where nobody follows there is nobody to tell.
        let _ = self.changed_sends.send(id);
    }

    pub(super) fn follow_sends(&self) -> broadcast::Receiver<String> {
        self.changed_sends.subscribe()
    }
}

/// Whether each message was published, in their order.
pub(super) async fn publish_all(sender: &PushSender, messages: Vec<OutgoingMessage>) -> Vec<bool> {
    let publish = |message: OutgoingMessage| async move {
        let published = sender.publish(message.topic, message.payload, message.retain).await;
        if let Err(error) = &published {
            tracing::warn!("the gateway could not publish: {error}");
        }
        published.is_ok()
    };
    // All at once: the sender keeps to what the broker takes, and one round trip after the other would take minutes for a
    // group of many devices.
    futures_util::future::join_all(messages.into_iter().map(publish)).await
}
