//! Requests over HTTP: who may ask at all, the body within its limit, the answer's headers.
//!
//! Lives here: from HTTP to a call and back, batches, the stream of a send. Does not live here: what a call answers
//! (`portal_graph`), sockets (`http_server`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use portal_graph::{Admission, Batch, Caller, GraphAnswer, GraphError, GraphRequest, RequestIds, Step};
use serde_json::{Map, Value, json};

use super::state::GatewayState;
use crate::http_server::{Connection, TooManyConnections};

/// The largest body in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

pub(super) fn router(state: Arc<GatewayState>) -> Router {
    // One handler for all paths: which of them there are is the calls' own matter, and their 404 has Graph's form.
    Router::new().fallback(answer).with_state(state)
}

/// Everything of a request but its body.
struct RequestHead<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    base: &'a str,
    ids: RequestIds,
}

impl RequestHead<'_> {
    fn request<'a>(&'a self, body: &'a [u8]) -> GraphRequest<'a> {
        GraphRequest { method: self.method, path: self.path, query: self.query, base: self.base, body, ids: &self.ids }
    }
}

async fn answer(State(state): State<Arc<GatewayState>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let base = base(&state, &parts.headers);
    let head = RequestHead {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        base: &base,
        ids: RequestIds {
            request_id: fresh_id(),
            client_request_id: client_request_id(&parts.headers),
            now: state.now(),
        },
    };
    let connection = parts.extensions.get::<Arc<Connection>>();
    let mut response = match respond(&state, &head, &parts.headers, body, connection).await {
        Ok(response) => response,
        Err(error) => to_response(&error.answer(&head.ids), &head.ids),
    };
    if connection.is_none_or(|connection| connection.is_stranger()) {
        // It has one answer: whoever signs in, or has its token refused, connects again.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn respond(
    state: &Arc<GatewayState>,
    head: &RequestHead<'_>,
    headers: &HeaderMap,
    body: Body,
    connection: Option<&Arc<Connection>>,
) -> Result<Response, GraphError> {
    check_origin(state, headers)?;
    let body = read_body(body).await?;
    let request = head.request(&body);
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admission = state.gateway().admit(&request, authorization, fresh_token)?;
    let caller = match admission {
        Admission::Caller(caller) => caller,
        Admission::Answer(answer) => return Ok(to_response(&answer, &head.ids)),
    };
    connection.map_or(Ok(()), |connection| connection.show_token()).map_err(|TooManyConnections { most }| {
        let message = format!("{most} connections are open already, which is as many as the gateway serves.");
        GraphError::new(503, "ServiceUnavailable", message).retry_in(1)
    })?;
    let lost = befall(state, head).await?;
    if head.method == "POST" && (head.path == "/beta/$batch" || head.path == "/v1.0/$batch") {
        return Ok(to_response(&batch(state, &caller, head, &body, lost).await?, &head.ids));
    }
    let answer = call(state, &caller, &request, lost).await;
    let wants_stream = headers.get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    match head.path.strip_prefix("/emulator/notifications/") {
        Some(id) if wants_stream && answer.status == 200 => {
            connection.inspect(|connection| connection.follows());
            Ok(with_headers(follow(state, caller, id.to_owned()), &head.ids, None))
        }
        _ => Ok(to_response(&answer, &head.ids)),
    }
}

/// The faults that were asked for; whether a send of the request is to be lost. What only this program has is spared.
async fn befall(state: &GatewayState, head: &RequestHead<'_>) -> Result<bool, GraphError> {
    let Some(fault) = state.next_fault().filter(|_| !head.path.starts_with("/emulator/")) else { return Ok(false) };
    tokio::time::sleep(fault.latency).await;
    fault.error.map_or(Ok(fault.lost), Err)
}

/// Carries a call out: its first half, what it publishes, its second half.
async fn call(state: &GatewayState, caller: &Caller, request: &GraphRequest<'_>, lost: bool) -> GraphAnswer {
    let broker = state.broker();
    let here = broker.as_ref().map(|_| ()).map_err(String::as_str);
    let step = state.gateway().handle(caller, request, here);
    match (step, broker) {
        (Step::Answer(answer), _) => answer,
        (Step::Publish(call), Ok(sender)) => state.publish(*call, &sender, lost).await,
        // Without a broker there is nothing to be published: the first half has said so.
        (Step::Publish(call), Err(_)) => state.gateway().finish(*call, &[]),
    }
}

async fn batch(
    state: &GatewayState,
    caller: &Caller,
    head: &RequestHead<'_>,
    body: &[u8],
    lost: bool,
) -> Result<GraphAnswer, GraphError> {
    let mut batch = Batch::parse(body)?;
    let version = head.path.trim_end_matches("/$batch");
    while let Some(one) = batch.next_request() {
        let (path, query) = one.url.split_once('?').unwrap_or((&one.url, ""));
        let client = one.client_request_id.clone().or_else(|| head.ids.client_request_id.clone());
        let ids = RequestIds { request_id: fresh_id(), client_request_id: client, now: head.ids.now };
        let inner = RequestHead { method: &one.method, path: &format!("{version}{path}"), query, base: head.base, ids };
        let answer = call(state, caller, &inner.request(&one.body), lost).await;
        let mut headers = Map::new();
        headers.insert("request-id".to_owned(), json!(&*inner.ids.request_id));
        if answer.body.is_some() {
            headers.insert("Content-Type".to_owned(), json!("application/json"));
        }
        if let Some(seconds) = answer.retry_after {
            headers.insert("Retry-After".to_owned(), json!(seconds.to_string()));
        }
        batch.answered(&answer, headers);
    }
    Ok(batch.answer())
}

/// A send as it stands, and again whenever a device has answered.
fn follow(state: &Arc<GatewayState>, caller: Caller, id: String) -> Response {
    let changes = state.follow_sends();
    let state = Arc::clone(state);
    let ending = state.ending.clone().cancelled_owned();
    let path = format!("/emulator/notifications/{id}");
    let events = stream::unfold((changes, true), move |(mut changes, is_first)| {
        let (state, caller, id, path) = (Arc::clone(&state), caller.clone(), id.clone(), path.clone());
        async move {
            if !is_first {
                loop {
                    match changes.recv().await {
                        Ok(changed) if changed == id => break,
                        Ok(_) => {}
                        // What was missed shows in the send itself.
                        Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => break,
                        Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
                    }
                }
            }
            let ids = RequestIds { request_id: Arc::from(""), client_request_id: None, now: state.now() };
            let request = GraphRequest { method: "GET", path: &path, query: "", base: "", body: &[], ids: &ids };
            // It needs no broker: what is known is told.
            match state.gateway().handle(&caller, &request, Ok(())) {
                Step::Answer(GraphAnswer { status: 200, body: Some(send), .. }) => {
                    let event = Event::default().event("notification").data(send.to_string());
                    Some((Ok::<_, Infallible>(event), (changes, false)))
                }
                // Forgotten meanwhile.
                _ => None,
            }
        }
    });
    Sse::new(events.take_until(ending)).keep_alive(KeepAlive::default()).into_response()
}

/// A page in a browser may not use it (CORS is closed), and one on a name that leads to loopback may not use an open one.
fn check_origin(state: &GatewayState, headers: &HeaderMap) -> Result<(), GraphError> {
    let refused = |why: &str| Err(GraphError::new(403, "Forbidden", why));
    if headers.contains_key(ORIGIN) {
        return refused("The gateway is not for pages in a browser: it takes no request with an Origin.");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        // Without its port, where it has one: an IPv6 address has colons of its own.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if state.open && !["127.0.0.1", "localhost", "[::1]"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return refused("Without tokens the gateway answers to 127.0.0.1, localhost and [::1] alone.");
    }
    Ok(())
}

async fn read_body(body: Body) -> Result<Bytes, GraphError> {
    let reading = to_bytes(body, MAX_BODY_BYTES);
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            Err(GraphError::new(413, "RequestEntityTooLarge", format!("The body is over {MAX_BODY_BYTES} bytes.")))
        }
        Err(_) => Err(GraphError::new(408, "RequestTimeout", "The body did not arrive in time.")),
    }
}

