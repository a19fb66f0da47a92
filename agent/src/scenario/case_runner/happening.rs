//! What the device did, in a line each, for reports.
//!
//! Lives here: the lines. Pure.

use std::time::Duration;

use portal_contract::ConnectionState;

use super::words;
use crate::control::{DeviceEvent, DeviceEventKind};
use crate::scenario::result::{ObservedEvent, ObservedEventKind};

/// The line of an event; none for what the step itself says already.
pub(super) fn of(event: &DeviceEvent, at: Duration) -> Option<ObservedEvent> {
    let (kind, text) = match &event.what {
        DeviceEventKind::Prompt {} => (ObservedEventKind::Prompt, "the permission prompt shows".to_owned()),
        DeviceEventKind::PromptGone {} => (ObservedEventKind::PromptGone, "the permission prompt is gone".to_owned()),
        DeviceEventKind::Card { title, body, sound } => {
            let sound = if *sound { "" } else { ", without a sound" };
            (ObservedEventKind::Card, format!("a card says {title:?}: {body:?}{sound}"))
        }
        DeviceEventKind::CardGone { sequence, interaction } => (
            ObservedEventKind::CardGone,
            format!("the card of receipt {sequence} is gone: {}", words::plain(interaction)),
        ),
        DeviceEventKind::Settled { receipt } => {
            let id = receipt.notification_id.as_ref().map_or("a push without an id", |id| id.as_str());
            (ObservedEventKind::Receipt, format!("{id}: {}", words::outcome(receipt)))
        }
        DeviceEventKind::Connection { connection: ConnectionState::Online } => {
            (ObservedEventKind::Connection, "the device is on the broker".to_owned())
        }
        DeviceEventKind::Connection { connection: ConnectionState::Offline } => {
            (ObservedEventKind::Connection, "the device is off the broker".to_owned())
        }
        DeviceEventKind::Following {}
        | DeviceEventKind::Changed { .. }
        | DeviceEventKind::Arrived { .. }
        | DeviceEventKind::Held { .. } => {
            return None;
        }
    };
    Some(ObservedEvent { at, kind, text })
}
