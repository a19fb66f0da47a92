//! `app …`: Company Portal on the device.

use super::page::{Line, Page};
use super::{Context, Failure};
use crate::control::app::{Close, ForceStop, Install, Open, Refresh, SignIn, SignOut, Uninstall, Update};
use crate::control::{InAppMessage, Notifications};

/// Arguments of `app`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent app install
  portal-agent app update --version 5.2401.0
  portal-agent app notifications --refresh")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Install it: first launch, the permission prompt where the platform asks, back to the home screen
    #[command(after_help = "Example:\n  portal-agent app install --version 5.2311.1")]
    Install {
        /// The version [default: the oldest that the documentation supports]
        #[arg(long, value_name = "V")]
        version: Option<String>,
        /// The API level that it targets (Android) [default: the setting app.android_target_sdk]
        #[arg(long, value_name = "N")]
        target_sdk: Option<u32>,
    },
    /// Update it, with what an install brings
    #[command(after_help = "Example:\n  portal-agent app update")]
    Update {
        /// The version [default: the next one]
        #[arg(long, value_name = "V")]
        version: Option<String>,
        /// The API level that it targets (Android) [default: the one of before]
        #[arg(long, value_name = "N")]
        target_sdk: Option<u32>,
    },
    /// Remove it
    #[command(after_help = "Example:\n  portal-agent app uninstall")]
    Uninstall,
    /// Bring it to the screen: a push then shows in the app
    #[command(after_help = "Example:\n  portal-agent app open")]
    Open,
    /// Back to the home screen
    #[command(after_help = "Example:\n  portal-agent app close")]
    Close,
    /// Android's Force stop: nothing arrives until it is opened
    #[command(after_help = "Example:\n  portal-agent app force-stop")]
    ForceStop,
    /// Sign its user in; a push does not need it
    #[command(after_help = "Example:\n  portal-agent app sign-in")]
    SignIn,
    /// Sign its user out; a push arrives all the same
    #[command(after_help = "Example:\n  portal-agent app sign-out")]
    SignOut,
    /// What its own Notifications section lists
    #[command(after_help = "Example:\n  portal-agent app notifications --refresh")]
    Notifications {
        /// Pull the section to refresh first
        #[arg(long)]
        refresh: bool,
    },
}

/// Runs `app`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match &args.what {
        What::Install { version, target_sdk } => {
            context.change(&Install { version: version.clone(), target_sdk: *target_sdk })
        }
        What::Update { version, target_sdk } => {
            context.change(&Update { version: version.clone(), target_sdk: *target_sdk })
        }
        What::Uninstall => context.change(&Uninstall {}),
        What::Open => context.change(&Open {}),
        What::Close => context.change(&Close {}),
        What::ForceStop => context.change(&ForceStop {}),
        What::SignIn => context.change(&SignIn {}),
        What::SignOut => context.change(&SignOut {}),
        What::Notifications { refresh } => notifications(context, *refresh),
    }
}

fn notifications(context: &mut Context, refresh: bool) -> Result<(), Failure> {
    let client = context.client()?;
    if refresh {
        client.call(&Refresh {})?;
    }
    context.show(&client.notifications()?, page)
}

/// The page of `app notifications`.
pub fn page(list: &Notifications) -> Page {
    if list.notifications.is_empty() {
        return Page::of(
            Line::new().plain("nothing is listed ").dim("(app notifications --refresh pulls the section)"),
        );
    }
    let mut page = Page::new();
    list.notifications.iter().for_each(|message| add(message, &mut page));
    page
}

fn add(message: &InAppMessage, page: &mut Page) {
    page.push(Line::new().strong(&message.notification.notification_title).dim(format!("  {}", message.received_at)));
    for line in message.notification.notification_body.lines() {
        page.push(Line::new().plain("  ").plain(line));
    }
}
