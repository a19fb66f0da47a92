//! `mosquitto_pub` and `mosquitto_sub`, run as programs: clients that share no line of code with the agent.
//!
//! Lives here: running them. Does not live here: the broker.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);
/// What each printed message begins with.
const MARK: &str = "message ";

/// How both programs reach a broker: `-p 1883`, or more.
#[derive(Debug, Clone)]
pub struct BrokerArguments(Vec<String>);

impl BrokerArguments {
    /// The broker at this loopback port, by TLS and by the name that a certificate has, trusting this authority.
    pub fn tls_port(port: u16, authority: &Path) -> Self {
        Self(vec!["-h".into(), "localhost".into(), "-p".into(), port.to_string()])
            .with(&["--cafile", &authority.to_string_lossy()])
    }

    /// As this user, with the password.
    #[must_use]
    pub fn user(self, user: &str, password: &str) -> Self {
        self.with(&["-u", user, "-P", password])
    }

    /// The broker at this loopback port.
    pub fn port(port: u16) -> Self {
        Self(vec!["-h".into(), "127.0.0.1".into(), "-p".into(), port.to_string()])
    }

    /// With more arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.0.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Publishes at QoS 1 with `mosquitto_pub`, which ends once the broker has it.
    ///
    /// # Errors
    /// It failed.
    pub fn publish(&self, topic: &str, payload: &str) -> Result<()> {
        self.publish_with(topic, payload, &[])
    }

    /// Publishes a retained message.
    ///
    /// # Errors
    /// It failed.
    pub fn retain(&self, topic: &str, payload: &str) -> Result<()> {
        self.publish_with(topic, payload, &["-r"])
    }

    /// Publishes with more arguments to `mosquitto_pub`.
    ///
    /// # Errors
    /// It failed.
    pub fn publish_with(&self, topic: &str, payload: &str, arguments: &[&str]) -> Result<()> {
        // It takes no empty payload from its input.
        let from = if payload.is_empty() { "-n" } else { "-s" };
        let mut child = Command::new("mosquitto_pub")
            // MQTT 5, unless the reach says otherwise: the last one counts.
            .args(["-V", "5"])
            .args(&self.0)
            .args(["-q", "1", "-t", topic, from])
            .args(arguments)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("mosquitto_pub must be installed")?;
        // A program that refuses its arguments reads nothing; its own words say why.
        let _ = child.stdin.take().context("its input")?.write_all(payload.as_bytes());
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "mosquitto_pub: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Subscribes with `mosquitto_sub`; returns once the broker has answered.
    ///
    /// # Errors
    /// It does not start, or the broker does not answer.
    pub fn subscribe(&self, topic: &str) -> Result<MosquittoSub> {
        self.subscribe_all(&[topic])
    }

    /// Subscribes to several topics at once.
    ///
    /// # Errors
    /// As [`BrokerArguments::subscribe`].
    pub fn subscribe_all(&self, topics: &[&str]) -> Result<MosquittoSub> {
        let subscription = self.ask_to_subscribe(topics)?;
        while !subscription.line()?.starts_with("Subscribed") {}
        Ok(subscription)
    }

    /// Whether the broker lets it subscribe; one that closes the connection instead does not.
    ///
    /// # Errors
    /// It does not start, or the broker does not answer.
    pub fn may_subscribe(&self, topic: &str) -> Result<bool> {
        let subscription = self.ask_to_subscribe(&[topic])?;
        let mut connects = 0;
        loop {
            match subscription.lines.recv_timeout(LIMIT) {
                // "Subscribed (mid: 1): 128": from there on it is a refusal.
                Ok(line) if line.starts_with("Subscribed") => {
                    let granted = line.rsplit(' ').next().and_then(|code| code.parse::<u8>().ok());
                    return Ok(granted.is_some_and(|code| code < 128));
                }
                // It connects again after a broker that closed the connection instead of answering.
                Ok(line) => {
                    connects += usize::from(line.ends_with("sending CONNECT"));
                    if connects > 1 {
                        return Ok(false);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
                Err(RecvTimeoutError::Timeout) => bail!("mosquitto_sub printed nothing more"),
            }
        }
    }

    fn ask_to_subscribe(&self, topics: &[&str]) -> Result<MosquittoSub> {
        // Line by line, also into a pipe.
        let mut child = Command::new("stdbuf")
            .args(["-oL", "mosquitto_sub", "-d", "-q", "1", "-F", &format!("{MARK}%p")])
            .args(&self.0)
            .args(topics.iter().flat_map(|topic| ["-t", topic]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("stdbuf and mosquitto_sub must be installed")?;
        let output = BufReader::new(child.stdout.take().context("its output")?);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(MosquittoSub { child, lines })
    }
}

/// A running `mosquitto_sub`; killed when dropped.
#[derive(Debug)]
pub struct MosquittoSub {
    child: Child,
    lines: Receiver<String>,
}

impl MosquittoSub {
    fn line(&self) -> Result<String> {
        self.lines.recv_timeout(LIMIT).context("mosquitto_sub printed nothing more")
    }

    /// The next message's payload.
    ///
    /// # Errors
    /// None came in time.
    pub fn next(&self) -> Result<String> {
        let started = Instant::now();
        loop {
            if let Some(payload) = self.line()?.strip_prefix(MARK) {
                return Ok(payload.to_owned());
            }
            // Its own lines, of pings and new connections, would go on for ever.
            ensure!(started.elapsed() < LIMIT, "mosquitto_sub printed no message");
        }
    }

    /// The next message's payload, which must be JSON.
    ///
    /// # Errors
    /// None came in time, or it is no JSON.
    pub fn next_json(&self) -> Result<Value> {
        let payload = self.next()?;
        serde_json::from_str(&payload).with_context(|| format!("not JSON: {payload}"))
    }

    /// Reads messages until one holds, and gives it.
    ///
    /// # Errors
    /// None did in time.
    pub fn until(&self, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let message = self.next_json()?;
            if holds(&message) {
                return Ok(message);
            }
        }
    }
}

impl Drop for MosquittoSub {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
