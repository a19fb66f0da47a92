//! `log`: the journal of receipts, oldest first.

use portal_contract::{HeldNotification, NotificationId, Outcome, OutcomeKind, PushTarget, Receipt};
use serde::Serialize;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use crate::control::ControlClient;
use crate::control::log::LogRequest;
use portal_contract::duration::Since;

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// Go on: each receipt as it becomes durable
    #[arg(long, short)]
    follow: bool,

    /// Only this outcome: presented, withheld, failed, dropped, expired, duplicate, rejected; held: only what waits
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<ListedOutcome>,

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
    let kind = match args.outcome {
        Some(ListedOutcome::Settled(kind)) => Some(kind),
        Some(ListedOutcome::Held) | None => None,
    };
    let request = LogRequest { outcome: kind, id: args.id.clone(), since: args.since, limit: args.limit, after: None };
    if !args.follow {
        if args.outcome != Some(ListedOutcome::Held) {
            client.receipts(&request)?.iter().try_for_each(|receipt| print(context, receipt))?;
        }
        // contract 7: what waits has no outcome, so it stands behind the receipts, where no outcome is asked for
        if kind.is_none() {
            return held(context, &client, args);
        }
        return Ok(());
    }
    if args.outcome == Some(ListedOutcome::Held) {
        let hint = "portal-agent log --outcome held shows what waits now";
        return Err(CommandFailure::configuration("--follow follows receipts, and what is held has none yet", hint));
    }
    for receipt in client.follow(&request)? {
        context.show(&receipt?, |receipt| TextPage::of(line(receipt)))?;
    }
    Err(CommandFailure::DaemonEnded)
}

/// What `--outcome` names: an outcome, or that there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListedOutcome {
    Settled(OutcomeKind),
    Held,
}

impl std::str::FromStr for ListedOutcome {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "held" {
            Ok(Self::Held)
        } else {
            text.parse().map(Self::Settled).map_err(|why: String| why + ", held")
        }
    }
}

/// Prints what waits, oldest first.
fn held(context: &mut CommandContext, client: &ControlClient, args: &LogArgs) -> Result<(), CommandFailure> {
    let held = client.held(args.id.as_ref())?;
    let since = match args.since {
        // The device's present is the computer's and what its clock is ahead.
        Some(since) if !held.is_empty() => {
            let ahead = client.status()?.value.condition.clock_ahead_millis;
            Some(since.moment(crate::wall_clock::now().plus_millis(ahead)))
        }
        _ => None,
    };
    for one in held.iter().filter(|one| since.is_none_or(|since| one.since >= since)) {
        if context.global.json { context.json(one)? } else { context.page(&TextPage::of(held_line(one)))? }
    }
    Ok(())
}

/// A push that waits, in one line.
pub fn held_line(held: &HeldNotification) -> PageLine {
    let until = held.until.map(|until| format!("; ends by itself at {until}")).unwrap_or_default();
    let command = held.command.as_ref().map(|command| format!(" ({command})")).unwrap_or_default();
    PageLine::new().dim(held.since.to_string()).plain("  ").warning("held").plain(format!(
        "  {}  {}; let go by {}{command}{until}",
        held.notification_id,
        held.reason.word(),
        held.released_by
    ))
}

fn print(context: &mut CommandContext, receipt: &Receipt) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json(receipt);
    }
    context.page(&TextPage::of(line(receipt)))
}

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
pub(super) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
