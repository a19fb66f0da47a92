//! Connections that a broker closes again and again soon after they were made, and what may be the cause.
//!
//! Pure. Does not live here: noticing the end (`connection`), the pauses (`backoff`).

use std::fmt;

use portal_contract::DeviceId;

use super::unanswered::RequestKind;
use crate::mqtt::BrokerUrl;

/// How many plain closings in a row are said, with what may be their cause (contract 2).
const SAID_FROM: u32 = 3;

/// The request that was unanswered when a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnansweredRequest {
    pub(super) kind: RequestKind,
    /// A publish's topic.
    pub(super) topic: Option<String>,
}

impl fmt::Display for UnansweredRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topic {
            Some(topic) => write!(f, "{} to {topic}", self.kind.word()),
            None => f.write_str(self.kind.word()),
        }
    }
}

/// The row of closings.
#[derive(Debug)]
pub(super) struct RepeatedEnds {
    device: DeviceId,
    closings: u32,
    /// What was unanswered at each of them; `None`: not the same thing each time, or nothing.
    after: Option<UnansweredRequest>,
}

impl RepeatedEnds {
    pub(super) fn new(device: DeviceId) -> Self {
        Self { device, closings: 0, after: None }
    }

    /// A connection was closed soon after it was made; what is to be said of the row by now.
    pub(super) fn closed_soon(&mut self, url: &BrokerUrl, unanswered: Option<UnansweredRequest>) -> Option<String> {
        self.after = if self.closings == 0 || self.after == unanswered { unanswered } else { None };
        self.closings = self.closings.saturating_add(1);
        // A single closing says nothing: brokers restart. On a takeover mosquitto sends no word, only end of file, so
        // nothing but the row of them points to a second client (decisions/0002).
        (self.closings >= SAID_FROM).then(|| self.sentence(url))
    }

    /// Any other end breaks the row (a restarting broker refuses between closings).
    pub(super) fn ended_otherwise(&mut self) {
        self.closings = 0;
        self.after = None;
    }

    fn sentence(&self, url: &BrokerUrl) -> String {
        let second = format!(
            "a second client uses the id {} (end the other agent of this device, or give this one its own state \
             directory)",
            self.device
        );
        let closed = format!("{url} closed the connection {} times in a row", self.closings);
        let Some(request) = &self.after else {
            return format!("{closed} soon after it was made; probably {second}");
        };
        let causes = match request.kind {
            RequestKind::Subscribe => {
                "the broker does not take so many filters at once (broker.filters_per_subscribe), or does not allow one of \
                 the topics (its access list and log)"
            }
            RequestKind::Unsubscribe => "the broker does not allow that (its log)",
            RequestKind::Publish => {
                "the broker does not allow that topic, retained messages or QoS 1 there (its access list and log)"
            }
        };
        format!("{closed}, each time before it answered {request}; perhaps {causes}, or {second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";

    fn ends() -> (RepeatedEnds, BrokerUrl) {
        (RepeatedEnds::new(DEVICE.parse().unwrap()), "mqtt://localhost".parse().unwrap())
    }

    fn subscribe() -> Option<UnansweredRequest> {
        Some(UnansweredRequest { kind: RequestKind::Subscribe, topic: None })
    }

    #[test]
    fn three_closings_in_a_row_name_a_second_client() {
        let (mut ends, url) = ends();
        assert_eq!(ends.closed_soon(&url, None), None);
        assert_eq!(ends.closed_soon(&url, subscribe()), None);
        let said = ends.closed_soon(&url, subscribe()).unwrap();
        assert!(said.contains("a second client") && said.contains(DEVICE) && !said.contains("SUBSCRIBE"), "{said}");
        ends.ended_otherwise();
        assert_eq!(ends.closed_soon(&url, None), None);
    }

    #[test]
    fn the_request_that_each_of_them_follows_is_named_first() {
        let (mut ends, url) = ends();
        ends.closed_soon(&url, subscribe());
        ends.closed_soon(&url, subscribe());
        let said = ends.closed_soon(&url, subscribe()).unwrap();
        for words in
            ["3 times in a row", "each time before it answered SUBSCRIBE", "filters_per_subscribe", "a second client"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
        ends.ended_otherwise();
        let publish = || Some(UnansweredRequest { kind: RequestKind::Publish, topic: Some("a/b".to_owned()) });
        ends.closed_soon(&url, publish());
        ends.closed_soon(&url, publish());
        let said = ends.closed_soon(&url, publish()).unwrap();
        assert!(said.contains("PUBLISH to a/b"), "{said}");
    }
}
