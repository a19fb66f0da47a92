//! `log`: the journal of receipts, oldest first.

use portal_contract::{NotificationId, Outcome, OutcomeKind, PushTarget, Receipt};
use serde::Serialize;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use crate::control::log::LogRequest;
use portal_contract::duration::Since;

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// Go on: each receipt as it becomes durable
    #[arg(long, short)]
    follow: bool,

    /// Only this outcome: presented, withheld, failed, dropped, expired, duplicate, rejected
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<OutcomeKind>,

    /// Only this notification
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    id: Option<NotificationId>,

    /// Only those decided since: a time (2026-11-23T09:00:00Z), or a duration before the device's present (4h)
    #[arg(long, value_name = "T", value_parser = Since::parse)]
    since: Option<Since>,

    /// At most this many, the latest [default: 100]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Runs `log`.
pub fn run(context: &mut CommandContext, args: &LogArgs) -> Result<(), CommandFailure> {
    let client = context.client()?;
    let request =
        LogRequest { outcome: args.outcome, id: args.id.clone(), since: args.since, limit: args.limit, after: None };
    if !args.follow {
        return client.receipts(&request)?.iter().try_for_each(|receipt| print(context, receipt));
    }
    for receipt in client.follow(&request)? {
        context.show(&receipt?, |receipt| TextPage::of(line(receipt)))?;
    }
    Err(CommandFailure::DaemonEnded)
}

fn print(context: &mut CommandContext, receipt: &Receipt) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json(receipt);
    }
    context.page(&TextPage::of(line(receipt)))
}

/// A receipt in one line.
pub fn line(receipt: &Receipt) -> PageLine {
    let kind = receipt.outcome.kind();
    let outcome = format!("{:<9}", kind.word());
    let line = PageLine::new().dim(format!("{:>5}  {}  ", receipt.sequence, receipt.decided_at));
    let line = if kind == OutcomeKind::Presented { line.good(outcome) } else { line.bad(outcome) };
    let id = receipt.notification_id.as_ref().map_or("-", NotificationId::as_str);
    let words = details(receipt);
    let line = line.plain(format!("  {id}"));
    if words.is_empty() { line } else { line.plain(format!("  {}", words.join("; "))) }
}

/// What stands beside a receipt's outcome.
pub fn details(receipt: &Receipt) -> Vec<String> {
    let mut words = match &receipt.outcome {
        Outcome::Rejected { problem, detail } | Outcome::Failed { problem, detail } => {
            vec![format!("{}: {detail}", word(problem))]
        }
        Outcome::Withheld { unmet } => {
            let codes: Vec<&str> = unmet.iter().map(|code| code.code()).collect();
            vec![format!("unmet: {}", codes.join(", "))]
        }
        Outcome::Dropped { problem } => vec![word(problem)],
        Outcome::Presented(shown) => {
            let mut words = vec![word(&shown.surface)];
            words.extend(shown.content_hidden.then(|| "content hidden".to_owned()));
            words.extend(shown.substituted.then(|| "substituted".to_owned()));
            let unseen = receipt.desktop.filter(|desktop| desktop.keeps_from_showing());
            words.extend(unseen.map(|desktop| format!("on this computer: {}", word(&desktop))));
            words
        }
        Outcome::Duplicate | Outcome::Expired => Vec::new(),
    };
    if let PushTarget::Group { id } = &receipt.target {
        words.push(format!("to group {id}"));
    }
    words.extend(receipt.delay.iter().map(word));
    words.extend(receipt.priority_lowered.then(|| "priorityLowered".to_owned()));
    words.extend(receipt.interaction.iter().map(word));
    words
}

/// A word as payloads spell it.
fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
