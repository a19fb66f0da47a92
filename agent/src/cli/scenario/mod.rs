//! `scenario`: permission-denied testing as files.
//!
//! Lives here: its commands, one file each, and what they share: reading the files, and telling what is wrong with them.
//! Does not live here: what a scenario is and how it runs (`scenario`).

mod check;
mod facts;
mod record;
mod run;
mod show;
mod watch;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Subcommand;

use super::page::harmless_json;
use super::{CommandContext, CommandFailure, failure};
use crate::control::ApiError;
use crate::scenario::files::{LoadedScenarios, PathError, load, load_all};
use crate::scenario::{InvalidFile, schema, script_schema};

/// Arguments of `scenario`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A scenario is a YAML document: a device, what happens to it, and what must follow.

  name: Denied once, and iOS never asks again
  facts: [\"4.1.4\"]
  device: {platform: ios, permission: denied}
  steps:
    - permission: prompt
    - expect: {prompt: notShowing, status: {promptsShown: 1}}
    - push:
    - expect: {outcome: withheld, unmet: [notificationsPermitted]}

config/scenarios holds many to begin with.")]
pub struct ScenarioArgs {
    #[command(subcommand)]
    verb: ScenarioSubcommand,
}

#[derive(Debug, Subcommand)]
enum ScenarioSubcommand {
    /// Run scenario files and the files of folders; 1 if an expectation did not hold
    Run(run::ScenarioRunArgs),
    /// Say what is wrong with scenario files and presenters' scripts, with file, line and column; run nothing
    Check(check::ScenarioCheckArgs),
    /// Watch the running device, and write what happened as a scenario file
    Record(record::ScenarioRecordArgs),
    /// Print the JSON Schema of a scenario file, for editors; with --script that of a presenter's script
    Schema(ScenarioSchemaArgs),
    /// Print which documented behaviours the scenarios of some files rest on, as a page in Markdown
    Facts(facts::ScenarioFactsArgs),
}

/// Arguments of `scenario schema`.
#[derive(Debug, clap::Args)]
struct ScenarioSchemaArgs {
    /// That of a file of `panel --script`
    #[arg(long)]
    script: bool,
}

impl ScenarioArgs {
    /// Whether the command starts logging itself, since its settings may say how.
    pub fn reads_settings(&self) -> bool {
        matches!(self.verb, ScenarioSubcommand::Run(_))
    }
}

/// Runs `scenario`.
pub fn run(context: &mut CommandContext, args: &ScenarioArgs) -> Result<(), CommandFailure> {
    match &args.verb {
        ScenarioSubcommand::Run(args) => run::run(context, args),
        ScenarioSubcommand::Check(args) => check::run(context, args),
        ScenarioSubcommand::Schema(args) => {
            let schema = if args.script { script_schema() } else { schema() };
            context.text(&(serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"))
        }
        ScenarioSubcommand::Record(args) => record::run(context, args),
        ScenarioSubcommand::Facts(args) => facts::run(context, args),
    }
}

/// Reads the files. Where one of them is not right, tells everything that is wrong and gives up: nothing is run then.
fn read(context: &CommandContext, paths: &[PathBuf]) -> Result<LoadedScenarios, CommandFailure> {
    all_right(context, load(paths))
}

/// As [`read`], and reads presenters' scripts, too.
fn read_all(context: &CommandContext, paths: &[PathBuf]) -> Result<LoadedScenarios, CommandFailure> {
    all_right(context, load_all(paths))
}

/// What was read. Where one of the files is not right, tells everything that is wrong and gives up.
fn all_right(
    context: &CommandContext,
    loaded: Result<LoadedScenarios, PathError>,
) -> Result<LoadedScenarios, CommandFailure> {
    let loaded = loaded.map_err(|error| {
        let hint = match error {
            PathError::Unreadable { .. } => "name a file or folder that is there and that you may read",
            PathError::Empty(_) => "name another folder",
            PathError::Script(_) => "portal-agent panel --script FILE plays it, scenario check FILE reads it",
            PathError::NoScenarioThere { .. } => "name a line of the scenario that is meant",
            PathError::TooDeep(_) => "name that folder itself, or keep scenarios less deep",
            PathError::DanglingLink(_) => "remove the link, or have it lead to a file",
        };
        CommandFailure::configuration(error.to_string(), hint)
    })?;
    if loaded.wrong.is_empty() {
        return Ok(loaded);
    }
    tell(context.global.json, &loaded.wrong);
    let problems: usize = loaded.wrong.iter().map(|wrong| wrong.problems.len()).sum();
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let message = format!(
        "{} in {} of {}; nothing was run",
        counted(problems, "mistake"),
        loaded.wrong.len(),
        counted(loaded.files, "file")
    );
    Err(CommandFailure::configuration(message, "each is shown above with its place"))
}

pub(super) fn tell(json: bool, wrong: &[InvalidFile]) {
    let mut stderr = anstream::stderr();
    for file in wrong {
        if json {
            for problem in &file.problems {
                let message = format!("{}: {}", problem.at, problem.message);
                failure::report(ApiError::new("scenarioFile", message, problem.hint.clone()), true, &mut stderr);
            }
        } else {
            // Where standard error is closed there is nobody to tell.
            let _ = writeln!(stderr, "{}\n", file.show(std::io::stderr().is_terminal()));
        }
    }
}

/// One object in one line.
fn json_line(context: &mut CommandContext, value: &serde_json::Value) -> Result<(), CommandFailure> {
    context.json_line(&harmless_json(&value.to_string()))
}
