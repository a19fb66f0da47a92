//! Everything that the delivery of one device's pushes hears, as values.
//!
//! Lives here: the words. Does not live here: what each comes to (one file a subject).

use bytes::Bytes;
use portal_contract::status::PromptChoice;
use portal_contract::{CardInteraction, DesktopInteraction, DesktopVerdict, IncomingTopic, PushProblem, Receipt};
use portal_device::{AckToken, CardNumber, DeviceCommand, DeviceSnapshot, PromptNumber};

use crate::entry::{BatchNumber, UsedId};

/// A host's short name for one of its devices; never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceKey(pub u32);

/// Names a question of the control API, so that its answer finds the way back. Never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub u64);

/// The number of a connection to the broker: from 1 on, rising, never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ConnectionNumber(pub u64);

/// What a publish is, so that its answer is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublishId {
    /// The device state.
    State,
    /// The receipt of this sequence.
    Receipt(u64),
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The process started: the first input, once. The commands are what this start changes of the device.
    Started(Vec<DeviceCommand>),
    /// What the session with the broker told, in order. What is told at once shares a commit where nothing is shown.
    Session(Vec<SessionInput>),
    /// What the desktop told.
    Desktop(DesktopInput),
    /// A person's command; answered once its change is durable.
    Command {
        /// Whom the answer is for.
        request: RequestNumber,
        /// The command.
        command: DeviceCommand,
    },
    /// A person takes the device back to how it was after an earlier event; answered once that is durable.
    Return {
        /// Whom the answer is for.
        request: RequestNumber,
        /// The event's number.
        event: u64,
        /// The device after it, as the journal kept it.
        past: Box<DeviceSnapshot>,
    },
    /// What a person does with the prompt or the newest card, done by the API; answered once its change is durable.
    Interact {
        /// Whom the answer is for.
        request: RequestNumber,
        /// What is done.
        interaction: DesktopInteraction,
    },
    /// Somebody wants to know when the device is idle.
    AwaitIdle(RequestNumber),
    /// Every batch up to this one is durable.
    Durable(BatchNumber),
    /// The journal's answer to [`crate::Action::LookUpIds`]: whether each id is used.
    IdsLookedUp(Vec<(UsedId, bool)>),
    /// The journal's answer to [`crate::Action::ReadReceipts`].
    ReceiptsRead(Vec<Receipt>),
    /// The moment of [`crate::Delivery::next_deadline`] has come.
    DeadlineReached,
}

/// What the session with the broker tells.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionInput {
    /// The broker accepted a connection.
    Connected {
        /// Its number.
        connection: ConnectionNumber,
        /// Whether the broker had kept the session.
        session_present: bool,
        /// How many publishes it takes before it has answered the first of them; at least 1.
        publish_window: usize,
    },
    /// Every subscription of the connection is answered.
    Online,
    /// A message for the device.
    Message(Message),
    /// The fence of this connection came back, or counts as back.
    FenceReturned(ConnectionNumber),
    /// The probe of this number came back.
    ProbeReturned(u64),
    /// The broker has taken a publish.
    Published(PublishId),
    /// The broker refused a publish.
    PublishRefused {
        /// Which.
        id: PublishId,
        /// Why, in words.
        detail: String,
        /// Whether it would be refused each time.
        for_good: bool,
    },
    /// The connection is gone.
    Disconnected,
}

/// A message as the broker delivered it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it is about.
    pub incoming: IncomingTopic,
    /// Its bytes.
    pub payload: Bytes,
    /// What acknowledges it; none at QoS 0.
    pub ack: Option<AckToken>,
    /// Whether the broker marked it as sent before (DUP).
    pub redelivered: bool,
    /// Whether it comes from what the broker retains.
    pub retained: bool,
    /// What the broker left of its expiry, in seconds.
    pub expiry_seconds: Option<u32>,
}

/// What the desktop tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesktopInput {
    /// The notification server accepted a card.
    CardShown {
        /// Which.
        card: CardNumber,
        /// Whether it shows what it accepts, as far as was known then.
        verdict: Option<DesktopVerdict>,
    },
    /// It did not, or nobody knows.
    CardFailed {
        /// Which.
        card: CardNumber,
        /// The code.
        problem: PushProblem,
        /// A sentence: what happened, and a hint.
        detail: String,
    },
    /// A card is gone: clicked, or dismissed.
    CardGone {
        /// Which.
        card: CardNumber,
        /// How it went.
        interaction: CardInteraction,
    },
    /// A card is gone by nobody's decision: it ran out, another took its place, or a program closed it.
    CardVanished(CardNumber),
    /// The notification server went, and every card with it.
    CardsLost,
    /// One of the prompt's buttons was pressed.
    PromptAnswered {
        /// Which prompt.
        prompt: PromptNumber,
        /// What stands on it.
        choice: PromptChoice,
    },
    /// The prompt's card was closed without an answer.
    PromptClosed(PromptNumber),
    /// The prompt could not be shown, for this reason; it shows in `status` only.
    PromptFailed(String),
    /// A notification server is there, or there again.
    ServerAppeared,
    /// What the desktop says of itself changed, and nothing else.
    Changed,
}
