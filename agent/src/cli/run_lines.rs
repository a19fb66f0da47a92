//! What `run` prints while it runs: a line for each push with its outcome, each prompt, each change of a device.
//!
//! Lives here: the lines. Does not live here: what is logged (`logging`), which goes to standard error.

use std::io::Write;

use portal_contract::{DeviceEvent, DeviceEventKind, DeviceId};
use portal_device::DeviceCommand;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::local_time::local;
use super::log;
use super::page::{PageLine, TextPage};
use crate::control::{RunningDevice, RunningHost};
use crate::invocation::quoted;

/// Prints until the host ends; `count` changes with each device that comes or goes.
pub(super) async fn print<H: RunningHost>(
    host: H,
    ending: CancellationToken,
    mut count: watch::Receiver<usize>,
    called_by: String,
) {
    let mut followed: Vec<DeviceId> = Vec::new();
    let mut followers = JoinSet::new();
    loop {
        // Marked as seen before the look, so that a device that comes during it is looked for again.
        count.borrow_and_update();
        let hosted = host.devices();
        followed.retain(|id| hosted.iter().any(|device| device.device_id == *id));
        for device in &hosted {
            if followed.contains(&device.device_id) {
                continue;
            }
            followed.push(device.device_id);
            if let Some(handle) = host.device(device.device_id) {
                followers.spawn(follow(
                    host.clone(),
                    ending.clone(),
                    handle,
                    device.device_name.clone(),
                    called_by.clone(),
                ));
            }
        }
        tokio::select! {
            changed = count.changed() => if changed.is_err() { return },
            () = ending.cancelled() => return,
        }
    }
}

async fn follow<H: RunningHost>(
    host: H,
    ending: CancellationToken,
    device: H::Device,
    name: String,
    called_by: String,
) {
    // A follower that is too slow is cut off and follows anew; it says so, since lines are missing.
    while let Ok(mut events) = device.events().await {
        while let Some(event) = events.recv().await {
            // Asked anew for each line, since devices come and go while it runs.
            let named = host.devices().len() > 1;
            let of_device = if named { format!("{called_by} --device {}", quoted(&name)) } else { called_by.clone() };
            if let Some(line) = line(&event, &of_device) {
                say(&if named { PageLine::new().strong(&name).plain("  ").then(line) } else { line });
            }
        }
        if host.device(device.id()).is_none() || ending.is_cancelled() {
            return;
        }
        let words = format!("more happened than is printed here; {called_by} log has every outcome");
        say(&PageLine::new().dim(words));
    }
}

/// A reader that has gone is no reason to end the daemon.
fn say(line: &PageLine) {
    let text = TextPage::of(line.clone()).styled(false, None);
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// `called_by`: how a person calls this program for the device.
fn line(event: &DeviceEvent, called_by: &str) -> Option<PageLine> {
    let told = |what: &str, words: String| {
        Some(PageLine::new().dim(format!("       {}  ", local(event.at))).hang().plain(format!("{what:<9}  {words}")))
    };
    match &event.what {
        DeviceEventKind::Settled { receipt } => Some(log::line(receipt, None)),
        DeviceEventKind::Held { notification_id } => told("held", notification_id.clone()),
        DeviceEventKind::Prompt {} => {
            told("prompt", format!("shows; {called_by} permission allow, or permission deny, answers it"))
        }
        DeviceEventKind::PromptGone {} => told("prompt", "gone".to_owned()),
        DeviceEventKind::Changed { event } => told("changed", change(event)?),
        DeviceEventKind::Connection { connection } => told("broker", connection.word().to_owned()),
        // A push's outcome says more than its arrival, and a card's end is in its receipt.
        DeviceEventKind::Following {}
        | DeviceEventKind::Arrived { .. }
        | DeviceEventKind::Card { .. }
        | DeviceEventKind::CardGone { .. } => None,
    }
}

/// What was done to the device, as it is typed; none for what pushes and time do by themselves.
fn change(event: &Value) -> Option<String> {
    if let Some(command) = event.get("command") {
        let command: DeviceCommand = serde_json::from_value(command.clone()).ok()?;
        let (row, body) = portal_contract::command::request(&command).ok()??;
        let words =
            body.as_object().into_iter().flatten().map(|(name, value)| format!(" {name}={}", value_text(value)));
        return Some(format!("{}{}", row.name, words.collect::<String>()));
    }
    if let Some(answer) = event.get("promptAnswered") {
        let allow = answer.get("allow") == Some(&Value::Bool(true));
        return Some(if allow { "the prompt was answered: allow" } else { "the prompt was answered: deny" }.to_owned());
    }
    if let Some(list) = event.get("groupsHeard") {
        let count = list.get("groups").and_then(Value::as_array).map_or(0, Vec::len);
        return Some(format!("the broker's list of groups was heard: {count}"));
    }
    let action = event.get("actionArrived")?;
    Some(format!("a remote action arrived: {}", value_text(action.get("action")?)))
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_device::ConditionCommand;
    use serde_json::json;

    #[test]
    fn a_change_reads_as_it_is_typed() {
        let lock = serde_json::to_value(DeviceCommand::Condition(ConditionCommand::Locked(true))).unwrap();
        assert_eq!(change(&json!({ "command": lock })).as_deref(), Some("device lock"));
        assert_eq!(change(&json!({})), None, "a push did it");
        assert_eq!(
            change(&json!({ "actionArrived": { "id": "x", "action": "retire" } })).as_deref(),
            Some("a remote action arrived: retire")
        );
    }
}
