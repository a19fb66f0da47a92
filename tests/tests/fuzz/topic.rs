//! Topics: a broker may deliver any, and only the device's own and its groups' mean anything.

use portal_contract::{Incoming, Target, Tenant, Topics};

#[test]
fn topic() {
    let topics = Topics::new(&Tenant::default(), super::fake::DEVICE.parse().unwrap());
    bolero::check!().with_max_len(256).for_each(|bytes: &[u8]| {
        let Ok(topic) = std::str::from_utf8(bytes) else { return };
        let named = match topics.parse(topic) {
            None => return,
            Some(Incoming::Notification(Target::Device)) => topics.notifications(),
            Some(Incoming::Notification(Target::Group { id })) => topics.group_notifications(id),
            Some(Incoming::Groups) => topics.groups(),
            Some(Incoming::Action) => topics.actions(),
            Some(Incoming::Fence) => topics.fence(),
        };
        assert!(topic.eq_ignore_ascii_case(&named), "{topic:?} was taken for {named:?}");
    });
}
