//! `push`: a sender for tests, with an MQTT client of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portal_contract::status::BrokerStatus;
use portal_contract::timestamp::millis;
use portal_contract::{
    ConnectionState, CustomNotification, GroupId, IdError, NotificationId, Outcome, Receipt, StatusReport,
    UserPrincipalName,
};

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, explain, log};
use crate::control::ControlClient;
use crate::daemon::sender_settings;
use crate::input_file::{self, FileReadError};
use crate::mqtt::LARGEST_PACKET;
use crate::sender::{FollowScope, PushAddress, PushSender, ReceiptStream, SenderError, SenderOptions};
use portal_contract::duration;

/// How long after a receipt of a group's device another may still come.
const QUIET: Duration = Duration::from_secs(1);

/// A receipt with its topic is smaller, whatever stands in it.
const LARGEST_RECEIPT: u32 = 2048;

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent push --here --title 'Office closed' --body 'Work from home on Friday.' --wait
  portal-agent push --group 11111111-2222-4333-8444-555555555555 --title Hello --body World
  portal-agent push --here --raw payload.json --wait 5s --json")]
pub struct PushArgs {
    /// The title: 1 to 50 characters
    #[arg(long, value_name = "T", required_unless_present = "raw", allow_hyphen_values = true)]
    pub title: Option<String>,

    /// The body: 1 to 500 characters
    #[arg(long, value_name = "B", required_unless_present = "raw", allow_hyphen_values = true)]
    pub body: Option<String>,

    /// To the users of this group; else to the device of --device, by id, or by name where the daemon hosts it
    #[arg(long, value_name = "UUID", conflicts_with_all = ["here", "device"])]
    pub group: Option<GroupId>,

    /// To the device of the daemon on this state directory; with --device, to that one of its devices
    #[arg(long)]
    pub here: bool,

    /// Print the receipts; 1 if none came in time, 4 if the push is held on the device by then
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "30s", value_parser = duration::parse)]
    pub wait: Option<Duration>,

    /// The notification's id [default: a new UUID]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub id: Option<NotificationId>,

    /// Worth showing no longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub expires_in: Option<Duration>,

    /// The user that it targets
    #[arg(long, value_name = "UPN")]
    pub target_user: Option<UserPrincipalName>,

    /// Send this file's bytes as they are; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["title", "body", "id", "expires_in", "target_user"])]
    pub raw: Option<PathBuf>,
}

/// What is sent: a notification of ours, or a file's bytes.
struct PayloadToSend {
    bytes: Vec<u8>,
    /// The id by which its receipts are known; none in bytes that hold no valid one.
    id: Option<NotificationId>,
}

/// Runs `push`.
pub fn run(context: &mut CommandContext, args: &PushArgs) -> Result<(), CommandFailure> {
    let loaded = context.settings(Vec::new())?;
    context.start_client_logging();
    let (address, daemon) = addressee(context, args)?;
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
    let payload = payload(args, clock)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    let client = own.map(|hosted| &hosted.client);
    let sent = runtime.block_on(send(context, settings, address, &payload, args.wait, client))?;
    match args.wait {
        Some(limit) if !sent.any_receipt => Err(nothing_came(context, client, &payload, limit, sent.largest_packet)?),
        _ => Ok(()),
    }
}

