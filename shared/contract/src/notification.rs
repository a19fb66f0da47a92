//! The custom notification's payload: bytes in, a valid push or the one reason why not out.
//!
//! Lives here: parsing (contract 3). Does not live here: duplicates, expiry and everything that needs a device or a clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{NotificationId, UserPrincipalName};
use crate::json_payload::{self, kind};
use crate::push_problem::PushProblem;
use crate::timestamp::Timestamp;

/// The largest payload in bytes: APNs' and FCM's own limit (facts 5).
pub const MAX_PAYLOAD_BYTES: usize = 4096;
/// The longest title in UTF-16 code units (facts 1.3; undocumented: the unit, chosen as Graph's own stack counts).
pub const MAX_TITLE_UNITS: usize = 50;
/// The longest body in UTF-16 code units (facts 1.3; undocumented: the unit, as for the title).
pub const MAX_BODY_UNITS: usize = 500;

/// The message that an admin sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomNotification {
    /// Its id.
    pub id: NotificationId,
    /// 1 to 50 UTF-16 code units.
    #[schemars(length(min = 1, max = 50))]
    pub notification_title: String,
    /// 1 to 500 UTF-16 code units.
    #[schemars(length(min = 1, max = 500))]
    pub notification_body: String,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When it stops being worth showing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The user that it targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_user_principal_name: Option<UserPrincipalName>,
    /// FCM's collapse key: while a device is away, the newest of those with the same key takes the place of the others
    /// (facts 5). APNs, which keeps one whatever the key, does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
}

/// Why bytes are not a custom notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadRejection {
    /// The code.
    pub problem: PushProblem,
    /// A sentence that says what is wrong and what would be right.
    pub detail: String,
    /// The id, where one could be read.
    pub notification_id: Option<NotificationId>,
}

impl PayloadRejection {
    fn new(problem: PushProblem, detail: impl Into<String>) -> Self {
        Self { problem, detail: detail.into(), notification_id: None }
    }
}

impl CustomNotification {
    /// Reads a payload. What is over [`MAX_PAYLOAD_BYTES`] is rejected unread.
    ///
    /// ```
    /// use portal_contract::{CustomNotification, PushProblem};
    /// let push = CustomNotification::parse(br#"{"id":"1","notificationTitle":"Hello","notificationBody":"World"}"#);
    /// assert_eq!(push.unwrap().notification_title, "Hello");
    ///
    /// let rejection = CustomNotification::parse(br#"{"id":"1","notificationTitle":""}"#).unwrap_err();
    /// assert_eq!(rejection.problem, PushProblem::TitleLength);
    /// assert_eq!(rejection.notification_id.unwrap().as_str(), "1", "its receipt can still name the push");
    /// ```
    ///
    /// # Errors
    /// The first problem found, with the push's id where it could be read.
    pub fn parse(payload: &[u8]) -> Result<Self, PayloadRejection> {
        // Before anything is read: over MQTT 3.1.1 no limit can be announced, so packets of up to 256 MiB arrive.
        if payload.len() > MAX_PAYLOAD_BYTES {
            let detail = format!("the payload has {} bytes; the largest is {MAX_PAYLOAD_BYTES}", payload.len());
            return Err(PayloadRejection::new(PushProblem::PayloadTooLarge, detail));
        }
        let value = json_payload::read(payload).map_err(|error| {
            let problem = if error.is_encoding() { PushProblem::NotUtf8 } else { PushProblem::NotJson };
            PayloadRejection::new(problem, format!("the payload {error}"))
        })?;
        let Value::Object(members) = value else {
            return Err(PayloadRejection::new(PushProblem::NotAnObject, "the payload is JSON, but not an object"));
        };
        JsonMembers(members).notification()
    }
}

struct JsonMembers(Map<String, Value>);

