//! How known notification servers behave, as far as the agent can tell.

/// The habits of a notification server (decisions/0008).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProfile {
    /// Its name.
    pub name: &'static str,
    /// What it says that it can do.
    pub capabilities: Vec<&'static str>,
    /// Whether its own signals go to the connection that asked only.
    pub unicast: bool,
    /// Whether it closes a notification only for the connection that shown it.
    pub checks_sender: bool,
    /// The most notifications that it has open; it refuses one more.
    pub most: Option<usize>,
    /// What it says then.
    pub refusal: &'static str,
    /// How it tells of Do Not Disturb.
    pub tells: InhibitionReport,
}

/// How a server tells that it is in Do Not Disturb (decisions/0011).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InhibitionReport {
    /// Not at all, or elsewhere (`xfconf`).
    Nothing,
    /// By the specification's property, whose changes it signals.
    Inhibited,
    /// By dunst's own property, and without a signal, as when dunst is paused by SIGUSR1.
    Paused,
}

/// What a server answers when it is asked about Do Not Disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoNotDisturb {
    /// It is off.
    Off,
    /// It is on.
    On,
    /// Nothing, until it is set to something else.
    Unanswered,
}

impl ServerProfile {
    /// Draws no buttons, sends its signals to the connection that asked.
    pub fn dunst() -> Self {
        Self { name: "dunst", unicast: true, tells: InhibitionReport::Paused, ..Self::xfce() }
    }

    /// Sends its signals to the connection that asked, and heeds no other.
    pub fn gnome() -> Self {
        Self { name: "gnome-shell", unicast: true, checks_sender: true, ..Self::xfce() }
    }

    /// Broadcasts its signals.
    pub fn xfce() -> Self {
        let capabilities = vec!["actions", "body", "body-markup"];
        let (most, tells) = (None, InhibitionReport::Nothing);
        let refusal = "Exceeded maximum number of notifications";
        Self { name: "xfce4-notifyd", capabilities, unicast: false, checks_sender: false, most, refusal, tells }
    }

    /// Has the specification's property `Inhibited`.
    pub fn plasma() -> Self {
        Self { name: "Plasma", tells: InhibitionReport::Inhibited, ..Self::xfce() }
    }

    /// Refuses the 22nd notification.
    pub fn mate() -> Self {
        Self { name: "mate-notification-daemon", most: Some(21), ..Self::xfce() }
    }

    /// Shows bodies as plain text (dunst with `markup = no`).
    pub fn plain() -> Self {
        Self { name: "plain", capabilities: vec!["actions", "body"], ..Self::xfce() }
    }
}
