//! A server over a fake device, with its state directory; the binary run against it; requests by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use portal_agent::control::{ControlClient, ControlFile, ControlServer};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::fake::FakeDevice;

/// No test waits longer than this for what must happen.
pub const LIMIT: Duration = Duration::from_secs(20);

pub struct RunningServer {
    pub fake: FakeDevice,
    pub state_dir: tempfile::TempDir,
    pub runtime: Runtime,
    server: Option<ControlServer>,
    url: String,
}

impl RunningServer {
    pub fn ios() -> Self {
        Self::start(FakeDevice::new("iOS"))
    }

    pub fn android() -> Self {
        Self::start(FakeDevice::new("Android"))
    }

    fn start(fake: FakeDevice) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let state_dir = tempfile::tempdir().unwrap();
        let server = runtime.block_on(ControlServer::start("127.0.0.1:0".parse().unwrap(), fake.clone())).unwrap();
        let url = server.url().to_owned();
        let running = Self { fake, state_dir, runtime, server: Some(server), url };
        running.write_control_file(&running.file().to_json());
        running
    }

    /// The file as a daemon leaves it: for this user alone.
    pub fn write_control_file(&self, bytes: &[u8]) {
        let mut file = tempfile::NamedTempFile::new_in(self.state_dir.path()).unwrap();
        file.write_all(bytes).unwrap();
        file.persist(self.state_dir.path().join(ControlFile::NAME)).unwrap();
    }

    pub fn file(&self) -> &ControlFile {
        self.server.as_ref().unwrap().control_file()
    }

    pub fn client(&self) -> ControlClient {
        ControlClient::connect(self.state_dir.path()).unwrap()
    }

    pub fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub fn port(&self) -> u16 {
        self.authority().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    pub fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    /// Waits until a watched value is as wanted.
    pub fn until<T: Clone + Send + Sync>(&self, sender: &watch::Sender<T>, wanted: impl Fn(&T) -> bool) {
        let mut receiver = sender.subscribe();
        let waiting = async { tokio::time::timeout(LIMIT, receiver.wait_for(|value| wanted(value))).await.is_ok() };
        assert!(self.runtime.block_on(waiting), "it did not come to that in time");
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = binary();
        command.arg("--state-dir").arg(self.state_dir.path()).args(line.split(' '));
        command
    }

    /// Runs the binary to its end: exit code, standard output, standard error.
    pub fn cli(&self, line: &str) -> (i32, String, String) {
        texts(&self.command(line).output().unwrap())
    }

    /// A request written by hand, without its line ends; `Host` and the token are added unless given.
    pub fn raw(&self, head: &[&str], body: &str) -> HttpAnswer {
        let mut lines: Vec<String> = head.iter().map(|line| (*line).to_owned()).collect();
        let has = |name: &str| head.iter().any(|line| line.to_ascii_lowercase().starts_with(name));
        if !has("host:") {
            lines.push(format!("Host: {}", self.authority()));
        }
        if !has("authorization:") {
            lines.push(format!("Authorization: {}", self.file().token.bearer()));
        }
        if !has("content-length:") {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        lines.retain(|line| !line.is_empty() && !line.ends_with(": -"));
        self.bytes(format!("{}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n")).as_bytes())
    }

    pub fn bytes(&self, request: &[u8]) -> HttpAnswer {
        let mut stream = TcpStream::connect(self.authority()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(request).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        HttpAnswer::of(&text)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop_server();
    }
}

pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portal-agent"));
    // What the environment of whoever runs the tests says is not to matter, a proxy least of all.
    command
        .env_clear()
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("HOME", "/nonexistent")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

pub fn texts(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// An HTTP answer.
#[derive(Debug)]
pub struct HttpAnswer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl HttpAnswer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, headers: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// The code of the error that it carries.
    pub fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}
