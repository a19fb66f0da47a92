//! The embedded broker is for its user alone, and bounded: attacks by another user of the computer, and what settings refuse.
//!
//! Lives here: the program as a stranger finds it. Does not live here: MQTT's own rules (`agent/embedded-broker`), and what the
//! agent does over it (`interop`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::certificates::CertificateAuthority;
use portal_tests::mosquitto_clients::BrokerArguments;
use portal_tests::test_rig::{embedded_credentials, embedded_port};
use serde_json::Value;

const START: [&str; 3] = ["--notifier", "console", "--embedded-broker"];

fn running(mut agent: Agent) -> Result<Agent> {
    agent.start(&[&START[..], &["127.0.0.1:0"]].concat())?;
    agent.wait(&["online"])?;
    Ok(agent)
}

fn file(agent: &Agent) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(agent.state_dir().join("embedded-broker.json"))?)?)
}

fn port(agent: &Agent) -> Result<u16> {
    embedded_port(&agent.json(&["status"])?)
}

/// A CONNECT of MQTT 3.1.1 with this client id and nothing else.
fn connect(id: &str) -> Vec<u8> {
    let mut packet = b"\x10\x00\x00\x04MQTT\x04\x02\x00\x00\x00".to_vec();
    packet.push(id.len() as u8);
    packet.extend(id.as_bytes());
    packet[1] = (packet.len() - 2) as u8;
    packet
}

