//! What is on the phone's screen, as data: a pure function of the device at one moment ([`screen`]).
//!
//! Inside the phone is only what its owner would see, in the platform's words. What is known besides (why a push did not
//! show, what waits) stands beside the phone, on the page and in `explain`: a withheld push leaves the screen as it was.
//!
//! Lives here: which things are on the screen, their words and the commands behind what can be pressed (`compose`,
//! `settings`, `words`); the screen as lines of text (`text`). Does not live here: any rule of the device, HTML, a clock.

mod compose;
mod data;
mod settings;
mod text;
mod words;

pub use compose::{PhoneMoment, screen};
pub use data::{
    AppIcon, CardOnScreen, InAppMessageOnScreen, NotificationList, PhoneScreen, PromptOnScreen, ScreenButton,
    ScreenView, SettingsPage, SettingsRow, ShownCard, StatusIcon, WorkPausedNotice,
};
pub use text::lines;

#[cfg(test)]
mod tests;
