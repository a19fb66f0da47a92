//! The delivery of one device's pushes: what happens to a push between its arrival and its published receipt. PURE.
//!
//! [`Delivery::handle`] takes one thing that happened and gives what is to be done about it, in order; time comes in with
//! each call, and [`Delivery::next_deadline`] says when time alone is the next thing to happen. There is no channel, task,
//! socket, database or clock here: the host owns those, and any number of devices are driven by one of it.
//!
//! The order in which a fault can do least harm is the order of [`Delivery::handle`], top to bottom: a push is judged and
//! shown, what became of it is **committed**, then the message is **acknowledged** to the broker, then the receipt is
//! **published** (contract 4). A kill between two of these repeats the later ones at the next start, and loses nothing; the one
//! push that was being shown may show again, since nobody knows whether the desktop had taken it.
//!
//! A device out of its box, from its start to its first durable entry:
//!
//! ```
//! use portal_contract::{DeviceId, OperatingSystem, Tenant, Timestamp};
//! use portal_delivery::{Action, Delivery, Input, Recovery};
//! use portal_device::{Device, DeviceIdentity, EmulationSettings, OsVersion};
//!
//! let now: Timestamp = "2026-11-23T09:00:00Z".parse()?;
//! let version: OsVersion = "26".parse()?;
//! let identity = DeviceIdentity {
//!     id: DeviceId::from_random(7),
//!     name: "Adele's phone".to_owned(),
//!     tenant: Tenant::default(),
//!     operating_system: OperatingSystem::Ios,
//!     os_version: version.clone(),
//!     first_os_version: version,
//! };
//! let device = Device::out_of_the_box(identity, EmulationSettings::default(), now);
//! let mut delivery = Delivery::new(device, Recovery::default());
//!
//! // What is decided goes to the journal, and waits there for the word that it is durable.
//! let actions = delivery.handle(Input::Started(Vec::new()), now)?;
//! let appended = actions.iter().find_map(|action| match action {
//!     Action::Append { batch, .. } => *batch,
//!     _ => None,
//! });
//! let batch = appended.ok_or("nothing was decided")?;
//! assert!(!delivery.is_committed());
//!
//! // The journal has committed it: nothing is on its way to the disk any more.
//! delivery.handle(Input::Durable(batch), now)?;
//! assert!(delivery.is_committed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Lives here: order, used ids, what is in flight, what waits for a commit, what is published when, whether the device is
//! idle. Does not live here: the rules (`portal_device`), the words (`portal_contract`), anything that touches the world.

mod action;
mod commit_queue;
mod desktop;
mod effects;
mod entry;
mod followers;
mod id_filter;
mod idle;
mod input;
mod messages;
mod outgoing;
mod receipt_publisher;
mod session;
mod state_publisher;
#[cfg(test)]
mod tests;
mod used_ids;

use std::collections::VecDeque;

use portal_contract::{CommandResult, DeviceEvent, DeviceState, DeviceTopics, Timestamp};
use portal_device::{AckToken, CardContent, Device, DeviceCommand, DeviceEffect, DeviceInput};

pub use action::{Action, LogLine, Publish};
pub use entry::{BatchNumber, JournalEntry, UsedId};
pub use id_filter::{IdHash, UsedIdFilter, id_hash};
pub use input::{ConnectionNumber, DesktopInput, DeviceKey, Input, Message, PublishId, RequestNumber, SessionInput};
pub use portal_device::{CardNumber, HeldKey, PromptNumber};

use commit_queue::CommitQueue;
use followers::Followers;
use idle::IdleDetector;
use messages::PendingMessage;
use receipt_publisher::ReceiptPublisher;
use state_publisher::StatePublisher;
use used_ids::UsedIds;

/// Why a delivery cannot go on: nothing of the input that met it is to be taken for done.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Something could not be written as JSON. An empty text in its place would be durable, and lost.
    #[error("{what} could not be written as JSON; this is a fault of portal-agent, please report it")]
    NotSerializable {
        /// What.
        what: &'static str,
    },
}

/// Where the journal left off, beside the device itself.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Every receipt up to this sequence has its PUBACK.
    pub published_through: u64,
    /// How many redeliveries were acknowledged without a receipt, in all.
    pub redelivered: u64,
    /// The ids of pushes that may be used. With one that knows nothing, the journal is asked for each.
    pub used_ids: UsedIdFilter,
}

/// What is done once everything that was written before it is durable.
#[derive(Debug)]
enum AfterCommit {
    Acknowledge(AckToken),
    Answer { request: RequestNumber, result: Box<CommandResult> },
    PublishState(Box<DeviceState>),
    ReceiptDurable(u64),
    ShowCard { card: CardNumber, shown: CardContent },
    Tell(Box<DeviceEvent>),
}

