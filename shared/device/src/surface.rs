//! Where a push shows on the device, and how much of it (facts 1.6, 4.1, 4.2).
//!
//! Lives here: the choice of surface, sound and hidden content. Does not live here: whether it shows at all (`grounds`).

use portal_contract::{NotificationPermission, Presentation, Surface};

use super::app_state::is_older;
use super::effect::CardContent;
use super::push::ReceivedPush;
use super::switches::{
    AndroidSwitches, AppleSwitches, ChannelImportance, LockScreenVisibility, NotificationSwitches, ShowPreviews,
};
use super::{DeviceSnapshot, Rule};

impl DeviceSnapshot {
    /// How a push shows now that every prerequisite is met.
    pub(super) fn presentation(&self) -> Presentation {
        let switches = self.acting_switches();
        // Without a surface `notificationsPermitted` is unmet, and no push comes here.
        let surface = self.surface(&switches).unwrap_or(Surface::NotificationCenter);
        let apple = self.identity.operating_system.is_apple();
        // facts 4.1, 4.2: sound has switches of its own, whatever the surface
        let sound = surface != Surface::InApp && self.quiet_by(&switches).is_none() && sound_is_on(&switches);
        Presentation {
            surface,
            sound: Some(sound),
            badge: apple.then(|| surface != Surface::InApp && self.badge_is_on(&switches)),
            heads_up: (!apple).then_some(surface == Surface::Banner),
            content_hidden: surface != Surface::InApp && self.hides_content(&switches),
            substituted: surface != Surface::InApp && self.app_is_too_old(),
            // What depends on the notifications before it: `among_others`.
            sound_lowered: false,
            grouped: false,
        }
    }

    /// Whether a push shows in the app, which is open on an unlocked device.
    pub(super) fn shows_in_app(&self) -> bool {
        // locked, it is a system notification all the same (Rule::SystemWhileLocked)
        let open_and_unlocked = self.app.foreground && !self.condition.locked;
        open_and_unlocked && (self.follows(Rule::InAppWhileOpenApple) || self.follows(Rule::InAppWhileOpenAndroid))
    }

    /// Where a push shows with these switches; `None` where no surface is left for it.
    pub(super) fn surface(&self, switches: &NotificationSwitches) -> Option<Surface> {
        if self.shows_in_app() {
            return Some(Surface::InApp);
        }
        let quiet = self.quiet_by(switches).is_some();
        match switches {
            NotificationSwitches::Apple(apple) if quiet => {
                apple.notification_center.then_some(Surface::NotificationCenter)
            }
            // Android's shade has no switch.
            NotificationSwitches::Android(_) if quiet => Some(Surface::NotificationCenter),
            NotificationSwitches::Apple(apple) => self.apple_surface(apple),
            NotificationSwitches::Android(android) => Some(self.android_surface(android)),
        }
    }

    /// By which rule a push is in the list alone, without banner and sound.
    pub(super) fn quiet_by(&self, switches: &NotificationSwitches) -> Option<Rule> {
        match switches {
            _ if self.acting_permission() == NotificationPermission::Provisional => Some(Rule::AppleProvisional),
            _ if self.condition.focus => Some(Rule::FocusIsQuiet),
            NotificationSwitches::Apple(AppleSwitches { scheduled_delivery: true, .. }) => {
                Some(Rule::AppleScheduledSummary)
            }
            _ => None,
        }
    }

    // facts 4.1: each surface has its own switch; "lockScreen disabled still allows display once unlocked", and a banner is
    // shown on an unlocked device alone
    fn apple_surface(&self, apple: &AppleSwitches) -> Option<Surface> {
        match (self.condition.locked, apple.lock_screen, apple.alert, apple.notification_center) {
            (true, true, _, _) => Some(Surface::LockScreen),
            (false, _, true, _) => Some(Surface::Banner),
            (_, _, _, true) => Some(Surface::NotificationCenter),
            // It is on the lock screen once the device is locked.
            (false, true, false, false) => Some(Surface::LockScreen),
            (true, false, _, false) | (false, false, false, false) => None,
        }
    }

    // facts 4.2: HIGH heads up; the user's lock-screen setting always wins
    fn android_surface(&self, android: &AndroidSwitches) -> Surface {
        match (self.condition.locked, android.lock_screen, android.importance) {
            (true, LockScreenVisibility::Secret, _) => Surface::NotificationCenter,
            (true, _, importance) if importance >= ChannelImportance::Default => Surface::LockScreen,
            (false, _, ChannelImportance::High) => Surface::Banner,
            _ => Surface::NotificationCenter,
        }
    }

    /// Whether the app is of before the version gate, where the documentation has one.
    pub(super) fn app_is_too_old(&self) -> bool {
        let installed = self.app.version.as_deref().unwrap_or_default();
        self.follows(Rule::VersionGate) && is_older(installed, self.app.kind.first_showing_version())
    }

    /// Whether Company Portal's Notifications section lists messages in whose place an older version said to update it
    /// (facts 1.1: "after the update the message appears").
    pub fn lists_substituted(&self) -> bool {
        !self.app_is_too_old()
    }

    /// Up to which sequence Company Portal's Notifications section lists what came in the app: up to the last pull, or all of it
    /// where the section needs none (`Rule::PullToRefresh`).
    pub fn lists_through(&self) -> u64 {
        if self.follows(Rule::PullToRefresh) { self.app.refreshed_through } else { i64::MAX.unsigned_abs() }
    }

    // facts 4.1: badgeSetting; a provisional app's icon has none
    fn badge_is_on(&self, switches: &NotificationSwitches) -> bool {
        let quiet = self.acting_permission() == NotificationPermission::Provisional;
        matches!(switches, NotificationSwitches::Apple(apple) if apple.badge && !quiet)
    }

    // facts 4.1 (showPreviews), 4.2 (PRIVATE: content hidden)
    fn hides_content(&self, switches: &NotificationSwitches) -> bool {
        match switches {
            NotificationSwitches::Apple(apple) => match apple.show_previews {
                ShowPreviews::Always => false,
                ShowPreviews::WhenAuthenticated => self.condition.locked,
                ShowPreviews::Never => true,
            },
            NotificationSwitches::Android(android) => {
                self.condition.locked && android.lock_screen == LockScreenVisibility::Private
            }
        }
    }
}

fn sound_is_on(switches: &NotificationSwitches) -> bool {
    match switches {
        NotificationSwitches::Apple(apple) => apple.sound,
        NotificationSwitches::Android(android) => android.importance >= ChannelImportance::Default,
    }
}

impl CardContent {
    /// What the desktop shows of `push`.
    pub(super) fn of(push: &ReceivedPush, presentation: Presentation, app_name: &str) -> Self {
        let (title, body) = match presentation {
            Presentation { content_hidden: true, .. } => (app_name.to_owned(), "Notification".to_owned()),
            // facts 1.1: "a notification telling them to update their app to view the notification"
            Presentation { substituted: true, .. } => {
                (app_name.to_owned(), format!("Update {app_name} to view this notification."))
            }
            _ => (push.notification.notification_title.clone(), push.notification.notification_body.clone()),
        };
        Self { title, body, surface: presentation.surface, sound: presentation.sound == Some(true) }
    }
}
