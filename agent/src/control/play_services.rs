//! `play-services install|remove`: Google Play Services, on Android.

use super::call::plain_calls;
use portal_device::DeviceCommand;

plain_calls! {
    Install: "play-services/install", "Install Google Play Services (Android)" => DeviceCommand::PlayServices { installed: true };
    Remove: "play-services/remove", "Remove Google Play Services (Android)" => DeviceCommand::PlayServices { installed: false };
}
