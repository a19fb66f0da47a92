//! A loop with recording edges, and a journal whose commits become durable when the test says so.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portal_contract::{IncomingTopic, NotificationId, OutcomeKind, PushTarget, Timestamp, status};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::super::{Beginning, DeviceLoop, Edges, Inputs, LoopError, Watched};
use super::{raised, settled};
use crate::broker::{Recorded, RecordingSessions, SessionEvent, Sessions};
use crate::control::{Applied, Fault};
use crate::daemon::clock::Clock;
use crate::daemon::first_start::Asked;
use crate::daemon::requests::{DeviceStatus, Request};
use crate::desktop::{self, Notifier, RecordedCall as AskedOfDesktop, RecordingNotifier};
use crate::journal::{
    AppendRefused, ClockJump, CommitTicket, Journal, JournalDatabase, JournalEntry, JournalError, JournalOptions,
    Retention,
};
use portal_device::{AppCommand, Device, DeviceCommand, EmulationSettings, EnrollCommand, PermissionCommand};

pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// A journal that keeps what it is given, and whose durability is the test's to give.
pub(super) struct HeldJournal {
    pub(super) entries: Mutex<Vec<JournalEntry>>,
    pub(super) appended: watch::Sender<CommitTicket>,
    durable: watch::Sender<CommitTicket>,
    health: watch::Sender<Option<String>>,
    /// How often it was asked for used ids.
    asked: watch::Sender<u64>,
    /// Locked, it does not answer.
    pub(super) disk: tokio::sync::RwLock<()>,
}

impl HeldJournal {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            appended: watch::Sender::new(CommitTicket(0)),
            durable: watch::Sender::new(CommitTicket(0)),
            health: watch::Sender::new(None),
            asked: watch::Sender::new(0),
            disk: tokio::sync::RwLock::default(),
        })
    }

    /// Everything that was appended becomes durable.
    pub(super) fn commit(&self) {
        self.durable.send_replace(*self.appended.borrow());
    }

    /// Waits until an entry satisfies a condition.
    pub(super) async fn wait_for(&self, condition: impl Fn(&JournalEntry) -> bool) {
        let mut appended = self.appended.subscribe();
        let waiting = async {
            while !self.entries.lock().unwrap().iter().any(&condition) {
                appended.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.expect("the entry is written");
    }
}

impl Journal for HeldJournal {
    fn append(&self, entries: Vec<JournalEntry>) -> Result<CommitTicket, AppendRefused> {
        self.entries.lock().unwrap().extend(entries);
        self.appended.send_modify(|ticket| ticket.0 += 1);
        Ok(*self.appended.borrow())
    }

    fn durable(&self) -> watch::Receiver<CommitTicket> {
        self.durable.subscribe()
    }

    fn health(&self) -> watch::Receiver<Option<String>> {
        self.health.subscribe()
    }

    fn are_used(&self, ids: &[NotificationId]) -> Result<Vec<bool>, JournalError> {
        self.asked.send_modify(|asked| *asked += 1);
        let entries = self.entries.lock().unwrap().clone();
        // The answer speaks of the moment of asking, and comes when the disk gives it.
        drop(self.disk.blocking_read());
        let since = entries.iter().rposition(|entry| *entry == JournalEntry::IdsForgotten).map_or(0, |place| place + 1);
        let used = |id| entries[since..].iter().any(|entry| entry.used_id() == Some(id));
        Ok(ids.iter().map(used).collect())
    }

    fn clock_jump(&self) -> Option<ClockJump> {
        None
    }
}

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn sleep_until(&self, _moment: Timestamp) -> crate::daemon::clock::Sleep<'_> {
        Box::pin(std::future::pending())
    }
}

/// A loop with every edge in the test's hands.
pub(super) struct Bench {
    pub(super) journal: Arc<HeldJournal>,
    pub(super) sessions: Arc<RecordingSessions>,
    pub(super) notifier: Arc<RecordingNotifier>,
    pub(super) session: mpsc::Sender<SessionEvent>,
    pub(super) requests: mpsc::Sender<Request>,
    cancelled: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), LoopError>>,
    _database: JournalDatabase,
}

impl Bench {
    /// An online, enrolled iPhone that may notify, everything so far durable and acknowledged.
    pub(super) async fn ready() -> Self {
        let options = JournalOptions { retention: Retention::default(), rules: 1 };
        let database = JournalDatabase::in_memory(options).unwrap();
        let identity = Asked::default().new_device(7);
        let (kept, _) = database.device(identity.id, StoppedClock.now()).unwrap();
        let (session, session_receiver) = mpsc::channel(64);
        let (desktop_sender, desktop_receiver) = mpsc::channel(64);
        let (requests, request_receiver) = mpsc::channel(8);
        let (page_sender, pages) = mpsc::channel(1);
        let (journal, sessions) = (HeldJournal::new(), Arc::new(RecordingSessions::new()));
        sessions.set_state(status::BrokerStatus { connected: true, ..status::BrokerStatus::default() });
        let settings = desktop::NotifierOptions { icon_directory: PathBuf::new() };
        let notifier = Arc::new(RecordingNotifier::start(settings, desktop_sender));
        let edges = Edges {
            clock: Arc::new(StoppedClock),
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            reader: kept.reader().unwrap(),
            sessions: Arc::clone(&sessions) as Arc<dyn Sessions>,
            notifier: Arc::clone(&notifier) as Arc<dyn Notifier>,
        };
        let watched = Watched { changes: watch::Sender::new(0), settled: watch::Sender::new(0) };
        let beginning = Beginning { published_through: 0, redelivered: 0, commands: Vec::new() };
        let device = Device::out_of_the_box(identity, EmulationSettings::default(), StoppedClock.now());
        let device_loop = DeviceLoop::new(beginning, device, edges, watched, page_sender);
        let inputs = Inputs { session: session_receiver, desktop: desktop_receiver, requests: request_receiver, pages };
        let cancelled = CancellationToken::new();
        let running = tokio::spawn(device_loop.run(inputs, cancelled.clone()));
        let bench = Self { journal, sessions, notifier, session, requests, cancelled, running, _database: database };
        bench.make_ready().await;
        bench
    }

