//! The one list of what may be set, and what each key takes.
//!
//! Lives here: keys, limits, and the sentence that says what is right. Does not live here: defaults
//! (`config/default.toml`), where a value comes from (`layers`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use config::{Value, ValueKind};
use portal_contract::{DeviceId, DeviceName, OperatingSystem, Tenant};

use super::time_of_day;
use portal_contract::duration;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// `true` or `false`.
    Switch,
    /// A whole number within these limits.
    Whole(i64, i64),
    /// A duration within these limits, in seconds.
    Period(u64, u64),
    /// Any text.
    Text,
    /// A path; relative to the file that names it.
    File,
    /// A text that is never shown.
    Secret,
    TimeOfDay,
    /// One of these words.
    Choice(&'static [&'static str]),
    Platform,
    /// A device's id.
    Device,
    /// A device's name.
    DeviceName,
    Tenant,
    /// A broker's URL.
    Url,
    /// An address and a port.
    Listen,
    /// A loopback address and a port.
    LoopbackListen,
    /// A list of these.
    List(&'static KeyKind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SettingKey {
    /// As in `broker.keep_alive`.
    pub path: &'static str,
    /// What it takes.
    pub kind: KeyKind,
    /// Whether it may have no value; an empty text says so.
    pub optional: bool,
}

const fn key(path: &'static str, kind: KeyKind) -> SettingKey {
    SettingKey { path, kind, optional: false }
}

const fn optional(path: &'static str, kind: KeyKind) -> SettingKey {
    SettingKey { path, kind, optional: true }
}

const URLS: KeyKind = KeyKind::List(&KeyKind::Url);
const PROTOCOLS: KeyKind = KeyKind::Choice(&["5", "3.1.1"]);
const ACTIONS: KeyKind = KeyKind::List(&KeyKind::Choice(&["retire", "syncDevice", "wipe", "delete"]));
const LEVELS: KeyKind = KeyKind::Choice(&["error", "warn", "info", "debug", "trace"]);
/// MQTT's keep-alive has 16 bits; below 5 s an answer that takes a little while would end the connection.
const KEEP_ALIVE: KeyKind = KeyKind::Period(5, 65_535);
const DAY: u64 = 24 * 3600;

