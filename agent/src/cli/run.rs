//! `run`: the daemon, in the foreground.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use portal_contract::{DeviceId, DeviceName, OperatingSystem, SettingsInForce, Tenant};
use tracing::warn;

use super::gateway::{GatewayAccess, ServedGateway};
use super::log_file::LogFile;
use super::{CommandContext, CommandFailure, run_lines};
use crate::broker::BrokerUrl;
use crate::control::{ClientError, RunningDevice};
use crate::daemon::{Daemon, Options, ReadyNotice, interrupted, sender_settings};
use crate::desktop;
use crate::library_error::os_reason;
use crate::output_file;
use crate::settings::Settings;
use crate::state_dir::StateDir;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first start makes the device; later ones keep what the state directory holds, and refuse a contradiction.
Only the device's name may change.

Without a broker the daemon brings its own, as with --embedded-broker. It prints a line for each push and its outcome, each
prompt and each change, unless --quiet; with --json one object once it is online, and no more.

Examples:
  portal-agent run
  portal-agent run --broker mqtts://broker.contoso.example --platform android
  portal-agent run --broker mqtt://localhost:1883 --notifier console --log-level debug")]
pub struct RunArgs {
    /// The broker: mqtt:// or mqtts://; repeated: tried in turn
    #[arg(long = "broker", value_name = "URL", conflicts_with = "embedded_broker")]
    pub brokers: Vec<BrokerUrl>,

    /// A broker of its own, on loopback and a free port unless HOST:PORT says otherwise
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, value_parser = listen_address)]
    pub embedded_broker: Option<Option<SocketAddr>>,

    /// How notifications are shown
    #[arg(long, value_enum, value_name = "native|console", hide_possible_values = true)]
    pub notifier: Option<NotifierOption>,

    /// The device's platform [default: ios]
    #[arg(long, value_name = "ios|ipados|android")]
    pub platform: Option<OperatingSystem>,

    /// The platform's version [default: 27; Android 17]
    #[arg(long, value_name = "V")]
    pub os_version: Option<String>,

    /// The device's id [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub device_id: Option<DeviceId>,

    /// The device's name
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub device_name: Option<DeviceName>,

    /// The tenant that its topics name [default: contoso]
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<Tenant>,

    /// Microsoft Graph's calls for the daemon's broker, too: see portal-agent gateway
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, value_parser = listen_address)]
    pub gateway: Option<Option<SocketAddr>>,

    /// Writes one JSON object to FILE once every device is online, for scripts that wait for it
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    /// Prints no line for each push, prompt and change
    #[arg(long)]
    pub quiet: bool,

    /// Logs to FILE instead of standard error; at 4 MiB it is renamed to FILE.1, and a new one begins
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Renames a journal that is damaged, and begins a new one, with a new device
    #[arg(long)]
    pub set_damaged_journal_aside: bool,
}

/// How notifications are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NotifierOption {
    /// On the desktop.
    Native,
    /// Printed to standard output.
    Console,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let resolved = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    resolved.ok_or_else(|| {
        format!("{text:?} is no address to listen on; write HOST:PORT, as in 127.0.0.1:1883; port 0 is a free one")
    })
}

