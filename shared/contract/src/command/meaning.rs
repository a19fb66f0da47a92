//! What a command means to the device, as a value.
//!
//! Lives here: the words, and their JSON as the journal keeps it. Journals of every version are read for ever: a member
//! that is added needs a default, one that is renamed an alias, one that goes a rule in [`DeviceCommand`]'s reading.
//! Does not live here: what the words do (`portal_device`, one file a subject), how they are typed or sent (`table`).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::SetUpRequest;
use crate::{DeviceEnrollmentType, GroupId, ManagedDeviceOwnerType, OsVersion, StandbyBucket, UserPrincipalName};

/// What a person does to the device or its app.
// `remote = "Self"` makes the derived form a pair of plain functions, so that the trait's own can add a rule to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub enum DeviceCommand {
    /// `app …`
    App(AppCommand),
    /// `enroll`
    Enroll(EnrollCommand),
    /// `enrollment set NAME=VALUE`
    EnrollmentSet {
        /// The state, by Graph's name.
        name: String,
        /// Its new value, in Graph's word.
        value: String,
    },
    /// `retire`, `wipe` or `delete`, as far as it has come.
    Removal {
        /// Which.
        removal: Removal,
        /// How far.
        stage: RemovalStage,
    },
    /// `policy set NAME=VALUE`
    PolicySet {
        /// The key, by the payload's name.
        name: String,
        /// Its new value.
        value: String,
    },
    /// `policy clear`
    PolicyClear,
    /// `permission …`
    Permission(PermissionCommand),
    /// `play-services install|remove`
    PlayServices {
        /// Whether it is there afterwards.
        installed: bool,
    },
    /// `device …`
    Condition(ConditionCommand),
    /// `device standby BUCKET`
    Standby {
        /// The bucket.
        bucket: StandbyBucket,
    },
    /// `device restore`: set up anew from a backup (iOS, iPadOS).
    Restore,
    /// `os update`
    OsUpdate {
        /// The newer version.
        version: OsVersion,
    },
    /// `settings set NAME=VALUE`
    SettingsSet {
        /// The switch, by the platform's name.
        name: String,
        /// Its new value.
        value: String,
    },
    /// `clock advance`
    ClockAdvance {
        /// By how many milliseconds; never negative.
        millis: u64,
    },
    /// A new name for the device; `run --device-name` gives it, no command of its own.
    Rename {
        /// The name.
        name: String,
    },
    /// `device reset`: out of its box again.
    Reset,
    /// `device reset --clock`: and its clock the computer's again.
    ResetWithClock,
    /// `device set-up`: reset, enrolled, installed, the permission answered; all of it or nothing.
    SetUp(SetUpRequest),
    /// `return`: again as it was after an earlier event of its own history.
    Return {
        /// The event's number.
        event: u64,
    },
}

/// How journals before 0.2 wrote a retire that is carried out at once.
const OLD_RETIRE: &str = "retire";

impl Serialize for DeviceCommand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for DeviceCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value == OLD_RETIRE {
            return Ok(Self::Removal { removal: Removal::Retire, stage: RemovalStage::Done });
        }
        Self::deserialize(value).map_err(serde::de::Error::custom)
    }
}

/// Enrolls the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EnrollCommand {
    /// Who enrolls it.
    pub user: UserPrincipalName,
    /// The user's groups, until the broker's list says otherwise; the list last heard where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<GroupId>>,
    /// How; user enrollment where absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "deviceEnrollmentType",
        alias = "enrollmentType"
    )]
    pub enrollment_type: Option<DeviceEnrollmentType>,
    /// Who owns the device; what fits the kind of enrollment where absent.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "managedDeviceOwnerType", alias = "ownerType")]
    pub owner_type: Option<ManagedDeviceOwnerType>,
    /// Whether the device is supervised (iOS and iPadOS).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supervised: bool,
}

impl EnrollCommand {
    /// The user's own device, enrolled by that user.
    pub fn by(user: UserPrincipalName) -> Self {
        Self { user, groups: None, enrollment_type: None, owner_type: None, supervised: false }
    }
}

