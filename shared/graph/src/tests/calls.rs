//! Each call with its refusals.

use serde_json::{Value, json};

use super::rig::{GROUP, Rig, device, state};

const SEND: &str = "sendCustomNotificationToCompanyPortal";

fn text() -> Value {
    json!({"notificationTitle": "Office closed", "notificationBody": "Work from home."})
}

fn to_device(n: u128) -> String {
    format!("POST /beta/deviceManagement/managedDevices/{}/{SEND}", device(n))
}

#[test]
fn a_send_to_a_device_is_one_message_with_the_requests_id() {
    let mut rig = Rig::new();
    let (answer, messages, id) = rig.call_with("H", &to_device(1), &text(), true);
    assert_eq!((answer.status, answer.body, messages.len()), (204, None, 1));
    assert_eq!(messages[0].topic, format!("portal/v1/contoso/devices/{}/notifications", device(1)));
    let payload: Value = serde_json::from_slice(&messages[0].payload).unwrap();
    assert_eq!((&payload["id"], &payload["notificationTitle"]), (&json!(id), &json!("Office closed")));
    let (_, details, _) = rig.call("R", &format!("GET /emulator/notifications/{id}"), &Value::Null);
    assert_eq!((&details["addressedDevices"], &details["receipts"]), (&json!(1), &json!(0)));
}

#[test]
fn who_may_not_is_told_so() {
    let mut rig = Rig::new();
    let to_groups = format!("POST /beta/deviceManagement/{SEND}");
    for (token, line, status) in [
        ("X", to_device(1).as_str(), 401),
        ("R", &to_device(1), 403),
        ("H", &to_groups, 403),
        ("R", "POST /beta/groups", 403),
        ("H", "DELETE /beta/deviceManagement/managedDevices/x", 403),
        ("A", &to_device(4), 404),
        ("F", &to_device(1), 404),
    ] {
        let (got, body, messages) = rig.call(token, line, &text());
        assert_eq!((got, messages.len()), (status, 0), "{token} {line}");
        assert!(body["error"]["innerError"]["request-id"].is_string(), "{body}");
    }
}

#[test]
fn the_eleventh_message_to_a_device_is_throttled_and_the_clock_helps() {
    let mut rig = Rig::new();
    for _ in 0..10 {
        assert_eq!(rig.call("A", &to_device(1), &text()).0, 204);
    }
    let (answer, ..) = rig.call_with("A", &to_device(1), &text(), true);
    assert_eq!((answer.status, answer.retry_after), (429, Some(3600)));
    assert_eq!(rig.call("A", &to_device(2), &text()).0, 204);
    assert_eq!(rig.call("H", "POST /emulator/clock", &json!({"advance": "1h"})).0, 403);
    assert_eq!(rig.call("A", "POST /emulator/clock", &json!({"advance": "1h"})).0, 200);
    assert_eq!(rig.call("A", &to_device(1), &text()).0, 204);
    let (_, report, _) = rig.call("A", "GET /emulator/report", &Value::Null);
    assert_eq!(report["refused"][0]["reason"], "deviceLimit");
}

#[test]
fn what_the_broker_did_not_take_is_not_sent_and_does_not_count() {
    let mut rig = Rig::new();
    for _ in 0..20 {
        let (answer, _, id) = rig.call_with("A", &to_device(1), &text(), false);
        assert_eq!((answer.status, answer.retry_after), (503, Some(5)));
        assert_eq!(rig.call("A", &format!("GET /emulator/notifications/{id}"), &Value::Null).0, 404);
    }
    rig.broker = Err("it was stopped");
    let (status, body, messages) = rig.call("A", &to_device(1), &text());
    assert_eq!((status, messages.len()), (503, 0));
    assert!(body["error"]["message"].as_str().unwrap().contains("it was stopped"));
}

