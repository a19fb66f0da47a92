//! Whether an expectation holds, and what is said where it does not.
//!
//! Lives here: the checks. Everything is at rest when they are asked. Does not live here: the order of steps.

use portal_contract::{Explanation, NotificationId, Receipt};
use serde_json::{Map, Value};

use super::{CaseRunner, words};
use crate::control::{DeviceEventKind, InAppMessage};
use crate::scenario::model::{
    Expectation, ExpectationBasis, ExpectedCard, ExpectedOutcome, ExpectedState, StatusCheck,
};
use crate::scenario::result::FailedExpectation;
use crate::scenario::test_device::{TestDevice, TestDeviceError};

/// What did not hold: what happened instead, and the push in question.
struct UnmetExpectation {
    happened: String,
    push: Option<String>,
}

fn instead(happened: impl Into<String>) -> Option<UnmetExpectation> {
    Some(UnmetExpectation { happened: happened.into(), push: None })
}

pub(super) fn given(check: &StatusCheck, status: &Value) -> Option<FailedExpectation> {
    let happened = status_differs(check, status)?;
    Some(FailedExpectation {
        at: check.at.clone(),
        expected: format!("given: {} is {}", check.path.join("."), words::json(&check.value)),
        happened,
        grounds: ExpectationBasis::Documented(Vec::new()),
        explanation: None,
    })
}

fn status_differs(check: &StatusCheck, status: &Value) -> Option<String> {
    let differs = !check.holds(status);
    differs.then(|| format!("{} is {}", check.path.join("."), words::json(check.of(status))))
}

/// Whether `whole` has each of `members` with its value; null: absent.
fn has(whole: &Map<String, Value>, members: &Map<String, Value>) -> bool {
    members.iter().all(|(name, value)| whole.get(name).unwrap_or(&Value::Null) == value)
}

