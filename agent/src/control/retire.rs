//! `retire`: the end of the enrollment.

use super::call::plain_calls;
use crate::device::Command;

plain_calls! {
    Retire: "retire", "End the enrollment; app and permission stay" => Command::Retire;
}
