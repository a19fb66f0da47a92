//! The one task that owns a device: it reads like the contract's section 4, top to bottom.
//!
//! Lives here: events in, `apply`, effects out. Does not live here: any rule (the device room), any I/O (the edges).

mod commits;
mod effects;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use portal_shared::{DeviceState, Interaction, Receipt, Timestamp, Topics};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::clock::Clock;
use super::outbox::Outbox;
use super::publisher::Publisher;
use super::requests::{DeviceStatus, Reply, Request};
use crate::broker::{AckToken, PublishId, SessionEvent, Sessions};
use crate::control::{Applied, Fault};
use crate::desktop::{CardId, DesktopEvent, Notifier, PromptId};
use crate::device::{Command, Device, Effect, Event, RaiseFailure, Shown};
use crate::journal::{Entry, Journal, JournalError, Reader};
use messages::{Message, Waiting};

/// How many session events are taken at once, so that their outcomes share a commit.
const GATHERED: usize = 256;
/// How many messages may wait for the push in hand before those at QoS 0, which no window bounds, are dropped.
const WAITING: usize = 4096;

/// Why the loop ended by itself; what was not acknowledged comes again.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The journal could not be read, or takes nothing any more.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The broker's session is gone.
    #[error("the session with the broker ended by itself; start the daemon again, and report the log")]
    SessionEnded,
    /// The loop itself panicked.
    #[error("the daemon's loop ended in a panic; start it again, and report the log")]
    Panicked,
}

/// The edges of one device.
pub struct Edges {
    /// The computer's clock.
    pub clock: Arc<dyn Clock>,
    /// Where everything is remembered.
    pub journal: Arc<dyn Journal>,
    /// Reads what was remembered.
    pub reader: Reader,
    /// The broker.
    pub sessions: Arc<dyn Sessions>,
    /// The desktop.
    pub notifier: Arc<dyn Notifier>,
}

/// Where the loop hears from its edges.
pub struct Inputs {
    /// From the broker; holds at least the receive window, so that the broker's task never waits for the loop.
    pub session: mpsc::Receiver<SessionEvent>,
    /// From the desktop.
    pub desktop: mpsc::Receiver<DesktopEvent>,
    /// From the control API.
    pub requests: mpsc::Receiver<Request>,
    /// From the readers of the journal, in answer to the publisher's asking.
    pub pages: mpsc::Receiver<Result<Vec<Receipt>, JournalError>>,
}

/// What others may watch.
#[derive(Clone)]
pub struct Watched {
    /// Counts up whenever `status` may differ.
    pub changes: watch::Sender<u64>,
    /// The sequence of the newest durable receipt.
    pub settled: watch::Sender<u64>,
}

/// Something that waits for a commit.
enum AfterCommit {
    Acknowledge(AckToken),
    Answer { reply: Reply<Applied>, applied: Box<Applied> },
    PublishState(Box<DeviceState>),
    Settled(u64),
    Raise { card: u64, shown: Shown },
}

/// One device and its edges.
pub struct DeviceLoop {
    device: Device,
    edges: Edges,
    watched: Watched,
    topics: Topics,
    waiting: VecDeque<Waiting>,
    outbox: Outbox<AfterCommit>,
    publisher: Publisher,
    page_sender: mpsc::Sender<Result<Vec<Receipt>, JournalError>>,
    /// Commands that wait for the push in hand, so that its receipt speaks of the device as it was judged.
    commands: VecDeque<(Command, Reply<Applied>)>,
    /// The acknowledgement of the push that is being worked on.
    in_work: Option<AckToken>,
    prompt_is_up: bool,
    redelivered: u64,
    /// The device state that survives a kill; what others are told.
    durable_state: DeviceState,
    state_is_due: bool,
    journal_trouble: Option<String>,
    /// How many messages at QoS 0 were dropped.
    dropped: u64,
    beginning: Vec<Command>,
}

/// What the loop goes on from.
pub struct Beginning {
    /// Every receipt up to here has its PUBACK.
    pub published_through: u64,
    /// How many redeliveries there were.
    pub redelivered: u64,
    /// What this start changes of the device: its name.
    pub commands: Vec<Command>,
}

impl DeviceLoop {
    /// A loop that is ready to run.
    pub fn new(
        beginning: Beginning,
        device: Device,
        edges: Edges,
        watched: Watched,
        page_sender: mpsc::Sender<Result<Vec<Receipt>, JournalError>>,
    ) -> Self {
        let identity = &device.snapshot().identity;
        let topics = Topics::new(&identity.tenant, identity.id);
        let publisher = Publisher::new(beginning.published_through, device.last_sequence());
        Self {
            topics,
            publisher,
            edges,
            watched,
            page_sender,
            waiting: VecDeque::new(),
            outbox: Outbox::default(),
            commands: VecDeque::new(),
            in_work: None,
            prompt_is_up: false,
            redelivered: beginning.redelivered,
            durable_state: device.snapshot().device_state(),
            state_is_due: false,
            journal_trouble: None,
            dropped: 0,
            beginning: beginning.commands,
            device,
        }
    }