/// What came of sending.
struct SentPush {
    /// Whether a receipt came in time.
    any_receipt: bool,
    /// The largest packet that the broker takes, where it says so.
    largest_packet: Option<u32>,
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

/// Why no receipt came in time: what is held is printed, and what waits at the broker is said as that (contract 7).
fn nothing_came(
    context: &mut CommandContext,
    client: Option<&ControlClient>,
    payload: &PayloadToSend,
    limit: Duration,
    largest_packet: Option<u32>,
) -> Result<CommandFailure, CommandFailure> {
    let held = client.zip(payload.id.as_ref()).map(|(client, id)| client.held(Some(id))).transpose()?;
    if let Some(held) = held.and_then(|held| held.into_iter().next()) {
        if context.global.json {
            context.json(&held)?;
        } else {
            context.page(&TextPage::of(log::held_line(&held)))?;
        }
        return Ok(CommandFailure::Held);
    }
    let mut message = format!("no receipt came within {} s", limit.as_secs_f64());
    if let Some(largest) = largest_packet.filter(|largest| *largest < LARGEST_RECEIPT) {
        let bound = format!("; the broker takes packets of at most {largest} bytes, so a receipt may be held back");
        message.push_str(&bound);
    }
    let status = client.and_then(|client| client.status().ok()).map(|answer| answer.value);
    Ok(match status {
        Some(status) if status.condition.offline => CommandFailure::operation(
            "waitsAtBroker",
            format!("{message}: the device is offline, and the push waits at the broker"),
            "portal-agent device online",
        ),
        Some(status) if status.connection == ConnectionState::Offline => CommandFailure::operation(
            "waitsAtBroker",
            format!("{message}: the device is not connected to its broker, where the push waits"),
            "portal-agent status says what is wrong with the connection",
        ),
        Some(StatusReport { broker: BrokerStatus { problem: Some(problem), .. }, .. }) => CommandFailure::operation(
            "noReceipt",
            format!("{message}; the daemon says: {problem}"),
            "portal-agent doctor, or wait longer",
        ),
        Some(_) => {
            CommandFailure::operation("noReceipt", message, "portal-agent explain, portal-agent doctor, or wait longer")
        }
        None => CommandFailure::operation(
            "noReceipt",
            format!("{message}; the device is not one of this computer's daemon, so it is not known why"),
            "wait longer: the device may be offline, and the push wait at the broker",
        ),
    })
}

/// Whom it is for, and the daemon's device that it is, or whose broker and clock are taken. Only `--here` needs a daemon.
fn addressee(
    context: &CommandContext,
    args: &PushArgs,
) -> Result<(PushAddress, Option<DaemonsDevice>), CommandFailure> {
    if args.here {
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

fn payload(args: &PushArgs, clock_ahead_millis: i64) -> Result<PayloadToSend, CommandFailure> {
    if let Some(path) = &args.raw {
        let bytes = read(path).map_err(|error| {
            CommandFailure::operation(
                "unreadable",
                format!("the file {} {error}", path.display()),
                "name another with --raw",
            )
        })?;
        let id = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
        let id = id.and_then(|value| value.get("id")?.as_str()?.parse().ok());
        return Ok(PayloadToSend { bytes, id });
    }
    // contract 5: a push to the daemon's own device is stamped in device time
    let now = crate::wall_clock::now().plus_millis(clock_ahead_millis);
    let id = match &args.id {
        Some(id) => id.clone(),
        None => uuid::Uuid::new_v4().to_string().parse().map_err(|error: IdError| anyhow::anyhow!(error))?,
    };
    let notification = CustomNotification {
        id: id.clone(),
        notification_title: args.title.clone().unwrap_or_default(),
        notification_body: args.body.clone().unwrap_or_default(),
        sent_at: Some(now),
        expires_at: args.expires_in.map(|duration| now.plus_millis(millis(duration))),
        target_user_principal_name: args.target_user.clone(),
        collapse_key: None,
    };
    let bytes = serde_json::to_vec(&notification).map_err(anyhow::Error::from)?;
    Ok(PayloadToSend { bytes, id: Some(id) })
}

/// The bytes as they are, up to the largest that MQTT can send.
fn read(path: &Path) -> Result<Vec<u8>, FileReadError> {
    const LARGEST: usize = LARGEST_PACKET as usize;
    if path == Path::new("-") {
        let read = input_file::bounded(std::io::stdin(), LARGEST).map_err(|error| FileReadError::of(&error))?;
        return read.ok_or(FileReadError::TooLarge(LARGEST));
    }
    input_file::read(path, LARGEST)
}

/// Sends it, and prints the receipts that come in time.
async fn send(
    context: &mut CommandContext,
    settings: SenderOptions,
    address: PushAddress,
    payload: &PayloadToSend,
    wait: Option<Duration>,
    client: Option<&ControlClient>,
) -> Result<SentPush, CommandFailure> {
    let sender = PushSender::connect(settings).await?;
    let followed = match address {
        PushAddress::Device(device) => FollowScope::Device(device),
        PushAddress::Group(_) => FollowScope::AllDevices,
    };
    // Subscribed before it publishes, so that no receipt is missed (contract 5).
    let receipts = match wait {
        Some(_) => Some(sender.follow(followed).await?),
        None => None,
    };
    sender.push_raw(address, payload.bytes.clone()).await?;
    if context.global.json {
        context.json_line(&serde_json::json!({ "id": payload.id }).to_string())?;
    } else {
        let id = payload.id.as_ref().map_or("without an id", NotificationId::as_str);
        context.page(&TextPage::of(PageLine::new().plain(format!("pushed {id}"))))?;
    }
    let printed = match (receipts, wait) {
        (Some(mut receipts), Some(limit)) => {
            print_receipts(context, &mut receipts, payload, address, limit, client).await
        }
        _ => Ok(false),
    };
    let largest_packet = sender.largest_packet();
    sender.stop().await;
    Ok(SentPush { any_receipt: printed?, largest_packet })
}

/// Prints the receipts that come in time: a device's one, or those of a group's devices, until none has come for a while.
/// Whether any came.
async fn print_receipts(
    context: &mut CommandContext,
    receipts: &mut ReceiptStream,
    payload: &PayloadToSend,
    address: PushAddress,
    limit: Duration,
    client: Option<&ControlClient>,
) -> Result<bool, CommandFailure> {
    let mut timeout = limit;
    let mut any = false;
    while let Ok(receipt) = tokio::time::timeout(timeout, next(receipts, payload)).await {
        print(context, &receipt?, client)?;
        any = true;
        timeout = limit.min(QUIET);
        if matches!(address, PushAddress::Device(_)) {
            break;
        }
    }
    Ok(any)
}

/// Prints a receipt; where nothing showed and the daemon here knows why, what would have made it show.
fn print(
    context: &mut CommandContext,
    receipt: &Receipt,
    client: Option<&ControlClient>,
) -> Result<(), CommandFailure> {
    let unseen = !matches!(receipt.outcome, Outcome::Presented(_));
    let explained = client.filter(|_| unseen).zip(receipt.notification_id.as_ref());
    let ways =
        explained.and_then(|(client, id)| client.explanation(Some(id)).ok()).map(|answer| answer.value.ways_to_show);
    let ways = ways.unwrap_or_default();
    if !context.global.json {
        let mut page = TextPage::of(log::line(receipt));
        explain::add_ways(&ways, &mut page);
        return context.page(&page);
    }
    let mut line = serde_json::to_value(receipt).map_err(anyhow::Error::from)?;
    if !ways.is_empty() {
        line["waysToShow"] = serde_json::to_value(ways).map_err(anyhow::Error::from)?;
    }
    context.json(&line)
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, CliCommand};
    use super::*;

    fn arguments(line: &[&str]) -> PushArgs {
        match Cli::try_parse_from([&["portal-agent", "push", "--here"], line].concat()).unwrap().verb {
            CliCommand::Push(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_text_is_a_title_a_body_and_an_id() {
        for text in ["-50% today", "--", "-", "--title", "-1", "", "%s", "\u{1f600}"] {
            let args = arguments(&["--title", text, "--body", text]);
            assert_eq!((args.title.as_deref(), args.body.as_deref()), (Some(text), Some(text)));
        }
        assert_eq!(arguments(&["--title", "T", "--body", "B", "--id", "-1"]).id.unwrap().as_str(), "-1");
    }
}
