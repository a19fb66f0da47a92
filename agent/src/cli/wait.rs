//! `wait`: returns when every condition holds.

use std::time::Duration;

use portal_contract::{NotificationId, duration};

use super::page::{Line, Page};
use super::{Context, Failure};
use crate::control::Wait;
use crate::control::condition::Condition;

/// Arguments of `wait`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Conditions:
  online                  every known subscription is answered
  prompt-showing          the permission prompt is showing
  permission=denied       notDetermined, denied, authorized or provisional
  outcome=presented       of --notification ID, else of the next receipt
  PATH=VALUE              a member of status --json; null where it is absent

Examples:
  portal-agent wait online --timeout 10s
  portal-agent wait prompt-showing prerequisites.deviceEnrolled=true
  portal-agent wait outcome=withheld --notification 6f0c --timeout 5s")]
pub struct Args {
    /// What must hold, all of it at once
    #[arg(required = true, value_name = "CONDITION", value_parser = Condition::parse)]
    conditions: Vec<Condition>,

    /// The notification that outcome=… speaks of
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    notification: Option<NotificationId>,

    /// How long; then exit code 1, saying what did not hold [default: without an end]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// Runs `wait`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let conditions = args.conditions.iter().map(ToString::to_string).collect();
    let wait = Wait { conditions, notification: args.notification.clone(), timeout: args.timeout };
    let state = context.client()?.wait(&wait)?;
    context.show(&state, |_| Page::of(Line::new().mark(true).plain(wait.conditions.join(", "))))
}
