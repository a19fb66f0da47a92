//! What happens in a demo: the walk to a first push, the keys, and what is told of each.
//!
//! Lives here: the order of things. It tells what the device says happened, whoever did it: a key, the desktop, or a command
//! from another terminal. Does not live here: the sentences (`words`), how keys are read (`keys`).

use std::time::Duration;

use portal_contract::command::SetUpRequest;
use portal_contract::{
    DeviceEvent, DeviceEventKind, NotificationId, NotificationPermission, Outcome, Receipt, StatusReport,
};
use portal_device::{AppCommand, ConditionCommand, DeviceCommand, EnrollCommand, PermissionCommand};
use tokio::time::Instant;

use super::keys::{DemoKey, KeyReader, TypedInput};
use super::{DemoError, words};
use crate::control::{ApiError, EventReceiver, RunningDevice};
use crate::daemon::Daemon;
use crate::host::DeviceHandle;
use crate::sender::{PushAddress, PushSender, SenderOptions};

/// The user of the demo's device.
const USER: &str = "adele@contoso.example";
/// How long anything but a person may take before it is said that something is wrong.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// A demo that runs.
pub(super) struct DemoSession {
    device: DeviceHandle,
    broker: Option<SenderOptions>,
    keys: Option<KeyReader>,
    /// How this program is called in the other terminal.
    agent: String,
    /// How the permission and the prompt stood when that was told last.
    told: (NotificationPermission, bool),
    pushed: u32,
    /// The newest push that has no outcome yet, and until when that is no trouble.
    awaited: Option<(NotificationId, Instant)>,
    /// Whether what to try next has been told.
    introduced: bool,
}

impl DemoSession {
    pub(super) fn new(daemon: &Daemon, keys: Option<KeyReader>, agent: String) -> Self {
        let broker = daemon.embedded_broker().map(|broker| SenderOptions {
            credentials: broker.credentials().cloned(),
            ..SenderOptions::new(broker.own_url())
        });
        Self {
            device: daemon.first_device().clone(),
            broker,
            keys,
            agent,
            told: (NotificationPermission::NotDetermined, false),
            pushed: 0,
            awaited: None,
            introduced: false,
        }
    }

