//! The permissions that the project ships, from the side of somebody who has one device's password.
//!
//! Lives here: what that lets in and keeps out, on whatever broker. Does not live here: the permissions (`config/`).

use anyhow::{Result, ensure};
use portal_tests::mosquitto_clients::BrokerArguments;

use super::site::{DeviceIds, topic};

const GROUP: &str = "11111111-2222-4333-8444-555555555555";

/// A broker with the permissions in force.
pub trait RestrictedBroker {
    /// A client with this user's password, and any client id.
    fn client(&self, user: &str, client_id: &str) -> BrokerArguments;
}

/// Checks all of it.
pub fn check(broker: &dyn RestrictedBroker) -> Result<()> {
    let ids = DeviceIds::default();
    let (own, other) = (ids.next(), ids.next());
    let device = broker.client(&own, &own);
    reads_only_its_own(broker, &device, &own, &other)?;
    writes_only_its_own(broker, &device, &own, &other)?;
    sender_and_service(broker, &own)
}

fn reads_only_its_own(broker: &dyn RestrictedBroker, device: &BrokerArguments, own: &str, other: &str) -> Result<()> {
    for leaf in ["notifications", "groups", "actions", "fence"] {
        ensure!(device.may_subscribe(&topic(own, leaf))?, "its own {leaf}");
    }
    ensure!(device.may_subscribe(&format!("portal/v1/contoso/groups/{GROUP}/notifications"))?, "a group's");
    let mut foreign: Vec<String> = ["notifications", "groups", "actions", "fence", "receipts", "state", "#", "+"]
        .map(|leaf| topic(other, leaf))
        .to_vec();
    foreign.extend(["notifications", "#"].map(|leaf| topic("+", leaf)));
    // With dots for slashes it would be another's topic in RabbitMQ's eyes.
    foreign.push(topic(other, "notifications").replace('/', "."));
    foreign.extend(
        ["#", "portal/#", "portal/v1/contoso/#", "$SYS/#", "portal/v1/fabrikam/groups/+/notifications"]
            .map(str::to_owned),
    );
    for filter in foreign {
        // mosquitto grants the subscription, and delivers nothing that is not allowed.
        if device.may_subscribe(&filter)? {
            hears_nothing_of(broker, device, &filter, own, other)?;
        }
    }
    Ok(())
}

/// With this subscription too, a device hears its own pushes and nothing of what is said to or by another.
fn hears_nothing_of(
    broker: &dyn RestrictedBroker,
    device: &BrokerArguments,
    filter: &str,
    own: &str,
    other: &str,
) -> Result<()> {
    let heard = device.subscribe_all(&[filter, &topic(own, "notifications")])?;
    let (sender, service) = (broker.client("sender", "sender-2"), broker.client("service", "service-2"));
    let another = broker.client(other, other);
    sender.publish(&topic(other, "notifications"), "another's notification")?;
    service.publish(&topic(other, "groups"), "another's groups")?;
    service.publish(&topic(other, "actions"), "another's action")?;
    another.publish(&topic(other, "receipts"), "another's receipt")?;
    another.publish(&topic(other, "state"), "another's state")?;
    sender.publish(&topic(own, "notifications"), "its own")?;
    let first = heard.next()?;
    ensure!(first == "its own", "with {filter} it heard {first}");
    Ok(())
}

/// What it may not write arrives nowhere: behind each forbidden message stands one that must come first.
fn writes_only_its_own(broker: &dyn RestrictedBroker, device: &BrokerArguments, own: &str, other: &str) -> Result<()> {
    let service = |number: u32| broker.client("service", &format!("service-{number}"));
    let sender = broker.client("sender", "sender-writer");
    let receipts = service(3).subscribe(&topic(other, "receipts"))?;
    let states = service(4).subscribe(&topic(own, "state"))?;
    let pushes = broker.client(other, other).subscribe(&topic(other, "notifications"))?;
    for (leaf, whose) in [("receipts", other), ("notifications", other), ("notifications", own), ("actions", own)] {
        // Refused with an error, or silently: either will do.
        let _ = device.publish(&topic(whose, leaf), "forged");
    }
    device.publish(&topic(own, "state"), "its own")?;
    ensure!(states.next()? == "its own");
    sender.publish(&topic(other, "notifications"), "sent")?;
    ensure!(pushes.next()? == "sent", "a device's forged push reached another");
    drop(pushes);
    broker.client(other, other).publish(&topic(other, "receipts"), "true")?;
    ensure!(receipts.next()? == "true", "a device's forged receipt was delivered");
    Ok(())
}

fn sender_and_service(broker: &dyn RestrictedBroker, device: &str) -> Result<()> {
    let (sender, service) = (broker.client("sender", "sender-1"), broker.client("service", "service-1"));
    for client in [&sender, &service] {
        for leaf in ["receipts", "state", "connection"] {
            ensure!(client.may_subscribe(&topic(device, leaf))? && client.may_subscribe(&topic("+", leaf))?, "{leaf}");
        }
    }
    let actions = broker.client(device, device).subscribe(&topic(device, "actions"))?;
    let _ = sender.publish(&topic(device, "actions"), "forged");
    service.publish(&topic(device, "actions"), "true")?;
    ensure!(actions.next()? == "true", "a sender can retire a device");
    Ok(())
}
