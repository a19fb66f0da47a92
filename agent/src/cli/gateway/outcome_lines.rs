//! What became of a send on each device, a line each, for `gateway follow` and `push --via-gateway --wait`.
//!
//! Lives here: which outcomes are new, and their line. Does not live here: the send's own line (`sends`), waiting.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use super::report_page::text;

/// The outcomes that have been printed.
#[derive(Debug, Default)]
pub(in super::super) struct OutcomeLines {
    /// By device and outcome: the outcome takes a duplicate's place, and is then told as well.
    told: BTreeSet<(String, String)>,
}

impl OutcomeLines {
    /// Prints each device's outcome that was not there before; with --json as the gateway has it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(in super::super) fn print(&mut self, context: &mut CommandContext, send: &Value) -> Result<(), CommandFailure> {
        for device in send["devices"].as_array().into_iter().flatten() {
            if !self.told.insert((text(&device["deviceId"]), text(&device["outcome"]))) {
                continue;
            }
            if context.global.json {
                context.json(device)?;
            } else {
                context.page(&TextPage::of(outcome_line(device)))?;
            }
        }
        Ok(())
    }
}

/// Whether every device that the send was for has answered.
pub(in super::super) fn is_answered(send: &Value) -> bool {
    let count = |name: &str| send[name].as_u64().unwrap_or_default();
    count("receipts") >= count("addressedDevices")
}

/// `withheld  iPad  notificationsPermitted`
fn outcome_line(device: &Value) -> PageLine {
    let unmet: Vec<String> = device["unmet"].as_array().into_iter().flatten().map(text).collect();
    let name = device["deviceName"].as_str().map_or_else(|| text(&device["deviceId"]), str::to_owned);
    let line = PageLine::new().strong(text(&device["outcome"])).plain(format!("  {name}"));
    if unmet.is_empty() { line } else { line.plain(format!("  {}", unmet.join(", "))) }
}
