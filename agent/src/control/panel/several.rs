//! The stream of several devices: some side by side, or all of them as a grid.
//!
//! Lives here: which devices are watched, and when what of them is read. Does not live here: their HTML (`beside`, `grid`).

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use portal_contract::{DeviceId, DeviceSummary};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::live::BEAT;
use super::patch::{ListItem, PageRegions, Region, patch};
use super::picture::PanelPicture;
use super::{beside, grid};
use crate::control::api::ApiState;
use crate::control::long_requests::LongRequest;
use crate::control::parameters::{QueryParameter, QueryValues};
use crate::control::{ApiError, LogQuery, RunningDevice, RunningHost};
use crate::http_server::Connection;

const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::many("device", "a device that is shown; all, where none is named")];

/// How many devices are side by side at most.
const MOST_BESIDE: usize = 8;
/// What comes closer together than this is one change.
const TOGETHER: Duration = Duration::from_millis(40);

pub(super) async fn several<H: RunningHost>(
    State(api): State<ApiState<H>>,
    Extension(connection): Extension<Arc<Connection>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let values = QueryValues::read(&uri, PARAMETERS)?;
    let asked: Result<Vec<DeviceId>, _> = values.all("device").map(str::parse).collect();
    let beside =
        asked.map_err(|error| ApiError::bad_request(format!("device: {error}"), "GET /v1/devices lists them"))?;
    if beside.len() > MOST_BESIDE {
        let message = format!("{} devices side by side are more than {MOST_BESIDE}", beside.len());
        return Err(ApiError::bad_request(message, "name fewer, or none for the grid of all"));
    }
    let following = api.places.begin_following()?;
    connection.follows();
    let stream = SeveralStream {
        closed: api.panel.closed(),
        ending: api.ending.clone(),
        host: api.host.clone(),
        beside,
        watched: FuturesUnordered::new(),
        shown: BTreeMap::new(),
        sent: PageRegions::new(),
        _following: following,
    };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    Ok(Sse::new(events).into_response())
}

/// One device as it was last read.
enum ShownDevice {
    Beside(beside::DeviceBeside),
    Tile(grid::DeviceTile),
}

/// Ends with the device once it changes.
type DeviceChange = BoxFuture<'static, DeviceId>;

struct SeveralStream<H: RunningHost> {
    host: H,
    /// Those that are side by side; none: the grid of all.
    beside: Vec<DeviceId>,
    watched: FuturesUnordered<DeviceChange>,
    shown: BTreeMap<DeviceId, ShownDevice>,
    closed: watch::Receiver<u64>,
    ending: CancellationToken,
    sent: PageRegions,
    _following: LongRequest,
}

impl<H: RunningHost> SeveralStream<H> {
    /// What changed, once anything has; a beat where nothing did; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let is_first = self.sent.is_empty();
            let changed = if is_first { BTreeSet::new() } else { self.changed().await? };
            let summaries = self.summaries();
            let gone = self.shown.len();
            self.shown.retain(|id, _| summaries.iter().any(|summary| summary.device_id == *id));
            let is_less = self.shown.len() < gone;
            let mut is_more = false;
            for summary in &summaries {
                let id = summary.device_id;
                let is_new = !self.shown.contains_key(&id);
                if is_new || changed.contains(&id) {
                    is_more = true;
                    self.read(summary).await;
                }
            }
            if !is_first && !is_less && !is_more {
                return Some(Event::default().event("beat").data(""));
            }
            let regions = self.regions(&summaries);
            let Some(changed) = patch(&self.sent, &regions) else { continue };
            self.sent = regions;
            return Event::default().event("regions").json_data(&changed).ok();
        }
    }

    /// The devices that changed; empty where nothing did for a while; none at the end.
    async fn changed(&mut self) -> Option<BTreeSet<DeviceId>> {
        let first = tokio::select! {
            () = self.ending.cancelled() => return None,
            _ = self.closed.changed() => return None,
            Some(id) = self.watched.next(), if !self.watched.is_empty() => id,
            () = tokio::time::sleep(BEAT) => return Some(BTreeSet::new()),
        };
        tokio::time::sleep(TOGETHER).await;
        let mut changed = BTreeSet::from([first]);
        while let Some(Some(id)) = self.watched.next().now_or_never() {
            changed.insert(id);
        }
        Some(changed)
    }

    /// The devices that are to be shown, as far as they are hosted.
    fn summaries(&self) -> Vec<DeviceSummary> {
        let hosted = self.host.devices();
        if self.beside.is_empty() {
            return hosted;
        }
        let of_id = |id: &DeviceId| hosted.iter().find(|summary| summary.device_id == *id).cloned();
        self.beside.iter().filter_map(of_id).collect()
    }

    /// Reads a device, and watches for its next change from before it is read on.
    async fn read(&mut self, summary: &DeviceSummary) {
        let id = summary.device_id;
        let Some(device) = self.host.device(id) else { return };
        let (mut changes, mut settled) = (device.changes(), device.settled());
        self.watched.push(
            async move {
                tokio::select! {
                    _ = changes.changed() => {}
                    _ = settled.changed() => {}
                }
                id
            }
            .boxed(),
        );
        // A device that cannot be read stays as it was: it is going, and the next look finds it gone.
        let shown = if self.beside.is_empty() {
            tile(&device, summary).await.map(ShownDevice::Tile)
        } else {
            let picture = PanelPicture::read(&device, None).await;
            picture
                .map(|picture| picture.map(|picture| ShownDevice::Beside(beside::device(&picture))))
                .unwrap_or_default()
        };
        if let Some(shown) = shown {
            self.shown.insert(id, shown);
        }
    }

    fn regions(&self, summaries: &[DeviceSummary]) -> PageRegions {
        let shown = || summaries.iter().filter_map(|summary| Some((summary, self.shown.get(&summary.device_id)?)));
        let items = shown().map(|(summary, shown)| {
            let html = match shown {
                ShownDevice::Beside(device) => &device.html,
                ShownDevice::Tile(tile) => &tile.html,
            };
            ListItem::new(summary.device_id.to_string(), html)
        });
        let items = Region::List(items.collect());
        if self.beside.is_empty() {
            let tiles =
                shown().filter_map(|(_, shown)| if let ShownDevice::Tile(tile) = shown { Some(tile) } else { None });
            return PageRegions::from([("grid-head", grid::head(tiles).into()), ("grid", items)]);
        }
        let devices =
            shown().filter_map(|(_, shown)| if let ShownDevice::Beside(one) = shown { Some(one) } else { None });
        PageRegions::from([("beside-head", beside::head(&devices.collect::<Vec<_>>()).into()), ("beside", items)])
    }
}

async fn tile<D: RunningDevice>(device: &D, summary: &DeviceSummary) -> Option<grid::DeviceTile> {
    let latest = device.log(LogQuery { limit: 1, ..LogQuery::default() }).await.ok()?;
    let held = device.held(None).await.ok()?;
    Some(grid::tile(summary, latest.last(), held.last()))
}
