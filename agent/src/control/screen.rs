//! `screen`: what is on the phone's screen, now or as of then; `cards`: the notifications that it follows from.

use axum::Json;
use axum::http::Uri;
use portal_screen::{PhoneScreen, ShownCard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::history::{self, HistoryPlace, unknown_place};
use super::parameters::QueryParameter;
use super::{ApiError, RunningDevice, RunningHost};

pub(super) const PARAMETERS: &[QueryParameter] = history::PLACE;

/// Notifications that were shown as the system's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardList {
    /// The latest of this installation of the app, oldest first.
    pub cards: Vec<ShownCard>,
}

pub(super) async fn show<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<PhoneScreen>, ApiError> {
    let moment = device.moment(HistoryPlace::read(&uri, PARAMETERS)?).await?.ok_or_else(unknown_place)?;
    Ok(Json(portal_screen::screen(&moment)))
}

pub(super) async fn cards<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<CardList>, ApiError> {
    let moment = device.moment(HistoryPlace::read(&uri, PARAMETERS)?).await?.ok_or_else(unknown_place)?;
    Ok(Json(CardList { cards: moment.cards }))
}
