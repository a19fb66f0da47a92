//! What is known of the notification server, and how `status` tells it. Pure.
//!
//! Lives here: the server's state and its view. Does not live here: finding out (the worker).

use portal_contract::DesktopVerdict;
use portal_contract::status::DesktopStatus;
use zbus::names::OwnedUniqueName;

use super::super::Suppression;
use super::bus::ServerGreeting;
use super::refusal::{no_server, no_session_bus};

/// The notification server, as far as the kept connection tells.
#[derive(Debug, Clone)]
pub(super) enum ServerState {
    /// There is no session bus; the next card looks for one.
    NoBus { why: String },
    /// Nobody owns the name; the next card has the bus start a server, if it knows one.
    Absent { why: String },
    /// Something is asked that decides it.
    Asked(ServerQuestion),
    /// It is there and answers.
    Present {
        owner: OwnedUniqueName,
        /// What it said of itself.
        greeting: ServerGreeting,
        /// Whether it was heard to send its signals to everyone, so that the kept connection hears them all.
        broadcasts: bool,
    },
}

/// A question whose answer decides whether there is a server.
#[derive(Debug, Clone)]
pub(super) struct ServerQuestion {
    /// Which.
    pub(super) about: QuestionKind,
    /// Whether a card has waited for it in vain; further ones do not wait.
    pub(super) overdue: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QuestionKind {
    /// The session bus: to let us in.
    Bus,
    /// The session bus: to start a server.
    Start,
    /// The server that owns the name: to answer.
    Server(OwnedUniqueName),
}

/// What the outside sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SharedView {
    pub(super) desktop: DesktopStatus,
    pub(super) available: bool,
    pub(super) suppression: Suppression,
}

impl ServerState {
    pub(super) fn asked(about: QuestionKind) -> Self {
        Self::Asked(ServerQuestion { about, overdue: false })
    }

    /// Who may speak as the server.
    pub(super) fn owner(&self) -> Option<&OwnedUniqueName> {
        match self {
            // Also before it has answered: what it tells of a card counts from the first moment.
            Self::Present { owner, .. } | Self::Asked(ServerQuestion { about: QuestionKind::Server(owner), .. }) => {
                Some(owner)
            }
            _ => None,
        }
    }

    /// Whether its bodies are markup. Where it could not say, they are escaped: an entity in sight is ugly, markup
    /// that is obeyed is a forgery (decisions/0010). dunst obeys it without saying so where its setting `markup`
    /// is left out (run: 1.9), so its bodies are always escaped; with `markup = no` the entities show.
    pub(super) fn wants_markup(&self) -> bool {
        match self {
            Self::Present { greeting, .. } => {
                let says_so = greeting.server.capabilities.iter().any(|has| has == "body-markup");
                says_so || !greeting.capabilities_known || greeting.server.name == "dunst"
            }
            _ => true,
        }
    }

    /// Whether it says of a notification that the user dismissed that it ran out (decisions/0008). Ours never run
    /// out there, so whatever ran out was dismissed.
    pub(super) fn calls_dismissals_expired(&self) -> bool {
        matches!(self, Self::Present { greeting, .. } if greeting.server.name.to_ascii_lowercase().contains("mate"))
    }

    /// Why nothing can be shown at once; nothing where something can.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::NoBus { why } => Some(no_session_bus(why)),
            Self::Absent { why } => Some(no_server(why)),
            Self::Asked(question) if question.overdue => Some(question.about.unanswered()),
            Self::Asked(_) | Self::Present { .. } => None,
        }
    }

    /// Whether what is shown now shows.
    fn verdict(&self) -> DesktopVerdict {
        match self {
            Self::NoBus { .. } | Self::Absent { .. } => DesktopVerdict::NoNotificationServer,
            Self::Asked(_) => DesktopVerdict::Unknown,
            Self::Present { greeting, .. } => greeting.suppression.verdict(),
        }
    }

    pub(super) fn view(&self) -> SharedView {
        let mut view = SharedView { available: true, ..SharedView::default() };
        view.desktop.notifier = "native".to_owned();
        view.desktop.problem = self.problem();
        view.desktop.verdict = Some(self.verdict());
        match self {
            Self::Present { greeting, .. } => {
                view.suppression = greeting.suppression;
                view.desktop.notification_server = Some(greeting.server.clone());
            }
            _ => view.available = view.desktop.problem.is_none(),
        }
        view
    }
}

impl QuestionKind {
    fn unanswered(&self) -> String {
        match self {
            Self::Bus => no_session_bus("it does not answer"),
            Self::Start => no_server("the bus is still starting one"),
            Self::Server(_) => "the notification server does not answer; it may be busy or stopped, restart it if it \
                                stays so"
                .to_owned(),
        }
    }
}
