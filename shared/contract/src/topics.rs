//! The topic schema (contract 2), both ways: names for what the device says, meaning for what it hears.
//!
//! Lives here: topic text. Does not live here: quality of service, retain and sessions (the agent's module `broker`).

use crate::ids::{DeviceId, GroupId, Tenant};
use crate::receipt::PushTarget;

/// The topics of one device in one tenant.
///
/// ```
/// use portal_contract::{DeviceTopics, Tenant};
/// let device = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap();
/// let topics = DeviceTopics::new(&Tenant::default(), device);
/// assert_eq!(topics.receipts(), "portal/v1/contoso/devices/6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10/receipts");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTopics {
    root: String,
    device: DeviceId,
    own: String,
}

/// What a topic that the device hears is about.
///
/// ```
/// use portal_contract::{DeviceTopics, IncomingTopic, PushTarget, Tenant};
/// let topics = DeviceTopics::new(&Tenant::default(), "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap());
/// assert_eq!(topics.parse(&topics.notifications()), Some(IncomingTopic::Notification(PushTarget::Device)));
/// assert_eq!(topics.parse("portal/v1/fabrikam/devices/x/notifications"), None, "another tenant's");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncomingTopic {
    /// A push, to the device or to a group.
    Notification(PushTarget),
    /// The groups of the device's user.
    Groups,
    /// A remote action.
    Action,
    /// The device's own fence.
    Fence,
}

impl DeviceTopics {
    /// The topics of `device` in `tenant`.
    pub fn new(tenant: &Tenant, device: DeviceId) -> Self {
        let root = format!("portal/v1/{tenant}");
        let own = format!("{root}/devices/{device}");
        Self { root, device, own }
    }

    /// The device that these topics belong to.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Pushes to the device; a sender publishes.
    pub fn notifications(&self) -> String {
        format!("{}/notifications", self.own)
    }

    /// Pushes to a group; a sender publishes.
    pub fn group_notifications(&self, group: GroupId) -> String {
        format!("{}/groups/{group}/notifications", self.root)
    }

    /// Receipts; the device publishes.
    pub fn receipts(&self) -> String {
        format!("{}/receipts", self.own)
    }

    /// The receipts of every device of the tenant; a sender to a group listens.
    pub fn all_receipts(&self) -> String {
        format!("{}/devices/+/receipts", self.root)
    }

    /// What a broker retains of the device, in the order in which it is taken back when the device goes.
    pub fn retained(&self) -> [String; 3] {
        [self.state(), self.connection(), self.groups()]
    }

    /// The retained device state; the device publishes.
    pub fn state(&self) -> String {
        format!("{}/state", self.own)
    }

    /// The retained connection; the device publishes, its last will too.
    pub fn connection(&self) -> String {
        format!("{}/connection", self.own)
    }

    /// The retained groups of the device's user; the service publishes.
    pub fn groups(&self) -> String {
        format!("{}/groups", self.own)
    }

    /// Remote actions; the service publishes.
    pub fn actions(&self) -> String {
        format!("{}/actions", self.own)
    }

    /// The device's word to itself that what was held for its session has all arrived.
    pub fn fence(&self) -> String {
        format!("{}/fence", self.own)
    }

    /// What `topic` is about; `None` for a topic that this device has no business with.
    pub fn parse(&self, topic: &str) -> Option<IncomingTopic> {
        if let Some(leaf) = topic.strip_prefix(&self.own).and_then(|rest| rest.strip_prefix('/')) {
            return match leaf {
                "notifications" => Some(IncomingTopic::Notification(PushTarget::Device)),
                "groups" => Some(IncomingTopic::Groups),
                "actions" => Some(IncomingTopic::Action),
                "fence" => Some(IncomingTopic::Fence),
                _ => None,
            };
        }
        // Any group's: whether the device is in it is a matter of the rules. Where a list has just changed, a push of
        // a group that was left may still be on its way.
        let group = topic.strip_prefix(&self.root)?.strip_prefix("/groups/")?.strip_suffix("/notifications")?;
        group.parse().ok().map(|id| IncomingTopic::Notification(PushTarget::Group { id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> DeviceTopics {
        DeviceTopics::new(&Tenant::default(), "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap())
    }

    #[test]
    fn every_heard_topic_is_recognised() {
        let t = topics();
        let group: GroupId = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        assert_eq!(t.parse(&t.notifications()), Some(IncomingTopic::Notification(PushTarget::Device)));
        assert_eq!(
            t.parse(&t.group_notifications(group)),
            Some(IncomingTopic::Notification(PushTarget::Group { id: group }))
        );
        assert_eq!(t.parse(&t.groups()), Some(IncomingTopic::Groups));
        assert_eq!(t.parse(&t.actions()), Some(IncomingTopic::Action));
        assert_eq!(t.parse(&t.fence()), Some(IncomingTopic::Fence));
    }

    #[test]
    fn foreign_topics_are_nobodys() {
        let t = topics();
        for foreign in [
            "",
            "portal/v1/contoso",
            "portal/v1/contoso/groups/x/notifications",
            "portal/v1/contoso2/devices/x/notifications",
        ] {
            assert_eq!(t.parse(foreign), None, "{foreign}");
        }
        assert_eq!(t.parse(&t.receipts()), None);
    }
}
