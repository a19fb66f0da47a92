//! `wait`: returns when every condition holds.

use std::time::Duration;

use portal_contract::command::views;
use portal_contract::{NotificationId, duration};

use super::page::{PageLine, TextPage};
use super::table::examples;
use super::{CommandContext, CommandFailure};
use crate::control::WaitRequest;
use crate::control::condition::WaitCondition;

const CONDITIONS: &str = "\
Conditions:
  online                  every known subscription is answered
  prompt-showing          the permission prompt is showing
  permission=denied       notDetermined, denied, authorized or provisional
  outcome=presented       of --notification ID, else of the next receipt
  PATH=VALUE              a member of status --json; null where it is absent";

/// What stands below the options on the help page.
pub fn help() -> String {
    format!("{CONDITIONS}\n\n{}", examples(views::WAIT.examples))
}

/// Arguments of `wait`.
#[derive(Debug, clap::Args)]
pub struct WaitArgs {
    /// What must hold, all of it at once
    #[arg(required = true, value_name = "CONDITION", value_parser = WaitCondition::parse)]
    conditions: Vec<WaitCondition>,

    /// The notification that outcome=… speaks of
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    notification: Option<NotificationId>,

    /// How long; then exit code 1, saying what did not hold [default: without an end]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// Runs `wait`.
pub fn run(context: &mut CommandContext, args: &WaitArgs) -> Result<(), CommandFailure> {
    let conditions = args.conditions.iter().map(ToString::to_string).collect();
    let wait = WaitRequest { conditions, notification: args.notification.clone(), timeout: args.timeout };
    let state = context.client()?.wait(&wait)?;
    context.show(&state, |_| TextPage::of(PageLine::new().mark(true).plain(wait.conditions.join(", "))))
}
