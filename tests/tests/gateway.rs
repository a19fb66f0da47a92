//! `gateway`: an administrator's calls over HTTP reach running devices.
//!
//! Lives here: the calls as a script sends them, with a daemon of three devices. Does not live here: every answer of every call
//! (`portal_graph`'s own tests), what SDKs ask
//! (`gateway_recorded`), a broker without devices (`gateway_bad_input`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::gateway::{RunningGateway, three_devices, until};
use portal_tests::http::{ControlApi, HttpAnswer};
use serde_json::{Value, json};

const GROUP: &str = "11111111-2222-4333-8444-555555555555";
const SEND: &str = "sendCustomNotificationToCompanyPortal";
const TOKENS: &str = "admin-token admin\nhelpdesk-token helpdesk\nreader-token reader\n";

fn with_tokens(agent: &Agent) -> Result<RunningGateway> {
    RunningGateway::with_tokens(agent, TOKENS, &[])
}

fn text() -> Value {
    json!({"notificationTitle": "Office closed", "notificationBody": "Work from home."})
}

/// The token that this user's own commands have.
fn own_token(agent: &Agent) -> Result<String> {
    let file: Value = serde_json::from_slice(&std::fs::read(agent.state_dir().join("gateway.json"))?)?;
    Ok(file["token"].as_str().context("a token")?.to_owned())
}

fn request_id(answer: &HttpAnswer) -> Result<String> {
    let line = answer.head.lines().find_map(|line| line.strip_prefix("request-id: "));
    Ok(line.context("a request-id")?.to_owned())
}

#[test]
fn a_script_lists_devices_and_sends_to_one_and_to_a_group() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let gateway = with_tokens(&agent)?;
    let list = "GET /v1.0/deviceManagement/managedDevices?$top=2&$orderby=deviceName&$select=deviceName";
    let first = gateway.expect(200, "reader-token", list, &Value::Null)?.json()?;
    assert_eq!(first["value"][0]["deviceName"], "iPad");
    let next = first["@odata.nextLink"].as_str().context("a next page")?;
    let next = next.split_once(gateway.authority()).context("it leads here")?.1;
    let second = gateway.expect(200, "reader-token", &format!("GET {next}"), &Value::Null)?.json()?;
    assert_eq!(second["value"].as_array().map(Vec::len), Some(1));

    let to_device = format!("POST /beta/deviceManagement/managedDevices/{}/{SEND}", ids[0]);
    let id = request_id(&gateway.expect(204, "helpdesk-token", &to_device, &text())?)?;
    let followed = agent.json_lines(&["gateway", "follow", &id])?;
    let last = followed.last().context("the send")?;
    assert_eq!((&last["outcomes"], &last["devices"][0]["deviceName"]), (&json!({"presented": 1}), &json!("iPhone")));
    assert_eq!(agent.json(&["--device", "iPhone", "log", "--id", &id])?["outcome"], "presented");

    let members = ["users/adele@contoso.example", "users/bo@contoso.example"];
    let group = json!({"id": GROUP, "displayName": "Sales", "members@odata.bind": members});
    gateway.expect(201, "admin-token", "POST /v1.0/groups", &group)?;
    for name in ["iPhone", "Pixel", "iPad"] {
        until("the device's list of groups", || {
            let status = agent.json(&["--device", name, "status"])?;
            Ok(status["groups"] == json!([GROUP]) && status["connection"] == "online")
        })?;
    }
    let mut send = text();
    send["groupsToNotify"] = json!([GROUP]);
    let to_groups = format!("POST /beta/deviceManagement/microsoft.graph.{SEND}");
    gateway.expect(403, "helpdesk-token", &to_groups, &send)?;
    let id = request_id(&gateway.expect(204, "admin-token", &to_groups, &send)?)?;
    let followed = agent.json_lines(&["gateway", "follow", &id])?;
    let last = followed.last().context("the send")?;
    assert_eq!(last["outcomes"], json!({"presented": 2, "withheld": 1}), "{last}");
    assert_eq!(last["unmet"], json!({"notificationsPermitted": 1}));
    let report = agent.json(&["gateway", "report"])?;
    assert_eq!((&report["sent"], &report["refused"][0]["reason"]), (&json!(2), &json!("notPermitted")));
    Ok(())
}