    /// The walk, and then whatever happens, until the key q.
    pub(super) async fn run(&mut self) -> Result<(), DemoError> {
        let mut events = self.device.events().await?;
        self.until_online().await?;
        // A constant of the right form.
        if let Ok(user) = USER.parse() {
            self.device.apply(DeviceCommand::Enroll(EnrollCommand::by(user))).await?;
        }
        words::enrolled(USER);
        self.device.apply(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None })).await?;
        words::installed();
        self.tell_permission().await?;
        self.grant_where_nobody_can().await?;
        loop {
            if self.pushed == 0 && !self.told.1 {
                self.push().await?;
            }
            let overdue = self.awaited.as_ref().map(|(_, until)| *until);
            tokio::select! {
                typed = next_key(&mut self.keys) => {
                    if self.typed(typed).await? {
                        return Ok(());
                    }
                }
                event = events.recv() => match event {
                    Some(event) => self.happened(event).await?,
                    // More happened than was read: from here on, then.
                    None => events = self.follow_anew().await?,
                },
                () = until(overdue) => {
                    self.awaited = None;
                    words::overdue(&self.agent);
                }
            }
        }
    }

    /// Ends where the daemon does; that is waited for elsewhere.
    async fn follow_anew(&mut self) -> Result<EventReceiver, DemoError> {
        match self.device.events().await {
            Ok(events) => Ok(events),
            Err(error) if error.code == "daemonIsEnding" => std::future::pending().await,
            Err(error) => Err(error.into()),
        }
    }

    async fn until_online(&self) -> Result<(), DemoError> {
        let mut changes = self.device.changes();
        let online = async {
            while !self.device.status().await?.broker.connected && changes.changed().await.is_ok() {}
            Ok(())
        };
        let what = "the connection to the embedded broker";
        tokio::time::timeout(STEP_TIMEOUT, online).await.unwrap_or(Err(DemoError::TimedOut(what)))
    }

    /// How the device stands, with what the desktop says of itself now.
    async fn status(&self) -> Result<StatusReport, ApiError> {
        // It asks the desktop, and waits for the answer.
        self.device.doctor().await?;
        self.device.status().await
    }

    async fn grant_where_nobody_can(&mut self) -> Result<(), DemoError> {
        let status = self.status().await?;
        if status.prompt.is_some() && self.keys.is_none() && status.desktop.notifier == "console" {
            words::granted_by_itself();
            self.device.apply(DeviceCommand::Permission(PermissionCommand::Allow)).await?;
            self.tell_permission().await?;
        }
        Ok(())
    }

    async fn happened(&mut self, event: DeviceEvent) -> Result<(), DemoError> {
        match event.what {
            DeviceEventKind::Settled { receipt } => self.settled(&receipt).await,
            DeviceEventKind::Held { notification_id } => {
                words::held(&notification_id, &self.agent);
                Ok(())
            }
            DeviceEventKind::Changed { .. } | DeviceEventKind::Prompt {} | DeviceEventKind::PromptGone {} => {
                self.tell_permission().await
            }
            _ => Ok(()),
        }
    }

    /// Tells how the permission stands, where that is news.
    async fn tell_permission(&mut self) -> Result<(), DemoError> {
        let status = self.device.status().await?;
        let now = (status.device.notification_permission, status.prompt.is_some());
        if now == std::mem::replace(&mut self.told, now) {
            return Ok(());
        }
        if let Some(prompt) = &status.prompt {
            let status = self.status().await?;
            words::prompt(&prompt.actions, &status.desktop, self.keys.as_ref().map(KeyReader::at_once), &self.agent);
        } else {
            words::permission(now.0);
        }
        Ok(())
    }

    async fn settled(&mut self, receipt: &Receipt) -> Result<(), DemoError> {
        if self.awaited.as_ref().map(|(id, _)| id) == receipt.notification_id.as_ref() {
            self.awaited = None;
        }
        let status = self.status().await?;
        match &receipt.outcome {
            Outcome::Presented(shown) => {
                words::presented(shown.surface, receipt.desktop, &status.desktop);
            }
            Outcome::Withheld { .. } => {
                let explained = self.device.explain(receipt.notification_id.clone()).await?;
                words::withheld(explained.as_ref());
            }
            other => words::other_outcome(other),
        }
        let permitted = status.device.notification_permission == NotificationPermission::Authorized;
        if std::mem::replace(&mut self.introduced, true) {
            words::next(permitted, self.keys.is_some());
        } else {
            words::introduction(permitted, self.keys.as_ref().map(KeyReader::at_once), &self.agent);
        }
        Ok(())
    }

    async fn push(&mut self) -> Result<(), DemoError> {
        let Some(broker) = self.broker.clone() else { return Err(DemoError::TimedOut("the embedded broker")) };
        self.pushed += 1;
        let notification = words::push_number(self.pushed);
        let sender = PushSender::connect(broker).await?;
        words::pushed(&notification);
        self.awaited = Some((notification.id.clone(), Instant::now() + STEP_TIMEOUT));
        let sent = sender.push(PushAddress::Device(self.device.id()), &notification).await;
        sender.stop().await;
        Ok(sent?)
    }

    /// Does what a key asks for. Tells whether the demo ends.
    async fn typed(&mut self, typed: TypedInput) -> Result<bool, DemoError> {
        let key = match typed {
            TypedInput::Key(key) => key,
            TypedInput::Unclear(what) => {
                words::unclear(&what);
                return Ok(false);
            }
            TypedInput::Pasted => {
                words::pasted();
                return Ok(false);
            }
            TypedInput::Ended => {
                self.keys = None;
                words::no_more_keys();
                return Ok(false);
            }
        };
        match key {
            DemoKey::Quit => return Ok(true),
            DemoKey::Push => self.push().await?,
            DemoKey::Allow => self.command(DeviceCommand::Permission(PermissionCommand::Allow)).await?,
            DemoKey::Deny => self.command(DeviceCommand::Permission(PermissionCommand::Deny)).await?,
            DemoKey::Lock => {
                let locked = self.device.status().await?.condition.locked;
                self.command(DeviceCommand::Condition(ConditionCommand::Locked(!locked))).await?;
                words::locked(!locked);
            }
            DemoKey::Reset => {
                let permission = Some(NotificationPermission::NotDetermined);
                words::reset(USER);
                self.told = (NotificationPermission::NotDetermined, false);
                self.command(DeviceCommand::SetUp(SetUpRequest { permission, ..SetUpRequest::default() })).await?;
            }
            DemoKey::Explain => words::explained(self.device.explain(None).await?.as_ref()),
        }
        Ok(false)
    }

    /// A command of the device; a refusal is said, and is no end.
    async fn command(&mut self, command: DeviceCommand) -> Result<(), DemoError> {
        match self.device.apply(command).await {
            Ok(result) => result.note.iter().for_each(|note| words::note(note)),
            Err(refused) => words::refused(&refused),
        }
        Ok(())
    }
}

async fn next_key(keys: &mut Option<KeyReader>) -> TypedInput {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use portal_contract::CustomNotification;

    use super::*;

    #[test]
    fn every_push_of_a_demo_is_a_valid_one_with_an_id_of_its_own() {
        let pushes = [1, 2, 3].map(words::push_number);
        for push in &pushes {
            assert_eq!(CustomNotification::parse(&serde_json::to_vec(push).unwrap()).as_ref(), Ok(push));
        }
        assert!(pushes[0].id != pushes[1].id && pushes[1].id != pushes[2].id);
        assert!(USER.parse::<portal_contract::UserPrincipalName>().is_ok());
    }
}
