//! The computer's clock set back an hour and forward a year, under the daemon and between its runs.

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::session_bus::SessionBus;
use portal_tests::stepped_clock::SteppedClock;
use portal_tests::survival::times;
use serde_json::Value;

use crate::support::*;

const BATCH: usize = 10;

fn clock_check(agent: &Agent) -> Result<Value> {
    let doctor: Value = serde_json::from_slice(&agent.output(&["--json", "doctor"])?.stdout)?;
    let checks = doctor["checks"].as_array().context("checks")?;
    checks.iter().find(|check| check["name"] == "clock").cloned().context("the clock's check")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_an_hour_and_forward_a_year() -> Result<()> {
    let Some(clock) = SteppedClock::new()? else { return Ok(()) };
    let rounds = times(2, 20);
    let bus = SessionBus::start()?;
    let mut agent = Agent::new(&bus.address())?;
    for (name, value) in clock.variables() {
        agent = agent.with(name, &value);
    }
    let mut stand = FaultRig::ready_with(&FaultRigSetup::default(), agent, bus).await?;
    let mut all = Vec::new();
    for round in 0..rounds {
        for (step, distance) in ["+0", "-61m", "+0", "+365d", "+0"].into_iter().enumerate() {
            clock.set(distance)?;
            // A year forward while nothing ran looks like a year that passed: only under the daemon is it a jump.
            if round % 2 == 1 && distance == "-61m" {
                stand.agent.kill()?;
                stand.start()?;
                wait_long(&stand.agent, &["online"])?;
            }
            let from = (round * 5 + step) * BATCH;
            let batch = ids(from, from + BATCH);
            stand.send(&batch).await?;
            stand.wait_until_settled(&batch).await?;
            all.extend(batch);
            // Everything that was shown is remembered whatever the clock says: none of it shows again.
            stand.send(&all[..BATCH]).await?;
            let before = stand.server.calls();
            stand.send(&[format!("mark-{from}")]).await?;
            stand.wait_until_settled(&[format!("mark-{from}")]).await?;
            ensure!(stand.server.calls() == before + 1, "only the mark is new");
            all.push(format!("mark-{from}"));
        }
        let check = clock_check(&stand.agent)?;
        ensure!(check["ok"] == false && check["detail"].as_str().unwrap_or_default().contains("jumped"), "{check}");
    }
    let (books, shown) = (JournalReceipts::of(&stand.agent)?, stand.shown());
    let decided: Vec<&str> = books.receipts.iter().filter_map(|receipt| receipt["decidedAt"].as_str()).collect();
    ensure!(decided.is_sorted(), "decidedAt never goes back");
    let note = "libfaketime; every other hour between two runs; `doctor` names the jump, nothing was pruned for it";
    let steps = rounds * 4;
    let fault = "the clock back an hour, forward a year";
    let survival = survived(fault, steps, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

/// As a computer with an empty battery may have it, or one with a clock of 64 bits that was set by mistake.
#[test]
fn a_clock_past_the_year_9999_is_named_and_nothing_panics() -> Result<()> {
    let Some(clock) = SteppedClock::new()? else { return Ok(()) };
    clock.set("+9000y")?;
    let mut agent = Agent::new("")?;
    for (name, value) in clock.variables() {
        agent = agent.with(name, &value);
    }
    // HTTP cannot say such a year, and neither can the library that serves it.
    for (arguments, said) in [
        (&["run", "--embedded-broker", "127.0.0.1:0", "--notifier", "console"][..], "past the year 9999; set it"),
        (&["status"], "no daemon"),
        (&["log", "--since", "1h"], ""),
        (&["push", "--here", "--title", "T", "--body", "B", "--expires-in", "1h"], "no daemon"),
    ] {
        let output = agent.output(arguments)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(!stderr.contains("panicked") && output.status.code() != Some(101), "{arguments:?}: {stderr}");
        ensure!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    Ok(())
}
