//! Which device this state directory holds: made at the first start, kept at later ones (contract 5).
//!
//! Lives here: what a start asks for against what is kept; pure. Does not live here: where either comes from.

use portal_contract::{DeviceId, OperatingSystem, Tenant};

use portal_device::{DeviceCommand, DeviceIdentity, OsVersion};

/// What a start asks for; each part may be left open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The platform.
    pub platform: Option<OperatingSystem>,
    /// The platform's version.
    pub os_version: Option<OsVersion>,
    /// The device's id.
    pub id: Option<DeviceId>,
    /// The device's name.
    pub name: Option<String>,
    /// The tenant.
    pub tenant: Option<Tenant>,
}

/// A start asks for another device than the state directory holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the state directory holds a device with {what} {kept}, and this start asks for {asked}; \
     leave it out, or use another --state-dir for another device"
)]
pub struct Contradiction {
    /// Which part of the identity.
    pub what: &'static str,
    /// What is kept.
    pub kept: String,
    /// What was asked for.
    pub asked: String,
}

impl Asked {
    /// A new device; `random` are 128 random bits for its id where none is given.
    pub fn new_device(self, random: u128) -> DeviceIdentity {
        let operating_system = self.platform.unwrap_or(OperatingSystem::Ios);
        let os_version = self.os_version.unwrap_or_else(|| OsVersion::newest(operating_system));
        let kind = match operating_system {
            OperatingSystem::Ios => "iPhone",
            OperatingSystem::IpadOs => "iPad",
            OperatingSystem::Android => "Android phone",
        };
        DeviceIdentity {
            id: self.id.unwrap_or_else(|| DeviceId::from_random(random)),
            name: self.name.unwrap_or_else(|| kind.to_owned()),
            tenant: self.tenant.unwrap_or_default(),
            operating_system,
            first_os_version: os_version.clone(),
            os_version,
        }
    }

    /// The kept device's changes: only its name may be another.
    ///
    /// # Errors
    /// Anything else that differs.
    pub fn against(self, kept: &DeviceIdentity) -> Result<Vec<DeviceCommand>, Contradiction> {
        same("platform", &kept.operating_system, self.platform.as_ref())?;
        same("id", &kept.id, self.id.as_ref())?;
        same("tenant", &kept.tenant, self.tenant.as_ref())?;
        // The version that it was made with stays right in a settings file after an `os update`.
        if self.os_version.as_ref() != Some(&kept.first_os_version) {
            same("OS version", &kept.os_version, self.os_version.as_ref())?;
        }
        let renamed = self.name.filter(|name| *name != kept.name);
        Ok(renamed.map(|name| DeviceCommand::Rename { name }).into_iter().collect())
    }
}

fn same<T: PartialEq + ToString>(what: &'static str, kept: &T, asked: Option<&T>) -> Result<(), Contradiction> {
    match asked {
        Some(asked) if asked != kept => Err(Contradiction { what, kept: kept.to_string(), asked: asked.to_string() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Option<OsVersion> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_new_device_is_an_iphone_unless_asked_otherwise() {
        let iphone = Asked::default().new_device(7);
        assert_eq!((iphone.operating_system, iphone.os_version.to_string()), (OperatingSystem::Ios, "26".to_owned()));
        let asked = Asked { platform: Some(OperatingSystem::Android), ..Asked::default() };
        assert_eq!(asked.new_device(7).os_version.to_string(), "16");
    }

    #[test]
    fn later_starts_keep_the_device_and_only_rename_it() {
        let kept = Asked { os_version: version("18"), ..Asked::default() }.new_device(7);
        assert_eq!(Asked::default().against(&kept), Ok(Vec::new()));
        let renaming = Asked { name: Some("Adele's".to_owned()), ..Asked::default() };
        assert_eq!(renaming.against(&kept), Ok(vec![DeviceCommand::Rename { name: "Adele's".to_owned() }]));
        let other = Asked { platform: Some(OperatingSystem::Android), ..Asked::default() };
        assert!(other.against(&kept).unwrap_err().to_string().contains("--state-dir"));
        let updated = DeviceIdentity { os_version: "26".parse().unwrap(), ..kept };
        for (asked, fits) in [("18", true), ("26", true), ("17", false)] {
            let asked = Asked { os_version: version(asked), ..Asked::default() };
            assert_eq!(asked.against(&updated).is_ok(), fits);
        }
    }
}
