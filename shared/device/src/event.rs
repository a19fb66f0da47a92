//! Everything that can happen to a device, as values.
//!
//! Lives here: the words. Does not live here: what they do (one file a subject).

use std::borrow::Cow;
use std::collections::BTreeSet;

use portal_contract::{
    Action, CustomNotification, DesktopVerdict, DeviceEnrollmentType, GroupId, GroupList, Interaction,
    ManagedDeviceOwnerType, Problem, Rejection, StandbyBucket, Target, UserPrincipalName,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::identity::OsVersion;
use super::removal::{Removal, RemovalStage};

/// What a person does to the device or its app; each is a command of the contract's section 5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
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
    /// `retire`
    Retire,
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
    /// A new name for the device.
    Rename {
        /// The name.
        name: String,
    },
    /// `device reset`: out of its box again.
    Reset,
}

/// Enrolls the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollCommand {
    /// Who enrolls it.
    pub user: UserPrincipalName,
    /// The user's groups, until the broker's list says otherwise.
    pub groups: Option<BTreeSet<GroupId>>,
    /// How; user enrollment where absent.
    pub enrollment_type: Option<DeviceEnrollmentType>,
    /// Who owns the device; what fits the kind of enrollment where absent.
    pub owner_type: Option<ManagedDeviceOwnerType>,
    /// Whether the device is supervised (iOS and iPadOS).
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
    /// The work profile (Android).
    WorkProfilePaused(bool),
    /// Company Portal's exemption from battery optimisation (Android).
    BatteryOptimisationExempt(bool),
}

/// The right to acknowledge one message to the broker; worthless after its connection's end.
///
/// The device does not look at it: it goes with its push, and comes back with what makes that push durable. Kept in a field
/// beside the push, it was one early return away from acknowledging another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckToken {
    /// The number of the connection on which the message arrived.
    pub connection: u64,
    /// The message's place among those of that connection.
    pub position: u64,
}

/// A push as it arrived, before any rule of the device.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The payload, read.
    pub payload: Result<CustomNotification, Rejection>,
    /// What it was addressed to.
    pub target: Target,
    /// Whether the broker sent it as a retained message.
    pub retained: bool,
    /// Whether its id is used on this device already.
    pub id_used: bool,
    /// What the broker left of the message's expiry, in seconds.
    pub expiry_seconds: Option<u32>,
    /// What acknowledges it; none at QoS 0.
    pub ack: Option<AckToken>,
}

/// Why the desktop did not show a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseFailure {
    /// The code.
    pub problem: Problem,
    /// A sentence.
    pub detail: String,
}

/// Anything that can happen to a device.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A person does something.
    Command(Command),
    /// A push arrived.
    PushArrived(Arrival),
    /// The service told the groups of the device's user.
    GroupsHeard(GroupList),
    /// The service sent a remote action.
    ActionArrived(Action),
    /// The user pressed a button of the permission prompt.
    PromptAnswered {
        /// Which prompt.
        number: u32,
        /// Allow or Don't Allow.
        allow: bool,
    },
    /// The prompt's card was closed without an answer.
    PromptClosed {
        /// Which prompt.
        number: u32,
    },
    /// The broker accepted the connection.
    Connected {
        /// Whether it had kept the session.
        session_present: bool,
    },
    /// The connection is gone.
    Disconnected,
    /// What was held for the session has all arrived (contract 2).
    FenceReturned,
    /// The desktop accepted a card.
    Raised {
        /// Which card.
        card: u64,
        /// Whether it shows what it accepts, as far as was known then; for the receipt alone, no rule reads it.
        desktop: Option<DesktopVerdict>,
    },
    /// The desktop did not.
    RaiseFailed {
        /// Which card.
        card: u64,
        /// Why.
        failure: RaiseFailure,
    },
    /// The user did something with a card.
    CardInteraction {
        /// Which card.
        card: u64,
        /// What.
        interaction: Interaction,
    },
    /// The notification server went, and every card with it.
    CardsLost,
    /// A notification server is there (again).
    NotificationServerAppeared,
    /// The moment of [`super::Device::next_deadline`] has come.
    DeadlineReached,
}

impl Event {
    /// What the journal writes of an event that changed the device: what a person or the service did, as JSON.
    pub fn record(&self) -> Cow<'static, str> {
        let json = |value: serde_json::Value| Cow::Owned(value.to_string());
        match self {
            Self::Command(command) => json(json!({ "command": command })),
            Self::GroupsHeard(list) => json(json!({ "groupsHeard": list })),
            Self::ActionArrived(action) => json(json!({ "actionArrived": action })),
            Self::PromptAnswered { number, allow } => {
                json(json!({ "promptAnswered": { "number": number, "allow": allow } }))
            }
            Self::PromptClosed { number } => json(json!({ "promptClosed": { "number": number } })),
            Self::FenceReturned => Cow::Borrowed(r#"{"fenceReturned":{}}"#),
            // The rest moves pushes on; the journal keeps those as receipts and held pushes.
            _ => Cow::Borrowed("{}"),
        }
    }
}
