//! A broker that says what the test tells it to, MQTT 5: for what no real broker does on request.
//!
//! Lives here: a listener and packets in and out. Does not live here: any behaviour of a broker.

use std::net::Ipv4Addr;

use anyhow::{Result, bail};
use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error as CodecError;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnAckProperties, ConnectReturnCode, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The listener.
#[derive(Debug)]
pub struct ScriptedBroker {
    listener: TcpListener,
}

/// One client's connection.
#[derive(Debug)]
pub struct ScriptedPeer {
    stream: TcpStream,
    read: BytesMut,
}

impl ScriptedBroker {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port.
    pub async fn start() -> Result<Self> {
        Ok(Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await? })
    }

    /// Its URL.
    ///
    /// # Errors
    /// A listener without an address.
    pub fn url(&self) -> Result<String> {
        Ok(format!("mqtt://{}", self.listener.local_addr()?))
    }

    /// The next connection, nothing read yet.
    ///
    /// # Errors
    /// The listener's.
    pub async fn accept(&self) -> Result<ScriptedPeer> {
        let (stream, _) = self.listener.accept().await?;
        Ok(ScriptedPeer { stream, read: BytesMut::new() })
    }

    /// The next connection after CONNECT and CONNACK, with what CONNECT said.
    ///
    /// # Errors
    /// A client that does not begin with CONNECT.
    pub async fn accept_connected(&self) -> Result<(ScriptedPeer, Packet)> {
        self.accept_with(None).await
    }

    /// As [`ScriptedBroker::accept_connected`], with what CONNACK says of the broker.
    ///
    /// # Errors
    /// A client that does not begin with CONNECT.
    pub async fn accept_with(&self, properties: Option<ConnAckProperties>) -> Result<(ScriptedPeer, Packet)> {
        let mut peer = self.accept().await?;
        let connect = peer.read().await?;
        let connack = ConnAck { session_present: true, code: ConnectReturnCode::Success, properties };
        peer.write(Packet::ConnAck(connack)).await?;
        Ok((peer, connect))
    }
}

impl ScriptedPeer {
    /// The next packet of the client.
    ///
    /// # Errors
    /// The end of the connection, or what is not MQTT 5.
    pub async fn read(&mut self) -> Result<Packet> {
        loop {
            match Packet::read(&mut self.read, None) {
                Ok(packet) => return Ok(packet),
                Err(CodecError::InsufficientBytes(_)) => {}
                Err(error) => return Err(error.into()),
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                bail!("the client closed the connection");
            }
        }
    }

    /// Sends bytes as they are, for what is no packet of MQTT 5.
    ///
    /// # Errors
    /// A connection that is gone.
    pub async fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Sends a packet.
    ///
    /// # Errors
    /// A connection that is gone.
    pub async fn write(&mut self, packet: Packet) -> Result<()> {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None)?;
        self.stream.write_all(&bytes).await?;
        Ok(())
    }
}

/// A CONNACK's properties, of which none is set.
pub fn no_properties() -> ConnAckProperties {
    ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    }
}
