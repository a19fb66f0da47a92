//! The one task that drives every hosted device: what happened in, actions out, the next deadline.
//!
//! Lives here: what is heard in which order. Does not live here: any rule (`portal_device`), any order of a push's stages
//! (`portal_delivery`), any I/O (the edges).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use portal_contract::StatusReport;
use portal_delivery::{BatchNumber, Delivery, DeviceKey, Input, RequestNumber};
use portal_device::HeldPush;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::clock::sleep_until;
use super::deadlines::Deadlines;
use super::device_handle::DeviceHandle;
use super::host_handle::{HostHandle, HostParts};
use super::hosted_device::{HostedDevice, PendingReply};
use super::inputs::{Addressee, SessionNews, of_desktop};
use super::moment::moment_of;
use super::open_device::OpenedDevice;
use super::requests::{DeviceRequest, HostRequest, RemovedDevice, Reply, WaitingPush};
use super::{HostError, HostSetup, MOST_DEVICES};
use crate::broker::{BrokerError, BrokerSession, SessionEvent, SessionSettings};
use crate::control::{EventReceiver, event_queue, size_of_event};
use crate::desktop::DesktopEvent;
use crate::journal::{CommitTicket, JournalError, JournalReads, ReadAnswer};

/// How many session events are taken at once, so that their outcomes share a commit.
const GATHERED: usize = 256;
/// How many session events may wait for the task, of all devices together; a session keeps what finds no room.
const SESSION_EVENTS: usize = 4096;
/// How many requests of the control API may wait; one more waits in its own task.
const REQUESTS: usize = 256;
/// How long a clean end waits for what was decided to become durable.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// The host's task.
pub(super) struct HostTask {
    pub(super) reads: JournalReads,
    pub(super) parts: Arc<HostParts>,
    handle: HostHandle,
    devices: BTreeMap<DeviceKey, HostedDevice>,
    deadlines: Deadlines,
    /// What was appended and is not durable yet, in the journal's order.
    pub(super) uncommitted: VecDeque<(CommitTicket, DeviceKey, BatchNumber)>,
    /// The devices for which the journal had no room.
    pub(super) unwritten: BTreeSet<DeviceKey>,
    last_key: u32,
    last_request: u64,
    journal_trouble: Option<String>,
    session_sender: mpsc::Sender<(DeviceKey, SessionEvent)>,
    inputs: Inputs,
}

/// Where the task hears from its edges.
struct Inputs {
    session: mpsc::Receiver<(DeviceKey, SessionEvent)>,
    desktop: mpsc::Receiver<DesktopEvent>,
    requests: mpsc::Receiver<HostRequest>,
    reads: mpsc::Receiver<(DeviceKey, ReadAnswer)>,
    durable: watch::Receiver<CommitTicket>,
    health: watch::Receiver<Option<String>>,
}

impl HostTask {
    pub(super) fn new(setup: HostSetup) -> Result<(Self, HostHandle), JournalError> {
        let (session_sender, session) = mpsc::channel(SESSION_EVENTS.max(setup.session.event_capacity()));
        let (requests_sender, requests) = mpsc::channel(REQUESTS);
        // A device asks for one page and one set of ids at a time, so this is never full.
        let (reads_sender, reads_receiver) = mpsc::channel(2 * MOST_DEVICES);
        let reads = setup.database.reads(reads_sender)?;
        let (durable, health) = (setup.database.durable(), setup.database.health());
        let (parts, desktop) = HostParts::new(setup);
        let parts = Arc::new(parts);
        let inputs = Inputs { session, desktop, requests, reads: reads_receiver, durable, health };
        let handle = HostHandle::new(Arc::clone(&parts), requests_sender);
        let task = Self {
            reads,
            parts,
            handle: handle.clone(),
            devices: BTreeMap::new(),
            deadlines: Deadlines::default(),
            uncommitted: VecDeque::new(),
            unwritten: BTreeSet::new(),
            last_key: 0,
            last_request: 0,
            journal_trouble: None,
            session_sender,
            inputs,
        };
        Ok((task, handle))
    }

