//! What a broker says by a reason code of MQTT, in sentences with a hint.
//!
//! Lives here: the codes of CONNACK, DISCONNECT, SUBACK and PUBACK, each by name, and the broker's own words beside them.

use rumqttc::ConnectReturnCode as Code4;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode as Code5, DisconnectReasonCode as Disconnect, PubAckReason, SubscribeReasonCode,
};

const CREDENTIALS: &str = "check username, password and certificate in the settings";
const BROKERS_LOG: &str = "look at the broker's log";

/// Why an MQTT 5 connection was refused; it goes on after the broker's URL.
pub(super) fn refused_v5(code: Code5) -> String {
    let (said, hint) = match code {
        Code5::BadUserNamePassword => ("refused the user name or password", CREDENTIALS),
        Code5::NotAuthorized => ("did not authorise this client", CREDENTIALS),
        Code5::Banned => ("has banned this client", "have its administrator lift the ban"),
        Code5::BadAuthenticationMethod => {
            ("demands a method of authentication that this program does not have", CREDENTIALS)
        }
        Code5::ClientIdentifierNotValid | Code5::BadClientId => REFUSED_ID,
        Code5::UnsupportedProtocolVersion | Code5::RefusedProtocolVersion => return version_refused().to_owned(),
        Code5::ServerBusy | Code5::ServerUnavailable | Code5::ServiceUnavailable => NOT_NOW,
        Code5::ConnectionRateExceeded => ("takes no more connections just now", "it is tried again, more slowly"),
        Code5::QuotaExceeded => {
            ("refused the connection because a limit of its own is reached", "raise the limit there")
        }
        Code5::PacketTooLarge => ("found the CONNECT too large", "raise its largest packet size"),
        Code5::RetainNotSupported => {
            ("keeps no retained messages, and the last will is one", "allow retained messages at the broker")
        }
        Code5::QoSNotSupported => ("does not take QoS 1, and the last will has it", "allow QoS 1 at the broker"),
        Code5::TopicNameInvalid => {
            ("does not take the last will's topic, devices/{id}/connection", "allow it in the broker's ACL")
        }
        Code5::PayloadFormatInvalid => ("does not take the last will's payload", BROKERS_LOG),
        Code5::UseAnotherServer => ("asks to use another server for now", "give that one as broker.urls"),
        Code5::ServerMoved => ("has moved to another server", "give that one as broker.urls"),
        Code5::MalformedPacket => ("could not read the CONNECT", BROKERS_LOG),
        Code5::ProtocolError => ("says that the CONNECT breaks MQTT's rules", BROKERS_LOG),
        Code5::ImplementationSpecificError => ("cannot serve this CONNECT", BROKERS_LOG),
        Code5::UnspecifiedError | Code5::Success => ("refused the connection without a reason", BROKERS_LOG),
    };
    format!("{said}; {hint}")
}

/// Why an MQTT 3.1.1 connection was refused; it goes on after the broker's URL.
pub(super) fn refused_v4(code: Code4) -> String {
    let (said, hint) = match code {
        Code4::BadUserNamePassword => ("refused the user name or password", CREDENTIALS),
        Code4::NotAuthorized => ("did not authorise this client", CREDENTIALS),
        Code4::BadClientId => REFUSED_ID,
        Code4::RefusedProtocolVersion => ("does not speak MQTT 3.1.1", "set broker.protocol to \"5\""),
        Code4::ServiceUnavailable => NOT_NOW,
        Code4::Success => ("refused the connection without a reason", BROKERS_LOG),
    };
    format!("{said}; {hint}")
}

/// A broker that has no MQTT 5; it goes on after its URL.
pub(super) fn version_refused() -> &'static str {
    "does not speak MQTT 5; set broker.protocol to \"3.1.1\""
}

/// The sentence with the server that the broker named (Server Reference). It is told and not followed: the credentials
/// are for the brokers in the settings.
pub(super) fn redirected(sentence: &str, reference: Option<&str>) -> String {
    reference.map_or_else(|| sentence.to_owned(), |server| format!("{sentence} (it names {:?})", short(server)))
}

/// The sentence and then, marked as such, the broker's own words (Reason String).
pub(super) fn quoted(sentence: &str, words: Option<&str>) -> String {
    words.map_or_else(|| sentence.to_owned(), |words| format!("{sentence} (it says {:?})", short(words)))
}

/// A broker may say up to 64 KiB.
fn short(words: &str) -> String {
    words.chars().take(200).collect()
}

/// Why a publish was refused.
pub(super) fn publish_refused(reason: PubAckReason) -> &'static str {
    match reason {
        PubAckReason::NotAuthorized => "not authorised",
        PubAckReason::TopicNameInvalid => "the broker does not take that topic",
        PubAckReason::PacketIdentifierInUse => "the broker says that its packet id is in use",
        PubAckReason::QuotaExceeded => "a limit of the broker is reached",
        PubAckReason::PayloadFormatInvalid => "the broker does not take that payload",
        PubAckReason::ImplementationSpecificError => "the broker cannot serve it",
        PubAckReason::UnspecifiedError | PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
            "refused without a reason"
        }
    }
}

