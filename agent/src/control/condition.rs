//! The conditions that `wait` waits for: their words, and whether a status meets one. Pure.
//!
//! Lives here: conditions over `status`. Does not live here: the waiting, and an outcome's receipts (`wait`).

use portal_contract::{ConnectionState, NotificationPermission, OutcomeKind, Prerequisite, StatusReport};
use schemars::schema_for;
use serde_json::Value;

/// The authorization statuses, to name them in an error.
const PERMISSIONS: [NotificationPermission; 4] = [
    NotificationPermission::NotDetermined,
    NotificationPermission::Denied,
    NotificationPermission::Authorized,
    NotificationPermission::Provisional,
];

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitCondition {
    /// `online`: every known subscription is answered.
    Online,
    /// `prompt-showing`: the permission prompt is showing.
    PromptShowing,
    /// `permission=…`
    Permission(NotificationPermission),
    /// `outcome=…`, of one notification or of the next receipt.
    Outcome(OutcomeKind),
    /// `PATH=VALUE` into `status`.
    Member {
        /// The members' names, outermost first.
        path: Vec<String>,
        /// The value as written.
        value: String,
    },
}

/// How a condition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionState {
    /// It holds.
    Holds,
    /// It does not hold; how it is instead.
    NotYet(String),
    /// It cannot hold any more; why.
    Never(String),
}

impl WaitCondition {
    /// Reads a condition. A path that `status` does not have is an error: it would never hold.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "online" => Ok(Self::Online),
            None if text == "prompt-showing" => Ok(Self::PromptShowing),
            None => Err(format!(
                "{text:?} is no condition; write online, prompt-showing, permission=…, outcome=… or PATH=VALUE \
                 into status, as in prerequisites.deviceEnrolled=true"
            )),
            Some(("permission", word)) => permission(word).map(Self::Permission),
            Some(("outcome", word)) => word.parse().map(Self::Outcome),
            Some((path, value)) => {
                let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                check_path(&path)?;
                Ok(Self::Member { path, value: value.to_owned() })
            }
        }
    }

    /// How the condition stands in `status`, which `members` holds as JSON. An outcome is not in a status: not yet.
    pub fn in_status(&self, status: &StatusReport, members: &Value) -> ConditionState {
        match self {
            Self::Online => holds(status.connection == ConnectionState::Online, || offline_words(status)),
            Self::PromptShowing => holds(status.prompt.is_some(), || "no prompt is showing".to_owned()),
            Self::Permission(wanted) => {
                let present = status.device.notification_permission;
                holds(present == *wanted, || format!("it is {present}"))
            }
            Self::Outcome(_) => ConditionState::NotYet("there is no receipt yet".to_owned()),
            Self::Member { path, value } => member_standing(members, path, value),
        }
    }
}

impl std::fmt::Display for WaitCondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Online => f.write_str("online"),
            Self::PromptShowing => f.write_str("prompt-showing"),
            Self::Permission(permission) => write!(f, "permission={permission}"),
            Self::Outcome(outcome) => write!(f, "outcome={outcome}"),
            Self::Member { path, value } => write!(f, "{}={value}", path.join(".")),
        }
    }
}

fn holds(met: bool, instead: impl FnOnce() -> String) -> ConditionState {
    if met { ConditionState::Holds } else { ConditionState::NotYet(instead()) }
}

fn offline_words(status: &StatusReport) -> String {
    let problem = status.broker.problem.as_deref();
    match problem {
        Some(problem) => format!("it is offline: {problem}"),
        None if status.condition.offline => "it is offline, by device offline".to_owned(),
        None => format!("it is offline, connecting to {}", status.broker.url),
    }
}

fn permission(word: &str) -> Result<NotificationPermission, String> {
    PERMISSIONS.into_iter().find(|permission| permission.word() == word).ok_or_else(|| {
        let words = PERMISSIONS.map(NotificationPermission::word).join(", ");
        format!("{word:?} is no permission; the permissions are {words}")
    })
}

