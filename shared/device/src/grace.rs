//! The time in which a message to a group may still reach a device that is out of the group, or out of management
//! (facts 1.6: "might still receive").
//!
//! Lives here: what lingers, until when, and its end. Does not live here: whether a prerequisite counts as met by it
//! (`grounds`). How long is a setting, off by default: no document says.

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::service::MAX_GROUPS;
use portal_contract::{GroupId, Timestamp, UserPrincipalName};
use serde::{Deserialize, Serialize};

use super::enrollment::{ActiveEnrollment, Enrollment};
use super::{Device, DeviceEffect};

/// The groups that a user left, each until its grace ends.
pub(super) type LeftGroups = BTreeMap<GroupId, Timestamp>;

/// An enrollment that ended, while its grace lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerEnrollment {
    /// Who had enrolled the device.
    pub user: UserPrincipalName,
    /// The user's groups then.
    pub groups: BTreeSet<GroupId>,
    /// Until when what is sent to them may still arrive.
    pub until: Timestamp,
}

impl Enrollment {
    /// The groups whose pushes the device subscribes to: the user's while enrolled (contract 2), and those in their grace.
    pub fn subscribed_groups(&self) -> BTreeSet<GroupId> {
        let own = self.groups.iter().filter(|_| self.enrolled.is_some());
        let former = self.former.iter().flat_map(|former| &former.groups);
        own.chain(former).chain(self.left_groups.keys()).copied().collect()
    }

    /// Who had enrolled the device, where a push to this group finds it unenrolled in its grace
    /// (`Rule::GraceAfterUnenrolling`).
    pub(super) fn former_user_in(&self, group: GroupId) -> Option<&UserPrincipalName> {
        self.former.as_ref().filter(|former| former.groups.contains(&group)).map(|former| &former.user)
    }

    /// Whether the user left this group and its grace lasts (`Rule::GraceAfterLeavingGroup`).
    pub(super) fn left_lately(&self, group: GroupId) -> bool {
        self.left_groups.contains_key(&group)
    }

    pub(super) fn next_grace_end(&self) -> Option<Timestamp> {
        self.former.iter().map(|former| former.until).chain(self.left_groups.values().copied()).min()
    }
}

fn keep_latest(left: &mut LeftGroups) {
    // As many as a list may hold, those whose grace lasts longest: whoever sends list after list of other groups
    // would have the device subscribe to all of them.
    let surplus = left.len().saturating_sub(MAX_GROUPS);
    if surplus > 0 {
        let mut ends: Vec<(Timestamp, GroupId)> = left.iter().map(|(group, until)| (*until, *group)).collect();
        ends.sort_unstable();
        ends.truncate(surplus);
        left.retain(|group, until| ends.binary_search(&(*until, *group)).is_err());
    }
}

impl Device {
    /// Replaces the user's groups; those that are left linger.
    pub(super) fn change_groups(&mut self, groups: BTreeSet<GroupId>, now: Timestamp) {
        let grace = self.settings.grace_millis;
        let enrollment = &mut self.state.enrollment;
        let until = now.plus_millis(grace);
        if grace > 0 {
            enrollment.left_groups.extend(enrollment.groups.difference(&groups).map(|group| (*group, until)));
        }
        enrollment.left_groups.retain(|group, _| !groups.contains(group));
        keep_latest(&mut enrollment.left_groups);
        enrollment.groups = groups;
    }

    /// Begins the grace of an enrollment that ended.
    pub(super) fn linger(&mut self, ended: ActiveEnrollment, now: Timestamp) {
        let groups = std::mem::take(&mut self.state.enrollment.groups);
        self.state.enrollment.left_groups.clear();
        if self.settings.grace_millis > 0 && !groups.is_empty() {
            let until = now.plus_millis(self.settings.grace_millis);
            self.state.enrollment.former = Some(FormerEnrollment { user: ended.user, groups, until });
        }
    }

    /// Ends every grace whose time has come.
    pub(super) fn end_graces(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let enrollment = &mut self.state.enrollment;
        if enrollment.next_grace_end().is_none_or(|until| now < until) {
            return;
        }
        enrollment.former.take_if(|former| former.until <= now);
        enrollment.left_groups.retain(|_, until| *until > now);
        effects.extend([DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
    }
}
