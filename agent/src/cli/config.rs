//! `config …`: the settings in force.

use std::collections::BTreeSet;
use std::path::Path;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use crate::control::ClientError;
use crate::daemon::{ConfigurationError, Options, sender_settings};
use crate::settings::{KeyOrigin, Settings};

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent config show
  portal-agent --config test.toml config check")]
pub struct ConfigArgs {
    /// What is asked for.
    #[command(subcommand)]
    pub what: ConfigSubcommand,
}

/// The two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
pub enum ConfigSubcommand {
    /// Each setting with its value and where it comes from, of the running daemon where one runs; secrets are redacted
    #[command(after_help = "Example:\n  portal-agent config show --json")]
    Show,
    /// Whether the settings make sense: exit code 2 if not
    #[command(after_help = "Example:\n  portal-agent --config test.toml config check")]
    Check,
}

/// Runs `config`.
pub fn run(context: &mut CommandContext, args: &ConfigArgs) -> Result<(), CommandFailure> {
    match args.what {
        ConfigSubcommand::Show => show(context),
        ConfigSubcommand::Check => check(context),
    }
}

/// What the running daemon was started with; without one, what the next start would find.
fn show(context: &mut CommandContext) -> Result<(), CommandFailure> {
    let running = match context.daemon() {
        // A demo has no settings.
        Ok(daemon) => Some(daemon.settings_in_force()?.value.settings).filter(|settings| !settings.is_empty()),
        Err(CommandFailure::Client(ClientError::NoDaemon(_))) => None,
        Err(error) => return Err(error),
    };
    let is_running = running.is_some();
    let origins = match running {
        Some(origins) => origins,
        None => context.settings(Vec::new())?.origins,
    };
    if context.global.json {
        let settings = serde_json::json!({ "settings": origins, "running": is_running });
        return context.json_line(&settings.to_string());
    }
    let mut page = page(&origins);
    let note = if is_running { "in force in the running daemon" } else { "as the next run would have them: none runs" };
    page.push(PageLine::new().dim(note));
    context.page(&page)
}

/// Everything that can be wrong without a start: each setting, and that together they make sense.
fn check(context: &mut CommandContext) -> Result<(), CommandFailure> {
    let loaded = Settings::read(&context.sources(Vec::new())).map_err(|errors| {
        CommandFailure::all([*errors.first].into_iter().chain(errors.rest).map(CommandFailure::from))
    })?;
    let settings = &loaded.settings;
    // All of it is reported, so that nobody corrects one mistake only to hear of the next.
    let mut failures: Vec<CommandFailure> = Vec::new();
    match Options::from_settings(settings, context.global.state_dir()?) {
        Ok(options) => failures.extend(options.check().err().map(CommandFailure::from)),
        Err(error) => failures.push(error.into()),
    }
    match sender_settings(settings, None, Path::new("")) {
        Ok(sender) => {
            failures.extend(sender.check().err().map(|error| CommandFailure::configuration(error.to_string(), "")));
        }
        // The daemon that runs names one for `push`.
        Err(ConfigurationError::NoBroker) => {}
        Err(error) => failures.push(error.into()),
    }
    // What [sender] takes from [broker] is wrong once, and said once.
    let mut said = BTreeSet::new();
    failures.retain(|failure| said.insert(failure.to_string()));
    if !failures.is_empty() {
        return Err(CommandFailure::all(failures));
    }
    if context.global.json {
        return context.json_line(&serde_json::json!({ "ok": true, "notices": loaded.notices }).to_string());
    }
    let mut page = TextPage::of(PageLine::new().good("the settings make sense"));
    for notice in loaded.notices {
        page.push(PageLine::new().plain(format!("note: {notice}")));
    }
    context.page(&page)
}

fn page(origins: &[KeyOrigin]) -> TextPage {
    let mut page = TextPage::new();
    let width = origins.iter().map(|setting| setting.key.len()).max().unwrap_or_default();
    for setting in origins {
        let line = PageLine::new().plain(format!("{:<width$}  {}", setting.key, setting.value));
        page.push(line.dim(format!("  ({})", setting.origin)));
    }
    page
}
