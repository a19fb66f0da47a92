//! What the log tells of the desktop: once when something is missing, once when it is there again.
//!
//! Lives here: those lines. Does not live here: what a push that failed for it says (the daemon).

use super::super::server::ServerState;
use super::super::session;
use super::DesktopWorker;

impl DesktopWorker {
    /// Tells what was found, where it is news.
    pub(super) fn log_what_was_found(&mut self) {
        match &self.server {
            ServerState::Present { greeting, .. } => {
                let server = &greeting.server;
                let is_news = self.told_problem.take().is_some();
                if is_news {
                    tracing::info!(server = server.name, "the desktop can show notifications again");
                }
                if let Some(whose) = session::of_another_user() {
                    tracing::warn!("notifications go to the desktop of another user: {whose}");
                }
            }
            // With the first card it starts one.
            ServerState::Absent { .. }
                if self.told_problem.is_none() && self.bus.as_ref().is_some_and(|bus| bus.can_start_server) =>
            {
                tracing::info!(
                    "no notification server runs yet; the session bus starts one with the first notification"
                );
            }
            ServerState::NoBus { .. } | ServerState::Absent { .. } => {
                let problem = self.server.problem();
                if problem != self.told_problem {
                    tracing::warn!("notifications cannot be shown: {}", problem.as_deref().unwrap_or_default());
                    self.told_problem = problem;
                }
            }
            ServerState::Asked(_) => {}
        }
    }
}
