//! What the device wants done about an event, as values in order.
//!
//! Lives here: the words. Does not live here: the doing (the daemon and its edges).

use portal_contract::{CardInteraction, Receipt, Surface};

use super::actions::LastActionNote;
use super::event::AckToken;
use super::numbers::{CardNumber, HeldKey, PromptNumber};
use super::push::{HeldPush, ReceivedPush};

/// What a card on the desktop says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardContent {
    /// The title as sent, or the app's name where the content is hidden.
    pub title: String,
    /// The body as sent, or a placeholder where the content is hidden.
    pub body: String,
    /// Where it shows on the device.
    pub surface: Surface,
    /// Whether it makes a sound.
    pub sound: bool,
}

/// A push that has its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledPush {
    /// The receipt.
    pub receipt: Receipt,
    /// The push, where one could be read.
    pub push: Option<ReceivedPush>,
    /// The held push that this ends.
    pub held: Option<HeldKey>,
    /// What acknowledges it; none for one that was held, which is acknowledged already.
    pub ack: Option<AckToken>,
}

/// A push that arrived and waits on the device from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct NewlyHeldPush {
    /// The push and what it waits for.
    pub held: HeldPush,
    /// What acknowledges it; none at QoS 0.
    pub ack: Option<AckToken>,
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceEffect {
    /// A push has its outcome: journal it, acknowledge it, publish the receipt.
    Settle(SettledPush),
    /// A push waits on the device: journal it, acknowledge it.
    Hold(NewlyHeldPush),
    /// A held push waits for something else now.
    HoldChanged(HeldPush),
    /// Show a card; the answer is `CardShown` or `CardFailed` with its number.
    ShowCard {
        /// The card's number.
        card: CardNumber,
        /// What it says.
        shown: CardContent,
    },
    /// Take a card back.
    WithdrawCard {
        /// The card's number.
        card: CardNumber,
    },
    /// The user did something with a presented notification.
    Interaction {
        /// The sequence of its receipt.
        sequence: u64,
        /// What.
        interaction: CardInteraction,
    },
    /// Show the permission prompt.
    ShowPrompt {
        /// The prompt's number.
        number: PromptNumber,
    },
    /// Take the permission prompt's card back.
    WithdrawPrompt {
        /// The prompt's number.
        number: PromptNumber,
    },
    /// Disconnect from the broker; the session stays.
    GoOffline,
    /// Connect again.
    GoOnline,
    /// The groups to subscribe to may be others now.
    GroupsChanged,
    /// The snapshot changed: journal it, publish the device state.
    StateChanged,
    /// A remote action of this id came: remember the id.
    ActionSeen {
        /// The id.
        id: String,
        /// Where nothing else of the device changed: keep this beside the snapshot, and publish the state.
        note: Option<Box<LastActionNote>>,
    },
    /// An enrollment began: ids of actions are remembered as long as it lasts.
    EnrollmentBegan,
    /// The device is new again: ids that were used may be used again.
    IdsForgotten,
    /// Something that arrived is ignored, and this is why; for the log.
    Ignored(String),
    /// Something that a person may want to know; for the log.
    Noted(String),
    /// Nothing changed, and this is what a person is told.
    Unchanged(String),
}
