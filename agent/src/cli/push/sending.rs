//! Sending a push, and its receipts as they come.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use portal_contract::{DeviceEvent, DeviceEventKind, NotificationId, Outcome, Receipt};
use serde_json::Value;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure, explain, log};
use super::payload::PayloadToSend;
use crate::control::{ControlClient, FollowedLines};
use crate::sender::{FollowScope, PushAddress, PushSender, ReceiptStream, SenderError, SenderOptions};

/// How many of many are handed to the broker before the first is answered.
const UNDER_WAY: usize = 64;
/// How long after a receipt of a group's device another may still come.
const QUIET: Duration = Duration::from_secs(1);

/// What is sent to whom, and how long its receipts are waited for.
pub(super) struct SentAs<'a> {
    pub(super) payload: &'a PayloadToSend,
    pub(super) address: PushAddress,
    pub(super) wait: Option<Duration>,
    pub(super) client: Option<&'a ControlClient>,
}

/// What came of sending.
pub(super) struct SentPush {
    /// The receipts that came in time, as JSON.
    pub(super) receipts: Vec<Value>,
    /// The largest packet that the broker takes, where it says so.
    pub(super) largest_packet: Option<u32>,
}

/// Ends once the device holds the push with this id; never where it does not.
pub(super) async fn became_held(events: FollowedLines<DeviceEvent>, id: NotificationId) {
    let (sender, heard) = tokio::sync::oneshot::channel::<()>();
    tokio::task::spawn_blocking(move || {
        let is_it = |event: &DeviceEvent| matches!(&event.what, DeviceEventKind::Held { notification_id } if notification_id == id.as_str());
        if events.map_while(Result::ok).any(|event| is_it(&event.value)) {
            // Whoever waits may have heard enough by now.
            let _ = sender.send(());
        }
    });
    if heard.await.is_err() {
        std::future::pending().await
    }
}

/// Sends it, and prints the receipts that come in time.
pub(super) async fn send(
    context: &mut CommandContext,
    settings: SenderOptions,
    asked: &SentAs<'_>,
    held: Option<impl Future<Output = ()>>,
) -> Result<SentPush, CommandFailure> {
    let sender = PushSender::connect(settings).await?;
    let followed = match asked.address {
        PushAddress::Device(device) => FollowScope::Device(device),
        PushAddress::Group(_) => FollowScope::AllDevices,
    };
    // Subscribed before it publishes, so that no receipt is missed (contract 5).
    let receipts = match asked.wait {
        Some(_) => Some(sender.follow(followed).await?),
        None => None,
    };
    sender.push_raw(asked.address, asked.payload.bytes.clone()).await?;
    print_sent(context, asked.payload)?;
    let printed = match (receipts, asked.wait) {
        (Some(mut receipts), Some(limit)) => {
            let held = async {
                match held {
                    Some(held) => held.await,
                    None => std::future::pending().await,
                }
            };
            print_receipts(context, &mut receipts, asked, limit, held).await
        }
        _ => Ok(Vec::new()),
    };
    let largest_packet = sender.largest_packet();
    sender.stop().await;
    Ok(SentPush { receipts: printed?, largest_packet })
}

/// Sends many, and prints a line for each once the broker has it; none is waited for.
pub(super) async fn send_many(
    context: &mut CommandContext,
    settings: SenderOptions,
    address: PushAddress,
    payloads: &[PayloadToSend],
) -> Result<(), CommandFailure> {
    let sender = PushSender::connect(settings).await?;
    let sending = payloads.iter().map(|payload| {
        let sent = sender.push_raw(address, payload.bytes.clone());
        async move { sent.await.map(|()| payload) }
    });
    let mut sent = stream::iter(sending).buffered(UNDER_WAY);
    let mut ended = Ok(());
    while let Some(payload) = sent.next().await {
        ended = payload.map_err(CommandFailure::from).and_then(|payload| print_sent(context, payload));
        if ended.is_err() {
            break;
        }
    }
    drop(sent);
    sender.stop().await;
    ended
}

fn print_sent(context: &mut CommandContext, payload: &PayloadToSend) -> Result<(), CommandFailure> {
    if context.global.json {
        context.json_line(&serde_json::json!({ "id": payload.id }).to_string())
    } else {
        context.page(&TextPage::of(sent_line(payload)))
    }
}

/// What was sent: by its title, with the id by which the other commands know it.
fn sent_line(payload: &PayloadToSend) -> PageLine {
    let line = PageLine::new().plain("pushed ");
    let line = match &payload.title {
        Some(title) => line.strong(title).plain("  "),
        None => line,
    };
    match &payload.id {
        Some(id) => line.dim(id.as_str()),
        None => line.dim("without an id"),
    }
}

/// Prints the receipts that come in time: a device's one, or those of a group's devices, until none has come for a while.
/// Gives them as JSON. It ends early once `held` does.
async fn print_receipts(
    context: &mut CommandContext,
    receipts: &mut ReceiptStream,
    asked: &SentAs<'_>,
    limit: Duration,
    held: impl Future<Output = ()>,
) -> Result<Vec<Value>, CommandFailure> {
    let mut held = std::pin::pin!(held);
    let mut timeout = limit;
    let mut came = Vec::new();
    loop {
        let receipt = tokio::select! {
            receipt = tokio::time::timeout(timeout, next(receipts, asked.payload)) => receipt,
            () = &mut held => break,
        };
        let Ok(receipt) = receipt else { break };
        came.push(print(context, &receipt?, asked)?);
        timeout = limit.min(QUIET);
        if matches!(asked.address, PushAddress::Device(_)) {
            break;
        }
    }
    Ok(came)
}

/// Prints a receipt; where nothing showed and the daemon here knows why, what would have made it show.
fn print(context: &mut CommandContext, receipt: &Receipt, asked: &SentAs<'_>) -> Result<Value, CommandFailure> {
    let unseen = !matches!(receipt.outcome, Outcome::Presented(_));
    let explained = asked.client.filter(|_| unseen).zip(receipt.notification_id.as_ref());
    let ways =
        explained.and_then(|(client, id)| client.explanation(Some(id)).ok()).map(|answer| answer.value.ways_to_show);
    let ways = ways.unwrap_or_default();
    let mut line = serde_json::to_value(receipt).map_err(anyhow::Error::from)?;
    if !context.global.json {
        let mut page = TextPage::of(log::line(receipt, asked.payload.title.as_deref()));
        explain::add_ways(&ways, &mut page);
        context.page(&page)?;
        return Ok(line);
    }
    if !ways.is_empty() {
        line["waysToShow"] = serde_json::to_value(ways).map_err(anyhow::Error::from)?;
    }
    context.json(&line)?;
    Ok(line)
}

async fn next(receipts: &mut ReceiptStream, payload: &PayloadToSend) -> Result<Receipt, SenderError> {
    match &payload.id {
        Some(id) => receipts.next_of(id).await,
        None => loop {
            let receipt = receipts.next().await?;
            if receipt.notification_id.is_none() {
                return Ok(receipt);
            }
        },
    }
}
