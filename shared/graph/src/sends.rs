//! What was sent, and what became of it: what Graph itself never tells (facts 1.7).
//!
//! Lives here: sends with their receipts, within a budget of memory. Does not live here: refusals (`report`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use portal_contract::{DeviceId, GroupId, OutcomeKind, Prerequisites, Receipt, Timestamp};
use serde_json::{Map, Value, json};

/// How many sends are known at once.
const MOST_SENDS: usize = 1000;
/// How many receipts of them together.
const MOST_RECEIPTS: usize = 200_000;

/// Whom a send was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SendTarget {
    Devices(Vec<DeviceId>),
    Groups(Vec<GroupId>),
}

/// A send that the broker has.
#[derive(Debug, Clone)]
pub(crate) struct SendRecord {
    pub(crate) id: Arc<str>,
    pub(crate) title: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) role: &'static str,
    pub(crate) target: SendTarget,
    /// How many enrolled devices it was for as it was sent.
    pub(crate) addressed: usize,
    pub(crate) receipts: BTreeMap<DeviceId, DeviceOutcome>,
}

/// What became of it on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceOutcome {
    pub(crate) kind: OutcomeKind,
    pub(crate) unmet: Prerequisites,
    pub(crate) decided_at: Timestamp,
}

/// The sends of late, oldest first.
#[derive(Debug, Default)]
pub(crate) struct SendBook {
    order: VecDeque<Arc<str>>,
    sends: HashMap<Arc<str>, SendRecord>,
    receipts: usize,
}

impl SendBook {
    pub(crate) fn add(&mut self, send: SendRecord) {
        self.order.push_back(Arc::clone(&send.id));
        self.sends.insert(Arc::clone(&send.id), send);
        self.keep_within();
    }

    fn keep_within(&mut self) {
        // Whole sends go, the oldest first, and never the newest: half a send would be counted as one that few devices got.
        while self.order.len() > MOST_SENDS || (self.receipts > MOST_RECEIPTS && self.order.len() > 1) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.receipts -= self.sends.remove(&oldest).map_or(0, |send| send.receipts.len());
        }
    }

    /// Forgets a send that the broker did not take.
    pub(crate) fn forget(&mut self, id: &str) {
        // Rare, and at most a thousand entries: an index of places would have to be kept at each send.
        self.order.retain(|known| **known != *id);
        self.receipts -= self.sends.remove(id).map_or(0, |send| send.receipts.len());
    }

    /// Takes a receipt in; whether it tells something new of a known send.
    pub(crate) fn on_receipt(&mut self, receipt: &Receipt) -> bool {
        let send = receipt.notification_id.as_ref().and_then(|id| self.sends.get_mut(id.as_str()));
        let Some(send) = send else { return false };
        // At least once: a broker may deliver a receipt again, and that is nothing new.
        let known = send.receipts.get(&receipt.device_id);
        // A device in two of the groups has one outcome and a duplicate beside it, which tells nothing.
        if known.is_some_and(|known| known.kind != OutcomeKind::Duplicate || !receipt.outcome.uses_id()) {
            return false;
        }
        let unmet = match &receipt.outcome {
            portal_contract::Outcome::Withheld { unmet } => *unmet,
            _ => Prerequisites::NONE,
        };
        let outcome = DeviceOutcome { kind: receipt.outcome.kind(), unmet, decided_at: receipt.decided_at };
        self.receipts += usize::from(send.receipts.insert(receipt.device_id, outcome).is_none());
        self.keep_within();
        true
    }

    pub(crate) fn get(&self, id: &str) -> Option<&SendRecord> {
        self.sends.get(id)
    }

    /// The summaries of the latest, oldest first.
    pub(crate) fn latest(&self, most: usize) -> Vec<Value> {
        let known = self.order.iter().skip(self.order.len().saturating_sub(most));
        known.filter_map(|id| self.sends.get(id)).map(SendRecord::summary).collect()
    }

    /// The sends, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SendRecord> {
        self.order.iter().filter_map(|id| self.sends.get(id))
    }
}