#[test]
fn a_group_send_is_one_message_a_group_with_those_in_it() {
    let mut rig = Rig::new();
    let members = json!(["https://graph.microsoft.com/v1.0/users/adele@contoso.example"]);
    let new = json!({"id": GROUP, "displayName": "Sales", "members@odata.bind": members});
    let (status, group, lists) = rig.call("A", "POST /beta/groups", &new);
    assert_eq!((status, &group["displayName"], lists.len()), (201, &json!("Sales"), 2), "Adele has two devices");
    assert!(lists.iter().all(|list| list.retain && list.topic.ends_with("/groups")));
    let inner = json!({"displayName": "Sales north", "members@odata.bind": ["users/bo@contoso.example"]});
    let (_, inner, _) = rig.call("A", "POST /v1.0/groups", &inner);
    let reference = json!({"@odata.id": format!("https://x/v1.0/groups/{}", inner["id"].as_str().unwrap())});
    let add = format!("POST /beta/groups/{GROUP}/members/$ref");
    assert_eq!(rig.call("A", &add, &reference).0, 204);
    assert_eq!(rig.call("A", &add, &reference).0, 400, "it is a member already");
    let mut send = text();
    send["groupsToNotify"] = json!([GROUP]);
    let (answer, messages, id) = rig.call_with("A", &format!("POST /beta/deviceManagement/{SEND}"), &send, true);
    assert_eq!((answer.status, messages.len()), (204, 2));
    let (_, details, _) = rig.call("A", &format!("GET /emulator/notifications/{id}"), &Value::Null);
    assert_eq!(details["addressedDevices"], 3);
    let (_, direct, _) = rig.call("R", &format!("GET /beta/groups/{GROUP}/members"), &Value::Null);
    let (_, all, _) = rig.call("R", &format!("GET /beta/groups/{GROUP}/transitiveMembers"), &Value::Null);
    assert_eq!(direct["value"].as_array().unwrap().len(), 2);
    assert_eq!(all["value"].as_array().unwrap().len(), 3);
    send["groupsToNotify"] = json!(["99999999-2222-4333-8444-555555555555"]);
    assert_eq!(rig.call("A", &format!("POST /beta/deviceManagement/{SEND}"), &send).0, 404);
}

#[test]
fn a_send_to_a_group_of_ten_thousand_is_one_message() {
    let mut rig = Rig::new();
    let users: Vec<String> = (0..10_000).map(|n| format!("user{n}@contoso.example")).collect();
    for (n, user) in users.iter().enumerate() {
        let device = device(10_000 + n as u128);
        rig.hear(device, "state", &state(device, Some(user)));
    }
    let members: Vec<String> = users.iter().map(|user| format!("users/{user}")).collect();
    let new = json!({"id": GROUP, "displayName": "All", "members@odata.bind": members});
    assert_eq!(rig.call("A", "POST /beta/groups", &new).2.len(), 10_000, "each device's list of groups");
    let mut send = text();
    send["groupsToNotify"] = json!([GROUP]);
    let (answer, messages, id) = rig.call_with("A", &format!("POST /beta/deviceManagement/{SEND}"), &send, true);
    assert_eq!((answer.status, messages.len()), (204, 1));
    assert_eq!(messages[0].topic, format!("portal/v1/contoso/groups/{GROUP}/notifications"));
    let (_, details, _) = rig.call("A", &format!("GET /emulator/notifications/{id}"), &Value::Null);
    assert_eq!(details["addressedDevices"], 10_000);
}

#[test]
fn lists_of_groups_follow_their_users_devices() {
    let mut rig = Rig::new();
    let new = json!({"id": GROUP, "displayName": "Sales", "members@odata.bind": ["users/cy@contoso.example"]});
    assert_eq!(rig.call("A", "POST /beta/groups", &new).2, [], "Cy has no device yet");
    let heard = rig.hear(device(5), "state", &state(device(5), Some("cy@contoso.example")));
    assert_eq!(heard.messages.len(), 1);
    // What this side wrote comes back.
    let list = serde_json::from_slice(&heard.messages[0].payload).unwrap();
    assert!(rig.hear(device(5), "groups", &list).messages.is_empty());
    let again = rig.hear(device(5), "state", &state(device(5), Some("cy@contoso.example")));
    assert_eq!(again.messages, [], "it is as it has to be");
    // Another service changes it.
    rig.hear(device(5), "groups", &json!({"groups": []}));
    let (_, members, _) = rig.call("A", &format!("GET /beta/groups/{GROUP}/members"), &Value::Null);
    assert_eq!(members["value"], json!([]));
    let (answer, ..) = rig.call_with(
        "A",
        &format!("POST /beta/groups/{GROUP}/members/$ref"),
        &json!({"@odata.id": "users/cy@contoso.example"}),
        false,
    );
    assert_eq!(answer.status, 503);
    let (_, members, _) = rig.call("A", &format!("GET /beta/groups/{GROUP}/members"), &Value::Null);
    assert_eq!(members["value"], json!([]), "what the broker did not take is taken back");
}

