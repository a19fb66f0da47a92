//! Which device this state directory holds: made at the first start, kept at later ones (contract 5).
//!
//! Lives here: what a start asks for against what is kept; pure. Does not live here: where either comes from.

use portal_contract::{DeviceId, NewDevice, OperatingSystem};

use portal_device::{DeviceCommand, DeviceIdentity, OsVersion};

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

/// The device that is asked for; `random` are 128 random bits for its id where none is given.
pub(super) fn identity(new: NewDevice, random: u128) -> DeviceIdentity {
    let operating_system = new.platform.unwrap_or(OperatingSystem::Ios);
    let name = new.device_name.as_ref().map_or_else(|| new.kind().to_owned(), ToString::to_string);
    let os_version = new.os_version.unwrap_or_else(|| OsVersion::newest(operating_system));
    DeviceIdentity {
        id: new.device_id.unwrap_or_else(|| DeviceId::from_random(random)),
        name,
        tenant: new.tenant.unwrap_or_default(),
        operating_system,
        first_os_version: os_version.clone(),
        os_version,
    }
}

/// What a start that asks for `asked` changes of a kept device: only its name may be another.
///
/// # Errors
/// Anything else that differs.
pub(super) fn changes(asked: NewDevice, kept: &DeviceIdentity) -> Result<Vec<DeviceCommand>, Contradiction> {
    same("platform", &kept.operating_system, asked.platform.as_ref())?;
    same("id", &kept.id, asked.device_id.as_ref())?;
    same("tenant", &kept.tenant, asked.tenant.as_ref())?;
    // The version that it was made with stays right in a settings file after an `os update`.
    if asked.os_version.as_ref() != Some(&kept.first_os_version) {
        same("OS version", &kept.os_version, asked.os_version.as_ref())?;
    }
    let renamed = asked.device_name.filter(|name| name.as_str() != kept.name);
    Ok(renamed.map(|name| DeviceCommand::Rename { name: name.to_string() }).into_iter().collect())
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
        let iphone = identity(NewDevice::default(), 7);
        assert_eq!((iphone.operating_system, iphone.os_version.to_string()), (OperatingSystem::Ios, "27".to_owned()));
        let asked = NewDevice { platform: Some(OperatingSystem::Android), ..NewDevice::default() };
        assert_eq!(identity(asked, 7).os_version.to_string(), "17");
    }

    #[test]
    fn later_starts_keep_the_device_and_only_rename_it() {
        let kept = identity(NewDevice { os_version: version("18"), ..NewDevice::default() }, 7);
        assert_eq!(changes(NewDevice::default(), &kept), Ok(Vec::new()));
        let renaming = NewDevice { device_name: Some("Adele's".parse().unwrap()), ..NewDevice::default() };
        assert_eq!(changes(renaming, &kept), Ok(vec![DeviceCommand::Rename { name: "Adele's".to_owned() }]));
        let other = NewDevice { platform: Some(OperatingSystem::Android), ..NewDevice::default() };
        assert!(changes(other, &kept).unwrap_err().to_string().contains("--state-dir"));
        let updated = DeviceIdentity { os_version: "26".parse().unwrap(), ..kept };
        for (asked, fits) in [("18", true), ("26", true), ("17", false)] {
            let asked = NewDevice { os_version: version(asked), ..NewDevice::default() };
            assert_eq!(changes(asked, &updated).is_ok(), fits);
        }
    }
}
