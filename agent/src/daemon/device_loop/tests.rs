//! The order of the contract's section 4, seen from all sides of the loop at once: recording edges, and a journal whose
//! commits become durable when the test says so.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use portal_shared::{Incoming, NotificationId, Outcome, OutcomeKind, Receipt, Target, status};

use super::*;
use crate::broker::{Recorded, RecordingSessions};
use crate::daemon::first_start::Asked;
use crate::desktop::{self, Asked as AskedOfDesktop, Behaviour, Recording};
use crate::device::{AppCommand, EnrollCommand, PermissionCommand, Rules};
use crate::journal::{ClockJump, Database, Options, Refused, Retention, Ticket};

const LIMIT: Duration = Duration::from_secs(20);

/// A journal that keeps what it is given, and whose durability is the test's to give.
struct HeldJournal {
    entries: Mutex<Vec<Entry>>,
    appended: watch::Sender<Ticket>,
    durable: watch::Sender<Ticket>,
    health: watch::Sender<Option<String>>,
}

impl HeldJournal {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            appended: watch::Sender::new(Ticket(0)),
            durable: watch::Sender::new(Ticket(0)),
            health: watch::Sender::new(None),
        })
    }

    /// Everything that was appended becomes durable.
    fn commit(&self) {
        self.durable.send_replace(*self.appended.borrow());
    }

    /// Waits until an entry satisfies a condition.
    async fn wait_for(&self, condition: impl Fn(&Entry) -> bool) {
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
    fn append(&self, entries: Vec<Entry>) -> Result<Ticket, Refused> {
        self.entries.lock().unwrap().extend(entries);
        self.appended.send_modify(|ticket| ticket.0 += 1);
        Ok(*self.appended.borrow())
    }

    fn durable(&self) -> watch::Receiver<Ticket> {
        self.durable.subscribe()
    }

    fn health(&self) -> watch::Receiver<Option<String>> {
        self.health.subscribe()
    }

    fn is_used(&self, id: &NotificationId) -> Result<bool, JournalError> {
        let settled = |entry: &Entry| {
            matches!(entry, Entry::Settled { receipt, .. }
                if receipt.outcome.uses_id() && receipt.notification_id.as_ref() == Some(id))
        };
        Ok(self.entries.lock().unwrap().iter().any(settled))
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
}

/// A loop with every edge in the test's hands.
struct Bench {
    journal: Arc<HeldJournal>,
    sessions: Arc<RecordingSessions>,
    notifier: Arc<Recording>,
    session: mpsc::Sender<SessionEvent>,
    requests: mpsc::Sender<Request>,
    cancelled: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), LoopError>>,
    _database: Database,
}

impl Bench {
    /// An online, enrolled iPhone that may notify, everything so far durable and acknowledged.
    async fn ready() -> Self {
        let options = Options { retention: Retention::default(), rules: 1 };
        let database = Database::in_memory(options).unwrap();
        let identity = Asked::default().new_device(7);
        let (kept, _) = database.device(identity.id, StoppedClock.now()).unwrap();
        let (session, session_receiver) = mpsc::channel(64);
        let (desktop_sender, desktop_receiver) = mpsc::channel(64);
        let (requests, request_receiver) = mpsc::channel(8);
        let (page_sender, pages) = mpsc::channel(1);
        let (journal, sessions) = (HeldJournal::new(), Arc::new(RecordingSessions::new()));
        sessions.set_state(status::Broker { connected: true, ..status::Broker::default() });
        let settings = desktop::Settings { icon_directory: PathBuf::new() };
        let notifier = Arc::new(Recording::start(settings, desktop_sender));
        let edges = Edges {
            clock: Arc::new(StoppedClock),
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            reader: kept.reader().unwrap(),
            sessions: Arc::clone(&sessions) as Arc<dyn Sessions>,
            notifier: Arc::clone(&notifier) as Arc<dyn Notifier>,
        };
        let watched = Watched { changes: watch::Sender::new(0), settled: watch::Sender::new(0) };
        let beginning = Beginning { published_through: 0, redelivered: 0, commands: Vec::new() };
        let device = Device::out_of_the_box(identity, Rules::default(), StoppedClock.now());
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
        self.apply(Command::Enroll(EnrollCommand::by(user))).await;
        self.apply(Command::App(AppCommand::Install { version: None, target_sdk: None })).await;
        self.apply(Command::Permission(PermissionCommand::Allow)).await;
        self.sessions.take();
    }

