//! What is to be done about an input, as values in order.
//!
//! Lives here: the words. Does not live here: the doing (the host and its edges).

use std::collections::BTreeSet;

use portal_contract::{CommandResult, DeviceEvent, GroupId, IdleReport};
use portal_device::{CardContent, CardNumber, PromptNumber, Refusal};

use crate::entry::{BatchNumber, JournalEntry, UsedId};
use crate::input::{ConnectionNumber, PublishId, RequestNumber};

/// One thing to be done. Actions are carried out in their order; none of them may wait for another.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Write these to the journal, behind everything appended before; [`crate::Input::Durable`] says when it is safe.
    Append {
        /// The batch's number; none where all entries are lazy ([`JournalEntry::is_lazy`]) and nothing waits for them.
        batch: Option<BatchNumber>,
        /// What is written, all of it or nothing.
        entries: Vec<JournalEntry>,
    },
    /// Ask the journal whether these ids are used, by what is durable when it is asked or later; one such question at a time.
    LookUpIds(Vec<UsedId>),
    /// Read receipts of the journal, in order.
    ReadReceipts {
        /// Those after this sequence.
        after: u64,
        /// At most so many.
        limit: usize,
    },
    /// Acknowledge a message to the broker.
    Acknowledge(portal_device::AckToken),
    /// Publish to the broker at QoS 1.
    Publish(Publish),
    /// Subscribe to these groups, and to no others.
    SetGroups(BTreeSet<GroupId>),
    /// Disconnect from the broker; the session stays.
    GoOffline,
    /// Connect again.
    GoOnline,
    /// Send a probe of this number to oneself.
    Probe(u64),
    /// Show a card; answered by `CardShown` or `CardFailed`.
    ShowCard {
        /// Its number.
        card: CardNumber,
        /// What it says.
        shown: CardContent,
    },
    /// Take a card off the desktop.
    WithdrawCard(CardNumber),
    /// Show the permission prompt's card.
    ShowPrompt(PromptNumber),
    /// Take the permission prompt's card off the desktop.
    WithdrawPrompt(PromptNumber),
    /// Answer a command or an interaction.
    Answer {
        /// Whose.
        request: RequestNumber,
        /// What it came to.
        result: Result<Box<CommandResult>, Refusal>,
    },
    /// The device is idle: answer everybody who waits for that.
    AnswerIdle {
        /// Who waits.
        requests: Vec<RequestNumber>,
        /// When, and until when.
        idle: IdleReport,
    },
    /// Tell whoever follows the device.
    Tell(Box<DeviceEvent>),
    /// Every receipt up to this sequence is durable.
    ReceiptsDurable(u64),
    /// What `status` says may be something else now.
    StatusChanged,
    /// Say something in the log.
    Log(LogLine),
}

/// A publish at QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The connection that it is meant for: on a later one it would come a second time.
    pub connection: ConnectionNumber,
    /// What it is.
    pub id: PublishId,
    /// Where to.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Whether the broker retains it.
    pub retain: bool,
}

/// A line for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// Something that a person should look at.
    Warning(String),
    /// Something that a person may want to know.
    Information(String),
    /// Something for whoever looks for a fault.
    Detail(String),
}
