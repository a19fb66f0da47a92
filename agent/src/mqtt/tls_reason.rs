//! What an error of rustls or webpki means, in a sentence about the broker or its certificate.
//!
//! Lives here: one match for each of their enums. Does not live here: the verification (rustls'), the connection's other
//! ends (`connection_failure`). Where an enum may grow, the rest has a neutral sentence: a library's own text is printed nowhere.

use rustls::{AlertDescription as Alert, CertificateError, Error as RustlsError, InconsistentKeys, PeerIncompatible};
use rustls_pki_types::UnixTime;

use super::certificate::ChainError;

/// Why there is no TLS connection; `host` is the name that was dialled. It goes on after "no TLS connection to URL: ".
pub(super) fn tls_reason(error: &RustlsError, host: &str) -> String {
    let reason = match error {
        RustlsError::InvalidCertificate(error) => return certificate_reason(error, host),
        RustlsError::AlertReceived(alert) => return alert_reason(*alert, host),
        RustlsError::PeerIncompatible(error) => incompatible_reason(error),
        RustlsError::InvalidMessage(_) => "what it sends is not TLS; use its TLS port, or mqtt:// for this one",
        RustlsError::NoCertificatesPresented => "it shows no certificate; give the broker one",
        RustlsError::InappropriateMessage { .. }
        | RustlsError::InappropriateHandshakeMessage { .. }
        | RustlsError::PeerMisbehaved(_)
        | RustlsError::PeerSentOversizedRecord
        | RustlsError::NoApplicationProtocol
        | RustlsError::InvalidEncryptedClientHello(_) => {
            "it breaks the rules of TLS; look at the broker's log and version"
        }
        RustlsError::DecryptError => {
            "what it sends cannot be decrypted; something between here and it changes the data"
        }
        RustlsError::UnsupportedNameType => "its name in the URL is not one that a certificate can be for",
        RustlsError::FailedToGetCurrentTime => "this computer has no valid time; set its clock",
        RustlsError::FailedToGetRandomBytes => "this computer gave no random bits",
        RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the client key is not the client certificate's"
        }
        RustlsError::InconsistentKeys(_) => "the client key cannot be compared with the client certificate",
        RustlsError::InvalidCertRevocationList(_)
        | RustlsError::EncryptError
        | RustlsError::HandshakeNotComplete
        | RustlsError::BadMaxFragmentSize
        | RustlsError::General(_)
        | RustlsError::Other(_) => "TLS failed on this side; look at the broker's log",
        _ => "TLS failed; look at the broker's log",
    };
    reason.to_owned()
}

/// Why the broker's certificate does not verify.
fn certificate_reason(error: &CertificateError, host: &str) -> String {
    use CertificateError as E;
    let reason = match error {
        E::ExpiredContext { not_after, .. } => {
            return format!(
                "its certificate, or one that signed it, expired on {}; renew it, or check this computer's clock",
                day(*not_after)
            );
        }
        E::NotValidYetContext { not_before, .. } => {
            return format!(
                "its certificate, or one that signed it, is not valid before {}; check this computer's clock",
                day(*not_before)
            );
        }
        E::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            return format!(
                "its certificate holds no subjectAltName, and a name that stands in the CN alone counts nowhere any more; \
                 make it with the name {host} (openssl: -addext subjectAltName={})",
                alternative_name(host)
            );
        }
        E::NotValidForNameContext { presented, .. } => {
            return format!(
                "its certificate is not for the name {host}, but for {}; use a name that the certificate holds",
                names(presented)
            );
        }
        E::Other(other) => {
            if let Some(chain) = other.0.downcast_ref::<ChainError>() {
                return chain.to_string();
            }
            match other.0.downcast_ref::<webpki::Error>() {
                Some(error) => webpki_reason(error),
                None => "its certificate does not verify",
            }
        }
        E::Expired => "its certificate has expired; renew it, or check this computer's clock",
        E::NotValidYet => "its certificate is not valid yet; check this computer's clock",
        E::NotValidForName => return format!("its certificate is not for the name {host}"),
        E::UnknownIssuer => "its certificate comes from an authority that is not trusted; give the broker's CA file",
        E::BadSignature => {
            "its certificate was not signed by the key of the authority that it names: an authority of that name was \
             made anew, perhaps; give the CA file that goes with the broker's certificate"
        }
        E::BadEncoding => "its certificate is damaged; make it anew",
        E::Revoked => "its certificate was revoked; renew it",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "its certificate is not for servers (extended key usage); make one with serverAuth in it"
        }
        E::UnhandledCriticalExtension => {
            "its certificate has a critical extension that this program does not know; make it without one"
        }
        E::UnsupportedSignatureAlgorithmContext { .. } => {
            "its certificate is signed with a method that is no longer trusted or not known here (SHA-1, MD5, DSA, …); \
             sign it with SHA-256 and an RSA, P-256, P-384 or Ed25519 key"
        }
        E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate has a key of a kind or curve that is not known here; use RSA, P-256, P-384 or Ed25519"
        }
        E::UnknownRevocationStatus
        | E::ExpiredRevocationList
        | E::ExpiredRevocationListContext { .. }
        | E::InvalidOcspResponse => "whether its certificate was revoked cannot be told",
        E::ApplicationVerificationFailure => "its certificate does not verify",
        _ => "its certificate does not verify, for a reason that has no sentence here; openssl verify tells more",
    };
    reason.to_owned()
}

