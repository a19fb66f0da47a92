//! The bodies of commands that take more than their name.
//!
//! Lives here: their members, as the control API and scenarios write them. Does not live here: which command has which
//! (`table`). A member that is not known is an error: a misspelt one would otherwise change nothing in silence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RemovalStage;
use crate::{NotificationPermission, OperatingSystem, OsVersion, StandbyBucket, UserPrincipalName};

/// The body of a command that takes nothing more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoMembers {}

/// Company Portal as it is installed or updated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AppPackage {
    /// The version; where absent, the platform's default, or the next one for an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The API level that it targets (Android); where absent, the setting's, or the one of before for an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_sdk: Option<u32>,
}

/// One named thing and its new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameAndValue {
    /// Its name.
    pub name: String,
    /// Its new value.
    pub value: String,
}

/// How far the end of an enrollment has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovalProgress {
    /// How far it has come; carried out where absent.
    #[serde(default, skip_serializing_if = "is_done")]
    pub stage: RemovalStage,
}

// The form that `skip_serializing_if` asks for.
fn is_done(stage: &RemovalStage) -> bool {
    *stage == RemovalStage::Done
}

/// How the app asks for the permission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptRequest {
    /// For provisional authorization, which needs no prompt (iOS, iPadOS).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// How far a reset goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// The clock is the computer's again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clock: bool,
}

/// A device that is made ready in one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpRequest {
    /// The platform that the device has; another one is refused. Whatever it has where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<OperatingSystem>,
    /// How the permission stands afterwards; authorized where absent. Not determined: the prompt is showing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<NotificationPermission>,
    /// Who enrolls it; adele@contoso.example where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserPrincipalName>,
}

/// An earlier event of the device's own history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    /// The event's number; the device becomes again as it was after it.
    pub event: u64,
}

/// How what is kept, or allowed, is delivered from now on (iOS, iPadOS).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepDelivery {
    /// Deliver in the scheduled summary, instead of immediately.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scheduled: bool,
}

/// The app's standby bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandbyChoice {
    /// The bucket.
    pub bucket: StandbyBucket,
}

/// The platform's newer version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OsUpdate {
    /// The newer version, such as `27.1` or `17`.
    pub version: OsVersion,
}

/// How far the device's clock moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockAdvance {
    /// By how much: `90s`, `4h`, `1h30m`, `2d`.
    #[serde(rename = "duration", with = "as_duration")]
    #[schemars(with = "String")]
    pub millis: u64,
}

/// Milliseconds, written as people write durations.
mod as_duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::duration;

    pub(super) fn serialize<S: Serializer>(millis: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&duration::write(Duration::from_millis(*millis)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let span = duration::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)?;
        // What is over a u64 of milliseconds is over any limit that the device has.
        Ok(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }
}
