//! `play-services …`: Google Play Services, on Android.

use super::{Context, Failure};
use crate::control::play_services::{Install, Remove};

/// Arguments of `play-services`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent play-services remove
  portal-agent play-services install")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Install it
    #[command(after_help = "Example:\n  portal-agent play-services install")]
    Install,
    /// Remove it
    #[command(after_help = "Example:\n  portal-agent play-services remove")]
    Remove,
}

/// Runs `play-services`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match args.what {
        What::Install => context.change(&Install {}),
        What::Remove => context.change(&Remove {}),
    }
}
