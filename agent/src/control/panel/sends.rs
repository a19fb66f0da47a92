//! What was sent through the gateway that runs in the daemon: each send with its counts, and the way to its push on this device.
//!
//! Lives here: the elements. Does not live here: the list (`gateway_sends`).

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::page::icon;
use super::picture::PanelPicture;
use super::times::seconds;
use super::why::look_of;
use super::words::words;
use crate::control::gateway_sends::GatewaySend;
use crate::control::{HistoryEntry, HistoryPlace};

/// How many are shown; `gateway sends` lists more.
const SHOWN: usize = 8;

/// The latest sends, newest first; nothing where there are none.
pub(super) fn sends(sends: &[GatewaySend], picture: &PanelPicture) -> Markup {
    html! {
        @if !sends.is_empty() {
            section class="card sends" {
                h2 { (words().sends.title) }
                ul { @for send in sends.iter().rev().take(SHOWN) { (row(send, place_of(&picture.timeline, &send.id))) } }
            }
        }
    }
}

fn row(send: &GatewaySend, place: Option<HistoryPlace>) -> Markup {
    html! {
        li {
            time datetime=(send.sent_at) { (seconds(send.sent_at)) }
            @if let Some(place) = place {
                button type="button" class="link" id={ "send-" (send.id) } data-event=(place.event) data-sequence=[place.sequence]
                    title=(words().sends.show) { (send.notification_title) }
            } @else {
                span class="n" { (send.notification_title) }
            }
            span class="mute" { ((words().sends.answered)(send.receipts, send.addressed_devices)) }
            (counts(&send.outcomes, |word| look_of(word).class, |word| look_of(word).icon))
            (counts(&send.unmet, |_| "stop", |_| "cross"))
        }
    }
}

fn counts(
    counts: &BTreeMap<String, usize>,
    class: impl Fn(&str) -> &'static str,
    sign: impl Fn(&str) -> &'static str,
) -> Markup {
    html! {
        @for (word, count) in counts { span class={ "count " (class(word)) } { (icon(sign(word))) (count) " " (word) } }
    }
}

/// Where the timeline has the push on this device.
fn place_of(timeline: &[HistoryEntry], id: &str) -> Option<HistoryPlace> {
    let is_it = |entry: &&HistoryEntry| {
        let receipt = entry.receipt().map(|listed| &listed.receipt);
        receipt.and_then(|receipt| receipt.notification_id.as_ref()).is_some_and(|known| known.as_str() == id)
    };
    timeline.iter().find(is_it).map(HistoryEntry::place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send() -> GatewaySend {
        let count = |word: &str, count| BTreeMap::from([(word.to_owned(), count)]);
        GatewaySend {
            id: "one".to_owned(),
            sent_at: portal_contract::Timestamp::from_millis(0),
            notification_title: "<b>Closed</b>".to_owned(),
            addressed_devices: 3,
            receipts: 2,
            outcomes: count("withheld", 2),
            unmet: count("notificationsPermitted", 2),
        }
    }

    #[test]
    fn a_send_leads_to_its_push_where_this_device_has_it() {
        let place = HistoryPlace { event: 7, sequence: Some(4) };
        let linked = row(&send(), Some(place)).into_string();
        assert!(linked.contains(r#"data-event="7" data-sequence="4""#), "{linked}");
        assert!(linked.contains("2 of 3 answered") && linked.contains("2 notificationsPermitted"), "{linked}");
        let elsewhere = row(&send(), None).into_string();
        assert!(!elsewhere.contains("button") && elsewhere.contains("&lt;b&gt;Closed"), "{elsewhere}");
    }
}