/// What webpki says and rustls hands on as it is; each also in the sense of a CA file's certificate.
pub(super) fn webpki_reason(error: &webpki::Error) -> &'static str {
    use webpki::Error as E;
    match error {
        E::CaUsedAsEndEntity => {
            "its certificate is an authority's (CA:TRUE), which no server may show; sign a server's certificate with it, \
             or make this one with basicConstraints=CA:FALSE"
        }
        E::EndEntityUsedAsCa => {
            "its certificate was signed by one that is no authority's (CA:FALSE); sign it with an authority's"
        }
        E::UnsupportedCertVersion => {
            "its certificate is of X.509 version 1, as openssl x509 -req makes it without -extfile or -copy_extensions; \
             make it with a subjectAltName, which makes it version 3"
        }
        E::PathLenConstraintViolated => {
            "its certificate has more authorities above it than one of them allows (pathlen)"
        }
        E::NameConstraintViolation => "its name lies outside of what its authority may sign (name constraints)",
        E::EmptyEkuExtension => "its certificate has an extended key usage without any use",
        E::ExtensionValueInvalid
        | E::MalformedExtensions
        | E::InvalidNetworkMaskConstraint
        | E::MalformedNameConstraint => "its certificate has an extension that is not well-formed; make it anew",
        E::MalformedDnsIdentifier => "its certificate holds a name that is none; make it anew",
        E::InvalidSerialNumber => "its certificate has a serial number that is negative or too long; make it anew",
        E::SignatureAlgorithmMismatch => "its certificate names two methods of signing; make it anew",
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => "its chain of certificates is too long or too tangled to be followed",
        E::BadDer | E::BadDerTime | E::TrailingData(_) | E::InvalidCertValidity => {
            "its certificate is damaged; make it anew"
        }
        E::UnsupportedCriticalExtension => {
            "its certificate has a critical extension that this program does not know; make it without one"
        }
        E::UnsupportedNameType => "its name in the URL is not one that a certificate can be for",
        E::CertDistrusted | E::CertRevoked | E::UnknownRevocationStatus => {
            "its certificate is no longer trusted; renew it"
        }
        E::UnknownIssuer => "its certificate comes from an authority that is not trusted; give the broker's CA file",
        // rustls has words of its own for the rest.
        _ => "its certificate does not verify, for a reason that has no sentence here; openssl verify tells more",
    }
}

