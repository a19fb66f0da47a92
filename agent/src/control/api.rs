//! What every handler has at hand: the host of the devices, the token, and whether the server is ending.
//!
//! Lives here: shared state, and finding the device that a path names. Does not live here: who is let in (`guard`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use portal_contract::{DeviceId, SettingsInForce};
use tokio_util::sync::CancellationToken;

use super::gateway_sends::GatewaySends;
use super::long_requests::LongRequestPlaces;
use super::panel::PanelAccess;
use super::recording::Recordings;
use super::scenario_run::ScenarioRuns;
use super::{ApiError, ControlToken, RunningHost};

/// Shared by every request.
#[derive(Clone)]
pub(super) struct ApiState<H> {
    pub(super) host: H,
    pub(super) token: Arc<ControlToken>,
    /// Who the page lets in.
    pub(super) panel: Arc<PanelAccess>,
    /// The port that `Host` and `Origin` must name.
    pub(super) port: u16,
    /// What was sent through the gateway that runs in this daemon.
    pub(super) gateway_sends: GatewaySends,
    /// What is recorded of the devices.
    pub(super) recordings: Arc<Recordings>,
    /// The scenarios that run on the devices, as their runners report them.
    pub(super) scenarios: Arc<ScenarioRuns>,
    /// What `config show` asks for.
    pub(super) settings: Arc<SettingsInForce>,
    /// The places of requests that wait or follow.
    pub(super) places: LongRequestPlaces,
    /// Cancelled when the server is ending: streams and waits end then.
    pub(super) ending: CancellationToken,
}

/// The device that the path names, which is hosted here.
pub(super) struct OwnDevice<H: RunningHost>(pub(super) H::Device);

impl<H: RunningHost> FromRequestParts<ApiState<H>> for OwnDevice<H> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState<H>) -> Result<Self, ApiError> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, api).await;
        let named = path.ok().and_then(|Path(mut names)| names.remove("device")).unwrap_or_default();
        let found = named.parse::<DeviceId>().ok().and_then(|id| api.host.device(id));
        found.map(Self).ok_or_else(|| {
            let shown: String = named.chars().take(64).collect();
            let hosted = api.host.devices();
            let first: Vec<String> = hosted.iter().take(3).map(|device| device.device_id.to_string()).collect();
            let more = if hosted.len() > 3 { ", …" } else { "" };
            let message = format!("no device {shown:?} runs here, but {}{more}", first.join(", "));
            ApiError::new("unknownDevice", message, "GET /v1/devices lists the devices")
        })
    }
}
