//! The control API's bodies, over its own server: whatever is sent, the answer is one of those that are documented.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use portal_agent::control::ControlServer;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::fake::{DEVICE, FakeDevice};

/// A server, and one connection that is kept.
struct FuzzServer {
    stream: BufReader<TcpStream>,
    bearer: String,
    authority: String,
    server: ControlServer,
    runtime: Runtime,
}

impl FuzzServer {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server =
            runtime.block_on(ControlServer::start("127.0.0.1:0".parse().unwrap(), FakeDevice::new("Android"))).unwrap();
        let authority = server.url().strip_prefix("http://").unwrap().to_owned();
        let bearer = server.control_file().token.bearer();
        let stream = BufReader::new(TcpStream::connect(&authority).unwrap());
        stream.get_ref().set_nodelay(true).unwrap();
        Self { stream, bearer, authority, server, runtime }
    }

    /// Sends a request; gives the status code and the body of the answer.
    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n",
            self.authority,
            self.bearer,
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(code) = line.strip_prefix("http/1.1 ") {
                status = code[..3].parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        (status, answer)
    }

    /// Method and path of every command, by the API's own document.
    fn commands(&mut self) -> Vec<(String, String)> {
        let (_, document) = self.ask("GET", "/v1/openapi.json", b"");
        let document: Value = serde_json::from_slice(&document).unwrap();
        let mut commands = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, about) in methods.as_object().unwrap() {
                if about.get("requestBody").is_some() {
                    commands.push((method.to_uppercase(), path.replace("{device}", DEVICE)));
                }
            }
        }
        assert!(commands.len() > 20, "{commands:?}");
        commands
    }
}

#[test]
fn control_body() {
    let mut kept = FuzzServer::new();
    let commands = kept.commands();
    bolero::check!().with_max_len(2048).for_each(|input: &[u8]| {
        // The first byte says which command; the rest is its body.
        let Some((first, body)) = input.split_first() else { return };
        let (method, path) = &commands[usize::from(*first) % commands.len()];
        let (status, answer) = kept.ask(method, path, body);
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        match status {
            // What is kept of a scenario or a recording is no state of the device.
            200 if path.contains("/scenario") || path.ends_with("/recording") => {
                assert!(answer.is_object(), "{answer}")
            }
            200 => assert_eq!(answer["deviceId"], DEVICE),
            // No scenario runs on this device.
            404 if !path.ends_with("/scenario/order") => panic!("{method} {path} answered 404: {answer}"),
            400 | 404 | 409 => {
                for member in ["code", "message", "hint"] {
                    let text = answer["error"][member].as_str().unwrap();
                    assert!(!text.is_empty() && text.len() < 2048, "{member} of {answer}");
                }
            }
            other => panic!("{method} {path} answered {other}: {answer}"),
        }
    });
    kept.runtime.block_on(kept.server.stop());
}
