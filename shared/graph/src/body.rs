//! Bodies of requests, read once into what they ask for.
//!
//! Lives here: the text limits (facts 1.3), at most 25 groups, at most 100 devices. Does not live here: whom the ids belong to.

use portal_contract::json_payload;
use portal_contract::notification::{MAX_BODY_UNITS, MAX_TITLE_UNITS};
use portal_contract::{ActionKind, DeviceId, GroupId};
use serde_json::{Map, Value};

use crate::answer::{GraphError, RefusalReason};

/// The most groups that one message may name.
const MOST_GROUPS: usize = 25;
/// The most devices that one bulk action may name.
const MOST_DEVICES: usize = 100;

/// What a custom notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageText {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What a bulk action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BulkAction {
    Send(MessageText),
    Act(ActionKind),
}

/// A group to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGroup {
    pub(crate) id: Option<GroupId>,
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) members: Vec<String>,
}

/// A body's members.
#[derive(Debug)]
pub(crate) struct JsonBody(Map<String, Value>);

impl JsonBody {
    /// Reads the bytes; nothing counts as no members.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, GraphError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match json_payload::read(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(GraphError::bad_request("The request body is JSON, but not an object.")),
            Err(error) => Err(GraphError::bad_request(format!("The request body {error}."))),
        }
    }

    fn optional(&mut self, name: &str) -> Result<Option<String>, GraphError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(GraphError::bad_request(format!("{name} is not a string."))),
        }
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<String, GraphError> {
        self.optional(name)?.ok_or_else(|| GraphError::bad_request(format!("{name} is missing.")))
    }

    fn texts(&mut self, name: &str) -> Result<Vec<String>, GraphError> {
        let wrong = || GraphError::bad_request(format!("{name} is not an array of strings."));
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(entries)) => {
                entries.into_iter().map(|entry| entry.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Title and body.
    ///
    /// Undocumented: what Graph answers where they are missing, empty or too long. Chosen: 400, in Intune's form.
    pub(crate) fn message(&mut self) -> Result<MessageText, GraphError> {
        let title = self.text("notificationTitle", MAX_TITLE_UNITS, RefusalReason::TitleLength)?;
        let body = self.text("notificationBody", MAX_BODY_UNITS, RefusalReason::BodyLength)?;
        Ok(MessageText { title, body })
    }

    fn text(&mut self, name: &str, most: usize, reason: RefusalReason) -> Result<String, GraphError> {
        let text = self.required(name).map_err(GraphError::of_intune)?;
        match text.encode_utf16().count() {
            units if (1..=most).contains(&units) => Ok(text),
            units => {
                let message = format!("{name} has {units} characters; 1 to {most} are allowed");
                Err(GraphError::bad_request(message).of_intune().counted(reason))
            }
        }
    }

    /// The groups that a message is for, each once.
    pub(crate) fn groups_to_notify(&mut self) -> Result<Vec<GroupId>, GraphError> {
        let mut groups = Vec::new();
        for text in self.texts("groupsToNotify")? {
            let group = text.parse().map_err(|error| GraphError::bad_request(format!("groupsToNotify: {error}")))?;
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        match groups.len() {
            0 => Err(GraphError::bad_request("groupsToNotify names no group.").of_intune()),
            count if count > MOST_GROUPS => {
                let message = format!("groupsToNotify names {count} groups; at most {MOST_GROUPS} are allowed");
                Err(GraphError::bad_request(message).of_intune().counted(RefusalReason::TooManyGroups))
            }
            _ => Ok(groups),
        }
    }

    /// A bulk action and its devices. An id that is no UUID stays a text: it is nobody's, and answered as not found.
    pub(crate) fn bulk(&mut self) -> Result<(BulkAction, Vec<Result<DeviceId, String>>), GraphError> {
        let name = self.required("actionName")?;
        let devices = self.texts("deviceIds")?;
        if devices.is_empty() || devices.len() > MOST_DEVICES {
            let message = format!("deviceIds names {} devices; 1 to {MOST_DEVICES} are allowed", devices.len());
            return Err(GraphError::bad_request(message).of_intune());
        }
        let action = if name == "customTextNotification" {
            BulkAction::Send(self.message()?)
        } else {
            let known = name.parse();
            BulkAction::Act(known.map_err(|why: String| GraphError::bad_request(format!("actionName: {why}.")))?)
        };
        let mut named: Vec<Result<DeviceId, String>> = Vec::new();
        for text in devices {
            let device = text.parse().map_err(|_| text.chars().take(128).collect());
            if !named.contains(&device) {
                named.push(device);
            }
        }
        Ok((action, named))
    }

    /// A group to be made.
    pub(crate) fn new_group(&mut self) -> Result<NewGroup, GraphError> {
        let id = self.optional("id")?.map(|text| text.parse()).transpose();
        let display_name = self.required("displayName")?;
        if !(1..=256).contains(&display_name.chars().count()) {
            return Err(GraphError::bad_request("displayName has 1 to 256 characters."));
        }
        Ok(NewGroup {
            id: id.map_err(|error| GraphError::bad_request(format!("{error}")))?,
            display_name,
            description: self.optional("description")?,
            members: self.texts("members@odata.bind")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn body(value: &Value) -> JsonBody {
        JsonBody::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn texts_over_50_and_500_are_refused_and_counted() {
        let message =
            |title: &str, text: &str| body(&json!({"notificationTitle": title, "notificationBody": text})).message();
        assert!(message(&"😀".repeat(25), &"b".repeat(500)).is_ok());
        assert_eq!(message(&"t".repeat(51), "b").unwrap_err().refusal, Some(RefusalReason::TitleLength));
        assert_eq!(message("t", &"b".repeat(501)).unwrap_err().refusal, Some(RefusalReason::BodyLength));
        assert_eq!(message("", "b").unwrap_err().status, 400);
        assert_eq!(body(&json!({"notificationTitle": 7})).message().unwrap_err().status, 400);
    }

    #[test]
    fn at_most_25_groups_are_named_each_once() {
        let id = |n: usize| format!("11111111-2222-4333-8444-{n:012}");
        let groups = |ids: Vec<String>| body(&json!({"groupsToNotify": ids})).groups_to_notify();
        assert_eq!(groups((0..25).map(id).chain([id(1)]).collect()).unwrap().len(), 25);
        assert_eq!(groups((0..26).map(id).collect()).unwrap_err().refusal, Some(RefusalReason::TooManyGroups));
        assert!(groups(Vec::new()).is_err() && groups(vec!["sales".to_owned()]).is_err());
    }

    #[test]
    fn a_bulk_action_keeps_ids_that_are_nobodys() {
        let device = DeviceId::from_random(1);
        let asked = json!({"actionName": "retire", "deviceIds": [device, "x", device], "keepUserData": false});
        assert_eq!(
            body(&asked).bulk().unwrap(),
            (BulkAction::Act(ActionKind::Retire), vec![Ok(device), Err("x".to_owned())])
        );
        for bad in
            [json!({"actionName": "rebootNow", "deviceIds": ["x"]}), json!({"actionName": "wipe", "deviceIds": []})]
        {
            assert_eq!(body(&bad).bulk().unwrap_err().status, 400);
        }
    }

    proptest! {
        #[test]
        fn no_body_panics_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut body) = JsonBody::parse(&bytes) {
                let _ = body.bulk();
            }
        }
    }
}