impl RunArgs {
    /// The settings that these arguments are, by key.
    fn settings(&self) -> Vec<(String, String)> {
        let brokers = self.brokers.iter().map(|url| ("broker.urls", url.to_string()));
        let embedded = match (self.embedded_broker, self.brokers.is_empty()) {
            (Some(address), _) => Some(address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into()).to_string()),
            // A broker that is named takes the place of an embedded one in the file: an empty text takes a value away.
            (None, false) => Some(String::new()),
            (None, true) => None,
        };
        let notifier = self.notifier.map(|notifier| match notifier {
            NotifierOption::Native => "native".to_owned(),
            NotifierOption::Console => "console".to_owned(),
        });
        let single = [
            ("embedded_broker.listen", embedded),
            ("notifier.kind", notifier),
            ("device.platform", self.platform.map(|platform| platform.to_string())),
            ("device.os_version", self.os_version.clone()),
            ("device.id", self.device_id.map(|id| id.to_string())),
            ("device.name", self.device_name.as_ref().map(ToString::to_string)),
            ("device.tenant", self.tenant.as_ref().map(ToString::to_string)),
        ];
        let single = single.into_iter().filter_map(|(key, value)| Some((key, value?)));
        brokers.chain(single).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Runs `run`.
pub fn run(context: &mut CommandContext, args: &RunArgs) -> Result<(), CommandFailure> {
    let loaded = context.settings(args.settings())?;
    context.start_logging(&loaded.settings, args.log_file.as_deref().map(open_log).transpose()?);
    for notice in &loaded.notices {
        warn!("{notice}");
    }
    let gateway_at = args.gateway.map(|listen| listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into()));
    if let Some(listen) = gateway_at.filter(|listen| !listen.ip().is_loopback()) {
        let message = format!("--gateway listens on loopback only, not on {listen}");
        return Err(CommandFailure::configuration(
            message,
            "portal-agent gateway takes a certificate for other addresses",
        ));
    }
    let options = Options {
        set_damaged_journal_aside: args.set_damaged_journal_aside,
        settings_in_force: SettingsInForce { settings: loaded.origins.clone() },
        ..Options::from_settings(&loaded.settings, context.global.state_dir()?)?
    };
    if let Some(path) = &args.ready_file {
        remove_stale(path)?;
    }
    let called_by = options.called_by.clone();
    let named_broker = !loaded.settings.broker.urls.is_empty() || loaded.settings.embedded_broker.listen.is_some();
    let ended = desktop::beside_main_thread(|| {
        let runtime =
            // The main thread stays free of the runtime: on macOS it belongs to the desktop's event loop.
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
        runtime.block_on(async {
            // Before the daemon starts, so that a signal that comes while it starts is not lost.
            let interrupted = interrupted();
            let daemon = Daemon::start(options).await?;
            let mut gateway = match gateway_at {
                None => None,
                Some(listen) => match serve_gateway(context, &daemon, &loaded.settings, listen).await {
                    Ok(served) => Some(served),
                    Err(failure) => {
                        daemon.run_until(async {}).await?;
                        return Err(failure);
                    }
                },
            };
            if let Some(served) = gateway.as_ref().filter(|_| !args.quiet && !context.global.json) {
                context.text(&format!(
                    "Graph's calls are answered at {}/beta; the token is in gateway.json.\n",
                    served.url()
                ))?;
            }
            if !named_broker && !args.quiet && !context.global.json {
                introduce(context, &called_by)?;
            }
            let host = daemon.host().clone();
            let lines = (!args.quiet && !context.global.json).then(|| {
                tokio::spawn(run_lines::print(host.clone(), host.ending(), host.device_count(), called_by.clone()))
            });
            // Nobody waits otherwise, and each device that comes online would be looked at for nothing.
            let is_awaited = context.global.json || args.ready_file.is_some();
            let told = async {
                match ReadyNotice::once_online(&host).await {
                    Some(ready) => tell_ready(context, args.ready_file.as_deref(), &ready),
                    None => Ok(()),
                }
            };
            let mut failure = None;
            let ended = daemon
                .run_until(async {
                    // Whoever waits for the daemon by a file that cannot be written would wait for ever: it ends, cleanly.
                    tokio::select! {
                        () = interrupted => {}
                        Err(untold) = told, if is_awaited => failure = Some(untold),
                    }
                    // Before its broker goes.
                    if let Some(served) = gateway.take()
                        && let Err(kept) = served.stop().await
                    {
                        failure.get_or_insert(kept);
                    }
                })
                .await;
            // `portal-agent stop` ends the host by itself, and no signal comes.
            if let Some(served) = gateway.take()
                && let Err(kept) = served.stop().await
            {
                failure.get_or_insert(kept);
            }
            if let Some(lines) = lines {
                // It follows the host and would wait for a device's next event.
                lines.abort();
            }
            failure.map_or(Ok(ended?), Err)
        })
    });
    if let Some(path) = &args.ready_file {
        remove_stale(path)?;
    }
    ended
}

/// Serves Graph's calls for the broker that the daemon is on.
async fn serve_gateway(
    context: &CommandContext,
    daemon: &Daemon,
    settings: &Settings,
    listen: SocketAddr,
) -> Result<ServedGateway, CommandFailure> {
    let state_dir = StateDir::open(&context.global.state_dir()?)?;
    let status =
        daemon.first_device().status().await.map_err(|error| CommandFailure::Client(ClientError::Api(error)))?;
    let broker = sender_settings(settings, Some(&status), state_dir.path())?;
    let access = GatewayAccess::of_this_user(listen, daemon.gateway_sends());
    ServedGateway::start(&state_dir, &settings.gateway, vec![broker], access).await
}

/// The folder may not be there yet: it is the state directory's, say, and this the first start.
fn open_log(path: &Path) -> Result<LogFile, CommandFailure> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let opened = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| LogFile::open(path));
    opened.map_err(|error| {
        let message = format!("--log-file {}: {}", path.display(), os_reason(&error));
        CommandFailure::configuration(message, "name a file that may be written")
    })
}

/// A file that an earlier daemon left says nothing of this one. Found out before the start, as is a path that cannot be
/// written to.
fn remove_stale(path: &Path) -> Result<(), CommandFailure> {
    let refused = |why: &str| {
        let message = format!("--ready-file {}: {why}", path.display());
        CommandFailure::configuration(message, "name a file in a folder that exists and may be written")
    };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Err(refused("it is a folder")),
        // A device or a pipe is written to, and never taken away.
        Ok(found) if !found.is_file() => Ok(()),
        Ok(_) => std::fs::remove_file(path).map_err(|error| refused(&os_reason(&error))),
        Err(_) if folder.is_some_and(|folder| !folder.is_dir()) => Err(refused("its folder does not exist")),
        Err(_) => Ok(()),
    }
}

/// What to do next, for whoever started a daemon without saying which broker.
fn introduce(context: &mut CommandContext, called_by: &str) -> Result<(), CommandFailure> {
    context.text(&format!(
        "No broker is named, so this daemon runs its own; {called_by} status shows its address. In another terminal:\n\
         \x20 {called_by} device set-up\n\
         \x20 {called_by} push Hello World\n\
         \x20 {called_by} explain\n",
    ))
}

fn tell_ready(context: &mut CommandContext, file: Option<&Path>, ready: &ReadyNotice) -> Result<(), CommandFailure> {
    if context.global.json {
        context.json(ready)?;
    }
    let Some(path) = file else { return Ok(()) };
    let text = serde_json::to_string(ready).map_err(|error| CommandFailure::Other(error.into()))?;
    output_file::write(path, format!("{text}\n").as_bytes()).map_err(|reason| {
        let message = format!("--ready-file {}: {reason}", path.display());
        CommandFailure::operation("output", message, "name a file in a folder that exists and may be written")
    })
}
