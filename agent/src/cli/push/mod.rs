//! `push`: a sender for tests, with an MQTT client of its own.
//!
//! Lives here: whom a push is for. Does not live here: its arguments (`args`), what is sent (`payload`), waiting for receipts
//! (`sending`), what that came to (`ending`).

mod args;
mod ending;
mod expected_word;
mod payload;
mod sending;
mod via_gateway;

use std::time::Duration;

use portal_contract::StatusReport;

pub use args::PushArgs;

use super::{CommandContext, CommandFailure};
use crate::control::ControlClient;
use crate::daemon::sender_settings;
use crate::sender::PushAddress;
use ending::{WaitEnd, judge, nothing_came};
use expected_word::ExpectedWord;
use payload::payload;
use sending::{SentAs, became_held, send, send_many};

/// How long is waited for what is expected where nothing else is said.
const EXPECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs `push`.
pub fn run(context: &mut CommandContext, args: &PushArgs) -> Result<(), CommandFailure> {
    let loaded = context.settings(Vec::new())?;
    context.start_client_logging();
    let (address, daemon) = addressee(context, args)?;
    if let Some(url) = &args.via_gateway {
        return via_gateway::push(context, args, address, Some(url));
    }
    let daemon = daemon.as_ref();
    let own = daemon.filter(|hosted| address == PushAddress::Device(hosted.status.device.device_id));
    let status = daemon.map(|hosted| &hosted.status);
    let mut settings = sender_settings(&loaded.settings, status, &context.global.state_dir()?)?;
    if let Some(hosted) = own {
        settings.tenant = hosted.status.tenant.clone();
    }
    // A group's users may have a device here: what is sent to them is stamped by its clock as what is sent to it alone.
    let is_for_here = own.is_some() || matches!(address, PushAddress::Group(_));
    let clock = status.filter(|_| is_for_here).map_or(0, |status| status.condition.clock_ahead_millis);
    let first = payload(args, clock)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    if let Some(count) = args.count {
        // The bytes of a file are read once: standard input has them once.
        let more = (1..count).map(|_| if args.raw.is_some() { Ok(first.clone()) } else { payload(args, clock) });
        let payloads = std::iter::once(Ok(first.clone())).chain(more).collect::<Result<Vec<_>, _>>()?;
        return runtime.block_on(send_many(context, settings, address, &payloads));
    }
    let payload = first;
    let client = own.map(|hosted| &hosted.client);
    let wait = args.wait.or((!args.expect.is_empty()).then_some(EXPECT_TIMEOUT));
    // Whoever expects it to be held need not wait until no receipt has come.
    let held_soon = client.filter(|_| args.expect.iter().any(ExpectedWord::is_of_a_held_push));
    let following = held_soon.map(ControlClient::events).transpose()?;
    let asked = SentAs { payload: &payload, address, wait, client };
    let sent = runtime.block_on(async {
        let held = following.zip(payload.id.clone()).map(|(events, id)| became_held(events, id));
        send(context, settings, &asked, held).await
    });
    // A read of the stream that is under way cannot be called off; it ends with the process.
    runtime.shutdown_background();
    let sent = sent?;
    let Some(limit) = wait else { return Ok(()) };
    let ended = if sent.receipts.is_empty() {
        nothing_came(context, client, &payload, limit, &sent)?
    } else {
        WaitEnd::Came(sent.receipts)
    };
    judge(ended, &args.expect)
}

/// A device of this computer's daemon, and how it stood before the push.
struct DaemonsDevice {
    client: ControlClient,
    status: StatusReport,
}

impl DaemonsDevice {
    fn of(client: ControlClient) -> Option<Self> {
        let status = client.status().ok()?.value;
        Some(Self { client, status })
    }
}

/// Whom it is for, and the daemon's device that it is, or whose broker and clock are taken. Only `--here` needs a daemon.
fn addressee(
    context: &CommandContext,
    args: &PushArgs,
) -> Result<(PushAddress, Option<DaemonsDevice>), CommandFailure> {
    // contract 7: the short form goes to the device here
    let is_short = args.short_title.is_some() && args.group.is_none() && context.global.device.is_none();
    if args.here || is_short {
        let client = context.client()?;
        let status = client.status()?.value;
        return Ok((PushAddress::Device(status.device.device_id), Some(DaemonsDevice { client, status })));
    }
    let daemon = context.daemon().ok();
    match (args.group, &context.global.device) {
        (Some(group), _) => Ok((PushAddress::Group(group), daemon.and_then(DaemonsDevice::of))),
        (None, Some(named)) => {
            let mut client = daemon;
            // Not hosted here: an id is still an address.
            let chosen = client.as_mut().map(|client| client.choose(Some(named)));
            let hosted = client.as_ref().filter(|_| matches!(chosen, Some(Ok(())))).map(ControlClient::device);
            let device = hosted.or_else(|| named.parse().ok()).ok_or_else(|| {
                let message = format!("{named:?} is no device of this computer's daemon, and no id of a device");
                CommandFailure::configuration(message, "portal-agent device list, or give the device's UUID")
            })?;
            Ok((PushAddress::Device(device), client.and_then(DaemonsDevice::of)))
        }
        (None, None) => Err(CommandFailure::configuration(
            "it is not said whom to push to",
            "add --here, --device NAME|UUID or --group UUID",
        )),
    }
}