/// Every key, in the order of `config/default.toml`.
pub(super) const KEYS: &[SettingKey] = &[
    optional("device.platform", KeyKind::Platform),
    optional("device.os_version", KeyKind::Text),
    optional("device.id", KeyKind::Device),
    optional("device.name", KeyKind::DeviceName),
    optional("device.tenant", KeyKind::Tenant),
    key("device.documentation", KeyKind::Choice(&["2019", "2023", "2025", "2026"])),
    key("broker.urls", URLS),
    key("broker.protocol", PROTOCOLS),
    optional("broker.username", KeyKind::Text),
    optional("broker.password_file", KeyKind::File),
    optional("broker.password", KeyKind::Secret),
    optional("broker.ca_file", KeyKind::File),
    optional("broker.client_certificate_file", KeyKind::File),
    optional("broker.client_key_file", KeyKind::File),
    key("broker.allow_password_in_clear", KeyKind::Switch),
    key("broker.keep_alive", KEEP_ALIVE),
    // MQTT's session expiry has 32 bits; all of them set means for ever.
    key("broker.session_expiry", KeyKind::Period(0, u32::MAX as u64)),
    key("broker.connect_timeout", KeyKind::Period(1, 300)),
    key("broker.answer_timeout", KeyKind::Period(1, 3600)),
    key("broker.filters_per_subscribe", KeyKind::Whole(1, 100)),
    // 16 bits, of which MQTT forbids 0.
    key("broker.receive_maximum", KeyKind::Whole(1, 65_535)),
    // Up to what the four bytes of a packet's length can say.
    key("broker.maximum_packet_size", KeyKind::Whole(1024, 268_435_455)),
    key("broker.fence_patience", KeyKind::Period(1, 3600)),
    optional("embedded_broker.listen", KeyKind::Listen),
    optional("embedded_broker.username", KeyKind::Text),
    optional("embedded_broker.password_file", KeyKind::File),
    optional("embedded_broker.password", KeyKind::Secret),
    key("embedded_broker.anonymous", KeyKind::Switch),
    optional("embedded_broker.certificate_file", KeyKind::File),
    optional("embedded_broker.key_file", KeyKind::File),
    key("embedded_broker.clients", KeyKind::Whole(1, 1_000_000)),
    key("embedded_broker.sessions", KeyKind::Whole(1, 1_000_000)),
    key("embedded_broker.subscriptions", KeyKind::Whole(1, 1_000_000)),
    key("embedded_broker.queued_messages", KeyKind::Whole(1, 100_000_000)),
    key("embedded_broker.retained_messages", KeyKind::Whole(0, 100_000_000)),
    key("embedded_broker.retained_bytes", KeyKind::Whole(0, 1 << 40)),
    key("embedded_broker.memory", KeyKind::Whole(1 << 20, 1 << 40)),
    key("embedded_broker.packet_size", KeyKind::Whole(1024, 268_435_455)),
    key("embedded_broker.connect_timeout", KeyKind::Period(1, 300)),
    key("embedded_broker.write_timeout", KeyKind::Period(1, 3600)),
    optional("sender.urls", URLS),
    optional("sender.protocol", PROTOCOLS),
    optional("sender.username", KeyKind::Text),
    optional("sender.password_file", KeyKind::File),
    optional("sender.password", KeyKind::Secret),
    optional("sender.ca_file", KeyKind::File),
    optional("sender.client_certificate_file", KeyKind::File),
    optional("sender.client_key_file", KeyKind::File),
    optional("sender.allow_password_in_clear", KeyKind::Switch),
    optional("sender.connect_timeout", KeyKind::Period(1, 300)),
    key("notifier.kind", KeyKind::Choice(&["native", "console"])),
    key("notifier.pace_per_second", KeyKind::Whole(1, 10_000)),
    key("notifier.open_cards", KeyKind::Whole(1, 1000)),
    key("notifier.patience", KeyKind::Period(0, DAY)),
    key("push_service.emulate", KeyKind::Switch),
    key("push_service.android_priority", KeyKind::Choice(&["normal", "high"])),
    key("push_service.android_message", KeyKind::Choice(&["data", "notification"])),
    optional("push_service.time_to_live", KeyKind::Period(0, 36_500 * DAY)),
    key("push_service.lower_priority_after", KeyKind::Whole(0, 1000)),
    key("push_service.pending_limit", KeyKind::Whole(1, 100_000)),
    key("push_service.inactive_after", KeyKind::Period(DAY, 36_500 * DAY)),
    key("push_service.doze_window", KeyKind::Period(0, 365 * DAY)),
    key("push_service.restricted_after", KeyKind::Period(0, 36_500 * DAY)),
    key("enrollment.grace", KeyKind::Period(0, 36_500 * DAY)),
    key("enrollment.late_joiner", KeyKind::Switch),
    key("app.ios_request", KeyKind::Choice(&["explicit", "provisional"])),
    key("app.ios_provisional_may_prompt", KeyKind::Switch),
    key("app.ios_summary_button", KeyKind::Switch),
    key("app.ios_summary_times", KeyKind::List(&KeyKind::TimeOfDay)),
    key("app.android_target_sdk", KeyKind::Whole(1, 99)),
    key("app.android_receiver", KeyKind::Choice(&["companyPortal", "intune"])),
    key("app.android_channel", KeyKind::Choice(&["atStart", "firstMessage"])),
    key("actions.allow", ACTIONS),
    key("journal.keep_age", KeyKind::Period(60, 36_500 * DAY)),
    key("journal.keep_receipts", KeyKind::Whole(1, 1_000_000_000)),
    key("journal.ids_age", KeyKind::Period(3600, 36_500 * DAY)),
    key("journal.ids_count", KeyKind::Whole(1, 1_000_000_000)),
    key("control.listen", KeyKind::LoopbackListen),
    key("gateway.tenant_messages", KeyKind::Whole(0, 1_000_000)),
    key("gateway.device_messages", KeyKind::Whole(0, 1_000_000)),
    key("gateway.window", KeyKind::Period(1, 36_500 * DAY)),
    key("log.level", LEVELS),
    key("log.format", KeyKind::Choice(&["text", "json"])),
];

