//! Pushes as a sender makes them.
//!
//! Lives here: a push in the making. Does not live here: what the device makes of it.

use portal_contract::{
    CustomNotification, GroupId, PayloadRejection, PushProblem, PushTarget, Timestamp, UserPrincipalName,
};

use crate::ArrivedPush;

/// A push on its way to the device.
#[derive(Debug, Clone)]
pub(super) struct PushBuilder {
    pub(super) arrival: ArrivedPush,
}

/// A push to the device, titled after its id.
pub(super) fn sent(id: &str) -> PushBuilder {
    let notification = CustomNotification {
        id: id.parse().unwrap(),
        notification_title: format!("Title of {id}"),
        notification_body: format!("Body of {id}"),
        sent_at: None,
        expires_at: None,
        target_user_principal_name: None,
        collapse_key: None,
    };
    let payload = Ok(notification);
    let arrival = ArrivedPush {
        payload,
        target: PushTarget::Device,
        retained: false,
        id_used: false,
        expiry_seconds: None,
        ack: None,
    };
    PushBuilder { arrival }
}

/// Bytes that are no custom notification.
pub(super) fn nonsense() -> PushBuilder {
    let mut sent = sent("nonsense");
    let detail = "the payload is not JSON".to_owned();
    sent.arrival.payload = Err(PayloadRejection { problem: PushProblem::NotJson, detail, notification_id: None });
    sent
}

/// The `n`th group.
pub(super) fn group(n: u8) -> GroupId {
    GroupId::from_bytes([n; 16])
}

pub(super) fn user(name: &str) -> UserPrincipalName {
    format!("{name}@contoso.example").parse().unwrap()
}

impl PushBuilder {
    fn with(mut self, change: impl FnOnce(&mut CustomNotification)) -> Self {
        self.arrival.payload.as_mut().map(change).unwrap();
        self
    }

    pub(super) fn for_group(mut self, n: u8) -> Self {
        self.arrival.target = PushTarget::Group { id: group(n) };
        self
    }

    pub(super) fn for_user(self, name: &str) -> Self {
        self.with(|push| push.target_user_principal_name = Some(user(name)))
    }

    pub(super) fn sent_at(self, at: Timestamp) -> Self {
        self.with(|push| push.sent_at = Some(at))
    }

    pub(super) fn collapsing(self, key: &str) -> Self {
        self.with(|push| push.collapse_key = Some(key.to_owned()))
    }

    pub(super) fn expires_at(self, at: Timestamp) -> Self {
        self.with(|push| push.expires_at = Some(at))
    }

    pub(super) fn broker_expiry(mut self, seconds: u32) -> Self {
        self.arrival.expiry_seconds = Some(seconds);
        self
    }

    pub(super) fn retained(mut self) -> Self {
        self.arrival.retained = true;
        self
    }
}
