//! The small numbers that stand for words in the database. They never change and are never used twice.
//!
//! Lives here: the mapping, both ways. Does not live here: the words (`portal_contract::receipt`).

use portal_contract::{
    CardInteraction, DeliveryDelay, DesktopVerdict, OutcomeKind, Presentation, PushProblem, Receipt, Surface,
};

/// A word that is stored as a number.
pub(super) trait StoredCode: Sized {
    /// Its number.
    fn code(self) -> u8;
    /// The word with this number.
    fn from_code(code: u8) -> Option<Self>;
}

// A new variant in portal-contract does not compile until it has a number here.
macro_rules! codes {
    ($type:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl StoredCode for $type {
            fn code(self) -> u8 {
                match self { $(Self::$variant => $code),+ }
            }
            fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes!(OutcomeKind { Rejected = 1, Duplicate = 2, Expired = 3, Withheld = 4, Dropped = 5, Failed = 6, Presented = 7 });
codes!(Surface { Banner = 1, LockScreen = 2, NotificationCenter = 3, InApp = 4 });
codes!(CardInteraction { Clicked = 1, Dismissed = 2, Withdrawn = 3 });
codes!(DeliveryDelay {
    DelayedDeviceOffline = 1,
    DelayedDeviceDoze = 2,
    DelayedUserStopped = 3,
    DelayedDesktopPace = 4,
    DelayedNotificationServerAway = 5,
    DelayedBatteryOptimisation = 6,
    DelayedScheduledSummary = 7,
    DelayedNextLook = 8,
});
codes!(DesktopVerdict {
    Accepted = 1,
    DoNotDisturb = 2,
    ApplicationOff = 3,
    Unknown = 4,
    NoNotificationServer = 5,
    Refused = 6,
});
codes!(PushProblem {
    PayloadTooLarge = 1,
    NotUtf8 = 2,
    NotJson = 3,
    NotAnObject = 4,
    MissingMember = 5,
    WrongType = 6,
    InvalidId = 7,
    TitleLength = 8,
    BodyLength = 9,
    InvalidTime = 10,
    InvalidUserPrincipalName = 11,
    Retained = 12,
    Collapsed = 13,
    DroppedTooManyPendingMessages = 14,
    DroppedTtlExpired = 15,
    DroppedAppForceStopped = 16,
    NoNotificationServer = 17,
    NotificationServerDidNotAnswer = 18,
    NotificationServerRefused = 19,
    DroppedDeviceInactive = 20,
    Unregistered = 21,
    RemovalPending = 22,
});

/// What a receipt marks, as bits: a yes or no has one bit for "said" where it may be unsaid, and one for "yes"; the word of
/// the desktop has three for its number.
pub(super) struct ReceiptMarks;

impl ReceiptMarks {
    const SOUND: u32 = 0;
    const BADGE: u32 = 2;
    const HEADS_UP: u32 = 4;
    const CONTENT_HIDDEN: u32 = 1 << 6;
    pub(super) const SUBSTITUTED: u32 = 1 << 7;
    const PRIORITY_LOWERED: u32 = 1 << 8;
    const DESKTOP: u32 = 9;
    const SOUND_LOWERED: u32 = 1 << 12;
    const GROUPED: u32 = 1 << 13;

    /// The marks of a receipt; nothing for most, so that their rows stay small.
    pub(super) fn of(receipt: &Receipt, presentation: Option<&Presentation>) -> Option<u32> {
        let said = |value: Option<bool>, at: u32| value.map_or(0, |yes| (1 | u32::from(yes) << 1) << at);
        let yes = |value: bool, bit: u32| if value { bit } else { 0 };
        let presented = presentation.map_or(0, |shown| {
            said(shown.sound, Self::SOUND)
                | said(shown.badge, Self::BADGE)
                | said(shown.heads_up, Self::HEADS_UP)
                | yes(shown.content_hidden, Self::CONTENT_HIDDEN)
                | yes(shown.substituted, Self::SUBSTITUTED)
                | yes(shown.sound_lowered, Self::SOUND_LOWERED)
                | yes(shown.grouped, Self::GROUPED)
        });
        let desktop = receipt.desktop.map_or(0, |verdict| u32::from(verdict.code()) << Self::DESKTOP);
        let lowered = yes(receipt.priority_lowered, Self::PRIORITY_LOWERED);
        Some(presented | lowered | desktop).filter(|marks| *marks != 0)
    }

    /// The presentation on `surface` with these marks.
    pub(super) fn presentation(marks: u32, surface: Surface) -> Presentation {
        let said = |at: u32| (marks >> at & 1 == 1).then_some(marks >> at & 2 == 2);
        Presentation {
            surface,
            sound: said(Self::SOUND),
            badge: said(Self::BADGE),
            heads_up: said(Self::HEADS_UP),
            content_hidden: marks & Self::CONTENT_HIDDEN != 0,
            substituted: marks & Self::SUBSTITUTED != 0,
            sound_lowered: marks & Self::SOUND_LOWERED != 0,
            grouped: marks & Self::GROUPED != 0,
        }
    }

    /// What was known of the desktop.
    pub(super) fn desktop(marks: u32) -> Option<DesktopVerdict> {
        DesktopVerdict::from_code((marks >> Self::DESKTOP & 0b111) as u8)
    }

    /// Whether the push's priority was lowered.
    pub(super) fn priority_lowered(marks: u32) -> bool {
        marks & Self::PRIORITY_LOWERED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    fn words<T: StoredCode + Serialize>() -> Vec<(u8, String)> {
        let word = |value| serde_json::to_value(value).unwrap().as_str().unwrap().to_owned();
        (0..=u8::MAX).filter_map(|code| T::from_code(code).map(|value| (code, word(value)))).collect()
    }

    fn pinned(list: &str) -> Vec<(u8, String)> {
        list.split_whitespace().enumerate().map(|(index, word)| (index as u8 + 1, word.to_owned())).collect()
    }

    /// Databases hold these numbers: one that changes here makes every stored receipt lie.
    #[test]
    fn the_numbers_are_what_they_always_were() {
        assert_eq!(words::<OutcomeKind>(), pinned("rejected duplicate expired withheld dropped failed presented"));
        assert_eq!(words::<Surface>(), pinned("banner lockScreen notificationCenter inApp"));
        assert_eq!(words::<CardInteraction>(), pinned("clicked dismissed withdrawn"));
        assert_eq!(
            words::<DesktopVerdict>(),
            pinned("accepted doNotDisturb applicationOff unknown noNotificationServer refused")
        );
        assert_eq!(
            words::<DeliveryDelay>(),
            pinned(
                "delayedDeviceOffline delayedDeviceDoze delayedUserStopped delayedDesktopPace
                 delayedNotificationServerAway delayedBatteryOptimisation delayedScheduledSummary
                 delayedNextLook"
            )
        );
        assert_eq!(
            words::<PushProblem>(),
            pinned(
                "payloadTooLarge notUtf8 notJson notAnObject missingMember wrongType invalidId titleLength bodyLength
                 invalidTime invalidUserPrincipalName retained collapsed droppedTooManyPendingMessages droppedTtlExpired
                 droppedAppForceStopped noNotificationServer notificationServerDidNotAnswer notificationServerRefused
                 droppedDeviceInactive unregistered removalPending"
            )
        );
    }

    #[test]
    fn every_number_reads_back() {
        for code in 0..=u8::MAX {
            assert!(PushProblem::from_code(code).is_none_or(|problem| problem.code() == code));
            assert!(OutcomeKind::from_code(code).is_none_or(|kind| kind.code() == code));
        }
    }
}