/// The key with this path.
pub(super) fn find(path: &str) -> Option<&'static SettingKey> {
    KEYS.iter().find(|key| key.path == path)
}

/// How alike two keys must be, of 1, for one to be taken for the other.
const ALIKE: f64 = 0.4;

/// The valid key nearest to a path that is none, by the whole of it or by its last part, where one is near.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |key: &SettingKey| {
        let whole = strsim::normalized_damerau_levenshtein(path, key.path);
        // By the last part alone for less: the same word stands in several sections.
        whole.max(0.9 * strsim::normalized_damerau_levenshtein(&last(path), &last(key.path)))
    };
    // Of two that are equally near, the first.
    let best = KEYS.iter().rev().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= ALIKE).then_some(best.path)
}

impl SettingKey {
    /// The value as the key keeps it; none where it is not what the key takes.
    pub(super) fn accept(&self, value: ValueKind) -> Option<ValueKind> {
        match value {
            ValueKind::String(text) if text.is_empty() && self.optional => Some(ValueKind::Nil),
            value => self.kind.accept(value),
        }
    }

    /// What the key takes, for people, and what was made of it instead where that can be told.
    pub(super) fn right(&self, refused: &ValueKind) -> String {
        let or_nothing = if self.optional { ", or an empty text for none" } else { "" };
        format!("{}{or_nothing}{}", self.kind.right(), self.kind.instead(refused))
    }

    /// Whether an unquoted number in a file is as good as a text: `os_version = 26`.
    pub(super) fn takes_numbers_as_written(&self) -> bool {
        matches!(self.kind, KeyKind::Text | KeyKind::Secret | KeyKind::Tenant | KeyKind::DeviceName)
    }
}

