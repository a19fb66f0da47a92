//! `log`: the journal of receipts, oldest first.

use portal_contract::{HeldNotification, ListedReceipt, NotificationId, Outcome, OutcomeKind, PushTarget, Receipt};
use serde::Serialize;

use super::device_source::DeviceSource;
use super::local_time::local;
use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, short_id};
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

    /// Only this notification; its id may be shortened to an unambiguous beginning
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
    let kind = match args.outcome {
        Some(ListedOutcome::Settled(kind)) => Some(kind),
        Some(ListedOutcome::Held) | None => None,
    };
    let request = |id| LogRequest { outcome: kind, id, since: args.since, limit: args.limit, after: None };
    if !args.follow {
        let source = DeviceSource::find(context)?;
        let id = source.meant(args.id.as_ref())?;
        if args.outcome != Some(ListedOutcome::Held) {
            source.receipts(&request(id.clone()))?.iter().try_for_each(|listed| print(context, listed))?;
        }
        // contract 7: what waits has no outcome, so it stands behind the receipts, where no outcome is asked for
        if kind.is_none() {
            return held(context, &source, id.as_ref(), args.since);
        }
        return Ok(());
    }
    // What is followed may be still to come: its id is taken as it is typed.
    let (client, request) = (context.client()?, request(args.id.clone()));
    if args.outcome == Some(ListedOutcome::Held) {
        let hint = "portal-agent log --outcome held shows what waits now";
        return Err(CommandFailure::configuration("--follow follows receipts, and what is held has none yet", hint));
    }
    for receipt in client.follow(&request)? {
        context.show(&receipt?, |listed| TextPage::of(listed_line(listed)))?;
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
fn held(
    context: &mut CommandContext,
    source: &DeviceSource,
    id: Option<&NotificationId>,
    since: Option<Since>,
) -> Result<(), CommandFailure> {
    let held = source.held(id)?;
    let since = match since {
        Some(since) if !held.is_empty() => Some(since.moment(source.now()?)),
        _ => None,
    };
    for one in held.iter().filter(|one| since.is_none_or(|since| one.since >= since)) {
        if context.global.json { context.json(one)? } else { context.page(&TextPage::of(held_line(one)))? }
    }
    Ok(())
}

/// A push that waits, in one line.
pub fn held_line(held: &HeldNotification) -> PageLine {
    let until = held.until.map(|until| format!("; ends by itself at {}", local(until))).unwrap_or_default();
    let command = held.command.as_ref().map(|command| format!(" ({command})")).unwrap_or_default();
    row("", local(held.since))
        .warning(format!("{:<9}", HELD))
        .plain(format!("  {}  ", short_id::short(&held.notification_id)))
        .strong(&held.notification_title)
        .plain(format!("  {}; let go by {}{command}{until}", held.reason.word(), held.released_by))
}

/// The word of a push that waits.
const HELD: &str = "held";

/// The beginning of a row: what number it has, and when.
fn row(number: &str, moment: String) -> PageLine {
    PageLine::new().dim(format!("{number:>5}  {moment}  ")).hang()
}

fn print(context: &mut CommandContext, listed: &ListedReceipt) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json(listed);
    }
    context.page(&TextPage::of(listed_line(listed)))
}

/// A receipt with its push's title in one line.
pub fn listed_line(listed: &ListedReceipt) -> PageLine {
    line(&listed.receipt, listed.notification_title.as_deref())
}

/// A receipt in one line: number, time, outcome, id, title, and why.
pub fn line(receipt: &Receipt, title: Option<&str>) -> PageLine {
    let kind = receipt.outcome.kind();
    let outcome = format!("{:<9}", kind.word());
    let line = row(&receipt.sequence.to_string(), local(receipt.decided_at));
    let line = if kind == OutcomeKind::Presented { line.good(outcome) } else { line.bad(outcome) };
    let line = line.plain(format!("  {}", receipt.notification_id.as_ref().map_or("-", short_id::short)));
    let line = title.into_iter().fold(line, |line, title| line.plain("  ").strong(title));
    let words = details(receipt);
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
