//! Marked secrets everywhere, the log at trace, and then a search through everything that came out.
//!
//! Lives here: what is printed, logged, answered and kept. Does not live here: how settings are redacted (`configuration`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::certificates::CertificateAuthority;
use portal_tests::http::ControlApi;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::test_rig::custom_notification;
use portal_tests::wait::until;

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const DEVICE_PASSWORD: &str = "marked-device-password-1f3a";
const SENDER_PASSWORD: &str = "marked-sender-password-2b7c";
const WRONG_PASSWORD: &str = "marked-wrong-password-3d9e";
const EMBEDDED_PASSWORD: &str = "marked-embedded-password-4e0f";

/// Everything that was printed, and what is looked for in it.
#[derive(Default)]
struct SecretSearch {
    texts: Vec<(String, String)>,
    secrets: Vec<String>,
}

impl SecretSearch {
    fn secret(&mut self, text: &str) {
        // A secret is also looked for as it would stand in a header, and as bytes in a `{:?}`.
        let bytes = format!("{:?}", text.as_bytes());
        self.secrets.extend([text.to_owned(), bytes.trim_matches(['[', ']']).to_owned()]);
    }

    /// Runs a command, whatever comes of it, and keeps what it prints.
    fn run(&mut self, agent: &Agent, arguments: &[&str]) -> Result<()> {
        for format in [&[][..], &["--json"]] {
            let arguments = [&["--log-level", "trace"], format, arguments].concat();
            let output = agent.output(&arguments)?;
            for stream in [&output.stdout, &output.stderr] {
                self.texts.push((arguments.join(" "), String::from_utf8_lossy(stream).into_owned()));
            }
        }
        Ok(())
    }

    /// Every file below a folder, but those that are there to hold a secret.
    fn files(&mut self, folder: &Path, but: &[PathBuf]) -> Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.files(&path, but)?;
            } else if !but.contains(&path) {
                self.texts
                    .push((path.display().to_string(), String::from_utf8_lossy(&std::fs::read(&path)?).into_owned()));
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        ensure!(self.texts.len() > 20, "there is something to search through");
        for (name, text) in &self.texts {
            for secret in &self.secrets {
                let place = text
                    .find(secret.as_str())
                    .map(|at| text[at.saturating_sub(200)..].chars().take(400).collect::<String>());
                ensure!(place.is_none(), "{secret} stands in {name}: {place:?}");
            }
        }
        Ok(())
    }
}

