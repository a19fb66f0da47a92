//! Many cases: which, how often, in which order, how many at a time, on which broker.
//!
//! Lives here: the run's order and its tasks. A run is data (`result`); how far it has come is told as it goes. Does not live
//! here: one case (`case_runner`), words for people (`cli`, `report`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portal_contract::{DeviceId, Tenant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::case_runner::{CaseOptions, could_not_begin, did_not_end, run_case, skipped};
use super::hosted_device::{CardMode, HostedDevice, RunResources};
use super::model::ScenarioCase;
use super::result::{CaseResult, CaseVerdict, RunResult};
use super::test_device::TestDeviceError;
use super::watcher::Unwatched;
use crate::broker::{EmbeddedBroker, EmbeddedError, EmbeddedOptions, SessionSettings};
use crate::control::ControlError;
use crate::sender::{PushSender, SenderError, SenderOptions};

/// How many finished cases may wait to be told of.
const FINISHED: usize = 256;

/// How long a broker that is not ours keeps a case's session: longer than a case takes, restarts and times offline included.
const SESSIONS_OUTLIVE: Duration = Duration::from_secs(600);

/// How cases are run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Whether what rests on undocumented choices fails too.
    pub strict: bool,
    /// How often each case is run.
    pub repeat: u32,
    /// The seed that the cases are shuffled with; in the order of the files where absent.
    pub shuffle: Option<u64>,
    /// Whether nothing more is begun after the first failure.
    pub fail_fast: bool,
    /// How many cases run at a time.
    pub jobs: usize,
    /// How cards are shown.
    pub cards: CardMode,
    /// Whether the phone is looked at behind each step, for a report that shows it.
    pub pictures: bool,
}

impl RunOptions {
    /// The order in which `count` cases run: each one's number and repetition, from 1 on. The same seed shuffles them in
    /// the same way on every machine.
    pub fn order(&self, count: usize) -> Vec<(usize, u32)> {
        let every = |repetition| (0..count).map(move |case| (case, repetition));
        let mut order: Vec<(usize, u32)> = (1..=self.repeat.max(1)).flat_map(every).collect();
        if let Some(seed) = self.shuffle {
            fastrand::Rng::with_seed(seed).shuffle(&mut order);
        }
        order
    }
}

/// A broker that runs already, and how it is reached.
#[derive(Debug, Clone)]
pub struct RunBroker {
    /// For the devices.
    pub session: SessionSettings,
    /// For the sender.
    pub sender: SenderOptions,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The embedded broker.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The control API of a run that is watched.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The sender.
    #[error("nothing can be sent: {0}")]
    Sender(#[from] SenderError),
}

/// A case that is to be run, and where its result belongs.
#[derive(Clone, Copy)]
struct ScheduledCase {
    case: usize,
    repetition: u32,
}

/// What a run is about.
struct RunPlan {
    cases: Vec<ScenarioCase>,
    schedule: Vec<ScheduledCase>,
    next: AtomicUsize,
    options: RunOptions,
    resources: RunResources,
    /// Names the run in its tenants, so that two runs on one broker do not meet.
    name: String,
    stop: CancellationToken,
}

/// Runs `cases`; tells each result as it comes, until `stop` is cancelled. What was not begun then is skipped.
///
/// # Errors
/// No broker to run on.
pub async fn run(
    cases: Vec<ScenarioCase>,
    options: RunOptions,
    broker: Option<RunBroker>,
    stop: CancellationToken,
    mut tell: impl FnMut(&CaseResult),
) -> Result<RunResult, RunError> {
    let (started, started_at) = (Instant::now(), crate::wall_clock::now());
    let (broker, embedded) = match broker {
        Some(broker) => (for_a_while(broker), None),
        None => {
            let embedded = EmbeddedBroker::start(&EmbeddedOptions::on_loopback(), None).await?;
            (for_this_computer(&embedded), Some(embedded))
        }
    };
    let sender = Arc::new(PushSender::connect(broker.sender.clone()).await?);
    let resources = RunResources {
        session: broker.session,
        sender: Arc::clone(&sender),
        cards: options.cards,
        shown: None,
        connection: Arc::new(broker.sender),
    };
    let plan = Arc::new(RunPlan::new(cases, options, resources, stop));

    let (finished, mut results) = mpsc::channel(FINISHED);
    let mut workers = JoinSet::new();
    for _ in 0..options.jobs.clamp(1, plan.schedule.len().max(1)) {
        workers.spawn(Arc::clone(&plan).work(finished.clone()));
    }
    // The workers have the only senders now, so the loop below ends with the last of them.
    drop(finished);
    let mut done = Vec::with_capacity(plan.schedule.len());
    while let Some((scheduled, result)) = results.recv().await {
        tell(&result);
        if options.fail_fast && result.standing(options.strict) == CaseVerdict::Failed {
            // What is under way is finished: a case that was cut off would say nothing of its own.
            plan.stop.cancel();
        }
        done.push((scheduled, result));
    }
    workers.join_all().await;
    let cases = plan.in_order(done);
    // The plan shares the sender, which only its last owner can stop.
    drop(plan);
    if let Some(sender) = Arc::into_inner(sender) {
        sender.stop().await;
    }
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    Ok(RunResult { strict: options.strict, seed: options.shuffle, started_at, took: started.elapsed(), cases })
}

/// Each case has a device of its own, whose session nobody comes back to.
fn for_a_while(mut broker: RunBroker) -> RunBroker {
    broker.session.session_expiry = SESSIONS_OUTLIVE;
    broker
}

pub(super) fn for_this_computer(embedded: &EmbeddedBroker) -> RunBroker {
    let nobody = DeviceId::from_bytes([0; 16]);
    let (url, credentials) = (embedded.own_url(), embedded.credentials().cloned());
    RunBroker {
        session: SessionSettings {
            credentials: credentials.clone(),
            ..SessionSettings::new(vec![url.clone()], nobody)
        },
        sender: SenderOptions { credentials, ..SenderOptions::new(url) },
    }
}

impl RunPlan {
    fn new(cases: Vec<ScenarioCase>, options: RunOptions, resources: RunResources, stop: CancellationToken) -> Self {
        let schedule = options
            .order(cases.len())
            .into_iter()
            .map(|(case, repetition)| ScheduledCase { case, repetition })
            .collect();
        let name = format!("{:08x}", getrandom::u32().unwrap_or(std::process::id()));
        Self { cases, schedule, next: AtomicUsize::new(0), options, resources, name, stop }
    }

