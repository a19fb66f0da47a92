//! What is subscribed, asked for and refused on one connection.
//!
//! Pure: wishes and answers in, requests out; instants are passed in. Does not live here: sending them (`connection`).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use portal_contract::{DeviceTopics, GroupId};

use super::unanswered::{RequestKind, UnansweredTimer};
use crate::mqtt::TopicFilter;

/// More than a filter takes up: the longest tenant, the topic's words, a UUID, length and options.
const BYTES_A_FILTER: u32 = 160;

/// A request to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SubscriptionRequest {
    Subscribe(Vec<TopicFilter>),
    Unsubscribe(GroupId),
}

/// The subscriptions of one connection.
#[derive(Debug)]
pub(super) struct DeviceSubscriptions {
    topics: DeviceTopics,
    /// Whether what the broker kept for a group is asked for (contract 2: no, but for late joiners).
    retained_group_messages: bool,
    filters_a_packet: usize,
    /// Asked for on this connection.
    groups: BTreeSet<GroupId>,
    /// Given up on this connection.
    left: BTreeSet<GroupId>,
    /// Handed over, packet id not known yet; in order, each kind by itself.
    subscribing: VecDeque<Vec<TopicFilter>>,
    unsubscribing: VecDeque<GroupId>,
    unanswered_subscribes: HashMap<u16, Vec<TopicFilter>>,
    unanswered_unsubscribes: HashMap<u16, GroupId>,
    refused: BTreeSet<String>,
    subscribe_timer: UnansweredTimer,
    unsubscribe_timer: UnansweredTimer,
}

impl DeviceSubscriptions {
    /// For a broker that takes packets of up to `largest` bytes; `most` filters a packet.
    pub(super) fn new(topics: DeviceTopics, largest: Option<u32>, most: u16, retained_group_messages: bool) -> Self {
        let most = usize::from(most.max(1));
        let fitting = largest.and_then(|bytes| usize::try_from(bytes / BYTES_A_FILTER).ok()).unwrap_or(most);
        Self {
            topics,
            retained_group_messages,
            filters_a_packet: fitting.clamp(1, most),
            groups: BTreeSet::new(),
            left: BTreeSet::new(),
            subscribing: VecDeque::new(),
            unsubscribing: VecDeque::new(),
            unanswered_subscribes: HashMap::new(),
            unanswered_unsubscribes: HashMap::new(),
            refused: BTreeSet::new(),
            subscribe_timer: UnansweredTimer::default(),
            unsubscribe_timer: UnansweredTimer::default(),
        }
    }

    /// What a new connection asks for: everything, whatever the broker says of the session (contract 2), and nothing of
    /// the groups that an earlier connection had and that are no longer wanted.
    pub(super) fn at_connect(
        &mut self,
        wanted: &BTreeSet<GroupId>,
        earlier: &BTreeSet<GroupId>,
    ) -> Vec<SubscriptionRequest> {
        let t = &self.topics;
        let own = [(t.notifications(), false), (t.groups(), true), (t.actions(), false), (t.fence(), false)];
        let mut filters: Vec<_> = own.map(|(filter, retained)| TopicFilter { filter, retained }).into();
        // Everything again, though the broker may have kept the session: clustered brokers have said so with the
        // subscriptions gone (decisions/0004).
        filters.extend(wanted.iter().map(|group| self.of_group(*group)));
        self.groups.clone_from(wanted);
        let mut asks = self.in_packets(&filters);
        asks.extend(earlier.difference(wanted).map(|group| SubscriptionRequest::Unsubscribe(*group)));
        self.left = earlier.difference(wanted).copied().collect();
        asks
    }

    /// What a new wish asks for.
    pub(super) fn change(&mut self, wanted: &BTreeSet<GroupId>) -> Vec<SubscriptionRequest> {
        let joined: Vec<GroupId> = wanted.difference(&self.groups).copied().collect();
        let left: Vec<GroupId> = self.groups.difference(wanted).copied().collect();
        self.left.retain(|group| !joined.contains(group));
        self.left.extend(&left);
        self.groups.clone_from(wanted);
        let mut asks: Vec<SubscriptionRequest> = left.into_iter().map(SubscriptionRequest::Unsubscribe).collect();
        let joined: Vec<_> = joined.into_iter().map(|group| self.of_group(group)).collect();
        asks.extend(self.in_packets(&joined));
        asks
    }