#[test]
fn a_batch_a_bulk_action_and_a_retire_do_what_they_say() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let gateway = with_tokens(&agent)?;
    let batch = json!({"requests": [
        {"id": "1", "method": "POST", "url": format!("/deviceManagement/managedDevices/{}/{SEND}", ids[0]), "body": text()},
        {"id": "2", "method": "GET", "url": "/me", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/users/nobody@contoso.example"},
        {"id": "4", "method": "GET", "url": "/me", "dependsOn": ["3"]},
    ]});
    let answers = gateway.expect(200, "admin-token", "POST /beta/$batch", &batch)?.json()?;
    let statuses: Vec<&Value> =
        answers["responses"].as_array().context("answers")?.iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [&json!(204), &json!(200), &json!(404), &json!(424)]);
    let nobody = "99999999-2222-4333-8444-555555555555";
    let mut bulk = text();
    bulk["actionName"] = json!("customTextNotification");
    bulk["deviceIds"] = json!([ids[0], ids[2], nobody]);
    let path = "POST /beta/deviceManagement/managedDevices/executeAction";
    let answer = gateway.expect(200, "helpdesk-token", path, &bulk)?;
    let lists = answer.json()?;
    assert_eq!(lists["successfulDeviceIds"], json!([ids[0], ids[2]]));
    assert_eq!(lists["notFoundDeviceIds"], json!([nobody]));
    let followed = agent.json_lines(&["gateway", "follow", &request_id(&answer)?])?;
    assert_eq!(followed.last().context("the send")?["outcomes"], json!({"presented": 1, "withheld": 1}));
    let retire = format!("POST /v1.0/deviceManagement/managedDevices/{}/retire", ids[1]);
    gateway.expect(204, "admin-token", &retire, &Value::Null)?;
    let get = format!("GET /v1.0/deviceManagement/managedDevices/{}", ids[1]);
    until("the retired device's going", || Ok(gateway.call("reader-token", &get, &Value::Null)?.status == 404))
}

#[test]
fn an_action_that_a_device_refuses_is_named_in_the_report() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let gateway = with_tokens(&agent)?;
    // By default a device takes retire and syncDevice alone.
    let wipe = format!("POST /v1.0/deviceManagement/managedDevices/{}/wipe", ids[0]);
    let id = request_id(&gateway.expect(204, "admin-token", &wipe, &Value::Null)?)?;
    until("the device's refusal", || Ok(agent.json(&["gateway", "report"])?["refusedActions"] != json!([])))?;
    let row = agent.json(&["gateway", "report"])?["refusedActions"][0].take();
    assert_eq!((&row["id"], &row["deviceName"], &row["action"]), (&json!(id), &json!("iPhone"), &json!("wipe")));
    assert_eq!(row["result"], "refused");
    let why = row["problem"].as_str().context("a problem")?;
    let page = agent.command(&["gateway", "report"])?;
    ensure!(page.contains("refused by a device") && page.contains(why) && page.contains("iPhone"), "{page}");
    let file = agent.state_dir().with_extension("html");
    agent.command(&["gateway", "report", "--html", &file.to_string_lossy()])?;
    ensure!(std::fs::read_to_string(file)?.contains("Refused by a device"));
    Ok(())
}

