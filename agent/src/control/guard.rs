//! Who is let in (contract 6): Host and Origin on every path, the token on every path but two.
//!
//! Lives here: the checks before any handler, and the headers of every answer. Does not live here: the token itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::ApiState;
use super::body::{MAX_BODY_BYTES, too_large};
use super::{API_HEADER, API_VERSION, ApiError, RunningHost, VERSION, VERSION_HEADER, health, panel};
use crate::http_server::{Connection, TooManyConnections};

/// Lets a request through, or answers why not.
pub(super) async fn guard<H: RunningHost>(State(api): State<ApiState<H>>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    let is_for_panel = is_for_panel(&api, &request);
    let mut answer = match check(&api, &request, connection.as_deref()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let headers = answer.headers_mut();
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    headers.insert(API_HEADER, HeaderValue::from(API_VERSION));
    // What a device was sent is nobody's to keep but the journal's.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_for_panel {
        panel::add_policy(headers);
    }
    if connection.is_none_or(|connection| connection.is_stranger()) {
        // Whoever asks for health again connects again: a connection without the token is not kept.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

fn check<H>(api: &ApiState<H>, request: &Request, connection: Option<&Connection>) -> Result<(), ApiError> {
    let headers = request.headers();
    if is_for_panel(api, request) {
        return check_panel(api, request, connection);
    }
    check_host(request, api.port)?;
    check_origin(headers, api.port)?;
    // By what is announced, before anything of the body is read; what is not announced meets the same limit while it
    // is read.
    check_length(headers)?;
    if health::PATHS.contains(&request.uri().path()) {
        return Ok(());
    }
    check_token(api, headers)?;
    if request.uri().path().starts_with("/panel/") {
        // On its own host name alone: a cookie of 127.0.0.1 is sent to every port of it.
        return Err(ApiError::new("unknownPath", "the page has a host name of its own", "portal-agent panel"));
    }
    show_token(connection)?;
    check_api_version(headers)
}

/// The connection stands as one that has shown a token from now on.
fn show_token(connection: Option<&Connection>) -> Result<(), ApiError> {
    connection.map_or(Ok(()), Connection::show_token).map_err(|TooManyConnections { most }| {
        let message = format!("{most} connections are open already, which is as many as this daemon serves");
        ApiError::new("tooManyConnections", message, "end programs that keep connections to it open")
    })
}

/// Whether a request is made to the page's own host name.
fn is_for_panel<H>(api: &ApiState<H>, request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    host.is_some_and(|host| api.panel.is_authority(host)) && target.is_none_or(|target| api.panel.is_authority(target))
}

/// What is asked of a request to the page's host name: its shell has no data and asks for nothing; the rest only from the page
/// itself, with its cookie, and what changes something with a header that no foreign page can send.
fn check_panel<H>(api: &ApiState<H>, request: &Request, connection: Option<&Connection>) -> Result<(), ApiError> {
    let headers = request.headers();
    if !headers.get_all(ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(|origin| api.panel.is_origin(origin))) {
        return Err(ApiError::new("foreignOrigin", "another page may not use this one", "portal-agent panel"));
    }
    check_length(headers)?;
    let path = request.uri().path();
    if request.method() == Method::GET && panel::SHELL.contains(&path) {
        return Ok(());
    }
    // By browsers alone, and no script can set it: what another site or a link has the browser ask for is turned away.
    if headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
        return Err(ApiError::new("foreignOrigin", "the request does not come from the page", "portal-agent panel"));
    }
    if request.method() != Method::GET && headers.get(API_HEADER).is_none() {
        let message = format!("the request has no {API_HEADER} header");
        return Err(ApiError::new("foreignOrigin", message, "portal-agent panel"));
    }
    if panel::OPENINGS.contains(&path) {
        return Ok(());
    }
    // Links and their end are for whoever has the token.
    let is_open = path.starts_with("/panel/") || (path.starts_with("/v1/") && !path.starts_with(panel::LINKS));
    if !is_open || !api.panel.has_session(headers) {
        return Err(ApiError::new("unauthorized", "the page has no access", "portal-agent panel"));
    }
    show_token(connection)?;
    check_api_version(headers)
}

/// Whether an authority is this server's, by one of the names that loopback has.
fn is_own(authority: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| authority.eq_ignore_ascii_case(&format!("{name}:{port}")))
}

// A page on another name that resolves to loopback (DNS rebinding) sends that name.
fn check_host(request: &Request, port: u16) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    if host.is_some_and(|host| is_own(host, port)) && target.is_none_or(|target| is_own(target, port)) {
        return Ok(());
    }
    let message = "the request's Host is not this server's own loopback name and port";
    Err(ApiError::new("foreignHost", message, format!("use http://127.0.0.1:{port}")))
}

fn check_origin(headers: &HeaderMap, port: u16) -> Result<(), ApiError> {
    let own = |origin: &HeaderValue| {
        origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")).is_some_and(|rest| is_own(rest, port))
    };
    if headers.get_all(ORIGIN).iter().all(own) {
        return Ok(());
    }
    let message = "a page of another origin may not use the control API";
    Err(ApiError::new("foreignOrigin", message, "use the command line, or a program that sends no Origin"))
}

fn check_length(headers: &HeaderMap) -> Result<(), ApiError> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES as u64) { Err(too_large()) } else { Ok(()) }
}

fn check_token<H>(api: &ApiState<H>, headers: &HeaderMap) -> Result<(), ApiError> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, given) = authorization.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && api.token.is(given.trim()) {
        return Ok(());
    }
    let message = "the request has not the token of this daemon";
    let hint =
        "send the token of control.json in the state directory as Authorization: Bearer; it is new at each start";
    Err(ApiError::new("unauthorized", message, hint))
}

fn check_api_version(headers: &HeaderMap) -> Result<(), ApiError> {
    let ours = HeaderValue::from(API_VERSION);
    match headers.get(API_HEADER) {
        Some(theirs) if *theirs != ours => {
            let theirs: String = theirs.to_str().unwrap_or("?").chars().take(16).collect();
            let message = format!(
                "the client speaks control API {theirs:?}, this daemon (portal-agent {VERSION}) speaks {API_VERSION}"
            );
            let hint = "use the portal-agent that started the daemon, or stop it and start it with this one";
            Err(ApiError::new("otherApiVersion", message, hint))
        }
        _ => Ok(()),
    }
}
