//! A week in an hour: a million pushes, with reconnects and the device's clock moving on; nothing grows that may not.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::disk::size_of;
use portal_tests::publish::TestPublisher;
use portal_tests::survival::{SurvivalCount, is_full, times};
use serde_json::{Value, json};

use crate::support::*;

/// An hour of the week each.
const HOURS: usize = 168;
/// One push in so many is shown; the others are withheld, being for another user.
const SHOWN: usize = 5;
/// What a remembered id takes up on the disk at most.
const BYTES_PER_ID: u64 = 100;
/// The connection is cut once in so many hours; in every other the device goes offline and comes back.
const EACH_CUT: usize = 21;

/// What may not grow.
#[derive(Debug, Clone, Copy)]
struct ProcessSize {
    resident_kib: u64,
    descriptors: usize,
    journal_bytes: u64,
}

impl ProcessSize {
    fn of(agent: &Agent) -> Result<Self> {
        let pid = agent.pid().context("a process id")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).context("VmRSS")?;
        let resident_kib = line.split_whitespace().nth(1).context("a number")?.parse()?;
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        let file = agent.state_dir().join("journal.db");
        let journal_bytes = size_of(&file) + size_of(&file.with_extension("db-wal"));
        Ok(Self { resident_kib, descriptors, journal_bytes })
    }

    fn max(self, other: &Self) -> Self {
        Self {
            resident_kib: self.resident_kib.max(other.resident_kib),
            descriptors: self.descriptors.max(other.descriptors),
            journal_bytes: self.journal_bytes.max(other.journal_bytes),
        }
    }
}

fn largest(sizes: &[ProcessSize]) -> ProcessSize {
    let nothing = ProcessSize { resident_kib: 0, descriptors: 0, journal_bytes: 0 };
    sizes.iter().fold(nothing, ProcessSize::max)
}

/// Sends these, the shown ones among them, and returns once the broker has all.
async fn send(sender: &TestPublisher, from: usize, until: usize, sent: &mut u64) -> Result<()> {
    for number in from..until {
        let user = if number % SHOWN == 0 { "adele@contoso.example" } else { "somebody.else@contoso.example" };
        let payload = push_with(&format!("push-{number:07}"), &json!({ "targetUserPrincipalName": user }));
        sender.publish(&topic("notifications"), payload).await?;
    }
    *sent += (until - from) as u64;
    sender.wait_for_pubacks(*sent).await
}

/// The outcomes so far: of each push one, whatever the journal still holds of it.
#[derive(Default)]
struct OutcomeCheck {
    through: u64,
    settled: BTreeSet<String>,
}

