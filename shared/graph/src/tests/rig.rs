//! A gateway with devices, and the two halves of a call in one.

use std::collections::BTreeMap;

use portal_contract::{DeviceId, Tenant, Timestamp};
use serde_json::{Value, json};

use crate::{Gateway, GraphAnswer, GraphRequest, LimitSettings, OutgoingMessage, RequestIds, Step, TokenTable};

pub(super) const GROUP: &str = "11111111-2222-4333-8444-555555555555";

pub(super) struct Rig {
    pub(super) gateway: Gateway,
    pub(super) now: Timestamp,
    pub(super) broker: Result<(), &'static str>,
    requests: u128,
}

pub(super) fn device(n: u128) -> DeviceId {
    DeviceId::from_random(n)
}

pub(crate) fn state(id: DeviceId, user: Option<&str>) -> Value {
    json!({
        "deviceId": id, "deviceName": format!("Phone of {}", user.unwrap_or("nobody")), "userPrincipalName": user,
        "operatingSystem": "iOS", "osVersion": "26.1", "managedDeviceOwnerType": "personal",
        "deviceEnrollmentType": user.map(|_| "userEnrollment"), "managementState": "managed",
        "deviceRegistrationState": "registered", "prerequisites": {}, "notificationPermission": "authorized",
        "promptsShown": 1, "updatedAt": "2026-11-23T09:00:00.000Z",
    })
}

impl Rig {
    /// Three enrolled devices, two of them Adele's, and one that is not enrolled.
    pub(super) fn new() -> Self {
        let tokens = TokenTable::parse("A admin\nH helpdesk\nR reader\nF admin fabrikam").unwrap();
        let gateway = Gateway::new(Some(tokens), Tenant::default(), BTreeMap::new(), LimitSettings::default());
        let mut rig = Self { gateway, now: Timestamp::from_millis(1_000_000), broker: Ok(()), requests: 0 };
        rig.gateway.begin();
        for (n, user) in [
            (1, Some("adele@contoso.example")),
            (2, Some("adele@contoso.example")),
            (3, Some("bo@contoso.example")),
            (4, None),
        ] {
            rig.hear(device(n), "state", &state(device(n), user));
        }
        assert_eq!(rig.gateway.complete(), []);
        rig
    }

    pub(super) fn hear(&mut self, id: DeviceId, leaf: &str, payload: &Value) -> crate::Heard {
        let topic = format!("portal/v1/contoso/devices/{id}/{leaf}");
        self.gateway.on_message(&topic, payload.to_string().as_bytes())
    }

    /// The answer, what was published, and the request's id; `works` is whether the broker takes it.
    pub(super) fn call_with(
        &mut self,
        token: &str,
        line: &str,
        body: &Value,
        works: bool,
    ) -> (GraphAnswer, Vec<OutgoingMessage>, String) {
        self.requests += 1;
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request_id = device(self.requests + 1000).to_string();
        let now = self.gateway.time(self.now);
        let ids = RequestIds { request_id: request_id.as_str().into(), client_request_id: None, now };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = GraphRequest { method, path, query, base: "http://g", body: &body, ids: &ids };
        let caller = match self.gateway.caller(Some(&format!("Bearer {token}")), now) {
            Ok(caller) => caller,
            Err(error) => return (error.answer(&ids), Vec::new(), request_id),
        };
        match self.gateway.handle(&caller, &request, self.broker) {
            Step::Answer(answer) => (answer, Vec::new(), request_id),
            Step::Publish(mut call) => {
                let messages = call.take_messages();
                let published = vec![works; messages.len()];
                (self.gateway.finish(*call, &published), messages, request_id)
            }
        }
    }

    pub(super) fn call(&mut self, token: &str, line: &str, body: &Value) -> (u16, Value, Vec<OutgoingMessage>) {
        let (answer, messages, _) = self.call_with(token, line, body, true);
        (answer.status, answer.body.unwrap_or_default(), messages)
    }
}
