//! What disks do: full, read-only, slow, and a database that something else wrote into.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::disk::{LoopDisk, size_of};
use portal_tests::session_bus::SessionBus;
use portal_tests::survival::{SeededRandom, SurvivalCount, times};
use serde_json::Value;

use crate::support::*;

const BATCH: usize = 1000;
/// SQLite's, as the journal has it.
const PAGE: usize = 4096;

/// A stand whose agent keeps its state on this disk; its log lies elsewhere.
async fn stand_on(disk: &LoopDisk) -> Result<FaultRig> {
    let bus = SessionBus::start()?;
    let agent = Agent::in_state_dir(&bus.address(), &disk.path());
    FaultRig::ready_with(&FaultRigSetup::default(), agent, bus).await
}

/// The daemon's word on its journal: whether it is well, and the sentence.
fn journal(agent: &Agent) -> Result<(bool, String)> {
    let output = agent.output(&["--json", "doctor"])?;
    let doctor: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("doctor said: {}", String::from_utf8_lossy(&output.stderr)))?;
    let checks = doctor["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["name"] == "journal").context("the journal's check")?;
    Ok((check["ok"] == true, check["detail"].as_str().unwrap_or_default().to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full() -> Result<()> {
    let Some(disk) = LoopDisk::of_mebibytes(24)? else { return Ok(()) };
    let rounds = times(2, 10);
    let mut stand = stand_on(&disk).await?;
    let mut said = String::new();
    for round in 0..rounds {
        disk.fill_but(64)?;
        let batch = ids(round * BATCH, (round + 1) * BATCH);
        stand.send(&batch).await?;
        said = eventually("word of the full disk", || journal(&stand.agent), |(ok, _)| !ok).await?.1;
        ensure!(said.contains("the disk is full") && said.contains("free some space"), "{said}");
        stand.agent.command(&["status"])?;
        if round % 2 == 1 {
            // What waits in memory is lost with it, and was not acknowledged.
            stand.agent.kill()?;
            disk.free()?;
            stand.start()?;
        } else {
            disk.free()?;
        }
        stand.wait_until_settled(&batch).await?;
        ensure!(journal(&stand.agent)?.0, "well again");
    }
    let (all, books, mut shown) = (ids(0, rounds * BATCH), JournalReceipts::of(&stand.agent)?, stand.shown());
    let note = "said by `doctor` and the log; every other time killed while full";
    let survival = survived("the disk full", rounds, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice <= rounds / 2);
    shown.dedup();
    ensure!(shown == all, "only the one in hand at the kill, and in order");
    println!("{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_read_only() -> Result<()> {
    let Some(disk) = LoopDisk::of_mebibytes(24)? else { return Ok(()) };
    let rounds = times(1, 10);
    let mut stand = stand_on(&disk).await?;
    let batch = 100;
    for round in 0..rounds {
        let pushes = ids(round * batch, (round + 1) * batch);
        stand.send(&pushes[..batch / 2]).await?;
        stand.wait_until_settled(&pushes[..batch / 2]).await?;
        disk.make_read_only()?;
        stand.send(&pushes[batch / 2..]).await?;
        let said = eventually("word of the disk", || journal(&stand.agent), |(ok, _)| !ok).await?.1;
        ensure!(said.contains("cannot be written"), "{said}");
        stand.agent.command(&["status"])?;
        stand.agent.kill()?;
        // A start says so as well, and changes nothing.
        disk.make_writable()?;
        disk.mount_again(true)?;
        let arguments: Vec<&str> = ["run"].into_iter().chain(stand.arguments.iter().map(String::as_str)).collect();
        let refusal = stand.agent.failure(1, &arguments)?;
        ensure!(refusal.contains("not writable") && refusal.lines().count() == 1, "{refusal}");
        disk.mount_again(false)?;
        stand.start()?;
        stand.wait_until_settled(&pushes).await?;
    }
    let (all, books, mut shown) = (ids(0, rounds * batch), JournalReceipts::of(&stand.agent)?, stand.shown());
    let note = "its files immutable under the daemon, mounted read-only at the next start, then made writable again";
    let survival = survived("the disk read-only", rounds, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice <= rounds);
    shown.dedup();
    ensure!(shown == all, "only the one in hand at the kill, and in order");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_slow() -> Result<()> {
    let Some(disk) = LoopDisk::of_mebibytes(48)? else { return Ok(()) };
    let stand = stand_on(&disk).await?;
    // Most of them short, one as long as a disk takes that is not coming back.
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(8));
    let stills: Vec<Duration> = std::iter::repeat_n(short, times(10, 100) - 1).chain([long]).collect();
    let all = ids(0, stills.len() * 10);
    let mut slowest = Duration::ZERO;
    for (number, still) in stills.iter().enumerate() {
        let frozen = disk.freeze_for(*still)?;
        stand.send(&all[number * 10..(number + 1) * 10]).await?;
        let asked = Instant::now();
        stand.agent.command(&["status"])?;
        slowest = slowest.max(asked.elapsed());
        ensure!(*still == short || !frozen.is_finished(), "`status` waited for the disk");
        frozen.join().ok().context("the thread that thaws panicked")??;
    }
    stand.wait_until_settled(&all).await?;
    let (books, shown) = (JournalReceipts::of(&stand.agent)?, stand.shown());
    let note = format!(
        "no write for 1 s at a time, at last for 8 s (`fsfreeze`); `status` answered within {:.2} s meanwhile",
        slowest.as_secs_f64()
    );
    let survival = survived("the disk slow", stills.len(), &books, &all, &shown, note)?;
    ensure!(survival.shown_twice == 0 && shown == all);
    Ok(())
}

/// A journal with some history, as the files that a kill leaves.
async fn history(folder: &Path) -> Result<Vec<Value>> {
    let bus = SessionBus::start()?;
    let agent = Agent::in_state_dir(&bus.address(), folder);
    let mut stand = FaultRig::ready_with(&FaultRigSetup::default(), agent, bus).await?;
    let all = ids(0, BATCH);
    stand.send(&all).await?;
    stand.wait_until_settled(&all).await?;
    // Ended cleanly: the write-ahead log is in the file, which holds everything.
    stand.agent.stop()?;
    stand.start()?;
    let books = JournalReceipts::of(&stand.agent)?;
    stand.agent.stop()?;
    Ok(books.receipts)
}

/// What became of a damaged journal.
#[derive(Debug, PartialEq, Eq)]
enum DamageResult {
    /// Refused, with the file named and left as it was.
    Refused,
    /// Everything in it still reads the same: the damage lay where nothing is kept.
    Harmless,
    /// A read or the first write found it, and said so.
    AtFirstRead,
}

fn start_on(folder: &Path, before: &[Value]) -> Result<DamageResult> {
    let file = folder.join("journal.db");
    let damaged = std::fs::read(&file)?;
    let mut agent = Agent::in_state_dir("", folder);
    let started = agent.start(&["--notifier", "console", "--broker", "mqtt://127.0.0.1:9"]);
    let Ok(()) = started else {
        let log = agent.log();
        let refusal = log.lines().last().unwrap_or_default();
        ensure!(refusal.contains("journal.db") && refusal.contains("damaged"), "{log}");
        ensure!(refusal.contains("--set-damaged-journal-aside") && refusal.contains("left as it"), "{refusal}");
        ensure!(std::fs::read(&file)? == damaged, "the damaged file was changed");
        return Ok(DamageResult::Refused);
    };
    let after = agent.receipts(&["--limit", "1000000"]);
    let Ok(after) = after else { return Ok(DamageResult::AtFirstRead) };
    ensure!(after.len() == before.len(), "{} of {} receipts are left, and nothing was said", after.len(), before.len());
    ensure!(after == before, "receipts read otherwise than before, and nothing was said");
    Ok(DamageResult::Harmless)
}

/// Cuts the file somewhere, to nothing at the first time.
fn truncate(file: &Path, chance: &mut SeededRandom, round: usize) -> Result<()> {
    let size = size_of(file);
    let left = if round == 0 { 0 } else { chance.below(size) };
    Ok(std::fs::File::options().write(true).open(file)?.set_len(left)?)
}

/// Writes noise over some whole pages, as a disk that mixes up its sectors does.
fn scribble(file: &Path, chance: &mut SeededRandom, _round: usize) -> Result<()> {
    let mut bytes = std::fs::read(file)?;
    let pages = bytes.len() / PAGE;
    for _ in 0..=chance.below(3) {
        let start = usize::try_from(chance.below(pages as u64))? * PAGE;
        for byte in &mut bytes[start..start + PAGE] {
            *byte = u8::try_from(chance.below(256))?;
        }
    }
    Ok(std::fs::write(file, bytes)?)
}

type Damage = fn(&Path, &mut SeededRandom, usize) -> Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_truncated_or_scribbled_on() -> Result<()> {
    let rounds = times(20, 300);
    let mut chance = SeededRandom::of_this_run();
    let folder = tempfile::tempdir()?;
    let whole = folder.path().join("whole");
    std::fs::create_dir(&whole)?;
    let before = history(&whole).await?;
    let damages: [(&'static str, Damage); 2] =
        [("the database truncated", truncate), ("the database scribbled on", scribble)];
    for (fault, damage) in damages {
        let mut found = Vec::new();
        for round in 0..rounds {
            let state = folder.path().join(format!("{}-{round}", fault.replace(' ', "-")));
            std::fs::create_dir(&state)?;
            std::fs::copy(whole.join("journal.db"), state.join("journal.db"))?;
            damage(&state.join("journal.db"), &mut chance, round)?;
            found.push(start_on(&state, &before).with_context(|| format!("{fault}, round {round}"))?);
            std::fs::remove_dir_all(&state)?;
        }
        let count = |what: DamageResult| found.iter().filter(|found| **found == what).count();
        let note = format!(
            "{} refused with the file kept and named, {} found at the first read, {} where nothing is kept",
            count(DamageResult::Refused),
            count(DamageResult::AtFirstRead),
            count(DamageResult::Harmless)
        );
        SurvivalCount { fault, times: rounds, pushes: before.len(), lost: 0, shown_twice: 0, note }.report();
    }
    Ok(())
}
