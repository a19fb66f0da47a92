//! The desktop edge: shows cards and the permission prompt on the computer's own desktop, and says what became of them.
//!
//! Lives here: the `Notifier` trait, its native, console and recording forms, the text as the desktop gets it, the icon.
//! Does not live here: whether a card shows (`portal_device`), how many may be open and when to try again (the daemon).

use std::borrow::Cow;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use portal_contract::status::DesktopStatus;
pub use portal_contract::status::{PromptButton, PromptChoice};
use portal_contract::{DesktopVerdict, PushProblem};

mod console;
mod icon;
mod queue;
mod recording;
mod share;
mod suppression;
mod text;

#[cfg(any(target_os = "macos", target_os = "windows"))]
mod blocking;
#[cfg(target_os = "linux")]
mod linux;
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(target_os = "windows", path = "windows.rs")]
#[cfg(any(target_os = "macos", target_os = "windows"))]
mod platform;

#[cfg(any(target_os = "macos", target_os = "windows"))]
pub use blocking::BlockingNotifier as NativeNotifier;
pub use console::ConsoleNotifier;
#[cfg(target_os = "linux")]
pub use linux::LinuxNotifier as NativeNotifier;
pub use recording::{RecordedCall, RecordingBehaviour, RecordingNotifier};
pub use share::{DesktopShare, SharingDaemon};
pub use suppression::Suppression;

/// The name that every card is shown under.
pub const APP_NAME: &str = "Company Portal";

/// The name of the desktop entry that a package installs; servers list and switch the app by it.
pub const DESKTOP_ENTRY: &str = "company-portal";

/// The daemon's own number for a card; never the server's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardId(pub u64);

/// The daemon's own number for a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(pub u64);

/// How loudly a card asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardUrgency {
    /// A banner.
    Normal,
    /// In the list alone.
    Low,
}

/// A notification to show. Title and body are given as sent; the edge makes them literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What its answers name.
    pub id: CardId,
    /// The device's name, where this computer shows more than one device.
    pub device: Option<String>,
    /// The title, as sent.
    pub title: String,
    /// The body, as sent.
    pub body: String,
    /// How it asks for attention, the sound aside.
    pub urgency: CardUrgency,
    /// Whether it may sound.
    pub sound: bool,
}

/// The permission prompt: a card with exactly the platform's buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptCard {
    /// What its answers name.
    pub id: PromptId,
    /// The device's name, where this computer shows more than one device.
    pub device: Option<String>,
    /// The question.
    pub title: String,
    /// What it is about.
    pub body: String,
    /// The platform's buttons, in its order.
    pub buttons: &'static [PromptButton],
}

fn heading<'a>(title: &'a str, device: Option<&str>) -> Cow<'a, str> {
    // The device's name where there is more than one: two prompts are told apart by it, and dunst, which puts equal
    // cards in one place, keeps both. Without it the second prompt replaced the first, which then counted as
    // dismissed by a person.
    device.map_or(Cow::Borrowed(title), |device| Cow::Owned(format!("{title} ({device})")))
}

impl Card {
    /// The title as this computer shows it.
    pub(crate) fn heading(&self) -> Cow<'_, str> {
        heading(&self.title, self.device.as_deref())
    }
}

impl PromptCard {
    /// The question as this computer shows it.
    pub(crate) fn heading(&self) -> Cow<'_, str> {
        heading(&self.title, self.device.as_deref())
    }
}

