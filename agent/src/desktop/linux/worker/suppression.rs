//! What the notification server lets through, as the worker keeps it: read anew at each change, each look, and each card
//! on a server that does not signal changes. Nothing polls.
//!
//! Lives here: when it is asked. Does not live here: who is asked and how (`suppression_source`).

use tokio::sync::oneshot;
use zbus::names::OwnedUniqueName;

use super::super::server::ServerState;
use super::super::show_state::SuppressionFuture;
use super::DesktopWorker;
use crate::desktop::Suppression;

/// The one question under way, and who waits for its answer.
#[derive(Default)]
pub(super) struct SuppressionQuery {
    under_way: bool,
    /// Something was said meanwhile that the answer may not know of.
    again: bool,
    lookers: Vec<oneshot::Sender<()>>,
    /// Who waits until it is known whether there is a server at all, which may be the first that is asked.
    early_lookers: Vec<oneshot::Sender<()>>,
}

impl DesktopWorker {
    /// Somebody wants it as it is now; answered once it is known, at once where nobody tells.
    pub(super) fn look(&mut self, looker: oneshot::Sender<()>) {
        if matches!(self.server, ServerState::Asked(_)) {
            self.asking.early_lookers.push(looker);
        } else if self.ask_suppression() {
            self.asking.lookers.push(looker);
        }
        // Dropped, a looker is answered.
    }

    /// Answers those who waited for a server, where it is known by now: its greeting says what it lets through.
    pub(super) fn answer_early_lookers(&mut self) {
        if !matches!(self.server, ServerState::Asked(_)) {
            self.asking.early_lookers.clear();
        }
    }

    /// Asks what the server lets through, once for all that is said meanwhile. Tells whether anyone can be asked.
    pub(super) fn ask_suppression(&mut self) -> bool {
        let (Some(bus), ServerState::Present { owner, greeting, .. }) = (&self.bus, &self.server) else { return false };
        let Some(source) = greeting.source else { return false };
        if self.asking.under_way {
            // One question at a time: dunst signals at each notification, and a burst would ask for each.
            self.asking.again = true;
        } else {
            self.asking.under_way = true;
            self.work.ask_suppression(bus.line(), source, owner.clone());
        }
        true
    }

    pub(super) async fn told_suppression(&mut self, asked: &OwnedUniqueName, suppression: Suppression) {
        self.asking.under_way = false;
        if std::mem::take(&mut self.asking.again) && self.ask_suppression() {
            return;
        }
        self.know_suppression(asked, suppression).await;
        self.asking.lookers.clear();
    }

    /// Keeps what was said of the server, if that is still the one.
    pub(super) async fn know_suppression(&mut self, of: &OwnedUniqueName, suppression: Suppression) {
        if let ServerState::Present { owner, greeting, .. } = &mut self.server
            && owner == of
        {
            greeting.suppression = suppression;
            self.publish_view().await;
        }
    }

    /// The question that follows a card; none where what is known is of now.
    pub(super) fn question_after_showing(&self) -> Option<SuppressionFuture> {
        let (Some(bus), ServerState::Present { owner, greeting, .. }) = (&self.bus, &self.server) else { return None };
        let source = greeting.source.filter(|source| !source.tells_each_change())?;
        let (line, owner) = (bus.line(), owner.clone());
        Some(Box::pin(async move { line.suppression(source, &owner).await }))
    }

    /// What is known of the server that was shown on.
    pub(super) fn known_suppression(&self) -> Suppression {
        match &self.server {
            ServerState::Present { greeting, .. } => greeting.suppression,
            _ => Suppression::default(),
        }
    }
}
