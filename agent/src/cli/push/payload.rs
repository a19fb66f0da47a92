//! What `push` sends: a notification of ours, or a file's bytes.

use std::path::Path;

use portal_contract::NotificationId;
use serde_json::Value;

use super::super::CommandFailure;
use super::args::PushArgs;
use crate::control::NotificationDraft;
use crate::input_file::{self, FileReadError};
use crate::mqtt::LARGEST_PACKET;

/// What is sent: a notification of ours, or a file's bytes.
#[derive(Clone)]
pub(super) struct PayloadToSend {
    pub(super) bytes: Vec<u8>,
    /// The id by which its receipts are known; none in bytes that hold no valid one.
    pub(super) id: Option<NotificationId>,
    /// Its title; none in bytes that hold none.
    pub(super) title: Option<String>,
}

/// What the arguments say, stamped by a clock that is ahead of the computer's by so much.
pub(super) fn payload(args: &PushArgs, clock_ahead_millis: i64) -> Result<PayloadToSend, CommandFailure> {
    if let Some(path) = &args.raw {
        let bytes = read(path).map_err(|error| {
            CommandFailure::configuration(format!("the file {} {error}", path.display()), "name another with --raw")
        })?;
        let value = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
        let id = value["id"].as_str().and_then(|id| id.parse().ok());
        let title = value["notificationTitle"].as_str().map(str::to_owned);
        return Ok(PayloadToSend { bytes, id, title });
    }
    let (title, body) = args.texts();
    let draft = NotificationDraft {
        title: title.to_owned(),
        body: body.to_owned(),
        id: args.id.clone(),
        expires_in: args.expires_in,
        target_user: args.target_user.clone(),
        collapse_key: args.collapse_key.clone(),
    };
    let notification = draft.stamped(clock_ahead_millis).map_err(|error| anyhow::anyhow!(error))?;
    let bytes = serde_json::to_vec(&notification).map_err(anyhow::Error::from)?;
    Ok(PayloadToSend { bytes, id: Some(notification.id), title: Some(notification.notification_title) })
}

/// The bytes as they are, up to the largest that MQTT can send.
fn read(path: &Path) -> Result<Vec<u8>, FileReadError> {
    const LARGEST: usize = LARGEST_PACKET as usize;
    if path == Path::new("-") {
        let read = input_file::bounded(std::io::stdin(), LARGEST).map_err(|error| FileReadError::of(&error))?;
        return read.ok_or(FileReadError::TooLarge(LARGEST));
    }
    input_file::read(path, LARGEST)
}
