//! The requests about a recording: begin, end, look at it, take its file.
//!
//! Lives here: a function for each, and the task that follows the device. Does not live here: what is kept (`recording`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use portal_contract::DeviceId;
use tokio_util::sync::CancellationToken;

use super::api::{ApiState, OwnDevice};
use super::event_queue::EventReceiver;
use super::long_requests::LongRequest;
use super::recording::Recordings;
use super::{ApiError, Recording, RecordingRequest, RunningDevice, RunningHost, body};
use crate::recording::{IDLE_TIMEOUT, RecordedEvents};

/// The name of a scenario that is given none.
const NAME: &str = "As recorded";

fn none() -> ApiError {
    ApiError::new("noRecording", "the device was not recorded", "POST …/recording begins a recording")
}

fn gone() -> ApiError {
    let message = "nothing could be recorded: the daemon is ending, or the device was removed";
    ApiError::new("notRecording", message, "portal-agent status says whether it runs")
}

pub(super) async fn begin<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<Recording>, ApiError> {
    let request: RecordingRequest = body::read_as(request, "recording").await?;
    let place = api.places.begin_following()?;
    let mut events = device.events().await?;
    // Following has begun when the first event is here: nothing is missed between it and the status.
    let first = events.recv().await.ok_or_else(gone)?;
    let start = device.status().await?;
    let name = request.name.unwrap_or_else(|| NAME.to_owned());
    let stop = api.ending.child_token();
    api.recordings.begin(device.id(), RecordedEvents { name, start, events: vec![first] }, stop.clone())?;
    tokio::spawn(follow(device.id(), Arc::clone(&api.recordings), events, stop, place));
    api.recordings.of(device.id()).map(Json).ok_or_else(gone)
}

async fn follow(
    device: DeviceId,
    recordings: Arc<Recordings>,
    mut events: EventReceiver,
    stop: CancellationToken,
    _place: LongRequest,
) {
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = events.recv() => event,
        };
        let Some(event) = event else {
            recordings.end(device, "events came faster than they could be recorded, or the device is gone");
            return;
        };
        if !recordings.add(device, event) {
            return;
        }
    }
}

pub(super) async fn end<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
) -> Result<Json<Recording>, ApiError> {
    let recordings = &api.recordings;
    if recordings.of(device.id()).ok_or_else(none)?.ended.is_none() {
        let _place = api.places.begin_long()?;
        let mut changed = recordings.changed();
        // What was done last may still have consequences; without them the scenario would expect too little.
        let rest = async {
            let Ok(idle) = device.until_idle().await else { return };
            while recordings.heard_through(device.id()) < idle.events && changed.changed().await.is_ok() {}
        };
        tokio::select! {
            () = api.ending.cancelled() => {}
            _ = tokio::time::timeout(IDLE_TIMEOUT, rest) => {}
        }
    }
    recordings.end(device.id(), "it was ended").map(Json).ok_or_else(none)
}

pub(super) async fn show<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
) -> Result<Json<Recording>, ApiError> {
    api.recordings.of(device.id()).map(Json).ok_or_else(none)
}

pub(super) async fn file<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
) -> Result<Response, ApiError> {
    let recording = api.recordings.of(device.id()).ok_or_else(none)?;
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"recorded.yaml\"")];
    Ok((headers, recording.file).into_response())
}
