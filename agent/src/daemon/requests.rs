//! What the control API asks of the loop.
//!
//! Lives here: the requests and their answers' channel. Does not live here: HTTP (`control`).

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{DeviceState, GroupId, Prerequisite, Tenant, status};
use tokio::sync::{mpsc, oneshot};

use crate::control::{Applied, DeviceEvent, Fault, Gesture, Quiet};
use portal_device::DeviceCommand;

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// One request.
pub enum Request {
    /// Carry out a command; answered once the change is durable.
    Apply {
        /// The command.
        command: DeviceCommand,
        /// Where the answer goes.
        reply: Reply<Applied>,
    },
    /// The device's part of `status`.
    Status {
        /// Where the answer goes.
        reply: Reply<DeviceStatus>,
    },
    /// Everything that happens from now on.
    Events {
        /// Where the channel goes.
        reply: Reply<mpsc::Receiver<DeviceEvent>>,
    },
    /// What a person does on the desktop; answered once the change is durable.
    Gesture {
        /// What.
        gesture: Gesture,
        /// Where the answer goes.
        reply: Reply<Applied>,
    },
    /// Quiet: what the broker had taken before this was asked has come to where only time or a person moves it on.
    Quiet {
        /// Where the answer goes; dropped, it is not waited for any more.
        reply: Reply<Quiet>,
    },
}

/// The device's part of `status`; the handle adds what the edges know of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceStatus {
    /// The device state.
    pub device: DeviceState,
    /// Its tenant.
    pub tenant: Tenant,
    /// Company Portal.
    pub app: status::AppStatus,
    /// The device's condition.
    pub condition: status::ConditionStatus,
    /// The prompt that is showing.
    pub prompt: Option<status::PromptStatus>,
    /// The documentation profile.
    pub documentation: String,
    /// Whether the push service is emulated.
    pub push_service_emulated: bool,
    /// What each unmet prerequisite takes.
    pub hints: BTreeMap<Prerequisite, String>,
    /// The user's groups.
    pub groups: BTreeSet<GroupId>,
    /// What lingers.
    pub grace: Option<status::GraceStatus>,
    /// What device management enforces.
    pub policy: BTreeMap<String, String>,
    /// The platform's switches.
    pub settings: BTreeMap<String, String>,
    /// How many pushes are held.
    pub held: u64,
    /// How many of them wait for their turn in the pace.
    pub paced: u64,
    /// How many redeliveries there were.
    pub redelivered: u64,
    /// The newest durable receipt's sequence.
    pub last_sequence: u64,
}
