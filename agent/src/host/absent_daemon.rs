//! `doctor` where no daemon runs: what one that is started now would find on this computer.
//!
//! Lives here: asking the desktop, the disk and the network. Does not live here: what is wrong with the answers (`doctor`).

use std::path::Path;

use portal_contract::DoctorReport;

use super::computer::ComputerFacts;
use super::doctor::{self, Findings};
use crate::desktop::{Notifier, SharingDaemon};

/// Where a daemon would be, and what it would use.
pub struct AbsentDaemon<'a> {
    /// Its state directory, which may not be there yet.
    pub state_dir: &'a Path,
    /// The broker that it would connect to; none where it would have its own.
    pub broker: Option<String>,
    /// The desktop that it would show cards on.
    pub notifier: &'a dyn Notifier,
    /// The daemons that show cards there already.
    pub others: Vec<SharingDaemon>,
}

impl AbsentDaemon<'_> {
    /// Examines the computer; takes some seconds at most where the broker or the desktop does not answer.
    pub async fn examine(self) -> DoctorReport {
        self.notifier.look().await;
        // Room is that of the disk on which the directory would be made.
        let there = self.state_dir.ancestors().find(|folder| folder.is_dir()).unwrap_or(self.state_dir);
        let mut computer = ComputerFacts::gather(there);
        let state_dir = self.state_dir.display();
        let mut absence = format!("no daemon runs on the state directory {state_dir}");
        if there != self.state_dir {
            computer.mode = None;
            absence.push_str(", which is not there yet");
        }
        if let Some(broker) = &self.broker {
            computer.look_for(broker).await;
        }
        let found =
            Findings { suppression: self.notifier.suppression(), computer, others: self.others, ..Findings::default() };
        doctor::examine_without_daemon(&absence, self.broker.as_deref(), &self.notifier.state(), &found)
    }
}
