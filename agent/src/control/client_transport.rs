//! The control API's client on the wire: requests with the token, and what its answers and failures mean.
//!
//! Lives here: HTTP. Does not live here: what is asked (`client`).

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::{Request, Response, StatusCode};
use url::form_urlencoded;

use super::client::{ControlClient, RESPONSE_TIMEOUT};
use super::client_error::{ClientAnswer, ClientError};
use super::{API_HEADER, API_VERSION, ErrorBody, VERSION_HEADER};
use crate::library_error::{json_reason, os_reason};

impl ControlClient {
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str) -> Result<ClientAnswer<T>, ClientError> {
        let request = Request::builder().method("POST");
        self.answer(self.send(request, path, &[], Vec::new(), Some(RESPONSE_TIMEOUT))?)
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/v1/devices/{}{}{rest}", self.device, if rest.is_empty() { "" } else { "/" })
    }

    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        pairs: &[(&str, String)],
    ) -> Result<ClientAnswer<T>, ClientError> {
        self.answer(self.send(Request::builder().method("GET"), path, pairs, Vec::new(), Some(RESPONSE_TIMEOUT))?)
    }

    pub(super) fn send(
        &self,
        request: ureq::http::request::Builder,
        path: &str,
        pairs: &[(&str, String)],
        body: Vec<u8>,
        timeout: Option<Duration>,
    ) -> Result<Response<Body>, ClientError> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let question_mark = if query.is_empty() { "" } else { "?" };
        let request = request
            .uri(format!("{}{path}{question_mark}{query}", self.file.url))
            .header("authorization", self.file.token.bearer())
            .header(API_HEADER, API_VERSION.to_string())
            .body(body)
            .map_err(|_| ClientError::Lost("control.json names no address that can be asked".to_owned()))?;
        tracing::debug!(method = %request.method(), path, "asking the daemon");
        let request = self.agent.configure_request(request).timeout_recv_response(timeout).build();
        let response = self.agent.run(request).map_err(|error| self.unreachable(error))?;
        tracing::debug!(status = response.status().as_u16(), path, "the daemon answered");
        self.check_speaker(&response)?;
        Ok(response)
    }

    fn unreachable(&self, error: ureq::Error) -> ClientError {
        match error {
            // A daemon that was killed leaves its `control.json`, which leads to a port where nobody listens by now.
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => ClientError::NoDaemon(self.state_dir.clone()),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                ClientError::NoDaemon(self.state_dir.clone())
            }
            other => ClientError::Lost(lost_reason(&other)),
        }
    }

    fn check_speaker(&self, response: &Response<Body>) -> Result<(), ClientError> {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(version) = header(VERSION_HEADER) {
            // The first answer says it; the others say the same.
            let _ = self.daemon.set(version.to_owned());
        }
        match header(API_HEADER) {
            // Somebody else listens on the port by now.
            None => Err(ClientError::NoDaemon(self.state_dir.clone())),
            Some(api) if api != API_VERSION.to_string() => {
                let daemon = header(VERSION_HEADER).unwrap_or("of unknown version").to_owned();
                Err(ClientError::OtherApi { daemon, api: api.to_owned() })
            }
            // A daemon of another state directory, which does not know this one's token.
            Some(_) if response.status() == StatusCode::UNAUTHORIZED => {
                Err(ClientError::NoDaemon(self.state_dir.clone()))
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn answer<T: DeserializeOwned>(
        &self,
        mut response: Response<Body>,
    ) -> Result<ClientAnswer<T>, ClientError> {
        if response.status() != StatusCode::OK {
            return Err(self.error_of(response));
        }
        let json = read_text(&mut response)?;
        let value = serde_json::from_str(&json).map_err(|error| ClientError::Lost(json_reason(&error)))?;
        Ok(ClientAnswer { json, value })
    }

    pub(super) fn error_of(&self, mut response: Response<Body>) -> ClientError {
        let status = response.status();
        let text = match read_text(&mut response) {
            Ok(text) => text,
            Err(error) => return error,
        };
        match serde_json::from_str::<ErrorBody>(&text) {
            Ok(body) => ClientError::Api(body.error),
            Err(_) => ClientError::Lost(format!("it answered {status} without a reason")),
        }
    }
}

/// What an error of the HTTP client means. Most of its kinds are about proxies, TLS and redirects, none of which is used.
fn lost_reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => os_reason(error),
        ureq::Error::Timeout(_) => "it took too long".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => "its answer is too large".to_owned(),
        _ => "what it sent was not understood, or the connection broke".to_owned(),
    }
}

fn read_text(response: &mut Response<Body>) -> Result<String, ClientError> {
    // The journal may be long; the daemon is trusted.
    let body = response.body_mut().with_config().limit(u64::MAX);
    body.read_to_string().map_err(|error| ClientError::Lost(lost_reason(&error)))
}
