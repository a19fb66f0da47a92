//! What a desktop tells of the notifications that it accepts. Pure.
//!
//! Lives here: the two facts and the verdict on them. Does not live here: where each desktop keeps them (`linux`,
//! `windows`), the emulated device's own permission (`portal_device`).

use portal_contract::DesktopVerdict;

/// What a desktop tells; nothing where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Suppression {
    /// Whether it accepts notifications without showing them.
    pub do_not_disturb: Option<bool>,
    /// Whether Company Portal's notifications are switched off in it.
    pub application_off: Option<bool>,
}

impl Suppression {
    /// The verdict. A desktop that only tells that the application is on has not said whether it shows anything.
    pub fn verdict(self) -> DesktopVerdict {
        match (self.application_off, self.do_not_disturb) {
            (Some(true), _) => DesktopVerdict::ApplicationOff,
            (_, Some(true)) => DesktopVerdict::DoNotDisturb,
            (_, Some(false)) => DesktopVerdict::Accepted,
            (_, None) => DesktopVerdict::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_worst_that_is_known() {
        let told = |application_off, do_not_disturb| Suppression { do_not_disturb, application_off }.verdict();
        assert_eq!(told(None, None), DesktopVerdict::Unknown);
        assert_eq!(told(Some(false), None), DesktopVerdict::Unknown);
        assert_eq!(told(None, Some(false)), DesktopVerdict::Accepted);
        assert_eq!(told(Some(false), Some(true)), DesktopVerdict::DoNotDisturb);
        assert_eq!(told(Some(true), Some(false)), DesktopVerdict::ApplicationOff);
        assert_eq!(told(Some(true), None), DesktopVerdict::ApplicationOff);
    }
}