    async fn make_ready(&self) {
        let url = "mqtt://test".to_owned();
        self.session.send(SessionEvent::Connected { epoch: 1, session_present: false, url }).await.unwrap();
        self.session.send(SessionEvent::Online { epoch: 1 }).await.unwrap();
        self.session.send(SessionEvent::FenceReturned { epoch: 1 }).await.unwrap();
        let user = "adele@contoso.example".parse().unwrap();
        self.apply(DeviceCommand::Enroll(EnrollCommand::by(user))).await;
        self.apply(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None })).await;
        self.apply(DeviceCommand::Permission(PermissionCommand::Allow)).await;
        self.sessions.take();
    }

    /// Carries out a command, its commit included.
    pub(super) async fn apply(&self, command: DeviceCommand) {
        let mut answer = self.ask(command).await;
        let mut appended = self.journal.appended.subscribe();
        let answered = async {
            loop {
                self.journal.commit();
                tokio::select! {
                    answer = &mut answer => return answer.unwrap().unwrap(),
                    _ = appended.changed() => {}
                }
            }
        };
        tokio::time::timeout(LIMIT, answered).await.expect("the command is answered");
    }

    pub(super) async fn ask(&self, command: DeviceCommand) -> tokio::sync::oneshot::Receiver<Result<Applied, Fault>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.requests.send(Request::Apply { command, reply }).await.unwrap();
        answer
    }

    pub(super) async fn push(&self, number: u64, redelivered: bool) {
        let text = format!(r#"{{"id":"{number}","notificationTitle":"t","notificationBody":"b"}}"#);
        let message = SessionEvent::Message {
            epoch: 1,
            incoming: IncomingTopic::Notification(PushTarget::Device),
            payload: text.into_bytes().into(),
            token: Some(RecordingSessions::token(number)),
            redelivered,
            retained: false,
            expiry_seconds: None,
        };
        self.session.send(message).await.unwrap();
    }

    /// A push, its outcome durable, and what the session was asked for it: to acknowledge, and to publish the receipt.
    pub(super) async fn push_through(&self, number: u64) -> Vec<Recorded> {
        self.push(number, false).await;
        self.journal.wait_for(settled(&number.to_string())).await;
        self.journal.commit();
        self.wait_for_calls(2).await
    }

    pub(super) async fn status(&self) -> DeviceStatus {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.requests.send(Request::Status { reply }).await.unwrap();
        tokio::time::timeout(LIMIT, answer).await.expect("the loop answers").unwrap().unwrap()
    }

    /// What became of the pushes so far, in order.
    pub(super) fn outcomes(&self) -> Vec<OutcomeKind> {
        let kind = |entry: &JournalEntry| match entry {
            JournalEntry::Settled { receipt, .. } => Some(receipt.outcome.kind()),
            _ => None,
        };
        self.journal.entries.lock().unwrap().iter().filter_map(kind).collect()
    }

    /// Waits until the loop has taken everything that the session said.
    pub(super) async fn wait_until_taken(&self) {
        let taken = async {
            while self.session.capacity() < self.session.max_capacity() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, taken).await.expect("the loop takes what comes");
    }

    /// Waits until the journal was asked for used ids so often.
    pub(super) async fn wait_until_asked(&self, count: u64) {
        let mut asked = self.journal.asked.subscribe();
        let enough = asked.wait_for(|asked| *asked >= count);
        tokio::time::timeout(LIMIT, enough).await.expect("the journal is asked").unwrap();
    }

    pub(super) async fn wait_for_raises(&self, count: usize) {
        let raises = |asked: &[AskedOfDesktop]| raised(asked) >= count;
        tokio::time::timeout(LIMIT, self.notifier.wait_for(raises)).await.expect("the card is raised");
    }

    /// Waits until the session was asked so many things, and gives them in order.
    pub(super) async fn wait_for_calls(&self, count: usize) -> Vec<Recorded> {
        let mut calls = Vec::new();
        let waiting = async {
            while calls.len() < count {
                calls.extend(self.sessions.take());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.expect("the session is asked");
        calls
    }

    pub(super) async fn end(self) {
        self.journal.commit();
        self.cancelled.cancel();
        self.running.await.unwrap().unwrap();
    }
}
