//! The device of a run that is watched, as the control API and its page see it: always the same, whichever case runs on it.
//!
//! Lives here: the host that stands in front of the case's own. Does not live here: the cases' devices (`hosted_device`).

use std::sync::{Arc, Mutex, PoisonError};

use portal_contract::{DeviceId, DeviceSummary, NewDevice};
use tokio_util::sync::CancellationToken;

use crate::control::{ApiError, RunningHost};
use crate::host::{DeviceHandle, HostHandle};

/// The host of the case that runs; clones share it.
#[derive(Clone)]
pub struct WatchedHost {
    device: DeviceId,
    present: Arc<Mutex<Option<HostHandle>>>,
    stop: CancellationToken,
}

impl WatchedHost {
    /// Shows nothing yet; `stop` is cancelled where somebody ends the run by the API.
    pub fn new(stop: CancellationToken) -> Self {
        let device = DeviceId::from_random(uuid::Uuid::new_v4().as_u128());
        Self { device, present: Arc::default(), stop }
    }

    /// The id that every case's device has.
    pub fn device_id(&self) -> DeviceId {
        self.device
    }

    /// Shows this host from now on.
    pub fn show(&self, host: HostHandle) {
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
    }

    fn present(&self) -> Option<HostHandle> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn not_here() -> ApiError {
    let message = "the device of a run that is watched is the scenario's";
    ApiError::new("notHere", message, "portal-agent run hosts devices of your own")
}

impl RunningHost for WatchedHost {
    type Device = DeviceHandle;

    fn devices(&self) -> Vec<DeviceSummary> {
        self.present().map_or_else(Vec::new, |host| host.devices())
    }

    fn device(&self, id: DeviceId) -> Option<DeviceHandle> {
        self.present().and_then(|host| host.device(id))
    }

    fn is_ready(&self) -> bool {
        self.present().is_some_and(|host| host.is_ready())
    }

    async fn add(&self, _: NewDevice) -> Result<DeviceHandle, ApiError> {
        Err(not_here())
    }

    async fn remove(&self, _: DeviceId) -> Result<(), ApiError> {
        Err(not_here())
    }

    fn stop(&self) {
        self.stop.cancel();
    }
}
