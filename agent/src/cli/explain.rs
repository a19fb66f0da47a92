//! `explain`: why a push did or did not show, as a checklist.

use portal_contract::{ChecklistEntry, Explanation, NotificationId};
use serde_json::Value;

use super::page::{Line, Page};
use super::{Context, Failure};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent explain
  portal-agent explain 6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10
  portal-agent explain --json | jq '.prerequisites[] | select(.met == false)'")]
pub struct Args {
    /// The notification; the latest where it is left out
    #[arg(value_name = "NOTIFICATION-ID")]
    id: Option<NotificationId>,
}

/// Runs `explain`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let explanation = context.client()?.explanation(args.id.as_ref())?;
    context.show(&explanation, page)
}

/// The page of `explain`.
pub fn page(explanation: &Explanation) -> Page {
    let member = |name: &str| explanation.receipt.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = explanation.notification_id.as_ref().map_or("a push without an id", NotificationId::as_str);
    let title = Line::new().strong(id).plain(" was ");
    let outcome = member("outcome");
    let title = if outcome == "presented" { title.good(outcome) } else { title.bad(outcome) };
    let mut page = Page::of(title.dim(format!("  {}", member("decidedAt"))));
    page.push(Line::new().plain(&explanation.summary));
    page.heading("As it stood at that moment");
    for standing in &explanation.prerequisites {
        add(standing, &mut page);
    }
    if let Some(desktop) = &explanation.desktop_detail {
        page.heading("This computer");
        page.push(Line::new().plain(desktop));
    }
    page
}

fn add(standing: &ChecklistEntry, page: &mut Page) {
    let name = format!("{:<28}", standing.code.code());
    page.push(
        Line::new().mark(standing.met).plain(name).plain(&standing.detail).dim(format!("  [{}]", standing.source)),
    );
    if !standing.met {
        page.push(Line::new().dim(format!("{:30}hint: ", "")).strong(&standing.hint));
    }
}
