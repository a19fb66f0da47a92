//! What the device did, in a line each, for reports.
//!
//! Lives here: the lines. Pure.

use std::time::Duration;

use portal_contract::ConnectionState;

use super::words;
use crate::control::{DeviceEvent, Happened};
use crate::scenario::result::{Happening, HappeningKind};

/// The line of an event; none for what the step itself says already.
pub(super) fn of(event: &DeviceEvent, at: Duration) -> Option<Happening> {
    let (kind, text) = match &event.what {
        Happened::Prompt {} => (HappeningKind::Prompt, "the permission prompt shows".to_owned()),
        Happened::PromptGone {} => (HappeningKind::PromptGone, "the permission prompt is gone".to_owned()),
        Happened::Card { title, body, sound } => {
            let sound = if *sound { "" } else { ", without a sound" };
            (HappeningKind::Card, format!("a card says {title:?}: {body:?}{sound}"))
        }
        Happened::CardGone { sequence, interaction } => {
            (HappeningKind::CardGone, format!("the card of receipt {sequence} is gone: {}", words::plain(interaction)))
        }
        Happened::Settled { receipt } => {
            let id = receipt.notification_id.as_ref().map_or("a push without an id", |id| id.as_str());
            (HappeningKind::Receipt, format!("{id}: {}", words::outcome(receipt)))
        }
        Happened::Connection { connection: ConnectionState::Online } => {
            (HappeningKind::Connection, "the device is on the broker".to_owned())
        }
        Happened::Connection { connection: ConnectionState::Offline } => {
            (HappeningKind::Connection, "the device is off the broker".to_owned())
        }
        Happened::Following {} | Happened::Changed { .. } | Happened::Arrived { .. } | Happened::Held { .. } => {
            return None;
        }
    };
    Some(Happening { at, kind, text })
}
