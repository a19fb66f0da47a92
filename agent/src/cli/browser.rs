//! Opening the page's link in this computer's browser.
//!
//! Lives here: the file that leads there, and the desktop's own command. Does not live here: the link (`control`).

use std::path::Path;
use std::process::{Command, Stdio};

use maud::{DOCTYPE, html};

use super::CommandFailure;
use crate::state_dir::StateDir;

/// The file that leads a browser to the link: arguments show in the list of processes, and a file of this user's alone does not.
const REDIRECT: &str = "panel.html";

/// Opens a link in this computer's browser, by a file in this folder.
pub(super) fn open(state_dir: &Path, url: &str) -> Result<(), CommandFailure> {
    let hint = "portal-agent panel prints the link";
    let page = html! {
        (DOCTYPE)
        meta charset="utf-8";
        meta http-equiv="refresh" content={ "0;url=" (url) };
        meta name="referrer" content="no-referrer";
        title { "portal-agent" }
        a href=(url) { "portal-agent" }
    };
    let written = StateDir::open(state_dir).and_then(|dir| dir.write_private(REDIRECT, page.into_string().as_bytes()));
    let file = written.map_err(|error| CommandFailure::operation("notOpened", error.to_string(), hint))?;
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started =
        Command::new(program).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.map(drop).map_err(|error| {
        let reason = crate::library_error::os_reason(&error);
        CommandFailure::operation("notOpened", format!("{program} could not be started: {reason}"), hint)
    })
}
