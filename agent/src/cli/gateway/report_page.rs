//! The sender's report as an HTML page that needs nothing else.
//!
//! Lives here: its tables. Does not live here: what is counted (`portal_graph`), the page's frame (`html_page`).

use maud::{Markup, html};
use serde_json::Value;

use crate::html_page::html_page;

/// Nothing is fetched, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const CSS: &str = "body{font:16px system-ui;margin:2em auto;max-width:60em;color-scheme:light dark}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #8886}";

/// The page.
pub(super) fn html(report: &Value) -> String {
    let body = html! {
        h1 { "What this sender's pushes would have met in production" }
        p { "Sent: " (report["sent"]) }
        (table("Refused", &["Reason", "Times", "What", "Source"], &report["refused"], |row| vec![
            text(&row["reason"]), text(&row["count"]), text(&row["detail"]), source(row),
        ]))
        (table("Refused by a device", &["At", "Device", "Action", "What came of it"], &report["refusedActions"], |row| vec![
            text(&row["at"]), device(row), text(&row["action"]), problem(row),
        ]))
        (table("Shown to nobody", &["Id", "Why", "Source"], &report["shownToNobody"], |row| vec![
            text(&row["id"]), text(&row["detail"]), source(row),
        ]))
        (table("Sends", &["Sent at", "Title", "Devices", "Answered", "Outcomes", "Unmet"], &report["sends"], |row| vec![
            text(&row["sentAt"]), text(&row["notificationTitle"]), text(&row["addressedDevices"]),
            text(&row["receipts"]), counts(&row["outcomes"]), counts(&row["unmet"]),
        ]))
    };
    html_page("portal-agent gateway report", POLICY, CSS, &body)
}

fn table(heading: &str, columns: &[&str], rows: &Value, cells: impl Fn(&Value) -> Vec<String>) -> Markup {
    let rows: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
    html! {
        @if !rows.is_empty() {
            h2 { (heading) }
            table {
                thead { tr { @for column in columns { th { (column) } } } }
                tbody { @for row in rows { tr { @for cell in cells(row) { td { (cell) } } } } }
            }
        }
    }
}

/// A value as it is read: a text without its quotation marks.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The device of a row, by its name and its id.
pub(super) fn device(row: &Value) -> String {
    format!("{} ({})", text(&row["deviceName"]), text(&row["deviceId"]))
}

/// What a device said of an action: `refused: why`.
pub(super) fn problem(row: &Value) -> String {
    let problem = row["problem"].as_str().unwrap_or("without a reason");
    format!("{}: {problem}", text(&row["result"]))
}

fn source(row: &Value) -> String {
    row["source"].as_str().unwrap_or_default().to_owned()
}

/// Counts by word, as they are read.
pub(super) fn counts(counts: &Value) -> String {
    let counts = counts.as_object().into_iter().flatten();
    counts.map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_wrote_stays_text() {
        let report = serde_json::json!({"sent": 1, "refused": [], "shownToNobody": [],
            "refusedActions": [{"deviceName": "<b>", "deviceId": "d", "action": "wipe", "result": "refused", "problem": "no"}],
            "sends": [{"notificationTitle": "<script>", "outcomes": {"withheld": 2}}]});
        let page = html(&report);
        assert!(
            page.contains("&lt;script&gt;")
                && page.contains("2 withheld")
                && page.contains("refused: no")
                && !page.contains("<script>")
        );
        assert!(!page.contains("<h2>Refused</h2>"), "a table without rows is left out");
    }
}