fn member_standing(members: &Value, path: &[String], wanted: &str) -> ConditionState {
    let present = path.iter().try_fold(members, |value, name| value.get(name)).unwrap_or(&Value::Null);
    // A text as it is typed, without quotation marks: a version or an id may consist of digits alone.
    let equal = match present {
        Value::String(text) => text == wanted,
        other => serde_json::from_str::<Value>(wanted).is_ok_and(|value| value == *other),
    };
    holds(equal, || format!("it is {}", words(present)))
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn check_path(path: &[String]) -> Result<(), String> {
    // The schema, and not a status at hand: members that are absent at present are right to wait for.
    let schema = schema_for!(StatusReport).to_value();
    let mut place = &schema;
    for (depth, name) in path.iter().enumerate() {
        let names = member_names(&schema, place, path.get(depth.wrapping_sub(1)).map(String::as_str));
        match names {
            MemberNames::Any(value) => place = value,
            MemberNames::These(names) => match names.iter().find(|(known, _)| known == name) {
                Some((_, value)) => place = value,
                None => return Err(unknown_member(&path[..depth], name, &names)),
            },
        }
    }
    Ok(())
}

/// The members that may stand at a place of the schema.
enum MemberNames<'a> {
    These(Vec<(String, &'a Value)>),
    Any(&'a Value),
}

fn member_names<'a>(schema: &'a Value, place: &'a Value, parent: Option<&str>) -> MemberNames<'a> {
    let place = resolve(schema, place);
    match (place.get("properties"), place.get("additionalProperties")) {
        // The schema says only that the keys are text; what they are is the contract's (contract 3).
        (None, Some(value)) if parent == Some("prerequisites") => {
            MemberNames::These(Prerequisite::ALL.iter().map(|code| (code.code().to_owned(), value)).collect())
        }
        (None, Some(value)) => MemberNames::Any(value),
        (Some(Value::Object(members)), _) => {
            MemberNames::These(members.iter().map(|(name, value)| (name.clone(), value)).collect())
        }
        _ => MemberNames::These(Vec::new()),
    }
}

/// Follows `$ref`, and the one branch of an optional member that is not null.
fn resolve<'a>(schema: &'a Value, place: &'a Value) -> &'a Value {
    if let Some(target) = place.get("$ref").and_then(Value::as_str).and_then(|link| link.strip_prefix('#')) {
        return schema.pointer(target).map_or(place, |target| resolve(schema, target));
    }
    let branches = place.get("anyOf").and_then(Value::as_array);
    match branches.and_then(|branches| branches.iter().find(|branch| branch.get("type") != Some(&"null".into()))) {
        Some(branch) => resolve(schema, branch),
        None => place,
    }
}

fn unknown_member(above: &[String], name: &str, names: &[(String, &Value)]) -> String {
    let place = if above.is_empty() { "status".to_owned() } else { format!("status' {}", above.join(".")) };
    let near = |known: &str| strsim::damerau_levenshtein(known, name);
    let nearest = names.iter().map(|(known, _)| known.as_str()).min_by_key(|known| near(known));
    match nearest {
        Some(nearest) if near(nearest) <= 3 => format!("{place} has no {name:?}; did you mean {nearest}?"),
        Some(_) => {
            let all: Vec<&str> = names.iter().map(|(known, _)| known.as_str()).collect();
            format!("{place} has no {name:?}; it has {}", all.join(", "))
        }
        None => format!("{place} has no members, so no {name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_they_are_written() {
        for text in [
            "online",
            "prompt-showing",
            "permission=denied",
            "outcome=presented",
            "prerequisites.deviceEnrolled=true",
            "broker.problem=null",
            "prompt.shownAt=x",
            "desktop.notificationServer.name=dunst",
            "settings.alert=on",
            "groups=[]",
            "lastAction.result=done",
            "userPrincipalName=adele@contoso.example",
        ] {
            assert_eq!(WaitCondition::parse(text).map(|condition| condition.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_condition_that_could_never_hold_is_an_error_that_says_what_could() {
        let error = |text: &str| WaitCondition::parse(text).unwrap_err();
        assert!(error("onlin").contains("prompt-showing"));
        assert!(error("permission=maybe").contains("provisional"));
        assert!(error("outcome=shown").contains("presented"));
        assert_eq!(
            error("prerequisites.deviceEnroled=true"),
            "status' prerequisites has no \"deviceEnroled\"; did you mean deviceEnrolled?"
        );
        assert!(error("conection=online").contains("connection"));
        assert!(error("app.instaled=true").contains("installed"));
        assert!(error("held.x=1").contains("no members"));
    }

    #[test]
    fn a_value_is_compared_as_text_or_as_json() {
        let members = serde_json::json!({ "held": 3, "connection": "online", "prompt": null, "groups": ["a"] });
        let standing = |path: &str, value: &str| member_standing(&members, &[path.to_owned()], value);
        for (path, value) in
            [("held", "3"), ("connection", "online"), ("prompt", "null"), ("groups", r#"["a"]"#), ("absent", "null")]
        {
            assert_eq!(standing(path, value), ConditionState::Holds, "{path}");
        }
        assert_eq!(standing("held", "4"), ConditionState::NotYet("it is 3".to_owned()));
        assert_eq!(standing("prompt", "x"), ConditionState::NotYet("it is absent".to_owned()));
        assert_eq!(standing("connection", "\"online\""), ConditionState::NotYet("it is online".to_owned()));
    }
}