#[test]
fn another_user_of_the_computer_is_kept_out() -> Result<()> {
    let mut agent = running(Agent::new("")?)?;
    let stranger = BrokerArguments::port(port(&agent)?);
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let actions = format!("portal/v1/contoso/devices/{device}/actions");
    ensure!(!stranger.may_subscribe("#")?);
    for reach in
        [stranger.clone(), stranger.clone().user("portal-agent", ""), stranger.clone().user("portal-agent", "x")]
    {
        ensure!(reach.publish(&actions, r#"{"id":"a","action":"retire"}"#).is_err());
    }
    // The password lies where only its user reads it; who has it is let in.
    let path = agent.state_dir().join("embedded-broker.json");
    ensure!(std::fs::metadata(&path)?.permissions().mode() & 0o777 == 0o600);
    let (user, password) = embedded_credentials(&agent)?;
    ensure!(password.len() >= 32 && user == "portal-agent", "{user}");
    ensure!(file(&agent)?["url"] == format!("mqtt://127.0.0.1:{}", port(&agent)?), "{}", file(&agent)?["url"]);
    ensure!(stranger.user(&user, &password).may_subscribe("#")?);
    ensure!(!agent.log().contains(&password));
    // The program's own commands know it, after a restart too.
    agent.make_ready()?;
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait"])?;
    agent.stop()?;
    let agent = running(agent)?;
    ensure!(embedded_credentials(&agent)? == (user, password));
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait"])?;
    Ok(())
}

#[test]
fn a_password_file_that_others_may_read_is_closed_to_them_at_the_start() -> Result<()> {
    let mut agent = running(Agent::new("")?)?;
    agent.stop()?;
    let path = agent.state_dir().join("embedded-broker.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    let _agent = running(agent)?;
    ensure!(std::fs::metadata(&path)?.permissions().mode() & 0o777 == 0o600);
    Ok(())
}

#[test]
fn it_is_open_only_where_that_was_asked_for_and_on_loopback() -> Result<()> {
    let agent = running(Agent::new("")?.with("PORTAL_AGENT__EMBEDDED_BROKER__ANONYMOUS", "true"))?;
    ensure!(BrokerArguments::port(port(&agent)?).may_subscribe("#")?);
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait"])?;
    ensure!(file(&agent)?["password"].is_null());
    Ok(())
}

#[test]
fn beyond_loopback_only_a_chosen_password_will_do() -> Result<()> {
    const ANONYMOUS: (&str, &str) = ("PORTAL_AGENT__EMBEDDED_BROKER__ANONYMOUS", "true");
    const USER: (&str, &str) = ("PORTAL_AGENT__EMBEDDED_BROKER__USERNAME", "u");
    const EMPTY: (&str, &str) = ("PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD", "");
    const PASSWORD: (&str, &str) = ("PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD", "correct horse");
    const CLEAR: (&str, &str) = ("PORTAL_AGENT__BROKER__ALLOW_PASSWORD_IN_CLEAR", "true");
    let everywhere = [&START[..], &["0.0.0.0:0"]].concat();
    for (variables, says) in [
        (&[][..], "for everyone"),
        (&[ANONYMOUS], "on loopback only"),
        (&[ANONYMOUS, USER, PASSWORD], "on loopback only"),
        (&[USER, CLEAR], "no password"),
        (&[USER, EMPTY, CLEAR], "no password"),
        (&[PASSWORD], "no user name"),
    ] {
        let mut agent = Agent::new("")?;
        for (name, value) in variables {
            agent = agent.with(name, value);
        }
        let refusal = agent.failure(2, &[&["run"], &everywhere[..]].concat())?;
        ensure!(refusal.contains(says) && refusal.lines().count() == 1, "{variables:?}: {refusal}");
    }
    let mut agent = Agent::new("")?.with(USER.0, USER.1).with(PASSWORD.0, PASSWORD.1);
    agent.start(&everywhere)?;
    agent.wait(&["online"])?;
    let status = agent.json(&["status"])?;
    ensure!(status["broker"]["url"].as_str().is_some_and(|url| url.starts_with("mqtt://127.0.0.1:")), "{status}");
    let port = embedded_port(&status)?;
    ensure!(!BrokerArguments::port(port).user("u", "").may_subscribe("#")?);
    ensure!(BrokerArguments::port(port).user("u", "correct horse").may_subscribe("#")?);
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait"])?;
    Ok(())
}

#[test]
fn it_serves_over_tls_and_its_own_daemon_needs_no_certificate() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    // Another name than the address that the daemon could dial.
    let pair = authority.sign("localhost")?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let agent = Agent::new("")?
        .with("PORTAL_AGENT__EMBEDDED_BROKER__CERTIFICATE_FILE", &text(&pair.cert_file))
        .with("PORTAL_AGENT__EMBEDDED_BROKER__KEY_FILE", &text(&pair.key_file));
    let agent = running(agent)?;
    let url = agent.json(&["status"])?["broker"]["embedded"]["url"].as_str().context("a URL")?.to_owned();
    ensure!(url.starts_with("mqtts://127.0.0.1:"), "{url}");
    let (user, password) = embedded_credentials(&agent)?;
    let tls = BrokerArguments::tls_port(port(&agent)?, &authority.ca_file).user(&user, &password);
    ensure!(tls.may_subscribe("#")?);
    ensure!(BrokerArguments::port(port(&agent)?).user(&user, &password).publish("t", "x").is_err());
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait"])?;
    // A key that is another's, and half a pair.
    let other = authority.sign("other")?;
    for (key, says) in [(text(&other.key_file), "not the key of"), (String::new(), "belong together")] {
        let agent = Agent::new("")?
            .with("PORTAL_AGENT__EMBEDDED_BROKER__CERTIFICATE_FILE", &text(&pair.cert_file))
            .with("PORTAL_AGENT__EMBEDDED_BROKER__KEY_FILE", &key);
        let refusal = agent.failure(2, &[&["run"], &START[..]].concat())?;
        ensure!(refusal.contains(says), "{refusal}");
    }
    Ok(())
}

#[test]
fn no_client_writes_the_log_of_others() -> Result<()> {
    let agent = running(Agent::new("")?)?;
    for id in ["a\u{1b}]52;c;eA==\u{7}", "a\nINFO forged", "a\u{9b}31m", "a\u{202e}b", "a\r\u{fffe}"] {
        let mut socket = TcpStream::connect(("127.0.0.1", port(&agent)?))?;
        socket.write_all(&connect(id))?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer)?;
        ensure!(answer == [0x20, 2, 0, 4], "{answer:?}");
    }
    let log = agent.log();
    ensure!(log.contains("the user name or the password is wrong") && log.contains("u{1b}"), "{log}");
    ensure!(!log.contains(['\u{7}', '\u{9b}', '\u{202e}', '\u{fffe}']) && !log.contains("\nINFO forged"), "{log}");
    Ok(())
}

/// The processor time that a process took, in clock ticks of 10 ms.
fn ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> = stat.rsplit(')').next().context("a name")?.split_whitespace().collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

#[test]
fn who_holds_every_descriptor_neither_spins_it_nor_fills_its_log() -> Result<()> {
    let mut agent = Agent::new("")?;
    agent.start_under(&["prlimit", "--nofile=1024:1024"], &[&START[..], &["127.0.0.1:0"]].concat())?;
    agent.wait(&["online"])?;
    let port = port(&agent)?;
    let pid = agent.pid().context("a process")?;
    let (log_before, held_before) = (agent.log().len(), Instant::now());
    let held = (0..1_100).map(|_| TcpStream::connect(("127.0.0.1", port))).collect::<Result<Vec<_>, _>>()?;
    let before = ticks(pid)?;
    // Its user is served meanwhile: the control API, and a client that knows the password.
    while held_before.elapsed() < Duration::from_secs(4) {
        agent.json(&["status"])?;
    }
    let (user, password) = embedded_credentials(&agent)?;
    ensure!(BrokerArguments::port(port).user(&user, &password).may_subscribe("#")?);
    let (took, wrote) = (ticks(pid)? - before, agent.log().len() - log_before);
    ensure!(took < 200, "{} ms of processor time in some four seconds", took * 10);
    ensure!(wrote < 10_000, "{wrote} bytes of log:\n{}", agent.log());
    drop(held);
    agent.wait(&["online"])?;
    Ok(())
}
