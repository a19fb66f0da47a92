//! What `explain` and `doctor` answer: checklists, each line with what it would take.
//!
//! Lives here: their form. Does not live here: the rules (device room) and the checks (doctor).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::DocumentSource;
use crate::ids::NotificationId;
use crate::prerequisite::Prerequisite;
use crate::receipt::Receipt;
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
}

/// A receipt whose `notificationId` stands elsewhere in the same object.
pub type ReceiptWithoutId = serde_json::Map<String, serde_json::Value>;

impl Explanation {
    /// Puts a receipt and its checklist together.
    pub fn new(
        receipt: &Receipt,
        summary: String,
        prerequisites: Vec<ChecklistEntry>,
        ways_to_show: Vec<WayToShow>,
    ) -> Self {
        let mut members = match serde_json::to_value(receipt) {
            Ok(serde_json::Value::Object(members)) => members,
            _ => ReceiptWithoutId::new(),
        };
        members.remove("notificationId");
        Self {
            notification_id: receipt.notification_id.clone(),
            receipt: members,
            summary,
            desktop_detail: receipt.desktop.map(|verdict| verdict.sentence_of_one().to_owned()),
            prerequisites,
            ways_to_show,
        }
    }
}

/// One thing on this computer that could keep a notification from showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorCheck {
    /// Its name.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// How it stands, in a sentence.
    pub detail: String,
    /// What to do about it; empty where it is ok.
    pub hint: String,
}

/// What `doctor` answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DoctorReport {
    /// The checks.
    pub checks: Vec<DoctorCheck>,
}