#[test]
fn limits_errors_and_the_clock_are_as_a_sender_meets_them() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let agent = agent.with("PORTAL_AGENT__GATEWAY__DEVICE_MESSAGES", "1");
    let gateway = with_tokens(&agent)?;
    let to_device = format!("POST /beta/deviceManagement/managedDevices/{}/{SEND}", ids[0]);
    gateway.expect(204, "admin-token", &to_device, &text())?;
    let limited = gateway.expect(429, "admin-token", &to_device, &text())?;
    ensure!(limited.head.to_lowercase().contains("retry-after: 3"), "{}", limited.head);
    assert_eq!(limited.json()?["error"]["code"], "TooManyRequests");
    gateway.expect(200, "admin-token", "POST /emulator/clock", &json!({"advance": "1h"}))?;
    gateway.expect(204, "admin-token", &to_device, &text())?;
    let elsewhere = gateway.expect(405, "admin-token", &to_device.replace("POST", "PUT"), &Value::Null)?;
    ensure!(elsewhere.head.to_lowercase().contains("allow: post"), "{}", elsewhere.head);
    gateway.expect(401, "wrong", &to_device, &text())?;
    let long = json!({"notificationTitle": "t".repeat(51), "notificationBody": "b"});
    let refused = gateway.expect(400, "admin-token", &to_device, &long)?.json()?;
    let inner = refused["error"]["message"].as_str().context("a message")?;
    ensure!(
        serde_json::from_str::<Value>(inner)?["Message"].as_str().is_some_and(|text| text.contains("51 characters"))
    );
    let large = json!({"notificationTitle": "t", "notificationBody": "b".repeat(70_000)});
    gateway.expect(413, "admin-token", &to_device, &large)?;
    let api = ControlApi { authority: gateway.authority().to_owned(), token: String::new() };
    let bearer = [("Host", api.authority.as_str()), ("Authorization", "Bearer admin-token")];
    let foreign = [&bearer[..], &[("Origin", "https://evil.example")]].concat();
    assert_eq!(api.request("GET", "/beta/me", &foreign, "")?.status, 403);
    let named = [&bearer[..], &[("client-request-id", "mine")]].concat();
    ensure!(api.request("GET", "/beta/me", &named, "")?.head.contains("client-request-id: mine"));
    let form = "grant_type=client_credentials&client_id=me&client_secret=reader-token";
    let token = api.request("POST", "/contoso/oauth2/v2.0/token", &bearer[..1], form)?.json()?;
    gateway.expect(200, token["access_token"].as_str().context("a token")?, "GET /beta/groups", &Value::Null)?;
    Ok(())
}

#[test]
fn push_goes_through_it_and_says_what_a_script_would_be_told() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let gateway = RunningGateway::start(&agent, &[])?;
    let push = ["push", "Office closed", "Work from home.", "--via-gateway", "--device"];
    let lines = agent.json_lines(&[&push[..], &["iPad", "--wait", "30s"]].concat())?;
    assert_eq!((&lines[1]["outcome"], &lines[1]["unmet"]), (&json!("withheld"), &json!(["notificationsPermitted"])));
    let page = agent.command(&[&push[..], &["Pixel", "--wait", "30s"]].concat())?;
    ensure!(page.lines().last().is_some_and(|line| line == "presented  Pixel"), "{page}");
    let id = lines[0]["id"].as_str().context("an id")?;
    let page = agent.command(&["gateway", "follow", id])?;
    let lines: Vec<&str> = page.lines().collect();
    ensure!(lines[0] == "withheld  iPad  notificationsPermitted" && lines[1].contains("1 of 1 answered"), "{page}");
    // Nobody is in the group.
    let group = json!({"id": GROUP, "displayName": "Sales"});
    gateway.expect(201, &own_token(&agent)?, "POST /v1.0/groups", &group)?;
    let to_nobody = ["push", "T", "B", "--via-gateway", "--group", GROUP, "--wait"];
    let none = agent.failure(1, &to_nobody)?;
    ensure!(none.contains("no enrolled device"), "{none}");
    let title = "t".repeat(51);
    let refused = agent.failure(1, &["push", &title, "b", "--via-gateway", "--device", &ids[0]])?;
    ensure!(refused.contains("51 characters") && refused.lines().count() == 1, "{refused}");
    let page = agent.command(&["gateway", "sends"])?;
    ensure!(page.contains("Office closed") && page.contains("1 withheld"), "{page}");
    Ok(())
}

#[test]
fn over_https_it_is_reached_by_the_authority_that_was_made_for_it() -> Result<()> {
    let (agent, _) = three_devices()?;
    let folder = agent.state_dir().with_extension("certificates");
    let made = agent.json(&["gateway", "ca", &folder.to_string_lossy()])?;
    let file = |name: &str| made[name].as_str().map(str::to_owned).context("a file");
    let (ca, certificate, key) = (file("caFile")?, file("certificate")?, file("key")?);
    let arguments = ["--ca-file", &ca, "--certificate", &certificate, "--key", &key];
    let _gateway = RunningGateway::start(&agent, &arguments)?;
    let lines = agent.json_lines(&["push", "T", "B", "--via-gateway", "--device", "iPhone", "--wait"])?;
    assert_eq!(lines[1]["outcome"], "presented");
    let again = agent.failure(1, &["gateway", "ca", &folder.to_string_lossy()])?;
    ensure!(again.contains("ca.pem"), "{again}");
    Ok(())
}

