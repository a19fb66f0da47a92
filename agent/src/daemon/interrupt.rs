//! The signals that end the daemon cleanly.
//!
//! Lives here: which they are on each kind of system, and which one was ignored on purpose. Does not live here: the end
//! itself (`start`).

use std::future::Future;

/// Ends with Ctrl-C. On Unix also with SIGTERM, which a service manager sends, and with SIGHUP, which a terminal sends
/// that is closed, unless SIGHUP was ignored when the program started: `nohup` means that it shall live on. On Windows also
/// with Ctrl-Break, and when the console window is closed, the user logs off or the computer shuts down; the system then waits
/// some seconds for the process to end.
///
/// The signals are listened to from the call on, not from the first poll, so that one that comes while the program still
/// starts is not lost. Must be called inside a tokio runtime.
pub fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    return unix::interrupted();
    #[cfg(windows)]
    return windows::interrupted();
}

#[cfg(windows)]
mod windows {
    use std::future::Future;
    use std::pin::Pin;

    use futures_util::future::select_all;
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    pub(super) fn interrupted() -> impl Future<Output = ()> {
        type Event = Pin<Box<dyn Future<Output = Option<()>> + Send>>;
        // Each kind of event is a type of its own.
        macro_rules! event {
            ($kind:ident) => {
                $kind().ok().map(|mut event| -> Event { Box::pin(async move { event.recv().await }) })
            };
        }
        let events =
            [event!(ctrl_c), event!(ctrl_break), event!(ctrl_close), event!(ctrl_logoff), event!(ctrl_shutdown)];
        let events: Vec<Event> = events.into_iter().flatten().collect();
        async move {
            // Where no handler can be set, the system's own way of ending a process is left.
            if events.is_empty() {
                return std::future::pending().await;
            }
            select_all(events).await;
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::future::Future;
    use std::sync::OnceLock;

    use futures_util::future::select_all;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// SIGHUP in a mask of signals: POSIX gives it the number 1 everywhere.
    const HANGUP: u128 = 1;

    pub(super) fn interrupted() -> impl Future<Output = ()> {
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        if !hangup_is_ignored() {
            kinds.push(SignalKind::hangup());
        }
        let signals: Vec<Signal> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
        async move {
            // Where no handler can be set, the system's own way of ending a process is left.
            if signals.is_empty() {
                return std::future::pending().await;
            }
            let waits = signals.into_iter().map(|mut signal| Box::pin(async move { signal.recv().await }));
            select_all(waits).await;
        }
    }

    fn hangup_is_ignored() -> bool {
        // Asked once, and before the first handler is set: a handler takes the place of what was ignored.
        static IGNORED: OnceLock<bool> = OnceLock::new();
        *IGNORED.get_or_init(|| ignored_signals().is_some_and(|mask| mask & HANGUP != 0))
    }

    /// The mask of the signals that this process ignores. Asking for it by a system call takes unsafe code.
    #[cfg(target_os = "linux")]
    fn ignored_signals() -> Option<u128> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u128::from_str_radix(mask.trim(), 16).ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn ignored_signals() -> Option<u128> {
        let process = std::process::id().to_string();
        let printed = std::process::Command::new("ps").args(["-o", "ignored=", "-p", &process]).output().ok()?;
        u128::from_str_radix(std::str::from_utf8(&printed.stdout).ok()?.trim(), 16).ok()
    }
}
