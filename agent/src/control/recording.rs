//! `recording`: what happens on the device becomes a scenario file, which can be looked at as it grows.
//!
//! Lives here: beginning, following and ending a recording in the daemon. Does not live here: how an event is written (`recording`,
//! the module that `scenario record` has it from, too).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use portal_contract::{DeviceId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::api::{ApiState, OwnDevice};
use super::event_queue::EventReceiver;
use super::long_requests::LongRequest;
use super::{ApiError, DeviceEvent, RunningDevice, RunningHost, body, size_of_event};
use crate::recording::RecordedEvents;

/// How many events a recording has at most, and how many bytes they have: a scenario is read by people.
const MOST_EVENTS: usize = 5000;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long the device may take to come to rest at the end; what it does later is left out.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The name of a scenario that is given none.
const NAME: &str = "As recorded";

/// The body by which a recording begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingRequest {
    /// The scenario's name; "As recorded" where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A recording as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The scenario's name.
    pub name: String,
    /// When it began, in device time.
    pub since: Timestamp,
    /// How many things have happened so far.
    pub events: usize,
    /// Why it has ended; absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// The scenario file so far.
    pub file: String,
}

/// The recordings of the devices, of each the latest.
#[derive(Debug)]
pub(super) struct Recordings {
    of: Mutex<HashMap<DeviceId, RecordingUnderWay>>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct RecordingUnderWay {
    recorded: RecordedEvents,
    bytes: usize,
    ended: Option<String>,
    /// Ends the task that follows the device.
    stop: CancellationToken,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { of: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Recordings {
    /// Counts up whenever a recording may look otherwise.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The latest recording of a device.
    pub(super) fn of(&self, device: DeviceId) -> Option<Recording> {
        self.with(|of| of.get(&device).map(RecordingUnderWay::shown))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<DeviceId, RecordingUnderWay>) -> T) -> T {
        act(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn begin(&self, device: DeviceId, recorded: RecordedEvents, stop: CancellationToken) -> Result<(), ApiError> {
        let began = self.with(|of| {
            if of.get(&device).is_some_and(|present| present.ended.is_none()) {
                return false;
            }
            of.insert(device, RecordingUnderWay { recorded, bytes: 0, ended: None, stop });
            true
        });
        if !began {
            let hint = "end it first: DELETE …/recording";
            return Err(ApiError::new("alreadyRecording", "the device is being recorded already", hint));
        }
        self.tell();
        Ok(())
    }

    /// Takes an event in; whether the recording goes on.
    fn add(&self, device: DeviceId, event: DeviceEvent) -> bool {
        let goes_on = self.with(|of| {
            let Some(recording) = of.get_mut(&device).filter(|recording| recording.ended.is_none()) else {
                return false;
            };
            recording.bytes = recording.bytes.saturating_add(size_of_event(&event));
            if recording.recorded.events.len() >= MOST_EVENTS || recording.bytes > MOST_BYTES {
                recording.ended = Some(format!("more happened than a recording has room for ({MOST_EVENTS} events)"));
                return false;
            }
            recording.recorded.events.push(event);
            true
        });
        self.tell();
        goes_on
    }

    fn heard_through(&self, device: DeviceId) -> u64 {
        self.with(|of| of.get(&device).and_then(|one| one.recorded.events.last()).map_or(0, |event| event.number))
    }

    fn end(&self, device: DeviceId, why: &str) -> Option<Recording> {
        let ended = self.with(|of| {
            let recording = of.get_mut(&device)?;
            recording.ended.get_or_insert_with(|| why.to_owned());
            recording.stop.cancel();
            Some(recording.shown())
        });
        self.tell();
        ended
    }
}

impl RecordingUnderWay {
    fn shown(&self) -> Recording {
        Recording {
            name: self.recorded.name.clone(),
            since: self.recorded.events.first().map_or(self.recorded.start.device.updated_at, |event| event.at),
            // The first says only that whoever follows hears everything from there on.
            events: self.recorded.events.len().saturating_sub(1),
            ended: self.ended.clone(),
            file: self.recorded.file(),
        }
    }
}

fn none() -> ApiError {
    ApiError::new("noRecording", "the device was not recorded", "POST …/recording begins a recording")
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
    let first = events.recv().await.ok_or_else(none)?;
    let start = device.status().await?;
    let name = request.name.unwrap_or_else(|| NAME.to_owned());
    let stop = api.ending.child_token();
    api.recordings.begin(device.id(), RecordedEvents { name, start, events: vec![first] }, stop.clone())?;
    tokio::spawn(follow(device.id(), Arc::clone(&api.recordings), events, stop, place));
    api.recordings.of(device.id()).map(Json).ok_or_else(none)
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
