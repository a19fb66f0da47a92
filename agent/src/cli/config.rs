//! `config …`: the settings in force.

use super::page::{Line, Page};
use super::{Context, Failure};
use crate::daemon::{ConfigurationError, Options, sender_settings};
use crate::settings::Loaded;

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent config show
  portal-agent --config test.toml config check")]
pub struct Args {
    /// What is asked for.
    #[command(subcommand)]
    pub what: What,
}

/// The two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
pub enum What {
    /// Each setting with its value and where it comes from; secrets are redacted
    #[command(after_help = "Example:\n  portal-agent config show --json")]
    Show,
    /// Whether the settings make sense: exit code 2 if not
    #[command(after_help = "Example:\n  portal-agent --config test.toml config check")]
    Check,
}

/// Runs `config`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let loaded = context.settings(Vec::new())?;
    match args.what {
        What::Show if context.global.json => {
            let settings = serde_json::json!({ "settings": loaded.origins });
            context.json_line(&settings.to_string())
        }
        What::Show => context.page(&page(&loaded)),
        What::Check => check(context, &loaded),
    }
}

/// Everything that can be wrong without a start: each setting, and that together they make sense.
fn check(context: &mut Context, loaded: &Loaded) -> Result<(), Failure> {
    let options = Options::from_settings(&loaded.settings, context.global.state_dir()?);
    match options {
        Ok(options) => options.check()?,
        // A broker may be named on the command line of `run`, and by the daemon for `push`.
        Err(ConfigurationError::NoBroker) => {}
        Err(error) => return Err(error.into()),
    }
    match sender_settings(&loaded.settings, None) {
        Ok(_) | Err(ConfigurationError::NoBroker) => {}
        Err(error) => return Err(error.into()),
    }
    if context.global.json {
        return context.json_line(r#"{"ok":true}"#);
    }
    context.page(&Page::of(Line::new().good("the settings make sense")))
}

fn page(loaded: &Loaded) -> Page {
    let mut page = Page::new();
    let width = loaded.origins.iter().map(|setting| setting.key.len()).max().unwrap_or_default();
    for setting in &loaded.origins {
        let line = Line::new().plain(format!("{:<width$}  {}", setting.key, setting.value));
        page.push(line.dim(format!("  ({})", setting.origin)));
    }
    page
}
