//! Topics: a broker may deliver any, and only the device's own and its groups' mean anything.

use portal_contract::{DeviceTopics, IncomingTopic, PushTarget, Tenant};

#[test]
fn topic() {
    let topics = DeviceTopics::new(&Tenant::default(), super::fake::DEVICE.parse().unwrap());
    bolero::check!().with_max_len(256).for_each(|bytes: &[u8]| {
        let Ok(topic) = std::str::from_utf8(bytes) else { return };
        let named = match topics.parse(topic) {
            None => return,
            Some(IncomingTopic::Notification(PushTarget::Device)) => topics.notifications(),
            Some(IncomingTopic::Notification(PushTarget::Group { id })) => topics.group_notifications(id),
            Some(IncomingTopic::Groups) => topics.groups(),
            Some(IncomingTopic::Action) => topics.actions(),
            Some(IncomingTopic::Fence) => topics.fence(),
        };
        assert!(topic.eq_ignore_ascii_case(&named), "{topic:?} was taken for {named:?}");
    });
}