impl JsonMembers {
    fn notification(mut self) -> Result<CustomNotification, PayloadRejection> {
        // The id first: a rejection for any other member can then name the push that it is about.
        let id = self.id()?;
        self.with_id(id.clone()).map_err(|rejection| PayloadRejection { notification_id: Some(id), ..rejection })
    }

    fn with_id(mut self, id: NotificationId) -> Result<CustomNotification, PayloadRejection> {
        Ok(CustomNotification {
            id,
            notification_title: self.text("notificationTitle", MAX_TITLE_UNITS, PushProblem::TitleLength)?,
            notification_body: self.text("notificationBody", MAX_BODY_UNITS, PushProblem::BodyLength)?,
            sent_at: self.time("sentAt")?,
            expires_at: self.time("expiresAt")?,
            target_user_principal_name: self.user()?,
            collapse_key: self.optional("collapseKey")?,
        })
    }

    /// A member's text; `None` if it is absent or null.
    fn optional(&mut self, name: &str) -> Result<Option<String>, PayloadRejection> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                let detail = format!("{name} is {}, not a string", kind(&other));
                Err(PayloadRejection::new(PushProblem::WrongType, detail))
            }
        }
    }

    fn required(&mut self, name: &str) -> Result<String, PayloadRejection> {
        self.optional(name)?.ok_or_else(|| {
            PayloadRejection::new(PushProblem::MissingMember, format!("the required member {name} is missing"))
        })
    }

    fn id(&mut self) -> Result<NotificationId, PayloadRejection> {
        self.required("id")?.parse().map_err(|error| PayloadRejection::new(PushProblem::InvalidId, format!("{error}")))
    }

    fn text(&mut self, name: &str, most: usize, problem: PushProblem) -> Result<String, PayloadRejection> {
        let text = self.required(name)?;
        match text.encode_utf16().count() {
            units if (1..=most).contains(&units) => Ok(text),
            units => {
                let detail = format!("{name} has {units} characters (UTF-16 code units); 1 to {most} are allowed");
                Err(PayloadRejection::new(problem, detail))
            }
        }
    }

    fn time(&mut self, name: &str) -> Result<Option<Timestamp>, PayloadRejection> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let detail = format!("{name} is not an RFC 3339 time such as 2026-11-23T09:00:00.000Z");
            PayloadRejection::new(PushProblem::InvalidTime, detail)
        })
    }

    fn user(&mut self) -> Result<Option<UserPrincipalName>, PayloadRejection> {
        let Some(text) = self.optional("targetUserPrincipalName")? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| {
            PayloadRejection::new(PushProblem::InvalidUserPrincipalName, format!("targetUserPrincipalName: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(payload: &str) -> PushProblem {
        CustomNotification::parse(payload.as_bytes()).unwrap_err().problem
    }

    fn with(title: &str, body: &str) -> String {
        serde_json::json!({ "id": "a", "notificationTitle": title, "notificationBody": body }).to_string()
    }

    #[test]
    fn the_contracts_own_example_is_read() {
        let text = r#"{"id":"6f0c","notificationTitle":"Office closed","notificationBody":"Work from home on Friday.",
 "sentAt":"2026-11-23T09:00:00.000Z","expiresAt":"2026-11-23T21:00:00+02:00","targetUserPrincipalName":"Adele@contoso.example","unknown":1}"#;
        let push = CustomNotification::parse(text.as_bytes()).unwrap();
        assert_eq!(push.expires_at.unwrap().to_string(), "2026-11-23T19:00:00.000Z");
        assert_eq!(push.target_user_principal_name.unwrap().as_str(), "adele@contoso.example");
    }

    #[test]
    fn each_kind_of_bad_payload_has_its_code() {
        assert_eq!(problem("{"), PushProblem::NotJson);
        assert_eq!(problem("[]"), PushProblem::NotAnObject);
        assert_eq!(problem("{}"), PushProblem::MissingMember);
        assert_eq!(problem(r#"{"id":7}"#), PushProblem::WrongType);
        assert_eq!(problem(r#"{"id":""}"#), PushProblem::InvalidId);
        assert_eq!(problem(&with("", "b")), PushProblem::TitleLength);
        assert_eq!(problem(&with(&"t".repeat(51), "b")), PushProblem::TitleLength);
        assert_eq!(problem(&with("t", &"b".repeat(501))), PushProblem::BodyLength);
        assert_eq!(
            problem(r#"{"id":"a","notificationTitle":"t","notificationBody":"b","sentAt":"noon"}"#),
            PushProblem::InvalidTime
        );
        assert_eq!(
            problem(r#"{"id":"a","notificationTitle":"t","notificationBody":"b","targetUserPrincipalName":"adele"}"#),
            PushProblem::InvalidUserPrincipalName
        );
        assert_eq!(CustomNotification::parse(&[0xff]).unwrap_err().problem, PushProblem::NotUtf8);
        assert_eq!(CustomNotification::parse(&[b' '; 4097]).unwrap_err().problem, PushProblem::PayloadTooLarge);
    }

    #[test]
    fn an_encoding_that_a_tool_chose_is_named_and_never_repeated() {
        let rejection = CustomNotification::parse(b"\xef\xbb\xbf{\"id\":\"a\"}").unwrap_err();
        assert_eq!(rejection.problem, PushProblem::NotJson);
        assert!(rejection.detail.starts_with("the payload begins with a byte order mark"), "{}", rejection.detail);
        let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let rejection = CustomNotification::parse(&utf16).unwrap_err();
        assert_eq!(rejection.problem, PushProblem::NotUtf8);
        assert!(rejection.detail.contains("UTF-16"), "{}", rejection.detail);
    }

    #[test]
    fn a_time_has_any_number_of_fraction_digits() {
        let text =
            r#"{"id":"a","notificationTitle":"t","notificationBody":"b","sentAt":"2026-11-25T10:00:00.1234567890Z"}"#;
        let push = CustomNotification::parse(text.as_bytes()).unwrap();
        assert_eq!(push.sent_at.unwrap().to_string(), "2026-11-25T10:00:00.123Z");
    }

    #[test]
    fn lengths_are_counted_in_utf16_code_units() {
        assert!(CustomNotification::parse(with(&"😀".repeat(25), "b").as_bytes()).is_ok());
        assert_eq!(problem(&with(&"😀".repeat(26), "b")), PushProblem::TitleLength);
    }

    #[test]
    fn a_null_optional_member_counts_as_absent_and_a_rejection_keeps_the_id() {
        let text = r#"{"id":"a","notificationTitle":"t","notificationBody":"b","sentAt":null}"#;
        assert_eq!(CustomNotification::parse(text.as_bytes()).unwrap().sent_at, None);
        let rejection = CustomNotification::parse(br#"{"id":"a","notificationTitle":null}"#).unwrap_err();
        assert_eq!(rejection.notification_id.unwrap().as_str(), "a");
    }

    proptest! {
        #[test]
        fn no_payload_panics_the_parser(payload in prop::collection::vec(any::<u8>(), 0..5000)) {
            let _ = CustomNotification::parse(&payload);
        }

        #[test]
        fn no_text_in_any_member_panics_the_parser(id in ".*", title in ".*", body in ".*", time in ".*") {
            let text = serde_json::json!({ "id": id, "notificationTitle": title, "notificationBody": body, "sentAt": time });
            let _ = CustomNotification::parse(text.to_string().as_bytes());
        }

        #[test]
        fn what_is_written_is_read_back(title in ".{1,25}", body in ".{1,60}") {
            let push = CustomNotification { id: "a".parse().unwrap(), notification_title: title, notification_body: body,
                sent_at: Some(Timestamp::from_millis(5)), expires_at: None, target_user_principal_name: None, collapse_key: None };
            let read = CustomNotification::parse(&serde_json::to_vec(&push).unwrap());
            prop_assert_eq!(read, Ok(push));
        }
    }
}
