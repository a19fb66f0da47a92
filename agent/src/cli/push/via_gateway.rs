//! `push --via-gateway`: the same push as an administrator's script sends it, through Graph's call.
//!
//! Lives here: what a call cannot carry, sending, waiting for receipts. Does not live here: the gateway's client.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::gateway::{GatewayClient, GatewayPlace, SendAddress, is_answered};
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
    let (sender, answered) = std::sync::mpsc::channel();
    // A read of the stream cannot be called off: its thread ends with the process.
    std::thread::spawn(move || match client.follow(&id) {
        Ok(mut sends) => drop(sender.send(Ok(sends.find(is_answered)))),
        Err(failure) => drop(sender.send(Err(failure))),
    });
    let late = || {
        let message = "not every device answered in time";
        CommandFailure::operation("noReceipt", message, "portal-agent gateway sends shows who did")
    };
    let send = answered.recv_timeout(limit).map_err(|_| late())??.ok_or_else(late)?;
    let devices: Vec<Value> = send["devices"].as_array().cloned().unwrap_or_default();
    if devices.is_empty() {
        return Err(late());
    }
    for device in devices {
        if context.global.json {
            context.json(&device)?;
            continue;
        }
        let name = device["deviceName"].as_str().unwrap_or_default();
        let unmet: Vec<&str> = device["unmet"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let outcome = device["outcome"].as_str().unwrap_or_default();
        context
            .page(&TextPage::of(PageLine::new().strong(outcome).plain(format!("  {name}  {}", unmet.join(", ")))))?;
    }
    Ok(())
}
