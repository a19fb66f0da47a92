//! A bare HTTP request: not the agent's own client, and able to send what no decent client would.
//!
//! Lives here: one request, one answer. Does not live here: the control API's paths.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The header lines, as sent.
    pub head: String,
    /// The body.
    pub body: String,
}

impl HttpAnswer {
    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// A daemon's control API, as its `control.json` gives it.
#[derive(Debug, Clone)]
pub struct ControlApi {
    /// `host:port`.
    pub authority: String,
    /// The token.
    pub token: String,
}

impl ControlApi {
    /// Reads a state directory's `control.json`.
    ///
    /// # Errors
    /// There is none, or it lacks something.
    pub fn of(state_dir: &Path) -> Result<Self> {
        let file: Value = serde_json::from_slice(&std::fs::read(state_dir.join("control.json"))?)?;
        let url = file["url"].as_str().context("a url")?;
        let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Self { authority, token: file["token"].as_str().context("a token")?.to_owned() })
    }

    /// Sends a request with exactly these header lines (but for `Connection` and `Content-Length`).
    ///
    /// # Errors
    /// Nobody answers.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<HttpAnswer> {
        let mut stream = TcpStream::connect(&self.authority)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("a complete answer")?;
        let status = head.split(' ').nth(1).context("a status code")?.parse()?;
        Ok(HttpAnswer { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// A request as the agent's own client sends it.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn authorised(&self, method: &str, path: &str, body: &str) -> Result<HttpAnswer> {
        let bearer = format!("Bearer {}", self.token);
        self.request(method, path, &[("Host", &self.authority), ("Authorization", &bearer)], body)
    }
}
