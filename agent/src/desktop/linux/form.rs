//! A card as notify-rust sends it.
//!
//! Lives here: name, icon, hints, actions, and which server wants its text escaped. Does not live here: the sending.

use notify_rust::{Hint, Notification, Timeout, Urgency as Level};

use super::super::{APP_NAME, Card, CardUrgency, DESKTOP_ENTRY, PromptCard, text};
use super::open::{CLICK, PromptNonce};

/// What all our notifications have in common.
pub(super) struct NotificationTemplate(Notification);

impl NotificationTemplate {
    pub(super) fn new(icon: Option<&str>) -> Self {
        // Made once: each `new` reads the executable's path (decisions/0008).
        let mut notification = Notification::new();
        notification
            .appname(APP_NAME)
            .hint(Hint::DesktopEntry(DESKTOP_ENTRY.to_owned()))
            // Stays until the user dismisses it (facts 1.6).
            .timeout(Timeout::Never);
        if let Some(icon) = icon {
            notification.icon(icon);
        }
        Self(notification)
    }

    /// A card, with a click on it as its one action.
    pub(super) fn card(&self, card: &Card, markup: bool) -> Notification {
        let mut notification = self.text(&card.heading(), &card.body, markup);
        // Xfce and LXQt draw it as a button, since they know no other way to click: the label is for them.
        notification.action(CLICK, "Open");
        match card.urgency {
            CardUrgency::Normal => notification.urgency(Level::Normal),
            CardUrgency::Low => notification.urgency(Level::Low),
        };
        if card.sound {
            notification.sound_name("message-new-instant");
        } else {
            notification.hint(Hint::SuppressSound(true));
        }
        notification
    }

    /// The permission prompt. Servers that draw no buttons (dunst) still offer its actions in their own way.
    pub(super) fn prompt(&self, prompt: &PromptCard, nonce: &PromptNonce, markup: bool) -> Notification {
        let mut notification = self.text(&prompt.heading(), &prompt.body, markup);
        for button in prompt.buttons {
            notification.action(&nonce.key(button.choice), button.label);
        }
        notification.urgency(Level::Normal);
        notification
    }

    fn text(&self, title: &str, body: &str, markup: bool) -> Notification {
        let mut notification = self.0.clone();
        // The title is never escaped: all servers that were looked at show it as it is, entities and all
        // (decisions/0010).
        let body = text::body(body);
        notification.summary(&text::title(title)).body(&if markup { text::escaped(&body) } else { body });
        notification
    }
}
