//! Graph's vocabulary for a managed device (facts 3), as far as a phone or tablet can have it.
//!
//! Lives here: the words, each spelled as Graph spells it. Does not live here: what they do to a push (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Words of one Graph type: the enum, its list, its spelling both ways.
macro_rules! graph_words {
    ($(#[$about:meta])* $name:ident as $graph:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display,
            strum::EnumString, strum::IntoStaticStr, VariantArray,
        )]
        #[strum(parse_err_ty = String, parse_err_fn = Self::unknown)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] #[strum(serialize = $word)] $variant,)+
        }

        impl $name {
            /// Every word that a phone or tablet can have.
            pub const ALL: &'static [Self] = Self::VARIANTS;

            /// The word as Graph spells it.
            pub fn word(self) -> &'static str {
                self.into()
            }

            fn unknown(text: &str) -> String {
                let words: Vec<&str> = Self::ALL.iter().map(|known| known.word()).collect();
                format!("{text:?} is no {} of a phone or tablet; choose {}", $graph, words.join(", "))
            }
        }
    };
}

graph_words! {
    /// Who owns the device (`managedDeviceOwnerType`).
    ManagedDeviceOwnerType as "managedDeviceOwnerType" {
        /// Not known.
        Unknown = "unknown",
        /// The company.
        Company = "company",
        /// The user.
        Personal = "personal",
    }
}

graph_words! {
    /// How the device was enrolled (`deviceEnrollmentType`, with beta's members).
    DeviceEnrollmentType as "deviceEnrollmentType" {
        /// User-driven; what a personally-owned work profile has too.
        UserEnrollment = "userEnrollment",
        /// By a device enrollment manager.
        DeviceEnrollmentManager = "deviceEnrollmentManager",
        /// Apple bulk with a user.
        AppleBulkWithUser = "appleBulkWithUser",
        /// Apple bulk without a user.
        AppleBulkWithoutUser = "appleBulkWithoutUser",
        /// Apple User Enrollment.
        AppleUserEnrollment = "appleUserEnrollment",
        /// Apple User Enrollment with a service account.
        AppleUserEnrollmentWithServiceAccount = "appleUserEnrollmentWithServiceAccount",
        /// Apple account-driven User Enrollment.
        AppleAccountDrivenUserEnrollment = "appleAccountDrivenUserEnrollment",
        /// Android Enterprise fully managed.
        AndroidEnterpriseFullyManaged = "androidEnterpriseFullyManaged",
        /// Android Enterprise corporate-owned work profile.
        AndroidEnterpriseCorporateWorkProfile = "androidEnterpriseCorporateWorkProfile",
        /// Android Enterprise dedicated.
        AndroidEnterpriseDedicatedDevice = "androidEnterpriseDedicatedDevice",
        /// Android (AOSP), owned by a user.
        AndroidAospUserOwned = "androidAOSPUserOwnedDeviceEnrollment",
        /// Android (AOSP), without a user.
        AndroidAospUserless = "androidAOSPUserlessDeviceEnrollment",
    }
}

impl DeviceEnrollmentType {
    /// Whether only Apple's devices can have it.
    pub fn is_apples(self) -> bool {
        // By Graph's spelling, which names the platform where a kind of enrollment is one platform's alone: a kind
        // that Graph adds sorts itself.
        self.word().starts_with("apple")
    }

    /// Whether only Android devices can have it.
    pub fn is_androids(self) -> bool {
        self.word().starts_with("android")
    }

    /// Whether it is one of Apple's User Enrollments, which the notifications payload does not reach (facts 4.1).
    pub fn is_apple_user_enrollment(self) -> bool {
        matches!(
            self,
            Self::AppleUserEnrollment
                | Self::AppleUserEnrollmentWithServiceAccount
                | Self::AppleAccountDrivenUserEnrollment
        )
    }

    /// Whether it comes with a work profile on Android (facts 1.2, 3: a personally-owned one is `userEnrollment`).
    pub fn has_work_profile(self) -> bool {
        matches!(self, Self::UserEnrollment | Self::AndroidEnterpriseCorporateWorkProfile)
    }
}

graph_words! {
    /// What management is about to do or has done with the device (`managementState`).
    ManagementState as "managementState" {
        /// Under management.
        Managed = "managed",
        /// A retire waits for the device to check in.
        RetirePending = "retirePending",
        /// A retire failed; still under management.
        RetireFailed = "retireFailed",
        /// A wipe waits for the device to check in.
        WipePending = "wipePending",
        /// A wipe failed; still under management.
        WipeFailed = "wipeFailed",
        /// Unhealthy.
        Unhealthy = "unhealthy",
        /// A delete waits for the device to check in.
        DeletePending = "deletePending",
        /// A retire was handed to the device.
        RetireIssued = "retireIssued",
        /// A wipe was handed to the device.
        WipeIssued = "wipeIssued",
        /// A wipe was called off.
        WipeCanceled = "wipeCanceled",
        /// A retire was called off.
        RetireCanceled = "retireCanceled",
        /// Seen, not fully enrolled.
        Discovered = "discovered",
    }
}

graph_words! {
    /// How the device is registered with the directory (`deviceRegistrationState`).
    DeviceRegistrationState as "deviceRegistrationState" {
        /// Not registered.
        NotRegistered = "notRegistered",
        /// Registered.
        Registered = "registered",
        /// Blocked, wiped or retired.
        Revoked = "revoked",
        /// Two devices claim one key.
        KeyConflict = "keyConflict",
        /// Waits for approval.
        ApprovalPending = "approvalPending",
        /// Its certificate was reset.
        CertificateReset = "certificateReset",
        /// Not registered, its enrollment pending.
        NotRegisteredPendingEnrollment = "notRegisteredPendingEnrollment",
        /// Not known.
        Unknown = "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_an_unknown_one_lists_them() {
        for state in ManagementState::ALL {
            assert_eq!(state.word().parse(), Ok(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
        let error = "managd".parse::<ManagementState>().unwrap_err();
        assert!(error.contains("managementState") && error.contains("retirePending"), "{error}");
    }

    #[test]
    fn an_enrollment_type_is_one_platforms_or_both() {
        for kind in DeviceEnrollmentType::ALL {
            assert!(!(kind.is_apples() && kind.is_androids()));
        }
        let both: Vec<_> =
            DeviceEnrollmentType::ALL.iter().filter(|kind| !kind.is_apples() && !kind.is_androids()).collect();
        assert_eq!(both, [&DeviceEnrollmentType::UserEnrollment, &DeviceEnrollmentType::DeviceEnrollmentManager]);
    }
}
