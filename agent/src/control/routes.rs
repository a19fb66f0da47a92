//! The table of the control API: every path there is, in the order of the contract's commands.
//!
//! Lives here: the table, and the router made of it. Does not live here: what answers (one file a verb).

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use portal_contract::{DeviceState, DoctorReport, Explanation, StatusReport};

use super::api::Api;
use super::guard::guard;
use super::route::{Answers, CommandRow, Route, of_device, schema, unknown_method, unknown_path};
use super::{
    Applied, DeviceEvent, Devices, GestureRequest, Notifications, Quiet, Receipts, RunningDevice, app, clock, device,
    devices, doctor, enroll, events, explain, gesture, health, log, notifications, openapi, os, permission,
    play_services, policy, quiet, removal, settings, status, stop, wait,
};

/// Every path but the document's own.
fn table<D: RunningDevice>() -> Vec<Route<D>> {
    let mut table = reads();
    table.extend(commands());
    table.push(
        Route::post(
            of_device("gesture"),
            "What a person does with the prompt or a card, as on the desktop",
            Answers::Json(schema::<Applied>),
            gesture::gesture::<D>,
        )
        .taking(schema::<GestureRequest>),
    );
    table.push(Route::post("/v1/stop", "End the daemon cleanly", Answers::Json(schema::<Applied>), stop::stop::<D>));
    table
}

fn reads<D: RunningDevice>() -> Vec<Route<D>> {
    vec![
        Route::get("/livez", "Whether the daemon runs; needs no token", &[], Answers::Text, health::livez),
        Route::get("/readyz", "Whether it is online; needs no token", &[], Answers::Text, health::readyz::<D>),
        Route::get("/v1/devices", "The devices", &[], Answers::Json(schema::<Devices>), devices::list::<D>),
        Route::get(of_device(""), "The whole picture", &[], Answers::Json(schema::<StatusReport>), status::show::<D>),
        Route::get(
            of_device("receipts"),
            "The journal of receipts; as server-sent events it goes on",
            log::PARAMETERS,
            Answers::JsonOrEvents(schema::<Receipts>),
            log::receipts::<D>,
        ),
        Route::get(
            of_device("explanation"),
            "Why a push did or did not show",
            explain::PARAMETERS,
            Answers::Json(schema::<Explanation>),
            explain::explain::<D>,
        ),
        Route::get(
            of_device("wait"),
            "Answers when all conditions hold, with the device state, or when time is up, with what did not",
            wait::PARAMETERS,
            Answers::Json(schema::<DeviceState>),
            wait::wait::<D>,
        ),
        Route::get(
            of_device("events"),
            "Everything that happens on the device from now on, as server-sent events",
            &[],
            Answers::Events(schema::<DeviceEvent>),
            events::events::<D>,
        ),
        Route::get(
            of_device("quiet"),
            "Answers once nothing is on its way to the device, on it or from it, and nothing is due",
            quiet::PARAMETERS,
            Answers::Json(schema::<Quiet>),
            quiet::quiet::<D>,
        ),
        Route::get(
            of_device("notifications"),
            "What Company Portal's own Notifications section lists",
            &[],
            Answers::Json(schema::<Notifications>),
            notifications::list::<D>,
        ),
        Route::get(
            of_device("settings"),
            "The platform's notification switches",
            &[],
            Answers::Json(schema::<settings::Settings>),
            settings::show::<D>,
        ),
        Route::get(
            of_device("doctor"),
            "What on this computer could keep a notification from showing",
            &[],
            Answers::Json(schema::<DoctorReport>),
            doctor::examine::<D>,
        ),
    ]
}

/// The commands of the table, in its order. What would answer them (`D`) plays no part: a row says what they are.
pub fn command_rows<D: RunningDevice>() -> Vec<CommandRow> {
    commands::<D>().into_iter().filter_map(|route| route.about.command).collect()
}

fn commands<D: RunningDevice>() -> Vec<Route<D>> {
    vec![
        Route::call::<app::Install>(),
        Route::call::<app::Update>(),
        Route::call::<app::Uninstall>(),
        Route::call::<app::Open>(),
        Route::call::<app::Close>(),
        Route::call::<app::ForceStop>(),
        Route::call::<app::SignIn>(),
        Route::call::<app::SignOut>(),
        Route::call::<app::Refresh>(),
        Route::call::<enroll::Enroll>(),
        Route::call::<enroll::Set>(),
        Route::call::<removal::Retire>(),
        Route::call::<removal::Wipe>(),
        Route::call::<removal::Delete>(),
        Route::call::<policy::Set>(),
        Route::call::<policy::Clear>(),
        Route::call::<permission::Prompt>(),
        Route::call::<permission::Allow>(),
        Route::call::<permission::Deny>(),
        Route::call::<permission::Dismiss>(),
        Route::call::<permission::Keep>(),
        Route::call::<permission::TurnOff>(),
        Route::call::<permission::Reset>(),
        Route::call::<play_services::Install>(),
        Route::call::<play_services::Remove>(),
        Route::call::<device::Lock>(),
        Route::call::<device::Unlock>(),
        Route::call::<device::Offline>(),
        Route::call::<device::Online>(),
        Route::call::<device::FocusOn>(),
        Route::call::<device::FocusOff>(),
        Route::call::<device::DozeOn>(),
        Route::call::<device::DozeOff>(),
        Route::call::<device::BatteryExempt>(),
        Route::call::<device::BatteryOptimise>(),
        Route::call::<device::WorkProfilePause>(),
        Route::call::<device::WorkProfileResume>(),
        Route::call::<device::Standby>(),
        Route::call::<device::Restore>(),
        Route::call::<device::Reset>(),
        Route::call::<os::Update>(),
        Route::call::<settings::Set>(),
        Route::call::<clock::Advance>(),
    ]
}

/// The router of the whole API.
pub(super) fn router<D: RunningDevice>(api: Api<D>) -> Router {
    let table = table();
    let document: Arc<str> = openapi::document(table.iter().map(|route| &route.about)).to_string().into();
    let mut router = Router::new();
    for route in table {
        router = router.route(&route.about.path, route.handler);
    }
    let serve = move || {
        let document = document.to_string();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    };
    router
        .route(openapi::PATH, get(serve))
        .method_not_allowed_fallback(unknown_method)
        .fallback(unknown_path)
        .layer(from_fn_with_state(api.clone(), guard::<D>))
        .with_state(api)
}
