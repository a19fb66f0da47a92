//! Certificates and passwords, against Debian's mosquitto: what lets the agent in, and what it says when it is kept out.
//!
//! Lives here: TLS, mutual TLS, passwords, and their problems in `status`. Does not live here: what is sent (`interop`).

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::certificates::{CertificateAuthority, CertificatePair};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::wait::{LIMIT, until};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in Unicode")
}

/// An agent with these settings in a file, started on this broker.
fn agent(folder: &TempDir, broker: &Mosquitto, settings: &str) -> Result<Agent> {
    agent_at(folder, &broker.url(), settings)
}

fn agent_at(folder: &TempDir, url: &str, settings: &str) -> Result<Agent> {
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, format!("[broker]\n{settings}\n"))?;
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--broker", url, "--config", text(&file)?])?;
    Ok(agent)
}

/// What `status` names as the broker's problem, once it does.
async fn problem(agent: &Agent) -> Result<String> {
    let asked =
        || agent.json(&["status"]).ok().and_then(|status| Some(status["broker"]["problem"].as_str()?.to_owned()));
    let problem = until("a problem", asked, Option::is_some).await.context("a problem")?;
    ensure!(!problem.contains('\n') && !agent.log().contains("panicked"), "{problem}\n{}", agent.log());
    Ok(problem)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_a_ca_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    let broker =
        Mosquitto::start(&MosquittoSetup { tls: Some(authority.sign("localhost")?), ..MosquittoSetup::default() })?;
    let agent = agent(&folder, &broker, "ca_file = \"ca.pem\"")?;
    agent.wait(&["online"])?;
    ensure!(agent.json(&["status"])?["broker"]["url"].as_str().is_some_and(|url| url.starts_with("mqtts://")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_to_a_bare_ip_v6_address() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let CertificatePair { cert_file, key_file } = CertificateAuthority::new(folder.path(), "ca")?.sign("::1")?;
    let port = TcpListener::bind("[::1]:0")?.local_addr()?.port();
    let more = format!("listener {port} ::1\ncertfile {}\nkeyfile {}\n", cert_file.display(), key_file.display());
    let _broker = Mosquitto::start(&MosquittoSetup { more, ..MosquittoSetup::default() })?;
    let agent = agent_at(&folder, &format!("mqtts://[::1]:{port}"), "ca_file = \"ca.pem\"")?;
    agent.wait(&["online"])?;
    agent.make_ready()?;
    // The sender dials by itself, by the same settings.
    let settings = folder.path().join("settings.toml");
    agent.command(&["push", "--config", text(&settings)?, "--here", "--title", "A", "--body", "B", "--wait"])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_verify_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    CertificateAuthority::new(folder.path(), "other")?;
    let good = authority.sign("localhost")?;
    let cases = [
        (good.clone(), "ca_file = \"other.pem\"", &["ca_file", "authority", "issuer", "trust"][..]),
        (good, "", &["ca_file", "authority", "issuer", "trust"]),
        (authority.sign_expired("localhost")?, "ca_file = \"ca.pem\"", &["expired"]),
        (authority.sign("elsewhere.example")?, "ca_file = \"ca.pem\"", &["name", "localhost"]),
    ];
    let cases = cases.into_iter().chain([
        // Its own authority, whom nobody trusts.
        (
            CertificateAuthority::self_signed(folder.path(), "localhost")?,
            "ca_file = \"ca.pem\"",
            &["ca_file", "authority", "issuer", "trust"][..],
        ),
    ]);
    for (certificate, settings, words) in cases {
        let broker = Mosquitto::start(&MosquittoSetup { tls: Some(certificate), ..MosquittoSetup::default() })?;
        let agent = agent(&folder, &broker, settings)?;
        let problem = problem(&agent).await?;
        ensure!(words.iter().any(|word| problem.contains(word)), "{settings}: {problem}");
        ensure!(agent.json(&["status"])?["broker"]["connected"] == false);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_tls_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    let certificate = authority.sign("localhost")?;
    for version in ["-tls1", "-tls1_1"] {
        let server = OldTlsServer::start(&certificate, version)?;
        let mut agent = Agent::new("")?.with("PORTAL_AGENT__BROKER__CA_FILE", text(&authority.ca_file)?);
        agent.start(&["--notifier", "console", "--broker", &format!("mqtts://localhost:{}", server.port)])?;
        let problem = problem(&agent).await?;
        ensure!(problem.contains("TLS"), "{version}: {problem}");
        // The server would have spoken with a client of its own age, so that the refusal is the agent's.
        ensure!(server.speaks_with(version)?, "{version}");
    }
    Ok(())
}

/// A server of OpenSSL's that knows one old version alone.
struct OldTlsServer {
    port: u16,
    server: std::process::Child,
}

/// OpenSSL itself no longer speaks them unless it is told to.
const WEAK: &str = "ALL:@SECLEVEL=0";

impl OldTlsServer {
    fn start(certificate: &CertificatePair, version: &str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Command::new("openssl")
            .args(["s_server", "-quiet", version, "-cipher", WEAK, "-accept", &format!("127.0.0.1:{port}")])
            .args(["-cert", text(&certificate.cert_file)?, "-key", text(&certificate.key_file)?])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("openssl must be installed")?;
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(started.elapsed() < LIMIT, "openssl s_server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { port, server })
    }

    fn speaks_with(&self, version: &str) -> Result<bool> {
        let address = format!("127.0.0.1:{}", self.port);
        let client = Command::new("openssl")
            .args(["s_client", version, "-cipher", WEAK, "-connect", &address])
            .stdin(Stdio::null())
            .output()?;
        Ok(String::from_utf8_lossy(&client.stdout).contains("New, TLSv1"))
    }
}

impl Drop for OldTlsServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mutual_tls_lets_in_who_shows_a_certificate_and_names_what_is_missing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = CertificateAuthority::new(folder.path(), "ca")?;
    let device = authority.sign("device")?;
    let setup = MosquittoSetup {
        tls: Some(authority.sign("localhost")?),
        client_ca: Some(authority.ca_file.clone()),
        ..MosquittoSetup::default()
    };
    let broker = Mosquitto::start(&setup)?;
    let certificate = format!(
        "ca_file = \"ca.pem\"\nclient_certificate_file = {:?}\nclient_key_file = {:?}",
        text(&device.cert_file)?,
        text(&device.key_file)?
    );
    agent(&folder, &broker, &certificate)?.wait(&["online"])?;
    let problem = problem(&agent(&folder, &broker, "ca_file = \"ca.pem\"")?).await?;
    ensure!(problem.contains("client_certificate") || problem.contains("client certificate"), "{problem}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_a_file_or_a_variable_and_is_never_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let password = Some(("agent".to_owned(), PASSWORD.to_owned()));
    let broker = Mosquitto::start(&MosquittoSetup { password, ..MosquittoSetup::default() })?;
    std::fs::write(folder.path().join("right"), format!("{PASSWORD}\n"))?;
    std::fs::write(folder.path().join("wrong"), "hunter2")?;
    let right = agent(&folder, &broker, "username = \"agent\"\npassword_file = \"right\"")?;
    right.wait(&["online"])?;
    ensure!(!right.log().contains(PASSWORD) && !right.command(&["status"])?.contains(PASSWORD));

    let wrong = agent(&folder, &broker, "username = \"agent\"\npassword_file = \"wrong\"")?;
    let problem = problem(&wrong).await?;
    ensure!(problem.contains("password") && !problem.contains("hunter2"), "{problem}");

    let mut by_variable = Agent::new("")?
        .with("PORTAL_AGENT__BROKER__USERNAME", "agent")
        .with("PORTAL_AGENT__BROKER__PASSWORD", PASSWORD);
    by_variable.start(&["--notifier", "console", "--broker", &broker.url()])?;
    by_variable.wait(&["online"])?;
    ensure!(!by_variable.log().contains(PASSWORD));
    Ok(())
}

#[test]
fn a_password_in_clear_to_another_machine_is_refused_before_anything_is_sent() -> Result<()> {
    let agent = Agent::new("")?
        .with("PORTAL_AGENT__BROKER__USERNAME", "agent")
        .with("PORTAL_AGENT__BROKER__PASSWORD", PASSWORD);
    let refusal = agent.failure(2, &["run", "--notifier", "console", "--broker", "mqtt://broker.contoso.example"])?;
    ensure!(refusal.contains("mqtts://") && refusal.contains("clear") && !refusal.contains(PASSWORD), "{refusal}");
    assert_eq!(refusal.lines().count(), 1, "{refusal}");
    Ok(())
}

#[test]
fn files_that_cannot_be_read_are_named() -> Result<()> {
    for (variable, file) in [
        ("PORTAL_AGENT__BROKER__PASSWORD_FILE", "/nonexistent/password"),
        ("PORTAL_AGENT__BROKER__CA_FILE", "/nonexistent/ca.pem"),
    ] {
        let agent = Agent::new("")?.with("PORTAL_AGENT__BROKER__USERNAME", "agent").with(variable, file);
        let refusal = agent.failure(2, &["run", "--notifier", "console", "--broker", "mqtts://localhost"])?;
        ensure!(refusal.contains(file) && refusal.lines().count() == 1, "{refusal}");
    }
    Ok(())
}

#[test]
fn the_embedded_broker_listens_for_others_with_a_password_only() -> Result<()> {
    let agent = Agent::new("")?;
    let refusal = agent.failure(2, &["run", "--notifier", "console", "--embedded-broker", "0.0.0.0:0"])?;
    ensure!(refusal.contains("password") && refusal.lines().count() == 1, "{refusal}");
    Ok(())
}