    /// Runs until it is cancelled or the journal can no longer be read.
    ///
    /// # Errors
    /// See [`LoopError`].
    pub async fn run(mut self, mut inputs: Inputs, cancelled: CancellationToken) -> Result<(), LoopError> {
        let mut durable = self.edges.journal.durable();
        let mut health = self.edges.journal.health();
        let mut gathered = Vec::with_capacity(GATHERED);
        self.begin()?;
        loop {
            let wake = self.until_deadline();
            tokio::select! {
                biased;
                () = cancelled.cancelled() => break,
                Ok(()) = durable.changed() => self.became_durable(*durable.borrow_and_update()),
                Ok(()) = health.changed() => self.journal_health_changed(),
                Some(event) = inputs.desktop.recv() => self.desktop_event(event)?,
                Some(page) = inputs.pages.recv() => self.publisher.page(page?),
                Some(request) = inputs.requests.recv() => self.request(request),
                taken = inputs.session.recv_many(&mut gathered, GATHERED) => {
                    if taken == 0 {
                        // The session ended by itself, which it never does but by a panic of its own.
                        return Err(LoopError::SessionEnded);
                    }
                    for event in gathered.drain(..) {
                        self.session_event(event)?;
                    }
                }
                () = tokio::time::sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => self.happened(Event::DeadlineReached),
            }
            self.work_through_waiting()?;
            self.commit()?;
            self.publish_receipts();
        }
        Ok(self.finish(durable).await?)
    }

    fn begin(&mut self) -> Result<(), JournalError> {
        // A snapshot at each start: the settings that rules take as given may be others now.
        self.remember(r#"{"started":{}}"#);
        for command in std::mem::take(&mut self.beginning) {
            self.happened(Event::Command(command));
        }
        let groups = self.device.snapshot().enrollment.subscribed_groups();
        self.edges.sessions.set_groups(groups);
        if self.device.snapshot().condition.offline {
            self.edges.sessions.go_offline();
        }
        self.show_prompt_card();
        self.commit()
    }

    fn now(&self) -> Timestamp {
        self.edges.clock.now().plus_millis(self.device.snapshot().condition.clock_ahead_millis)
    }

    /// How long until the device's next deadline, by the computer's clock; an hour at most, since that clock may jump.
    fn until_deadline(&self) -> Option<Duration> {
        let deadline = self.device.next_deadline()?;
        let millis = deadline.millis_since(self.now()).clamp(0, 3_600_000);
        Some(Duration::from_millis(millis.unsigned_abs()))
    }

    fn session_event(&mut self, event: SessionEvent) -> Result<(), JournalError> {
        match event {
            SessionEvent::Message { incoming, payload, token, redelivered, retained, expiry_seconds, .. } => {
                if token.is_none() && self.waiting.len() >= WAITING {
                    self.note_dropped();
                    return Ok(());
                }
                let message = Message { incoming, payload, token, redelivered, retained, expiry_seconds };
                self.waiting.push_back(Waiting::Message(message));
                return self.work_through_waiting();
            }
            SessionEvent::Connected { session_present, .. } => self.happened(Event::Connected { session_present }),
            SessionEvent::Online { .. } => {
                self.state_is_due = true;
                self.publish_state();
                self.publisher.online();
            }
            SessionEvent::FenceReturned { .. } => {
                // Behind everything that came before it.
                self.waiting.push_back(Waiting::Fence);
                self.work_through_waiting()?;
            }
            SessionEvent::Published { id: PublishId(sequence) } => {
                self.receipt_answered(sequence);
                return Ok(());
            }
            SessionEvent::PublishRefused { id: PublishId(sequence), detail, for_good: true } => {
                // Sending it again would be refused again, and hold up those behind it.
                warn!(sequence, "a receipt can never be published: {detail}");
                self.receipt_answered(sequence);
            }
            SessionEvent::PublishRefused { id: PublishId(sequence), detail, for_good: false } => {
                // The session has warned once; a whole window of them may follow.
                debug!(
                    sequence,
                    "the broker refused a receipt, which is published again at the next connect: {detail}"
                );
                self.publisher.refused(sequence);
            }
            SessionEvent::Connecting { .. } | SessionEvent::Subscribed { .. } | SessionEvent::StateChanged { .. } => {}
            SessionEvent::Disconnected { .. } => {
                self.publisher.offline();
                self.happened(Event::Disconnected);
            }
        }
        self.changed();
        Ok(())
    }

    /// Says so once in a thousand times: a flood of pushes may not become one of log lines.
    fn note_dropped(&mut self) {
        if self.dropped.is_multiple_of(1000) {
            warn!("messages at QoS 0 are dropped: {WAITING} wait already; publish pushes at QoS 1");
        }
        self.dropped = self.dropped.wrapping_add(1);
    }

    fn receipt_answered(&mut self, sequence: u64) {
        if let Some(through) = self.publisher.acknowledged(sequence) {
            self.outbox.write(Entry::Published { through });
        }
    }

    fn desktop_event(&mut self, event: DesktopEvent) -> Result<(), JournalError> {
        match event {
            DesktopEvent::Raised { card: CardId(card), verdict } => {
                self.happened(Event::Raised { card, desktop: verdict });
            }
            DesktopEvent::RaiseFailed { card: CardId(card), problem, detail } => {
                self.happened(Event::RaiseFailed { card, failure: RaiseFailure { problem, detail } });
            }
            DesktopEvent::Clicked { card: CardId(card) } => self.card_interaction(card, Interaction::Clicked),
            DesktopEvent::Dismissed { card: CardId(card) } => self.card_interaction(card, Interaction::Dismissed),
            DesktopEvent::CardsLost => self.happened(Event::CardsLost),
            DesktopEvent::PromptAnswered { prompt: PromptId(prompt), allow } => {
                self.prompt_is_up = false;
                self.happened(Event::PromptAnswered { number: prompt_number(prompt), allow });
            }
            DesktopEvent::PromptClosed { prompt: PromptId(prompt) } => {
                self.prompt_is_up = false;
                self.happened(Event::PromptClosed { number: prompt_number(prompt) });
            }
            DesktopEvent::PromptFailed { detail, .. } => {
                self.prompt_is_up = false;
                info!("the permission prompt shows in `status` only: {detail}");
            }
            DesktopEvent::ServerAppeared => {
                self.show_prompt_card();
                self.happened(Event::NotificationServerAppeared);
            }
            DesktopEvent::Changed => {}
        }
        self.changed();
        self.work_through_waiting()
    }

    fn card_interaction(&mut self, card: u64, interaction: Interaction) {
        self.happened(Event::CardInteraction { card, interaction });
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Apply { command, reply } => self.commands.push_back((command, reply)),
            Request::Status { reply } => {
                let _ = reply.send(Ok(self.device_status()));
            }
        }
    }

