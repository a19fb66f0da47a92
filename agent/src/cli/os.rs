//! `os update`: the platform's own update.

use super::{Context, Failure};
use crate::control::os::Update;

/// Arguments of `os`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent os update 26.1")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Move the device to a newer OS, with the documented effect on the permission
    #[command(
        after_help = "Examples:\n  portal-agent os update 26.1\n  portal-agent os update 13       an Android that asks for the permission at run time"
    )]
    Update {
        /// The newer version, such as 26.1, 16 or 12L
        version: String,
    },
}

/// Runs `os`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let What::Update { version } = &args.what;
    context.change(&Update { version: version.clone() })
}
