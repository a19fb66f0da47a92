//! Times as the contract writes them: any RFC 3339 offset is read, UTC with milliseconds and `Z` is written.
//!
//! Lives here: the one type for a moment. Does not live here: a clock.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A duration in whole milliseconds, as far as they can be counted in 64 bits.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A moment, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment this many milliseconds after 1970-01-01T00:00:00Z, kept within the years 1900 to 9000.
    pub fn from_millis(millis: i64) -> Self {
        const YEAR_1900: i64 = -2_208_988_800_000;
        const YEAR_9000: i64 = 221_845_392_000_000;
        Self(millis.clamp(YEAR_1900, YEAR_9000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment and `millis` milliseconds more (fewer, where negative).
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This moment and `seconds` more.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this moment; negative where it is later.
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Self::from_millis(moment.as_millisecond())
    }
}

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time; write it like 2026-11-23T09:00:00.000Z")]
pub struct TimestampError;

/// Whether the text has RFC 3339's form. jiff reads more forms than the contract does: without seconds, without
/// separators, with a zone's name.
fn has_form(text: &str) -> bool {
    // jiff alone takes more than RFC 3339 (other ISO 8601 forms, names of time zones in brackets), which the next
    // reader of the payload may refuse.
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let fits = |(form, byte): (&u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        other => other == byte,
    };
    let Some((date_time, rest)) = bytes.split_at_checked(FORM.len()) else { return false };
    let digits = rest.strip_prefix(b".").map_or(0, |rest| 1 + rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let offset = &rest[digits..];
    let offset_fits = match offset {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', digits @ ..] => {
            // RFC 3339 has no offset of a day and more; jiff takes up to 25 hours.
            let in_a_day = matches!(digits, [b'0' | b'1', ..] | [b'2', b'0'..=b'3', ..]);
            let in_an_hour = matches!(digits, [_, _, _, b'0'..=b'5', _]);
            in_a_day && in_an_hour && b"dd:dd".iter().zip(digits).all(fits)
        }
        _ => false,
    };
    FORM.iter().zip(date_time).all(fits) && digits != 1 && offset_fits
}

fn within_nanoseconds(text: &str) -> Cow<'_, str> {
    // RFC 3339 allows any number of digits, jiff takes nine, and three are kept: those beyond are dropped, not
    // refused.
    let Some(fraction) = text.get(20..).filter(|_| text.as_bytes()[19] == b'.') else { return text.into() };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits <= 9 { text.into() } else { format!("{}{}", &text[..29], &fraction[digits..]).into() }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if !has_form(text) {
            return Err(TimestampError);
        }
        match within_nanoseconds(text).parse::<jiff::Timestamp>() {
            Ok(moment) => Ok(moment.into()),
            // jiff's instants end a day before the year 9999 does, which is how others write "never".
            Err(_) if text.starts_with("9999-12-3") && text[..19].parse::<jiff::civil::DateTime>().is_ok() => {
                Ok(Self::from_millis(i64::MAX))
            }
            Err(_) => Err(TimestampError),
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> String {
        moment.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within range by construction: every constructor clamps to years that jiff knows.
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{moment:.3}")
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_read_and_utc_with_milliseconds_is_written() {
        let moment: Timestamp = "2026-11-23T10:00:00+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T09:00:00.000Z");
        assert_eq!(moment.plus_millis(1).to_string(), "2026-11-23T09:00:00.001Z");
    }

    #[test]
    fn only_rfc_3339_is_read_and_never_is_a_time() {
        for good in ["9999-12-31T23:59:59Z", "2026-11-23t09:00:00.123456789z", "0001-01-01T00:00:00-01:00"] {
            assert!(good.parse::<Timestamp>().is_ok(), "{good}");
        }
        for bad in [
            "2026-11-23T09:00Z",
            "20261123T090000Z",
            "2026-11-23T09:00:00+01:00[Europe/Paris]",
            "2026-11-23T09:00:00",
            "2026-11-23T09:00:00.Z",
            "2026-13-23T09:00:00Z",
            "9999-12-39T09:00:00Z",
            "2026-11-23T09:00:00+24:00",
            "2026-11-23T09:00:00+01:60",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:00:00.1234567890",
            "2026-11-23T09:00:00.12345678x0Z",
            "2026-11-23T09:00:61Z",
            "noon",
            "",
            "日本語日本語日本語",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimestampError), "{bad}");
        }
    }

    #[test]
    fn a_fraction_has_any_number_of_digits_and_the_rest_of_rfc_3339_is_read() {
        let read = |text: &str| text.parse::<Timestamp>().map(|moment| moment.to_string());
        for digits in 1..=100 {
            let text = format!("2026-11-25T10:00:00.{}+01:00", &"1234567890".repeat(10)[..digits]);
            let milliseconds = format!("{:0<3}", &"123"[..digits.min(3)]);
            assert_eq!(read(&text), Ok(format!("2026-11-25T09:00:00.{milliseconds}Z")), "{text}");
        }
        // The first that has one more digit than .NET's, Java's and Go's nanoseconds.
        assert_eq!(read("2026-11-25T10:00:00.1234567890Z").unwrap(), "2026-11-25T10:00:00.123Z");
        assert_eq!(read("2026-11-25T10:00:00-00:00").unwrap(), "2026-11-25T10:00:00.000Z");
        assert_eq!(read("2026-11-25T10:00:00+23:59").unwrap(), "2026-11-24T10:01:00.000Z");
        assert!(read("2016-12-31T23:59:60Z").unwrap().starts_with("2016-12-31T23:59:59"));
        assert!(read("9999-12-31T23:59:59.99999999999999Z").is_ok());
    }

    #[test]
    fn no_arithmetic_overflows() {
        let far = Timestamp::from_millis(i64::MAX).plus_seconds(i64::MAX);
        assert!(far.to_string().starts_with("9000-"));
        assert!(Timestamp::from_millis(i64::MIN).to_string().starts_with("1900-"));
    }
}
