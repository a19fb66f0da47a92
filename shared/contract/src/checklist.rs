//! What `explain` and `doctor` answer: checklists, each line with what it would take.
//!
//! Lives here: their form. Does not live here: the rules (`portal_device`) and the checks (doctor).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::DocumentSource;
use crate::held_notification::HeldNotification;
use crate::ids::NotificationId;
use crate::lesser_showing::LesserShowing;
use crate::prerequisite::Prerequisite;
use crate::receipt::{Outcome, Receipt};
use crate::way_to_show::WayToShow;

/// How one prerequisite stood at the moment of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistEntry {
    /// The prerequisite.
    pub code: Prerequisite,
    /// Whether it was met.
    pub met: bool,
    /// How it stood, in a sentence.
    pub detail: String,
    /// What it would take to meet it; empty where it is met.
    pub hint: String,
    /// The sections of the documented facts that it rests on: `facts 1.1, 4.1`.
    pub source: String,
    /// The documents behind it, for the device's documentation and platform.
    #[serde(default)]
    pub sources: Vec<DocumentSource>,
}

/// Why a push did or did not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The push; absent if its id could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_id: Option<NotificationId>,
    /// Its title; absent if none could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_title: Option<String>,
    /// Its receipt's members, `outcome` among them.
    #[serde(flatten)]
    pub receipt: ReceiptWithoutId,
    /// What the outcome means for this push, in a sentence or two.
    pub summary: String,
    /// What this computer's desktop did with it, in a sentence; absent where nothing was shown on a desktop. It is none of
    /// the prerequisites, which are the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desktop_detail: Option<String>,
    /// Every prerequisite that applies, in order, as it stood at that moment.
    pub prerequisites: Vec<ChecklistEntry>,
    /// Of a push that did not show: every minimal set of changes by which it would have, the cheapest first.
    #[serde(default)]
    pub ways_to_show: Vec<WayToShow>,
    /// Of a push that showed with less than it could (quietly, without a sound, with its content hidden, in the app): why.
    #[serde(default)]
    pub lesser_showing: Vec<LesserShowing>,
}

/// A receipt whose `notificationId` stands elsewhere in the same object.
pub type ReceiptWithoutId = serde_json::Map<String, serde_json::Value>;

impl Explanation {
    /// What a receipt says, to be filled in with why.
    pub fn of_receipt(receipt: &Receipt) -> Self {
        let mut members = members(receipt);
        members.remove("notificationId");
        let desktop_detail = receipt.desktop.map(|verdict| verdict.sentence_of_one().to_owned());
        Self { desktop_detail, ..Self::of_members(receipt.notification_id.clone(), members) }
    }

    /// The same of a push that waits.
    pub fn of_held(held: &HeldNotification) -> Self {
        let mut members = members(held);
        members.remove("notificationId");
        members.remove("notificationTitle");
        let title = Some(held.notification_title.clone());
        Self { notification_title: title, ..Self::of_members(Some(held.notification_id.clone()), members) }
    }

    /// The same of what would become of a push that nobody sent.
    pub fn of_outcome(outcome: &Outcome) -> Self {
        Self::of_members(None, members(outcome))
    }

    fn of_members(notification_id: Option<NotificationId>, receipt: ReceiptWithoutId) -> Self {
        Self {
            notification_id,
            notification_title: None,
            receipt,
            summary: String::new(),
            desktop_detail: None,
            prerequisites: Vec::new(),
            ways_to_show: Vec::new(),
            lesser_showing: Vec::new(),
        }
    }
}

fn members(value: &impl Serialize) -> ReceiptWithoutId {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(members)) => members,
        _ => ReceiptWithoutId::new(),
    }
}

/// One thing on this computer that could keep a notification from showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorCheck {
    /// Its name.
    pub name: String,
    /// Whether it is as it should be, as far as is known.
    pub ok: bool,
    /// Whether that could be found out; where not, nothing is known to be wrong.
    #[serde(default = "is_known")]
    pub known: bool,
    /// How it stands, in a sentence.
    pub detail: String,
    /// What to do about it; empty where it is ok.
    pub hint: String,
}

/// What daemons before this member said without it.
fn is_known() -> bool {
    true
}

/// What `doctor` answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DoctorReport {
    /// The checks.
    pub checks: Vec<DoctorCheck>,
}
