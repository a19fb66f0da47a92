//! What the fault tests share: a whole stand with a broker of its own, and the books that are kept of every push.
//!
//! Lives here: putting things together, waiting, counting what was lost and what was shown twice. Does not live here: any fault.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::faulty_link::FaultyLink;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::notification_server::{NotificationServer, ReceivedNotification, ServerProfile};
use portal_tests::publish::TestPublisher;
use portal_tests::session_bus::SessionBus;
use portal_tests::subscribe::{ReceivedMessage, TestSubscriber};
use portal_tests::survival::SurvivalCount;
use serde_json::{Value, json};

pub const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
/// How long a fault may take to heal, with the full counts too; only reached by a failure.
pub const LIMIT: Duration = Duration::from_secs(600);

/// What arrives while the daemon is dead would be collapsed by the emulated push service.
pub const DELIVER_ALL: (&str, &str) = ("PORTAL_AGENT__PUSH_SERVICE__EMULATE", "false");
/// As fast as the desktop takes them.
pub const UNPACED: (&str, &str) = ("PORTAL_AGENT__NOTIFIER__PACE_PER_SECOND", "10000");
/// The shortest, so that what is found out by it is found out soon.
pub const KEEP_ALIVE: (&str, &str) = ("PORTAL_AGENT__BROKER__KEEP_ALIVE", "5s");

/// How a stand is put together.
#[derive(Default)]
pub struct FaultRigSetup<'a> {
    /// The broker.
    pub broker: MosquittoSetup,
    /// Whether the agent speaks to it through a [`FaultyLink`].
    pub linked: bool,
    /// Environment variables of the agent.
    pub environment: &'a [(&'a str, &'a str)],
    /// More arguments of `run`.
    pub arguments: &'a [&'a str],
}

/// A mosquitto, a desktop and an agent whose device shows what it is sent.
pub struct FaultRig {
    pub agent: Agent,
    pub broker: Mosquitto,
    pub link: Option<FaultyLink>,
    pub server: NotificationServer,
    pub bus: SessionBus,
    pub arguments: Vec<String>,
}

impl FaultRig {
    pub async fn ready(plan: &FaultRigSetup<'_>) -> Result<Self> {
        let bus = SessionBus::start()?;
        let agent = Agent::new(&bus.address())?;
        Self::ready_with(plan, agent, bus).await
    }

    /// With an agent of the test's making, not started.
    pub async fn ready_with(plan: &FaultRigSetup<'_>, agent: Agent, bus: SessionBus) -> Result<Self> {
        let broker = Mosquitto::start(&plan.broker)?;
        let link = if plan.linked { Some(FaultyLink::start(broker.port())?) } else { None };
        let url = link.as_ref().map_or_else(|| broker.url(), FaultyLink::url);
        Self::assemble(plan, agent, bus, (broker, link, url)).await
    }

    /// With an agent that reaches the broker, whose port is given, by a link and URL of the test's making.
    pub async fn ready_behind(
        plan: &FaultRigSetup<'_>,
        agent: Agent,
        bus: SessionBus,
        link: impl FnOnce(u16) -> Result<(FaultyLink, String)>,
    ) -> Result<Self> {
        let broker = Mosquitto::start(&plan.broker)?;
        let (link, url) = link(broker.port())?;
        Self::assemble(plan, agent, bus, (broker, Some(link), url)).await
    }

    async fn assemble(
        plan: &FaultRigSetup<'_>,
        mut agent: Agent,
        bus: SessionBus,
        (broker, link, url): (Mosquitto, Option<FaultyLink>, String),
    ) -> Result<Self> {
        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
        for (name, value) in [DELIVER_ALL, UNPACED].iter().chain(plan.environment) {
            agent = agent.with(name, value);
        }
        let arguments = ["--device-id", DEVICE, "--broker", &url].into_iter().chain(plan.arguments.iter().copied());
        let arguments: Vec<String> = arguments.map(str::to_owned).collect();
        let mut stand = Self { agent, broker, link, server, bus, arguments };
        stand.start()?;
        stand.agent.make_ready()?;
        Ok(stand)
    }

    /// Starts the daemon and waits until it answers commands.
    pub fn start(&mut self) -> Result<()> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.agent.start(&arguments)
    }

    /// Starts the daemon and waits for nothing.
    pub fn spawn(&mut self) -> Result<()> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.agent.spawn(&arguments)
    }

    pub fn link(&self) -> Result<&FaultyLink> {
        self.link.as_ref().context("the stand has no link")
    }

    pub async fn sender(&self) -> Result<TestPublisher> {
        TestPublisher::connect(self.broker.port()).await
    }

    pub async fn receipts(&self) -> Result<TestSubscriber> {
        TestSubscriber::to(self.broker.port(), &topic("receipts")).await
    }

    /// Sends these, and returns once the broker has them.
    pub async fn send(&self, ids: &[String]) -> Result<()> {
        let sender = self.sender().await?;
        for id in ids {
            sender.publish(&topic("notifications"), push(id)).await?;
        }
        sender.wait_for_pubacks(ids.len() as u64).await
    }

    /// Waits until each of these has an outcome.
    pub async fn wait_until_settled(&self, ids: &[String]) -> Result<()> {
        // Outcomes come in the order of arrival, all but a few: the whole journal is not read until the last is there.
        if let Some(last) = ids.last() {
            let receipts = || self.agent.receipts(&["--id", last]);
            eventually("an outcome of the last", receipts, |receipts| !receipts.is_empty()).await?;
        }
        let unsettled = || Ok(JournalReceipts::of(&self.agent)?.without_outcome(ids));
        eventually("an outcome of each", unsettled, Vec::is_empty).await.map(drop)
    }

    /// The titles that this stand's server was asked to show, in order.
    pub fn shown(&self) -> Vec<String> {
        titles(&self.server.notifications())
    }
}

