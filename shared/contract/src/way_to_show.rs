//! What would have to change for a push to show: steps, and who could take each.
//!
//! Lives here: their form. Does not live here: finding them (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who could take a step.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum StepOwner {
    /// The device's user.
    User,
    /// The administrator, in Intune.
    Administrator,
    /// Whoever sends the notification.
    Sender,
    /// Nobody: only the emulator can do it.
    Impossible,
}

impl StepOwner {
    /// The word as JSON spells it.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WayStep {
    /// Who could take it.
    pub by: StepOwner,
    /// What is done, in a sentence without its full stop.
    pub detail: String,
    /// The command that does it to the emulated device; null where none does, as with what the sender changes.
    pub command: Option<String>,
}

/// One minimal set of changes by which a push would show: without any of its steps it would not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WayToShow {
    /// The steps in an order in which they can be taken.
    pub steps: Vec<WayStep>,
}
