//! What Android 16 and later do to a notification that is not the only one: lower its sound, put it into a group (facts 4.2).
//!
//! Lives here: the hints in a receipt. Does not live here: sound and surface by themselves (`surface`).
//!
//! Both rest on changes in the open source, so they are hints and change nothing that is shown. They speak of the notifications
//! that this process showed: after a restart the desktop's cards are unknown, too.

use portal_contract::{Presentation, Surface, Timestamp};

use super::Device;

/// The version from which both hold.
const SINCE: u32 = 16;
/// undocumented: how close two sounds must be; here two minutes.
const CLOSE_MILLIS: i64 = 2 * 60_000;

impl Device {
    /// `shown` as one of several, at `now` (`Rule::AndroidCooldown`, `Rule::AndroidGrouping`).
    pub(super) fn among_others(&self, shown: Presentation, now: Timestamp) -> Presentation {
        let identity = &self.state.identity;
        if identity.operating_system.is_apple()
            || identity.os_version.major() < SINCE
            || shown.surface == Surface::InApp
        {
            return shown;
        }
        let since_sound = self.pushes.sounded_at.map(|at| now.millis_since(at));
        Presentation {
            sound_lowered: shown.sound == Some(true)
                && since_sound.is_some_and(|millis| (0..CLOSE_MILLIS).contains(&millis)),
            grouped: !self.pushes.open_cards.is_empty(),
            ..shown
        }
    }
}
