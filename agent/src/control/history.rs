//! `history`: what happened to the device, in order, and the places in it that one can look back at.
//!
//! Lives here: the entries' form, and how a place is named. Does not live here: reading the journal (the host).

use axum::Json;
use axum::http::Uri;
use portal_contract::{DeviceState, ListedReceipt, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::OwnDevice;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, RunningDevice, RunningHost};

pub(super) const PARAMETERS: &[QueryParameter] = &[
    QueryParameter::one("before", "only entries before this event"),
    QueryParameter::one("limit", "at most so many, the latest; 100 where absent, at most 1000"),
];

const COMMON: usize = 100;
const MOST: usize = 1000;

/// Something that happened to the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The event's number; of a push, that of the event after which the device stood as it was judged.
    pub event: u64,
    /// When, in device time.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: HistoryKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum HistoryKind {
    /// The device changed.
    Changed {
        /// What was done to it, as the journal writes it; an empty object where a push or time did it.
        change: Value,
        /// The device after it; null where the journal keeps it no more.
        state: Option<Box<DeviceState>>,
    },
    /// A push got its outcome.
    Settled {
        /// Its receipt.
        receipt: Box<ListedReceipt>,
    },
}

impl HistoryEntry {
    /// The receipt, where a push got its outcome.
    pub fn receipt(&self) -> Option<&ListedReceipt> {
        match &self.what {
            HistoryKind::Settled { receipt } => Some(receipt),
            HistoryKind::Changed { .. } => None,
        }
    }

    /// The place behind it.
    pub fn place(&self) -> HistoryPlace {
        HistoryPlace { event: self.event, sequence: self.receipt().map(|listed| listed.receipt.sequence) }
    }
}

/// The device's history, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryList {
    /// The entries.
    pub history: Vec<HistoryEntry>,
}

/// A place in the history: behind an event, and behind a push that was judged after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryPlace {
    /// The event's number.
    pub event: u64,
    /// The sequence of the push's receipt.
    pub sequence: Option<u64>,
}

/// How a place is named in a query.
pub(super) const PLACE: &[QueryParameter] = &[
    QueryParameter::one("event", "as of then: behind this event of the history; now where absent"),
    QueryParameter::one("sequence", "with event: behind the push of this sequence, which was judged after it"),
];

impl HistoryPlace {
    /// As a query has it.
    pub fn pairs(self) -> Vec<(&'static str, String)> {
        let sequence = self.sequence.map(|sequence| ("sequence", sequence.to_string()));
        std::iter::once(("event", self.event.to_string())).chain(sequence).collect()
    }

    pub(super) fn read(uri: &Uri, parameters: &[QueryParameter]) -> Result<Option<Self>, ApiError> {
        let values = QueryValues::read(uri, parameters)?;
        let (event, sequence) = (values.one("event", number)?, values.one("sequence", number)?);
        match (event, sequence) {
            (Some(event), sequence) => Ok(Some(Self { event, sequence })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ApiError::bad_request("sequence without event", "GET …/history has both")),
        }
    }
}

/// That the journal has nothing of it.
pub(super) fn unknown_place() -> ApiError {
    let message = "the journal has no such place: it was never, or is pruned";
    ApiError::new("unknownPlace", message, "GET …/history lists those that there are")
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

pub(super) async fn list<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<HistoryList>, ApiError> {
    let values = QueryValues::read(&uri, PARAMETERS)?;
    let (before, limit) = (values.one("before", number)?, values.one("limit", number)?);
    let limit = limit.map_or(COMMON, |limit| usize::try_from(limit).unwrap_or(MOST)).min(MOST);
    Ok(Json(HistoryList { history: device.history(before, limit).await? }))
}
