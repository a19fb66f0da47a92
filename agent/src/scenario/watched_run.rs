//! A run that is watched: the cases one at a time, each on a device of its own that a page shows.
//!
//! Each device is as in any other run, in virtual time and with the case's own rules. In front of it stands a control API with its
//! page, as a daemon has one; a daemon's own device could not have each case's platform and rules.
//!
//! Lives here: the order, and what outlives a case. Does not live here: one case (`case_runner`), the page (`control`).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portal_contract::Tenant;
use tokio_util::sync::CancellationToken;

use super::case_runner::{CaseOptions, could_not_begin, run_case, skipped};
use super::hosted_device::{HostedDevice, RunResources};
use super::model::ScenarioCase;
use super::reporter::{RunReporter, StepTeller, WatchPace};
use super::result::{CaseResult, CaseVerdict, RunResult};
use super::runner::{RunError, RunOptions, for_this_computer};
use super::watched_host::WatchedHost;
use crate::broker::{EmbeddedBroker, EmbeddedOptions};
use crate::control::{ControlClient, ControlServer};
use crate::sender::PushSender;

/// How long a step is shown at least while the run goes on by itself.
const SHOWS: Duration = Duration::from_secs(1);

/// What whoever watches is told.
pub struct WatchTellers {
    /// The page can be opened; a link, and by whom orders are given.
    pub opened: Box<dyn FnOnce(Arc<ControlClient>) + Send>,
    /// A step comes next.
    pub step: StepTeller,
}

/// Runs the cases; `linger` keeps the last device and the page open behind them.
///
/// # Errors
/// No broker, or no control API.
pub async fn run(
    cases: Vec<ScenarioCase>,
    options: RunOptions,
    stop: CancellationToken,
    tellers: WatchTellers,
    mut tell: impl FnMut(&CaseResult),
    linger: impl Future<Output = ()>,
) -> Result<RunResult, RunError> {
    let (started, started_at) = (Instant::now(), crate::wall_clock::now());
    let embedded = EmbeddedBroker::start(&EmbeddedOptions::on_loopback(), None).await?;
    let broker = for_this_computer(&embedded);
    let sender = Arc::new(PushSender::connect(broker.sender.clone()).await?);
    let shown = WatchedHost::new(stop.clone());
    let server = ControlServer::start(std::net::SocketAddr::from(([127, 0, 0, 1], 0)), shown.clone()).await?;
    let resources = RunResources {
        session: broker.session,
        sender: Arc::clone(&sender),
        cards: options.cards,
        shown: Some(shown),
        connection: Arc::new(broker.sender),
    };
    let order = options.order(cases.len());
    let mut watch = Watch { server, reporter: None, tellers: Some(tellers), stop, cases: order.len(), before: None };
    let mut results = Vec::new();
    for (place, (number, repetition)) in order.into_iter().enumerate() {
        let case = &cases[number];
        let how = CaseOptions { strict: options.strict, repetition, pictures: options.pictures };
        let result = match watch.stop.is_cancelled() {
            true => skipped(case, repetition, "the run ended before its turn came".to_owned()),
            false => watch.one(case, how, place, &resources).await,
        };
        tell(&result);
        if options.fail_fast && result.standing(options.strict) == CaseVerdict::Failed {
            watch.stop.cancel();
        }
        results.push((repetition, number, result));
    }
    results.sort_by_key(|(repetition, number, _)| (*repetition, *number));
    let cases = results.into_iter().map(|(.., result)| result).collect();
    let run = RunResult { strict: options.strict, seed: options.shuffle, started_at, took: started.elapsed(), cases };
    if let Some(reporter) = &mut watch.reporter {
        reporter.ended(&run).await;
    }
    if !watch.stop.is_cancelled() {
        linger.await;
    }
    watch.end().await;
    drop(resources);
    if let Some(sender) = Arc::into_inner(sender) {
        sender.stop().await;
    }
    embedded.stop().await;
    Ok(run)
}

/// What outlives a case.
struct Watch {
    server: ControlServer,
    /// None until the first device is there.
    reporter: Option<RunReporter>,
    tellers: Option<WatchTellers>,
    stop: CancellationToken,
    cases: usize,
    /// The device of the case before, which the page shows until the next one's turn comes.
    before: Option<HostedDevice>,
}

impl Watch {
    async fn one(
        &mut self,
        case: &ScenarioCase,
        how: CaseOptions,
        place: usize,
        resources: &RunResources,
    ) -> CaseResult {
        // Of the right form: hexadecimal digits, digits, hyphens.
        let tenant: Tenant = format!("watched-{:08x}-{place}", std::process::id()).parse().unwrap_or_default();
        // Before the next one is there: both have one id, and a broker keeps one session of it.
        self.close().await;
        let mut device = match HostedDevice::open(resources.clone(), case, tenant).await {
            Ok(device) => device,
            Err(error) => return could_not_begin(case, how.repetition, &error),
        };
        let result = match self.reporter().await {
            Some(reporter) => run_case(&mut device, case, how, reporter).await,
            None => skipped(case, how.repetition, "its page could not be made".to_owned()),
        };
        if self.reporter.as_ref().is_some_and(RunReporter::is_stopped) {
            self.stop.cancel();
        }
        self.before = Some(device);
        result
    }

    async fn close(&mut self) {
        // What a case expected is known by then, and whoever watches is told all the same.
        if let Some(device) = self.before.take()
            && let Err(error) = device.close().await
        {
            tracing::warn!("a scenario's device did not end cleanly: {error}");
        }
    }

    /// Made with the first device: a client speaks of a device that is there.
    async fn reporter(&mut self) -> Option<&mut RunReporter> {
        if let Some(tellers) = self.tellers.take() {
            let file = self.server.control_file().clone();
            let connect = move || ControlClient::of(file, Path::new(""));
            let client = Arc::new(tokio::task::spawn_blocking(connect).await.ok()?.ok()?);
            let pace = WatchPace { begins_paused: true, shows: SHOWS, stays_at_failures: true };
            self.reporter = Some(RunReporter::new(&client, self.cases, self.stop.clone(), pace, Some(tellers.step)));
            (tellers.opened)(client);
        }
        self.reporter.as_mut()
    }

    async fn end(mut self) {
        self.close().await;
        self.server.stop().await;
    }
}
