//! What waiting for a push's receipt came to, and the exit code of it.
//!
//! Lives here: why nothing came, and whether what came was expected. Does not live here: waiting (`sending`).

use std::time::Duration;

use portal_contract::status::BrokerStatus;
use portal_contract::{ConnectionState, StatusReport};
use serde_json::Value;

use super::super::page::TextPage;
use super::super::{CommandContext, CommandFailure, log};
use super::expected_word::{ExpectedWord, HELD};
use super::payload::PayloadToSend;
use super::sending::SentPush;
use crate::control::ControlClient;

/// A receipt with its topic is smaller, whatever stands in it.
const LARGEST_RECEIPT: u32 = 2048;

/// What waiting came to.
pub(super) enum WaitEnd {
    /// Receipts, as JSON.
    Came(Vec<Value>),
    /// The push is held on the device, as JSON.
    Held(Value),
    /// Nothing came.
    Nothing(CommandFailure),
}

/// The exit code: as contract 7 has it with `--expect`, and without.
pub(super) fn judge(ended: WaitEnd, expected: &[ExpectedWord]) -> Result<(), CommandFailure> {
    let came = match ended {
        WaitEnd::Nothing(failure) => return Err(failure),
        WaitEnd::Held(_) if expected.is_empty() => return Err(CommandFailure::Held),
        WaitEnd::Held(held) => vec![held],
        WaitEnd::Came(receipts) => receipts,
    };
    let missing = came.iter().find_map(|one| Some((one, expected.iter().find(|word| !word.is_in(one))?)));
    match missing {
        None => Ok(()),
        Some((one, word)) => {
            let outcome = one["outcome"].as_str().unwrap_or(HELD);
            let message = format!("{word} was expected, and the push was {outcome}");
            Err(CommandFailure::operation("notExpected", message, "portal-agent explain says why"))
        }
    }
}

/// Why no receipt came in time: what is held is printed, and what waits at the broker is said as that (contract 7).
pub(super) fn nothing_came(
    context: &mut CommandContext,
    client: Option<&ControlClient>,
    payload: &PayloadToSend,
    limit: Duration,
    sent: &SentPush,
) -> Result<WaitEnd, CommandFailure> {
    let held = client.zip(payload.id.as_ref()).map(|(client, id)| client.held(Some(id))).transpose()?;
    if let Some(held) = held.and_then(|held| held.into_iter().next()) {
        if context.global.json {
            context.json(&held)?;
        } else {
            context.page(&TextPage::of(log::held_line(&held)))?;
        }
        return Ok(WaitEnd::Held(serde_json::to_value(&held).map_err(anyhow::Error::from)?));
    }
    Ok(WaitEnd::Nothing(silence(client, limit, sent.largest_packet)))
}

/// Why nothing came.
fn silence(client: Option<&ControlClient>, limit: Duration, largest_packet: Option<u32>) -> CommandFailure {
    let mut message = format!("no receipt came within {} s", limit.as_secs_f64());
    if let Some(largest) = largest_packet.filter(|largest| *largest < LARGEST_RECEIPT) {
        let bound = format!("; the broker takes packets of at most {largest} bytes, so a receipt may be held back");
        message.push_str(&bound);
    }
    let status = client.and_then(|client| client.status().ok()).map(|answer| answer.value);
    match status {
        Some(status) if status.condition.offline => CommandFailure::operation(
            "waitsAtBroker",
            format!("{message}: the device is offline, and the push waits at the broker"),
            "portal-agent device online",
        ),
        Some(status) if status.connection == ConnectionState::Offline => CommandFailure::operation(
            "waitsAtBroker",
            format!("{message}: the device is not connected to its broker, where the push waits"),
            "portal-agent status says what is wrong with the connection",
        ),
        Some(StatusReport { broker: BrokerStatus { problem: Some(problem), .. }, .. }) => CommandFailure::operation(
            "noReceipt",
            format!("{message}; the daemon says: {problem}"),
            "portal-agent doctor, or wait longer",
        ),
        Some(_) => {
            CommandFailure::operation("noReceipt", message, "portal-agent explain, portal-agent doctor, or wait longer")
        }
        None => CommandFailure::operation(
            "noReceipt",
            format!("{message}; the device is not one of this computer's daemon, so it is not known why"),
            "wait longer: the device may be offline, and the push wait at the broker",
        ),
    }
}
