//! Certificates for a gateway over HTTPS: an authority that clients trust for this, and the gateway's own.
//!
//! Lives here: making them. Does not live here: writing the files (the command line), reading them (`mqtt`).

use portal_contract::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};

use crate::wall_clock;

/// Everything as PEM.
pub struct GatewayCertificates {
    /// The authority's certificate, which clients trust.
    pub authority: String,
    /// The gateway's certificate, for localhost, 127.0.0.1 and ::1.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// How long they are good, in days: less than the 398 that clients take.
const DAYS: i64 = 365;

/// Makes them. The authority's key is kept nowhere, so that nothing else can ever be signed by it.
///
/// # Errors
/// A sentence; it takes a computer without random bits.
pub fn make_certificates() -> Result<GatewayCertificates, String> {
    let made = || -> Result<GatewayCertificates, rcgen::Error> {
        // By the parts of the day, since the type of a moment is not rcgen's own.
        let day = |moment: Timestamp| {
            let text = moment.to_string();
            let part = |range: std::ops::Range<usize>| text[range].parse::<u16>().unwrap_or(1);
            let (year, month, day) = (part(0..4), part(5..7) as u8, part(8..10) as u8);
            rcgen::date_time_ymd(i32::from(year), month, day)
        };
        let now = wall_clock::now();
        // Yesterday, for clients whose clock is behind.
        let (not_before, not_after) = (day(now.plus_seconds(-86_400)), day(now.plus_seconds(DAYS * 86_400)));
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        authority.distinguished_name.push(DnType::CommonName, "portal-agent gateway authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (authority.not_before, authority.not_after) = (not_before, not_after);
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);
        let mut own = CertificateParams::new(vec!["localhost".to_owned()])?;
        own.subject_alt_names.push(SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()));
        own.subject_alt_names.push(SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()));
        own.distinguished_name.push(DnType::CommonName, "portal-agent gateway");
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        own.use_authority_key_identifier_extension = true;
        (own.not_before, own.not_after) = (not_before, not_after);
        let key = KeyPair::generate()?;
        let certificate = own.signed_by(&key, &issuer)?;
        Ok(GatewayCertificates {
            authority: authority_certificate.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    };
    made().map_err(|_| "this computer made no key; look at its system log".to_owned())
}