/// What the desktop answers, each on the channel given at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesktopEvent {
    /// The notification server accepted the card; whether anyone saw it, nobody can say (Do Not Disturb).
    Shown {
        /// The card.
        card: CardId,
        /// Whether it shows what it accepts, as far as was known then; nothing where no desktop is asked.
        verdict: Option<DesktopVerdict>,
    },
    /// The card was not shown, or nobody knows whether it was.
    ShowFailed {
        /// The card.
        card: CardId,
        /// `NoNotificationServer`: no call was made, or no server was left to show it, so it may be shown again.
        /// `NotificationServerRefused`, `NotificationServerDidNotAnswer`: not to be repeated (contract 4).
        problem: PushProblem,
        /// A sentence: what happened, and what to do about it.
        detail: String,
    },
    /// The user clicked the card, which is gone with that.
    Clicked {
        /// The card.
        card: CardId,
    },
    /// The user dismissed the card.
    Dismissed {
        /// The card.
        card: CardId,
    },
    /// The card is gone by nobody's decision: it ran out, another took its place, or a program closed it.
    CardGone {
        /// The card.
        card: CardId,
    },
    /// The notification server is gone and every open card with it. An open prompt is told apart, by `PromptFailed`.
    CardsLost,
    /// The user pressed one of the prompt's buttons.
    PromptAnswered {
        /// The prompt.
        prompt: PromptId,
        /// What stands on it.
        choice: PromptChoice,
    },
    /// The user closed the prompt's card without an answer.
    PromptClosed {
        /// The prompt.
        prompt: PromptId,
    },
    /// The prompt could not be shown, was lost with its server, or its card went by nobody's decision. Never an answer.
    PromptFailed {
        /// The prompt.
        prompt: PromptId,
        /// A sentence: what happened, and what to do about it.
        detail: String,
    },
    /// A notification server is there, or there again, and answers: what waits for one may be shown.
    ServerAppeared,
    /// `state()` differs from what it was.
    Changed,
}

/// What the notifiers need to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifierOptions {
    /// Where the icon's file is written at the start; it must outlive the cards that show it.
    pub icon_directory: PathBuf,
    /// A file in which the open cards are kept, so that those which a killed run left are closed at the next start.
    /// Linux: elsewhere a card cannot be taken back.
    pub open_cards_file: Option<PathBuf>,
    /// Whether cards are withdrawn at a stop, too. Linux: elsewhere a card cannot be taken back.
    pub withdraw_at_stop: bool,
    /// How a person in another terminal calls this program for this daemon: what the console's prompt tells to type.
    pub called_by: String,
}

/// Shows cards and prompts.
///
/// Every call only enqueues: it neither waits nor fails. The calls are obeyed in order, one card at a time, and each
/// `show` is answered by exactly one `Shown` or `ShowFailed`. The queue holds 256 calls; a card or prompt beyond
/// is answered as refused, a withdrawal beyond is lost and logged.
pub trait Notifier: Send + Sync {
    /// Shows a card.
    fn show(&self, card: Card);

    /// Takes a card off the desktop; no event answers it. Unknown ids, or ids that are gone, are ignored.
    fn withdraw(&self, card: CardId);

    /// Shows the permission prompt.
    fn prompt(&self, prompt: PromptCard);

    /// Takes the prompt off the desktop; no event answers it.
    fn withdraw_prompt(&self, prompt: PromptId);

    /// The desktop as last heard of; never waits.
    fn state(&self) -> DesktopStatus;

    /// Whether showing would be tried. Where it would not, trying still is what looks for a session bus again.
    fn is_available(&self) -> bool;

    /// What the desktop lets through, as last heard of; never waits. Not the emulated device's own permission.
    fn suppression(&self) -> Suppression {
        Suppression::default()
    }

    /// Asks the desktop what it lets through, for what is known to be of now. Asked by the call itself; the future ends
    /// with the answer, or after a moment.
    fn look(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    /// Ends it and waits for its tasks. An open prompt is withdrawn, since nobody would hear its answer; cards stay
    /// for the user to dismiss (facts 1.6), unless [`NotifierOptions::withdraw_at_stop`].
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Runs `work`, which owns the program, while the main thread does what the desktop wants of it: on macOS its callbacks
/// come on the main thread, so `work` runs on another. Elsewhere `work` simply runs.
pub fn beside_main_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    #[cfg(target_os = "macos")]
    return platform::beside_main_thread(work);
    #[cfg(not(target_os = "macos"))]
    work()
}
