//! The page's stream: its regions as they change, as server-sent events.
//!
//! Lives here: when they are sent, and that only what changed is. Does not live here: what is in them (`regions`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use maud::Markup;
use portal_contract::DeviceId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::controls::controls;
use super::patch::{PageRegions, Region, patch};
use super::picture::PanelPicture;
use super::record;
use super::regions::regions;
use super::words::words;
use super::{run, sends};
use crate::control::api::ApiState;
use crate::control::gateway_sends::GatewaySend;
use crate::control::history::PLACE;
use crate::control::long_requests::LongRequest;
use crate::control::parameters::{QueryParameter, QueryValues};
use crate::control::recording::Recordings;
use crate::control::scenario_run::ScenarioRuns;
use crate::control::{ApiError, HistoryPlace, RunningDevice, RunningHost};
use crate::http_server::Connection;

const PARAMETERS: &[QueryParameter] = &[QueryParameter::one("device", "the device"), PLACE[0], PLACE[1]];

/// What comes closer together than this is one change on the page: a burst of a thousand pushes is no thousand pictures.
const TOGETHER: Duration = Duration::from_millis(20);
/// How often something is sent where nothing changes: the page takes it for a cut where nothing comes for 4.5 s. An event and no
/// comment, which a page's script does not see.
pub(super) const BEAT: Duration = Duration::from_secs(2);

pub(super) async fn live<H: RunningHost>(
    State(api): State<ApiState<H>>,
    Extension(connection): Extension<Arc<Connection>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let values = QueryValues::read(&uri, PARAMETERS)?;
    let id = values.one("device", str::parse::<DeviceId>)?;
    let device = id.and_then(|id| api.host.device(id));
    let device = device.ok_or_else(|| {
        ApiError::new("unknownDevice", "no such device runs here", "GET /v1/devices lists the devices")
    })?;
    let place = HistoryPlace::read(&uri, PARAMETERS)?;
    let following = api.places.begin_following()?;
    connection.follows();
    let stream = PanelStream {
        changes: device.changes(),
        settled: device.settled(),
        // Subscribed before the first picture is read: what changes while it is made makes the next one.
        closed: api.panel.closed(),
        reported: api.scenarios.changed(),
        recorded: api.recordings.changed(),
        recordings: api.recordings,
        scenarios: api.scenarios,
        gateway_sends: api.gateway_sends.follow(),
        ending: api.ending.clone(),
        host: api.host.clone(),
        device,
        place,
        sent: PageRegions::new(),
        is_over: false,
        _following: following,
    };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    Ok(Sse::new(events).into_response())
}

struct PanelStream<H: RunningHost> {
    host: H,
    device: H::Device,
    place: Option<HistoryPlace>,
    changes: watch::Receiver<u64>,
    settled: watch::Receiver<u64>,
    closed: watch::Receiver<u64>,
    recordings: Arc<Recordings>,
    recorded: watch::Receiver<u64>,
    scenarios: Arc<ScenarioRuns>,
    gateway_sends: watch::Receiver<Vec<GatewaySend>>,
    reported: watch::Receiver<u64>,
    ending: CancellationToken,
    /// The regions as they were last sent.
    sent: PageRegions,
    is_over: bool,
    _following: LongRequest,
}

/// What a stream waited for.
enum Awaited {
    Change,
    Nothing,
    End,
}

impl<H: RunningHost> PanelStream<H> {
    /// The regions that changed, once any has; a beat where nothing did; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.is_over {
                return None;
            }
            // The first picture waits for nothing: a page that opens shows the device as it is.
            if !self.sent.is_empty() {
                match self.change().await {
                    Awaited::Change => {}
                    // A device that is removed changes nothing any more.
                    Awaited::Nothing if self.host.device(self.device.id()).is_none() => return None,
                    // A runner that has died is known by time alone.
                    Awaited::Nothing if self.sent.get("run") == Some(&self.run().into()) => {
                        return Some(Event::default().event("beat").data(""));
                    }
                    Awaited::Nothing => {}
                    Awaited::End => return None,
                }
            }
            // Before reading and not behind it: a change in between would otherwise count as seen and never be shown.
            self.changes.borrow_and_update();
            self.settled.borrow_and_update();
            self.reported.borrow_and_update();
            self.recorded.borrow_and_update();
            let picture = match PanelPicture::read(&self.device, self.place).await {
                Ok(Some(picture)) => picture,
                Ok(None) => return self.gone(words().when.pruned),
                Err(_) if self.host.device(self.device.id()).is_none() => return None,
                // The page comes back by itself to what is there then.
                Err(error) if error.code == "daemonIsEnding" => return None,
                Err(error) => return self.gone(&error.message),
            };
            let mut regions = regions(&picture);
            regions.insert("sends", sends::sends(&self.gateway_sends.borrow_and_update(), &picture).into());
            let recording = self.recordings.of(self.device.id());
            regions.insert("recording", record::recording(recording.as_ref(), self.device.id()).into());
            let reported = self.scenarios.run(self.device.id(), Instant::now());
            regions.insert("run", run::run(reported.as_ref(), self.device.id()).into());
            regions.insert("caption", run::caption(reported.as_ref()).into());
            regions.insert("running", Region::Data(run::state(reported.as_ref())));
            // Which controls there are depends on the platform alone: made once, and not at each change.
            if self.sent.is_empty() {
                regions.insert("do", controls(self.device.id(), picture.screen.operating_system).into());
            }
            // A change that nobody sees, such as a receipt's publication, is nothing to send.
            let Some(changed) = patch(&self.sent, &regions) else { continue };
            self.sent = regions;
            return Event::default().event("regions").json_data(&changed).ok();
        }
    }

    fn run(&self) -> Markup {
        let id = self.device.id();
        run::run(self.scenarios.run(id, Instant::now()).as_ref(), id)
    }

    /// Waits for a change, and for what comes with it.
    async fn change(&mut self) -> Awaited {
        let is_there = tokio::select! {
            () = self.ending.cancelled() => false,
            _ = self.closed.changed() => false,
            changed = self.changes.changed() => changed.is_ok(),
            changed = self.settled.changed() => changed.is_ok(),
            changed = self.reported.changed() => changed.is_ok(),
            changed = self.recorded.changed() => changed.is_ok(),
            changed = self.gateway_sends.changed() => changed.is_ok(),
            () = tokio::time::sleep(BEAT) => return Awaited::Nothing,
        };
        if !is_there {
            return Awaited::End;
        }
        tokio::time::sleep(TOGETHER).await;
        Awaited::Change
    }

    fn gone(&mut self, why: &str) -> Option<Event> {
        self.is_over = true;
        Event::default().event("gone").json_data(why).ok()
    }
}
