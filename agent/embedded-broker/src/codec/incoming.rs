//! What clients send, read from the bytes of one packet. Nothing is copied but what will be forwarded.
//!
//! Lives here: reading each packet, with every rule that needs no more than the packet. Does not live here: what is read
//! (`packets`), rules that need the session (`engine`).

use super::packets::{Connect, Incoming, Publish, RetainHandling, Subscribe, SubscribeOptions, Will};
use super::properties::{self as property, MISPLACED, Properties, Value};
use super::reading::Reader;
use super::{Fault, QoS, Reason, Version};
use crate::topic;

/// Reads one packet, which `bytes` holds in full. `version`: of the connection; `None` before CONNECT, where nothing
/// else is read.
///
/// # Errors
/// What MQTT forbids.
pub fn read(version: Option<Version>, bytes: &[u8]) -> Result<Incoming<'_>, Fault> {
    let mut reader = Reader::new(bytes);
    let first = reader.byte()?;
    reader.variable()?;
    let Some(version) = version else {
        return match first {
            0x10 => connect(reader).map(|connect| Incoming::Connect(Box::new(connect))),
            _ => Err(Fault::protocol("the first packet was not CONNECT")),
        };
    };
    let reader = &mut reader;
    let packet = match (first >> 4, first & 0x0F) {
        (3, flags) => return publish(version, flags, *reader).map(Incoming::Publish),
        (1, 0) => return Err(Fault::protocol("there was a second CONNECT")),
        (4, 0) => answer(version, reader).map(|(id, _)| Incoming::PubAck { id })?,
        (5, 0) => answer(version, reader).map(|(id, failed)| Incoming::PubRec { id, failed })?,
        (6, 2) => answer(version, reader).map(|(id, _)| Incoming::PubRel { id })?,
        (7, 0) => answer(version, reader).map(|(id, _)| Incoming::PubComp { id })?,
        // PUBREL, SUBSCRIBE and UNSUBSCRIBE have the flags 0010, all others but PUBLISH 0000 (MQTT 5, 2.1.3).
        (8, 2) => subscribe(version, reader).map(Incoming::Subscribe)?,
        (10, 2) => unsubscribe(version, reader)?,
        (12, 0) => Incoming::PingReq,
        (14, 0) => disconnect(version, reader)?,
        // Not read any further: no authentication is offered, so every AUTH is refused alike.
        (15, 0) if version == Version::V5 => return Ok(Incoming::Auth),
        _ => return Err(Fault::malformed("a packet of an unknown kind, or with wrong flags")),
    };
    if reader.is_empty() { Ok(packet) } else { Err(Fault::malformed("a packet had more bytes than it should")) }
}

