//! What desktops do: a notification server that dies in a call, hangs, changes hands; a bus that goes; a flood.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::notification_server::{NotificationServer, ReceivedNotification, ServerBehaviour, ServerProfile};
use portal_tests::survival::times;
use portal_tests::wait::until;

use crate::support::*;

const BATCH: usize = 20;

/// What was shown, over all the servers that there were.
#[derive(Default)]
struct ShownTitles(Vec<String>);

impl ShownTitles {
    /// The stand's server is gone, and another one comes under another owner.
    async fn by_another(&mut self, stand: &mut FaultRig) -> Result<()> {
        self.0.extend(stand.shown());
        stand.server = NotificationServer::start(&stand.bus.address(), ServerProfile::xfce()).await?;
        Ok(())
    }

    fn all(mut self, stand: &FaultRig) -> Vec<String> {
        self.0.extend(stand.shown());
        self.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_server_that_is_killed_in_a_call() -> Result<()> {
    let rounds = times(5, 100);
    let mut stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    let mut shown = ShownTitles::default();
    for round in 0..rounds {
        let calls = stand.server.calls();
        stand.server.behave(ServerBehaviour::Hang);
        stand.send(&ids(2 * round, 2 * round + 2)).await?;
        stand.server.wait_for_calls(calls + 1, LIMIT).await?;
        stand.server.die().await?;
        shown.by_another(&mut stand).await?;
        stand.wait_until_settled(&ids(2 * round, 2 * round + 2)).await?;
    }
    let (all, books) = (ids(0, 2 * rounds), JournalReceipts::of(&stand.agent)?);
    assert_eq!(books.count("presented"), all.len());
    let shown = shown.all(&stand);
    let note = "the one in the call is shown by the next server";
    survived("the notification server killed in a call", rounds, &books, &all, &shown, note)?;
    ensure!(shown == all, "each once, in order: {shown:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_server_that_hangs() -> Result<()> {
    let rounds = times(1, 20);
    let stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    for round in 0..rounds {
        stand.server.behave(ServerBehaviour::Hang);
        let batch = ids(round * BATCH, (round + 1) * BATCH);
        stand.send(&batch).await?;
        stand.wait_until_settled(&batch[..1]).await?;
        // It is asked no more until it answers; the others wait, and `status` says for what.
        stand.agent.wait(&[&format!("held={}", BATCH - 1)])?;
        let status = stand.agent.json(&["status"])?;
        ensure!(status["desktop"]["problem"].is_string(), "{status}");
        stand.server.behave(ServerBehaviour::Answer);
        stand.wait_until_settled(&batch).await?;
    }
    let (all, books) = (ids(0, rounds * BATCH), JournalReceipts::of(&stand.agent)?);
    assert_eq!((books.count("failed"), books.count("presented")), (rounds, all.len() - rounds));
    let note = format!("{rounds} failed (notificationServerDidNotAnswer), never repeated; the others were shown");
    let survival = survived("the notification server hangs", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_server_that_never_answers_again() -> Result<()> {
    let timeout = [("PORTAL_AGENT__NOTIFIER__PATIENCE", "5s")];
    let stand = FaultRig::ready(&FaultRigSetup { environment: &timeout, ..FaultRigSetup::default() }).await?;
    stand.server.behave(ServerBehaviour::Hang);
    let all = ids(0, BATCH);
    stand.send(&all).await?;
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    assert_eq!(books.count("failed"), BATCH, "each says so: none is silently lost");
    ensure!(stand.server.calls() <= 2, "{} calls to a server that does not answer", stand.server.calls());
    let note = "each failed, with the reason, once the timeout was over";
    survived("the notification server never answers again", 1, &books, &all, &stand.shown(), note)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_server_that_is_restarted_in_a_stream() -> Result<()> {
    let rounds = times(5, 100);
    let mut stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    let mut shown = ShownTitles::default();
    for round in 0..rounds {
        let calls = stand.server.calls();
        stand.send(&ids(round * BATCH, (round + 1) * BATCH)).await?;
        stand.server.wait_for_calls(calls + 1 + round % (BATCH / 2), LIMIT).await?;
        stand.server.die().await?;
        shown.by_another(&mut stand).await?;
        stand.wait_until_settled(&ids(round * BATCH, (round + 1) * BATCH)).await?;
    }
    let (all, books) = (ids(0, rounds * BATCH), JournalReceipts::of(&stand.agent)?);
    assert_eq!(books.count("presented"), all.len());
    let mut shown = shown.all(&stand);
    let note = "twice: taken by the old server, which died before it said so, and so shown by the new one";
    survived("the notification server restarted under another owner", rounds, &books, &all, &shown, note)?;
    shown.dedup();
    ensure!(shown == all, "only the one in hand, and in order");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_bus_that_goes_and_comes_back() -> Result<()> {
    let rounds = times(3, 50);
    let mut stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    let mut shown = ShownTitles::default();
    for round in 0..rounds {
        let calls = stand.server.calls();
        stand.send(&ids(round * BATCH, (round + 1) * BATCH)).await?;
        stand.server.wait_for_calls(calls + 1 + round % (BATCH / 2), LIMIT).await?;
        stand.bus.restart()?;
        shown.by_another(&mut stand).await?;
        stand.wait_until_settled(&ids(round * BATCH, (round + 1) * BATCH)).await?;
    }
    let (all, books) = (ids(0, rounds * BATCH), JournalReceipts::of(&stand.agent)?);
    assert_eq!(books.count("presented"), all.len());
    let mut shown = shown.all(&stand);
    let note = "twice: in the call when the bus went";
    survived("the session bus gone and back", rounds, &books, &all, &shown, note)?;
    shown.dedup();
    ensure!(shown == all, "only the one in hand, and in order");
    Ok(())
}

/// The most that were shown within any second.
fn most_in_a_second(shown: &[ReceivedNotification]) -> usize {
    let second = Duration::from_secs(1);
    let within = |from: &ReceivedNotification| {
        shown.iter().filter(|one| one.received >= from.received && one.received < from.received + second).count()
    };
    shown.iter().map(within).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_that_is_paced() -> Result<()> {
    let pace = 100;
    let setting = pace.to_string();
    let environment = [("PORTAL_AGENT__NOTIFIER__PACE_PER_SECOND", setting.as_str())];
    let mut stand = FaultRig::ready(&FaultRigSetup { environment: &environment, ..FaultRigSetup::default() }).await?;
    let all = ids(0, 2000);
    let start = Instant::now();
    stand.send(&all).await?;
    let told = || stand.agent.json(&["status"]).ok().and_then(|status| status["paced"].as_u64()).unwrap_or_default();
    let paced = until("word of the pace", told, |paced| *paced > 0).await;
    let page = stand.agent.command(&["status"])?;
    ensure!(page.contains("pace_per_second"), "{page}");
    // Once they are held they are the agent's: a kill loses none, and they are shown all the same.
    let wanted = stand.server.calls() + 500;
    stand.server.wait_for_calls(wanted, LIMIT).await?;
    // The oldest are closed while the next are shown: a moment may find one more whose close is on its way.
    until("the oldest cards to be closed", || stand.server.open().len(), |open| *open <= 21).await;
    stand.agent.kill()?;
    let before_the_kill = stand.server.notifications().len();
    stand.start()?;
    stand.wait_until_settled(&all).await?;
    let took = start.elapsed();
    let shown = stand.server.notifications();
    // Each run of the daemon keeps its own pace: the second of the restart belongs to two.
    let (before, after) = shown.split_at(before_the_kill);
    let most = most_in_a_second(before).max(most_in_a_second(after));
    // The pace is kept by the agent's clock; on the way to the server two may come a little closer.
    ensure!(most <= pace + pace / 10, "{most} within a second");
    ensure!(stand.agent.json(&["status"])?["paced"].as_u64().context("a count")? == 0);
    let books = JournalReceipts::of(&stand.agent)?;
    let mut shown = titles(&shown);
    let note = format!(
        "{most} in a second at the most, {:.0} s in all, one kill amid; `status` spoke of {paced} waiting",
        took.as_secs_f64()
    );
    let survival = survived("2,000 notifications at once", 1, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice <= 1);
    shown.dedup();
    ensure!(shown == all, "in order");
    Ok(())
}