/// The connection to the broker that stands.
#[derive(Debug, Clone, Copy, Default)]
struct Connection {
    number: ConnectionNumber,
    /// How many publishes the broker takes at once.
    publish_window: usize,
    is_online: bool,
}

/// One device and the pushes on their way through it.
#[derive(Debug)]
pub struct Delivery {
    device: Device,
    topics: DeviceTopics,
    /// The wall clock's time of the input that is being handled.
    wall: Timestamp,
    connection: Connection,
    /// Commands that wait for the push in flight, so that its receipt speaks of the device as it was judged.
    commands: VecDeque<(RequestNumber, DeviceInput)>,
    /// Messages that wait for the push in flight, or for the journal's word on their id.
    pending: VecDeque<PendingMessage>,
    used_ids: UsedIds,
    commits: CommitQueue<AfterCommit>,
    state: StatePublisher,
    receipts: ReceiptPublisher,
    redelivered: u64,
    /// How many messages at QoS 0 were dropped.
    dropped: u64,
    has_prompt_card: bool,
    /// The cards that are open on the desktop, the newest last.
    cards: Vec<CardNumber>,
    followers: Followers,
    idle: IdleDetector,
    actions: Vec<Action>,
}

impl Delivery {
    /// A delivery that goes on where the journal left off. Its first input is [`Input::Started`].
    pub fn new(device: Device, recovery: Recovery) -> Self {
        let identity = &device.snapshot().identity;
        Self {
            topics: DeviceTopics::new(&identity.tenant, identity.id),
            wall: Timestamp::from_millis(0),
            connection: Connection::default(),
            commands: VecDeque::new(),
            pending: VecDeque::new(),
            used_ids: UsedIds::new(recovery.used_ids),
            commits: CommitQueue::default(),
            state: StatePublisher::default(),
            receipts: ReceiptPublisher::new(recovery.published_through, device.last_sequence()),
            redelivered: recovery.redelivered,
            dropped: 0,
            has_prompt_card: false,
            cards: Vec::new(),
            followers: Followers::default(),
            idle: IdleDetector::default(),
            actions: Vec::new(),
            device,
        }
    }

    /// One thing happened at `wall`, by the wall clock; what is to be done about it, in order.
    ///
    /// # Errors
    /// See [`DeliveryError`]; the delivery is not to be asked again then.
    pub fn handle(&mut self, input: Input, wall: Timestamp) -> Result<Vec<Action>, DeliveryError> {
        self.wall = wall;
        // What is decided below is one batch, however many messages came: they share a commit.
        self.take_in(input)?;
        self.work_through_pending()?;
        self.commit();
        // Behind the commit: what this input made durable goes out now, what it decided waits for its own batch.
        self.release();
        self.look_up_ids();
        self.publish()?;
        self.detect_idle();
        Ok(std::mem::take(&mut self.actions))
    }

    fn take_in(&mut self, input: Input) -> Result<(), DeliveryError> {
        match input {
            Input::Started(commands) => self.started(commands)?,
            Input::Session(inputs) => {
                for input in inputs {
                    self.session(input)?;
                }
            }
            Input::Desktop(input) => self.desktop(input)?,
            Input::Command { request, command } => {
                self.commands.push_back((request, DeviceInput::Command(command)));
            }
            Input::Return { request, event, past } => {
                self.commands.push_back((request, DeviceInput::Returned { event, past }));
            }
            Input::Interact { request, interaction } => self.interact(request, interaction)?,
            Input::AwaitIdle(request) => self.idle.ask(request),
            Input::Durable(batch) => {
                self.commits.durable(batch);
                self.used_ids.durable(batch);
            }
            Input::IdsLookedUp(answers) => self.used_ids.answered(answers),
            Input::ReceiptsRead(receipts) => self.receipts.page(receipts),
            Input::DeadlineReached => self.happened(DeviceInput::DeadlineReached)?,
        }
        Ok(())
    }