/// How the caller reached the gateway, for links that lead back.
fn base(state: &GatewayState, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte))
    };
    let scheme = state.url.split_once("://").map_or("http", |(scheme, _)| scheme);
    host.filter(is_host).map_or_else(|| state.url.clone(), |host| format!("{scheme}://{host}"))
}

fn client_request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let given = headers.get(CLIENT_REQUEST_ID)?.to_str().ok()?;
    ((1..=128).contains(&given.len())).then(|| Arc::from(given))
}

/// An id that no other request has. No secret: so it is not drawn from the operating system, which a call for each request costs.
fn fresh_id() -> Arc<str> {
    let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    Arc::from(&*id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
}

/// A token for a caller: 244 random bits of the operating system's.
pub fn fresh_token() -> String {
    let (one, other) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    format!("{}{}", one.simple(), other.simple())
}

fn to_response(answer: &GraphAnswer, ids: &RequestIds) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &answer.body {
        Some(body) => (status, [(CONTENT_TYPE, "application/json")], Value::to_string(body)).into_response(),
        None => status.into_response(),
    };
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"\""));
    }
    if let Some(allow) = answer.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
        response.headers_mut().insert(ALLOW, allow);
    }
    with_headers(response, ids, answer.retry_after)
}

fn with_headers(mut response: Response, ids: &RequestIds, retry_after: Option<u64>) -> Response {
    let headers = response.headers_mut();
    // An id that came in a header may leave in one.
    let value = |id: &str| HeaderValue::from_str(id).ok();
    if let Some(own) = value(&ids.request_id) {
        let client = ids.client_request_id.as_deref().and_then(value);
        headers.insert(CLIENT_REQUEST_ID, client.unwrap_or_else(|| own.clone()));
        headers.insert(REQUEST_ID, own);
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
