//! The signals that end the daemon cleanly.
//!
//! Lives here: what each kind of system calls them. Does not live here: the end itself (`start`).

/// Waits for Ctrl-C, or on Unix for SIGTERM, which a service manager sends.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Where no handler can be set, the system's own way of ending a process is left.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
