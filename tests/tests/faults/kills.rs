//! `kill -9` of the daemon, at any moment of its life.

use std::time::Duration;

use anyhow::{Result, ensure};
use portal_tests::mosquitto::MosquittoSetup;
use portal_tests::publish::TestPublisher;
use portal_tests::survival::{SeededRandom, times};

use crate::support::*;

/// How long a daemon lives at most before it is killed; it needs a part of that to start.
const LONGEST_LIFE: u64 = 450;

/// Sends them at a steady pace, which outlasts the kills.
async fn stream(sender: TestPublisher, ids: Vec<String>, pause: Duration) -> Result<()> {
    let mut tick = tokio::time::interval(pause);
    for id in &ids {
        tick.tick().await;
        sender.publish(&topic("notifications"), push(id)).await?;
    }
    sender.wait_for_pubacks(ids.len() as u64).await
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_of_a_steady_stream() -> Result<()> {
    let (kills, pushes) = (times(12, 200), times(1200, 20_000));
    let mut chance = SeededRandom::of_this_run();
    let broker = MosquittoSetup { persistent: true, ..MosquittoSetup::default() };
    let mut stand = FaultRig::ready(&FaultRigSetup { broker, ..FaultRigSetup::default() }).await?;
    let receipts = stand.receipts().await?;
    let all = ids(0, pushes);
    let pause = Duration::from_micros(kills as u64 * LONGEST_LIFE * 1000 / 2 / pushes as u64);
    let streaming = tokio::spawn(stream(stand.sender().await?, all.clone(), pause));
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.below(LONGEST_LIFE))).await;
        ensure!(stand.agent.ended()?.is_none(), "the daemon ended by itself:\n{}", stand.agent.log());
        stand.agent.kill()?;
        stand.spawn()?;
    }
    stand.agent.kill()?;
    stand.start()?;
    streaming.await??;
    stand.wait_until_settled(&all).await?;

    let books = JournalReceipts::of(&stand.agent)?;
    let mut shown = stand.shown();
    let messages = wait_until_published(&receipts, books.last_sequence()).await?;
    check_published(&messages, books.last_sequence())?;
    ensure!(books.count("presented") == pushes, "{} of {pushes} were presented", books.count("presented"));
    let note = format!("{} receipts, each published, in order", books.last_sequence());
    let survival = survived("`kill -9` of the daemon at random moments", kills + 1, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice <= kills + 1, "{} shown twice in {kills} kills", survival.shown_twice);
    // Only the one in hand at the kill: the next daemon begins with it, so its two showings stand side by side.
    shown.dedup();
    ensure!(shown == all, "something else than the one in hand was shown twice, or out of order");
    Ok(())
}
