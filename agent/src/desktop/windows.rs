//! A notification on Windows: a toast. Written from the crates' sources; not run by this project's tests.
//!
//! Lives here: the toast. Does not live here: the queue and the answers (`blocking`). Text is put into the toast's
//! document as text, so nothing is escaped (decisions/0010).

use notify_rust::{Notification, NotificationResponse, Timeout};

use windows::UI::Notifications::{NotificationSetting, ToastNotificationManager};
use windows::core::HSTRING;

use super::blocking::key;
use super::{Card, PromptCard, Suppression, text};

/// Waits for the user's answer. A toast that left the screen answers nothing any more: clicks in the Action Center need
/// a COM activator, which this version has not.
pub(super) type Wait = Box<dyn FnOnce() -> Option<NotificationResponse> + Send>;

/// The name that Windows knows the app by. Installing writes it to the registry with the display name "Company Portal";
/// where that is missing, Windows shows no toast of it.
const APP_USER_MODEL_ID: &str = "PortalAgent.CompanyPortal";

/// What Windows lets through of this app: its own switch, the user's for all apps, and policies. Focus and Do Not Disturb
/// it does not tell (decisions/0011).
pub(super) fn suppression() -> Suppression {
    let id = HSTRING::from(APP_USER_MODEL_ID);
    let setting = ToastNotificationManager::CreateToastNotifierWithId(&id).and_then(|notifier| notifier.Setting());
    let application_off = setting.ok().map(|setting| setting != NotificationSetting::Enabled);
    Suppression { do_not_disturb: None, application_off }
}

/// Shows a card.
pub(super) fn card(card: &Card, icon: Option<&str>) -> Result<Option<Wait>, String> {
    let mut toast = toast(&card.heading(), &card.body, icon);
    if card.sound {
        // Without a name, notify-rust makes a toast silent.
        toast.sound_name("Default");
    }
    show(&toast)
}

/// Shows the permission prompt.
pub(super) fn prompt(prompt: &PromptCard, icon: Option<&str>) -> Result<Option<Wait>, String> {
    let mut toast = toast(&prompt.heading(), &prompt.body, icon);
    toast.sound_name("Default");
    for button in prompt.buttons {
        toast.action(key(button.choice), button.label);
    }
    show(&toast)
}

fn toast(title: &str, body: &str, icon: Option<&str>) -> Notification {
    let mut toast = Notification::new();
    toast.app_id(APP_USER_MODEL_ID).summary(&text::title(title)).body(&text::body(body)).timeout(Timeout::Never);
    if let Some(icon) = icon {
        toast.image_path(icon);
    }
    toast
}

fn show(toast: &Notification) -> Result<Option<Wait>, String> {
    let handle = toast.show().map_err(|error| error.to_string())?;
    Ok(Some(Box::new(move || {
        let mut answer = None;
        let waited = handle.wait_for_response(|response: &NotificationResponse| answer = Some(response.clone()));
        waited.ok().and(answer)
    })))
}