    fn command(&mut self, command: Command, reply: Reply<Applied>) {
        let now = self.now();
        let event = Event::Command(command);
        let recorded = event.record();
        match self.device.apply(event, now) {
            Err(refusal) => {
                let code = refusal.code.to_owned();
                let _ = reply.send(Err(Fault { code, message: refusal.message, mend: refusal.mend }));
            }
            Ok(effects) => {
                let note = effects.iter().find_map(|effect| match effect {
                    Effect::Unchanged(note) => Some(note.clone()),
                    _ => None,
                });
                self.perform(effects, &recorded);
                let applied = Box::new(Applied { state: self.device.snapshot().device_state(), note });
                self.outbox.after_commit(AfterCommit::Answer { reply, applied });
                self.changed();
            }
        }
    }

    /// Something that cannot be refused happened.
    fn happened(&mut self, event: Event) {
        let now = self.now();
        let recorded = event.record();
        match self.device.apply(event, now) {
            Ok(effects) => self.perform(effects, &recorded),
            // Only commands are refused.
            Err(refusal) => warn!("an event was refused: {refusal}"),
        }
    }

    fn changed(&self) {
        self.watched.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn device_status(&self) -> DeviceStatus {
        let snapshot = self.device.snapshot();
        DeviceStatus {
            device: snapshot.device_state(),
            tenant: snapshot.identity.tenant.clone(),
            app: snapshot.app_status(),
            condition: snapshot.condition_status(),
            prompt: snapshot.prompt_status(),
            documentation: snapshot.documentation.year().to_owned(),
            push_service_emulated: self.device.rules().push_service.emulate,
            groups: snapshot.enrollment.groups.clone(),
            grace: snapshot.grace_status(),
            policy: snapshot.policy.list().clone(),
            settings: snapshot.switches.list(),
            held: self.device.held() as u64,
            paced: self.device.paced() as u64,
            redelivered: self.redelivered,
            last_sequence: *self.watched.settled.borrow(),
        }
    }
}

/// Prompts are numbered by the device in 32 bits; the desktop's ids have room for more.
fn prompt_number(prompt: u64) -> u32 {
    u32::try_from(prompt).unwrap_or(u32::MAX)
}