fn connect(mut reader: Reader<'_>) -> Result<Connect<'_>, Fault> {
    const UNSUPPORTED: Fault = Fault::new(Reason::UnsupportedVersion, "only MQTT 3.1.1 and 5 are spoken here");
    let reader = &mut reader;
    let name = reader.binary()?;
    let version = match (name, reader.byte()?) {
        (b"MQTT", 4) => Version::V311,
        (b"MQTT", 5) => Version::V5,
        // MQTT 3.1 called itself MQIsdp: its client is told that its version is the trouble, as every other client of MQTT is.
        (b"MQTT" | b"MQIsdp", _) => return Err(UNSUPPORTED),
        _ => return Err(Fault::protocol("the protocol was not MQTT")),
    };
    let flags = reader.byte()?;
    if flags & 1 != 0 {
        return Err(Fault::malformed("CONNECT had a reserved flag"));
    }
    let keep_alive = reader.two_bytes()?;
    let mut connect = Connect {
        version,
        clean: flags & 2 != 0,
        keep_alive,
        client_id: "",
        will: None,
        username: None,
        password: None,
        session_expiry: 0,
        // What holds where a property is absent (MQTT 5, 3.1.2.11): a window of 65,535, packets of any size, no aliases.
        receive_maximum: u16::MAX,
        maximum_packet_size: usize::MAX,
        topic_alias_maximum: 0,
        problem_information: true,
    };
    connect_properties(&mut connect, Properties::read(version, reader)?)?;
    // 3.1.1: a session that is not clean is kept for ever.
    if version == Version::V311 && !connect.clean {
        connect.session_expiry = u32::MAX;
    }
    connect.client_id = reader.text()?;
    let (qos, retain) = (QoS::from_bits(flags >> 3 & 3)?, flags & 0x20 != 0);
    if flags & 4 != 0 {
        connect.will = Some(will(version, qos, retain, reader)?);
    } else if qos != QoS::AtMostOnce || retain {
        return Err(Fault::malformed("CONNECT had a will's flags without a will"));
    }
    connect.username = if flags & 0x80 != 0 { Some(reader.text()?) } else { None };
    connect.password = if flags & 0x40 != 0 { Some(reader.binary()?) } else { None };
    if version == Version::V311 && connect.password.is_some() && connect.username.is_none() {
        return Err(Fault::malformed("CONNECT had a password without a user name, which 3.1.1 forbids"));
    }
    if reader.is_empty() { Ok(connect) } else { Err(Fault::malformed("CONNECT had more bytes than it should")) }
}

fn connect_properties(connect: &mut Connect<'_>, mut properties: Properties<'_>) -> Result<(), Fault> {
    while let Some(found) = properties.next()? {
        match (found.id, found.value) {
            (property::SESSION_EXPIRY, Value::Number(seconds)) => connect.session_expiry = seconds,
            (property::RECEIVE_MAXIMUM, Value::Number(0)) => return Err(Fault::protocol("Receive Maximum was 0")),
            (property::RECEIVE_MAXIMUM, Value::Number(most)) => connect.receive_maximum = most as u16,
            (property::MAXIMUM_PACKET_SIZE, Value::Number(0)) => {
                return Err(Fault::protocol("Maximum Packet Size was 0"));
            }
            (property::MAXIMUM_PACKET_SIZE, Value::Number(size)) => connect.maximum_packet_size = size as usize,
            (property::TOPIC_ALIAS_MAXIMUM, Value::Number(most)) => connect.topic_alias_maximum = most as u16,
            (property::REQUEST_PROBLEM_INFORMATION, Value::Number(wanted)) => connect.problem_information = wanted == 1,
            (property::AUTHENTICATION_METHOD, _) => {
                return Err(Fault::new(
                    Reason::BadAuthenticationMethod,
                    "there is no authentication but user name and password",
                ));
            }
            // Both ask for nothing that a broker must do: there is no response information here, and what a user property of
            // CONNECT means is not said (MQTT 5, 3.1.2.11.6 and 3.1.2.11.8).
            (property::REQUEST_RESPONSE_INFORMATION | property::USER_PROPERTY, _) => {}
            _ => return Err(MISPLACED),
        }
    }
    Ok(())
}

fn will<'a>(version: Version, qos: QoS, retain: bool, reader: &mut Reader<'a>) -> Result<Will<'a>, Fault> {
    let mut properties = Properties::read(version, reader)?;
    let mut message = Publish {
        dup: false,
        qos,
        retain,
        topic: "",
        id: 0,
        alias: None,
        expiry: None,
        forwarded: Vec::new(),
        payload: &[],
    };
    let mut delay = 0;
    while let Some(found) = properties.next()? {
        match (found.id, found.value) {
            (property::WILL_DELAY, Value::Number(seconds)) => delay = seconds,
            _ => message.property(&found)?,
        }
    }
    message.topic = reader.text()?;
    message.payload = reader.binary()?;
    topic::check_name(message.topic)?;
    Ok(Will { message, delay })
}

impl Publish<'_> {
    /// Takes a property that both a message and a will may have.
    fn property(&mut self, found: &property::Property<'_>) -> Result<(), Fault> {
        match (found.id, found.value) {
            (property::MESSAGE_EXPIRY, Value::Number(seconds)) => self.expiry = Some(seconds),
            (property::RESPONSE_TOPIC, Value::Text(name)) => {
                topic::check_name(name).map_err(|_| Fault::protocol("a response topic was not a topic name"))?;
                self.forwarded.extend_from_slice(found.raw);
            }
            (
                property::PAYLOAD_FORMAT
                | property::CONTENT_TYPE
                | property::CORRELATION_DATA
                | property::USER_PROPERTY,
                _,
            ) => {
                self.forwarded.extend_from_slice(found.raw);
            }
            _ => return Err(MISPLACED),
        }
        Ok(())
    }
}

