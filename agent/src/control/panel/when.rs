//! When: the device's history as equal steps, the gaps between them written.
//!
//! Lives here: an entry's few words. Does not live here: reading the history.

use maud::{Markup, html};
use portal_contract::ListedReceipt;
use portal_contract::command::request;
use portal_device::DeviceCommand;
use serde_json::Value;

use super::page::icon;
use super::patch::ListItem;
use super::phone::press;
use super::picture::PanelPicture;
use super::times::{gap, seconds};
use super::why::look_of;
use super::words::words;
use crate::control::{HistoryEntry, HistoryKind, HistoryPlace};

/// The steps, and the gaps between them.
pub(super) fn line(picture: &PanelPicture) -> Vec<ListItem> {
    let entries = &picture.timeline;
    let newest = entries.last().map(HistoryEntry::place);
    let current = picture.place.or(newest);
    let at = entries.iter().position(|entry| Some(entry.place()) == current).unwrap_or(entries.len());
    let mut items = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let key = key_of(entry.place());
        if let Some(words) = index.checked_sub(1).and_then(|before| gap(entry.at.millis_since(entries[before].at))) {
            let html = html! { li class="gapmark" { (words) } }.into_string();
            items.push(ListItem::new(format!("gap-{key}"), &html));
        }
        let html = html! { li { (step(entry, &key, index == at, index > at)) } }.into_string();
        items.push(ListItem::new(key, &html));
    }
    items
}

fn key_of(place: HistoryPlace) -> String {
    format!("{}-{}", place.event, place.sequence.unwrap_or(0))
}

/// That one looks back, and the way out.
pub(super) fn past(picture: &PanelPicture) -> Markup {
    let device = picture.screen.device_id;
    let words = &words().when;
    html! {
        @if let Some(place) = picture.place {
            div class="past" {
                span { ((words.past)(&seconds(picture.screen.at))) }
                button class="b" type="button" id="now" { (words.now) }
                (press("b back", words.return_here, &return_line(place.event), device))
            }
        } @else {
            span class="mute" { (words.choose) }
            @if let Some((command, before)) = undoable(&picture.timeline) {
                " " (press("b", &(words.undo)(&command), &return_line(before), device))
            }
        }
    }
}

fn return_line(event: u64) -> String {
    format!("return {event}")
}

/// The latest change where it was a command, in its words, and the event before it. Undone by going back, so that the history
/// keeps both; most commands have no opposite.
fn undoable(timeline: &[HistoryEntry]) -> Option<(String, u64)> {
    let changes = timeline.iter().rev().filter_map(|entry| match &entry.what {
        HistoryKind::Changed { change, .. } => Some((entry.event, change)),
        HistoryKind::Settled { .. } => None,
    });
    let (event, change) = changes.into_iter().next()?;
    change.get("command")?;
    Some((change_words(change), event.checked_sub(1).filter(|before| *before > 0)?))
}

fn step(entry: &HistoryEntry, key: &str, is_current: bool, is_later: bool) -> Markup {
    let place = entry.place();
    let later = if is_later { " later" } else { "" };
    let id = format!("step-{key}");
    let inside = match &entry.what {
        HistoryKind::Changed { change, .. } => {
            // Cut after two lines, or one long name would make the strip taller and cover the phone.
            let words = change_words(change);
            html! { span class="n" title=(words) { span class="nt" { (words) } } }
        }
        HistoryKind::Settled { receipt } => settled(receipt),
    };
    let class = match &entry.what {
        HistoryKind::Changed { .. } => format!("ev{later}"),
        HistoryKind::Settled { receipt } => {
            format!("ev push {}{later}", look_of(receipt.receipt.outcome.kind().word()).class)
        }
    };
    html! {
        button type="button" id=(id) class=(class) data-event=(place.event) data-sequence=[place.sequence]
            aria-current=[is_current.then_some("true")] { time datetime=(entry.at) { (seconds(entry.at)) } (inside) }
    }
}

fn settled(listed: &ListedReceipt) -> Markup {
    let word = listed.receipt.outcome.kind().word();
    html! {
        span class="n" {
            (icon(look_of(word).icon))
            span class="nt" dir="auto" { (listed.notification_title.as_deref().unwrap_or(words().unreadable)) }
        }
        small { (word) }
    }
}

/// What was done to the device, by its command's name where it was one.
fn change_words(change: &Value) -> String {
    let words = &words().when;
    if let Some(command) = change.get("command") {
        let command = serde_json::from_value::<DeviceCommand>(command.clone()).ok();
        let sent = command.and_then(|command| request(&command).ok().flatten());
        return sent.map_or_else(|| words.renamed.to_owned(), |(row, body)| named(row.name, &body));
    }
    let of = |member: &str| change.get(member);
    match (of("promptAnswered"), change.as_object().and_then(|members| members.keys().next())) {
        (Some(answer), _) if answer.get("allow") == Some(&Value::Bool(true)) => words.allowed.to_owned(),
        (Some(_), _) => words.not_allowed.to_owned(),
        (None, Some(word)) => match word.as_str() {
            "started" => words.started,
            "groupsHeard" => words.groups_heard,
            "actionArrived" => words.action_arrived,
            "promptClosed" => words.prompt_closed,
            "fenceReturned" => words.connected,
            _ => words.changed,
        }
        .to_owned(),
        (None, None) => words.by_itself.to_owned(),
    }
}

/// A command with what tells it apart: a switch's name and value, a version.
fn named(name: &str, body: &Value) -> String {
    let text = |member: &str| body.get(member).and_then(Value::as_str);
    match (text("name"), text("value")) {
        (Some(switch), Some(value)) => format!("{name} {switch}={value}"),
        _ => match body.get("event").and_then(Value::as_u64) {
            Some(event) => format!("{name} {event}"),
            None => {
                match ["permission", "version", "duration", "user", "bucket"].iter().find_map(|member| text(member)) {
                    Some(value) => format!("{name} {value}"),
                    None => name.to_owned(),
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_latest_change_is_undone_where_it_was_a_command() {
        let changed = |event, change| HistoryEntry {
            event,
            at: portal_contract::Timestamp::from_millis(0),
            what: HistoryKind::Changed { change, state: None },
        };
        let denied = changed(7, json!({"command":{"permission":"deny"}}));
        assert_eq!(undoable(std::slice::from_ref(&denied)), Some(("permission deny".to_owned(), 6)));
        assert_eq!(undoable(&[denied, changed(8, json!({"groupsHeard":{}}))]), None, "not what came before it");
        assert_eq!(
            undoable(&[changed(1, json!({"command":{"permission":"deny"}}))]),
            None,
            "before the first is nothing"
        );
    }

    #[test]
    fn a_step_is_named_by_its_command() {
        for (change, words) in [
            (json!({"command":{"permission":"deny"}}), "permission deny"),
            (json!({"command":{"return":{"event":12}}}), "return 12"),
            (json!({"started":{}}), "Daemon started"),
            (json!({"promptAnswered":{"number":1,"allow":false}}), "Not allowed, on the desktop"),
            (json!({}), "Changed by itself"),
        ] {
            assert_eq!(change_words(&change), words, "{change}");
        }
    }
}
