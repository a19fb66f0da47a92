//! Everything that can happen to a device, as values.
//!
//! Lives here: the words. Does not live here: what they do (one file a subject).

use std::borrow::Cow;

use portal_contract::command::DeviceCommand;
use portal_contract::status::PromptChoice;
use portal_contract::{
    CardInteraction, CustomNotification, DesktopVerdict, GroupList, PayloadRejection, PushProblem, PushTarget,
    RemoteAction,
};
use serde_json::json;

use super::DeviceSnapshot;
use super::numbers::{CardNumber, PromptNumber};

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
pub struct ArrivedPush {
    /// The payload, read.
    pub payload: Result<CustomNotification, PayloadRejection>,
    /// What it was addressed to.
    pub target: PushTarget,
    /// Whether the broker sent it as a retained message.
    pub retained: bool,
    /// Whether its id is used on this device already, by a push that is being shown too; the device remembers no ids.
    pub id_used: bool,
    /// What the broker left of the message's expiry, in seconds.
    pub expiry_seconds: Option<u32>,
    /// What acknowledges it; none at QoS 0.
    pub ack: Option<AckToken>,
}

/// Why the desktop did not show a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFailure {
    /// The code.
    pub problem: PushProblem,
    /// A sentence.
    pub detail: String,
}

/// Anything that can happen to a device.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceInput {
    /// A person does something.
    Command(DeviceCommand),
    /// A person takes the device back to how it was after an earlier event of its history.
    Returned {
        /// The event's number.
        event: u64,
        /// The device after it.
        past: Box<DeviceSnapshot>,
    },
    /// A push arrived.
    PushArrived(ArrivedPush),
    /// The service told the groups of the device's user.
    GroupsHeard(GroupList),
    /// The service sent a remote action.
    ActionArrived {
        /// The action.
        action: RemoteAction,
        /// Whether one of this id came before.
        id_used: bool,
    },
    /// The user pressed a button of the permission prompt.
    PromptAnswered {
        /// Which prompt.
        number: PromptNumber,
        /// What stands on it.
        choice: PromptChoice,
    },
    /// The prompt's card was closed without an answer.
    PromptClosed {
        /// Which prompt.
        number: PromptNumber,
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
    CardShown {
        /// Which card.
        card: CardNumber,
        /// Whether it shows what it accepts, as far as was known then; for the receipt alone, no rule reads it.
        desktop: Option<DesktopVerdict>,
    },
    /// The desktop did not.
    CardFailed {
        /// Which card.
        card: CardNumber,
        /// Why.
        failure: CardFailure,
    },
    /// The user did something with a card.
    CardInteraction {
        /// Which card.
        card: CardNumber,
        /// What.
        interaction: CardInteraction,
    },
    /// A card is gone by nobody's decision: it ran out, say.
    CardGone {
        /// Which card.
        card: CardNumber,
    },
    /// The notification server went, and every card with it.
    CardsLost,
    /// A notification server is there (again).
    NotificationServerAppeared,
    /// The moment of [`super::Device::next_deadline`] has come.
    DeadlineReached,
}

impl DeviceInput {
    /// What the journal writes of an event that changed the device: what a person or the service did, as JSON.
    pub fn record(&self) -> Cow<'static, str> {
        let json = |value: serde_json::Value| Cow::Owned(value.to_string());
        match self {
            Self::Command(command) => json(json!({ "command": command })),
            // By the command alone: the snapshot is in the journal already, and again behind this event.
            Self::Returned { event, .. } => json(json!({ "command": DeviceCommand::Return { event: *event } })),
            Self::GroupsHeard(list) => json(json!({ "groupsHeard": list })),
            Self::ActionArrived { action, .. } => json(json!({ "actionArrived": action })),
            Self::PromptAnswered { number, choice: PromptChoice::AllowInSummary } => {
                json(json!({ "promptAnswered": { "number": number, "allow": true, "inSummary": true } }))
            }
            Self::PromptAnswered { number, choice } => {
                json(json!({ "promptAnswered": { "number": number, "allow": choice.allows() } }))
            }
            Self::PromptClosed { number } => json(json!({ "promptClosed": { "number": number } })),
            Self::FenceReturned => Cow::Borrowed(r#"{"fenceReturned":{}}"#),
            // The rest moves pushes on; the journal keeps those as receipts and held pushes.
            _ => Cow::Borrowed("{}"),
        }
    }
}
