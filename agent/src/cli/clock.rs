//! `clock advance`: the device's clock, not the computer's.

use std::time::Duration;

use super::{Context, Failure};
use crate::control::clock::Advance;
use portal_contract::duration;

/// Arguments of `clock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent clock advance 4h")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Move it forward: held pushes may expire, an uninstalled app's permission may be forgotten
    #[command(
        after_help = "Examples:\n  portal-agent clock advance 90s\n  portal-agent clock advance 1h30m\n  portal-agent clock advance 2d"
    )]
    Advance {
        /// By how much: 90s, 4h, 1h30m, 2d
        #[arg(value_parser = duration::parse)]
        duration: Duration,
    },
}

/// Runs `clock`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let What::Advance { duration: span } = args.what;
    context.change(&Advance { duration: duration::write(span) })
}