    /// Runs until it is told to stop, or cannot go on.
    ///
    /// # Errors
    /// See [`HostError`].
    pub(super) async fn run(mut self, stopping: CancellationToken) -> Result<(), HostError> {
        let ended = self.drive(&stopping).await;
        self.finish(ended).await
    }

    async fn drive(&mut self, stopping: &CancellationToken) -> Result<(), HostError> {
        let mut gathered = Vec::with_capacity(GATHERED);
        let clock = Arc::clone(&self.parts.clock);
        loop {
            let deadline = self.deadlines.next();
            tokio::select! {
                // In this order: a flood from the broker, which may be of any length, keeps neither the journal waiting nor the
                // desktop nor a person.
                biased;
                () = stopping.cancelled() => return Ok(()),
                Ok(()) = self.inputs.durable.changed() => self.became_durable()?,
                Ok(()) = self.inputs.health.changed() => self.journal_health_changed(),
                Some(event) = self.inputs.desktop.recv() => self.desktop_event(event)?,
                Some((device, answer)) = self.inputs.reads.recv() => self.journal_answered(device, answer)?,
                Some(request) = self.inputs.requests.recv() => self.request(request)?,
                _ = self.inputs.session.recv_many(&mut gathered, GATHERED) => self.session_events(&mut gathered)?,
                () = sleep_until(&*clock, deadline), if deadline.is_some() => self.deadlines_reached()?,
            }
        }
    }

    /// Gives a device what happened, and carries out what comes back. A device that is gone meanwhile hears nothing.
    fn handle(&mut self, key: DeviceKey, input: Input) -> Result<(), HostError> {
        // Taken out while it is handled, so that its actions may use the task.
        let Some(mut device) = self.devices.remove(&key) else { return Ok(()) };
        let handled = self.handle_by(&mut device, input);
        self.devices.insert(key, device);
        handled
    }

    fn handle_by(&mut self, device: &mut HostedDevice, input: Input) -> Result<(), HostError> {
        let actions = device.delivery.handle(input, self.parts.clock.now())?;
        self.carry_out(device, actions)?;
        self.deadlines.set(device.key, device.delivery.next_deadline());
        Ok(())
    }

    fn session_events(&mut self, gathered: &mut Vec<(DeviceKey, SessionEvent)>) -> Result<(), HostError> {
        let mut by_device: BTreeMap<DeviceKey, SessionNews> = BTreeMap::new();
        for (device, event) in gathered.drain(..) {
            if matches!(event, SessionEvent::Ended) && self.devices.contains_key(&device) {
                // Which it never does by itself, but by a panic of its own.
                return Err(HostError::SessionEnded);
            }
            by_device.entry(device).or_default().add(event);
        }
        for (device, SessionNews { inputs, status_changed }) in by_device {
            if !inputs.is_empty() {
                self.handle(device, Input::Session(inputs))?;
            }
            if status_changed {
                self.devices.get(&device).iter().for_each(|device| device.status_changed());
            }
        }
        Ok(())
    }

    fn desktop_event(&mut self, event: DesktopEvent) -> Result<(), HostError> {
        let (addressee, input) = of_desktop(event);
        let devices: Vec<DeviceKey> = match addressee {
            Addressee::Device(device) => vec![device],
            Addressee::Everyone => self.devices.keys().copied().collect(),
        };
        devices.into_iter().try_for_each(|device| self.handle(device, Input::Desktop(input.clone())))
    }

    fn journal_answered(&mut self, device: DeviceKey, answer: ReadAnswer) -> Result<(), HostError> {
        let input = match answer {
            // An answer that cannot be read ends the host: whether an id is used must not be guessed, and everything
            // of the device waits behind that question.
            ReadAnswer::IdsLookedUp(answers) => Input::IdsLookedUp(answers?),
            ReadAnswer::ReceiptsRead(receipts) => Input::ReceiptsRead(receipts?),
        };
        self.handle(device, input)
    }

