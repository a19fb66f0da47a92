//! `permission …`: the notification permission.

use portal_contract::StatusReport;

use super::page::{Line, Page};
use super::{Context, Failure, changed};
use crate::control::permission::{Allow, Deny, Dismiss, Keep, Prompt, Reset, TurnOff};

/// Arguments of `permission`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent permission show
  portal-agent permission deny       answers the prompt, or turns the switch in Settings off
  portal-agent permission allow")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How it stands
    #[command(after_help = "Example:\n  portal-agent permission show")]
    Show,
    /// Have the app ask, where the platform lets it
    #[command(after_help = "Example:\n  portal-agent permission prompt")]
    Prompt {
        /// For provisional authorization, which needs no prompt (iOS, iPadOS)
        #[arg(long)]
        provisional: bool,
    },
    /// Answer the prompt that is showing; without one, turn the platform's switch on
    #[command(after_help = "Example:\n  portal-agent permission allow")]
    Allow,
    /// Answer the prompt that is showing; without one, turn the platform's switch off
    #[command(after_help = "Example:\n  portal-agent permission deny")]
    Deny,
    /// Swipe the prompt away (Android): no denial
    #[command(after_help = "Example:\n  portal-agent permission dismiss")]
    Dismiss,
    /// Keep on a quiet notification (iOS, iPadOS): allowed, and still quiet
    #[command(after_help = "Example:\n  portal-agent permission keep --scheduled")]
    Keep {
        /// Deliver in the scheduled summary, instead of immediately
        #[arg(long)]
        scheduled: bool,
    },
    /// Turn Off on a quiet notification (iOS, iPadOS)
    #[command(after_help = "Example:\n  portal-agent permission turn-off")]
    TurnOff,
    /// Back to never asked
    #[command(after_help = "Example:\n  portal-agent permission reset")]
    Reset,
}

/// Runs `permission`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match args.what {
        What::Show => {
            let status = context.client()?.status()?;
            context.show(&status, page)
        }
        What::Prompt { provisional } => context.change(&Prompt { provisional }),
        What::Dismiss => context.change(&Dismiss {}),
        What::Keep { scheduled } => context.change(&Keep { scheduled }),
        What::TurnOff => context.change(&TurnOff {}),
        What::Allow => context.change(&Allow {}),
        What::Deny => context.change(&Deny {}),
        What::Reset => context.change(&Reset {}),
    }
}

/// The page of `permission show`: a view of `status`.
pub fn page(status: &StatusReport) -> Page {
    let mut page = Page::of(Line::new().strong(status.device.notification_permission.word()));
    page.push(Line::named("prompts").plain(format!("{} shown", status.device.prompts_shown)));
    let code = portal_contract::Prerequisite::NotificationsPermitted;
    if let Some(met) = status.device.prerequisites.get(&code) {
        page.push(changed::prerequisite(code, *met, status));
    }
    if status.prompt.is_some() {
        page.push(changed::prompt());
    }
    page
}
