//! Where each notification server keeps what it lets through, and what is read there (decisions/0011).
//!
//! Lives here: who is asked, the questions, the reading of their answers. Does not live here: when they are asked (the
//! worker), what follows from it (`suppression`).

use std::collections::HashMap;
use std::process::Stdio;

use zbus::names::OwnedUniqueName;
use zbus::proxy::{CacheProperties, MethodFlags};
use zbus::{Connection, Message, OwnedVariant, Variant};

use super::super::{APP_NAME, DESKTOP_ENTRY, Suppression};
use super::{NAME, PATH};

/// Xfce keeps its settings in this service, and says on it when they change.
pub(super) const XFCONF: &str = "org.xfce.Xfconf";
/// GNOME's settings change through this one.
pub(super) const DCONF: &str = "ca.desrt.dconf.Writer";
const XFCE_CHANNEL: &str = "xfce4-notifyd";
const DUNST: &str = "org.dunstproject.cmd0";
const GNOME_SETTINGS: &str = "/org/gnome/desktop/notifications/";

/// Who tells what a notification server lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SuppressionSource {
    /// The specification's own property `Inhibited` (KDE Plasma).
    Inhibited,
    /// dunst's own property `paused`.
    Dunst,
    /// The settings of xfce4-notifyd.
    Xfce,
    /// The settings of GNOME Shell.
    Gnome,
}

impl SuppressionSource {
    /// Who is to be asked about a server of this name, which has `Inhibited`, or dunst's `paused`, or neither.
    pub(super) fn of(server: &str, inhibited: Option<bool>, paused: Option<bool>) -> Option<Self> {
        match server {
            // By what it answers before by its name: the specification's property is the same on whatever server has
            // it.
            _ if inhibited.is_some() => Some(Self::Inhibited),
            _ if paused.is_some() => Some(Self::Dunst),
            "Xfce Notify Daemon" => Some(Self::Xfce),
            "gnome-shell" => Some(Self::Gnome),
            _ => None,
        }
    }

    /// Whether each change is signalled, so that what was read once is of now.
    pub(super) fn tells_each_change(self) -> bool {
        // dunst can be paused by a process signal (SIGUSR1), of which it says nothing on the bus (run: 1.9).
        self != Self::Dunst
    }

    /// Asks. Waits as long as it takes.
    pub(super) async fn ask(self, connection: &Connection, owner: &OwnedUniqueName) -> Suppression {
        match self {
            Self::Inhibited => disturbed(inhibited(connection, owner).await),
            Self::Dunst => disturbed(paused(connection, owner).await),
            Self::Xfce => xfce(connection).await,
            Self::Gnome => gnome().await,
        }
    }
}

/// What to listen to beside the server itself; both say nothing on most desktops. As text, since zbus takes no path that
/// ends in a slash, which is what matches all paths below it.
pub(super) const CHANGES: [&str; 2] = [
    // PropertyChanged and PropertyRemoved; the channel comes first in both.
    "type='signal',sender='org.xfce.Xfconf',interface='org.xfce.Xfconf',arg0='xfce4-notifyd'",
    "type='signal',sender='ca.desrt.dconf.Writer',interface='ca.desrt.dconf.Writer',member='Notify',\
     arg0path='/org/gnome/desktop/notifications/'",
];

/// Whether a server's `PropertiesChanged` is about what it lets through.
pub(super) fn says_so(message: &Message) -> bool {
    let Ok((_, changed, invalidated)) =
        message.body().deserialize::<(String, HashMap<String, OwnedVariant>, Vec<String>)>()
    else {
        return false;
    };
    changed.keys().chain(&invalidated).any(|name| name == "Inhibited" || name == "paused")
}

fn disturbed(do_not_disturb: Option<bool>) -> Suppression {
    Suppression { do_not_disturb, application_off: None }
}

pub(super) async fn inhibited(connection: &Connection, owner: &OwnedUniqueName) -> Option<bool> {
    property(connection, owner, NAME, "Inhibited").await
}

pub(super) async fn paused(connection: &Connection, owner: &OwnedUniqueName) -> Option<bool> {
    property(connection, owner, DUNST, "paused").await
}

async fn property(connection: &Connection, owner: &OwnedUniqueName, interface: &str, name: &str) -> Option<bool> {
    let properties = Some("org.freedesktop.DBus.Properties");
    let reply = connection.call_method(Some(owner), PATH, properties, "Get", &(interface, name)).await.ok()?;
    bool::try_from(reply.body().deserialize::<OwnedVariant>().ok()?).ok()
}