/// What the broker says of this side in an alert.
fn alert_reason(alert: Alert, host: &str) -> String {
    const CLIENTS: &str = "check client_certificate_file and client_key_file";
    let (said, hint) = match alert {
        Alert::CertificateRequired | Alert::NoCertificate => {
            ("it demands a client certificate", "give client_certificate_file and client_key_file")
        }
        Alert::HandshakeFailure => (
            "it broke the handshake off: either it demands a client certificate, or it shares no method of TLS with this \
             program",
            "if it demands one, give client_certificate_file and client_key_file; else look at its log",
        ),
        Alert::UnknownCA => ("it does not trust the authority of the client certificate", CLIENTS),
        Alert::CertificateExpired => ("it says that the client certificate has expired or is not valid yet", CLIENTS),
        Alert::CertificateRevoked => ("it says that the client certificate was revoked", CLIENTS),
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::BadCertificateHashValue => {
            ("it does not take the client certificate", CLIENTS)
        }
        Alert::UnsupportedCertificate => {
            ("it does not take a client certificate of this kind or for this use", CLIENTS)
        }
        Alert::AccessDenied => ("it lets the holder of this client certificate not in", CLIENTS),
        Alert::DecryptError => ("it could not verify a signature of this side", CLIENTS),
        Alert::ProtocolVersion => {
            ("it speaks another version of TLS than 1.2 and 1.3", "renew the broker or its settings")
        }
        Alert::InsufficientSecurity => {
            ("it demands stronger methods of TLS than this program has", "look at its settings")
        }
        Alert::UnrecognisedName => {
            return format!("it serves no name {host}; use a name that it serves, or set the name up at the broker");
        }
        Alert::NoApplicationProtocol => ("it speaks another protocol than MQTT there", "use its port for MQTT"),
        Alert::InternalError => ("it failed within", "look at the broker's log"),
        Alert::CloseNotify | Alert::UserCanceled => {
            ("it closed the connection during the handshake", "look at its log")
        }
        Alert::UnknownPSKIdentity => {
            ("it demands a pre-shared key, which this program does not have", "use certificates")
        }
        Alert::UnexpectedMessage
        | Alert::BadRecordMac
        | Alert::DecryptionFailed
        | Alert::RecordOverflow
        | Alert::DecompressionFailure
        | Alert::IllegalParameter
        | Alert::DecodeError
        | Alert::ExportRestriction
        | Alert::InappropriateFallback
        | Alert::NoRenegotiation
        | Alert::MissingExtension
        | Alert::UnsupportedExtension
        | Alert::CertificateUnobtainable
        | Alert::BadCertificateStatusResponse
        | Alert::EncryptedClientHelloRequired => {
            ("it did not understand this side's TLS", "look at the broker's log and version")
        }
        _ => ("it ended the handshake with an alert that has no sentence here", "look at the broker's log"),
    };
    format!("{said}; {hint}")
}

fn incompatible_reason(error: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match error {
        P::ServerDoesNotSupportTls12Or13
        | P::ServerTlsVersionIsDisabledByOurConfig
        | P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled
        | P::SupportedVersionsExtensionRequired => {
            "it speaks neither TLS 1.2 nor TLS 1.3; renew the broker or its settings"
        }
        P::NoCipherSuitesInCommon
        | P::NoKxGroupsInCommon
        | P::NoSignatureSchemesInCommon
        | P::NoEcPointFormatsInCommon
        | P::UncompressedEcPointsRequired
        | P::NullCompressionRequired
        | P::ExtendedMasterSecretExtensionRequired => {
            "it shares no method of TLS with this program; allow it modern ones (ECDHE with AES-GCM or ChaCha20)"
        }
        P::NoCertificateRequestSignatureSchemesInCommon => {
            "it takes no client certificate with a key of this kind; use an RSA or P-256 one"
        }
        P::ServerRejectedEncryptedClientHello(_)
        | P::EcPointsExtensionRequired
        | P::IncorrectCertificateTypeExtension
        | P::KeyShareExtensionRequired
        | P::NamedGroupsExtensionRequired
        | P::ServerSentHelloRetryRequestWithUnknownExtension
        | P::SignatureAlgorithmsExtensionRequired
        | P::Tls13RequiredForQuic
        | P::UnsolicitedCertificateTypeExtension => "its TLS does not go with this program's; look at its version",
        _ => "its TLS does not go with this program's; look at its version",
    }
}

/// rustls' list of names, each written like `DnsName("localhost")`, as people write names.
fn names(presented: &[String]) -> String {
    const MOST: usize = 5;
    let name = |text: &String| -> String {
        let inner = text.split_once('(').map_or(text.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        inner.trim_matches('"').chars().take(100).collect()
    };
    let shown: Vec<String> = presented.iter().take(MOST).map(name).collect();
    let more = if presented.len() > MOST { " and others" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn alternative_name(host: &str) -> String {
    let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("{kind}:{host}")
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let moment = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.map_or_else(|| "a day out of reach".to_owned(), |moment| moment.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_for_other_names_is_told_with_them() {
        assert_eq!(
            names(&["DnsName(\"a.example\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()]),
            "a.example, 10.0.0.1"
        );
        assert!(names(&vec!["DnsName(\"a\")".to_owned(); 9]).ends_with("a and others"));
        assert_eq!(alternative_name("10.0.0.1"), "IP:10.0.0.1");
    }

    #[test]
    fn no_alert_blames_what_it_does_not_say() {
        let unsure = alert_reason(Alert::HandshakeFailure, "h");
        assert!(unsure.contains("either") && unsure.contains("or it shares no method"), "{unsure}");
        for code in 0..=255 {
            let reason = alert_reason(Alert::from(code), "h");
            let demands = reason.starts_with("it demands a client certificate");
            assert_eq!(demands, matches!(code, 41 | 116), "{code}: {reason}");
            assert!(!reason.contains(&format!("{:?}", Alert::from(code))), "{reason}");
        }
    }
}
