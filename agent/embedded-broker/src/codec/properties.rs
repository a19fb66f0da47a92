//! MQTT 5's properties, read one by one (MQTT 5, 2.2.2).
//!
//! Lives here: which property has which kind of value, and that none stands twice. Does not live here: which packet may
//! have which (`incoming`).

use super::reading::Reader;
use super::{Fault, Version};

pub const PAYLOAD_FORMAT: u8 = 0x01;
pub const MESSAGE_EXPIRY: u8 = 0x02;
pub const CONTENT_TYPE: u8 = 0x03;
pub const RESPONSE_TOPIC: u8 = 0x08;
pub const CORRELATION_DATA: u8 = 0x09;
pub const SUBSCRIPTION_ID: u8 = 0x0B;
pub const SESSION_EXPIRY: u8 = 0x11;
pub const ASSIGNED_CLIENT_ID: u8 = 0x12;
pub const AUTHENTICATION_METHOD: u8 = 0x15;
pub const AUTHENTICATION_DATA: u8 = 0x16;
pub const REQUEST_PROBLEM_INFORMATION: u8 = 0x17;
pub const WILL_DELAY: u8 = 0x18;
pub const REQUEST_RESPONSE_INFORMATION: u8 = 0x19;
pub const REASON_STRING: u8 = 0x1F;
pub const RECEIVE_MAXIMUM: u8 = 0x21;
pub const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;
pub const TOPIC_ALIAS: u8 = 0x23;
pub const USER_PROPERTY: u8 = 0x26;
pub const MAXIMUM_PACKET_SIZE: u8 = 0x27;
pub const SHARED_AVAILABLE: u8 = 0x2A;

/// A property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Of one, two or four bytes, or variable.
    Number(u32),
    Text(&'a str),
    /// Bytes.
    Binary,
    /// A user property.
    Pair,
}

/// A property as it stood in the packet.
pub struct Property<'a> {
    pub id: u8,
    pub value: Value<'a>,
    /// Its bytes, id included.
    pub raw: &'a [u8],
}

/// The properties of one packet.
pub struct Properties<'a> {
    reader: Reader<'a>,
    /// A bit for each id that was read.
    seen: u64,
}

impl<'a> Properties<'a> {
    /// The properties that come next in `reader`; 3.1.1 has none.
    pub fn read(version: Version, reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let bytes = match version {
            Version::V311 => &[],
            Version::V5 => {
                let length = reader.variable()?;
                reader.take(length as usize)?
            }
        };
        Ok(Self { reader: Reader::new(bytes), seen: 0 })
    }

    pub fn next(&mut self) -> Result<Option<Property<'a>>, Fault> {
        let before = self.reader.rest();
        if before.is_empty() {
            return Ok(None);
        }
        let reader = &mut self.reader;
        // One byte: no id is above 0x2A, so a variable byte integer of two bytes is none of them.
        let id = reader.byte()?;
        let value = match id {
            PAYLOAD_FORMAT | REQUEST_PROBLEM_INFORMATION | REQUEST_RESPONSE_INFORMATION => match reader.byte()? {
                bit @ (0 | 1) => Value::Number(u32::from(bit)),
                _ => return Err(Fault::protocol("a property that is 0 or 1 was neither")),
            },
            RECEIVE_MAXIMUM | TOPIC_ALIAS_MAXIMUM | TOPIC_ALIAS => Value::Number(u32::from(reader.two_bytes()?)),
            MESSAGE_EXPIRY | SESSION_EXPIRY | WILL_DELAY | MAXIMUM_PACKET_SIZE => Value::Number(reader.four_bytes()?),
            SUBSCRIPTION_ID => Value::Number(reader.variable()?),
            CONTENT_TYPE | RESPONSE_TOPIC | AUTHENTICATION_METHOD | REASON_STRING => Value::Text(reader.text()?),
            CORRELATION_DATA | AUTHENTICATION_DATA => reader.binary().map(|_| Value::Binary)?,
            USER_PROPERTY => {
                reader.text()?;
                reader.text()?;
                Value::Pair
            }
            _ => return Err(Fault::malformed("a property that no client sends")),
        };
        if id != USER_PROPERTY {
            // No id is above 0x2A, so that each has a bit of its own.
            if self.seen & (1 << id) != 0 {
                return Err(Fault::protocol("a property stood twice"));
            }
            self.seen |= 1 << id;
        }
        let raw = &before[..before.len() - reader.rest().len()];
        Ok(Some(Property { id, value, raw }))
    }

    /// Reads all, where none but `allowed` and user properties may stand.
    pub fn skip(mut self, allowed: &[u8]) -> Result<(), Fault> {
        while let Some(property) = self.next()? {
            if property.id != USER_PROPERTY && !allowed.contains(&property.id) {
                return Err(MISPLACED);
            }
        }
        Ok(())
    }
}

/// A property that exists, in a packet that cannot have it.
pub const MISPLACED: Fault = Fault::protocol("a property stood in a packet that cannot have it");
