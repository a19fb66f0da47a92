//! What the service tells a device (groups, actions) and what the device says of its connection (contract 2).
//!
//! Lives here: their payloads and how they are read. Does not live here: what the device does about them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::VariantArray;

use crate::harmful::is_harmful;
use crate::ids::{GroupId, UserPrincipalName};
use crate::json_payload::{self, kind};
use crate::timestamp::{Timestamp, TimestampError};

/// The most groups that one list may hold.
pub const MAX_GROUPS: usize = 1000;

/// `online` or `offline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ConnectionState {
    /// Every subscription that the device knows of is answered.
    Online,
    /// Anything else; the device's last will.
    Offline,
}

impl ConnectionState {
    /// The word as payloads spell it.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// The retained connection payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionPayload {
    /// The state.
    pub connection: ConnectionState,
}

/// The groups of the device's user; replaces the whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupList {
    /// Whose groups they are; a list that names another than the enrolling user is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<UserPrincipalName>,
    /// The groups.
    pub groups: BTreeSet<GroupId>,
}

impl GroupList {
    /// Reads the payload; empty means no groups. Beside the list stand the entries that were ignored, by name.
    ///
    /// ```
    /// use portal_contract::GroupList;
    /// let (list, ignored) = GroupList::parse(br#"{"groups":["11111111-2222-4333-8444-555555555555","sales"]}"#)?;
    /// assert_eq!((list.groups.len(), ignored), (1, vec!["\"sales\"".to_owned()]));
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// A sentence, where the payload as a whole is not a group list; the list that was known stays.
    pub fn parse(payload: &[u8]) -> Result<(Self, Vec<String>), String> {
        // An empty payload is how MQTT takes a retained message back: whoever clears the list means no groups.
        if payload.is_empty() {
            return Ok((Self::default(), Vec::new()));
        }
        let value = json_payload::read(payload).map_err(|error| format!("the group list {error}"))?;
        if !value.is_object() {
            return Err(format!("the group list is {}, not an object", kind(&value)));
        }
        let user = match value.get("userPrincipalName") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.parse().map_err(|error| format!("the group list's user: {error}"))?),
            Some(_) => return Err("the group list's userPrincipalName is not a string".to_owned()),
        };
        let Some(Value::Array(entries)) = value.get("groups") else {
            return Err("the group list has no array named groups".to_owned());
        };
        let mut list = Self { user_principal_name: user, groups: BTreeSet::new() };
        let mut ignored = Vec::new();
        for entry in entries {
            match entry.as_str().and_then(|text| text.parse::<GroupId>().ok()) {
                // Cut off and not refused as a whole: with the list refused, the device would stay in groups that it
                // has left.
                Some(group) if list.groups.len() < MAX_GROUPS || list.groups.contains(&group) => {
                    list.groups.insert(group);
                }
                _ => ignored.push(excerpt(&entry.to_string())),
            }
        }
        Ok((list, ignored))
    }
}

fn excerpt(text: &str) -> String {
    // Not as much as the sender pleases, and nothing that a terminal would obey: JSON leaves DEL and the C1 controls
    // as they are.
    text.chars().take(128).map(|c| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A remote action that the agent knows.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase", parse_err_ty = String, parse_err_fn = Self::unknown)]
pub enum ActionKind {
    /// Ends the enrollment; app and permission stay.
    Retire,
    /// The device checks in: it publishes its state.
    SyncDevice,
    /// Back to its factory state.
    Wipe,
    /// Ends the enrollment, and Intune forgets the device.
    Delete,
}

impl ActionKind {
    /// Every action.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Those that are carried out unless the setting `actions.allow` says otherwise (contract 2).
    pub const ALLOWED_BY_DEFAULT: [Self; 2] = [Self::Retire, Self::SyncDevice];

    /// The word as payloads spell it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    fn unknown(text: &str) -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|known| known.word()).collect();
        format!("{text:?} is no remote action that this agent knows; it knows {}", words.join(", "))
    }
}

/// A remote action as sent. Its name is kept as text, since one that is not known is refused by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteAction {
    /// Its id; remembered, so that it is carried out once.
    pub id: String,
    /// Its name.
    pub action: String,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

impl RemoteAction {
    /// Reads the payload.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(payload: &[u8]) -> Result<Self, String> {
        let value = json_payload::read(payload).map_err(|error| format!("the remote action {error}"))?;
        let Value::Object(mut members) = value else {
            return Err(format!("the remote action is {}, not an object", kind(&value)));
        };
        let mut text = |name: &str| match members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("the remote action's {name} is {}, not a string", kind(&other))),
        };
        let required = |name: &str, text: Option<String>| {
            text.ok_or_else(|| format!("the remote action's required member {name} is missing"))
        };
        let (id, action, sent_at) = (text("id")?, text("action")?, text("sentAt")?);
        let sent_at = sent_at.map(|time| time.parse()).transpose();
        let action = Self {
            id: required("id", id)?,
            action: required("action", action)?,
            sent_at: sent_at.map_err(|error: TimestampError| format!("the remote action's sentAt is {error}"))?,
        };
        // The action stays a text: one that is not known is refused by its name, and that refusal published, where a
        // failed reading would leave the service without an answer.
        let printable = |text: &str| (1..=128).contains(&text.len()) && !text.chars().any(char::is_control);
        if printable(&action.id) && printable(&action.action) {
            Ok(action)
        } else {
            Err("the remote action's id and action need 1 to 128 bytes without control characters".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_list_keeps_the_good_entries_and_names_the_bad_ones() {
        let text =
            br#"{"userPrincipalName":"Adele@contoso.example","groups":["11111111-2222-4333-8444-555555555555","x",7]}"#;
        let (list, ignored) = GroupList::parse(text).unwrap();
        assert_eq!(list.groups.len(), 1);
        assert_eq!(ignored, ["\"x\"", "7"]);
        assert_eq!(GroupList::parse(b"").unwrap().0, GroupList::default());
        for bad in [&b"{"[..], b"[]", br#"{"groups":1}"#, br#"{"groups":[],"userPrincipalName":1}"#] {
            assert!(GroupList::parse(bad).is_err());
        }
    }

    #[test]
    fn what_a_log_line_repeats_is_short_and_obeyed_by_no_terminal() {
        let csi = "\u{9b}2J\u{7f}";
        let list = serde_json::json!({ "groups": [csi] }).to_string();
        assert_eq!(GroupList::parse(list.as_bytes()).unwrap().1, ["\"\u{fffd}2J\u{fffd}\""]);
        let text = format!("\"{}\"", "x".repeat(4000));
        assert!(RemoteAction::parse(text.as_bytes()).unwrap_err().len() < 200);
    }

    #[test]
    fn at_most_a_thousand_groups_are_kept() {
        let groups: Vec<String> = (0..1001).map(|n| format!("11111111-2222-4333-8444-{n:012}")).collect();
        let (list, ignored) = GroupList::parse(serde_json::json!({ "groups": groups }).to_string().as_bytes()).unwrap();
        assert_eq!((list.groups.len(), ignored.len()), (1000, 1));
    }

    #[test]
    fn an_action_is_read_whatever_its_name() {
        let action = RemoteAction::parse(br#"{"id":"1","action":"rebootNow"}"#).unwrap();
        assert!(action.action.parse::<ActionKind>().is_err());
        assert!(RemoteAction::parse(br#"{"id":"","action":"retire"}"#).is_err());
        assert!(RemoteAction::parse(br#"{"action":"retire"}"#).is_err());
    }
}
