//! What the gateway costs: a page of 10,000 managed devices, sends per second against a bare bridge from HTTP to MQTT of the same
//! crates without any check, and its memory under hours of bookkeeping for its limits.
//!
//! `cargo bench -p portal-tests --bench gateway` (the agent is built first: `cargo build --release`). Linux: reads /proc.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use portal_agent::sender::{PushAddress, PushSender, SenderOptions};
use portal_contract::DeviceId;
use portal_tests::agent::Agent;
use portal_tests::figures::DurationSample;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::process::resident_kib;
use portal_tests::publish::{TestPublisher, notification};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

const DEVICES: usize = 10_000;
const SENDS: usize = 20_000;
/// After so many the other one is measured: what else the computer does meanwhile concerns both alike.
const SENDS_IN_TURN: usize = 2_000;
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
/// As many as Intune allows: ten an hour to each device.
const SENDS_AN_HOUR: usize = 10 * DEVICES;
const HOURS: usize = 3;
const PAGES: usize = 20;
/// By which this program is its own bridge.
const BRIDGE: &str = "--bridge-to";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|word| word == BRIDGE) {
        Some(at) => bridge(arguments.get(at + 1).context("a broker")?).await,
        None => measure().await,
    }
}

/// HTTP to MQTT, and nothing else: the body is published to the device in the path.
async fn bridge(broker: &str) -> Result<()> {
    let sender = Arc::new(PushSender::connect(SenderOptions::new(broker.parse()?)).await?);
    let publish = |State(sender): State<Arc<PushSender>>, Path(device): Path<String>, body: Bytes| async move {
        let Ok(device) = device.parse::<DeviceId>() else { return StatusCode::NOT_FOUND };
        match sender.push_raw(PushAddress::Device(device), body).await {
            Ok(()) => StatusCode::NO_CONTENT,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({"url": format!("http://{}", listener.local_addr()?)}));
    let service = Router::new().route("/{device}", post(publish)).with_state(sender);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = hyper_util::service::TowerToHyperService::new(service.clone());
        let serving =
            hyper::server::conn::http1::Builder::new().serve_connection(hyper_util::rt::TokioIo::new(stream), service);
        tokio::spawn(serving);
    }
}

/// A server that printed where it listens. Killed when it is dropped.
struct Server {
    child: Child,
    authority: String,
}

