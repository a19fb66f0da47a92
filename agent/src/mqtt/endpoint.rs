//! Where a broker is and who asks: values that settings fill and both clients read.
//!
//! Lives here: their form and what is refused at the border. Does not live here: reading files, connecting.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::secret::Secret;

/// A broker: `mqtt://host[:port]` or `mqtts://host[:port]`; the port defaults to 1883 and 8883.
///
/// User information is refused: a URL is shown in status and logs, so a password must never stand in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrokerUrl {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a text is not a broker's URL. The text itself is not repeated where it could hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// Not a URL of the right scheme.
    #[error("{0:?} is not a broker's URL; write mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")]
    NotUrl(String),
    /// A user name or password in the URL.
    #[error("the broker's URL holds a user name or password; give them as settings, so that no log shows them")]
    UserInfo,
    /// Something behind the port.
    #[error("the broker's URL has a path, a query or a fragment; MQTT has none: write mqtt://HOST[:PORT]")]
    Rest,
}

impl BrokerUrl {
    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the broker is on this computer, by its name alone.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The URL of a listener.
    pub fn of_listener(address: std::net::SocketAddr, secure: bool) -> Self {
        Self { secure, host: address.ip().to_string(), port: address.port() }
    }

    /// The host as it stands before a port: an IPv6 address in brackets.
    pub(crate) fn dialled_host(&self) -> String {
        if self.host.parse::<Ipv6Addr>().is_ok() { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(text: &str) -> Result<Self, BrokerUrlError> {
        // Before anything is read of it, so that no other error can repeat the text.
        if may_hold_password(text) {
            return Err(BrokerUrlError::UserInfo);
        }
        let not_url = || BrokerUrlError::NotUrl(without_password(text).chars().take(64).collect());
        let url = url::Url::parse(text).map_err(|_| not_url())?;
        let secure = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(not_url()),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(BrokerUrlError::Rest);
        }
        let host = match url.host() {
            Some(url::Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(not_url()),
        };
        let port = url.port().unwrap_or(if secure { 8883 } else { 1883 });
        Ok(Self { secure, host, port })
    }
}

/// Whether a text has what stands between a password and a host, as it is or as a shell or a tool escapes it.
pub(crate) fn may_hold_password(text: &str) -> bool {
    text.contains('@') || text.to_ascii_lowercase().contains("%40")
}

/// The text without what stands where a port should, and is none: a password whose host was lost.
fn without_password(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    match text.get(start..).and_then(|rest| rest.rfind(':')) {
        Some(at) if text[start + at + 1..].contains(|c: char| !c.is_ascii_digit() && !"/]:".contains(c)) => {
            format!("{}***", &text[..=start + at])
        }
        _ => text.to_owned(),
    }
}

impl TryFrom<String> for BrokerUrl {
    type Error = BrokerUrlError;

    fn try_from(text: String) -> Result<Self, BrokerUrlError> {
        text.parse()
    }
}

impl From<BrokerUrl> for String {
    fn from(url: BrokerUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{}", self.dialled_host(), self.port)
    }
}

/// The protocol version spoken with the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MqttVersion {
    /// MQTT 5.
    #[default]
    #[serde(rename = "5")]
    Mqtt5,
    /// MQTT 3.1.1: no reasons, no expiry, no limits announced.
    #[serde(rename = "3.1.1")]
    Mqtt311,
}

/// A user name and password for the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerCredentials {
    /// The user name.
    pub username: String,
    password: Secret,
}

impl BrokerCredentials {
    /// A user name with its password.
    pub fn new(username: impl Into<String>, password: Secret) -> Self {
        Self { username: username.into(), password }
    }

    pub(crate) fn password(&self) -> &str {
        self.password.expose()
    }
}

/// What an `mqtts://` connection rests on; PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// The authorities to trust, in place of the operating system's.
    pub ca_file: Option<PathBuf>,
    /// This client's certificate chain, its own first; needs the key.
    pub client_cert_file: Option<PathBuf>,
    /// The key of this client's certificate.
    pub client_key_file: Option<PathBuf>,
}

/// The first broker that a password would reach in clear over a network (contract 6).
pub(crate) fn password_in_clear(brokers: &[BrokerUrl]) -> Option<&BrokerUrl> {
    brokers.iter().find(|url| !url.is_secure() && !url.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> BrokerUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_port_is_filled_in_and_shown() {
        for (text, shown) in [
            ("mqtt://localhost", "mqtt://localhost:1883"),
            ("mqtts://broker.example/", "mqtts://broker.example:8883"),
            ("mqtt://[::1]:1884", "mqtt://[::1]:1884"),
            ("mqtt://127.0.0.1:1", "mqtt://127.0.0.1:1"),
        ] {
            assert_eq!(url(text).to_string(), shown);
        }
        assert_eq!(url("mqtt://[::1]").host(), "::1");
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_never_repeated() {
        for text in [
            "mqtt://u:hunter2@host",
            "mqtt://hunter2@host",
            "hunter2@",
            "mqtt://u:hunter2@ho st",
            "mqtt://u:hunter2%40host",
            "mqtt://u:hunter2",
        ] {
            let error = text.parse::<BrokerUrl>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_no_broker_is_refused_with_the_hint() {
        for text in ["", "localhost", "localhost:1883", "http://h", "mqtt://", "mqtt://h:x", "mqtt://h:70000"] {
            assert!(matches!(text.parse::<BrokerUrl>(), Err(BrokerUrlError::NotUrl(_))), "{text}");
        }
        for text in ["mqtt://h/path", "mqtt://h?x=1", "mqtt://h#f"] {
            assert_eq!(text.parse::<BrokerUrl>(), Err(BrokerUrlError::Rest), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_by_the_name() {
        for text in ["mqtt://localhost", "mqtt://127.8.9.1", "mqtt://[::1]", "mqtt://LOCALHOST"] {
            assert!(url(text).is_loopback(), "{text}");
        }
        for text in ["mqtt://10.0.0.1", "mqtt://localhost.example", "mqtt://[::2]"] {
            assert!(!url(text).is_loopback(), "{text}");
        }
        let brokers = [url("mqtt://localhost"), url("mqtts://far"), url("mqtt://far")];
        assert_eq!(password_in_clear(&brokers), Some(&brokers[2]));
    }

    #[test]
    fn a_secret_shows_stars() {
        let credentials = BrokerCredentials::new("adele", Secret::new("hunter2"));
        assert_eq!(format!("{credentials:?}"), r#"BrokerCredentials { username: "adele", password: *** }"#);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_reads_back(text in ".{0,40}") {
            if let Ok(url) = text.parse::<BrokerUrl>() {
                prop_assert_eq!(url.to_string().parse::<BrokerUrl>(), Ok(url));
            }
        }
    }
}