impl KeyKind {
    fn accept(self, value: ValueKind) -> Option<ValueKind> {
        match (self, value) {
            (Self::Switch, value @ ValueKind::Boolean(_)) => Some(value),
            (Self::Switch, ValueKind::String(text)) => text.parse::<bool>().ok().map(ValueKind::from),
            (Self::Whole(least, most), ValueKind::I64(number)) => {
                (least..=most).contains(&number).then_some(ValueKind::I64(number))
            }
            (Self::Whole(..), ValueKind::String(text)) => self.accept(ValueKind::I64(text.trim().parse().ok()?)),
            (Self::List(kind), ValueKind::Array(values)) => {
                let item = |value: Value| kind.accept(value.kind).map(|kind| Value::new(None, kind));
                values.into_iter().map(item).collect::<Option<Vec<_>>>().map(ValueKind::Array)
            }
            (Self::List(_), ValueKind::String(text)) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                self.accept(ValueKind::Array(items.map(|item| Value::new(None, ValueKind::from(item))).collect()))
            }
            // `documentation = 2019` says the same as `documentation = "2019"`.
            (Self::Choice(_), ValueKind::I64(number)) => self.accept_text(&number.to_string()).map(ValueKind::from),
            (_, ValueKind::String(text)) => self.accept_text(&text).map(ValueKind::from),
            _ => None,
        }
    }

    /// A text in the spelling that the sections read.
    fn accept_text(self, text: &str) -> Option<String> {
        match self {
            Self::Text | Self::Secret => (!text.is_empty()).then(|| text.to_owned()),
            Self::File => is_path(text).then(|| text.to_owned()),
            Self::TimeOfDay => time_of_day::parse(text).map(|_| text.to_owned()),
            Self::Choice(words) => words.contains(&text).then(|| text.to_owned()),
            Self::Period(least, most) => {
                let period = duration::parse(text).ok()?;
                let limits = Duration::from_secs(least)..=Duration::from_secs(most);
                limits.contains(&period).then(|| text.to_owned())
            }
            Self::Platform => text.parse::<OperatingSystem>().ok().map(|platform| platform.name().to_owned()),
            Self::Device => text.parse::<DeviceId>().ok().map(|id| id.to_string()),
            Self::DeviceName => text.parse::<DeviceName>().ok().map(|name| name.to_string()),
            Self::Tenant => text.parse::<Tenant>().ok().map(|tenant| tenant.to_string()),
            Self::Url => is_broker_url(text).then(|| text.to_owned()),
            Self::Listen => listen_address(text).map(|address| address.to_string()),
            Self::LoopbackListen => {
                listen_address(text).filter(|address| address.ip().is_loopback()).map(|address| address.to_string())
            }
            Self::Switch | Self::Whole(..) | Self::List(_) => None,
        }
    }

    /// What the refused value is instead, where it is something that is often given.
    fn instead(self, refused: &ValueKind) -> &'static str {
        let ValueKind::String(text) = refused else { return "" };
        if holds_pem(text) {
            "; this is a certificate or a key itself: write it to a file, and name that"
        } else if self == Self::File && text.contains(char::is_control) {
            "; this one has a tab or a line break in it: write a Windows path within ' ' as it is, or with / in place of \\"
        } else if is_quoted(text) {
            "; the quotation marks are part of this value: leave them out"
        } else {
            ""
        }
    }

    fn right(self) -> String {
        match self {
            Self::Switch => "true or false".to_owned(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Period(least, most) => {
                format!("a duration from {} to {}, such as 500ms, 20s, 3m or 30d", in_words(least), in_words(most))
            }
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::File => "a file's path".to_owned(),
            Self::TimeOfDay => "a time of day, such as 08:00".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Platform => "one of ios, ipados, android".to_owned(),
            Self::Device => "a UUID, such as 6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".to_owned(),
            Self::DeviceName => "1 to 64 characters without control characters, one of them no space".to_owned(),
            Self::Tenant => "1 to 64 letters, digits and hyphens".to_owned(),
            Self::Url => {
                "mqtt://HOST[:PORT] or mqtts://HOST[:PORT], with no user or password in it (username and password_file are for these)"
                    .to_owned()
            }
            Self::Listen => "ADDRESS:PORT, such as 127.0.0.1:1883 (port 0: a free one)".to_owned(),
            Self::LoopbackListen => "a loopback ADDRESS:PORT, such as 127.0.0.1:0 (port 0: a free one)".to_owned(),
            Self::List(kind) => format!("a list, each {}", kind.right()),
        }
    }
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(DAY) => format!("{}d", seconds / DAY),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ => format!("{seconds}s"),
    }
}

/// Whether a text can be a file's path: not the file's own content, as secret stores hand it out, and no path in which
/// TOML read `\t` or `\n` of a Windows path as a tab or a line break.
fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control) && !holds_pem(text)
}

/// Whether a text is a certificate or a key itself.
pub(super) fn holds_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

fn is_broker_url(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    matches!(url.scheme(), "mqtt" | "mqtts")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && !text.contains('@')
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
}

fn listen_address(text: &str) -> Option<SocketAddr> {
    // The one name that needs no look-up.
    let localhost = |port: &str| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    text.strip_prefix("localhost:").map_or_else(|| text.parse().ok(), localhost)
}

/// Whether a value stands in quotation marks of its own: docker's `--env-file` keeps them.
pub(super) fn is_quoted(text: &str) -> bool {
    let quoted = |mark: char| text.len() > 1 && text.starts_with(mark) && text.ends_with(mark);
    quoted('"') || quoted('\'')
}
