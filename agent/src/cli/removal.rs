//! `retire`, `wipe`, `delete`: the end of the enrollment.

use super::{Context, Failure};
use crate::control::removal::{Delete, Retire, Stage, Wipe};

/// Arguments of `retire`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent retire
  portal-agent retire --pending     waits for the device to check in: device online, or syncDevice")]
pub struct RetireArgs {
    #[command(flatten)]
    stage: StageArgs,
}

/// Arguments of `wipe`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent wipe --pending")]
pub struct WipeArgs {
    #[command(flatten)]
    stage: StageArgs,
}

/// Arguments of `delete`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent delete")]
pub struct DeleteArgs {
    /// Wait for the device to check in
    #[arg(long)]
    pending: bool,
}

#[derive(Debug, clap::Args)]
struct StageArgs {
    /// Wait for the device to check in
    #[arg(long, conflicts_with = "issued")]
    pending: bool,

    /// It was handed to the device, which carries it out at its next check-in
    #[arg(long)]
    issued: bool,
}

impl StageArgs {
    fn stage(&self) -> Option<Stage> {
        match (self.pending, self.issued) {
            (true, _) => Some(Stage::Pending),
            (false, true) => Some(Stage::Issued),
            (false, false) => None,
        }
    }
}

/// Runs `retire`.
pub fn retire(context: &mut Context, args: &RetireArgs) -> Result<(), Failure> {
    context.change(&Retire { stage: args.stage.stage() })
}

/// Runs `wipe`.
pub fn wipe(context: &mut Context, args: &WipeArgs) -> Result<(), Failure> {
    context.change(&Wipe { stage: args.stage.stage() })
}

/// Runs `delete`.
pub fn delete(context: &mut Context, args: &DeleteArgs) -> Result<(), Failure> {
    context.change(&Delete { stage: args.pending.then_some(Stage::Pending) })
}
