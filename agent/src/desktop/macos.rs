//! A notification on macOS, through `NSUserNotificationCenter`. Written from the crates' sources; not run by this
//! project's tests.
//!
//! Lives here: the notification. Does not live here: the queue and the answers (`blocking`). The centre calls back on
//! the main thread: a prompt is only answered while `main` spins the main run loop and tokio runs on other threads.

use std::sync::Once;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use core_foundation::runloop::CFRunLoop;
use notify_rust::{Notification, NotificationResponse, set_application};

use super::blocking::key;
use super::{Card, PromptCard, Suppression, text};

/// Waits for the user's answer.
pub(super) type Wait = Box<dyn FnOnce() -> Option<NotificationResponse> + Send>;

/// Whom notifications come from: the app's bundle, or, where that is not installed, the terminal.
const BUNDLES: [&str; 2] = ["org.portal-agent.company-portal", "com.apple.Terminal"];

/// Unknown: `NSUserNotificationCenter` does not tell, and the centre that does (`UNUserNotificationCenter`) ends any program
/// that is no signed bundle (decisions/0011).
pub(super) fn suppression() -> Suppression {
    Suppression::default()
}

pub(super) fn card(card: &Card, _icon: Option<&str>) -> Result<Option<Wait>, String> {
    // Scheduled for now, since only so an error comes back. Its clicks are not heard: waiting for one would have a
    // thread of the library poll ten times a second for as long as the card stays.
    let mut notification = notification(&card.heading(), &card.body);
    if card.sound {
        notification.sound_name("default");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    notification.schedule_raw(now.as_secs_f64()).map_err(|error| error.to_string())?;
    Ok(None)
}

/// Shows the permission prompt: it is sent by whoever waits for it.
pub(super) fn prompt(prompt: &PromptCard, _icon: Option<&str>) -> Result<Option<Wait>, String> {
    let mut notification = notification(&prompt.heading(), &prompt.body);
    for button in prompt.buttons {
        notification.action(key(button.choice), button.label);
    }
    let handle = notification.show().map_err(|error| error.to_string())?;
    Ok(Some(Box::new(move || {
        let mut answer = None;
        let waited = handle.wait_for_response(|response: &NotificationResponse| answer = Some(response.clone()));
        waited.ok().and(answer)
    })))
}

fn notification(title: &str, body: &str) -> Notification {
    // Once and first: asking for the default bundle hangs on macOS 26 (decisions/0008).
    static APPLICATION: Once = Once::new();
    APPLICATION.call_once(|| {
        if BUNDLES.iter().all(|bundle| set_application(bundle).is_err()) {
            tracing::warn!("macOS knows neither this app nor the terminal; notifications may come under another name");
        }
    });
    let mut notification = Notification::new();
    notification.summary(&text::title(title)).body(&text::body(body));
    notification
}

/// Between two tries to stop the main loop, and between two looks where it had nothing to wait for.
const PAUSE: Duration = Duration::from_millis(100);

/// Spins the main run loop for as long as `work` runs on a thread of its own.
pub(super) fn beside_main_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let main_loop = CFRunLoop::get_main();
    let (result, ended) = mpsc::channel();
    let (heard, acknowledged) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // Where nobody waits for the result the main thread is gone, and with it the program.
            let _ = result.send(work());
            // A stop that comes before the loop runs is lost, so it is said until it was heard.
            while acknowledged.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                main_loop.stop();
            }
        });
        loop {
            CFRunLoop::run_current();
            match ended.recv_timeout(PAUSE) {
                Ok(result) => {
                    drop(heard);
                    return result;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The work panicked, and has said so; 101 is how Rust ends then.
                Err(RecvTimeoutError::Disconnected) => std::process::exit(101),
            }
        }
    })
}