impl Server {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let authority = ready["url"].as_str().and_then(|url| url.split_once("://")).context("a url")?.1.to_owned();
        Ok(Self { child, authority })
    }

    fn resident_mib(&self) -> Result<f64> {
        Ok(resident_kib(self.child.id())? as f64 / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The benchmark's end: nothing of it may stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn measure() -> Result<()> {
    let more = "max_queued_messages 0\nmax_connections -1\nset_tcp_nodelay true\n".to_owned();
    let broker = Mosquitto::start(&MosquittoSetup { usual_log: true, more, ..MosquittoSetup::default() })?;
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    let publisher = TestPublisher::connect(broker.port()).await?;
    let devices: Vec<String> = (0..DEVICES).map(|n| format!("11111111-2222-4333-8444-{n:012}")).collect();
    for (number, device) in devices.iter().enumerate() {
        publisher.retain(&format!("portal/v1/contoso/devices/{device}/state"), state(device, number)).await?;
    }
    publisher.wait_for_pubacks(DEVICES as u64).await?;

    let agent = Agent::new("")?.with("PORTAL_AGENT__GATEWAY__DEVICE_MESSAGES", "1000000");
    let begun = Instant::now();
    let gateway = Server::start(agent.prepare(&["--json", "gateway", "--broker", &url, "--no-auth"])?)?;
    println!("until {DEVICES} devices are known: {} ms", begun.elapsed().as_millis());
    let lists = "/v1.0/deviceManagement/managedDevices?$count=true";
    for (what, query) in [
        ("first page of 1,000", ""),
        ("the page at 9,000", "&$skip=9000"),
        ("1,000 that a filter chooses, ordered", "&$filter=contains(deviceName,'5')&$orderby=userPrincipalName%20desc"),
        ("one device by its user", "&$filter=userPrincipalName%20eq%20'user7777@contoso.example'"),
    ] {
        let mut sample = DurationSample::default();
        for _ in 0..PAGES {
            sample.push(page(&gateway.authority, &format!("{lists}{query}")).await?);
        }
        println!("{}", sample.line(what));
    }

    let mut itself = Command::new(std::env::current_exe()?);
    itself.args([BRIDGE, &url]);
    let bare = Server::start(itself)?;
    println!("{:>6} {:>16} {:>16} {:>8}", "round", "gateway sends/s", "bridge sends/s", "ratio");
    let graph =
        |device: &str| format!("/beta/deviceManagement/managedDevices/{device}/sendCustomNotificationToCompanyPortal");
    let text = json!({"notificationTitle": "Office closed", "notificationBody": "Work from home on Friday. The office in \
        the city is closed for the whole day."});
    let text = text.to_string().into_bytes();
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let (mut through, mut past) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..SENDS / SENDS_IN_TURN {
            through += send(&gateway.authority, &devices, graph, &text, SENDS_IN_TURN).await?;
            let bare_path = |device: &str| format!("/{device}");
            past += send(&bare.authority, &devices, bare_path, &notification("bare"), SENDS_IN_TURN).await?;
        }
        let rate = |time: Duration| SENDS as f64 / time.as_secs_f64();
        let ratio = through.as_secs_f64() / past.as_secs_f64();
        ratios.push(ratio);
        println!("{round:>6} {:>16.0} {:>16.0} {ratio:>8.2}", rate(through), rate(past));
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ROUNDS / 2]);
    for hour in 1..=HOURS {
        send(&gateway.authority, &devices, graph, &text, SENDS_AN_HOUR).await?;
        println!("resident after hour {hour}, of {SENDS_AN_HOUR} sends: {:.1} MiB", gateway.resident_mib()?);
        let head = format!("POST /emulator/clock HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", gateway.authority);
        let answer =
            ask(&gateway.authority, format!("{head}Content-Length: 16\r\n\r\n{{\"advance\":\"1h\"}}").as_bytes())
                .await?;
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

fn state(device: &str, number: usize) -> Vec<u8> {
    let state = json!({
        "deviceId": device, "deviceName": format!("Phone {number}"), "userPrincipalName": format!("user{number}@contoso.example"),
        "operatingSystem": if number.is_multiple_of(2) { "iOS" } else { "Android" }, "osVersion": "26", "managedDeviceOwnerType": "personal",
        "deviceEnrollmentType": "userEnrollment", "managementState": "managed", "deviceRegistrationState": "registered",
        "prerequisites": {}, "notificationPermission": "authorized", "promptsShown": 1, "updatedAt": "2026-11-23T09:00:00.000Z",
    });
    state.to_string().into_bytes()
}

/// One page, to its last byte.
async fn page(authority: &str, path: &str) -> Result<Duration> {
    let begun = Instant::now();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let answer = ask(authority, request.as_bytes()).await?;
    let elapsed = begun.elapsed();
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..answer.len().min(300)]));
    Ok(elapsed)
}

/// One request, after whose answer the server closes the connection; the whole answer.
async fn ask(authority: &str, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Sends over connections that stay, each with one request at a time; the time that it took.
async fn send(
    authority: &str,
    devices: &[String],
    path: impl Fn(&str) -> String,
    body: &[u8],
    sends: usize,
) -> Result<Duration> {
    let requests: Arc<Vec<Vec<u8>>> =
        Arc::new(devices.iter().map(|device| request(authority, &path(device), body)).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, next, authority) = (Arc::clone(&requests), Arc::clone(&next), authority.to_owned());
        tasks.spawn(async move {
            let stream = TcpStream::connect(authority).await?;
            stream.set_nodelay(true)?;
            let mut stream = BufStream::new(stream);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= sends {
                    return Ok::<_, anyhow::Error>(());
                }
                stream.write_all(&requests[number % requests.len()]).await?;
                stream.flush().await?;
                let mut line = String::new();
                stream.read_line(&mut line).await?;
                ensure!(line.starts_with("HTTP/1.1 204"), "{line}");
                while line != "\r\n" {
                    line.clear();
                    stream.read_line(&mut line).await?;
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(begun.elapsed())
}

fn request(authority: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