    fn started(&mut self, commands: Vec<DeviceCommand>) -> Result<(), DeliveryError> {
        // A snapshot at each start: the settings that rules take as given may be others now.
        self.record_change(r#"{"started":{}}"#)?;
        self.publish_state_after_commit();
        for command in commands {
            self.happened(DeviceInput::Command(command))?;
        }
        // At each start: the session subscribes to these again at each connect, whatever the broker says that it kept
        // (decisions/0004).
        self.actions.push(Action::SetGroups(self.device.snapshot().enrollment.subscribed_groups()));
        if self.device.snapshot().condition.offline {
            self.actions.push(Action::GoOffline);
        }
        self.show_prompt_card();
        Ok(())
    }

    /// Others are told of the state as it is now, once that survives a kill.
    pub(crate) fn publish_state_after_commit(&mut self) {
        let state = Box::new(self.device.snapshot().device_state());
        self.commits.after_commit(AfterCommit::PublishState(state));
    }

    /// Hands what was written to the journal, as one batch.
    fn commit(&mut self) {
        if let Some((batch, entries)) = self.commits.take_batch() {
            self.actions.push(Action::Append { batch, entries });
        }
    }

    /// Does what waited for a commit that is durable by now.
    fn release(&mut self) {
        while let Some(thing) = self.commits.release() {
            match thing {
                AfterCommit::Acknowledge(ack) => self.actions.push(Action::Acknowledge(ack)),
                AfterCommit::Answer { request, result } => {
                    self.actions.push(Action::Answer { request, result: Ok(result) });
                }
                AfterCommit::PublishState(state) => self.state.became_durable(*state),
                AfterCommit::ReceiptDurable(sequence) => {
                    self.receipts.durable(sequence);
                    self.actions.push(Action::ReceiptsDurable(sequence));
                }
                AfterCommit::ShowCard { card, shown } => self.actions.push(Action::ShowCard { card, shown }),
                AfterCommit::Tell(event) => {
                    let event = self.followers.number(*event);
                    self.actions.push(Action::Tell(Box::new(event)));
                }
            }
        }
    }

    fn command(&mut self, request: RequestNumber, event: DeviceInput) -> Result<(), DeliveryError> {
        self.idle.disturbed();
        let recorded = event.record();
        match self.device.apply(event, self.now()) {
            // A refusal changes nothing, so it waits for no commit.
            Err(refusal) => self.actions.push(Action::Answer { request, result: Err(refusal) }),
            Ok(effects) => {
                // A command that changes nothing succeeds, with a note: a script that sets a phone up twice is not to
                // fail the second time (contract 5).
                let note = effects.iter().find_map(|effect| match effect {
                    DeviceEffect::Unchanged(note) => Some(note.clone()),
                    _ => None,
                });
                self.carry_out(effects, &recorded)?;
                self.answer_after_commit(request, note);
            }
        }
        Ok(())
    }

    fn answer_after_commit(&mut self, request: RequestNumber, note: Option<String>) {
        // As it is now: by the time that this is durable, another command may have changed it.
        let result = Box::new(CommandResult { state: self.device.snapshot().device_state(), note });
        self.commits.after_commit(AfterCommit::Answer { request, result });
        self.actions.push(Action::StatusChanged);
    }

    /// Something that cannot be refused happened.
    fn happened(&mut self, event: DeviceInput) -> Result<(), DeliveryError> {
        self.idle.disturbed();
        let recorded = event.record();
        match self.device.apply(event, self.now()) {
            Ok(effects) => self.carry_out(effects, &recorded),
            // Only commands are refused, and the one that comes here is a start's new name, which no device refuses.
            Err(refusal) => {
                self.warn(format!("an event was refused: {refusal}"));
                Ok(())
            }
        }
    }

    fn warn(&mut self, sentence: String) {
        self.actions.push(Action::Log(LogLine::Warning(sentence)));
    }

    /// Device time: the wall clock's, and what the device's own clock is ahead of it.
    fn now(&self) -> Timestamp {
        self.wall.plus_millis(self.device.snapshot().condition.clock_ahead_millis)
    }

    /// When [`Input::DeadlineReached`] is due, by the wall clock; none while nothing waits on time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // The device counts in its own time, which `clock advance` moves; the host can wait by the wall clock alone.
        let ahead = self.device.snapshot().condition.clock_ahead_millis;
        Some(self.device.next_deadline()?.plus_millis(ahead.saturating_neg()))
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How many redeliveries were acknowledged without a receipt, in all.
    pub fn redelivered(&self) -> u64 {
        self.redelivered
    }

    /// Whether everything that was decided is durable, and what waited for that is done: a clean end may come.
    pub fn is_committed(&self) -> bool {
        self.commits.is_empty()
    }

    /// The device's messages are told to followers from now on: the first event, which says from which number on.
    pub fn begin_following(&mut self, wall: Timestamp) -> DeviceEvent {
        self.wall = wall;
        let (at, has_prompt) = (self.now(), self.has_prompt());
        self.followers.begin(at, has_prompt)
    }

    /// Nobody follows any more: no event is made.
    pub fn end_following(&mut self) {
        self.followers.end();
    }
}

fn json(what: &'static str, value: &impl serde::Serialize) -> Result<Vec<u8>, DeliveryError> {
    serde_json::to_vec(value).map_err(|_| DeliveryError::NotSerializable { what })
}
