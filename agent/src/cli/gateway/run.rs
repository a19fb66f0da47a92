//! `gateway` itself: from arguments and settings to a gateway that runs until it is interrupted.
//!
//! Lives here: the checks before it starts. Does not live here: its files (`serving`), what it answers (`gateway`, `portal_graph`).

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use portal_graph::{Faults, TokenTable};
use serde_json::json;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::serving::{GatewayAccess, ServedGateway};
use crate::daemon::{interrupted, sender_settings};
use crate::input_file;
use crate::sender::{BrokerUrl, SenderOptions};
use crate::settings::Settings;
use crate::state_dir::StateDir;

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

    /// Faults on purpose, to try a sender's retries: latency=200ms,throttle=0.1,burst=3,unavailable=0.05,lost=0.1,seed=7
    #[arg(long, value_name = "NAME=VALUE,…")]
    faults: Option<Faults>,
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
    let access = GatewayAccess {
        listen,
        tokens: tokens(args)?,
        certificate: args.certificate.clone().zip(args.key.clone()),
        ca_file: args.ca_file.clone(),
        faults: args.faults.clone(),
        tell_sends: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    runtime.block_on(async {
        // Before it starts, so that a signal that comes meanwhile is not lost.
        let interrupted = interrupted();
        let served = ServedGateway::start(&state_dir, &loaded.settings.gateway, brokers, access).await?;
        let told = async {
            // Said once devices are known, or are known not to be: whoever reads the line may send.
            served.settled().await;
            tell(context, served.url())?;
            std::future::pending::<Result<(), CommandFailure>>().await
        };
        let ended = tokio::select! {
            () = interrupted => Ok(()),
            ended = told => ended,
        };
        let stopped = served.stop().await;
        ended.and(stopped)
    })
}

fn tell(context: &mut CommandContext, url: &str) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json(&json!({ "url": url }));
    }
    context.page(&TextPage::of(PageLine::new().plain("Graph's calls are answered at ").strong(format!("{url}/beta"))))
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

fn tokens(args: &GatewayRunArgs) -> Result<Option<TokenTable>, CommandFailure> {
    if args.no_auth {
        return Ok(None);
    }
    let table = match &args.tokens {
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
    Ok(Some(table))
}
