//! `notification-ids`: the ids that begin so, for people who type only a beginning.
//!
//! Lives here: which ids a beginning stands for. Does not live here: the paths that take an id; theirs is always the whole one,
//! so that a program never hears of another push than the one that it asks for.

use axum::Json;
use axum::http::Uri;
use portal_contract::NotificationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, RunningDevice, RunningHost};

/// How many ids are listed at most.
pub const MOST_IDS: usize = 20;

pub(super) const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::one("beginning", "what the ids begin with; required")];

/// Ids of pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdList {
    /// The ids, each once; no more than twenty.
    pub ids: Vec<NotificationId>,
}

pub(super) async fn list<H: RunningHost>(OwnDevice(device): OwnDevice<H>, uri: Uri) -> Result<Json<IdList>, ApiError> {
    let beginning = QueryValues::read(&uri, PARAMETERS)?.one("beginning", str::parse::<NotificationId>)?;
    let missing = || ApiError::bad_request("the parameter beginning is missing", "?beginning=6f0c");
    let beginning = beginning.ok_or_else(missing)?;
    Ok(Json(IdList { ids: device.ids_beginning(beginning.to_string(), MOST_IDS).await? }))
}

/// Whether an id is a UUID in its usual form; the crate reads others too.
pub fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.parse::<uuid::Uuid>().is_ok()
}

/// Whether what was typed may stand for this id. Of numbered ids it may not where a number goes on: `order-1` is not `order-12`,
/// and whoever asks for the first before it has come is not to hear of the other.
pub fn is_beginning_of(typed: &str, id: &str) -> bool {
    let Some(rest) = id.strip_prefix(typed) else { return false };
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    rest.is_empty() || is_uuid(id) || !(is_digit(typed.chars().next_back()) && is_digit(rest.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_stands_for_an_id_but_a_number_for_no_other_number() {
        for (typed, id, stands) in [
            ("6f0c", "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10", true),
            ("6f0", "6f01b9e0-2f5a-4c0e-9a52-0d6f3a3b7a10", true),
            ("order-1", "order-1", true),
            ("order-1", "order-12", false),
            ("order-1", "order-1-a", true),
            ("order-", "order-12", true),
            ("alp", "alpha", true),
            ("b", "alpha", false),
        ] {
            assert_eq!(is_beginning_of(typed, id), stands, "{typed} {id}");
        }
    }
}
