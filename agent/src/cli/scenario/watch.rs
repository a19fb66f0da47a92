//! `scenario run --watch`: the link to the page, a line a step, and the keys.
//!
//! Lives here: what is told in the terminal, and what a key asks for. Does not live here: the run (`scenario::watched_run`).

use std::io::{Read, Write};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::browser;
use crate::control::{ControlClient, WatcherOrder};
use crate::escape::harmless;
use crate::key_terminal::KeyTerminal;
use crate::scenario::model::ScenarioCase;
use crate::scenario::watched_run::WatchTellers;

/// The terminal while a run is watched; as it was before once this is dropped.
pub(super) struct WatchTerminal {
    keys: Option<KeyTerminal>,
    /// Where the file lies that leads the browser to the page.
    folder: Option<tempfile::TempDir>,
}

impl WatchTerminal {
    /// `opens`: the page is opened in this computer's browser.
    pub(super) fn open(opens: bool) -> Self {
        let folder = opens.then(|| tempfile::TempDir::with_prefix("portal-agent-watch-").ok()).flatten();
        Self { keys: KeyTerminal::open(), folder }
    }

    /// Whether somebody can type.
    pub(super) fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Tells the link and each step, and has the keys give orders; `stop` is what q asks for.
    pub(super) fn tellers(&self, stop: CancellationToken) -> WatchTellers {
        let folder = self.folder.as_ref().map(|folder| folder.path().to_owned());
        let at_once = self.keys.as_ref().map(KeyTerminal::at_once);
        let opened = move |client: Arc<ControlClient>| {
            // The client blocks, and so does the terminal. The thread ends with the process: a read cannot be called off.
            std::thread::spawn(move || {
                match client.panel_link() {
                    Ok(link) => {
                        say(&format!("watch it here: {}", link.value.url));
                        if let Some(folder) = folder
                            && let Err(error) = browser::open(&folder, &link.value.url)
                        {
                            say(&format!("it was not opened in the browser: {error}"));
                        }
                    }
                    Err(error) => say(&format!("there is no page to watch: {error}")),
                }
                let Some(at_once) = at_once else {
                    return say("the run is paused; the page's buttons have it step and go on");
                };
                let enter = if at_once { "" } else { ", each with Enter" };
                say(&format!("keys: s step, g go on, p pause, q quit{enter}; or the page's buttons"));
                obey_keys(std::io::stdin(), &client, &stop);
            });
        };
        WatchTellers { opened: Box::new(opened), step: Box::new(tell_step) }
    }

    /// Tells that the run is over and what is left open, where somebody can say that it may end.
    pub(super) fn tell_end(&self) {
        say("the run is over; the page shows the device as it ended. q ends this");
    }
}

fn say(line: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn tell_step(case: &ScenarioCase, done: usize) {
    if done == 0 {
        say(&format!("{}  {}:{}", harmless(&case.name()), case.at.file, case.at.line));
    }
    let text = done.checked_sub(1).and_then(|index| case.steps.get(index)).map_or("device", |step| step.text.as_str());
    say(&format!("  {done:>2}/{}  {}", case.steps.len(), harmless(text)));
}

/// What a key asks for; none where it is no key of these.
fn order_of(key: u8) -> Option<WatcherOrder> {
    match key.to_ascii_lowercase() {
        b's' | b' ' => Some(WatcherOrder::Step),
        b'g' => Some(WatcherOrder::GoOn),
        b'p' => Some(WatcherOrder::Pause),
        b'q' | 4 => Some(WatcherOrder::Stop),
        _ => None,
    }
}

fn obey_keys(mut input: impl Read, client: &ControlClient, stop: &CancellationToken) {
    let mut key = [0];
    while matches!(input.read(&mut key), Ok(1)) {
        match order_of(key[0]) {
            Some(WatcherOrder::Stop) => return stop.cancel(),
            // Refused where no case runs at the moment.
            Some(order) => drop(client.order(order)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_one_order_and_others_are_none() {
        let read = |keys: &str| keys.bytes().map(order_of).collect::<Vec<_>>();
        assert_eq!(read("sG"), [Some(WatcherOrder::Step), Some(WatcherOrder::GoOn)]);
        assert_eq!(read("pq\u{4}"), [Some(WatcherOrder::Pause), Some(WatcherOrder::Stop), Some(WatcherOrder::Stop)]);
        assert_eq!(read("x\n"), [None, None]);
    }
}
