//! `GET /v1/gateway/sends`: what was sent through the gateway that runs in this daemon, with what became of it.
//!
//! Lives here: the list, which the gateway keeps current. Does not live here: the request (`gateway_requests`),
//! counting (`portal_graph`), the gateway itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use portal_contract::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A custom notification that was sent through the gateway, to one device or to many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySend {
    /// Its id, which is the id of the push on each device.
    pub id: String,
    /// When it was sent, by the gateway's clock.
    pub sent_at: Timestamp,
    /// Its title.
    pub notification_title: String,
    /// How many enrolled devices it was for.
    pub addressed_devices: usize,
    /// How many devices have answered.
    pub receipts: usize,
    /// How many of them with each outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// How many of them lacked each prerequisite.
    pub unmet: BTreeMap<String, usize>,
}

/// What `GET /v1/gateway/sends` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewaySendList {
    /// The latest sends, oldest first; none where no gateway runs in this daemon.
    pub sends: Vec<GatewaySend>,
}

/// The latest sends, as the gateway tells them and whoever shows them reads them.
#[derive(Debug, Clone, Default)]
pub struct GatewaySends(Arc<watch::Sender<Vec<GatewaySend>>>);

impl GatewaySends {
    /// Takes the place of the earlier list.
    pub fn set(&self, sends: Vec<GatewaySend>) {
        self.0.send_replace(sends);
    }

    /// The list, and when it changes.
    pub(super) fn follow(&self) -> watch::Receiver<Vec<GatewaySend>> {
        self.0.subscribe()
    }
}
