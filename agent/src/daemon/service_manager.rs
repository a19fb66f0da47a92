//! What a service manager is told: that the daemon is ready, that it lives, that it ends.
//!
//! Lives here: systemd's protocol, which says nothing where no one asked for it. Does not live here: the unit
//! (`agent/packaging`).

use crate::host::HostHandle;

/// The daemon as its service manager sees it; what it is told ends with this.
pub(super) struct ServiceNotice {
    #[cfg(target_os = "linux")]
    watchdog: Option<tokio::task::JoinHandle<()>>,
}

impl ServiceNotice {
    /// Tells that the daemon answers commands, which is not yet that its broker is there: a broker that is away must not
    /// keep the service from starting. From now on the watchdog is answered, where the unit has one.
    pub(super) fn ready(host: &HostHandle) -> Self {
        #[cfg(target_os = "linux")]
        {
            tell(&[sd_notify::NotifyState::Ready]);
            // At half of the limit, as sd_watchdog_enabled(3) advises.
            let watchdog = sd_notify::watchdog_enabled().map(|timeout| tokio::spawn(answer(host.clone(), timeout / 2)));
            Self { watchdog }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = host;
            Self {}
        }
    }

    /// Tells that the daemon ends, and that this may take a moment.
    pub(super) fn stopping(&self) {
        #[cfg(target_os = "linux")]
        tell(&[sd_notify::NotifyState::Stopping]);
    }
}

#[cfg(target_os = "linux")]
impl Drop for ServiceNotice {
    fn drop(&mut self) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.abort();
        }
    }
}

#[cfg(target_os = "linux")]
async fn answer(host: HostHandle, every: std::time::Duration) {
    // The task that drives the devices is asked each time: a thread that only ticks would answer for a daemon that
    // does nothing any more.
    let mut due = tokio::time::interval(every);
    loop {
        due.tick().await;
        if host.answers().await {
            tell(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

#[cfg(target_os = "linux")]
fn tell(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(reason = %crate::library_error::os_reason(&error), "the service manager was not told");
    }
}
