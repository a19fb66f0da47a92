//! Who is let in, and over what.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use portal_embedded_broker::{Access, Limits, Listener, ListenerOptions, StartError};
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Login};

use super::client::*;
use super::world::World;

fn password() -> Access {
    Access::Password { username: "agent".to_owned(), password: "right".to_owned() }
}

#[test]
fn only_the_password_lets_in() {
    let world = World::wire(Limits::default(), password());
    for (login, admitted) in [
        (None, false),
        (Some(("agent", "")), false),
        (Some(("agent", "wrong")), false),
        (Some(("other", "right")), false),
        (Some(("agent", "right")), true),
    ] {
        let mut client = Client::dial(&world);
        let mut options = Options::new("a");
        options.login = login.map(|(name, password)| Login::new(name, password));
        let code = client.try_connect(options).code;
        let refused = ConnectReturnCode::BadUserNamePassword;
        assert_eq!(code, if admitted { ConnectReturnCode::Success } else { refused });
        if !admitted {
            assert_eq!(client.next(), None);
        }
    }
}

#[test]
fn beyond_loopback_a_password_is_needed_that_is_not_empty() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let empty = Access::Password { username: "agent".to_owned(), password: String::new() };
    for (access, starts) in [(Access::Anyone, false), (empty, false), (password(), true)] {
        let address: SocketAddr = (Ipv4Addr::UNSPECIFIED, 0).into();
        let options = ListenerOptions { address, access, limits: Limits::default(), tls: None };
        match runtime.block_on(Listener::start(options)) {
            Ok(listener) => {
                assert!(starts);
                runtime.block_on(listener.stop());
            }
            Err(error) => assert!(!starts && matches!(error, StartError::NeedsPassword(_))),
        }
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let world = World::wire(Limits::default(), Access::Anyone);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options =
        ListenerOptions { address: world.address(), access: Access::Anyone, limits: Limits::default(), tls: None };
    let error = runtime.block_on(Listener::start(options)).unwrap_err();
    assert!(matches!(error, StartError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse));
}

#[test]
fn it_serves_over_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], made.signing_key.serialize_der().try_into().unwrap())
        .unwrap();
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let world = World::start(ListenerOptions {
        address,
        access: Access::Anyone,
        limits: Limits { connect_timeout: Duration::from_millis(500), ..Limits::default() },
        tls: Some(Arc::new(server)),
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = rustls::ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let socket = std::net::TcpStream::connect(world.address()).unwrap();
    let mut stream = rustls::StreamOwned::new(session, socket);
    use std::io::{Read, Write};
    stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a").unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    // Without TLS, and without a word, one is not served for ever.
    let mut plain = std::net::TcpStream::connect(world.address()).unwrap();
    assert!(matches!(plain.read(&mut answer), Ok(0) | Err(_)));
}
