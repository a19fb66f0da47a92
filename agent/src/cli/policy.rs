//! `policy …`: what device management enforces over the user's choice.

use portal_contract::StatusReport;

use super::page::{Line, Page};
use super::{Context, Failure, assignment};
use crate::control::policy::{Clear, Set};

/// Arguments of `policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent policy set NotificationsEnabled=false      iOS, iPadOS: supervised devices
  portal-agent policy set PermissionGrantState=granted    Android 13 and later
  portal-agent policy clear")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Each key that is enforced
    #[command(after_help = "Example:\n  portal-agent policy show")]
    Show,
    /// Enforce one
    #[command(after_help = "Example:\n  portal-agent policy set ShowInLockScreen=false")]
    Set {
        /// The key, by the payload's name, and its value
        #[arg(value_name = "NAME=VALUE", value_parser = assignment::parse)]
        assignment: (String, String),
    },
    /// Enforce nothing any more
    #[command(after_help = "Example:\n  portal-agent policy clear")]
    Clear,
}

/// Runs `policy`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match &args.what {
        What::Show => {
            let status = context.client()?.status()?;
            context.show(&status, page)
        }
        What::Set { assignment: (name, value) } => context.change(&Set { name: name.clone(), value: value.clone() }),
        What::Clear => context.change(&Clear {}),
    }
}

/// The page of `policy show`: a view of `status`.
pub fn page(status: &StatusReport) -> Page {
    let mut page = Page::new();
    for (name, value) in &status.policy {
        page.push(Line::new().plain(format!("{name}={value}")));
    }
    if status.policy.is_empty() {
        page.push(Line::new().plain("nothing is enforced"));
    }
    page
}
