//! The regions of the page: what a device's picture is as HTML, by the element that it goes into.
//!
//! Lives here: which regions there are. Does not live here: what is in each (`controls`, `why`, `phone`, `when`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::picture::PanelPicture;
use super::{controls, phone, when, why};

/// The regions of the page by the id of their element, as HTML; `state` is JSON.
pub(super) fn regions(picture: &PanelPicture) -> BTreeMap<&'static str, Value> {
    let who = match &picture.status.device.user_principal_name {
        Some(user) => format!("{user} \u{b7} documentation of {}", picture.status.documentation),
        None => format!("not enrolled \u{b7} documentation of {}", picture.status.documentation),
    };
    let condition = &picture.status.condition;
    // Apart from the HTML, so that a switch that is pressed while the picture is made does not jump back and forth.
    let state = json!({
        "locked": condition.locked, "offline": condition.offline, "focus": condition.focus, "doze": condition.doze,
        "workProfilePaused": condition.work_profile_paused, "charging": condition.charging,
        "playServices": condition.play_services == Some(true),
    });
    let system = picture.screen.operating_system;
    BTreeMap::from([
        ("do", controls::controls(picture.screen.device_id, system).into_string().into()),
        ("why", why::why(picture).into_string().into()),
        ("door", why::door(picture).into_string().into()),
        ("see", phone::phone(&picture.screen).into_string().into()),
        ("line", when::line(picture).into_string().into()),
        ("past", when::past(picture).into_string().into()),
        ("who", maud::html! { (who) }.into_string().into()),
        ("state", state),
    ])
}
