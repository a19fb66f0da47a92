//! `gateway sends`, `follow` and `report`: what was sent, and what became of it.
//!
//! Lives here: how it is printed. Does not live here: counting (`portal_graph`).

use std::path::Path;

use serde_json::Value;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::GatewayPlace;
use super::client::GatewayClient;
use super::outcome_lines::{OutcomeLines, is_answered};
use super::report_page::{self, counts, device, problem, text};
use crate::output_file;

/// Runs `gateway sends`: with --json a send a line.
pub(super) fn list(context: &mut CommandContext, place: &GatewayPlace) -> Result<(), CommandFailure> {
    let answer = GatewayClient::of(context, place)?.get("/emulator/notifications")?;
    let sends = answer["value"].as_array().cloned().unwrap_or_default();
    if context.global.json {
        return sends.iter().try_for_each(|send| context.json(send));
    }
    if sends.is_empty() {
        return context.page(&TextPage::of(PageLine::new().plain("nothing was sent through this gateway")));
    }
    let mut page = TextPage::new();
    sends.iter().for_each(|send| page.push(line(send)));
    context.page(&page)
}

/// Runs `gateway follow`: prints each device's outcome as it comes, until every device that the send was for has answered; with
/// --json the whole send at each change.
pub(super) fn follow(context: &mut CommandContext, place: &GatewayPlace, id: &str) -> Result<(), CommandFailure> {
    let is_id = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id {
        return Err(CommandFailure::configuration(format!("{id:?} is no send's id"), "portal-agent gateway sends"));
    }
    let mut outcomes = OutcomeLines::default();
    for send in GatewayClient::of(context, place)?.follow(id)? {
        if context.global.json {
            context.json(&send)?;
        } else {
            outcomes.print(context, &send)?;
        }
        if is_answered(&send) {
            return if context.global.json { Ok(()) } else { context.page(&TextPage::of(line(&send))) };
        }
    }
    let message = "the gateway ended before every device had answered";
    Err(CommandFailure::operation("gatewayLost", message, "portal-agent gateway starts one"))
}

/// Runs `gateway report`: to the terminal, as JSON, or as an HTML page in a file.
pub(super) fn report(
    context: &mut CommandContext,
    place: &GatewayPlace,
    html: Option<&Path>,
) -> Result<(), CommandFailure> {
    let report = GatewayClient::of(context, place)?.get("/emulator/report")?;
    if let Some(path) = html {
        return output_file::write(path, report_page::html(&report).as_bytes()).map_err(|reason| {
            let message = format!("--html {}: {reason}", path.display());
            CommandFailure::configuration(message, "name a file in a folder that exists and may be written")
        });
    }
    if context.global.json {
        return context.json(&report);
    }
    let mut page = TextPage::of(PageLine::new().plain(format!("sent: {}", report["sent"])));
    let rows = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let refused_actions = rows("refusedActions");
    if !refused_actions.is_empty() {
        page.heading("refused by a device");
    }
    for row in refused_actions {
        let line = PageLine::new().dim(text(&row["at"])).plain(format!("  {}  ", device(&row)));
        page.push(line.strong(text(&row["action"])).plain(format!("  {}", problem(&row))));
    }
    for (heading, name, label) in [("refused", "refused", "count"), ("shown to nobody", "shownToNobody", "id")] {
        let rows = rows(name);
        if !rows.is_empty() {
            page.heading(heading);
        }
        for row in rows {
            let source = row["source"].as_str().map(|source| format!("  ({source})")).unwrap_or_default();
            let line = PageLine::new().strong(text(&row[label])).plain(format!("  {}", text(&row["detail"])));
            page.push(line.dim(source));
        }
    }
    context.page(&page)
}

/// A send in one line: when, what, and what became of it.
fn line(send: &Value) -> PageLine {
    let (outcomes, unmet) = (counts(&send["outcomes"]), counts(&send["unmet"]));
    let answered = format!("{} of {} answered", send["receipts"], send["addressedDevices"]);
    let mut became = vec![answered];
    became.extend([outcomes, unmet].into_iter().filter(|counts| !counts.is_empty()));
    PageLine::new()
        .dim(text(&send["sentAt"]))
        .plain("  ")
        .strong(text(&send["notificationTitle"]))
        .plain(format!("  {}  ", became.join("; ")))
        .dim(text(&send["id"]))
}
