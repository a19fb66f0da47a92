//! The control API from outside: who is let in, and what needs no token.
//!
//! Lives here: the guard, the health paths, the OpenAPI document, `control.json`. Does not live here: the commands (`commands`).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::http::ControlApi;
use serde_json::Value;

fn running() -> Result<(Agent, ControlApi)> {
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let api = ControlApi::of(agent.state_dir())?;
    Ok((agent, api))
}

#[test]
fn a_request_needs_the_token() -> Result<()> {
    let (agent, api) = running()?;
    let host = api.authority.clone();
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let path = format!("/v1/devices/{device}");
    for authorization in [None, Some("Bearer "), Some("Bearer 0000"), Some(api.token.as_str()), Some("Basic eDp5")] {
        let mut headers = vec![("Host", host.as_str())];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        for (method, path) in [("GET", path.as_str()), ("POST", "/v1/stop"), ("GET", "/v1/openapi.json")] {
            let answer = api.request(method, path, &headers, "")?;
            assert_eq!(answer.status, 401, "{method} {path} with {authorization:?}");
            assert_eq!(answer.json()?["error"]["code"], "unauthorized");
        }
    }
    let answer = api.authorised("GET", &path, "")?;
    assert_eq!((answer.status, &answer.json()?["deviceId"]), (200, &Value::from(device)));
    ensure!(!agent.log().contains(&api.token), "the token stands in the log");
    Ok(())
}

#[test]
fn a_web_page_is_kept_out() -> Result<()> {
    let (_agent, api) = running()?;
    let bearer = format!("Bearer {}", api.token);
    let port = api.authority.rsplit(':').next().context("a port")?.to_owned();
    let request = |path: &str, host: &str, origin: Option<&str>| {
        let mut headers = vec![("Host", host), ("Authorization", bearer.as_str())];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        Ok::<u16, anyhow::Error>(api.request("GET", path, &headers, "")?.status)
    };
    let own = api.authority.as_str();
    for path in ["/v1/devices", "/livez", "/readyz"] {
        // A name that resolves to loopback; the right name with another port; none.
        for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", ""] {
            assert_eq!(request(path, host, None)?, 403, "{path} as {host:?}");
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1", &format!("https://127.0.0.1:{port}")] {
            assert_eq!(request(path, own, Some(origin))?, 403, "{path} from {origin:?}");
        }
        assert_eq!(request(path, own, Some(&format!("http://{own}")))?, 200);
        assert_eq!(request(path, &format!("localhost:{port}"), None)?, 200);
    }
    Ok(())
}

#[test]
fn health_needs_no_token_and_tells_no_more_than_that() -> Result<()> {
    let (agent, api) = running()?;
    let ask = |path: &str| api.request("GET", path, &[("Host", &api.authority)], "");
    for path in ["/livez", "/readyz"] {
        let answer = ask(path)?;
        assert_eq!((answer.status, answer.body.trim()), (200, "ok"), "{path}");
    }
    agent.command(&["device", "offline"])?;
    agent.wait(&["connection=offline"])?;
    assert_eq!(ask("/livez")?.status, 200);
    let answer = ask("/readyz")?;
    ensure!(answer.status == 503 && !answer.body.trim().is_empty() && answer.body.len() < 40, "{answer:?}");
    Ok(())
}

#[test]
fn its_own_document_lists_every_command() -> Result<()> {
    let (_agent, api) = running()?;
    let document = api.authorised("GET", "/v1/openapi.json", "")?.json()?;
    ensure!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{document}");
    let paths = document["paths"].as_object().context("paths")?;
    for command in [
        "",
        "receipts",
        "app/install",
        "app/update",
        "app/uninstall",
        "app/open",
        "app/close",
        "app/force-stop",
        "enroll",
        "retire",
        "permission/prompt",
        "permission/allow",
        "permission/deny",
        "permission/reset",
        "play-services/install",
        "play-services/remove",
        "lock",
        "unlock",
        "offline",
        "online",
        "focus/on",
        "focus/off",
        "reset",
        "os/update",
        "notifications",
        "settings",
        "doze/on",
        "work-profile/pause",
        "clock/advance",
        "wait",
        "explanation",
        "doctor",
    ] {
        let path = format!("/v1/devices/{{device}}{}{command}", if command.is_empty() { "" } else { "/" });
        ensure!(paths.contains_key(&path), "{path} is not in {:?}", paths.keys());
    }
    ensure!(paths.contains_key("/v1/stop"));
    Ok(())
}

