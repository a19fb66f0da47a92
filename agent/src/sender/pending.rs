//! What is on its way: who waits for which answer, and who follows what.
//!
//! Lives here: the lock between callers and the driver; nothing waits while it is held. Does not live here: the network.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::SenderError;
use super::follower::{FollowerEntry, HeardMessage};
use crate::library_error::json_reason;
use crate::mqtt::{MqttClient, TopicFilter};

type ResultSender = oneshot::Sender<Result<(), SenderError>>;

#[derive(Debug)]
pub(super) struct PendingRequests {
    client: MqttClient,
    window: std::sync::Arc<Semaphore>,
    answer_timeout: Duration,
    inner: Mutex<PendingTables>,
}

#[derive(Debug, Default)]
struct PendingTables {
    closed: Option<String>,
    publishes: RequestQueue<PendingPublish>,
    subscribes: RequestQueue<PendingSubscribe>,
    followers: HashMap<u64, FollowerEntry>,
    watchers: Vec<mpsc::Sender<HeardMessage>>,
    next_follower: u64,
}

/// Requests in the order of the calls until they get their packet id, then by it.
#[derive(Debug)]
struct RequestQueue<T> {
    handed: VecDeque<T>,
    sent: HashMap<u16, T>,
}

#[derive(Debug)]
struct PendingPublish {
    topic: String,
    answer: ResultSender,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct PendingSubscribe {
    topic: String,
    answer: ResultSender,
}

impl<T> Default for RequestQueue<T> {
    fn default() -> Self {
        Self { handed: VecDeque::new(), sent: HashMap::new() }
    }
}

impl<T> RequestQueue<T> {
    fn sent(&mut self, pkid: u16) {
        if let Some(request) = self.handed.pop_front() {
            self.sent.insert(pkid, request);
        }
    }
}

impl PendingRequests {
    pub(super) fn new(client: MqttClient, window: usize, answer_timeout: Duration) -> Self {
        let window = std::sync::Arc::new(Semaphore::new(window));
        Self { client, window, answer_timeout, inner: Mutex::default() }
    }

    async fn answer(
        &self,
        answered: oneshot::Receiver<Result<(), SenderError>>,
        packet: &'static str,
        topic: String,
    ) -> Result<(), SenderError> {
        match tokio::time::timeout(self.answer_timeout, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(gone(self.lock().closed.as_deref()))),
            Err(_) => Err(SenderError::Unanswered { packet, topic, waited: self.answer_timeout }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PendingTables> {
        // Each change under the lock is whole in itself, so what a panicking holder left is usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn publish(&self, topic: String, payload: Bytes, retain: bool) -> Result<(), SenderError> {
        // Waited for here and not in the connection, whose queue takes what fits and refuses the rest.
        let room = std::sync::Arc::clone(&self.window).acquire_owned().await;
        let (answer, answered) = oneshot::channel();
        {
            let mut inner = self.lock();
            let room = match (room, &inner.closed) {
                (Ok(room), None) => room,
                (_, closed) => return Err(gone(closed.as_deref())),
            };
            // Under one lock with the queue below: packet ids come in the order of the calls, and by that order alone
            // an id finds its request.
            if !self.client.publish(topic.clone(), payload, retain) {
                return Err(gone(Some("the connection takes nothing more")));
            }
            inner.publishes.handed.push_back(PendingPublish { topic: topic.clone(), answer, _room: room });
        }
        self.answer(answered, "PUBLISH", topic).await
    }

    /// Subscribes and waits for the answer; with the messages that the broker retains, or without.
    pub(super) async fn subscribe(&self, topic: String, retained: bool) -> Result<(), SenderError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut inner = self.lock();
            if inner.closed.is_some() {
                return Err(gone(inner.closed.as_deref()));
            }
            if !self.client.subscribe(&[TopicFilter { filter: topic.clone(), retained }]) {
                return Err(gone(Some("the connection takes nothing more")));
            }
            inner.subscribes.handed.push_back(PendingSubscribe { topic: topic.clone(), answer });
        }
        self.answer(answered, "SUBSCRIBE", topic).await
    }