    fn deadlines_reached(&mut self) -> Result<(), HostError> {
        let mut due = self.deadlines.due(self.parts.clock.now());
        // It was slept for as long as it takes, and by the clock it is not time yet: the clock was set back, or the
        // sleep was cut short. The device looks again, and what its pace counts in a time to come counts no more.
        if due.is_empty() {
            due.extend(self.deadlines.first());
        }
        due.into_iter().try_for_each(|device| self.handle(device, Input::DeadlineReached))
    }

    fn became_durable(&mut self) -> Result<(), HostError> {
        let through = *self.inputs.durable.borrow_and_update();
        let mut durable: BTreeMap<DeviceKey, BatchNumber> = BTreeMap::new();
        while let Some((ticket, device, batch)) = self.uncommitted.front().copied() {
            if ticket > through {
                break;
            }
            self.uncommitted.pop_front();
            durable.insert(device, batch);
        }
        for (device, batch) in durable {
            self.handle(device, Input::Durable(batch))?;
        }
        self.write_the_unwritten()
    }

    /// A commit made room: what the journal had none for before is given to it now.
    fn write_the_unwritten(&mut self) -> Result<(), HostError> {
        for key in std::mem::take(&mut self.unwritten) {
            if let Some(mut device) = self.devices.remove(&key) {
                let written = self.write(&mut device);
                self.devices.insert(key, device);
                written?;
            }
        }
        Ok(())
    }

    fn journal_health_changed(&mut self) {
        let trouble = self.inputs.health.borrow_and_update().clone();
        if trouble == self.journal_trouble {
            // Another try that failed as the one before.
            return;
        }
        match &trouble {
            Some(problem) => warn!("{problem}"),
            None => info!("the journal can be written again"),
        }
        self.journal_trouble = trouble;
        self.devices.values().for_each(HostedDevice::status_changed);
    }

    fn request(&mut self, request: HostRequest) -> Result<(), HostError> {
        match request {
            HostRequest::OfDevice { device, request } => self.device_request(device, request)?,
            HostRequest::Add { device, reply } => {
                let added = self.add(*device)?;
                let _ = reply.send(added);
            }
            HostRequest::Remove { device, reply } => {
                let removed = self.devices.remove(&device).map(|hosted| {
                    self.deadlines.set(device, None);
                    self.parts.forget(device);
                    // Given out, to be stopped by whoever asked: this task waits for no broker.
                    RemovedDevice { session: hosted.session, journal: hosted.journal }
                });
                let _ = reply.send(removed);
            }
        }
        Ok(())
    }

