//! `settings …`: the platform's own notification switches.

use portal_contract::StatusReport;

use super::page::{Line, Page};
use super::{Context, Failure, assignment};
use crate::control::settings::Set;

/// Arguments of `settings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent settings show
  portal-agent settings set showPreviews=never       iOS, iPadOS
  portal-agent settings set channelImportance=LOW    Android")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Each switch with its value
    #[command(after_help = "Example:\n  portal-agent settings show")]
    Show,
    /// Turn one
    #[command(after_help = "Example:\n  portal-agent settings set lockScreen=off")]
    Set {
        /// The switch, by the platform's name, and its new value
        #[arg(value_name = "NAME=VALUE", value_parser = assignment::parse)]
        assignment: (String, String),
    },
}

/// Runs `settings`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match &args.what {
        What::Show => {
            let status = context.client()?.status()?;
            context.show(&status, page)
        }
        What::Set { assignment: (name, value) } => context.change(&Set { name: name.clone(), value: value.clone() }),
    }
}

/// The page of `settings show`: a view of `status`.
pub fn page(status: &StatusReport) -> Page {
    let mut page = Page::new();
    for (name, value) in &status.settings {
        page.push(Line::new().plain(format!("{name}={value}")));
    }
    page
}
