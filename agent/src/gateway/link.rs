//! The gateway's connection to its broker: made again whenever it is lost, and the devices' states heard by it.
//!
//! Lives here: subscriptions, the fence behind what the broker retains, back-off. Does not live here: what a state means
//! (`portal_graph`).

use std::sync::Arc;
use std::time::Duration;

use portal_contract::{DeviceId, DeviceTopics, Tenant};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::state::{Broker, GatewayState, publish_all};
use crate::sender::{HeardMessage, MessageStream, PushSender, SenderError, SenderOptions};

/// The first pause before a connection is tried again, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the fence may take to come back before what was heard counts as all.
const FENCE_TIMEOUT: Duration = Duration::from_secs(10);

/// The task that keeps the connection.
pub(super) struct BrokerLink(JoinHandle<()>);

impl BrokerLink {
    pub(super) fn start(brokers: Vec<SenderOptions>, state: Arc<GatewayState>, ending: CancellationToken) -> Self {
        Self(tokio::spawn(async move {
            tokio::select! {
                () = keep_connected(&brokers, &state) => {}
                () = ending.cancelled() => {}
            }
            let sender = state.broker();
            state.set_broker(Broker::Away("the gateway is ending".to_owned()));
            if let Some(sender) = sender.ok().and_then(Arc::into_inner) {
                sender.stop().await;
            }
        }))
    }

    pub(super) async fn stopped(self) {
        // The task cannot panic; if the runtime is going it is gone already.
        let _ = self.0.await;
    }
}

async fn keep_connected(brokers: &[SenderOptions], state: &GatewayState) {
    let mut pause = FIRST_PAUSE;
    loop {
        for options in brokers {
            let began = Instant::now();
            let why = match PushSender::connect(options.clone()).await {
                Ok(sender) => stay(sender, options, state).await,
                Err(error) => error,
            };
            tracing::warn!("the gateway has no broker ({}): {why}", options.url);
            state.set_broker(Broker::Away(format!("{}: {why}", options.url)));
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
        }
        // Jittered, so that many gateways do not come back at the same moment.
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Hears a connection until it ends; why it did.
async fn stay(sender: PushSender, options: &SenderOptions, state: &GatewayState) -> SenderError {
    let sender = Arc::new(sender);
    match hear(&sender, options, state).await {
        Err(why) => why,
        Ok(never) => match never {},
    }
}

async fn hear(
    sender: &Arc<PushSender>,
    options: &SenderOptions,
    state: &GatewayState,
) -> Result<std::convert::Infallible, SenderError> {
    let tenants: Vec<Tenant> = {
        let mut gateway = state.gateway();
        gateway.begin();
        gateway.tenants().cloned().collect()
    };
    let mut filters = Vec::new();
    for tenant in &tenants {
        let root = format!("portal/v1/{tenant}/devices/+");
        // The groups before the states: a list that is known is not written anew for its device.
        filters.extend([(format!("{root}/groups"), true), (format!("{root}/state"), true)]);
        filters.push((format!("{root}/receipts"), false));
    }
    let mut messages = sender.watch(filters).await?;
    // What is retained comes before what is published after the subscription: a list of groups for a device that is none.
    // Without it, a gateway of ten thousand devices would answer lists of the first thousand.
    let nobody = DeviceId::from_random(u128::from(fastrand::u64(..)));
    let fence = DeviceTopics::new(&options.tenant, nobody).groups();
    sender.publish(fence.clone(), &b"{\"groups\":[]}"[..], false).await?;
    let complete = tokio::time::timeout(FENCE_TIMEOUT, until_fence(&mut messages, &fence, state)).await;
    match complete {
        Ok(heard) => heard?,
        Err(_) => tracing::warn!(
            "the broker did not send back what the gateway published to {fence}; the gateway's user may have to be allowed \
             to read portal/v1/+/devices/+/groups, and lists may be short of devices for a moment"
        ),
    }
    let lists = state.gateway().complete();
    publish_all(sender, lists).await;
    state.set_broker(Broker::Here(Arc::clone(sender)));
    tracing::info!("the gateway is connected to {}", options.url);
    loop {
        let message = messages.next().await?;
        take(&message, Some(sender), state).await;
    }
}

async fn until_fence(messages: &mut MessageStream, fence: &str, state: &GatewayState) -> Result<(), SenderError> {
    loop {
        let message = messages.next().await?;
        if message.topic == fence {
            return Ok(());
        }
        take(&message, None, state).await;
    }
}

async fn take(message: &HeardMessage, sender: Option<&PushSender>, state: &GatewayState) {
    let heard = state.gateway().on_message(&message.topic, &message.payload);
    if let Some(notice) = heard.notice {
        tracing::warn!("{notice}");
    }
    if let Some(id) = heard.send {
        state.send_changed(id);
    }
    if let Some(sender) = sender.filter(|_| !heard.messages.is_empty()) {
        publish_all(sender, heard.messages).await;
    }
}
