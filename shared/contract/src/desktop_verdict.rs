//! What this computer's desktop does with the notifications that it is given; never the emulated device's own permission.
//!
//! Lives here: the words, and their sentences. Does not live here: finding out (the desktop edge), the trouble of showing one card
//! (`PushProblem`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::push_problem::PushProblem;

/// What is known of a desktop: whether it shows what it accepts. Whether a person saw it, nobody can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DesktopVerdict {
    /// Accepted by the notification server, which tells of nothing that keeps notifications from showing.
    Accepted,
    /// The notification server is in Do Not Disturb: it accepts notifications and shows none.
    DoNotDisturb,
    /// The desktop has Company Portal's notifications switched off.
    ApplicationOff,
    /// The notification server does not tell whether it shows what it accepts, or did not answer.
    Unknown,
    /// There is no notification server, or no desktop session.
    NoNotificationServer,
    /// The notification server refused this notification; of one push only.
    Refused,
}

impl DesktopVerdict {
    /// What a push that failed says of the desktop.
    pub fn of_failure(problem: PushProblem) -> Option<Self> {
        match problem {
            PushProblem::NoNotificationServer => Some(Self::NoNotificationServer),
            PushProblem::NotificationServerDidNotAnswer => Some(Self::Unknown),
            PushProblem::NotificationServerRefused => Some(Self::Refused),
            _ => None,
        }
    }

    /// Whether a notification that is shown now will not show.
    pub fn keeps_from_showing(self) -> bool {
        matches!(self, Self::DoNotDisturb | Self::ApplicationOff | Self::NoNotificationServer)
    }

    /// What the desktop does, of the notification server: `it` in the sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Accepted => "it tells of nothing that keeps notifications from showing",
            Self::DoNotDisturb => "it is in Do Not Disturb: it accepts notifications and shows none",
            Self::ApplicationOff => "Company Portal is switched off in it: it accepts its notifications and shows none",
            Self::Unknown => "it does not tell whether it shows what it accepts",
            Self::NoNotificationServer => "there is none: nothing can be shown",
            Self::Refused => "it refused the notification",
        }
    }

    /// What the desktop did with one push, as far as is known.
    pub fn sentence_of_one(self) -> &'static str {
        match self {
            Self::Accepted => {
                "The notification server accepted it, and told of nothing that would keep it from showing."
            }
            Self::DoNotDisturb => {
                "The notification server accepted it but was in Do Not Disturb, so it showed nothing. That is this \
                 computer's own setting, not the device's Focus or Do Not Disturb."
            }
            Self::ApplicationOff => {
                "The notification server accepted it but Company Portal is switched off there, so it showed nothing. \
                 That is this computer's own setting, not the device's notification permission."
            }
            Self::Unknown => "Whether the notification server showed it is unknown: it did not tell.",
            Self::NoNotificationServer => "There was no notification server to show it.",
            Self::Refused => "The notification server refused it.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_desktops_own_troubles_speak_of_it() {
        assert_eq!(DesktopVerdict::of_failure(PushProblem::Collapsed), None);
        let unanswered = DesktopVerdict::of_failure(PushProblem::NotificationServerDidNotAnswer);
        assert_eq!(unanswered, Some(DesktopVerdict::Unknown), "it may still appear");
    }

    #[test]
    fn it_is_spelled_like_the_other_words_of_a_receipt() {
        let spelled = serde_json::to_value(DesktopVerdict::NoNotificationServer).unwrap();
        assert_eq!(spelled, serde_json::to_value(PushProblem::NoNotificationServer).unwrap());
        assert_eq!(serde_json::to_value(DesktopVerdict::DoNotDisturb).unwrap(), "doNotDisturb");
    }
}
