//! Asking a gateway, as its callers do: over HTTP or HTTPS, with a token.
//!
//! Lives here: requests, errors in Graph's form, the stream of a send. Does not live here: printing (`sends`).

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::Duration;

use portal_contract::{DeviceId, GroupId};
use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, BodyReader};

use super::super::{CommandContext, CommandFailure};
use super::GatewayPlace;
use super::file::GatewayFile;
use crate::input_file;
use crate::library_error::os_reason;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Whom a send through a gateway is for.
#[derive(Debug, Clone, Copy)]
pub enum SendAddress {
    /// One device.
    Device(DeviceId),
    /// The users of a group.
    Group(GroupId),
}

/// A gateway's client.
pub struct GatewayClient {
    agent: Agent,
    url: String,
    token: Option<String>,
}

impl GatewayClient {
    /// The gateway that is named, else that of the state directory.
    ///
    /// # Errors
    /// There is none, or a file cannot be read.
    pub fn of(context: &CommandContext, place: &GatewayPlace) -> Result<Self, CommandFailure> {
        let read = |path: &std::path::Path| {
            input_file::read_text(path).map_err(|error| {
                CommandFailure::configuration(format!("{} {error}", path.display()), "name another file")
            })
        };
        let (url, token, ca_file) = match &place.url {
            Some(url) => {
                let text = place.token_file.as_deref().map(read).transpose()?;
                let token = text.and_then(|text| text.split_whitespace().next().map(str::to_owned));
                (url.trim_end_matches('/').to_owned(), token, place.ca_file.clone())
            }
            None => {
                let file = GatewayFile::read(&context.global.state_dir()?)?;
                (file.url, Some(file.token), file.ca_file)
            }
        };
        let mut config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(RESPONSE_TIMEOUT));
        if let Some(path) = ca_file {
            let wrong = |_| {
                let message = format!("{} holds no certificate", path.display());
                CommandFailure::configuration(message, "give the ca.pem that portal-agent gateway ca made")
            };
            let certificate = Certificate::from_pem(read(&path)?.as_bytes()).map_err(wrong)?;
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&[certificate]))
                .unversioned_rustls_crypto_provider(provider);
            config = config.tls_config(tls.build());
        }
        Ok(Self { agent: config.build().new_agent(), url, token })
    }

    /// Asks for something that stands below `/emulator`.
    ///
    /// # Errors
    /// The gateway's own, or nobody answers.
    pub fn get(&self, path: &str) -> Result<Value, CommandFailure> {
        let mut response = self.send("GET", path, "application/json", Vec::new())?;
        let text = response.body_mut().read_to_string().map_err(|error| self.unreachable(&error))?;
        serde_json::from_str(&text).map_err(|_| self.not_understood())
    }

    /// Sends a custom notification; its id.
    ///
    /// # Errors
    /// The gateway's own, or nobody answers.
    pub fn push(&self, to: SendAddress, title: &str, body: &str) -> Result<String, CommandFailure> {
        const ACTION: &str = "sendCustomNotificationToCompanyPortal";
        let mut message = json!({"notificationTitle": title, "notificationBody": body});
        let path = match to {
            SendAddress::Device(device) => format!("/beta/deviceManagement/managedDevices/{device}/{ACTION}"),
            SendAddress::Group(group) => {
                message["groupsToNotify"] = json!([group]);
                format!("/beta/deviceManagement/{ACTION}")
            }
        };
        let response = self.send("POST", &path, "application/json", message.to_string().into_bytes())?;
        let id = response.headers().get("request-id").and_then(|id| id.to_str().ok());
        id.map(str::to_owned).ok_or_else(|| self.not_understood())
    }

    /// A send as it stands, and again whenever a device has answered.
    ///
    /// # Errors
    /// The gateway's own, or nobody answers.
    pub fn follow(&self, id: &str) -> Result<FollowedSend, CommandFailure> {
        let response = self.send("GET", &format!("/emulator/notifications/{id}"), "text/event-stream", Vec::new())?;
        Ok(FollowedSend(BufReader::new(response.into_body().into_reader())))
    }

    fn send(&self, method: &str, path: &str, accept: &str, body: Vec<u8>) -> Result<Response<Body>, CommandFailure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url)).header("accept", accept);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.header("content-type", "application/json").body(body).map_err(|_| {
            CommandFailure::configuration(
                format!("{} is no address of a gateway", self.url),
                "write it like http://127.0.0.1:8080",
            )
        })?;
        let mut response = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let error = serde_json::from_str::<Value>(&text).map(|mut body| body["error"].take()).unwrap_or_default();
        let message = error["message"].as_str().map_or_else(|| response.status().to_string(), sentence);
        let retry = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let hint = match retry {
            Some(seconds) => format!("try again in {seconds} s"),
            None => "portal-agent gateway report counts what was refused".to_owned(),
        };
        Err(CommandFailure::operation(error["code"].as_str().unwrap_or("gateway"), message, hint))
    }

    fn unreachable(&self, error: &ureq::Error) -> CommandFailure {
        let why = match error {
            ureq::Error::Io(error) => os_reason(error),
            ureq::Error::Timeout(_) => "it took too long".to_owned(),
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not trusted".to_owned(),
            _ => "nobody answers as a gateway does".to_owned(),
        };
        let message = format!("the gateway at {} cannot be reached: {why}", self.url);
        CommandFailure::operation(
            "gatewayLost",
            message,
            "portal-agent gateway starts one; --ca-file names its authority",
        )
    }

    fn not_understood(&self) -> CommandFailure {
        let message = format!("what {} answered is not a gateway's answer", self.url);
        CommandFailure::operation("gatewayLost", message, "check the address")
    }
}

/// A message's sentence: Intune's own is JSON in a string, with more behind it (facts 2.4).
fn sentence(message: &str) -> String {
    let inner = serde_json::from_str::<Value>(message).ok();
    let inner = inner.as_ref().and_then(|inner| inner["Message"].as_str());
    inner.map_or(message, |inner| inner.split(" - Operation ID").next().unwrap_or(inner)).to_owned()
}

/// A send as it changes; ends with the gateway.
pub struct FollowedSend(BufReader<BodyReader<'static>>);

impl Iterator for FollowedSend {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            // One event has one line of data.
            if let Some(send) = line.strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok()) {
                return Some(send);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intunes_message_is_told_as_its_sentence() {
        let inner = json!({"_version": 3, "Message": "Too long - Operation ID (for customer support): 0"}).to_string();
        assert_eq!(sentence(&inner), "Too long");
        assert_eq!(sentence("Not found."), "Not found.");
    }
}
