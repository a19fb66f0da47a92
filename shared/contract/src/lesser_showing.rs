//! Why a push that showed did so with less than it could: quietly, without a sound, with its content hidden, in the app.
//!
//! Lives here: the form. Does not live here: finding the cause (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::evidence::DocumentSource;

/// What of a showing was less than it could be.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ShowingAspect {
    /// Where: in the list or in the app, and not as a banner or on the lock screen.
    Surface,
    /// It made no sound.
    Sound,
    /// The app's icon got no badge (iOS and iPadOS).
    Badge,
    /// Title and body were hidden.
    Content,
    /// Another text stood in its place.
    Text,
}

impl ShowingAspect {
    /// Every aspect.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word as JSON spells it.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// One cause of a lesser showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LesserShowing {
    /// What was less for it.
    pub aspects: Vec<ShowingAspect>,
    /// The switch, mode, channel or schedule that is the cause, in a sentence without its full stop.
    pub detail: String,
    /// The line of commands that ends it.
    pub hint: String,
    /// The sections of the documented facts that it rests on; empty where it is no rule of its own.
    pub source: String,
    /// The documents behind it.
    #[serde(default)]
    pub sources: Vec<DocumentSource>,
}
