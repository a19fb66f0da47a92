//! Groups and who is in them.
//!
//! Lives here: members, nested groups, what a device's list of groups is to be (contract 2). Does not live here: devices (`tenant`).

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::service::MAX_GROUPS;
use portal_contract::{DeviceId, GroupId, UserPrincipalName};
use serde::{Deserialize, Serialize};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its name.
    pub display_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its users.
    #[serde(default)]
    pub users: BTreeSet<UserPrincipalName>,
    /// The groups in it.
    #[serde(default)]
    pub groups: BTreeSet<GroupId>,
    /// The devices in it, which a custom notification ignores (facts 1.4).
    #[serde(default)]
    pub devices: BTreeSet<DeviceId>,
}

impl Group {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            display_name: name.to_owned(),
            description: None,
            users: BTreeSet::new(),
            groups: BTreeSet::new(),
            devices: BTreeSet::new(),
        }
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member {
    User(UserPrincipalName),
    Group(GroupId),
    Device(DeviceId),
}

/// The groups of a tenant; what is kept of them over a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The groups, by id.
    pub groups: BTreeMap<GroupId, Group>,
}

impl Directory {
    /// The groups that a user is in directly.
    pub(crate) fn groups_of(&self, user: &UserPrincipalName) -> BTreeSet<GroupId> {
        self.groups.iter().filter(|(_, group)| group.users.contains(user)).map(|(id, _)| *id).collect()
    }

    /// These groups and those in them, however deep, each once: a circle ends.
    pub(crate) fn with_nested(&self, named: &[GroupId]) -> BTreeSet<GroupId> {
        let mut found = BTreeSet::new();
        let mut open = named.to_vec();
        while let Some(id) = open.pop() {
            if let Some(group) = self.groups.get(&id).filter(|_| found.insert(id)) {
                open.extend(group.groups.iter().copied());
            }
        }
        found
    }

    /// The users of these groups.
    pub(crate) fn users_of(&self, groups: &BTreeSet<GroupId>) -> BTreeSet<&UserPrincipalName> {
        groups.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| &group.users).collect()
    }

    /// Puts a member into a group; whether it was not in it.
    ///
    /// # Errors
    /// The user would be in more groups than a device's list holds (contract 2).
    pub(crate) fn add(&mut self, id: GroupId, member: &Member) -> Result<bool, usize> {
        // Refused here: a list that is too long would be refused by every device that reads it, long after the call was answered.
        if let Member::User(user) = member
            && self.groups_of(user).len() >= MAX_GROUPS
        {
            return Err(MAX_GROUPS);
        }
        let Some(group) = self.groups.get_mut(&id) else { return Ok(false) };
        Ok(match member {
            Member::User(user) => group.users.insert(user.clone()),
            Member::Group(inner) => group.groups.insert(*inner),
            Member::Device(device) => group.devices.insert(*device),
        })
    }

    /// Takes a member out of a group; whether it was in it.
    pub(crate) fn remove(&mut self, id: GroupId, member: &Member) -> bool {
        let Some(group) = self.groups.get_mut(&id) else { return false };
        match member {
            Member::User(user) => group.users.remove(user),
            Member::Group(inner) => group.groups.remove(inner),
            Member::Device(device) => group.devices.remove(device),
        }
    }

    /// Takes in what a device's list says of its user, which another service may have written. A list that is heard for the
    /// first time only adds; a later one also takes away.
    pub(crate) fn learn(&mut self, user: &UserPrincipalName, list: &BTreeSet<GroupId>, is_change: bool) {
        for id in list {
            let group = self.groups.entry(*id).or_insert_with(|| Group::named(&id.to_string()));
            group.users.insert(user.clone());
        }
        if is_change {
            for (_, group) in self.groups.iter_mut().filter(|(id, _)| !list.contains(id)) {
                group.users.remove(user);
            }
        }
    }

    /// Takes a group away, also out of those that it is in; its users, whose lists change.
    pub(crate) fn delete(&mut self, id: GroupId) -> Option<BTreeSet<UserPrincipalName>> {
        let gone = self.groups.remove(&id)?;
        // A group that no longer exists may not be sent to by way of another.
        for group in self.groups.values_mut() {
            group.groups.remove(&id);
        }
        Some(gone.users)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u128) -> GroupId {
        GroupId::from_random(n)
    }

    fn user(name: &str) -> UserPrincipalName {
        format!("{name}@contoso.example").parse().unwrap()
    }

    fn directory(count: u128) -> Directory {
        Directory { groups: (0..count).map(|n| (id(n), Group::named("g"))).collect() }
    }

    #[test]
    fn nested_groups_are_reached_and_a_circle_ends() {
        let mut directory = directory(3);
        for (outer, inner) in [(0, 1), (1, 2), (2, 0)] {
            directory.add(id(outer), &Member::Group(id(inner))).unwrap();
        }
        directory.add(id(2), &Member::User(user("adele"))).unwrap();
        let reached = directory.with_nested(&[id(0)]);
        assert_eq!(reached.len(), 3);
        assert!(directory.users_of(&reached).contains(&user("adele")));
        assert_eq!(directory.with_nested(&[id(9)]).len(), 0);
    }

    #[test]
    fn a_deleted_group_is_gone_everywhere() {
        let mut directory = directory(2);
        directory.add(id(0), &Member::Group(id(1))).unwrap();
        directory.add(id(1), &Member::User(user("adele"))).unwrap();
        assert_eq!(directory.delete(id(1)), Some(BTreeSet::from([user("adele")])));
        assert!(directory.groups[&id(0)].groups.is_empty() && directory.groups_of(&user("adele")).is_empty());
    }

    #[test]
    fn a_user_is_in_a_thousand_groups_at_most() {
        let mut directory = directory(1001);
        let adele = Member::User(user("adele"));
        for n in 0..1000 {
            assert_eq!(directory.add(id(n), &adele), Ok(true));
        }
        assert_eq!(directory.add(id(1000), &adele), Err(1000));
    }

    proptest! {
        #[test]
        fn a_changed_list_is_what_the_user_is_in(first in prop::collection::btree_set(0..8_u128, 0..8), second in prop::collection::btree_set(0..8_u128, 0..8)) {
            let (mut directory, adele) = (directory(4), user("adele"));
            let ids = |of: &BTreeSet<u128>| of.iter().map(|n| id(*n)).collect::<BTreeSet<_>>();
            directory.learn(&adele, &ids(&first), false);
            directory.learn(&adele, &ids(&second), true);
            prop_assert_eq!(directory.groups_of(&adele), ids(&second));
        }
    }
}
