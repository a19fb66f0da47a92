//! `enroll`: the device's enrollment with Intune.

use std::collections::BTreeSet;

use portal_shared::{GroupId, UserPrincipalName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Fault};
use crate::device::Command;

/// Enrolls the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enroll {
    /// Who enrolls it.
    pub user: UserPrincipalName,
    /// The user's groups, until the broker's list says otherwise; the list last heard where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<GroupId>>,
}

impl Call for Enroll {
    const PATH: &'static str = "enroll";
    const SUMMARY: &'static str = "Enroll the device with Intune";

    fn command(self) -> Result<Command, Fault> {
        Ok(Command::Enroll { user: self.user, groups: self.groups })
    }
}
