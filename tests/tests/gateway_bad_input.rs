//! What goes wrong on either side of the gateway: unknown ids, expired tokens, a broker that is closed, messages that are not what
//! their topic holds. Each is answered in Graph's form, and nothing is lost by it.
//!
//! Lives here: the gateway at a bare broker, where devices are their retained states. Does not live here: running devices (`gateway`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::gateway::{RunningGateway, until};
use portal_tests::http::{ControlApi, HttpAnswer};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::mosquitto_clients::BrokerArguments;
use serde_json::{Value, json};

const DEVICE: &str = "11111111-0000-4000-8000-000000000001";
const OTHER: &str = "11111111-0000-4000-8000-000000000002";
const NOBODY: &str = "99999999-2222-4333-8444-555555555555";
const LIST: &str = "GET /v1.0/deviceManagement/managedDevices";

fn send_to(device: &str) -> String {
    format!("POST /beta/deviceManagement/managedDevices/{device}/sendCustomNotificationToCompanyPortal")
}

fn text() -> Value {
    json!({"notificationTitle": "Office closed", "notificationBody": "Work from home."})
}

fn topic(device: &str, leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{device}/{leaf}")
}

fn state(device: &str) -> String {
    let state = json!({
        "deviceId": device, "deviceName": "Phone", "userPrincipalName": "adele@contoso.example", "operatingSystem": "iOS",
        "osVersion": "26", "managedDeviceOwnerType": "personal", "deviceEnrollmentType": "userEnrollment",
        "managementState": "managed", "deviceRegistrationState": "registered", "prerequisites": {},
        "notificationPermission": "authorized", "promptsShown": 1, "updatedAt": "2026-11-23T09:00:00.000Z",
    });
    state.to_string()
}

/// A broker with one device's state, and a gateway at it that sends one message an hour to a device.
fn one_device() -> Result<(Mosquitto, BrokerArguments, Agent)> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let clients = BrokerArguments::port(broker.port());
    clients.retain(&topic(DEVICE, "state"), &state(DEVICE))?;
    Ok((broker, clients, Agent::new("")?.with("PORTAL_AGENT__GATEWAY__DEVICE_MESSAGES", "1")))
}

fn listed(gateway: &RunningGateway) -> Result<Vec<String>> {
    let list = gateway.expect(200, "", LIST, &Value::Null)?.json()?;
    let ids = list["value"].as_array().context("a list")?.iter().map(|device| device["id"].as_str().map(str::to_owned));
    ids.collect::<Option<_>>().context("ids")
}

/// Graph's form of an error: a code, a message, and the request's id in body and header.
fn check_error(answer: &HttpAnswer, code: &str) -> Result<()> {
    let error = &answer.json()?["error"];
    let id = error["innerError"]["request-id"].as_str().context("a request id")?;
    ensure!(error["code"] == code && error["message"].is_string() && answer.head.contains(id), "{answer:?}");
    Ok(())
}

#[test]
fn an_id_that_is_nobodys_is_not_found() -> Result<()> {
    let (broker, clients, agent) = one_device()?;
    let sent = clients.subscribe("portal/v1/+/+/+/notifications")?;
    let gateway = RunningGateway::start(&agent, &["--broker", &broker.url(), "--no-auth"])?;
    let mut to_nobody = text();
    to_nobody["groupsToNotify"] = json!([NOBODY]);
    for (line, body) in [
        (send_to(NOBODY), text()),
        (send_to("not-an-id"), text()),
        (send_to("%E2%82%AC"), text()),
        ("POST /beta/deviceManagement/sendCustomNotificationToCompanyPortal".to_owned(), to_nobody),
        (format!("POST /v1.0/deviceManagement/managedDevices/{NOBODY}/retire"), Value::Null),
        (format!("DELETE /v1.0/deviceManagement/managedDevices/{NOBODY}"), Value::Null),
        (format!("GET /v1.0/deviceManagement/managedDevices/{NOBODY}"), Value::Null),
        (format!("GET /v1.0/users/bo@contoso.example/managedDevices/{DEVICE}"), Value::Null),
        ("GET /v1.0/users/bo@contoso.example".to_owned(), Value::Null),
        (format!("GET /v1.0/groups/{NOBODY}/members"), Value::Null),
        (format!("DELETE /v1.0/groups/{NOBODY}"), Value::Null),
        (format!("POST /v1.0/groups/{NOBODY}/members/$ref"), json!({"@odata.id": "users/adele@contoso.example"})),
        (format!("GET /v1.0/colours/{NOBODY}"), Value::Null),
    ] {
        check_error(&gateway.expect(404, "", &line, &body)?, "ResourceNotFound").context(line)?;
    }
    // The first thing that comes is for the device that is there, so that nothing else was sent before it.
    gateway.expect(204, "", &send_to(DEVICE), &text())?;
    assert_eq!(sent.next_json()?["notificationTitle"], "Office closed");
    assert_eq!(gateway.expect(200, "", "GET /emulator/report", &Value::Null)?.json()?["sent"], 1);
    Ok(())
}

