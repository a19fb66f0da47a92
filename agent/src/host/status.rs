//! What `status` answers of a device, with a daemon or without one.
//!
//! Lives here: putting it together. Does not live here: what the device is like (`portal_device`), the broker, the desktop.

use portal_contract::status::{BrokerStatus, ControlStatus, DaemonStatus, DesktopStatus};
use portal_contract::{ConnectionState, StatusReport};
use portal_device::Device;

/// How many held pushes `status` lists (contract 7).
const HELD_PUSHES_SHOWN: usize = 100;

/// What a status says beside the device.
#[derive(Debug)]
pub struct StatusParts {
    /// How many redeliveries were acknowledged without a receipt.
    pub redelivered: u64,
    /// The newest durable receipt's sequence.
    pub last_sequence: u64,
    /// The broker.
    pub broker: BrokerStatus,
    /// The control API.
    pub control: ControlStatus,
    /// The desktop.
    pub desktop: DesktopStatus,
    /// The daemon; none where none runs.
    pub daemon: Option<DaemonStatus>,
}

/// The whole picture.
pub fn status_report(device: &Device, parts: StatusParts) -> StatusReport {
    let snapshot = device.snapshot();
    StatusReport {
        connection: if parts.broker.connected { ConnectionState::Online } else { ConnectionState::Offline },
        device: snapshot.device_state(),
        hints: snapshot.hints(None),
        tenant: snapshot.identity.tenant.clone(),
        app: snapshot.app_status(),
        condition: snapshot.condition_status(),
        prompt: device.prompt_status(),
        should_show_request_permission_rationale: snapshot.rationale_status(),
        documentation: snapshot.documentation.year().to_owned(),
        push_service_emulated: device.settings().push_service.emulate,
        groups: snapshot.enrollment.groups.clone(),
        grace: snapshot.grace_status(),
        policy: snapshot.policy.list().clone(),
        settings: snapshot.switches.list(),
        held: device.held() as u64,
        paced: device.paced() as u64,
        held_pushes: device.held_notifications(HELD_PUSHES_SHOWN),
        redelivered: parts.redelivered,
        last_sequence: parts.last_sequence,
        broker: parts.broker,
        control: parts.control,
        desktop: parts.desktop,
        daemon: parts.daemon,
    }
}