/// What is not set there is off: a fresh Xfce has neither property.
async fn xfce(connection: &Connection) -> Suppression {
    match xfce_settings(connection).await {
        Ok(settings) => read_xfce(&settings),
        // Whatever it says about a channel without settings, it answers.
        Err(zbus::Error::MethodError(name, ..)) if name.starts_with(XFCONF) => read_xfce(&HashMap::new()),
        Err(_) => Suppression::default(),
    }
}

async fn xfce_settings(connection: &Connection) -> zbus::Result<HashMap<String, OwnedVariant>> {
    // Without having the bus start the service: where Xfce runs, it runs, and elsewhere a question must not bring it
    // up.
    let settings: zbus::Proxy<'_> = zbus::proxy::Builder::new(connection)
        .destination(XFCONF)
        .path("/org/xfce/Xfconf")
        .interface(XFCONF)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let all = settings.call_with_flags("GetAllProperties", MethodFlags::NO_AUTO_START, &(XFCE_CHANNEL, "/"));
    Ok(all.await?.unwrap_or_default())
}

fn read_xfce(settings: &HashMap<String, OwnedVariant>) -> Suppression {
    let do_not_disturb = matches!(settings.get("/do-not-disturb").map(|is| &**is), Some(Variant::Bool(true)));
    let application_off = match settings.get("/applications/muted_applications").map(|list| &**list) {
        Some(Variant::Array(muted)) => muted.inner().iter().any(is_us),
        _ => false,
    };
    Suppression { do_not_disturb: Some(do_not_disturb), application_off: Some(application_off) }
}

fn is_us(application: &Variant<'_>) -> bool {
    match application {
        Variant::Str(name) => [APP_NAME, DESKTOP_ENTRY].contains(&name.as_str()),
        Variant::Variant(inner) => is_us(inner),
        _ => false,
    }
}

async fn gnome() -> Suppression {
    let entry = format!("org.gnome.desktop.notifications.application:{GNOME_SETTINGS}application/{DESKTOP_ENTRY}/");
    let (banners, enabled) = futures_util::future::join(
        gsetting("org.gnome.desktop.notifications", "show-banners"),
        gsetting(&entry, "enable"),
    )
    .await;
    Suppression { do_not_disturb: banners.map(|shows| !shows), application_off: enabled.map(|on| !on) }
}

async fn gsetting(schema: &str, key: &str) -> Option<bool> {
    // GLib's own program instead of its library: 8 ms a question, and no C library in the build. Without the program
    // or the schema nothing is known (decisions/0011).
    let reading = tokio::process::Command::new("gsettings")
        .args(["get", schema, key])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    match reading.stdout.trim_ascii() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_the_property_is_asked_itself() {
        assert_eq!(SuppressionSource::of("Plasma", Some(false), None), Some(SuppressionSource::Inhibited));
        assert_eq!(SuppressionSource::of("dunst", None, Some(true)), Some(SuppressionSource::Dunst));
        assert_eq!(SuppressionSource::of("Xfce Notify Daemon", None, None), Some(SuppressionSource::Xfce));
        assert_eq!(SuppressionSource::of("gnome-shell", None, None), Some(SuppressionSource::Gnome));
        assert_eq!(SuppressionSource::of("MATE Notification Daemon", None, None), None);
    }

    #[test]
    fn xfce_mutes_by_the_name_that_a_card_is_shown_under() {
        let told = |do_not_disturb, application_off| Suppression {
            do_not_disturb: Some(do_not_disturb),
            application_off: Some(application_off),
        };
        let set = |name: &str, value: Variant<'static>| {
            HashMap::from([(name.to_owned(), OwnedVariant::try_from(value).unwrap())])
        };
        let list = |name: &'static str| Variant::from(vec![Variant::from("Other"), Variant::from(name)]);
        assert_eq!(read_xfce(&HashMap::new()), told(false, false));
        assert_eq!(read_xfce(&set("/do-not-disturb", Variant::from(true))), told(true, false));
        assert_eq!(read_xfce(&set("/applications/muted_applications", list("Company Portal"))), told(false, true));
        assert_eq!(read_xfce(&set("/applications/muted_applications", list("Companion"))), told(false, false));
    }
}