fn listed(message: &InAppMessage) -> Map<String, Value> {
    match serde_json::to_value(message) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn titles(messages: &[InAppMessage]) -> String {
    if messages.is_empty() {
        return "the section lists nothing".to_owned();
    }
    let titles: Vec<String> =
        messages.iter().map(|message| format!("{:?}", message.notification.notification_title)).collect();
    format!("the section lists {}", titles.join(", "))
}

impl<S: TestDevice> CaseRunner<'_, S> {
    /// Checks one expectation; gives what did not hold.
    pub(super) async fn check(
        &mut self,
        expectation: &Expectation,
    ) -> Result<Option<FailedExpectation>, TestDeviceError> {
        let Some(UnmetExpectation { happened, push }) = self.differs(&expectation.expected).await? else {
            return Ok(None);
        };
        let explanation = match push {
            Some(push) => self.explanation(&push).await?,
            None => None,
        };
        Ok(Some(FailedExpectation {
            at: expectation.at.clone(),
            expected: expectation.text.clone(),
            happened,
            grounds: expectation.grounds.clone(),
            explanation,
        }))
    }

    async fn explanation(&mut self, push: &str) -> Result<Option<Explanation>, TestDeviceError> {
        let Ok(id) = push.parse::<NotificationId>() else { return Ok(None) };
        self.device.explain(Some(id)).await
    }

    async fn differs(&mut self, expected: &ExpectedState) -> Result<Option<UnmetExpectation>, TestDeviceError> {
        match expected {
            ExpectedState::Outcome(outcome) => self.outcome(outcome).await,
            ExpectedState::NoOutcome { of } => self.no_outcome(of.as_deref()).await,
            ExpectedState::InApp(members) => {
                let messages = self.device.in_app().await?;
                let found = messages.iter().any(|message| has(&listed(message), members));
                Ok(if found { None } else { instead(titles(&messages)) })
            }
            ExpectedState::NotInApp(members) => {
                let messages = self.device.in_app().await?;
                let found = messages.iter().any(|message| has(&listed(message), members));
                Ok(if found { instead(titles(&messages)) } else { None })
            }
            ExpectedState::Prompt(shows) => {
                let showing = self.device.status().await?.prompt.is_some();
                let words =
                    if showing { "the permission prompt is showing" } else { "no permission prompt is showing" };
                Ok(if showing == *shows { None } else { instead(words) })
            }
            ExpectedState::Card(card) => Ok(self.card(card)),
            ExpectedState::NoCard => {
                Ok(self.newest_card().map(|(title, body, _)| self.of_latest(card_words(title, body))))
            }
            ExpectedState::Status(check) => {
                let status = self.status().await?;
                Ok(status_differs(check, &status).and_then(instead))
            }
            ExpectedState::Nothing => self.nothing().await,
        }
    }

    /// Said of the latest push, whose checklist then tells more.
    fn of_latest(&self, happened: String) -> UnmetExpectation {
        let push = self.sent.last().and_then(|sent| sent.id.clone());
        UnmetExpectation { happened, push }
    }

    /// The receipts of the push that is meant, oldest first, and its id.
    async fn receipts_of(&mut self, of: Option<&str>) -> Result<(Vec<Receipt>, Option<String>), TestDeviceError> {
        let mut receipts = self.receipts().await?;
        let id = match (of, self.sent.last()) {
            (Some(id), _) => Some(id.to_owned()),
            (None, Some(latest)) => {
                let after = latest.after;
                receipts.retain(|receipt| receipt.sequence > after);
                latest.id.clone()
            }
            (None, None) => None,
        };
        // An id that is none stands in no receipt; what is left then are the receipts without an id.
        let id = id.filter(|id| id.parse::<NotificationId>().is_ok());
        receipts.retain(|receipt| receipt.notification_id.as_ref().map(NotificationId::as_str) == id.as_deref());
        Ok((receipts, id))
    }

    async fn outcome(&mut self, expected: &ExpectedOutcome) -> Result<Option<UnmetExpectation>, TestDeviceError> {
        let (receipts, push) = self.receipts_of(expected.of.as_deref()).await?;
        let Some(receipt) = receipts.last() else {
            let held = self.device.status().await?.held;
            let happened = match held {
                0 => "it has no outcome: it did not arrive, or waits at the broker".to_owned(),
                held => format!("it has no outcome yet; {held} held on the device"),
            };
            return Ok(Some(UnmetExpectation { happened, push }));
        };
        let members = words::members(receipt);
        if receipt.outcome.kind() == expected.outcome && has(&members, &expected.members) {
            return Ok(None);
        }
        Ok(Some(UnmetExpectation { happened: words::outcome(receipt), push }))
    }

    async fn no_outcome(&mut self, of: Option<&str>) -> Result<Option<UnmetExpectation>, TestDeviceError> {
        let (receipts, push) = self.receipts_of(of).await?;
        Ok(receipts.last().map(|receipt| UnmetExpectation { happened: words::outcome(receipt), push }))
    }

    /// The newest card since the last step that was no expectation.
    fn newest_card(&self) -> Option<(&str, &str, bool)> {
        self.since.iter().rev().find_map(|event| match &event.what {
            DeviceEventKind::Card { title, body, sound } => Some((title.as_str(), body.as_str(), *sound)),
            _ => None,
        })
    }

    fn card(&self, expected: &ExpectedCard) -> Option<UnmetExpectation> {
        let Some((title, body, sound)) = self.newest_card() else {
            return Some(self.of_latest("no card was shown".to_owned()));
        };
        let same = |wanted: &Option<String>, present: &str| wanted.as_deref().is_none_or(|wanted| wanted == present);
        let holds = same(&expected.title, title)
            && same(&expected.body, body)
            && expected.sound.is_none_or(|wanted| wanted == sound);
        let sound = if sound { "with a sound" } else { "without a sound" };
        (!holds).then(|| self.of_latest(format!("{}, {sound}", card_words(title, body))))
    }

    async fn nothing(&mut self) -> Result<Option<UnmetExpectation>, TestDeviceError> {
        let shows = |happened: &DeviceEventKind| match happened {
            DeviceEventKind::Settled { receipt } => Some(format!("a receipt: {}", words::outcome(receipt))),
            DeviceEventKind::Card { title, body, .. } => Some(card_words(title, body)),
            DeviceEventKind::Prompt {} => Some("the permission prompt shows".to_owned()),
            _ => None,
        };
        let shown: Vec<String> = self.since.iter().filter_map(|event| shows(&event.what)).collect();
        if !shown.is_empty() {
            return Ok(Some(self.of_latest(shown.join("; "))));
        }
        let now_listed = self.device.in_app().await?;
        let same = self.listed.as_ref().is_none_or(|listed| *listed == now_listed);
        Ok(if same { None } else { instead(titles(&now_listed)) })
    }
}

fn card_words(title: &str, body: &str) -> String {
    format!("a card was shown that says {title:?}: {body:?}")
}
