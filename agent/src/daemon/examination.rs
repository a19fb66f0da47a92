//! `doctor` where no daemon runs.
//!
//! Lives here: what a daemon with these options would use. Does not live here: examining it (`host`).

use portal_contract::DoctorReport;

use super::start::{Options, notifier, sharing_folder};
use crate::desktop::{DesktopShare, NotifierOptions};
use crate::host::AbsentDaemon;

impl Options {
    /// Examines the computer as a daemon with these options would find it. Nothing is started or written that stays.
    ///
    /// # Errors
    /// There is no folder for what the desktop's edge needs for a moment.
    pub async fn examine_without_daemon(&self) -> std::io::Result<DoctorReport> {
        // The icon of cards that are never shown; the state directory may not be there, and is not made for this.
        let folder = tempfile::tempdir()?;
        let settings = NotifierOptions {
            icon_directory: folder.path().to_owned(),
            open_cards_file: None,
            withdraw_at_stop: true,
            called_by: self.called_by.clone(),
        };
        let (notifier, _events) = notifier(self.notifier, settings);
        let broker = self.session.brokers.first().filter(|_| self.embedded.is_none());
        let examined = AbsentDaemon {
            state_dir: &self.state_dir,
            broker: broker.map(ToString::to_string),
            notifier: &*notifier,
            others: sharing_folder().map(|folder| DesktopShare::daemons_in(&folder)).unwrap_or_default(),
        };
        let report = examined.examine().await;
        notifier.stop().await;
        Ok(report)
    }
}