/// Every command that says something of the settings, the connection or a push.
fn run_commands(search: &mut SecretSearch, agent: &Agent, config: &[&str]) -> Result<()> {
    for command in [
        &["status"][..],
        &["doctor"],
        &["config", "show"],
        &["config", "check"],
        &["log"],
        &["explain"],
        &["push", "--here", "--title", "t", "--body", "b", "--wait", "10s"],
        &["run", "--device-id", "11111111-2222-4333-8444-555555555555"],
    ] {
        search.run(agent, &[config, command].concat())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_anything_that_is_printed_logged_or_kept() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    let client = authority.sign("client")?;
    let users = [(DEVICE, DEVICE_PASSWORD), ("sender", SENDER_PASSWORD)];
    let broker = Mosquitto::start(&MosquittoSetup {
        tls: Some(authority.sign("localhost")?),
        client_ca: Some(authority.ca_file.clone()),
        users: users.map(|(user, password)| (user.to_owned(), password.to_owned())).to_vec(),
        ..MosquittoSetup::default()
    })?;
    let (url, file) = (broker.url(), folder.path().join("settings.toml"));
    let tls = format!(
        "ca_file = \"ca.pem\"\nclient_certificate_file = {:?}\nclient_key_file = {:?}\n",
        client.cert_file, client.key_file
    );
    let settings = format!(
        "[broker]\nurls = [{url:?}]\nusername = {DEVICE:?}\npassword = {DEVICE_PASSWORD:?}\n{tls}\
         [sender]\nurls = [{url:?}]\nusername = \"sender\"\npassword_file = \"sender.password\"\n{tls}"
    );
    std::fs::write(&file, settings)?;
    std::fs::write(folder.path().join("sender.password"), SENDER_PASSWORD)?;
    let config = ["--config", file.to_str().context("a path in Unicode")?];
    let mut agent = Agent::new("")?;
    agent.start(&[&config, &["--device-id", DEVICE, "--notifier", "console", "--log-level", "trace"][..]].concat())?;
    agent.make_ready()?;

    let mut search = SecretSearch::default();
    let token = ControlApi::of(agent.state_dir())?.token;
    let key = std::fs::read_to_string(&client.key_file)?;
    search.secret(key.lines().nth(1).context("the key's first line")?);
    for secret in [DEVICE_PASSWORD, SENDER_PASSWORD, WRONG_PASSWORD, EMBEDDED_PASSWORD, &token] {
        search.secret(secret);
    }
    run_commands(&mut search, &agent, &config)?;
    ensure!(search.texts.iter().any(|(_, text)| text.contains("\"outcome\":\"presented\"")), "the sender got through");
    // A log that shows nothing of the connection would prove nothing.
    let log = agent.log();
    ensure!(log.contains("DEBUG") && log.contains(DEVICE), "{log}");
    search.texts.push(("the daemon's log".to_owned(), log));
    search.files(agent.state_dir(), &[agent.state_dir().join("control.json")])?;
    search.finish()?;
    refused(&broker, folder.path(), &tls).await?;
    embedded().await
}

/// A password that the broker does not take is not shown either.
async fn refused(broker: &Mosquitto, folder: &Path, tls: &str) -> Result<()> {
    let file = folder.join("refused.toml");
    std::fs::write(&file, format!("[broker]\nurls = [{:?}]\nusername = {DEVICE:?}\n{tls}", broker.url()))?;
    let config = ["--config", file.to_str().context("a path in Unicode")?];
    let mut agent = Agent::new("")?.with("PORTAL_AGENT__BROKER__PASSWORD", WRONG_PASSWORD);
    agent.start(&[&config[..], &["--notifier", "console", "--log-level", "trace"]].concat())?;
    until("a refusal", || agent.log(), |log| log.contains("password")).await;
    let mut search = SecretSearch::default();
    search.secret(WRONG_PASSWORD);
    run_commands(&mut search, &agent, &config)?;
    search.texts.push(("the daemon's log".to_owned(), agent.log()));
    search.files(agent.state_dir(), &[])?;
    search.finish()
}

/// The embedded broker's own password, and what stands in an answer of the control API.
async fn embedded() -> Result<()> {
    let mut agent = Agent::new("")?
        .with("PORTAL_AGENT__EMBEDDED_BROKER__USERNAME", "agent")
        .with("PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD", EMBEDDED_PASSWORD);
    agent.start(&["--embedded-broker", "127.0.0.1:0", "--notifier", "console", "--log-level", "trace"])?;
    agent.make_ready()?;
    let api = ControlApi::of(agent.state_dir())?;
    let mut search = SecretSearch::default();
    search.secret(EMBEDDED_PASSWORD);
    search.secret(&api.token);
    run_commands(&mut search, &agent, &[])?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    for path in ["", "/receipts", "/doctor", "/settings", "/none"] {
        let answer =
            api.authorised("GET", &format!("/v1/devices/{device}{path}"), &custom_notification("x").to_string())?;
        search.texts.push((path.to_owned(), format!("{answer:?}")));
    }
    search.texts.push(("the daemon's log".to_owned(), agent.log()));
    let for_its_user = ["control.json", "embedded-broker.json"].map(|name| agent.state_dir().join(name));
    search.files(agent.state_dir(), &for_its_user)?;
    search.finish()
}
