//! `scenario facts`: documented behaviours against scenarios, as a page in Markdown.

use std::path::PathBuf;

use super::super::{CommandContext, CommandFailure};
use super::read;
use crate::scenario::coverage;

/// Arguments of `scenario facts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portal-agent scenario facts config/scenarios > config/scenarios/README.md")]
pub struct ScenarioFactsArgs {
    /// Files, and folders with *.yaml and *.yml in them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs `scenario facts`.
pub fn run(context: &mut CommandContext, args: &ScenarioFactsArgs) -> Result<(), CommandFailure> {
    let loaded = read(context, &args.paths)?;
    context.text(&coverage::page(&loaded.cases))
}