#[test]
fn what_makes_no_sense_is_an_error_in_three_parts() -> Result<()> {
    let (agent, api) = running()?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let below = |rest: &str| format!("/v1/devices/{device}/{rest}");
    for (method, path, body, status) in [
        ("POST", below("enroll"), "{", 400),
        ("POST", below("enroll"), r#"{"user":"adele"}"#, 400),
        ("POST", below("enroll"), r#"{"user":"adele@contoso.example","usr":1}"#, 400),
        ("POST", below("nonsense"), "", 404),
        ("GET", below("enroll"), "", 405),
        ("GET", below("receipts?outcome=nonsense"), "", 400),
        ("GET", "/v1/devices/11111111-2222-4333-8444-555555555555".to_owned(), "", 404),
        ("POST", below("app/force-stop"), "", 409),
    ] {
        let answer = api.authorised(method, &path, body)?;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
        let error = answer.json()?["error"].clone();
        for member in ["code", "message", "hint"] {
            ensure!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {error}");
        }
    }
    let huge = api.authorised("POST", &below("enroll"), &"x".repeat(70_000))?;
    assert_eq!(huge.status, 413);
    Ok(())
}

#[cfg(unix)]
#[test]
fn control_json_is_its_users_alone_and_its_token_is_new_at_each_start() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    let path = agent.state_dir().join("control.json");
    let mode = |path: &std::path::Path| Ok::<u32, anyhow::Error>(std::fs::metadata(path)?.permissions().mode() & 0o777);
    assert_eq!(mode(&path)?, 0o600);
    assert_eq!(mode(agent.state_dir())? & 0o077, 0, "the state directory is its user's alone");
    let first = ControlApi::of(agent.state_dir())?;
    let file: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    assert_eq!(file["pid"].as_u64(), agent.pid().map(u64::from));
    ensure!(
        file["apiVersion"].is_u64() && file["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:"))
    );
    agent.stop()?;
    agent.start(&["--notifier", "console", "--embedded-broker"])?;
    ensure!(ControlApi::of(agent.state_dir())?.token != first.token);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_token_file_that_others_may_read_is_refused_by_name() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (agent, _api) = running()?;
    let path = agent.state_dir().join("control.json");
    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode))?;
        let refusal = agent.failure(1, &["status"])?;
        ensure!(refusal.contains("control.json") && refusal.contains("others"), "{mode:o}: {refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
    agent.command(&["status"]).map(drop)
}

#[cfg(unix)]
#[test]
fn at_its_start_the_daemon_trusts_nothing_that_others_could_have_laid_there() -> Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mut agent = Agent::new("")?;
    let state = agent.state_dir().to_owned();
    std::fs::create_dir(&state)?;
    std::fs::set_permissions(&state, PermissionsExt::from_mode(0o777))?;
    // It is this user's and empty: what is too wide of it is narrowed.
    agent.start(&["--notifier", "console", "--embedded-broker"])?;
    ensure!(std::fs::metadata(&state)?.permissions().mode() & 0o022 == 0, "others may still write there");
    agent.stop()?;

    // A file of an earlier daemon that everybody may read, and one that is a link to a file of the user's.
    let path = state.join("control.json");
    let victim = state.with_extension("victim");
    std::fs::write(&victim, "precious")?;
    for linked in [false, true] {
        if linked {
            symlink(&victim, &path)?;
        } else {
            std::fs::write(&path, "{}")?;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644))?;
        }
        agent.start(&["--notifier", "console", "--embedded-broker"])?;
        agent.wait(&["online"])?;
        let open = std::fs::read_dir(&state)?.filter_map(Result::ok).filter(|entry| {
            entry.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0)
        });
        let open: Vec<_> = open.map(|entry| entry.file_name()).filter(|name| name != "lock").collect();
        ensure!(open.is_empty(), "others may read {open:?}");
        ensure!(!std::fs::symlink_metadata(&path)?.is_symlink() && std::fs::read_to_string(&victim)? == "precious");
        agent.stop()?;
    }
    Ok(())
}

#[test]
fn a_client_of_another_api_version_says_so_in_one_line() -> Result<()> {
    let (agent, _api) = running()?;
    let path = agent.state_dir().join("control.json");
    let mut file: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    file["apiVersion"] = Value::from(99);
    std::fs::write(&path, file.to_string())?;
    let refusal = agent.failure(1, &["status"])?;
    ensure!(refusal.contains("99") && refusal.lines().count() == 1, "{refusal}");
    Ok(())
}

#[test]
fn receipts_are_followed_as_server_sent_events() -> Result<()> {
    use std::io::{BufRead, BufReader, Write};
    let (agent, api) = running()?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let mut stream = std::net::TcpStream::connect(&api.authority)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "GET /v1/devices/{device}/receipts HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Accept: text/event-stream\r\n\r\n",
        api.authority, api.token
    )?;
    let mut lines = BufReader::new(stream).lines();
    ensure!(lines.next().context("a status line")??.contains("200"));
    agent.command(&["push", "--here", "--title", "Hello", "--body", "World", "--id", "followed"])?;
    let event = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("data:")).context("an event")?;
    ensure!(event.contains("\"notificationId\":\"followed\""), "{event}");
    Ok(())
}
