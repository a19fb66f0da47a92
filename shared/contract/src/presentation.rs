//! How a presented notification showed on the device: where, with what sound, and how much of it (contract 3).
//!
//! Lives here: the members of a receipt of outcome `presented`. Does not live here: what they follow from (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Where a presented notification shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, VariantArray)]
#[serde(rename_all = "camelCase")]
pub enum Surface {
    /// A banner; on Android heads-up.
    Banner,
    /// The lock screen.
    LockScreen,
    /// Notification Center; on Android the shade: on the desktop with low urgency.
    NotificationCenter,
    /// In Company Portal itself; nothing is shown on the desktop.
    InApp,
}

impl Surface {
    /// Every surface.
    pub const ALL: &'static [Self] = Self::VARIANTS;
}

/// How a notification showed. What a receipt of an earlier version did not say is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presentation {
    /// Where it shows.
    pub surface: Surface,
    /// Whether it makes a sound on the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<bool>,
    /// Whether the app's icon is badged (iOS and iPadOS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<bool>,
    /// Whether it heads up (Android).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads_up: Option<bool>,
    /// Whether title and body were hidden: previews are off, or the lock screen hides them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub content_hidden: bool,
    /// Whether another text showed in the message's place: "update the app to view" (facts 1.1, the version gate).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub substituted: bool,
    /// A hint: Android's notification cooldown may have lowered its sound, which came close behind another (from 16 on).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sound_lowered: bool,
    /// A hint: Android may have put it into a group with the app's others, which it does by itself (from 16 on).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grouped: bool,
}

impl Presentation {
    /// On a surface, with nothing more to say of it.
    pub const fn on(surface: Surface) -> Self {
        Self {
            surface,
            sound: None,
            badge: None,
            heads_up: None,
            content_hidden: false,
            substituted: false,
            sound_lowered: false,
            grouped: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_so_and_what_a_platform_has_not_is_left_out() {
        let plain = Presentation::on(Surface::InApp);
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"surface":"inApp"}"#);
        let full = Presentation {
            sound: Some(false),
            heads_up: Some(true),
            content_hidden: true,
            substituted: true,
            sound_lowered: true,
            grouped: true,
            ..Presentation::on(Surface::Banner)
        };
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(
            text,
            r#"{"surface":"banner","sound":false,"headsUp":true,"contentHidden":true,"substituted":true,"soundLowered":true,"grouped":true}"#
        );
        assert_eq!(serde_json::from_str::<Presentation>(&text).unwrap(), full);
    }
}
