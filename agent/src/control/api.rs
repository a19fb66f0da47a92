//! What every handler has at hand: the device, the token, and whether the server is ending.
//!
//! Lives here: shared state, and the check that a path names this device. Does not live here: who is let in (`guard`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use portal_contract::DeviceId;
use tokio_util::sync::CancellationToken;

use super::{Fault, RunningDevice, Token};

/// Shared by every request.
#[derive(Clone)]
pub(super) struct Api<D> {
    pub(super) device: D,
    pub(super) token: Arc<Token>,
    /// The port that `Host` and `Origin` must name.
    pub(super) port: u16,
    /// Cancelled when the server is ending: streams and waits end then.
    pub(super) ending: CancellationToken,
}

/// Proof that the path names the device that runs here.
pub(super) struct OwnDevice;

impl<D: RunningDevice> FromRequestParts<Api<D>> for OwnDevice {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, api: &Api<D>) -> Result<Self, Fault> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, api).await;
        let named = path.ok().and_then(|Path(mut names)| names.remove("device")).unwrap_or_default();
        let own = api.device.id();
        if named.parse::<DeviceId>() == Ok(own) {
            return Ok(Self);
        }
        let shown: String = named.chars().take(64).collect();
        let message = format!("no device {shown:?} runs here; this daemon's device is {own}");
        Err(Fault::new("unknownDevice", message, "GET /v1/devices lists the devices"))
    }
}
