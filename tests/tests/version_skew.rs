//! A command and a daemon of different versions, as an upgrade under a running daemon leaves them.
//!
//! Lives here: what the command says. Does not live here: control APIs of different versions, which do not talk.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};
use portal_tests::agent::Agent;

#[test]
fn a_daemon_of_another_version_is_named_once_with_what_to_do() -> Result<()> {
    let running = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    let devices = running.command(&["--json", "device", "list"])?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nportal-agent-version: 0.0.9\r\n\
                 portal-agent-api: 1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{devices}",
                devices.len()
            );
        }
    });
    let agent = Agent::new("")?;
    std::fs::create_dir_all(agent.state_dir())?;
    let control = std::fs::read_to_string(running.state_dir().join("control.json"))?;
    let mut control: serde_json::Value = serde_json::from_str(&control)?;
    control["url"] = url.into();
    let path = agent.state_dir().join("control.json");
    std::fs::write(&path, control.to_string())?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;

    let output = agent.output(&["device", "list"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    ensure!(said.contains("the daemon is portal-agent 0.0.9, this command ") && said.contains("hint: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let output = agent.output(&["--json", "device", "list"])?;
    ensure!(output.stderr.is_empty(), "standard error is for errors as JSON then");
    // A daemon of the same version is not worth a word.
    ensure!(running.output(&["device", "list"])?.stderr.is_empty());
    Ok(())
}
