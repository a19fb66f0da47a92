//! The page: the emulated phone on screen, live, under `/panel/` of a host name of its own.
//!
//! It has no logic of its own: what it shows is the API's answers as HTML, what it does are the API's commands.
//!
//! Lives here: its paths, and what answers them. Does not live here: who is let in (`guard`, by `access`), the phone
//! (`portal_screen`).

mod access;
mod controls;
mod line;
mod live;
mod page;
mod phone;
mod picture;
mod regions;
mod times;
mod when;
mod why;

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::ApiState;
use super::body;
use super::{ApiError, RunningHost};

pub(super) use access::PanelAccess;

/// What of the page holds no data, and is given to whoever knows its host name.
pub(super) const SHELL: [&str; 4] = ["/panel/", "/panel/panel.css", "/panel/panel.js", "/panel/icon.svg"];
/// Where a code becomes a session.
pub(super) const SESSION: &str = "/panel/session";
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

/// The page's own paths, which are not in the API's document.
pub(super) fn routes<H: RunningHost>() -> Router<ApiState<H>> {
    Router::new()
        .route(SHELL[0], get(|| async { Html(page::shell()) }))
        .route(SHELL[1], get(|| async { asset("text/css; charset=utf-8", include_str!("panel.css")) }))
        .route(SHELL[2], get(|| async { asset("text/javascript; charset=utf-8", include_str!("panel.js")) }))
        .route(SHELL[3], get(|| async { asset("image/svg+xml", include_str!("../../../assets/company-portal.svg")) }))
        .route(SESSION, post(begin::<H>))
        .route("/panel/live", get(live::live::<H>))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

async fn begin<H: RunningHost>(State(api): State<ApiState<H>>, request: Request) -> Result<Response, ApiError> {
    let SessionRequest { code } = body::read_as(request, "the page's session").await?;
    let taken = api.panel.take(&code, Instant::now()).ok_or_else(|| {
        ApiError::new("unauthorized", "the link was used, or is over a minute old", "portal-agent panel")
    })?;
    let cookie = taken.ok().and_then(|cookie| HeaderValue::from_str(&cookie).ok()).ok_or_else(no_random)?;
    Ok(([(SET_COOKIE, cookie)], Json(serde_json::json!({}))).into_response())
}

pub(super) async fn link<H: RunningHost>(State(api): State<ApiState<H>>) -> Result<Json<PanelLink>, ApiError> {
    let url = api.panel.link(Instant::now()).map_err(|_| no_random())?;
    Ok(Json(PanelLink { url }))
}

pub(super) async fn close<H: RunningHost>(State(api): State<ApiState<H>>) -> Json<PanelClosed> {
    Json(PanelClosed { closed: api.panel.close() })
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