    /// Carries out a command, its commit included.
    async fn apply(&self, command: Command) {
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

    async fn ask(&self, command: Command) -> tokio::sync::oneshot::Receiver<Result<Applied, Fault>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.requests.send(Request::Apply { command, reply }).await.unwrap();
        answer
    }

    async fn push(&self, number: u64, redelivered: bool) {
        let text = format!(r#"{{"id":"{number}","notificationTitle":"t","notificationBody":"b"}}"#);
        let message = SessionEvent::Message {
            epoch: 1,
            incoming: Incoming::Notification(Target::Device),
            payload: text.into_bytes().into(),
            token: Some(RecordingSessions::token(number)),
            redelivered,
            retained: false,
            expiry_seconds: None,
        };
        self.session.send(message).await.unwrap();
    }

    /// Waits until the loop has taken everything that the session said.
    async fn wait_until_taken(&self) {
        let taken = async {
            while self.session.capacity() < self.session.max_capacity() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, taken).await.expect("the loop takes what comes");
    }

    async fn wait_for_raises(&self, count: usize) {
        let raises = |asked: &[AskedOfDesktop]| raised(asked) >= count;
        tokio::time::timeout(LIMIT, self.notifier.wait_for(raises)).await.expect("the card is raised");
    }

    /// Waits until the session was asked so many things, and gives them in order.
    async fn wait_for_calls(&self, count: usize) -> Vec<Recorded> {
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

    async fn end(self) {
        self.journal.commit();
        self.cancelled.cancel();
        self.running.await.unwrap().unwrap();
    }
}

fn raised(asked: &[AskedOfDesktop]) -> usize {
    asked.iter().filter(|asked| matches!(asked, AskedOfDesktop::Raise(_))).count()
}

fn settled(id: &str) -> impl Fn(&Entry) -> bool {
    move |entry| {
        let is = |receipt: &Receipt| receipt.notification_id.as_ref().is_some_and(|own| own.as_str() == id);
        matches!(entry, Entry::Settled { receipt, .. } if is(receipt))
    }
}

fn is_receipt(call: &Recorded) -> bool {
    matches!(call, Recorded::Publish { topic, .. } if topic.ends_with("/receipts"))
}

#[tokio::test]
async fn a_push_is_raised_then_committed_then_acknowledged_then_answered() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.wait_for_raises(1).await;
    bench.journal.wait_for(settled("1")).await;
    assert_eq!(bench.sessions.take(), [], "nothing leaves before the commit is durable");
    bench.journal.commit();
    let calls = bench.wait_for_calls(2).await;
    assert_eq!(calls[0], Recorded::Ack(1));
    assert!(is_receipt(&calls[1]), "{calls:?}");
    bench.end().await;
}

#[tokio::test]
async fn the_mark_stays_before_a_receipt_that_the_broker_refused() {
    let bench = Bench::ready().await;
    let mut ids = Vec::new();
    for number in [1, 2] {
        bench.push(number, false).await;
        bench.journal.wait_for(settled(&number.to_string())).await;
        bench.journal.commit();
        let calls = bench.wait_for_calls(2).await;
        let Recorded::Publish { id: Some(id), .. } = calls[1] else { panic!("{calls:?}") };
        ids.push(id);
    }
    let detail = "NotAuthorized".to_owned();
    bench.session.send(SessionEvent::PublishRefused { id: ids[0], detail, for_good: false }).await.unwrap();
    bench.session.send(SessionEvent::Published { id: ids[1] }).await.unwrap();
    // As answered after the next connect.
    bench.session.send(SessionEvent::Published { id: ids[0] }).await.unwrap();
    bench.journal.wait_for(|entry| *entry == Entry::Published { through: ids[1].0 }).await;
    let marks = |entry: &&Entry| matches!(entry, Entry::Published { .. });
    assert_eq!(bench.journal.entries.lock().unwrap().iter().filter(marks).count(), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_receipt_that_can_never_be_sent_is_passed_over() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.journal.wait_for(settled("1")).await;
    bench.journal.commit();
    let calls = bench.wait_for_calls(2).await;
    let Recorded::Publish { id: Some(id), .. } = calls[1] else { panic!("{calls:?}") };
    let detail = "too large".to_owned();
    bench.session.send(SessionEvent::PublishRefused { id, detail, for_good: true }).await.unwrap();
    bench.journal.wait_for(|entry| *entry == Entry::Published { through: id.0 }).await;
    bench.end().await;
}

#[tokio::test]
async fn one_raised_notification_is_committed_before_the_next_is_raised() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.push(2, false).await;
    bench.journal.wait_for(settled("1")).await;
    // A status is answered behind everything that the loop had to do: had it raised the second, it would show.
    let (reply, answer) = tokio::sync::oneshot::channel();
    bench.requests.send(Request::Status { reply }).await.unwrap();
    answer.await.unwrap().unwrap();
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.journal.commit();
    bench.wait_for_raises(2).await;
    bench.end().await;
}

#[tokio::test]
async fn a_redelivered_push_of_a_used_id_is_acknowledged_without_a_receipt() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.journal.wait_for(settled("1")).await;
    bench.journal.commit();
    bench.wait_for_calls(2).await;
    bench.push(1, true).await;
    bench.journal.wait_for(|entry| *entry == Entry::Redelivered { count: 1 }).await;
    bench.journal.commit();
    assert_eq!(bench.wait_for_calls(1).await, [Recorded::Ack(1)]);
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.end().await;
}

