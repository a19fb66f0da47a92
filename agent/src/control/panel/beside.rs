//! A device beside others: its phone, and what stopped at its edge last.
//!
//! Lives here: one device's HTML, and what all of them say together. Does not live here: the parts (`phone`, `why`).

use maud::{Markup, html};

use super::isolated::{isolated, sentence_html};
use super::picture::PanelPicture;
use super::words::words;
use super::{phone, why};

/// A device, and the latest push to it.
pub(super) struct DeviceBeside {
    pub(super) html: String,
    name: String,
    latest: Option<LatestPush>,
}

/// The latest push to a device.
#[derive(Debug, Clone)]
struct LatestPush {
    id: String,
    title: String,
    /// `presented`, `held`, …
    outcome: String,
}

/// A device with its phone.
pub(super) fn device(picture: &PanelPicture) -> DeviceBeside {
    let screen = &picture.screen;
    let id = screen.device_id;
    let html = html! {
        li class="besides" {
            h3 { button class="b bare" type="button" data-device=(id) title=(words().several.alone) {
                bdi { (screen.device_name) } " \u{b7} " (screen.operating_system.name()) " " (screen.os_version)
            } }
            div class="see" {
                div class="edge" { (why::edge(picture, 1)) }
                div class="device" { (phone::phone(screen).screen) }
            }
        }
    };
    DeviceBeside { html: html.into_string(), name: screen.device_name.clone(), latest: latest(picture) }
}

fn latest(picture: &PanelPicture) -> Option<LatestPush> {
    let explained = picture.explanation.as_ref()?;
    let id = explained.notification_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let outcome = explained.receipt.get("outcome").and_then(|word| word.as_str()).unwrap_or_default().to_owned();
    let title = explained.notification_title.clone().unwrap_or_else(|| words().unreadable_push.to_owned());
    Some(LatestPush { id, title, outcome })
}

/// What the devices say together: of one push to all of them, how it ended on each.
pub(super) fn head(devices: &[&DeviceBeside]) -> Markup {
    html! {
        h2 { (title(devices)) }
        p class="meta" { (sentence_html(&ends(devices))) }
    }
}

fn title(devices: &[&DeviceBeside]) -> String {
    let words = &words().several;
    let latest: Vec<&LatestPush> = devices.iter().filter_map(|device| device.latest.as_ref()).collect();
    let Some(first) = latest.first() else { return (words.without_push)(devices.len()) };
    let is_one = latest.len() == devices.len() && latest.iter().all(|push| push.id == first.id && !push.id.is_empty());
    if !is_one || devices.len() < 2 {
        return (words.pushes)(devices.len());
    }
    let mut outcomes: Vec<&str> = latest.iter().map(|push| push.outcome.as_str()).collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    (words.one_push)(outcomes.len())
}

/// \u{201c}Town hall\u{201d}: shown on iPhone, not shown on Pixel.
fn ends(devices: &[&DeviceBeside]) -> String {
    let words = &words().several;
    let mut pushes: Vec<(&LatestPush, Vec<String>)> = Vec::new();
    for device in devices {
        let Some(push) = &device.latest else { continue };
        let end = (words.end)(why::look_of(&push.outcome).title, &isolated(&device.name));
        match pushes.iter_mut().find(|(other, _)| other.id == push.id && other.title == push.title) {
            Some((_, ends)) => ends.push(end),
            None => pushes.push((push, vec![end])),
        }
    }
    let sentences = pushes.iter().map(|(push, ends)| (words.ends)(&isolated(&push.title), ends));
    sentences.collect::<Vec<_>>().join(" \u{b7} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str, id: &str, outcome: &str) -> DeviceBeside {
        let latest = LatestPush { id: id.to_owned(), title: "Town hall".to_owned(), outcome: outcome.to_owned() };
        DeviceBeside { html: String::new(), name: name.to_owned(), latest: Some(latest) }
    }

    #[test]
    fn one_push_to_several_is_told_as_one_and_two_pushes_are_not() {
        let (shown, not_shown) = (device("iPhone", "1", "presented"), device("Pixel", "1", "withheld"));
        assert_eq!(title(&[&shown, &not_shown]), "One push, two outcomes");
        let said = ends(&[&shown, &not_shown]).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(said, "\u{201c}Town hall\u{201d}: shown on iPhone, not shown on Pixel");
        assert_eq!(title(&[&shown, &device("iPad", "1", "presented")]), "One push, the same outcome");
        assert_eq!(title(&[&shown, &device("iPad", "2", "presented")]), "2 devices");
        let silent = DeviceBeside { latest: None, ..device("iPad", "", "") };
        assert_eq!(title(&[&silent, &silent]), "2 devices, no push yet");
        assert_eq!(title(&[&shown, &silent]), "2 devices");
    }
}