    /// One worker: the next case, until there is none.
    async fn work(self: Arc<Self>, finished: mpsc::Sender<(ScheduledCase, CaseResult)>) {
        loop {
            // Only the number has to be one worker's alone; nothing else is handed over by it.
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(scheduled) = self.schedule.get(number).copied() else { return };
            if self.stop.is_cancelled() {
                return;
            }
            let result = self.one(number, scheduled).await;
            if finished.send((scheduled, result)).await.is_err() {
                return;
            }
        }
    }

    async fn one(&self, number: usize, scheduled: ScheduledCase) -> CaseResult {
        let case = &self.cases[scheduled.case];
        let how = CaseOptions {
            strict: self.options.strict,
            repetition: scheduled.repetition,
            pictures: self.options.pictures,
        };
        match self.open(number, case).await {
            Err(error) => could_not_begin(case, scheduled.repetition, &error),
            Ok(mut device) => {
                let result = run_case(&mut device, case, how, &mut Unwatched).await;
                match device.close().await {
                    Ok(()) => result,
                    Err(error) => did_not_end(result, &error),
                }
            }
        }
    }

    async fn open(&self, number: usize, case: &ScenarioCase) -> Result<HostedDevice, TestDeviceError> {
        // Of the right form: hexadecimal digits, digits, hyphens.
        let tenant: Tenant = format!("scenario-{}-{number}", self.name).parse().unwrap_or_default();
        // A tenant for each case: they run at once on one broker, and by it each is alone with its topics.
        HostedDevice::open(self.resources.clone(), case, tenant).await
    }

    /// The results in the order of the files; what was not begun is skipped.
    fn in_order(&self, mut done: Vec<(ScheduledCase, CaseResult)>) -> Vec<CaseResult> {
        done.sort_by_key(|(scheduled, _)| (scheduled.repetition, scheduled.case));
        let mut done = done.into_iter().peekable();
        let mut results = Vec::with_capacity(self.schedule.len());
        for repetition in 1..=self.options.repeat.max(1) {
            for (number, case) in self.cases.iter().enumerate() {
                let mine =
                    done.next_if(|(scheduled, _)| (scheduled.repetition, scheduled.case) == (repetition, number));
                let why = || "the run ended before its turn came".to_owned();
                results.push(mine.map_or_else(|| skipped(case, repetition, why()), |(_, result)| result));
            }
        }
        results
    }
}
