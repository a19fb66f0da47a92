//! The page: the emulated phone on screen, live, under `/panel/` of a host name of its own.
//!
//! It has no logic of its own: what it shows is the API's answers as HTML, what it does are the API's commands.
//!
//! Lives here: its paths, and what answers them. Does not live here: who is let in (`guard`, by `access`), the phone
//! (`portal_screen`).

mod access;
mod beside;
mod controls;
mod files;
mod gallery;
mod grid;
mod isolated;
mod kept;
mod line;
mod live;
mod outcomes;
mod page;
mod patch;
mod phone;
mod picture;
mod record;
mod regions;
mod run;
mod sections;
mod sends;
mod several;
mod times;
mod when;
mod why;
mod words;

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::ApiState;
use super::body;
use super::{ApiError, RunningHost};
use kept::PageKey;

pub(super) use access::PanelAccess;
pub(super) use kept::KeptPanel;
pub use kept::{NothingKept, PanelFile};

/// What of the page holds no data, and is given to whoever knows its host name.
pub(super) const SHELL: [&str; 4] = ["/panel/", "/panel/panel.css", "/panel/panel.js", "/panel/icon.svg"];
/// Where a code becomes a session.
const SESSION: &str = "/panel/session";
/// Where a page that was let in before the daemon was started anew gets something to sign, and is let in again.
const CHALLENGE: &str = "/panel/challenge";
const RESUME: &str = "/panel/resume";
/// What has no cookie yet.
pub(super) const OPENINGS: [&str; 3] = [SESSION, CHALLENGE, RESUME];
/// Where links are made and access is ended, by the token alone.
pub(super) const LINKS: &str = "/v1/panel";

/// A link to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PanelLink {
    /// The address, with a code that may be used once, within a minute.
    pub url: String,
}

/// How many pages' access was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PanelClosed {
    /// How many had been let in.
    pub closed: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionRequest {
    code: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyRequest {
    #[schemars(with = "String")]
    key: PageKey,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResumeRequest {
    #[schemars(with = "String")]
    key: PageKey,
    challenge: String,
    signature: String,
}

/// The page's own paths, which are not in the API's document.
pub(super) fn routes<H: RunningHost>() -> Router<ApiState<H>> {
    Router::new()
        .route(SHELL[0], get(|headers: HeaderMap| async move { files::SHELL.answer(&headers) }))
        .route(SHELL[1], get(|headers: HeaderMap| async move { files::STYLES.answer(&headers) }))
        .route(SHELL[2], get(|headers: HeaderMap| async move { files::SCRIPT.answer(&headers) }))
        .route(SHELL[3], get(|headers: HeaderMap| async move { files::ICON.answer(&headers) }))
        .route(SESSION, post(begin::<H>))
        .route(CHALLENGE, post(challenge::<H>))
        .route(RESUME, post(resume::<H>))
        .route("/panel/key", post(know::<H>))
        .route("/panel/live", get(live::live::<H>))
        .route("/panel/several", get(several::several::<H>))
        .merge(outcomes::routes())
}

async fn begin<H: RunningHost>(State(api): State<ApiState<H>>, request: Request) -> Result<Response, ApiError> {
    let SessionRequest { code } = body::read_as(request, "the page's session").await?;
    let taken = api.panel.take(&code, Instant::now()).ok_or_else(|| {
        ApiError::new("unauthorized", "the link was used, or is over a minute old", "portal-agent panel")
    })?;
    with_cookie(taken)
}

fn with_cookie(cookie: Result<String, getrandom::Error>) -> Result<Response, ApiError> {
    let cookie = cookie.ok().and_then(|cookie| HeaderValue::from_str(&cookie).ok()).ok_or_else(no_random)?;
    Ok(([(SET_COOKIE, cookie)], Json(serde_json::json!({}))).into_response())
}

async fn know<H: RunningHost>(State(api): State<ApiState<H>>, request: Request) -> Result<Response, ApiError> {
    let KeyRequest { key } = body::read_as(request, "the page's key").await?;
    api.panel.know(key, crate::wall_clock::now()).await;
    Ok(Json(serde_json::json!({})).into_response())
}

async fn challenge<H: RunningHost>(State(api): State<ApiState<H>>) -> Result<Response, ApiError> {
    let challenge = api.panel.challenge(Instant::now()).map_err(|_| no_random())?;
    Ok(Json(serde_json::json!({ "challenge": challenge })).into_response())
}

async fn resume<H: RunningHost>(State(api): State<ApiState<H>>, request: Request) -> Result<Response, ApiError> {
    let ResumeRequest { key, challenge, signature } = body::read_as(request, "the page's return").await?;
    let signed = (key, challenge.as_str(), signature.as_str());
    let taken = api.panel.resume(signed, Instant::now(), crate::wall_clock::now()).await;
    with_cookie(taken.ok_or_else(|| {
        ApiError::new("unauthorized", "this page is not known here, or its access was closed", "portal-agent panel")
    })?)
}

pub(super) async fn link<H: RunningHost>(State(api): State<ApiState<H>>) -> Result<Json<PanelLink>, ApiError> {
    let url = api.panel.link(Instant::now()).map_err(|_| no_random())?;
    Ok(Json(PanelLink { url }))
}

pub(super) async fn close<H: RunningHost>(State(api): State<ApiState<H>>) -> Json<PanelClosed> {
    Json(PanelClosed { closed: api.panel.close().await })
}

fn no_random() -> ApiError {
    ApiError::new("internal", "this computer gave no random bits", "restart it, or look at its system log")
}

/// What a browser is to hold the page to: nothing from elsewhere, nothing inline, no frame around it.
pub(super) fn add_policy(headers: &mut HeaderMap) {
    const POLICY: [(&str, &str); 4] = [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in POLICY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