    fn add(&mut self, opened: OpenedDevice) -> Result<Result<DeviceHandle, BrokerError>, HostError> {
        let OpenedDevice { device, recovery, commands, journal, reader } = opened;
        self.last_key += 1;
        let key = DeviceKey(self.last_key);
        let identity = device.snapshot().identity.clone();
        let settings =
            SessionSettings { device: identity.id, tenant: identity.tenant.clone(), ..self.parts.session.clone() };
        // Before the device's first input, whose actions already ask something of it. What it tells waits until this
        // task reads its channel.
        let session = match BrokerSession::start(settings, key, self.session_sender.clone()) {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        let sessions = Arc::new(session.handle());
        let delivery = Delivery::new(device, recovery);
        let mut hosted = HostedDevice::new(
            key,
            identity.id,
            delivery,
            journal.clone(),
            reader.clone(),
            sessions.clone(),
            Some(session),
        );
        let handle = DeviceHandle::new(&self.handle, key, identity, sessions, journal, reader, hosted.watch.clone());
        self.parts.remember(handle.clone());
        let started = self.handle_by(&mut hosted, Input::Started(commands));
        self.devices.insert(key, hosted);
        started.map(|()| Ok(handle))
    }

    fn device_request(&mut self, key: DeviceKey, request: DeviceRequest) -> Result<(), HostError> {
        match request {
            DeviceRequest::Apply { command, reply } => {
                let request = self.remember_reply(key, PendingReply::Command(reply));
                self.handle(key, Input::Command { request, command })
            }
            DeviceRequest::Return { event, past, reply } => {
                let request = self.remember_reply(key, PendingReply::Command(reply));
                self.handle(key, Input::Return { request, event, past })
            }
            DeviceRequest::Interact { interaction, reply } => {
                let request = self.remember_reply(key, PendingReply::Command(reply));
                self.handle(key, Input::Interact { request, interaction })
            }
            DeviceRequest::AwaitIdle { reply } => {
                let request = self.remember_reply(key, PendingReply::Idle(reply));
                self.handle(key, Input::AwaitIdle(request))
            }
            // From memory alone, so that it is answered while the disk is not: `status` once waited 8 s for a frozen
            // file system (decisions/0003).
            DeviceRequest::Status { reply } => {
                if let Some(device) = self.devices.get(&key) {
                    let _ = reply.send(Ok(self.status(device)));
                }
                Ok(())
            }
            DeviceRequest::Moment { reply } => {
                if let Some(device) = self.devices.get(&key) {
                    let _ = reply.send(Ok(moment_of(device.delivery.device(), self.parts.clock.now())));
                }
                Ok(())
            }
            DeviceRequest::Held { id, reply } => {
                if let Some(device) = self.devices.get(&key) {
                    let device = device.delivery.device();
                    let held = match &id {
                        Some(_) => device
                            .held_push(id.as_ref())
                            .map(|held| device.held_notification(held))
                            .into_iter()
                            .collect(),
                        None => device.held_notifications(usize::MAX),
                    };
                    let _ = reply.send(Ok(held));
                }
                Ok(())
            }
            DeviceRequest::HeldPush { id, reply } => {
                if let Some(device) = self.devices.get(&key) {
                    let device = device.delivery.device();
                    let snapshot = device.snapshot();
                    let now = self.parts.clock.now().plus_millis(snapshot.condition.clock_ahead_millis);
                    let waiting = |held: &HeldPush| WaitingPush { held: held.clone(), snapshot: snapshot.clone(), now };
                    let _ = reply.send(Ok(device.held_push(id.as_ref()).map(waiting)));
                }
                Ok(())
            }
            DeviceRequest::Follow { reply } => {
                self.follow(key, reply);
                Ok(())
            }
        }
    }

    /// Whom the answer to a new request is for. A device that is gone drops it, by which whoever waits knows.
    fn remember_reply(&mut self, key: DeviceKey, reply: PendingReply) -> RequestNumber {
        self.last_request += 1;
        let request = RequestNumber(self.last_request);
        if let Some(device) = self.devices.get_mut(&key) {
            // Whoever has gone is not waited for any more.
            device.replies.retain(|_, waiting| !waiting.is_closed());
            device.replies.insert(request, reply);
        }
        request
    }

    fn follow(&mut self, key: DeviceKey, reply: Reply<EventReceiver>) {
        let Some(device) = self.devices.get_mut(&key) else { return };
        let (sender, receiver) = event_queue();
        let first = device.delivery.begin_following(self.parts.clock.now());
        // The queue is new and has room.
        sender.send(&first, size_of_event(&first));
        device.followers.push(sender);
        let _ = reply.send(Ok(receiver));
    }

    fn status(&self, hosted: &HostedDevice) -> StatusReport {
        self.parts.status(&hosted.delivery, hosted.sessions.state(), *hosted.watch.settled.borrow())
    }

    /// The end: unless the task is in trouble, what was decided becomes durable and is acknowledged; the rest comes again. Then
    /// the sessions end.
    async fn finish(mut self, mut ended: Result<(), HostError>) -> Result<(), HostError> {
        if ended.is_ok() {
            ended = tokio::time::timeout(LAST_COMMIT, self.commit_all()).await.unwrap_or_else(|_| {
                warn!("the journal took too long to close; what was not acknowledged will come again");
                Ok(())
            });
        }
        let sessions = self.devices.into_values().filter_map(|device| device.session).map(BrokerSession::stop);
        futures_util::future::join_all(sessions).await;
        self.parts.forget_all();
        ended
    }

    async fn commit_all(&mut self) -> Result<(), HostError> {
        while !self.devices.values().all(HostedDevice::is_committed) && self.inputs.durable.changed().await.is_ok() {
            self.became_durable()?;
        }
        Ok(())
    }
}
