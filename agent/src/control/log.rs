//! `log`: the journal of receipts, as a list or, when asked for, as server-sent events.
//!
//! Lives here: which receipts are asked for, and following them without a loss or a repeat. Does not live here: the journal.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::{Stream, stream};
use portal_contract::duration::Since;
use portal_contract::{ListedReceipt, NotificationId, OutcomeKind, Receipt, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::api::{ApiState, OwnDevice};
use super::long_requests::LongRequest;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, ErrorBody, LogQuery, RunningDevice, RunningHost};
use crate::http_server::Connection;

/// How many receipts `log` shows where nothing is said (contract 5).
pub const DEFAULT_LIMIT: usize = 100;
/// How many receipts are read from the journal at once.
const PAGE: usize = 256;
/// The type that a follower accepts.
pub(super) const EVENT_STREAM: &str = "text/event-stream";
/// The event that carries an error, after which the stream ends.
pub(super) const ERROR_EVENT: &str = "error";

pub(super) const PARAMETERS: &[QueryParameter] = &[
    QueryParameter::one("outcome", "only this outcome"),
    QueryParameter::one("id", "only this notification"),
    QueryParameter::one(
        "since",
        "only those decided since: an RFC 3339 time, or a duration before the device's present (4h)",
    ),
    QueryParameter::one(
        "limit",
        "at most this many, the latest; 100 where absent; with `after`, the first, and no limit where absent",
    ),
    QueryParameter::one(
        "after",
        "only those after this sequence; a follower that comes again gives the last one it saw",
    ),
];

/// Receipts, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptList {
    /// The receipts.
    pub receipts: Vec<ListedReceipt>,
}

/// Which receipts are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRequest {
    /// Only this outcome.
    pub outcome: Option<OutcomeKind>,
    /// Only this notification.
    pub id: Option<NotificationId>,
    /// Only those decided since.
    pub since: Option<Since>,
    /// At most this many: the latest, or the first with `after`.
    pub limit: Option<usize>,
    /// Only those after this sequence.
    pub after: Option<u64>,
}

impl LogRequest {
    /// The request as query parameters.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
            ("id", self.id.as_ref().map(ToString::to_string)),
            ("since", self.since.map(|since| since.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("after", self.after.map(|after| after.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let given = QueryValues::read(uri, PARAMETERS)?;
        Ok(Self {
            outcome: given.one("outcome", str::parse)?,
            id: given.one("id", str::parse)?,
            since: given.one("since", Since::parse)?,
            limit: given.one("limit", str::parse)?,
            after: given.one("after", str::parse)?,
        })
    }
}

/// What a receipt must be to be listed.
#[derive(Debug, Clone)]
struct ReceiptCriteria {
    outcome: Option<OutcomeKind>,
    id: Option<NotificationId>,
    since: Option<Timestamp>,
}

impl ReceiptCriteria {
    fn lets_through(&self, receipt: &Receipt) -> bool {
        self.outcome.is_none_or(|outcome| receipt.outcome.kind() == outcome)
            && self.id.as_ref().is_none_or(|id| receipt.notification_id.as_ref() == Some(id))
            && self.since.is_none_or(|since| receipt.decided_at >= since)
    }

    fn latest(&self, limit: usize) -> LogQuery {
        LogQuery { outcome: self.outcome, id: self.id.clone(), since: self.since, limit }
    }
}

pub(super) async fn receipts<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    Extension(connection): Extension<Arc<Connection>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut request = LogRequest::read(&uri)?;
    let filter = filter(&device, &request).await?;
    let follows = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains(EVENT_STREAM));
    if follows {
        // A browser's or library's own reconnection says so in this header.
        let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
        request.after = last_seen.or(request.after);
        let place = api.places.begin_long()?;
        connection.follows();
        let follower = ReceiptFollower::start(device, api.ending.clone(), filter, &request, place).await?;
        return Ok(Sse::new(follower.events()).into_response());
    }
    let receipts = match request.after {
        Some(after) => page(&device, &filter, after, request.limit.unwrap_or(usize::MAX)).await?,
        None => device.log(filter.latest(request.limit.unwrap_or(DEFAULT_LIMIT))).await?,
    };
    Ok(Json(ReceiptList { receipts }).into_response())
}

async fn filter<D: RunningDevice>(device: &D, request: &LogRequest) -> Result<ReceiptCriteria, ApiError> {
    let since = match request.since {
        None => None,
        Some(since) => {
            // Receipts are in device time, so a span before the present is one before the device's present.
            let ahead = device.status().await?.condition.clock_ahead_millis;
            Some(since.moment(crate::wall_clock::now().plus_millis(ahead)))
        }
    };
    Ok(ReceiptCriteria { outcome: request.outcome, id: request.id.clone(), since })
}

async fn page<D: RunningDevice>(
    device: &D,
    filter: &ReceiptCriteria,
    after: u64,
    limit: usize,
) -> Result<Vec<ListedReceipt>, ApiError> {
    let mut cursor = after;
    let mut found = Vec::new();
    while found.len() < limit {
        let read = device.receipts_after(cursor, PAGE).await?;
        let Some(last) = read.last() else { break };
        cursor = last.receipt.sequence;
        found.extend(read.into_iter().filter(|listed| filter.lets_through(&listed.receipt)));
    }
    found.truncate(limit);
    Ok(found)
}

/// Follows the journal: what is there, then each receipt as it becomes durable.
struct ReceiptFollower<D> {
    device: D,
    filter: ReceiptCriteria,
    settled: watch::Receiver<u64>,
    ending: CancellationToken,
    /// Every receipt up to here has been sent or filtered out.
    cursor: u64,
    ready: VecDeque<ListedReceipt>,
    failed: bool,
    _place: LongRequest,
}

impl<D: RunningDevice> ReceiptFollower<D> {
    async fn start(
        device: D,
        ending: CancellationToken,
        filter: ReceiptCriteria,
        request: &LogRequest,
        place: LongRequest,
    ) -> Result<Self, ApiError> {
        let mut settled = device.settled();
        // What settles between these two lines is in the list, and the list's last sequence keeps it from coming twice.
        let newest = *settled.borrow_and_update();
        let (cursor, ready) = match request.after {
            Some(after) => (after, Vec::new()),
            None => {
                let list = device.log(filter.latest(request.limit.unwrap_or(DEFAULT_LIMIT))).await?;
                (list.last().map_or(newest, |last| newest.max(last.receipt.sequence)), list)
            }
        };
        Ok(Self { device, filter, settled, ending, cursor, ready: ready.into(), failed: false, _place: place })
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` once the daemon is ending, or after an error.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(listed) = self.ready.pop_front() {
                return json_event("receipt", &listed).map(|event| event.id(listed.receipt.sequence.to_string()));
            }
            if self.failed {
                return None;
            }
            match self.device.receipts_after(self.cursor, PAGE).await {
                Ok(read) if read.is_empty() => self.wait_for_more().await?,
                Ok(read) => self.take(read),
                Err(error) => {
                    self.failed = true;
                    return json_event(ERROR_EVENT, &ErrorBody { error });
                }
            }
        }
    }

    async fn wait_for_more(&mut self) -> Option<()> {
        tokio::select! {
            () = self.ending.cancelled() => None,
            changed = self.settled.changed() => changed.ok(),
        }
    }

    fn take(&mut self, read: Vec<ListedReceipt>) {
        self.cursor = read.last().map_or(self.cursor, |last| last.receipt.sequence);
        self.ready.extend(read.into_iter().filter(|listed| self.filter.lets_through(&listed.receipt)));
    }
}

fn json_event<T: Serialize>(name: &str, data: &T) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