#[test]
fn lists_are_paged_filtered_and_ordered() {
    let mut rig = Rig::new();
    let (_, all, _) = rig.call("R", "GET /beta/deviceManagement/managedDevices?$count=true", &Value::Null);
    assert_eq!(all["@odata.count"], 3, "one that is not enrolled is none");
    let (_, first, _) =
        rig.call("R", "GET /v1.0/deviceManagement/managedDevices?$top=2&$select=deviceName", &Value::Null);
    assert_eq!(first["value"][0].as_object().unwrap().len(), 2);
    let next = first["@odata.nextLink"].as_str().unwrap().strip_prefix("http://g").unwrap().to_owned();
    let (_, second, _) = rig.call("R", &format!("GET {next}"), &Value::Null);
    assert_eq!(second["value"].as_array().unwrap().len(), 1);
    let adeles = "GET /beta/users/adele@contoso.example/managedDevices?$filter=operatingSystem+eq+'iOS'";
    assert_eq!(rig.call("R", adeles, &Value::Null).1["value"].as_array().unwrap().len(), 2);
    rig.gateway.on_message(&format!("portal/v1/contoso/devices/{}/state", device(1)), b"");
    assert_eq!(rig.call("R", adeles, &Value::Null).1["value"].as_array().unwrap().len(), 1, "a removed one is gone");
    for (line, status) in [
        ("GET /beta/deviceManagement/managedDevices?$filter=colour+eq+'red'", 400),
        ("GET /beta/users/nobody@contoso.example/managedDevices", 404),
        ("GET /beta/deviceManagement/manageddevices", 404),
        ("GET /beta/me", 200),
        ("GET /v1.0/users", 200),
    ] {
        assert_eq!(rig.call("R", line, &Value::Null).0, status, "{line}");
    }
}

#[test]
fn a_bulk_action_has_four_lists() {
    let mut rig = Rig::new();
    let mut android = state(device(6), Some("di@contoso.example"));
    android["operatingSystem"] = json!("Android");
    android["deviceEnrollmentType"] = json!("androidEnterpriseFullyManaged");
    rig.hear(device(6), "state", &android);
    let line = "POST /beta/deviceManagement/managedDevices/executeAction";
    let retire = json!({"actionName": "retire", "deviceIds": [device(1), device(6), device(9), "x"]});
    let (status, body, messages) = rig.call("H", line, &retire);
    assert_eq!((status, messages.len()), (200, 1));
    assert_eq!(body["successfulDeviceIds"], json!([device(1)]));
    assert_eq!(body["notSupportedDeviceIds"], json!([device(6)]));
    assert_eq!(body["notFoundDeviceIds"], json!([device(9), "x"]));
    let mut send = text();
    send["actionName"] = json!("customTextNotification");
    send["deviceIds"] = json!([device(1), device(2)]);
    assert_eq!(rig.call("H", line, &send).1["successfulDeviceIds"], json!([device(1), device(2)]));
    assert_eq!(rig.call("R", line, &send).0, 403);
    assert_eq!(
        rig.call_with("H", line, &send, false).0.body.unwrap()["failedDeviceIds"],
        json!([device(1), device(2)])
    );
    let delete = json!({"actionName": "delete", "deviceIds": [device(1)]});
    assert_eq!(rig.call("H", line, &delete).0, 403);
    assert_eq!(rig.call("A", line, &delete).0, 200);
    let get = format!("GET /beta/deviceManagement/managedDevices/{}", device(1));
    assert_eq!(rig.call("A", &get, &Value::Null).0, 404, "hidden at once");
}

#[test]
fn what_a_device_refuses_is_told() {
    let mut rig = Rig::new();
    let mut refused = state(device(1), Some("adele@contoso.example"));
    refused["lastAction"] = json!({"id": "1", "action": "wipe", "result": "refused", "problem": "not allowed"});
    assert!(rig.hear(device(1), "state", &refused).notice.unwrap().contains("did not carry out wipe: not allowed"));
    assert_eq!(rig.hear(device(1), "state", &refused).notice, None, "once");
    assert!(rig.hear(device(1), "state", &json!([])).notice.unwrap().contains("not a device state"));
}
