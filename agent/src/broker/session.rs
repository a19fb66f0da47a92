//! A session's owner and the daemon's handle to it.
//!
//! Lives here: starting and stopping its task. Does not live here: what the task does (`reconnecting`), the daemon's calls
//! (`link`).

use std::collections::BTreeSet;
use std::sync::Arc;

use portal_contract::{GroupId, status};
use portal_device::AckToken;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::events::EventQueue;
use super::link::{DesiredState, SharedSession};
use super::reconnecting::SessionDriver;
use super::settings::{BrokerError, SessionSettings};
use super::{DeviceKey, Publish, SessionControl, SessionEvent};
use crate::mqtt::{BrokerUrl, client_config};

/// One device's session with its broker; owns the task that keeps it.
///
/// Its event channel closes when it has ended. Dropped without [`BrokerSession::stop`], the task is aborted and the broker sends the last will.
#[derive(Debug)]
pub struct BrokerSession {
    link: Arc<SharedSession>,
    task: JoinHandle<()>,
}

/// The daemon's way to ask something of a [`BrokerSession`]; cheap to clone.
#[derive(Clone, Debug)]
pub struct SessionHandle(Arc<SharedSession>);

impl BrokerSession {
    /// Starts connecting, in a task of its own on the current runtime; its events name `device`.
    ///
    /// # Errors
    /// Settings that cannot work, files of TLS that are missing or wrong, an event channel smaller than
    /// [`SessionSettings::event_capacity`].
    pub fn start(
        settings: SessionSettings,
        device: DeviceKey,
        events: mpsc::Sender<(DeviceKey, SessionEvent)>,
    ) -> Result<Self, BrokerError> {
        settings.check(events.max_capacity())?;
        let secure = settings.brokers.iter().any(BrokerUrl::is_secure);
        let tls = if secure { Some(client_config(&settings.tls)?) } else { None };
        let link = Arc::new(SharedSession::new());
        let ended = EndNotice { device, events: events.clone() };
        let driver = SessionDriver::new(settings, tls, Arc::clone(&link), EventQueue::new(device, events));
        let task = tokio::spawn(async move {
            // Dropped with the task, by a panic too.
            let _ended = ended;
            driver.run().await;
        });
        Ok(Self { link, task })
    }

    /// The daemon's handle.
    pub fn handle(&self) -> SessionHandle {
        SessionHandle(Arc::clone(&self.link))
    }

    /// Publishes `offline`, disconnects and ends; within about two seconds even where the broker does not answer.
    pub async fn stop(mut self) {
        self.link.set_desired(DesiredState::Stop);
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the session's task failed");
        }
    }
}

impl Drop for BrokerSession {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SessionControl for SessionHandle {
    fn ack(&self, token: AckToken) {
        self.0.ack(token);
    }

    fn set_groups(&self, groups: BTreeSet<GroupId>) {
        self.0.set_groups(groups);
    }

    fn publish(&self, publish: Publish) -> bool {
        self.0.publish(publish)
    }

    fn probe(&self, number: u64) {
        self.0.probe(number);
    }

    fn go_offline(&self) {
        self.0.go_offline();
    }

    fn go_online(&self) {
        self.0.go_online();
    }

    fn state(&self) -> status::BrokerStatus {
        self.0.state()
    }
}

/// Tells, when it is dropped, that the session's task has ended: the channel is everybody's and does not close with it.
struct EndNotice {
    device: DeviceKey,
    events: mpsc::Sender<(DeviceKey, SessionEvent)>,
}

impl Drop for EndNotice {
    fn drop(&mut self) {
        if self.events.try_send((self.device, SessionEvent::Ended)).is_err() {
            tracing::debug!("nobody hears that a session ended");
        }
    }
}
