//! `gateway` itself: from arguments and settings to a gateway that runs until it is interrupted.
//!
//! Lives here: the checks before it starts, and its files. Does not live here: what it answers (`gateway`, `portal_graph`).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portal_contract::Tenant;
use portal_contract::timestamp::millis;
use portal_graph::{Directory, Gateway, LimitSettings, Role, TokenTable};
use serde_json::json;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::file::{GATEWAY_FILE, GatewayFile};
use crate::daemon::{interrupted, sender_settings};
use crate::gateway::{GatewayError, GatewayOptions, RunningGateway};
use crate::input_file;
use crate::sender::{BrokerUrl, SenderOptions};
use crate::settings::Settings;
use crate::state_dir::StateDir;

/// The groups of all tenants, in the state directory.
const GROUPS_FILE: &str = "gateway-groups.json";
/// The most that is read of it.
const LARGEST_GROUPS: usize = 256 * 1024 * 1024;

/// What `gateway` is started with.
#[derive(Debug, clap::Args)]
pub(super) struct GatewayRunArgs {
    /// Where it listens [default: 127.0.0.1 and a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// The broker: mqtt:// or mqtts://; repeated: tried in turn [default: the one that push uses]
    #[arg(long = "broker", value_name = "URL")]
    brokers: Vec<BrokerUrl>,

    /// Who may call: a line TOKEN ROLE [TENANT] each
    #[arg(long, value_name = "FILE", conflicts_with = "no_auth")]
    tokens: Option<PathBuf>,

    /// Everybody on this computer may call, as admin
    #[arg(long)]
    no_auth: bool,

    /// The authority that signed the certificate, for this program's own commands
    #[arg(long, value_name = "FILE", requires = "certificate")]
    ca_file: Option<PathBuf>,

    /// The certificate, for https
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,

    /// Its key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

/// Runs the gateway until it is interrupted.
pub(super) fn run(context: &mut CommandContext, args: &GatewayRunArgs) -> Result<(), CommandFailure> {
    let urls = args.brokers.iter().map(|url| ("sender.urls".to_owned(), url.to_string())).collect();
    let loaded = context.settings(urls)?;
    context.start_logging(&loaded.settings, None);
    let listen = args.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    check_listen(args, listen)?;
    let state_dir = StateDir::open(&context.global.state_dir()?)?;
    let brokers = brokers(context, args, &loaded.settings)?;
    // Callers' tokens come from the file; this program's own commands have one that lies beside the address.
    let own_token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let tokens = tokens(args, &own_token)?;
    let tenant = brokers.first().map(|options| options.tenant.clone()).unwrap_or_default();
    let gateway = Gateway::new(tokens, tenant, groups(&state_dir)?, limits(&loaded.settings));
    let keeper = state_dir.clone();
    let options = GatewayOptions {
        listen,
        certificate: args.certificate.clone().zip(args.key.clone()),
        brokers,
        gateway,
        open: args.no_auth,
        keep_groups: Arc::new(move |bytes| {
            if let Err(error) = keeper.write_private(GROUPS_FILE, &bytes) {
                tracing::warn!("the groups are not kept over a restart: {error}");
            }
        }),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    runtime.block_on(serve(context, args, &state_dir, options, own_token))
}

async fn serve(
    context: &mut CommandContext,
    args: &GatewayRunArgs,
    state_dir: &StateDir,
    options: GatewayOptions,
    token: String,
) -> Result<(), CommandFailure> {
    // Before it starts, so that a signal that comes meanwhile is not lost.
    let interrupted = interrupted();
    let gateway = RunningGateway::start(options).await.map_err(not_started)?;
    let ca_file = args.ca_file.as_deref().map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let file = GatewayFile { url: gateway.url().to_owned(), pid: std::process::id(), token, ca_file };
    file.write(state_dir)?;
    // Said once devices are known, or are known not to be: whoever reads the line may send.
    let served = async {
        // What keeps it from the broker is in the log, and in the answers.
        let _ = gateway.connected().await;
        tell(context, gateway.url())?;
        std::future::pending::<Result<(), CommandFailure>>().await
    };
    let ended = tokio::select! {
        () = interrupted => Ok(()),
        ended = served => ended,
    };
    let removed = state_dir.remove(GATEWAY_FILE);
    gateway.stop().await;
    ended.and(Ok(removed?))
}

fn tell(context: &mut CommandContext, url: &str) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json(&json!({ "url": url }));
    }
    context.page(&TextPage::of(PageLine::new().plain("Graph's calls are answered at ").strong(format!("{url}/beta"))))
}