pub fn topic(leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{DEVICE}/{leaf}")
}

/// A push whose title is its id, so that what is shown can be told apart.
pub fn push(id: &str) -> Vec<u8> {
    push_with(id, &json!({}))
}

/// The same with more members.
pub fn push_with(id: &str, members: &Value) -> Vec<u8> {
    let mut push = json!({ "id": id, "notificationTitle": id, "notificationBody": "Work from home on Friday." });
    for (name, value) in members.as_object().into_iter().flatten() {
        push[name] = value.clone();
    }
    push.to_string().into_bytes()
}

/// Ids that sort as they were made.
pub fn ids(from: usize, until: usize) -> Vec<String> {
    (from..until).map(|number| format!("push-{number:07}")).collect()
}

/// The titles of everything that is no permission prompt.
pub fn titles(shown: &[ReceivedNotification]) -> Vec<String> {
    shown.iter().filter(|one| one.actions.len() < 2).map(|one| one.title.clone()).collect()
}

/// What the journal says.
pub struct JournalReceipts {
    pub receipts: Vec<Value>,
}

impl JournalReceipts {
    pub fn of(agent: &Agent) -> Result<Self> {
        Ok(Self { receipts: agent.receipts(&["--limit", "1000000"])? })
    }

    /// Each id's outcomes, `duplicate` left out.
    pub fn outcomes(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut outcomes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for receipt in self.receipts.iter().filter(|receipt| receipt["outcome"] != "duplicate") {
            if let (Some(id), Some(outcome)) = (receipt["notificationId"].as_str(), receipt["outcome"].as_str()) {
                outcomes.entry(id).or_default().push(outcome);
            }
        }
        outcomes
    }

    pub fn without_outcome(&self, ids: &[String]) -> Vec<String> {
        let outcomes = self.outcomes();
        ids.iter().filter(|id| !outcomes.contains_key(id.as_str())).cloned().collect()
    }

    /// No id has two outcomes, and the journal's order has no gap.
    pub fn check(&self) -> Result<()> {
        let twice: Vec<_> = self.outcomes().into_iter().filter(|(_, outcomes)| outcomes.len() > 1).collect();
        ensure!(twice.is_empty(), "settled twice: {twice:?}");
        let sequences: Vec<u64> = self.receipts.iter().filter_map(|receipt| receipt["sequence"].as_u64()).collect();
        ensure!(sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]), "the journal's order has a gap");
        Ok(())
    }

    pub fn count(&self, outcome: &str) -> usize {
        self.receipts.iter().filter(|receipt| receipt["outcome"] == outcome).count()
    }

    pub fn last_sequence(&self) -> u64 {
        self.receipts.last().and_then(|receipt| receipt["sequence"].as_u64()).unwrap_or_default()
    }
}

/// How many of these titles stand there more than once.
pub fn more_than_once(titles: &[String]) -> usize {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for title in titles {
        *times.entry(title).or_default() += 1;
    }
    times.values().filter(|&&times| times > 1).count()
}

/// The books of a fault: what has no outcome is lost; what was shown is counted. Reports the figures.
pub fn survived(
    fault: &'static str,
    times: usize,
    books: &JournalReceipts,
    ids: &[String],
    shown: &[String],
    note: impl Into<String>,
) -> Result<SurvivalCount> {
    books.check()?;
    let (lost, shown_twice) = (books.without_outcome(ids).len(), more_than_once(shown));
    let survival = SurvivalCount { fault, times, pushes: ids.len(), lost, shown_twice, note: note.into() };
    survival.report();
    ensure!(lost == 0, "lost: {:?}", books.without_outcome(ids));
    Ok(survival)
}

/// Asks until the answer will do.
pub async fn eventually<T: std::fmt::Debug>(
    what: &str,
    mut ask: impl FnMut() -> Result<T>,
    will_do: impl Fn(&T) -> bool,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let answer = ask()?;
        if will_do(&answer) {
            return Ok(answer);
        }
        ensure!(start.elapsed() < LIMIT, "{what} did not come within {LIMIT:?}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the daemon says that all of these hold, for as long as a back-off may take.
pub fn wait_long(agent: &Agent, conditions: &[&str]) -> Result<()> {
    agent.command(&[&["wait", "--timeout", "120s"], conditions].concat()).map(drop)
}

/// The receipts as they were published: each sequence must have come at least once, first in order.
pub fn check_published(messages: &[ReceivedMessage], through: u64) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut first = Vec::new();
    for message in messages {
        let receipt: Value = serde_json::from_slice(&message.payload)?;
        let sequence = receipt["sequence"].as_u64().context("a sequence")?;
        if seen.insert(sequence) {
            first.push(sequence);
        }
    }
    let expected: Vec<u64> = (1..=through).collect();
    ensure!(first == expected, "published: {} of {through}, in order: {}", first.len(), first.is_sorted());
    Ok(())
}

/// Waits until a receipt with this sequence was published.
pub async fn wait_until_published(receipts: &TestSubscriber, newest: u64) -> Result<Vec<ReceivedMessage>> {
    let mut wanted = usize::try_from(newest)?;
    loop {
        let messages = receipts.wait_for(wanted, LIMIT).await?;
        let sequence =
            |message: &ReceivedMessage| serde_json::from_slice::<Value>(&message.payload).ok()?["sequence"].as_u64();
        if messages.iter().rev().take(1000).filter_map(sequence).any(|sequence| sequence >= newest) {
            return Ok(messages);
        }
        wanted = messages.len() + 1;
    }
}
