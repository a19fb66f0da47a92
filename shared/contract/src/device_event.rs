//! What the owner of a running device answers and tells: a command's result, what happens as it happens, when it is idle.
//!
//! Lives here: the words, as the control API writes them. Does not live here: HTTP, and when each happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CardInteraction, ConnectionState, DeviceState, PushTarget, Receipt, Timestamp};

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandResult {
    /// The device state after the command.
    #[serde(flatten)]
    pub state: DeviceState,
    /// What a person is told where nothing changed (`already allowed`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a person does with the permission prompt or the newest card on the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DesktopInteraction {
    /// Presses the button that allows.
    AllowPrompt,
    /// Presses the button that allows in the scheduled summary (iOS, iPadOS).
    AllowPromptInSummary,
    /// Presses the button that does not.
    DenyPrompt,
    /// Closes the permission prompt's card.
    ClosePrompt,
    /// Clicks the newest card.
    ClickCard,
    /// Dismisses the newest card.
    DismissCard,
}

/// A moment at which nothing was on its way to the device, on it, or from it, and nothing was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdleReport {
    /// When, in device time.
    pub now: Timestamp,
    /// When time alone will move something on, in device time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_deadline: Option<Timestamp>,
    /// The number of the newest event that followers were told.
    pub events: u64,
}

/// Something that happened on the device; told once it is durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceEvent {
    /// Rises by one with each that is told; an idle report names the newest, so that a follower knows when it has heard all.
    pub number: u64,
    /// When, in device time.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: DeviceEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeviceEventKind {
    /// Whoever follows hears everything from here on.
    Following {},
    /// The device changed.
    Changed {
        /// What was done to it, as the journal writes it; an empty object where a push or time did it.
        event: Value,
    },
    /// A push arrived.
    Arrived {
        /// What it was addressed to.
        target: PushTarget,
        /// What was published, where it is UTF-8 and not over 64 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
        /// How many bytes it has.
        size: usize,
    },
    /// A push has its outcome.
    Settled {
        /// Its receipt.
        receipt: Box<Receipt>,
    },
    /// A push waits on the device.
    Held {
        /// Its id.
        notification_id: String,
    },
    /// The permission prompt shows.
    Prompt {},
    /// The permission prompt is gone, answered or not.
    PromptGone {},
    /// A card is shown.
    Card {
        /// Its title.
        title: String,
        /// Its body.
        body: String,
        /// Whether it makes a sound.
        sound: bool,
    },
    /// A card is gone.
    CardGone {
        /// The sequence of its receipt.
        sequence: u64,
        /// How it went.
        interaction: CardInteraction,
    },
    /// The device is on the broker, or off it.
    Connection {
        /// Which.
        connection: ConnectionState,
    },
}
