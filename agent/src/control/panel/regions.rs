//! The regions of the page: what a device's picture is as HTML, by the element that it goes into.
//!
//! Lives here: which regions there are. Does not live here: what is in each (`controls`, `why`, `phone`, `when`).

use serde_json::json;

use super::isolated::{isolated, sentence_html};
use super::patch::{PageRegions, Region};
use super::picture::PanelPicture;
use super::words::words;
use super::{outcomes, phone, when, why};

/// The regions of the page that follow from the device's picture; its controls do not, and are made once.
pub(super) fn regions(picture: &PanelPicture) -> PageRegions {
    let (words, documentation) = (&words().shell, &picture.status.documentation);
    let who = match &picture.status.device.user_principal_name {
        Some(user) => (words.enrolled)(&isolated(user.as_str()), documentation),
        None => (words.not_enrolled)(documentation),
    };
    let condition = &picture.status.condition;
    // Apart from the HTML, so that a switch that is pressed while the picture is made does not jump back and forth.
    let state = json!({
        "locked": condition.locked, "offline": condition.offline, "focus": condition.focus, "doze": condition.doze,
        "workProfilePaused": condition.work_profile_paused, "charging": condition.charging,
        "playServices": condition.play_services == Some(true),
    });
    let why = why::why(picture);
    let phone = phone::phone(&picture.screen);
    PageRegions::from([
        ("why-verdict", why.verdict.into()),
        ("why-steps", why.steps.into()),
        ("why-more", why.more.into()),
        ("edge", why::edge(picture, 3).into()),
        ("see-screen", phone.screen.into()),
        ("see-list", phone.list.into()),
        ("see-settings", phone.settings.into()),
        ("facts", phone.facts.into()),
        ("line", Region::List(when::line(picture))),
        ("past", when::past(picture).into()),
        ("who", maud::html! { (sentence_html(&who)) " \u{b7} " (outcomes::link(picture)) }.into()),
        ("groups", maud::html! { @for group in &picture.status.groups { option value=(group) {} } }.into()),
        ("state", Region::Data(state)),
    ])
}
