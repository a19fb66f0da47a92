//! `explain`: why a push did or did not show, as a checklist.

use portal_contract::lesser_showing::LesserShowing;
use portal_contract::way_to_show::WayToShow;
use portal_contract::{ChecklistEntry, DocumentSource, Explanation, NotificationId, SourceStatus};
use serde_json::Value;

use super::device_source::DeviceSource;
use super::local_time::local;
use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};

/// To where the details stand.
const INDENT: &str = "                              ";

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The notification, or an unambiguous beginning of its id; the latest where it is left out
    #[arg(value_name = "NOTIFICATION-ID")]
    id: Option<NotificationId>,
}

/// Runs `explain`.
pub fn run(context: &mut CommandContext, args: &ExplainArgs) -> Result<(), CommandFailure> {
    let source = DeviceSource::find(context)?;
    let id = source.meant(args.id.as_ref())?;
    let explanation = source.explanation(id.as_ref())?;
    context.show(&explanation, page)
}

/// The page of `explain`.
pub fn page(explanation: &Explanation) -> TextPage {
    let id = explanation.notification_id.as_ref().map_or("a push without an id", NotificationId::as_str);
    let title =
        explanation.notification_title.iter().fold(PageLine::new(), |line, title| line.strong(title).plain("  "));
    let title = title.plain(id).plain(" was ");
    let outcome = outcome(explanation);
    let title = if outcome == "presented" { title.good(outcome) } else { title.bad(outcome) };
    let at = member(explanation, "decidedAt").or(member(explanation, "since")).unwrap_or_default();
    let at = at.parse().map_or_else(|_| at.to_owned(), local);
    page_titled(title.dim(format!("  {at}")), explanation, "As it stood at that moment")
}

fn member<'a>(explanation: &'a Explanation, name: &str) -> Option<&'a str> {
    explanation.receipt.get(name).and_then(Value::as_str)
}

/// Its outcome's word; `held` of one that waits.
pub(super) fn outcome(explanation: &Explanation) -> &str {
    member(explanation, "outcome").unwrap_or_default()
}

/// The page with a title of its own, and a heading for the checklist.
pub(super) fn page_titled(title: PageLine, explanation: &Explanation, heading: &str) -> TextPage {
    let mut page = TextPage::of(title);
    page.push(PageLine::new().plain(&explanation.summary));
    add_lesser(&explanation.lesser_showing, &mut page);
    page.heading(heading);
    for standing in &explanation.prerequisites {
        add(standing, &mut page);
    }
    add_ways(&explanation.ways_to_show, &mut page);
    if let Some(desktop) = &explanation.desktop_detail {
        page.heading("This computer");
        page.push(PageLine::new().plain(desktop));
    }
    page
}

fn add(entry: &ChecklistEntry, page: &mut TextPage) {
    let name = format!("{:<28}", entry.code.code());
    page.push(
        PageLine::new().mark(entry.met).plain(name).hang().plain(&entry.detail).dim(format!("  [{}]", entry.source)),
    );
    if !entry.met {
        page.push(PageLine::new().dim(format!("{INDENT}hint: ")).strong(&entry.hint));
    }
    add_sources(&entry.sources, page);
}

fn add_sources(sources: &[DocumentSource], page: &mut TextPage) {
    for status in SourceStatus::ALL.iter().copied() {
        let titles = DocumentSource::titles(sources, status);
        if !titles.is_empty() {
            page.push(PageLine::new().dim(format!("{INDENT}{}: ", status.word())).links(&titles));
        }
    }
}

fn add_lesser(causes: &[LesserShowing], page: &mut TextPage) {
    if causes.is_empty() {
        return;
    }
    page.heading("Why it showed with less than it could");
    for cause in causes {
        let aspects: Vec<&str> = cause.aspects.iter().map(|aspect| aspect.word()).collect();
        let source = if cause.source.is_empty() { String::new() } else { format!("  [{}]", cause.source) };
        page.push(
            PageLine::new().plain(format!("  {:<28}", aspects.join(", "))).hang().plain(&cause.detail).dim(source),
        );
        page.push(PageLine::new().dim(format!("{INDENT}hint: ")).strong(&cause.hint));
        add_sources(&cause.sources, page);
    }
}

/// How many ways a person is shown; JSON has all of them.
const WAYS_SHOWN: usize = 8;

pub(super) fn add_ways(ways: &[WayToShow], page: &mut TextPage) {
    if ways.is_empty() {
        return;
    }
    page.heading(if ways.len() == 1 {
        "What would make it show"
    } else {
        "What would make it show, the cheapest first"
    });
    for (index, way) in ways.iter().take(WAYS_SHOWN).enumerate() {
        for (place, step) in way.steps.iter().enumerate() {
            let number = if place == 0 { format!("{:>2}. ", index + 1) } else { "    ".to_owned() };
            let line = PageLine::new().plain(number).dim(format!("{:<14}", step.by.word())).hang().plain(&step.detail);
            page.push(match &step.command {
                Some(command) => line.dim("  ").strong(command),
                None => line,
            });
        }
    }
    if let Some(more @ 1..) = ways.len().checked_sub(WAYS_SHOWN) {
        let word = if more == 1 { "way" } else { "ways" };
        page.push(PageLine::new().dim(format!("    and {more} {word} more, with --json")));
    }
}
