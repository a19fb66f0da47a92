//! Server-sent events as the control API's client reads them.
//!
//! Lives here: the stream's lines. Does not live here: the request (`client`), what the events say.

use std::io::{self, BufRead, BufReader};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use ureq::BodyReader;

use super::ErrorBody;
use super::client_error::{ClientAnswer, ClientError};
use super::log::ERROR_EVENT;
use crate::library_error::{json_reason, os_reason};

/// Events as they come, each as it came and as it reads; ends with the daemon.
pub struct FollowedLines<T> {
    lines: BufReader<BodyReader<'static>>,
    of: PhantomData<fn() -> T>,
}

impl<T> FollowedLines<T> {
    pub(super) fn new(body: BodyReader<'static>) -> Self {
        Self { lines: BufReader::new(body), of: PhantomData }
    }

    /// The next event's name and data; none at the end of the stream.
    fn next_event(&mut self) -> io::Result<Option<(String, String)>> {
        let (mut event, mut data) = (String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end_matches(['\r', '\n']).split_once(':') {
                Some(("event", value)) => value.trim_start().clone_into(&mut event),
                Some(("data", value)) => data.push_str(value.strip_prefix(' ').unwrap_or(value)),
                None if !data.is_empty() => return Ok(Some((event, data))),
                _ => {}
            }
        }
    }
}

impl<T: DeserializeOwned> Iterator for FollowedLines<T> {
    type Item = Result<ClientAnswer<T>, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (event, data) = match self.next_event() {
            Ok(event) => event?,
            Err(error) => return Some(Err(ClientError::Lost(os_reason(&error)))),
        };
        let lost = |error: serde_json::Error| ClientError::Lost(json_reason(&error));
        if event == ERROR_EVENT {
            let error = serde_json::from_str(&data).map(|body: ErrorBody| ClientError::Api(body.error));
            return Some(Err(error.unwrap_or_else(lost)));
        }
        Some(serde_json::from_str(&data).map(|value| ClientAnswer { json: data, value }).map_err(lost))
    }
}
