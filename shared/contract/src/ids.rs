//! Ids, each parsed once at the border and then trusted.
//!
//! Lives here: what makes an id valid (contract 2 and 3). Does not live here: where an id stands in a topic (`topics`).

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id; the sentence names the id, what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A device or group id that is no UUID.
    #[error("{what} {text:?} is not a UUID; write it like 6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10")]
    NotUuid {
        /// Which id it is: `device id` or `group id`.
        what: &'static str,
        /// The text as given, cut to 64 characters.
        text: String,
    },
    /// A tenant that is no short name.
    #[error("tenant {0:?} is not a short name; use 1 to 64 letters, digits and hyphens, as in contoso")]
    NotTenant(String),
    /// A device's name that is none.
    #[error("device name {0:?} is not 1 to 64 characters, one of them no space, without control characters")]
    NotDeviceName(String),
    /// A user that is no UPN.
    #[error("user {0:?} is not a user principal name; write it like adele@contoso.example")]
    NotUserPrincipalName(String),
    /// A notification id that is empty, too long or has control characters.
    #[error("notification id is {0}; use 1 to 128 bytes without control characters, a UUID for choice")]
    NotNotificationId(&'static str),
}

fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}

macro_rules! uuid_id {
    ($name:ident, $what:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh random id from 128 bits that the caller drew.
            pub fn from_random(bits: u128) -> Self {
                Self(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
            }

            /// The id's 16 bytes, for compact keys.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id whose bytes these are.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the hyphenated form: the others would make two topics of one id.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(IdError::NotUuid { what: $what, text: excerpt(text) }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

uuid_id!(
    DeviceId,
    "device id",
    "The id of one emulated device: a UUID, written lower-case; also its MQTT client id.

```
use portal_contract::DeviceId;
let id: DeviceId = \"6F0C1B9E-2F5A-4C0E-9A52-0D6F3A3B7A10\".parse()?;
assert_eq!(id.to_string(), \"6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10\");
assert!(\"6f0c1b9e2f5a4c0e9a520d6f3a3b7a10\".parse::<DeviceId>().is_err(), \"one id has one topic: only this form\");
# Ok::<(), portal_contract::IdError>(())
```"
);
uuid_id!(GroupId, "group id", "The id of one group: a UUID, written lower-case.");

macro_rules! text_id {
    ($name:ident, $pattern:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

text_id!(
    Tenant,
    "^[A-Za-z0-9-]{1,64}$",
    "A tenant: 1 to 64 letters, digits and hyphens; one topic level.

```
use portal_contract::Tenant;
assert_eq!(Tenant::default().as_str(), \"contoso\");
assert!(\"contoso.example\".parse::<Tenant>().is_err(), \"a dot would be a level of its own on RabbitMQ\");
```"
);
text_id!(
    DeviceName,
    "^.{1,64}$",
    "A new device's name: 1 to 64 characters without control characters, one of them no space.

```
use portal_contract::DeviceName;
assert!(\"Adele's iPhone\".parse::<DeviceName>().is_ok() && \" \".parse::<DeviceName>().is_err());
```"
);
text_id!(
    UserPrincipalName,
    "^[^@]+@[^@]+$",
    "A user principal name, lower-cased; stands in payloads only, never in topics.

```
use portal_contract::UserPrincipalName;
let user: UserPrincipalName = \"Adele@Contoso.example\".parse()?;
assert_eq!(user.as_str(), \"adele@contoso.example\");
# Ok::<(), portal_contract::IdError>(())
```"
);
text_id!(NotificationId, "^.{1,128}$", "The id of a custom notification: 1 to 128 bytes without control characters.");

impl FromStr for Tenant {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // No dot, although Graph's tenants have domain names: RabbitMQ turns the dots of a topic into levels, so
        // `contoso.example` arrived as two (decisions/0004).
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError::NotTenant(excerpt(text))) }
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("contoso".to_owned())
    }
}

impl FromStr for DeviceName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // A limit, since the name stands in every state that is published, and in every card where there are several
        // devices.
        let valid = !text.trim().is_empty() && text.chars().count() <= 64 && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError::NotDeviceName(excerpt(text))) }
    }
}

impl FromStr for UserPrincipalName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let parts: Vec<&str> = text.split('@').collect();
        let lower = text.to_lowercase();
        let valid = parts.len() == 2
            && parts.iter().all(|part| !part.is_empty())
            // Lower-casing may lengthen it, and what is kept must be read again.
            && lower.len() <= 256
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if valid { Ok(Self(lower)) } else { Err(IdError::NotUserPrincipalName(excerpt(text))) }
    }
}

impl FromStr for NotificationId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "" => Err(IdError::NotNotificationId("empty")),
            // Of control characters none, since an id is repeated in logs, on terminals and in reports.
            _ if text.len() > 128 => Err(IdError::NotNotificationId("longer than 128 bytes")),
            _ if text.chars().any(char::is_control) => {
                Err(IdError::NotNotificationId("not free of control characters"))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_lower_cased_and_nothing_else_passes_for_one() {
        let id: DeviceId = "6F0C1B9E-2F5A-4C0E-9A52-0D6F3A3B7A10".parse().unwrap();
        assert_eq!(id.to_string(), "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10");
        for bad in
            ["", "x", "6f0c1b9e2f5a4c0e9a520d6f3a3b7a10", "{6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10}", "a/b", "+", "#"]
        {
            assert!(bad.parse::<GroupId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tenant_cannot_leave_its_topic_level() {
        assert!("contoso-2".parse::<Tenant>().is_ok());
        for bad in ["", "a/b", "a.b", "+", "#", "a b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<Tenant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_is_lower_cased_and_needs_both_halves() {
        assert_eq!("Adele@Contoso.example".parse::<UserPrincipalName>().unwrap().as_str(), "adele@contoso.example");
        for bad in ["", "adele", "@x", "x@", "a@b@c", "a b@c", "a\n@c"] {
            assert!(bad.parse::<UserPrincipalName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_that_lower_casing_makes_too_long_is_refused_since_it_could_not_be_read_again() {
        // U+0130 has two bytes, and three when lower-cased.
        let long = |count: usize| format!("{}@x", "\u{130}".repeat(count)).parse::<UserPrincipalName>();
        let kept = long(84).unwrap();
        assert_eq!(kept.as_str().parse(), Ok(kept.clone()));
        assert!(long(85).is_err());
    }

    #[test]
    fn a_device_name_is_short_and_printable() {
        for good in ["iPhone", "Adele's phone", &"é".repeat(64)] {
            assert!(good.parse::<DeviceName>().is_ok(), "{good}");
        }
        for bad in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(bad.parse::<DeviceName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_notification_id_is_short_and_printable() {
        assert!("x".repeat(128).parse::<NotificationId>().is_ok());
        for bad in ["", "a\u{7}b", &"x".repeat(129)] {
            assert!(bad.parse::<NotificationId>().is_err(), "{bad}");
        }
    }
}
