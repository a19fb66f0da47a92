//! The recording of the device on the page: its button, and the scenario file as it grows.
//!
//! Lives here: the elements. Does not live here: what is recorded (`recording`).

use maud::{Markup, html};
use portal_contract::DeviceId;

use super::words::words;
use crate::control::recording::Recording;

/// How many characters of the file the page has, the latest: a change brings all of them.
const SHOWN: usize = 4000;

/// The recording; without one its button.
pub(super) fn recording(recording: Option<&Recording>, device: DeviceId) -> Markup {
    let path = format!("/v1/devices/{device}/recording");
    let press = |label: &str, method: &str| {
        html! {
            button type="button" class="b" data-method=(method) data-path=(path) data-body="{}"
                data-line="scenario record" { (label) }
        }
    };
    let words = &words().record;
    html! {
        section class="card record" {
            h2 { (words.title) span { (words.means) } }
            @match recording {
                None => div class="row" { (press(words.begin, "POST")) },
                Some(recording) => {
                    p class="then" role="status" {
                        @match &recording.ended {
                            None => { ((words.so_far)(recording.events)) },
                            Some(why) => { ((words.ended)(why)) },
                        }
                    }
                    div class="row" {
                        @if recording.ended.is_none() { (press(words.end, "DELETE")) }
                        @else { (press(words.anew, "POST")) }
                        button type="button" class="b" id="copy-recording" { (words.copy) }
                        a class="b" href={ (path) "/file" } download="recorded.yaml" { (words.download) }
                    }
                    pre id="recorded" class="code" tabindex="0" role="region" aria-label=(words.file) { (latest(&recording.file)) }
                }
            }
        }
    }
}

/// The end of the file, from a whole line on.
fn latest(file: &str) -> Markup {
    let count = file.chars().count();
    let Some((from, _)) = count.checked_sub(SHOWN).and_then(|skipped| file.char_indices().nth(skipped)) else {
        return html! { (file) };
    };
    let rest = file.get(from..).unwrap_or_default();
    let whole = rest.split_once('\n').map_or(rest, |(_, rest)| rest);
    html! { (words().record.cut) "\n" (whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_file_the_end_is_shown_from_a_whole_line_on() {
        let short = "name: a\nsteps:\n";
        assert_eq!(latest(short).into_string(), short);
        let long = "  - push: {title: \u{e4}}\n".repeat(500);
        let shown = latest(&long).into_string();
        let mut lines = shown.lines();
        assert_eq!(lines.next(), Some("\u{2026} the beginning is in the file"));
        assert!(lines.all(|line| line == "  - push: {title: \u{e4}}") && shown.chars().count() <= SHOWN + 40);
    }
}
