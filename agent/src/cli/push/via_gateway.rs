//! `push --via-gateway`: the same push as an administrator's script sends it, through Graph's call.
//!
//! Lives here: what a call cannot carry, sending, waiting for receipts. Does not live here: the gateway's client.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::gateway::{GatewayClient, GatewayPlace, OutcomeLines, SendAddress, is_answered};
use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::args::PushArgs;
use crate::sender::PushAddress;

/// Sends it, and with `wait` prints what became of it on each device.
pub(super) fn push(
    context: &mut CommandContext,
    args: &PushArgs,
    address: PushAddress,
    url: Option<&str>,
) -> Result<(), CommandFailure> {
    let place = GatewayPlace {
        url: url.filter(|url| !url.is_empty()).map(str::to_owned),
        token_file: args.token_file.clone(),
        ca_file: args.ca_file.clone(),
    };
    let client = GatewayClient::of(context, &place)?;
    let to = match address {
        PushAddress::Device(device) => SendAddress::Device(device),
        PushAddress::Group(group) => SendAddress::Group(group),
    };
    let (title, body) = args.texts();
    let id = client.push(to, title, body)?;
    if context.global.json {
        context.json(&json!({ "id": id }))?;
    } else {
        context.page(&TextPage::of(PageLine::new().plain("pushed ").strong(title).plain("  ").dim(&id)))?;
    }
    match args.wait {
        None => Ok(()),
        Some(limit) => wait(context, client, id, limit),
    }
}

fn wait(
    context: &mut CommandContext,
    client: GatewayClient,
    id: String,
    limit: Duration,
) -> Result<(), CommandFailure> {
    let (sender, changes) = std::sync::mpsc::channel();
    // A read of the stream cannot be called off: its thread ends with the process.
    std::thread::spawn(move || match client.follow(&id) {
        // Until nobody listens any more.
        Ok(mut sends) => drop(sends.try_for_each(|send| sender.send(Ok(send)))),
        Err(failure) => drop(sender.send(Err(failure))),
    });
    let deadline = Instant::now() + limit;
    let mut outcomes = OutcomeLines::default();
    loop {
        let change = changes.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let send = change.map_err(|_| no_receipt("not every device answered in time"))??;
        outcomes.print(context, &send)?;
        if send["addressedDevices"] == 0 {
            return Err(no_receipt("the push was for no enrolled device"));
        }
        if is_answered(&send) {
            return Ok(());
        }
    }
}

fn no_receipt(message: &str) -> CommandFailure {
    CommandFailure::operation("noReceipt", message, "portal-agent gateway sends shows who has answered")
}
