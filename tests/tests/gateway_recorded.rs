//! What Microsoft's clients really sent, asked again: each SDK's way of asking holds without the SDKs.
//!
//! `tests/gateway-sdks --record` writes the files in `tests/graph-clients/recorded`: `# gateway` with its options, then each
//! request after a line `### STATUS SHAPE` on its answer. The shape is the names of the answer's members, the length of its
//! lists, and the code of an error.
//!
//! Lives here: reading the records, asking, comparing. Does not live here: recording (`tests/graph-clients/relay.py`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::ANSWER_TIMEOUT;
use portal_tests::gateway::{RunningGateway, three_devices};
use serde_json::Value;

/// The tokens of `tests/gateway-sdks`.
const TOKENS: &str = "sdk-token admin\nreader-token reader\n";
/// In the order in which they were recorded: the groups that the beta's SDK makes are kept.
const CLIENTS: [&str; 5] = ["curl", "msgraph-sdk", "msgraph-beta-sdk", "msgraph-beta-sdk-retries", "javascript"];

struct Recorded {
    /// `STATUS SHAPE`.
    answer: String,
    /// The request, with line feeds alone in its head.
    request: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("graph-clients/recorded")
}

/// A record's options of the gateway, and its requests.
fn read(client: &str) -> Result<(Vec<String>, Vec<Recorded>)> {
    let text = std::fs::read_to_string(folder().join(format!("{client}.http")))?;
    let mut parts = text.split("### ");
    let options = parts.next().and_then(|head| head.strip_prefix("# gateway")).context("# gateway")?;
    let options = options.split_whitespace().map(str::to_owned).collect();
    let requests = parts.map(|part| {
        let (answer, request) = part.split_once('\n').context("a line on the answer")?;
        let request = request.strip_suffix('\n').context("a request's end")?;
        Ok(Recorded { answer: answer.to_owned(), request: request.to_owned() })
    });
    Ok((options, requests.collect::<Result<_>>()?))
}

/// A connection that stays, as the clients keep theirs.
struct Client {
    stream: BufReader<TcpStream>,
    authority: String,
    issued: String,
    is_closed: bool,
}

impl Client {
    fn connect(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self {
            stream: BufReader::new(stream),
            authority: authority.to_owned(),
            issued: String::new(),
            is_closed: false,
        })
    }

    /// Asks, and says of the answer what a record says.
    fn ask(&mut self, request: &str) -> Result<String> {
        if self.is_closed {
            *self = Self { issued: std::mem::take(&mut self.issued), ..Self::connect(&self.authority)? };
        }
        let (head, body) = request.split_once("\n\n").context("a head")?;
        let head = head.replace('\n', "\r\n").replace("{authority}", &self.authority);
        let head = head.replace("{issued}", &self.issued).replace("{id}", "33333333-0000-4000-8000-000000000001");
        self.stream.get_mut().write_all(format!("{head}\r\n\r\n{body}").as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("a status")?.to_owned();
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line)?;
            self.is_closed |= line.eq_ignore_ascii_case("connection: close\r\n");
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        if body.is_empty() {
            return Ok(status);
        }
        let answer: Value = serde_json::from_slice(&body)?;
        if let Some(token) = answer["access_token"].as_str() {
            token.clone_into(&mut self.issued);
        }
        Ok(format!("{status} {}", shape(&answer)?))
    }
}

fn shape(answer: &Value) -> Result<String> {
    if let Some(code) = answer["error"]["code"].as_str() {
        return Ok(format!("error.code={code}"));
    }
    let members = answer.as_object().context("an object")?.iter().map(|(name, member)| match member {
        Value::Array(list) => format!("{name}[{}]", list.len()),
        _ => name.clone(),
    });
    let mut members: Vec<String> = members.collect();
    members.sort();
    Ok(members.join(" "))
}

#[test]
fn what_the_clients_sent_is_answered_as_they_were() -> Result<()> {
    let (agent, _) = three_devices()?;
    for client in CLIENTS {
        let (options, requests) = read(client)?;
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let gateway = RunningGateway::with_tokens(&agent, TOKENS, &options)?;
        let mut connection = Client::connect(gateway.authority())?;
        ensure!(!requests.is_empty(), "{client}");
        for Recorded { answer, request } in requests {
            assert_eq!(connection.ask(&request)?, answer, "{client}: {request}");
        }
    }
    // A client that is recorded is asked for, too.
    assert_eq!(std::fs::read_dir(folder())?.count(), CLIENTS.len());
    Ok(())
}
