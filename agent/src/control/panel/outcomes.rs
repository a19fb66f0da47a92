//! The grid of outcomes, opened from the page: what a push comes to on every phone of the device's platform and documentation.
//!
//! Lives here: its paths, and the link to it. Does not live here: what stands on it (`outcomes_page`).

use axum::Router;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use maud::{Markup, html};
use portal_contract::{DocumentationYear, OperatingSystem};
use portal_device::{EmulationSettings, outcome_grid};

use super::picture::PanelPicture;
use super::words::words;
use crate::control::ApiError;
use crate::control::parameters::{QueryParameter, QueryValues};
use crate::outcomes_page::{PageAddresses, SCRIPT, STYLES, outcomes_page};

const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::one("platform", "the platform"), QueryParameter::one("documentation", "the year")];

const FILES: PageAddresses = PageAddresses { styles: "outcomes.css", script: "outcomes.js", icon: "icon.svg" };

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/panel/outcomes", get(page))
        .route("/panel/outcomes.css", get(|| async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLES) }))
        .route("/panel/outcomes.js", get(|| async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) }))
}

async fn page(uri: Uri) -> Result<impl IntoResponse, ApiError> {
    let values = QueryValues::read(&uri, PARAMETERS)?;
    let platform = values.one("platform", str::parse::<OperatingSystem>)?;
    let year = values.one("documentation", str::parse::<DocumentationYear>)?;
    let made = tokio::task::spawn_blocking(move || {
        let grid = outcome_grid(&EmulationSettings::default(), |its, of| {
            platform.is_none_or(|platform| platform == its) && year.is_none_or(|year| year == of)
        });
        outcomes_page(&grid, &FILES)
    });
    made.await.map(Html).map_err(|_| ApiError::new("internal", "the grid could not be made", "portal-agent outcomes"))
}

/// The link to those of a device's platform and documentation.
pub(super) fn link(picture: &PanelPicture) -> Markup {
    let (platform, year) = (picture.screen.operating_system, &picture.status.documentation);
    let address = format!("outcomes?platform={platform}&documentation={year}");
    html! { a class="src" href=(address) target="_blank" { (words().shell.every_outcome) } }
}