/// A connection that broke while a push was in hand brings it again, and it waits right behind itself.
#[tokio::test]
async fn what_comes_again_behind_its_own_outcome_is_not_shown_again() {
    for redelivered in [true, false] {
        let bench = Bench::ready().await;
        bench.notifier.behave(Behaviour::Wait);
        bench.push(1, false).await;
        bench.wait_for_raises(1).await;
        bench.push(1, redelivered).await;
        bench.wait_until_taken().await;
        bench.notifier.answer(DesktopEvent::Raised { card: CardId(1), verdict: None }).await;
        let second = |entry: &Entry| match entry {
            Entry::Redelivered { count } => redelivered && *count == 1,
            Entry::Settled { receipt, .. } => !redelivered && receipt.outcome == Outcome::Duplicate,
            _ => false,
        };
        bench.journal.wait_for(second).await;
        assert_eq!(raised(&bench.notifier.asked()), 1);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_command_waits_for_the_push_in_hand() {
    let bench = Bench::ready().await;
    bench.notifier.behave(Behaviour::Wait);
    bench.push(1, false).await;
    bench.wait_for_raises(1).await;
    let denied = bench.ask(Command::Permission(PermissionCommand::Deny)).await;
    bench.notifier.answer(DesktopEvent::Raised { card: CardId(1), verdict: None }).await;
    bench.journal.wait_for(settled("1")).await;
    bench.journal.wait_for(|entry| matches!(entry, Entry::Changed { event, .. } if event.contains("deny"))).await;
    {
        let entries = bench.journal.entries.lock().unwrap();
        let place = |wanted: &dyn Fn(&Entry) -> bool| entries.iter().position(wanted);
        let push = place(&settled("1"));
        let deny = place(&|entry| matches!(entry, Entry::Changed { event, .. } if event.contains("deny")));
        assert!(push < deny, "the receipt speaks of the device as it was judged");
    }
    bench.journal.commit();
    assert!(denied.await.unwrap().is_ok());
    bench.end().await;
}

#[tokio::test]
async fn a_second_copy_that_waits_behind_the_first_is_not_raised() {
    let bench = Bench::ready().await;
    bench.notifier.behave(Behaviour::Wait);
    bench.push(1, true).await;
    bench.wait_for_raises(1).await;
    // A cluster that lost a node may deliver again what it had only just delivered.
    bench.push(1, true).await;
    bench.push(1, false).await;
    bench.wait_until_taken().await;
    bench.notifier.answer(DesktopEvent::Raised { card: CardId(1), verdict: None }).await;
    let is_duplicate = |receipt: &Receipt| receipt.outcome.kind() == OutcomeKind::Duplicate;
    let duplicate = |entry: &Entry| matches!(entry, Entry::Settled { receipt, .. } if is_duplicate(receipt));
    bench.journal.wait_for(duplicate).await;
    bench.journal.wait_for(|entry| *entry == Entry::Redelivered { count: 1 }).await;
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.end().await;
}

#[tokio::test]
async fn of_two_copies_that_are_taken_at_once_the_second_is_a_duplicate() {
    let bench = Bench::ready().await;
    bench.apply(Command::Permission(PermissionCommand::Deny)).await;
    for _ in 0..2 {
        bench.push(1, false).await;
    }
    bench.push(2, false).await;
    bench.journal.wait_for(settled("2")).await;
    let entries = bench.journal.entries.lock().unwrap().clone();
    let outcomes = entries.iter().filter_map(|entry| match entry {
        Entry::Settled { receipt, .. } => Some(receipt.outcome.kind()),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [OutcomeKind::Withheld, OutcomeKind::Duplicate, OutcomeKind::Withheld]);
    bench.end().await;
}
