//! When the daemon is ready for pushes, and the one object that says so to scripts.
//!
//! Lives here: waiting for every device to be online. Does not live here: where it is said (`cli`).

use portal_contract::DeviceId;
use serde::Serialize;

use crate::control::{RunningDevice, RunningHost};
use crate::host::HostHandle;

/// What a script that starts a daemon has to know of it (contract 7): the first line of `run --json`, and the file of
/// `run --ready-file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadyNotice {
    /// Always true.
    ready: bool,
    /// Where the control API is.
    control: String,
    /// The broker that the first device is connected to.
    broker: String,
    /// The hosted devices, in the order in which they were made.
    devices: Vec<DeviceId>,
}

impl ReadyNotice {
    /// Waits until every hosted device is online; none where the host ends first.
    pub async fn once_online(host: &HostHandle) -> Option<Self> {
        loop {
            let devices: Vec<_> = host.devices().iter().filter_map(|device| host.device(device.device_id)).collect();
            let first = devices.first()?;
            let mut changes: Vec<_> = devices.iter().map(RunningDevice::changes).collect();
            // Marked as seen before the look, so that what changes during it is looked at again.
            for change in &mut changes {
                change.borrow_and_update();
            }
            if host.is_ready() {
                let status = first.status().await.ok()?;
                let (control, broker) = (status.control.url, status.broker.url);
                let devices = devices.iter().map(|device| device.identity().id).collect();
                return Some(Self { ready: true, control, broker, devices });
            }
            let any = changes.iter_mut().map(|change| Box::pin(change.changed()));
            let (changed, ..) = futures_util::future::select_all(any).await;
            if changed.is_err() && host.ending().is_cancelled() {
                return None;
            }
        }
    }
}
