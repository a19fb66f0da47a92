//! `retire`: the end of the enrollment.

use super::{Context, Failure};
use crate::control::retire::Retire;

/// Arguments of `retire`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent retire")]
pub struct Args {}

/// Runs `retire`.
pub fn run(context: &mut Context, _: &Args) -> Result<(), Failure> {
    context.change(&Retire {})
}
