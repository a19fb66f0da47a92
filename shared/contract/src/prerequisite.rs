//! The documented conditions for a custom notification to show, and a compact set of them.
//!
//! Lives here: their codes and their order (contract 3). Does not live here: when one holds (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// One documented condition; the order of the variants is the order in which `unmet` lists them.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Prerequisite {
    /// The documentation profile supports this platform and kind of enrollment (facts 1.2).
    PlatformSupported,
    /// Company Portal is installed (facts 1.1).
    CompanyPortalInstalled,
    /// Google Play Services is installed; Android only (facts 1.1).
    GooglePlayServicesInstalled,
    /// The device is enrolled with Intune (facts 1.1).
    DeviceEnrolled,
    /// The device was enrolled by the user that the push targets (facts 1.4).
    EnrolledByTargetedUser,
    /// The effective notification permission lets the app show notifications (facts 1.1, 4.1, 4.2).
    NotificationsPermitted,
}

impl Prerequisite {
    /// Every prerequisite, in order.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The code as payloads spell it.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// A set of prerequisites in one byte; as JSON, the list of their codes in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Prerequisites(u8);

impl Prerequisites {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set as bits, for storage; bit n is the nth prerequisite of [`Prerequisite::ALL`].
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set with these bits; bits that name no prerequisite are dropped.
    pub fn from_bits(bits: u8) -> Self {
        // A journal of a newer version may hold bits of a prerequisite that this one does not know.
        Self(bits & 0b11_1111)
    }

    /// Adds one.
    pub fn insert(&mut self, prerequisite: Prerequisite) {
        self.0 |= 1 << prerequisite as u8;
    }

    /// Whether the set holds it.
    pub fn contains(self, prerequisite: Prerequisite) -> bool {
        self.0 & (1 << prerequisite as u8) != 0
    }

    /// Whether the set holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members in order.
    pub fn iter(self) -> impl Iterator<Item = Prerequisite> {
        Prerequisite::ALL.iter().copied().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Prerequisite> for Prerequisites {
    fn from_iter<I: IntoIterator<Item = Prerequisite>>(iter: I) -> Self {
        let mut set = Self::NONE;
        iter.into_iter().for_each(|p| set.insert(p));
        set
    }
}

impl Serialize for Prerequisites {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Prerequisites {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Prerequisite>::deserialize(deserializer).map(|list| list.into_iter().collect())
    }
}

impl JsonSchema for Prerequisites {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prerequisites".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let item = generator.subschema_for::<Prerequisite>();
        schemars::json_schema!({ "type": "array", "items": item, "uniqueItems": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_lists_its_members_in_the_contracts_order_under_their_codes() {
        let set: Prerequisites =
            [Prerequisite::NotificationsPermitted, Prerequisite::DeviceEnrolled].into_iter().collect();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["deviceEnrolled","notificationsPermitted"]"#);
        for p in Prerequisite::ALL.iter().copied() {
            assert_eq!(serde_json::to_value(p).unwrap(), p.code());
            assert!(Prerequisites::from_bits(0xff).contains(p));
        }
    }
}
