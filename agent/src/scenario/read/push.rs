//! `push`: what a sender publishes.
//!
//! Lives here: reading it; what is left out gets a default, so that a push says only what it is about.
//! Does not live here: whether a device takes it for a custom notification (`shared`).

use serde_json::{Map, Value};

use super::super::model::{PayloadMembers, PushAddressee, PushPayload, PushStep};
use super::diagnostic::ProblemList;
use super::expect::graphs_name;
use super::members::{NodeMembers, parsed};
use super::words::nearest;
use super::yaml::{YamlNode, YamlNodeKind};

/// How often one step may push.
const MAX_TIMES: usize = 1000;
/// The largest payload that is made here; what a broker carries is less than that.
const MAX_RAW_BYTES: usize = 64 * 1024;
/// What a push may have besides what is read here by name: a custom notification's own members, by Graph's names.
const PAYLOAD: [&str; 7] =
    ["notificationTitle", "notificationBody", "targetUserPrincipalName", "id", "sentAt", "expiresAt", "collapseKey"];
/// What is read here by name.
const MEMBERS: [&str; 10] =
    ["title", "body", "group", "targetUser", "expiresIn", "sentAgo", "times", "retain", "raw", "members"];
const TITLE: &str = "Office closed";
const BODY: &str = "Work from home on Friday.";

/// Reads a push; `times` makes several of it.
pub fn read(node: &YamlNode, problems: &mut ProblemList) -> Vec<PushStep> {
    let Some(mut members) = NodeMembers::of(node, "push", problems) else { return Vec::new() };
    let group = members.parsed("group", problems);
    let to = group.map_or(PushAddressee::Device, PushAddressee::Group);
    let retain = members.truth("retain", problems).unwrap_or_default();
    let times = members.take("times").and_then(|node| times(node, problems)).unwrap_or(1);
    let payload = match members.take("raw") {
        Some(node) => {
            members.end("a raw push", problems);
            raw(node, problems).map(PushPayload::Raw)
        }
        None => Some(PushPayload::Members(of_members(members, problems))),
    };
    let Some(payload) = payload else { return Vec::new() };
    // Before the copies are made: a small file could otherwise ask for more memory than there is.
    if !problems.expand(node.place, payload_size(&payload).saturating_mul(times)) {
        return Vec::new();
    }
    (1..=times)
        .map(|number| PushStep {
            to,
            payload: if times == 1 { payload.clone() } else { numbered(&payload, number) },
            retain,
        })
        .collect()
}

fn times(node: &YamlNode, problems: &mut ProblemList) -> Option<usize> {
    let times: usize = parsed(node, "times", problems)?;
    let right = (1..=MAX_TIMES).contains(&times);
    if !right {
        problems.add(node.place, format!("times is {times}"), format!("1 to {MAX_TIMES}"));
    }
    right.then_some(times)
}

/// About how many bytes a copy takes: the payload, and what is kept beside it.
fn payload_size(payload: &PushPayload) -> usize {
    let bytes = match payload {
        PushPayload::Members(members) => Value::Object(members.members.clone()).to_string().len(),
        PushPayload::Raw(bytes) => bytes.len(),
    };
    bytes + 256
}

fn of_members(mut members: NodeMembers<'_>, problems: &mut ProblemList) -> PayloadMembers {
    let sent_ago = members.duration("sentAgo", problems).unwrap_or_default();
    let expires_in = members.duration("expiresIn", problems);
    let mut payload = Map::new();
    payload.insert("notificationTitle".to_owned(), TITLE.into());
    payload.insert("notificationBody".to_owned(), BODY.into());
    let more = members.take("members").and_then(|node| NodeMembers::of(node, "members", problems));
    for (key, node) in members.take_rest() {
        let name = graphs_name(&key.name);
        if !PAYLOAD.contains(&name) {
            let known = [&MEMBERS[..], &PAYLOAD[..]].concat();
            let hint = match nearest(&key.name, &known) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => "what no custom notification has stands in members: {…}".to_owned(),
            };
            problems.add(key.place, format!("a push has no {:?}", key.name), hint);
            continue;
        }
        payload.insert(name.to_owned(), as_sent(name, node));
    }
    for (key, node) in more.into_iter().flat_map(|mut more| more.take_rest()) {
        payload.insert(key.name.clone(), as_sent(&key.name, node));
    }
    PayloadMembers { members: payload, sent_ago, expires_in }
}

fn as_sent(name: &str, node: &YamlNode) -> Value {
    match (name, node.text()) {
        // Quoted or not, people mean the text. Every other member is sent as it is written, so that a scenario can
        // send one that is not right.
        ("id", Some(text)) => text.into(),
        _ => node.json(),
    }
}

fn numbered(payload: &PushPayload, number: usize) -> PushPayload {
    let PushPayload::Members(members) = payload else { return payload.clone() };
    let mut members = members.clone();
    if let Some(Value::String(id)) = members.members.get_mut("id") {
        // A push whose id was used is a duplicate: copies that are to show need ids of their own. Without an id each
        // gets a fresh one when it is sent.
        id.push_str(&format!("-{number}"));
    }
    PushPayload::Members(members)
}

/// Bytes: text as it is, `{hex: "ff fe"}`, or `{text: x, times: 5000}`.
fn raw(node: &YamlNode, problems: &mut ProblemList) -> Option<Vec<u8>> {
    let YamlNodeKind::Map(_) = node.kind else {
        let text = node.text().unwrap_or_default();
        return Some(text.as_bytes().to_vec());
    };
    let mut members = NodeMembers::of(node, "raw", problems)?;
    let hex = members.take("hex");
    let text = members.text("text", problems).unwrap_or_default();
    let times: usize = members.parsed("times", problems).unwrap_or(1);
    members.end("raw", problems);
    if let Some(hex) = hex {
        return bytes_of_hex(hex, problems);
    }
    if text.len().saturating_mul(times) > MAX_RAW_BYTES {
        problems.add(
            node.place,
            format!("the payload has more than {MAX_RAW_BYTES} bytes"),
            "no broker carries so much here",
        );
        return None;
    }
    Some(text.repeat(times).into_bytes())
}

fn bytes_of_hex(node: &YamlNode, problems: &mut ProblemList) -> Option<Vec<u8>> {
    let digits: Vec<u32> = node.text().unwrap_or_default().chars().filter_map(|c| c.to_digit(16)).collect();
    let others = node.text().unwrap_or_default().chars().any(|c| !c.is_ascii_hexdigit() && c != ' ');
    if others || digits.len() % 2 == 1 {
        problems.add(node.place, "hex is not bytes", "two digits a byte, as in \"ff fe 00\"");
        return None;
    }
    Some(digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or_default()).collect())
}