/// Why a subscription was refused.
pub(super) fn subscribe_refused(reason: SubscribeReasonCode) -> &'static str {
    match reason {
        SubscribeReasonCode::NotAuthorized => "not authorised",
        SubscribeReasonCode::TopicFilterInvalid => "the broker does not take that topic filter",
        SubscribeReasonCode::PkidInUse => "the broker says that its packet id is in use",
        SubscribeReasonCode::QuotaExceeded => "a limit of the broker is reached",
        SubscribeReasonCode::ImplementationSpecific => "the broker cannot serve it",
        SubscribeReasonCode::SharedSubscriptionsNotSupported => "the broker has no shared subscriptions",
        SubscribeReasonCode::SubscriptionIdNotSupported => "the broker has no subscription identifiers",
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => "the broker has no subscriptions with wildcards",
        SubscribeReasonCode::Unspecified | SubscribeReasonCode::Failure | SubscribeReasonCode::Success(_) => {
            "refused without a reason"
        }
    }
}

const REFUSED_ID: (&str, &str) =
    ("refused the client id, which is the device's UUID", "allow it at the broker, or choose another device id");
const NOT_NOW: (&str, &str) = ("is not available just now", "it is tried again");

/// Why the broker ended the connection; it goes on after the broker's URL.
pub(super) fn ended(reason: Disconnect) -> String {
    let (said, hint) = match reason {
        Disconnect::NormalDisconnection | Disconnect::DisconnectWithWillMessage => {
            return "ended the connection in good order".to_owned();
        }
        Disconnect::SessionTakenOver => (
            "gave the session to another client with the same id",
            "end the other agent of this device, or give this one its own state directory",
        ),
        Disconnect::ServerShuttingDown => ("is shutting down", "it is tried again"),
        Disconnect::ServerBusy => ("is too busy for this client", "it is tried again"),
        Disconnect::NotAuthorized => ("no longer authorises this client", CREDENTIALS),
        Disconnect::KeepAliveTimeout => {
            ("heard nothing of this client for too long", "check the network, or raise broker.keep_alive")
        }
        Disconnect::AdministrativeAction => ("was told by its administrator to end this connection", BROKERS_LOG),
        Disconnect::QuotaExceeded => {
            ("ended the connection because a limit of its own is reached", "raise the limit there")
        }
        Disconnect::MessageRateTooHigh => ("finds that this client sends too fast", "raise the limit there"),
        Disconnect::ConnectionRateExceeded => ("takes no more connections just now", "it is tried again, more slowly"),
        Disconnect::MaximumConnectTime => ("allows no longer connection", "it is made anew"),
        Disconnect::PacketTooLarge => {
            ("says that a packet of this client is too large", "raise its largest packet size")
        }
        Disconnect::ReceiveMaximumExceeded => ("says that too many publishes are unanswered", BROKERS_LOG),
        Disconnect::RetainNotSupported => ("keeps no retained messages", "allow them at the broker"),
        Disconnect::QoSNotSupported => ("does not take QoS 1", "allow QoS 1 at the broker"),
        Disconnect::TopicFilterInvalid => {
            ("does not take a topic that was subscribed to", "allow it in the broker's ACL")
        }
        Disconnect::TopicNameInvalid => ("does not take a topic that was published to", "allow it in the broker's ACL"),
        Disconnect::TopicAliasInvalid => ("does not take a topic alias of this client", BROKERS_LOG),
        Disconnect::PayloadFormatInvalid => ("does not take a payload of this client", BROKERS_LOG),
        Disconnect::UseAnotherServer => ("asks to use another server for now", "give that one as broker.urls"),
        Disconnect::ServerMoved => ("has moved to another server", "give that one as broker.urls"),
        Disconnect::SharedSubscriptionNotSupported => ("has no shared subscriptions", BROKERS_LOG),
        Disconnect::SubscriptionIdentifiersNotSupported => ("has no subscription identifiers", BROKERS_LOG),
        Disconnect::WildcardSubscriptionsNotSupported => ("has no subscriptions with wildcards", BROKERS_LOG),
        Disconnect::MalformedPacket => ("could not read a packet of this client", BROKERS_LOG),
        Disconnect::ProtocolError => ("says that this client breaks MQTT's rules", BROKERS_LOG),
        Disconnect::ImplementationSpecificError => ("cannot serve a packet of this client", BROKERS_LOG),
        Disconnect::UnspecifiedError => ("ended the connection without a reason", BROKERS_LOG),
    };
    format!("{said}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_without_a_word_of_the_library() {
        for code in 0x80..=0xa2 {
            let Ok(reason) = Disconnect::try_from(code) else { continue };
            let sentence = ended(reason);
            assert!(!sentence.contains(&format!("{reason:?}")) && sentence.contains("; "), "{code:#x}: {sentence}");
        }
        for code in [Code5::Banned, Code5::QuotaExceeded, Code5::UseAnotherServer, Code5::ProtocolError] {
            let sentence = refused_v5(code);
            assert!(!sentence.contains(&format!("{code:?}")) && sentence.contains("; "), "{sentence}");
        }
    }
}