fn not_started(error: GatewayError) -> CommandFailure {
    match error {
        GatewayError::Listen { .. } => {
            CommandFailure::operation("notStarted", error.to_string(), "--listen 127.0.0.1:0 takes a free port")
        }
        GatewayError::Tls(_) => {
            CommandFailure::configuration(error.to_string(), "portal-agent gateway ca DIR makes certificates")
        }
    }
}

/// Whom it may listen to: everybody on this computer without a token, others only with a token that nobody can read on its way.
fn check_listen(args: &GatewayRunArgs, listen: SocketAddr) -> Result<(), CommandFailure> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    if args.no_auth {
        let message = format!("without tokens the gateway listens on loopback only, not on {listen}");
        return Err(CommandFailure::configuration(message, "add --tokens FILE, or listen on 127.0.0.1"));
    }
    if args.certificate.is_none() {
        let message = format!("tokens would cross the network in clear to {listen}");
        return Err(CommandFailure::configuration(message, "add --certificate and --key, or listen on 127.0.0.1"));
    }
    Ok(())
}

fn brokers(
    context: &CommandContext,
    args: &GatewayRunArgs,
    settings: &Settings,
) -> Result<Vec<SenderOptions>, CommandFailure> {
    let state_dir = context.global.state_dir()?;
    // As `push` finds its broker: the daemon's, where one runs and no other is named.
    let daemon = if args.brokers.is_empty() { context.daemon().ok() } else { None };
    let status = daemon.and_then(|daemon| daemon.status().ok());
    let first = sender_settings(settings, status.as_ref().map(|answer| &answer.value), &state_dir)?;
    let more = args.brokers.iter().skip(1).map(|url| SenderOptions { url: url.clone(), ..first.clone() });
    let brokers: Vec<SenderOptions> = [first.clone()].into_iter().chain(more).collect();
    brokers.iter().try_for_each(SenderOptions::check)?;
    Ok(brokers)
}

fn tokens(args: &GatewayRunArgs, own: &str) -> Result<Option<TokenTable>, CommandFailure> {
    if args.no_auth {
        return Ok(None);
    }
    let mut table = match &args.tokens {
        None => TokenTable::default(),
        Some(path) => {
            let wrong = |why: String| {
                let message = format!("the tokens file {} {why}", path.display());
                CommandFailure::configuration(message, "config/gateway-tokens.txt is a sample")
            };
            let text = input_file::read_text(path).map_err(|error| wrong(error.to_string()))?;
            TokenTable::parse(&text).map_err(|error| wrong(format!("is not right: {error}")))?
        }
    };
    table.add(own.to_owned(), Role::Admin);
    Ok(Some(table))
}

/// The groups that an earlier gateway of this state directory kept.
fn groups(state_dir: &StateDir) -> Result<BTreeMap<Tenant, Directory>, CommandFailure> {
    let path: PathBuf = state_dir.path().join(GROUPS_FILE);
    if !Path::new(&path).exists() {
        return Ok(BTreeMap::new());
    }
    let wrong = |why: String| {
        let message = format!("{} {why}", path.display());
        CommandFailure::configuration(message, "remove it; groups that devices are in are learned from the broker")
    };
    let bytes = input_file::read(&path, LARGEST_GROUPS).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|_| wrong("is not what a gateway writes".to_owned()))
}

fn limits(settings: &Settings) -> LimitSettings {
    LimitSettings {
        tenant_messages: settings.gateway.tenant_messages,
        device_messages: settings.gateway.device_messages,
        window_millis: millis(settings.gateway.window),
    }
}