impl OutcomeCheck {
    /// Waits until all up to this number have one, and takes in what was settled since the last time.
    async fn take(&mut self, agent: &Agent, last: usize, batch: usize) -> Result<()> {
        // What is withheld does not wait for what is shown.
        for number in [last, last / SHOWN * SHOWN] {
            let id = format!("push-{number:07}");
            let of_last = || agent.receipts(&["--id", &id]);
            let settled = |receipts: &Vec<Value>| receipts.iter().any(|receipt| receipt["outcome"] != "duplicate");
            eventually("the hour's outcomes", of_last, settled).await?;
        }
        // A cut connection may bring some a second time: duplicates, which are receipts too.
        let limit = (2 * batch).to_string();
        for receipt in agent.receipts(&["--limit", &limit])? {
            let sequence = receipt["sequence"].as_u64().context("a sequence")?;
            if sequence <= self.through {
                continue;
            }
            ensure!(sequence == self.through + 1, "a gap before {sequence}");
            self.through = sequence;
            if receipt["outcome"] != "duplicate" {
                let id = receipt["notificationId"].as_str().context("an id")?.to_owned();
                ensure!(self.settled.insert(id), "settled twice: {receipt}");
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_in_an_hour() -> Result<()> {
    let pushes = times(20_000, 1_000_000);
    let hours = times(HOURS / 6, HOURS);
    let kept = if is_full() { "200000" } else { "4000" };
    let environment = [("PORTAL_AGENT__JOURNAL__KEEP_RECEIPTS", kept), ("PORTAL_AGENT__DEVICE__DOCUMENTATION", "2023")];
    let stand =
        FaultRig::ready(&FaultRigSetup { linked: true, environment: &environment, ..FaultRigSetup::default() }).await?;
    let sender = stand.sender().await?;
    let (mut sizes, mut shown, mut sent, mut reconnects) = (Vec::new(), Vec::new(), 0, 0);
    let mut outcomes = OutcomeCheck::default();
    let start = Instant::now();
    for hour in 0..hours {
        let (from, until) = (pushes * hour / hours, pushes * (hour + 1) / hours);
        send(&sender, from, until, &mut sent).await?;
        if hour % EACH_CUT == 0 {
            stand.link()?.cut();
            reconnects += 1;
        } else if hour % 2 == 1 {
            stand.agent.command(&["device", "offline"])?;
            stand.agent.command(&["device", "online"])?;
            reconnects += 1;
        }
        outcomes.take(&stand.agent, until - 1, until - from).await?;
        stand.agent.command(&["clock", "advance", "1h"])?;
        shown.extend(titles(&stand.server.take_notifications()));
        sizes.push(ProcessSize::of(&stand.agent)?);
        if hour % 12 == 0 {
            println!("hour {hour}, {until} pushes, {:.0} s: {:?}", start.elapsed().as_secs_f64(), sizes.last());
        }
    }
    let expected: Vec<String> = (0..pushes).step_by(SHOWN).map(|number| format!("push-{number:07}")).collect();
    let lost = pushes - outcomes.settled.len();
    check_kept(&stand.agent, kept.parse()?)?;
    // The journal is full, and every cache warm, after the first third.
    let (before, after) =
        (largest(&sizes[sizes.len() / 3..sizes.len() * 2 / 3]), largest(&sizes[sizes.len() * 2 / 3..]));
    let note = format!(
        "{:.0} min, {hours} h of the device's clock; resident {:.1} then {:.1} MiB, {} then {} descriptors, journal {:.0} \
         then {:.0} MiB (second third, last third)",
        start.elapsed().as_secs_f64() / 60.0,
        before.resident_kib as f64 / 1024.0,
        after.resident_kib as f64 / 1024.0,
        before.descriptors,
        after.descriptors,
        before.journal_bytes as f64 / 1_048_576.0,
        after.journal_bytes as f64 / 1_048_576.0,
    );
    let shown_twice = more_than_once(&shown);
    SurvivalCount { fault: "a week in an hour, with reconnects", times: reconnects, pushes, lost, shown_twice, note }
        .report();
    ensure!(lost == 0 && shown == expected, "each once, in order: {lost} lost, {shown_twice} shown twice");
    ensure!(
        after.resident_kib <= before.resident_kib + before.resident_kib / 10 + 1024,
        "memory: {before:?} {after:?}"
    );
    ensure!(after.descriptors <= before.descriptors + 4, "descriptors: {before:?} {after:?}");
    // What still grows is the used ids, which are remembered up to a million.
    let ids = pushes as u64 / 3 * BYTES_PER_ID;
    ensure!(after.journal_bytes <= before.journal_bytes * 11 / 10 + ids, "journal: {before:?} {after:?}");
    Ok(())
}

/// The journal holds no more than it is told to keep.
fn check_kept(agent: &Agent, kept: usize) -> Result<()> {
    let database = rusqlite::Connection::open(agent.state_dir().join("journal.db"))?;
    let receipts: usize = database.query_row("SELECT count(*) FROM receipts", [], |row| row.get(0))?;
    ensure!(receipts <= kept + kept / 10, "{receipts} receipts are kept, of {kept}");
    Ok(())
}