impl SendRecord {
    /// Whether a device's user saw it.
    pub(crate) fn was_presented(&self) -> bool {
        self.receipts.values().any(|outcome| outcome.kind == OutcomeKind::Presented)
    }

    /// The counts: by outcome and by unmet prerequisite.
    pub(crate) fn summary(&self) -> Value {
        let (mut outcomes, mut unmet) = (Map::new(), Map::new());
        let add = |counts: &mut Map<String, Value>, word: &str| {
            let count = counts.get(word).and_then(Value::as_u64).unwrap_or_default();
            counts.insert(word.to_owned(), json!(count + 1));
        };
        for outcome in self.receipts.values() {
            add(&mut outcomes, outcome.kind.word());
            outcome.unmet.iter().for_each(|code| add(&mut unmet, code.code()));
        }
        let target = match &self.target {
            SendTarget::Devices(ids) => json!({"kind": "devices", "ids": ids}),
            SendTarget::Groups(ids) => json!({"kind": "groups", "ids": ids}),
        };
        json!({
            "id": &*self.id, "sentAt": self.sent_at, "notificationTitle": self.title, "role": self.role,
            "target": target, "addressedDevices": self.addressed, "receipts": self.receipts.len(),
            "outcomes": outcomes, "unmet": unmet,
        })
    }

    /// The counts, and each device's outcome.
    pub(crate) fn details(&self, name: impl Fn(DeviceId) -> Option<String>) -> Value {
        let device = |(id, outcome): (&DeviceId, &DeviceOutcome)| {
            json!({"deviceId": id, "deviceName": name(*id), "outcome": outcome.kind, "unmet": outcome.unmet,
                "decidedAt": outcome.decided_at})
        };
        let mut details = self.summary();
        details["devices"] = self.receipts.iter().map(device).collect();
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn receipt(id: &str, device: DeviceId, outcome: &Value) -> Receipt {
        let mut receipt = json!({"sequence": 1, "notificationId": id, "deviceId": device, "target": {"kind": "device"},
            "receivedAt": "2026-11-23T09:00:00Z", "decidedAt": "2026-11-23T09:00:00Z"});
        receipt.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
        serde_json::from_value(receipt).unwrap()
    }

    fn send(id: &str) -> SendRecord {
        let target = SendTarget::Groups(Vec::new());
        let receipts = BTreeMap::new();
        let sent_at = Timestamp::from_millis(0);
        SendRecord { id: Arc::from(id), title: "t".to_owned(), sent_at, role: "admin", target, addressed: 2, receipts }
    }

    #[test]
    fn outcomes_and_unmet_prerequisites_are_counted() {
        let mut book = SendBook::default();
        book.add(send("a"));
        let (one, two) = (DeviceId::from_random(1), DeviceId::from_random(2));
        let withheld = json!({"outcome": "withheld", "unmet": ["notificationsPermitted"]});
        assert!(book.on_receipt(&receipt("a", one, &json!({"outcome": "duplicate"}))));
        assert!(book.on_receipt(&receipt("a", one, &withheld)), "the outcome takes a duplicate's place");
        assert!(!book.on_receipt(&receipt("a", one, &json!({"outcome": "duplicate"}))));
        assert!(book.on_receipt(&receipt("a", two, &json!({"outcome": "presented", "surface": "banner"}))));
        assert!(!book.on_receipt(&receipt("b", two, &json!({"outcome": "expired"}))), "somebody else's");
        let summary = book.get("a").unwrap().summary();
        assert_eq!(summary["outcomes"], json!({"presented": 1, "withheld": 1}));
        assert_eq!(summary["unmet"], json!({"notificationsPermitted": 1}));
        assert!(book.get("a").unwrap().was_presented());
    }

    #[test]
    fn the_oldest_sends_make_room() {
        let mut book = SendBook::default();
        (0..1200).for_each(|n| book.add(send(&n.to_string())));
        assert!(book.get("199").is_none() && book.get("200").is_some() && book.all().count() == 1000);
        book.forget("200");
        assert_eq!(book.all().count(), 999);
    }
}