    /// Takes a follower in; its number.
    pub(super) fn follow(&self, follower: FollowerEntry) -> u64 {
        let mut inner = self.lock();
        inner.next_follower += 1;
        let number = inner.next_follower;
        inner.followers.insert(number, follower);
        number
    }

    /// Ends a follower; its filter is given up with the last that needs it.
    pub(super) fn unfollow(&self, number: u64, filter: &str) {
        let mut inner = self.lock();
        inner.followers.remove(&number);
        if inner.closed.is_none() && !inner.followers.values().any(|follower| follower.filter == filter) {
            self.client.unsubscribe(filter.to_owned());
        }
    }

    /// Takes in who wants every message.
    pub(super) fn add_watcher(&self, watcher: mpsc::Sender<HeardMessage>) {
        self.lock().watchers.push(watcher);
    }

    pub(super) fn tell_watchers(&self, topic: &str, payload: &Bytes) {
        // One that is full is told no more, which its stream's end says: with a message left out it would be wrong for ever.
        let heard = |watcher: &mpsc::Sender<HeardMessage>| {
            watcher.try_send(HeardMessage { topic: topic.to_owned(), payload: payload.clone() }).is_ok()
        };
        self.lock().watchers.retain(heard);
    }

    pub(super) fn publish_sent(&self, pkid: u16) {
        self.lock().publishes.sent(pkid);
    }

    pub(super) fn subscribe_sent(&self, pkid: u16) {
        self.lock().subscribes.sent(pkid);
    }

    pub(super) fn publish_answered(&self, pkid: u16, refusal: Option<String>) {
        let Some(publish) = self.lock().publishes.sent.remove(&pkid) else { return };
        let result = match refusal {
            None => Ok(()),
            Some(reason) => Err(SenderError::Refused { topic: publish.topic, reason }),
        };
        // Whoever asked may have given up waiting.
        let _ = publish.answer.send(result);
    }

    pub(super) fn subscribe_answered(&self, pkid: u16, refusals: Vec<Option<String>>) {
        let Some(subscribe) = self.lock().subscribes.sent.remove(&pkid) else { return };
        let result = match refusals.into_iter().next().flatten() {
            None => Ok(()),
            Some(reason) => Err(SenderError::FollowRefused { topic: subscribe.topic, reason }),
        };
        let _ = subscribe.answer.send(result);
    }

    pub(super) fn tell_followers(&self, topic: &str, payload: &[u8]) {
        let inner = self.lock();
        // Read once, whoever follows: a wildcard and a device's own filter may want the same receipt.
        let mut read = None;
        for follower in inner.followers.values().filter(|follower| follower.follows(topic)) {
            let receipt = read.get_or_insert_with(|| serde_json::from_slice(payload));
            match receipt {
                Ok(receipt) => follower.tell(receipt),
                Err(error) => {
                    let reason = json_reason(error);
                    tracing::warn!(topic, reason, "what was published there is not a receipt");
                }
            }
        }
    }

    pub(super) fn disconnect(&self) {
        self.client.disconnect();
    }

    /// The connection is gone: everyone who waits is told.
    pub(super) fn close(&self, problem: &str) {
        let mut inner = self.lock();
        // The first reason stays: what closes after it, such as the sender's own drop, is its result.
        inner.closed.get_or_insert_with(|| problem.to_owned());
        self.window.close();
        // With their answers dropped, the callers read `closed`.
        inner.publishes = RequestQueue::default();
        inner.subscribes = RequestQueue::default();
        inner.followers.clear();
        inner.watchers.clear();
    }

    pub(super) fn problem(&self) -> SenderError {
        gone(self.lock().closed.as_deref())
    }
}

fn gone(problem: Option<&str>) -> SenderError {
    SenderError::Disconnected(problem.unwrap_or("it was closed").to_owned())
}