#[test]
fn faults_on_request_are_a_senders_to_meet() -> Result<()> {
    let (agent, ids) = three_devices()?;
    let gateway = RunningGateway::start(&agent, &["--no-auth", "--faults", "lost=1,seed=7"])?;
    let to_device = format!("POST /beta/deviceManagement/managedDevices/{}/{SEND}", ids[0]);
    let id = request_id(&gateway.expect(204, "", &to_device, &text())?)?;
    // Behind it on the same way to the device.
    let behind = agent.json_lines(&["push", "T", "B", "--device", "iPhone", "--wait"])?;
    assert_eq!(behind[1]["sequence"], 1, "the lost one has no receipt");
    let send = gateway.expect(200, "", &format!("GET /emulator/notifications/{id}"), &Value::Null)?.json()?;
    assert_eq!((&send["addressedDevices"], &send["receipts"]), (&json!(1), &json!(0)));
    let gateway = RunningGateway::start(&agent, &["--no-auth", "--faults", "throttle=1,burst=2"])?;
    let throttled = gateway.expect(429, "", &to_device, &text())?;
    ensure!(throttled.head.to_lowercase().contains("retry-after: 1"), "{}", throttled.head);
    let page = agent.state_dir().with_extension("html");
    agent.command(&["gateway", "report", "--html", &page.to_string_lossy()])?;
    ensure!(std::fs::read_to_string(page)?.contains("in production"));
    let described = gateway.expect(200, "", "GET /emulator/openapi.json", &Value::Null)?.json()?;
    ensure!(described["paths"]["/v1.0/groups"]["get"].is_object());
    Ok(())
}

#[test]
fn strangers_do_not_keep_a_caller_with_a_token_out() -> Result<()> {
    let (agent, _) = three_devices()?;
    let gateway = with_tokens(&agent)?;
    // More than all its slots; none of them ever says anything.
    let strangers: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(gateway.authority())).collect();
    gateway.expect(200, "reader-token", "GET /v1.0/users", &Value::Null)?;
    let refused = gateway.expect(401, "wrong", "GET /v1.0/users", &Value::Null)?;
    ensure!(refused.head.to_lowercase().contains("connection: close"), "{}", refused.head);
    ensure!(strangers.iter().all(Result::is_ok));
    Ok(())
}

#[test]
fn beside_a_daemon_it_serves_the_daemons_own_broker() -> Result<()> {
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker", "--gateway"])?;
    agent.make_ready()?;
    let lines = agent.json_lines(&["push", "T", "B", "--via-gateway", "--here", "--wait"])?;
    assert_eq!(lines[1]["outcome"], "presented");
    agent.stop()?;
    ensure!(!agent.state_dir().join("gateway.json").exists());
    Ok(())
}

#[test]
fn what_it_cannot_be_started_with_is_told_in_a_line() -> Result<()> {
    let agent = Agent::new("")?;
    let broker = ["gateway", "--broker", "mqtt://127.0.0.1:1"];
    for (more, says) in [
        (&["--no-auth", "--listen", "0.0.0.0:0"][..], "loopback"),
        (&["--listen", "0.0.0.0:0"], "in clear"),
        (&["--tokens", "/nonexistent/tokens"], "/nonexistent/tokens"),
        (&["--faults", "lag=1s"], "lag"),
        (&["--certificate", "/nonexistent/c", "--key", "/nonexistent/k"], "/nonexistent/c"),
    ] {
        let line = agent.failure(2, &[&broker[..], more].concat())?;
        ensure!(line.contains(says) && line.lines().count() == 1, "{more:?}: {line}");
    }
    let none = agent.failure(1, &["gateway", "sends"])?;
    ensure!(none.contains("no gateway runs") && none.lines().count() == 1, "{none}");
    Ok(())
}
