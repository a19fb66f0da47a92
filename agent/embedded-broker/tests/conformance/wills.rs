//! Last wills.

use portal_embedded_broker::Limits;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;

use super::client::*;
use super::world::World;

fn watcher(world: &World) -> Client {
    let mut watcher = Client::connect(world, "watcher");
    watcher.subscribe("will", QoS::ExactlyOnce);
    watcher
}

#[test]
fn a_cut_connection_leaves_its_will_with_its_properties() {
    for world in World::both() {
        let mut watcher = watcher(&world);
        drop(Client::connect_with(&world, Options::new("a").with_will("will", "gone", 0)));
        let will = watcher.message();
        assert_eq!((text(&will).as_str(), will.qos, will.retain), ("gone", QoS::AtLeastOnce, false));
        let mut expected = no_properties();
        expected.user_properties = vec![("a".into(), "2".into()), ("c".into(), "3".into())];
        assert_eq!(will.properties, Some(expected));
    }
}

#[test]
fn a_normal_end_takes_the_will_back_and_any_other_publishes_it() {
    for world in World::both() {
        let mut watcher = watcher(&world);
        Client::connect_with(&world, Options::new("a").with_will("will", "no", 0)).0.disconnect();
        let (mut client, _) = Client::connect_with(&world, Options::new("a").with_will("will", "yes", 0));
        client.send_bytes(&[0xE0, 1, DisconnectReasonCode::DisconnectWithWillMessage as u8]);
        client.ended();
        let (mut client, _) = Client::connect_with(&world, Options::new("a").with_will("will", "fault", 0));
        client.send_bytes(&[0x00, 0x00]);
        client.ended_for(DisconnectReasonCode::MalformedPacket);
        assert_eq!(watcher.texts(), ["yes", "fault"]);
    }
}

#[test]
fn a_takeover_publishes_the_will() {
    for world in World::both() {
        let mut watcher = watcher(&world);
        let (_first, _) = Client::connect_with(&world, Options::kept("a", 60).with_will("will", "first", 0));
        let (_second, _) = Client::connect_with(&world, Options::kept("a", 60).with_will("will", "second", 0));
        assert_eq!(watcher.texts(), ["first"]);
    }
}

#[test]
fn a_will_waits_as_long_as_it_was_asked_to() {
    let world = World::engine(Limits::default());
    let mut watcher = watcher(&world);
    let connect = |expiry, delay| {
        drop(Client::connect_with(&world, Options::kept("a", expiry).with_will("will", "gone", delay)));
    };
    connect(5, 3);
    world.advance(2);
    assert!(watcher.texts().is_empty());
    world.advance(1);
    assert_eq!(watcher.texts(), ["gone"]);
    // The end of the session comes first.
    world.advance(10);
    connect(2, 5);
    world.advance(2);
    assert_eq!(watcher.texts(), ["gone"]);
    connect(0, 5);
    assert_eq!(watcher.texts(), ["gone"]);
    // The client is back in time.
    connect(60, 5);
    world.advance(4);
    let (client, _) = Client::connect_with(&world, Options::kept("a", 60));
    world.advance(60);
    assert!(watcher.texts().is_empty());
    drop(client);
    // Back in time, with a clean start: the session has ended, and with it the wait.
    world.advance(100);
    connect(60, 5);
    let _client = Client::connect(&world, "a");
    assert_eq!(watcher.texts(), ["gone"]);
}

#[test]
fn a_client_that_is_silent_for_too_long_is_gone() {
    // A second and a half of real time: the keep-alive is counted where the socket is.
    let world = World::wire(Limits::default(), portal_embedded_broker::Access::Anyone);
    let mut watcher = watcher(&world);
    let mut options = Options::new("a").with_will("will", "silent", 0);
    options.connect.keep_alive = 1;
    let (mut client, _) = Client::connect_with(&world, options);
    client.ended_for(DisconnectReasonCode::KeepAliveTimeout);
    assert_eq!(watcher.texts(), ["silent"]);
}
