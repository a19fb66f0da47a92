//! `gateway`: Microsoft Graph's calls for emulated devices; and what was sent through it.
//!
//! Lives here: the arguments, and which of them is what. Does not live here: running it (`run`), finding one that runs (`file`),
//! asking it (`client`), printing what it answers (`sends`, `outcome_lines`).

mod ca;
mod client;
mod file;
mod outcome_lines;
mod report_page;
mod run;
mod sends;
mod serving;

use std::path::PathBuf;

use clap::Subcommand;

use super::{CommandContext, CommandFailure};
pub(super) use client::{GatewayClient, SendAddress};
pub(super) use outcome_lines::{OutcomeLines, is_answered};
pub(super) use serving::{GatewayAccess, ServedGateway};

/// Arguments of `gateway`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Without --tokens only the token in gateway.json, in the state directory, lets a caller in. A tokens file has a line
TOKEN ROLE [TENANT] for each caller; the roles are admin, helpdesk and reader. Several gateways on one broker do not share
their limits.

Examples:
  portal-agent gateway --tokens config/gateway-tokens.txt
  portal-agent gateway --broker mqtt://localhost:1883 --no-auth --listen 127.0.0.1:8080
  portal-agent gateway ca certificates
  portal-agent gateway sends
  portal-agent gateway follow 6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10")]
pub struct GatewayArgs {
    #[command(subcommand)]
    command: Option<GatewayCommand>,

    #[command(flatten)]
    run: run::GatewayRunArgs,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// Make certificates for --certificate, --key and --ca-file
    Ca {
        /// Where ca.pem, gateway.pem and gateway.key go
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// What was sent, with the counts of what became of it
    Sends {
        #[command(flatten)]
        place: GatewayPlace,
    },
    /// One send, until every device that it was for has answered
    Follow {
        /// The send's id: the answer's request-id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        place: GatewayPlace,
    },
    /// What the sends would have met in production: refused, too long, too many, refused by a device, shown to nobody
    Report {
        /// Write it as an HTML page that needs nothing else
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        #[command(flatten)]
        place: GatewayPlace,
    },
}

/// Which gateway is asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GatewayPlace {
    /// The gateway's address [default: that of gateway.json in the state directory]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// A file whose first line is the token
    #[arg(long, value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,

    /// The certificate authority of a gateway over https
    #[arg(long, value_name = "FILE", requires = "url")]
    pub ca_file: Option<PathBuf>,
}

impl GatewayArgs {
    /// Whether it is the gateway itself, whose settings say how it logs.
    pub(super) fn reads_settings(&self) -> bool {
        self.command.is_none()
    }
}

/// Runs `gateway`.
pub fn run(context: &mut CommandContext, args: &GatewayArgs) -> Result<(), CommandFailure> {
    match &args.command {
        None => run::run(context, &args.run),
        Some(GatewayCommand::Ca { directory }) => ca::run(context, directory),
        Some(GatewayCommand::Sends { place }) => sends::list(context, place),
        Some(GatewayCommand::Follow { id, place }) => sends::follow(context, place, id),
        Some(GatewayCommand::Report { html, place }) => sends::report(context, place, html.as_deref()),
    }
}
