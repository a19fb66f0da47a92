//! `recording`: what happens on the device becomes a scenario file, which can be looked at as it grows.
//!
//! Lives here: what is kept of a recording in the daemon. Does not live here: the requests, and following the device
//! (`recording_requests`); how an event is written (`recording`, the module that `scenario record` has it from, too).

use portal_contract::{DeviceId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watched_table::WatchedTable;
use super::{ApiError, DeviceEvent, size_of_event};
use crate::recording::RecordedEvents;

/// How many events a recording has at most, and how many bytes they have: a scenario is read by people.
const MOST_EVENTS: usize = 5000;
const MOST_BYTES: usize = 4 * 1024 * 1024;

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
#[derive(Debug, Default)]
pub(super) struct Recordings(WatchedTable<RecordingUnderWay>);

#[derive(Debug)]
struct RecordingUnderWay {
    recorded: RecordedEvents,
    bytes: usize,
    ended: Option<String>,
    /// Ends the task that follows the device.
    stop: CancellationToken,
}

impl Recordings {
    /// Counts up whenever a recording may look otherwise.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed()
    }

    /// The latest recording of a device.
    pub(super) fn of(&self, device: DeviceId) -> Option<Recording> {
        self.0.with(|of| of.get(&device).map(RecordingUnderWay::shown))
    }

    pub(super) fn begin(
        &self,
        device: DeviceId,
        recorded: RecordedEvents,
        stop: CancellationToken,
    ) -> Result<(), ApiError> {
        let began = self.0.with(|of| {
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
        self.0.tell();
        Ok(())
    }

    /// Takes an event in; whether the recording goes on.
    pub(super) fn add(&self, device: DeviceId, event: DeviceEvent) -> bool {
        let goes_on = self.0.with(|of| {
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
        self.0.tell();
        goes_on
    }

    pub(super) fn heard_through(&self, device: DeviceId) -> u64 {
        self.0.with(|of| of.get(&device).and_then(|one| one.recorded.events.last()).map_or(0, |event| event.number))
    }

    pub(super) fn end(&self, device: DeviceId, why: &str) -> Option<Recording> {
        let ended = self.0.with(|of| {
            let recording = of.get_mut(&device)?;
            recording.ended.get_or_insert_with(|| why.to_owned());
            recording.stop.cancel();
            Some(recording.shown())
        });
        self.0.tell();
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
