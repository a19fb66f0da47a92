//! The one task that owns a device: it reads like the contract's section 4, top to bottom.
//!
//! Lives here: events in, `apply`, effects out. Does not live here: any rule (`portal_device`), any I/O (the edges).

mod commits;
mod desktop_events;
mod edges;
mod effects;
mod followers;
mod gestures;
mod messages;
mod quiet;
mod session_events;
#[cfg(test)]
mod tests;
mod used_ids;

use std::collections::VecDeque;
use std::sync::Arc;

use portal_contract::{DeviceState, DeviceTopics, Receipt, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::clock::Clock;
use super::outbox::Outbox;
use super::publisher::Publisher;
use super::requests::{DeviceStatus, Reply, Request};
use crate::broker::AckToken;
use crate::control::{Applied, DeviceEvent, Fault};
use crate::journal::JournalError;
pub use edges::{Beginning, Edges, Inputs, LoopError, Watched};
use followers::Followers;
use messages::Waiting;
use portal_device::{CardContent, Device, DeviceCommand, DeviceEffect, DeviceInput};
use quiet::QuietSeeker;
use used_ids::UsedIds;

/// How many session events are taken at once, so that their outcomes share a commit.
const GATHERED: usize = 256;

/// Something that waits for a commit.
enum AfterCommit {
    Acknowledge(AckToken),
    Answer { reply: Reply<Applied>, applied: Box<Applied> },
    PublishState(Box<DeviceState>),
    Settled(u64),
    Raise { card: u64, shown: CardContent },
    Tell(Box<DeviceEvent>),
}

/// One device and its edges.
pub struct DeviceLoop {
    device: Device,
    edges: Edges,
    watched: Watched,
    topics: DeviceTopics,
    waiting: VecDeque<Waiting>,
    used_ids: UsedIds,
    /// The connection that was made last.
    epoch: u64,
    outbox: Outbox<AfterCommit>,
    publisher: Publisher,
    page_sender: mpsc::Sender<Result<Vec<Receipt>, JournalError>>,
    /// Commands that wait for the push in hand, so that its receipt speaks of the device as it was judged.
    commands: VecDeque<(DeviceCommand, Reply<Applied>)>,
    prompt_is_up: bool,
    redelivered: u64,
    /// The device state that survives a kill; what others are told.
    durable_state: DeviceState,
    state_is_due: bool,
    journal_trouble: Option<String>,
    /// How many messages at QoS 0 were dropped.
    dropped: u64,
    beginning: Vec<DeviceCommand>,
    /// The cards that are open on the desktop, the newest last.
    cards: Vec<u64>,
    followers: Followers,
    quiet: QuietSeeker,
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
        let topics = DeviceTopics::new(&identity.tenant, identity.id);
        let publisher = Publisher::new(beginning.published_through, device.last_sequence());
        Self {
            topics,
            publisher,
            edges,
            watched,
            page_sender,
            waiting: VecDeque::new(),
            used_ids: UsedIds::default(),
            epoch: 0,
            outbox: Outbox::default(),
            commands: VecDeque::new(),
            prompt_is_up: false,
            redelivered: beginning.redelivered,
            durable_state: device.snapshot().device_state(),
            state_is_due: false,
            journal_trouble: None,
            dropped: 0,
            beginning: beginning.commands,
            cards: Vec::new(),
            followers: Followers::default(),
            quiet: QuietSeeker::default(),
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
        let clock = Arc::clone(&self.edges.clock);
        self.begin()?;
        loop {
            let wake = self.wake_at();
            tokio::select! {
                biased;
                () = cancelled.cancelled() => break,
                Ok(()) = durable.changed() => self.became_durable(*durable.borrow_and_update()),
                Ok(()) = health.changed() => self.journal_health_changed(),
                Some(event) = inputs.desktop.recv() => self.desktop_event(event),
                Some(page) = inputs.pages.recv() => self.publisher.page(page?),
                Some(request) = inputs.requests.recv() => self.request(request),
                answered = self.used_ids.answered(), if self.used_ids.is_asked() => answered?,
                taken = inputs.session.recv_many(&mut gathered, GATHERED) => {
                    if taken == 0 {
                        // The session ended by itself, which it never does but by a panic of its own.
                        return Err(LoopError::SessionEnded);
                    }
                    gathered.drain(..).for_each(|event| self.session_event(event));
                }
                () = sleep_until(&*clock, wake), if wake.is_some() => self.happened(DeviceInput::DeadlineReached),
            }
            self.work_through_waiting();
            self.commit()?;
            self.ask_for_used_ids();
            self.publish_receipts();
            self.seek_quiet();
        }
        Ok(self.finish(durable).await?)
    }

    fn begin(&mut self) -> Result<(), JournalError> {
        // A snapshot at each start: the settings that rules take as given may be others now.
        self.remember(r#"{"started":{}}"#);
        for command in std::mem::take(&mut self.beginning) {
            self.happened(DeviceInput::Command(command));
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

    /// The device's next deadline, by the clock's own time.
    fn wake_at(&self) -> Option<Timestamp> {
        let ahead = self.device.snapshot().condition.clock_ahead_millis;
        Some(self.device.next_deadline()?.plus_millis(ahead.saturating_neg()))
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Apply { command, reply } => self.commands.push_back((command, reply)),
            Request::Quiet { reply } => self.quiet.ask(reply),
            Request::Gesture { gesture, reply } => self.gesture(gesture, reply),
            Request::Events { reply } => {
                let _ = reply.send(Ok(self.follow()));
            }
            Request::Status { reply } => {
                let _ = reply.send(Ok(self.device_status()));
            }
        }
    }

    fn command(&mut self, command: DeviceCommand, reply: Reply<Applied>) {
        self.quiet.disturbed();
        let now = self.now();
        let event = DeviceInput::Command(command);
        let recorded = event.record();
        match self.device.apply(event, now) {
            Err(refusal) => {
                let code = refusal.code.to_owned();
                let _ = reply.send(Err(Fault { code, message: refusal.message, hint: refusal.hint }));
            }
            Ok(effects) => {
                let note = effects.iter().find_map(|effect| match effect {
                    DeviceEffect::Unchanged(note) => Some(note.clone()),
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
    fn happened(&mut self, event: DeviceInput) {
        self.quiet.disturbed();
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
            push_service_emulated: self.device.settings().push_service.emulate,
            hints: self.device.snapshot().hints(None),
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

/// Waits for `moment`, if there is one.
async fn sleep_until(clock: &dyn Clock, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => clock.sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
