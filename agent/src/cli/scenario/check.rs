//! `scenario check`: what is wrong with scenario files and presenters' scripts; nothing is run.

use std::path::PathBuf;

use serde_json::json;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::{json_line, read_all};

/// Arguments of `scenario check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent scenario check config/scenarios
  portal-agent scenario check my-test.yaml --json
  portal-agent scenario check config/scripts

Exit codes: 0 all of them are right; 2 one is not.")]
pub struct ScenarioCheckArgs {
    /// Files, folders with *.yaml and *.yml in them, FILE:LINE for the scenario in that line, - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs `scenario check`.
pub fn run(context: &mut CommandContext, args: &ScenarioCheckArgs) -> Result<(), CommandFailure> {
    let loaded = read_all(context, &args.paths)?;
    let (files, cases, scripts) = (loaded.files, loaded.cases.len(), loaded.scripts.len());
    if context.global.json {
        return json_line(context, &json!({ "files": files, "cases": cases, "scripts": scripts }));
    }
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let verb = if files == 1 { "is" } else { "are" };
    let held = match (cases, scripts) {
        (cases, 0) => counted(cases, "case"),
        (0, scripts) => counted(scripts, "script"),
        (cases, scripts) => format!("{}, {}", counted(cases, "case"), counted(scripts, "script")),
    };
    let line = PageLine::new().mark(true).plain(format!("{} {verb} right: {held}", counted(files, "file")));
    context.page(&TextPage::of(line))
}
