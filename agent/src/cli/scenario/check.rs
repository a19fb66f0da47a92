//! `scenario check`: what is wrong with scenario files; nothing is run.

use std::path::PathBuf;

use serde_json::json;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::{json_line, read};

/// Arguments of `scenario check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent scenario check config/scenarios
  portal-agent scenario check my-test.yaml --json

Exit codes: 0 all of them are right; 2 one is not.")]
pub struct ScenarioCheckArgs {
    /// Files, folders with *.yaml and *.yml in them, FILE:LINE for the scenario in that line, - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs `scenario check`.
pub fn run(context: &mut CommandContext, args: &ScenarioCheckArgs) -> Result<(), CommandFailure> {
    let loaded = read(context, &args.paths)?;
    if context.global.json {
        return json_line(context, &json!({ "files": loaded.files, "cases": loaded.cases.len() }));
    }
    let files =
        if loaded.files == 1 { "1 file is right".to_owned() } else { format!("{} files are right", loaded.files) };
    let cases = if loaded.cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", loaded.cases.len()) };
    let line = PageLine::new().mark(true).plain(format!("{files}: {cases}"));
    context.page(&TextPage::of(line))
}