/// What happens to Company Portal on the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppCommand {
    /// Install, first launch, ask for the permission where the platform asks, back to the home screen.
    Install {
        /// The version; the platform's default where absent.
        version: Option<String>,
        /// The API level that it targets (Android); the setting's where absent.
        target_sdk: Option<u32>,
    },
    /// The same with a newer version.
    Update {
        /// The version; the next one where absent.
        version: Option<String>,
        /// The API level that it targets (Android); the one of before where absent.
        target_sdk: Option<u32>,
    },
    /// Remove it.
    Uninstall,
    /// Bring it to the screen.
    Open,
    /// Back to the home screen.
    Close,
    /// Android's Force stop.
    ForceStop,
    /// Pull its Notifications section to refresh.
    Refresh,
    /// Its user signs in.
    SignIn,
    /// Its user signs out.
    SignOut,
}

/// How a device leaves management.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Removal {
    /// The enrollment ends; app and permission stay.
    Retire,
    /// Back to the factory state.
    Wipe,
    /// The enrollment ends, and Intune forgets the device.
    Delete,
}

impl Removal {
    /// The command's word.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// How far a removal has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RemovalStage {
    /// It waits for the device to check in.
    Pending,
    /// It was handed to the device, which carries it out at its next check-in.
    Issued,
    /// It is carried out.
    #[default]
    Done,
}

/// What happens to the notification permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PermissionCommand {
    /// The app asks, in the way that the settings say.
    Prompt,
    /// The app asks for provisional authorization (iOS, iPadOS).
    PromptProvisional,
    /// Swipes the prompt away (Android).
    Dismiss,
    /// Keep on a quiet notification, then Deliver Immediately or in the scheduled summary (iOS, iPadOS).
    Keep {
        /// In the scheduled summary.
        in_summary: bool,
    },
    /// Turn Off on a quiet notification (iOS, iPadOS).
    TurnOff,
    /// Answers the prompt, or turns the platform's switch on.
    Allow,
    /// Answers the prompt by its third button: allowed, in the scheduled summary (iOS, iPadOS).
    AllowInSummary,
    /// Answers the prompt, or turns the platform's switch off.
    Deny,
    /// Back to never asked.
    Reset,
}

/// What happens to the device's own condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionCommand {
    /// Lock or unlock.
    Locked(bool),
    /// Out of reach of the push service, or back.
    Offline(bool),
    /// Focus, or Do Not Disturb.
    Focus(bool),
    /// Doze (Android).
    Doze(bool),
    /// On a charger, or not (Android).
    Charging(bool),
    /// The work profile (Android).
    WorkProfilePaused(bool),
    /// Company Portal's exemption from battery optimisation (Android).
    BatteryOptimisationExempt(bool),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> DeviceCommand {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn commands_of_older_journals_read_as_what_they_meant() {
        let retire = DeviceCommand::Removal { removal: Removal::Retire, stage: RemovalStage::Done };
        assert_eq!(read("\"retire\""), retire);
        assert_eq!(read(r#"{"removal":{"removal":"retire","stage":"done"}}"#), retire);
        let user = "adele@contoso.example".parse().unwrap();
        let old = r#"{"enroll":{"user":"adele@contoso.example","groups":null,"enrollmentType":"userEnrollment","ownerType":"personal","supervised":false}}"#;
        let enroll = EnrollCommand {
            enrollment_type: Some(DeviceEnrollmentType::UserEnrollment),
            owner_type: Some(ManagedDeviceOwnerType::Personal),
            ..EnrollCommand::by(user)
        };
        assert_eq!(read(old), DeviceCommand::Enroll(enroll.clone()));
        assert_eq!(
            read(&serde_json::to_string(&DeviceCommand::Enroll(enroll.clone())).unwrap()),
            DeviceCommand::Enroll(enroll)
        );
        assert_eq!(read("\"policyClear\""), DeviceCommand::PolicyClear);
        assert_eq!(read(r#"{"permission":{"keep":{"in_summary":true}}}"#), {
            DeviceCommand::Permission(PermissionCommand::Keep { in_summary: true })
        });
        assert!(serde_json::from_str::<DeviceCommand>("\"retired\"").is_err());
    }
}
