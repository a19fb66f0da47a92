//! The broker killed, ended and started again, with its sessions and without.

use anyhow::{Result, ensure};
use portal_tests::mosquitto::MosquittoSetup;
use portal_tests::survival::times;

use crate::support::*;

const BATCH: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_and_restarted() -> Result<()> {
    let rounds = times(3, 50);
    let broker = MosquittoSetup { persistent: true, ..MosquittoSetup::default() };
    let mut stand = FaultRig::ready(&FaultRigSetup { broker, ..FaultRigSetup::default() }).await?;
    for round in 0..rounds {
        wait_long(&stand.agent, &["online"])?;
        let batch = ids(round * BATCH, (round + 1) * BATCH);
        let (kept, unsaved) = batch.split_at(BATCH / 2);
        stand.send(kept).await?;
        if round % 2 == 0 {
            // A power cut: what mosquitto had not written yet is gone from it, acknowledgements too.
            stand.broker.store(&topic("notifications"))?;
            stand.send(unsaved).await?;
            stand.broker.kill()?;
        } else {
            stand.send(unsaved).await?;
            stand.broker.end()?;
        }
        stand.broker.restart()?;
    }
    wait_long(&stand.agent, &["online"])?;
    let all = ids(0, rounds * BATCH);
    // A sender repeats what has no receipt: the broker itself may have lost it.
    let again = JournalReceipts::of(&stand.agent)?.without_outcome(&all);
    stand.send(&again).await?;
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let note = format!("{} sent again, since the broker had lost them", again.len());
    let survival = survived("the broker killed or ended, and restarted", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_broker_has_lost() -> Result<()> {
    let rounds = times(3, 20);
    let mut stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    let group = "11111111-2222-4333-8444-555555555555";
    stand.agent.command(&["enroll", "--user", "adele@contoso.example", "--group", group])?;
    for round in 0..rounds {
        wait_long(&stand.agent, &["online"])?;
        stand.send(&ids(round * BATCH, (round + 1) * BATCH)).await?;
        // Nothing was written: neither sessions nor pushes outlive it.
        stand.broker.restart()?;
    }
    wait_long(&stand.agent, &["online"])?;
    let all = ids(0, rounds * BATCH);
    let again = JournalReceipts::of(&stand.agent)?.without_outcome(&all);
    // Every one of them, also what has an outcome already: its second coming may not show.
    stand.send(&all).await?;
    let sender = stand.sender().await?;
    sender.publish(&format!("portal/v1/contoso/groups/{group}/notifications"), push("to-the-group")).await?;
    let mut all = all;
    all.push("to-the-group".to_owned());
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let note = format!("{} were gone with the broker; all were sent again, and each subscription stood", again.len());
    let survival = survived("the session lost on the broker", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}