    /// A push to a group that is not wanted: a subscription from another life of this session, to be given up.
    pub(super) fn stray(&mut self, group: GroupId) -> Option<SubscriptionRequest> {
        // Asked for once: more pushes of that group may already be on their way.
        let known = self.groups.contains(&group) || !self.left.insert(group);
        (!known).then_some(SubscriptionRequest::Unsubscribe(group))
    }

    pub(super) fn handed(&mut self, ask: SubscriptionRequest, now: Instant) {
        match ask {
            SubscriptionRequest::Subscribe(filters) => {
                self.subscribing.push_back(filters);
                self.subscribe_timer.asked(now);
            }
            SubscriptionRequest::Unsubscribe(group) => {
                self.unsubscribing.push_back(group);
                self.unsubscribe_timer.asked(now);
            }
        }
    }

    /// What the broker has not answered, and since when it has answered nothing of that kind.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = (RequestKind, Instant)> {
        let subscribe = self.subscribe_timer.since().map(|since| (RequestKind::Subscribe, since));
        let unsubscribe = self.unsubscribe_timer.since().map(|since| (RequestKind::Unsubscribe, since));
        subscribe.into_iter().chain(unsubscribe)
    }

    pub(super) fn subscribe_sent(&mut self, pkid: u16) {
        if let Some(filters) = self.subscribing.pop_front() {
            self.unanswered_subscribes.insert(pkid, filters);
        }
    }

    pub(super) fn unsubscribe_sent(&mut self, pkid: u16) {
        if let Some(group) = self.unsubscribing.pop_front() {
            self.unanswered_unsubscribes.insert(pkid, group);
        }
    }

    pub(super) fn subscribe_answered(&mut self, pkid: u16, refusals: &[Option<String>], now: Instant) {
        for (index, subscription) in
            self.unanswered_subscribes.remove(&pkid).unwrap_or_default().into_iter().enumerate()
        {
            // An answer that is missing in SUBACK grants nothing.
            if refusals.get(index).is_some_and(Option::is_none) {
                self.refused.remove(&subscription.filter);
            } else {
                self.refused.insert(subscription.filter);
            }
        }
        self.subscribe_timer.answered(!self.all_answered(), now);
    }

    /// The group that is given up for certain.
    pub(super) fn unsubscribe_answered(&mut self, pkid: u16, now: Instant) -> Option<GroupId> {
        let group = self.unanswered_unsubscribes.remove(&pkid)?;
        let more = !self.unsubscribing.is_empty() || !self.unanswered_unsubscribes.is_empty();
        self.unsubscribe_timer.answered(more, now);
        if !self.groups.contains(&group) {
            self.refused.remove(&self.topics.group_notifications(group));
        }
        Some(group)
    }

    /// Whether every subscription is answered.
    pub(super) fn all_answered(&self) -> bool {
        self.subscribing.is_empty() && self.unanswered_subscribes.is_empty()
    }

    pub(super) fn refused(&self) -> &BTreeSet<String> {
        &self.refused
    }

    fn in_packets(&self, filters: &[TopicFilter]) -> Vec<SubscriptionRequest> {
        filters.chunks(self.filters_a_packet).map(|chunk| SubscriptionRequest::Subscribe(chunk.to_vec())).collect()
    }

    fn of_group(&self, group: GroupId) -> TopicFilter {
        let retained = self.retained_group_messages;
        TopicFilter { filter: self.topics.group_notifications(group), retained }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_contract::Tenant;

    fn group(number: u128) -> GroupId {
        GroupId::from_random(number)
    }

    fn subscriptions() -> DeviceSubscriptions {
        DeviceSubscriptions::new(
            DeviceTopics::new(&Tenant::default(), "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap()),
            None,
            8,
            false,
        )
    }

    fn filters(asks: &[SubscriptionRequest]) -> usize {
        asks.iter().map(|ask| if let SubscriptionRequest::Subscribe(filters) = ask { filters.len() } else { 0 }).sum()
    }

    #[test]
    fn a_connect_asks_for_everything_and_gives_up_what_an_earlier_one_had() {
        let mut subscriptions = subscriptions();
        let wanted: BTreeSet<_> = (0..250).map(group).collect();
        let asks = subscriptions.at_connect(&wanted, &[group(1), group(999)].into());
        assert_eq!(filters(&asks), 254);
        assert_eq!(asks.len(), 33);
        assert!(asks.iter().all(|ask| filters(std::slice::from_ref(ask)) <= 8));
        assert_eq!(asks[32], SubscriptionRequest::Unsubscribe(group(999)));
    }

    #[test]
    fn a_small_packet_limit_is_kept() {
        let topics = subscriptions().topics;
        let mut subscriptions = DeviceSubscriptions::new(topics, Some(1000), 8, false);
        let asks = subscriptions.at_connect(&(0..20).map(group).collect(), &BTreeSet::new());
        assert_eq!((filters(&asks), asks.len()), (24, 4));
    }

    #[test]
    fn only_the_difference_is_asked_for_later() {
        let mut subscriptions = subscriptions();
        subscriptions.at_connect(&[group(1), group(2)].into(), &BTreeSet::new());
        let asks = subscriptions.change(&[group(2), group(3)].into());
        assert_eq!(asks[0], SubscriptionRequest::Unsubscribe(group(1)));
        assert_eq!(filters(&asks), 1);
        assert!(subscriptions.change(&[group(2), group(3)].into()).is_empty());
    }

    #[test]
    fn a_stray_group_is_given_up_once() {
        let mut subscriptions = subscriptions();
        subscriptions.at_connect(&[group(1), group(2)].into(), &BTreeSet::new());
        assert_eq!(subscriptions.stray(group(1)), None);
        assert_eq!(subscriptions.stray(group(9)), Some(SubscriptionRequest::Unsubscribe(group(9))));
        assert_eq!(subscriptions.stray(group(9)), None);
        subscriptions.change(&[group(1)].into());
        assert_eq!(subscriptions.stray(group(2)), None, "it is being given up already");
    }

    #[test]
    fn a_refusal_is_named_until_it_is_granted_or_given_up() {
        let mut subscriptions = subscriptions();
        for ask in subscriptions.at_connect(&[group(1)].into(), &BTreeSet::new()) {
            subscriptions.handed(ask, Instant::now());
        }
        assert!(!subscriptions.all_answered());
        subscriptions.subscribe_sent(1);
        subscriptions.subscribe_answered(
            1,
            &[None, None, None, None, Some("NotAuthorized".to_owned())],
            Instant::now(),
        );
        assert!(subscriptions.all_answered());
        let topic = subscriptions.topics.group_notifications(group(1));
        assert_eq!(subscriptions.refused().iter().collect::<Vec<_>>(), [&topic]);
        for ask in subscriptions.change(&BTreeSet::new()) {
            subscriptions.handed(ask, Instant::now());
        }
        subscriptions.unsubscribe_sent(2);
        assert_eq!(subscriptions.unsubscribe_answered(2, Instant::now()), Some(group(1)));
        assert!(subscriptions.refused().is_empty());
    }

    #[test]
    fn the_wait_for_an_answer_starts_over_with_each_answer_and_ends_with_the_last() {
        let start = Instant::now();
        let at = |seconds| start + std::time::Duration::from_secs(seconds);
        let mut subscriptions = subscriptions();
        for ask in subscriptions.at_connect(&(0..10).map(group).collect(), &[group(999)].into()) {
            subscriptions.handed(ask, at(0));
        }
        subscriptions.subscribe_sent(1);
        subscriptions.subscribe_sent(2);
        subscriptions.unsubscribe_sent(3);
        let waits = |subscriptions: &DeviceSubscriptions| subscriptions.unanswered().collect::<Vec<_>>();
        assert_eq!(waits(&subscriptions), [(RequestKind::Subscribe, at(0)), (RequestKind::Unsubscribe, at(0))]);
        subscriptions.subscribe_answered(2, &[], at(5));
        assert_eq!(waits(&subscriptions), [(RequestKind::Subscribe, at(5)), (RequestKind::Unsubscribe, at(0))]);
        subscriptions.unsubscribe_answered(3, at(6));
        subscriptions.subscribe_answered(1, &[], at(7));
        assert!(waits(&subscriptions).is_empty());
    }
}
