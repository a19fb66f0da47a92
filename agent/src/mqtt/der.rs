//! As much of DER as it takes to say what a certificate or a key is: names, kinds, sizes.
//!
//! Lives here: reading what was refused, for a sentence about it. Does not live here: any decision to trust, which is
//! rustls' alone. A parser of all of X.509 would be a dependency for three names.

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
/// The certificate's explicit version.
const CONTEXT_0: u8 = 0xa0;
/// The parameters of a SEC 1 key: its curve.
const CURVE: u8 = 0xa0;

/// Elements that follow one another.
#[derive(Clone, Copy)]
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The next element: its tag and what is in it.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // A certificate or a key of more than 65,535 bytes needs four.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn next_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// What a certificate says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertificateNames<'a> {
    /// Who signed it, as DER.
    pub issuer: &'a [u8],
    /// Whose it is, as DER.
    pub subject: &'a [u8],
}

impl<'a> CertificateNames<'a> {
    pub(super) fn of(der: &'a [u8]) -> Option<Self> {
        // RFC 5280, 4.1: version (which version 1 leaves out), serial number, method of signing, issuer, validity,
        // subject.
        let certificate = Elements(der).next_of(SEQUENCE)?;
        let mut fields = Elements(Elements(certificate).next_of(SEQUENCE)?);
        let (first, _) = fields.next()?;
        if first == CONTEXT_0 {
            fields.next_of(INTEGER)?;
        }
        fields.next_of(SEQUENCE)?;
        let issuer = fields.next_of(SEQUENCE)?;
        fields.next_of(SEQUENCE)?;
        let subject = fields.next_of(SEQUENCE)?;
        Some(Self { issuer, subject })
    }
}

/// A name as people know it: the common name, else the organisation.
pub(super) fn name_for_people(name: &[u8]) -> Option<String> {
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
    let of_kind = |kind: &[u8]| {
        let mut parts = Elements(name);
        std::iter::from_fn(move || parts.next_of(SET)).find_map(|set| {
            let mut pair = Elements(Elements(set).next_of(SEQUENCE)?);
            if pair.next_of(OBJECT_ID)? != kind {
                return None;
            }
            let (_, text) = pair.next()?;
            // Whoever made the certificate chose it; in a sentence it is cut.
            let text: String = String::from_utf8_lossy(text).chars().take(80).collect();
            (!text.is_empty()).then_some(text)
        })
    };
    of_kind(COMMON_NAME).or_else(|| of_kind(ORGANISATION))
}

/// What kind of key a PKCS#8 key is.
pub(super) fn kind_of_pkcs8(der: &[u8]) -> Option<&'static str> {
    let mut fields = Elements(Elements(der).next_of(SEQUENCE)?);
    fields.next_of(INTEGER)?;
    let mut algorithm = Elements(fields.next_of(SEQUENCE)?);
    // Object ids as they stand in the file: RSA and PSS (RFC 8017), EC (RFC 5480), DSA and Diffie-Hellman (RFC 3279),
    // those of Curve25519 and Curve448 (RFC 8410).
    Some(match algorithm.next_of(OBJECT_ID)? {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] => rsa(kind_of_rsa(fields.next_of(OCTETS)?)),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] => "an RSA key bound to PSS",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => curve(algorithm.next_of(OBJECT_ID).unwrap_or_default()),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => "a DSA key",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01] => "a Diffie-Hellman key",
        [0x2b, 0x65, 0x6e | 0x6f] => "a key for key exchange (X25519 or X448)",
        [0x2b, 0x65, 0x70] => "an Ed25519 key",
        [0x2b, 0x65, 0x71] => "an Ed448 key",
        _ => "a key of an unknown kind",
    })
}

/// What kind of key a SEC 1 key (`EC PRIVATE KEY`) is.
pub(super) fn kind_of_sec1(der: &[u8]) -> Option<&'static str> {
    let mut fields = Elements(Elements(der).next_of(SEQUENCE)?);
    fields.next_of(INTEGER)?;
    fields.next_of(OCTETS)?;
    let named = fields.next_of(CURVE).and_then(|parameters| Elements(parameters).next_of(OBJECT_ID));
    Some(curve(named.unwrap_or_default()))
}

/// The size of an RSA key in bits, from PKCS#1 (`RSA PRIVATE KEY`).
pub(super) fn kind_of_rsa(der: &[u8]) -> Option<usize> {
    let mut fields = Elements(Elements(der).next_of(SEQUENCE)?);
    fields.next_of(INTEGER)?;
    let modulus = fields.next_of(INTEGER)?;
    let significant = modulus.iter().position(|&byte| byte != 0).map_or(&[][..], |first| &modulus[first..]);
    let zeros = significant.first().map_or(0, |byte| byte.leading_zeros() as usize);
    Some(significant.len() * 8 - zeros)
}

/// An RSA key by its size in bits.
pub(super) fn rsa(bits: Option<usize>) -> &'static str {
    match bits {
        Some(0..2048) => "an RSA key of less than 2048 bits",
        Some(2048..=8192) => "an RSA key",
        Some(_) => "an RSA key of more than 8192 bits",
        None => "a damaged RSA key",
    }
}

fn curve(object_id: &[u8]) -> &'static str {
    match object_id {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => "an EC key on P-256",
        [0x2b, 0x81, 0x04, 0x00, 0x22] => "an EC key on P-384",
        [0x2b, 0x81, 0x04, 0x00, 0x23] => "an EC key on P-521",
        [0x2b, 0x81, 0x04, 0x00, 0x0a] => "an EC key on secp256k1",
        [] => "an EC key whose curve is not named",
        _ => "an EC key on a curve that TLS does not use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    #[test]
    fn a_certificates_names_are_read() {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Contoso");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let names = CertificateNames::of(certificate.der()).unwrap();
        assert_eq!(names.issuer, names.subject);
        assert_eq!(name_for_people(names.subject).as_deref(), Some("Contoso"));
        params.distinguished_name.push(DnType::CommonName, "broker");
        let certificate = params.self_signed(&key).unwrap();
        let names = CertificateNames::of(certificate.der()).unwrap();
        assert_eq!(name_for_people(names.subject).as_deref(), Some("broker"));
        assert_eq!(kind_of_pkcs8(key.serialized_der()), Some("an EC key on P-256"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_reader(mut bytes in prop::collection::vec(any::<u8>(), 0..200), start in any::<bool>()) {
            if start && bytes.len() > 8 {
                bytes[0] = SEQUENCE;
                bytes[1] = u8::try_from(bytes.len() - 2).unwrap_or(0x7f).min(0x7f);
            }
            let _ = (kind_of_pkcs8(&bytes), kind_of_sec1(&bytes), kind_of_rsa(&bytes), name_for_people(&bytes));
            let _ = CertificateNames::of(&bytes);
        }
    }
}
