//! What a stranger can hold, before any password.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use portal_embedded_broker::{Access, Limits};
use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;

use super::client::*;
use super::world::World;

fn closed(socket: &mut TcpStream) -> bool {
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    matches!(socket.read(&mut [0]), Ok(0)) || socket.take_error().is_ok_and(|error| error.is_some())
}

#[test]
fn a_connection_without_connect_is_closed_in_time() {
    let limits = Limits { connect_timeout: Duration::from_millis(200), ..Limits::default() };
    let world = World::wire(limits, Access::Anyone);
    let mut silent = TcpStream::connect(world.address()).unwrap();
    // One that sends a byte now and then is not given more time.
    let mut slow = Client::dial(&world);
    slow.send_bytes(&[0x10]);
    assert!(closed(&mut silent));
    assert_eq!(slow.next(), None);
}

#[test]
fn those_who_only_hold_connections_make_room_for_those_who_speak() {
    let limits = Limits { connect_timeout: Duration::from_secs(600), ..Limits::default() };
    let world = World::wire(limits, Access::Anyone);
    let held: Vec<_> = (0..400).map(|_| TcpStream::connect(world.address()).unwrap()).collect();
    let before = Instant::now();
    let client = Client::connect(&world, "honest");
    assert!(before.elapsed() < Duration::from_secs(9), "{:?}", before.elapsed());
    client.disconnect();
    drop(held);
}

#[test]
fn hundreds_who_connect_at_once_are_all_let_in() {
    let world = World::wire(Limits::default(), Access::Anyone);
    let mut clients: Vec<_> = (0..200).map(|_| Client::dial(&world)).collect();
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client.try_connect(Options::new(&number.to_string()));
    }
    for client in &mut clients {
        assert!(client.texts().is_empty());
    }
}

#[test]
fn it_says_that_it_ends() {
    let mut world = World::wire(Limits::default(), Access::Anyone);
    let mut client = Client::connect(&world, "a");
    world.stop();
    client.ended_for(DisconnectReasonCode::ServerShuttingDown);
}
