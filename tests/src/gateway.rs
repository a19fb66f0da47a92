//! A gateway under test, and a daemon with three devices for it.
//!
//! Lives here: starting and asking them. Does not live here: what they are to answer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::agent::{ANSWER_TIMEOUT, Agent};
use crate::http::{ControlApi, HttpAnswer};

/// A gateway that runs on an agent's state directory. Killed when it is dropped.
pub struct RunningGateway {
    child: Child,
    authority: String,
}

impl RunningGateway {
    /// Starts it with these arguments; it answers when this returns.
    ///
    /// # Errors
    /// It ended instead.
    pub fn start(agent: &Agent, arguments: &[&str]) -> Result<Self> {
        let mut command = agent.prepare(&[&["--json", "gateway"], arguments].concat())?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).with_context(|| format!("the first line: {line:?}"))?;
        let url = ready["url"].as_str().context("a url")?;
        let authority = url.split_once("://").context("a scheme")?.1.to_owned();
        Ok(Self { child, authority })
    }

    /// Starts it for callers with the tokens of this tokens file.
    ///
    /// # Errors
    /// It ended instead, or the file cannot be written.
    pub fn with_tokens(agent: &Agent, tokens: &str, arguments: &[&str]) -> Result<Self> {
        let file = agent.state_dir().with_extension("tokens");
        std::fs::write(&file, tokens)?;
        Self::start(agent, &[&["--tokens", &file.to_string_lossy()], arguments].concat())
    }

    /// `host:port`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Asks it; `line` is `METHOD PATH`.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn call(&self, token: &str, line: &str, body: &Value) -> Result<HttpAnswer> {
        let (method, path) = line.split_once(' ').context("METHOD PATH")?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let api = ControlApi { authority: self.authority.clone(), token: token.to_owned() };
        api.authorised(method, path, &body)
    }

    /// As [`RunningGateway::call`], where this status is expected.
    ///
    /// # Errors
    /// Nobody answers, or with another status.
    pub fn expect(&self, status: u16, token: &str, line: &str, body: &Value) -> Result<HttpAnswer> {
        let answer = self.call(token, line, body)?;
        ensure!(answer.status == status, "{line}: {} {}", answer.status, answer.body);
        Ok(answer)
    }
}

impl Drop for RunningGateway {
    fn drop(&mut self) {
        // A test's end: whatever state it is in, nothing of it may stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A daemon with three devices, and their ids: Adele's iPhone and Pixel, and Bo's iPad, whose permission is denied.
///
/// # Errors
/// It does not start, or a device does not come online.
pub fn three_devices() -> Result<(Agent, Vec<String>)> {
    // The ids that tests/gateway-sdks records requests with.
    let ids: Vec<String> = (1..=3).map(|number| format!("11111111-0000-4000-8000-{number:012}")).collect();
    let first = ["--notifier", "console", "--embedded-broker", "--device-name", "iPhone", "--device-id", &ids[0]];
    let agent = Agent::running("", &first)?;
    for (platform, name, id) in [("android", "Pixel", &ids[1]), ("ipados", "iPad", &ids[2])] {
        agent.command(&["device", "add", "--platform", platform, "--name", name, "--device-id", id])?;
    }
    for (name, user) in [("iPhone", "adele"), ("Pixel", "adele"), ("iPad", "bo")] {
        let user = format!("{user}@contoso.example");
        let permission = if name == "iPad" { "denied" } else { "authorized" };
        agent.command(&["--device", name, "device", "set-up", "--user", &user, "--permission", permission])?;
        agent.command(&["--device", name, "wait", "online", "--timeout", "30s"])?;
    }
    Ok((agent, ids))
}

/// Returns once something holds.
///
/// # Errors
/// It took too long, or asking failed.
pub fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !holds()? {
        ensure!(began.elapsed() < ANSWER_TIMEOUT, "{what} took too long");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