fn publish(version: Version, flags: u8, mut reader: Reader<'_>) -> Result<Publish<'_>, Fault> {
    let (dup, qos, retain) = (flags & 8 != 0, QoS::from_bits(flags >> 1 & 3)?, flags & 1 != 0);
    if dup && qos == QoS::AtMostOnce {
        return Err(Fault::malformed("a message of QoS 0 was marked as a repetition"));
    }
    let topic = reader.text()?;
    let id = if qos == QoS::AtMostOnce { 0 } else { reader.packet_id()? };
    let mut message =
        Publish { dup, qos, retain, topic, id, alias: None, expiry: None, forwarded: Vec::new(), payload: &[] };
    let mut properties = Properties::read(version, &mut reader)?;
    while let Some(found) = properties.next()? {
        match (found.id, found.value) {
            (property::TOPIC_ALIAS, Value::Number(alias)) => message.alias = Some(alias as u16),
            _ => message.property(&found)?,
        }
    }
    message.payload = reader.rest();
    // Without an alias the topic is all there is; with one, an empty topic is looked up.
    if message.alias.is_none() && topic.is_empty() && version == Version::V5 {
        return Err(Fault::protocol("a message had neither a topic nor an alias"));
    }
    if message.alias.is_none() || !topic.is_empty() {
        topic::check_name(topic)?;
    }
    Ok(message)
}

/// An id and, in MQTT 5, a reason with properties; whether the reason is a failure.
fn answer(version: Version, reader: &mut Reader<'_>) -> Result<(u16, bool), Fault> {
    let id = reader.packet_id()?;
    if version == Version::V311 || reader.is_empty() {
        return Ok((id, false));
    }
    let failed = reader.byte()? >= 0x80;
    if !reader.is_empty() {
        Properties::read(version, reader)?.skip(&[property::REASON_STRING])?;
    }
    Ok((id, failed))
}

fn subscribe<'a>(version: Version, reader: &mut Reader<'a>) -> Result<Subscribe<'a>, Fault> {
    let id = reader.packet_id()?;
    let mut identifier = None;
    let mut properties = Properties::read(version, reader)?;
    while let Some(found) = properties.next()? {
        match (found.id, found.value) {
            (property::SUBSCRIPTION_ID, Value::Number(0)) => {
                return Err(Fault::protocol("a subscription identifier was 0"));
            }
            (property::SUBSCRIPTION_ID, Value::Number(number)) => identifier = Some(number),
            (property::USER_PROPERTY, _) => {}
            _ => return Err(MISPLACED),
        }
    }
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push((reader.text()?, subscribe_options(version, reader.byte()?)?));
    }
    if filters.is_empty() {
        Err(Fault::protocol("SUBSCRIBE had no filter"))
    } else {
        Ok(Subscribe { id, identifier, filters })
    }
}

fn subscribe_options(version: Version, byte: u8) -> Result<SubscribeOptions, Fault> {
    if byte & 0xC0 != 0 || version == Version::V311 && byte & 0xFC != 0 {
        return Err(Fault::malformed("the options of a subscription had a reserved bit"));
    }
    let retain_handling = match byte >> 4 {
        0 => RetainHandling::Send,
        1 => RetainHandling::SendIfNew,
        2 => RetainHandling::DoNotSend,
        _ => return Err(Fault::protocol("there is no Retain Handling 3")),
    };
    Ok(SubscribeOptions {
        qos: QoS::from_bits(byte & 3)?,
        no_local: byte & 4 != 0,
        retain_as_published: byte & 8 != 0,
        retain_handling,
    })
}

fn unsubscribe<'a>(version: Version, reader: &mut Reader<'a>) -> Result<Incoming<'a>, Fault> {
    let id = reader.packet_id()?;
    Properties::read(version, reader)?.skip(&[])?;
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(reader.text()?);
    }
    if filters.is_empty() {
        Err(Fault::protocol("UNSUBSCRIBE had no filter"))
    } else {
        Ok(Incoming::Unsubscribe { id, filters })
    }
}

fn disconnect<'a>(version: Version, reader: &mut Reader<'a>) -> Result<Incoming<'a>, Fault> {
    let (mut with_will, mut session_expiry) = (false, None);
    if version == Version::V5 && !reader.is_empty() {
        // Any reason but "normal" keeps the will (MQTT 5, 3.14.4).
        with_will = reader.byte()? != 0;
        if !reader.is_empty() {
            let mut properties = Properties::read(version, reader)?;
            while let Some(found) = properties.next()? {
                match (found.id, found.value) {
                    (property::SESSION_EXPIRY, Value::Number(seconds)) => session_expiry = Some(seconds),
                    (property::REASON_STRING | property::USER_PROPERTY, _) => {}
                    _ => return Err(MISPLACED),
                }
            }
        }
    }
    Ok(Incoming::Disconnect { with_will, session_expiry })
}

/// In whose form a CONNECT that cannot be read is refused; `None`: it is none, and nothing is answered. To 3.1.1 only an
/// unknown version is answered (3.1.1, 3.1.2.2): a malformed packet just ends the connection.
pub fn version_to_answer(packet: &[u8]) -> Option<Version> {
    let mut reader = Reader::new(packet);
    let first = reader.byte().ok()?;
    reader.variable().ok()?;
    let name = reader.binary().ok()?;
    let level = reader.byte().ok()?;
    match (first, name, level) {
        (0x10, b"MQIsdp", _) | (0x10, b"MQTT", 0..=3) => Some(Version::V311),
        (0x10, b"MQTT", 5..) => Some(Version::V5),
        _ => None,
    }
}