#[test]
fn while_the_broker_is_closed_nothing_is_claimed_as_sent() -> Result<()> {
    let (mut broker, clients, agent) = one_device()?;
    let gateway = RunningGateway::start(&agent, &["--broker", &broker.url(), "--no-auth"])?;
    assert_eq!(listed(&gateway)?, [DEVICE]);
    broker.kill()?;
    until("the loss of the broker", || Ok(gateway.call("", LIST, &Value::Null)?.status == 503))?;
    let mut to_group = text();
    to_group["groupsToNotify"] = json!([NOBODY]);
    let mut bulk = text();
    (bulk["actionName"], bulk["deviceIds"]) = (json!("customTextNotification"), json!([DEVICE]));
    for (line, body) in [
        (send_to(DEVICE), text()),
        ("POST /beta/deviceManagement/sendCustomNotificationToCompanyPortal".to_owned(), to_group),
        ("POST /beta/deviceManagement/managedDevices/executeAction".to_owned(), bulk),
        (format!("DELETE /v1.0/deviceManagement/managedDevices/{DEVICE}"), Value::Null),
        ("POST /v1.0/groups".to_owned(), json!({"displayName": "Sales"})),
        ("GET /v1.0/groups".to_owned(), Value::Null),
    ] {
        let answer = gateway.expect(503, "", &line, &body)?;
        ensure!(answer.head.to_lowercase().contains("retry-after: 5"), "{line}: {}", answer.head);
        check_error(&answer, "ServiceUnavailable").context(line)?;
    }
    let url = send_to(DEVICE).replace("POST /beta", "");
    let batch = json!({"requests": [{"id": "1", "method": "POST", "url": url, "body": text()}]});
    let batch = gateway.expect(200, "", "POST /beta/$batch", &batch)?.json()?;
    let inner = &batch["responses"][0];
    assert_eq!((&inner["status"], &inner["headers"]["Retry-After"]), (&json!(503), &json!("5")));
    let sends = gateway.expect(200, "", "GET /emulator/notifications", &Value::Null)?.json()?;
    assert_eq!(sends["value"], json!([]));
    broker.restart()?;
    clients.retain(&topic(DEVICE, "state"), &state(DEVICE))?;
    until("the device's return", || Ok(gateway.call("", LIST, &Value::Null)?.body.contains(DEVICE)))?;
    assert_eq!(gateway.expect(200, "", "GET /v1.0/groups", &Value::Null)?.json()?["value"], json!([]));
    // One an hour is allowed: what was refused has not counted.
    gateway.expect(204, "", &send_to(DEVICE), &text())?;
    gateway.expect(429, "", &send_to(DEVICE), &text())?;
    Ok(())
}

#[test]
fn what_is_no_state_on_the_broker_changes_nothing() -> Result<()> {
    let (broker, clients, agent) = one_device()?;
    let no_states = ["not JSON", "{", "[]", "{}", "\u{0}", r#"{"deviceId":1}"#, &state(NOBODY)];
    clients.retain(&topic(OTHER, "state"), no_states[0])?;
    let gateway = RunningGateway::start(&agent, &["--broker", &broker.url(), "--no-auth"])?;
    assert_eq!(listed(&gateway)?, [DEVICE]);
    clients.retain(&topic(OTHER, "state"), &state(OTHER))?;
    until("the state's being heard", || Ok(listed(&gateway)? == [DEVICE, OTHER]))?;
    // What was known of a device stays, whatever comes in its place.
    for no_state in no_states {
        clients.retain(&topic(OTHER, "state"), no_state)?;
    }
    for leaf in ["groups", "receipts"] {
        clients.publish(&topic(OTHER, leaf), "not JSON")?;
    }
    let third = OTHER.replace("02", "03");
    clients.retain(&topic(&third, "state"), &state(&third))?;
    until("what came behind them", || Ok(listed(&gateway)?.len() == 3))?;
    assert_eq!(listed(&gateway)?, [DEVICE, OTHER, &third]);
    gateway.expect(204, "", &send_to(OTHER), &text())?;
    Ok(())
}

#[test]
fn an_hour_after_it_was_given_a_token_is_expired() -> Result<()> {
    let (broker, _, agent) = one_device()?;
    let gateway = RunningGateway::with_tokens(&agent, "secret admin\n", &["--broker", &broker.url()])?;
    let sign_in = || -> Result<String> {
        let api = ControlApi { authority: gateway.authority().to_owned(), token: String::new() };
        let form = "grant_type=client_credentials&client_id=me&client_secret=secret";
        let answer = api.request("POST", "/contoso/oauth2/v2.0/token", &[("Host", gateway.authority())], form)?;
        Ok(answer.json()?["access_token"].as_str().context("a token")?.to_owned())
    };
    let token = sign_in()?;
    gateway.expect(200, &token, LIST, &Value::Null)?;
    gateway.expect(200, &token, "POST /emulator/clock", &json!({"advance": "1h"}))?;
    let expired = gateway.expect(401, &token, &send_to(DEVICE), &text())?;
    check_error(&expired, "InvalidAuthenticationToken")?;
    ensure!(expired.body.contains("expired") && expired.head.to_lowercase().contains("www-authenticate: bearer"));
    check_error(&gateway.expect(401, "", LIST, &Value::Null)?, "InvalidAuthenticationToken")?;
    gateway.expect(204, &sign_in()?, &send_to(DEVICE), &text())?;
    Ok(())
}
