//! Who may do what: Intune's built-in roles, as far as the calls here need them (facts 1.5).
//!
//! Lives here: roles and what each permits. Does not live here: which token has which role (`tokens`).

use serde::Serialize;

fn unknown_role(text: &str) -> String {
    format!("{text:?} is no role; choose admin, helpdesk or reader")
}

/// A caller's role.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown_role)]
pub enum Role {
    /// Intune Administrator: everything.
    Admin,
    /// Help Desk Operator: sends to a device, not to groups, since it may only read *Organization* (facts 1.5).
    Helpdesk,
    /// Read Only Operator: reads.
    Reader,
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Permission {
    /// Reading devices, users and groups.
    Read,
    /// *Remote tasks > Send custom notifications*.
    SendToDevice,
    /// *Organization > Update*, which a send to groups needs.
    SendToGroups,
    /// Retire, wipe and sync.
    RemoteTask,
    /// *Managed devices > Delete*.
    DeleteDevice,
    /// Making and changing groups.
    WriteGroups,
    /// Moving the gateway's clock.
    MoveClock,
}

impl Role {
    /// The word as the tokens file has it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whether the role permits it.
    ///
    /// What Help Desk Operator may do beside reading and sending is derived: it "performs remote tasks".
    pub fn may(self, permission: Permission) -> bool {
        match self {
            Self::Admin => true,
            Self::Helpdesk => {
                matches!(permission, Permission::Read | Permission::SendToDevice | Permission::RemoteTask)
            }
            Self::Reader => permission == Permission::Read,
        }
    }
}

impl Permission {
    /// What is missing, in the words of Intune's roles and Graph's scopes (facts 1.5, 2.3).
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Read => "Managed devices > Read (DeviceManagementManagedDevices.Read.All)",
            Self::SendToDevice => {
                "Remote tasks > Send custom notifications (DeviceManagementManagedDevices.ReadWrite.All)"
            }
            Self::SendToGroups => "Organization > Update (DeviceManagementConfiguration.ReadWrite.All)",
            Self::RemoteTask => "Remote tasks (DeviceManagementManagedDevices.PrivilegedOperations.All)",
            Self::DeleteDevice => "Managed devices > Delete (DeviceManagementManagedDevices.ReadWrite.All)",
            Self::WriteGroups => "Group.ReadWrite.All",
            Self::MoveClock => "the gateway's role admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn a_help_desk_operator_sends_to_a_device_and_not_to_groups() {
        assert!(Role::Helpdesk.may(Permission::SendToDevice) && !Role::Helpdesk.may(Permission::SendToGroups));
        assert!(Permission::VARIANTS.iter().all(|permission| Role::Admin.may(*permission)));
        let readers = Permission::VARIANTS.iter().filter(|permission| Role::Reader.may(**permission));
        assert_eq!(readers.collect::<Vec<_>>(), [&Permission::Read]);
    }

    #[test]
    fn an_unknown_role_is_told_the_known_ones() {
        assert!("boss".parse::<Role>().unwrap_err().contains("helpdesk"));
        assert_eq!("admin".parse(), Ok(Role::Admin));
    }
}
