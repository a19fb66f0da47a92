//! The TLS client configuration, from PEM files or the operating system's authorities.
//!
//! Lives here: putting the files together, each named when it is wrong. Does not live here: reading PEM (`pem`), the
//! handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{CertificateError, ClientConfig, Error as RustlsError, InconsistentKeys, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::ExplainingVerifier;
use super::endpoint::TlsSettings;
use super::pem::{self, PemError};
use super::{der, tls_reason};

/// Why no TLS connection can be set up from the settings.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file without what it should hold.
    #[error("the {what} {} {reason}", file.display())]
    File {
        /// Which file it is.
        what: &'static str,
        /// Its path.
        file: PathBuf,
        /// What is wrong with it.
        reason: PemError,
    },
    /// A certificate that is PEM and no good.
    #[error("certificate {number} in the {what} {} cannot be used: {reason}", file.display())]
    Certificate {
        /// Which file it is.
        what: &'static str,
        /// Its path.
        file: PathBuf,
        /// Which certificate in it, from 1.
        number: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A certificate without its key, or the other way round.
    #[error("a client certificate and its key belong together; give both files, or neither")]
    HalfAPair,
    /// A key that TLS has no use for.
    #[error("the {what} {} is {kind}, which cannot be used; use RSA of 2048 bits or more, P-256, P-384 or Ed25519", key.display())]
    KeyKind {
        /// Which key it is.
        what: &'static str,
        /// Its path.
        key: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A key that is not the certificate's.
    #[error("the {what} {} is not the key of the certificate {}{}", key.display(), certificate.display(), hint(*goes_with))]
    Mismatch {
        /// Which key it is.
        what: &'static str,
        /// The key's path.
        key: PathBuf,
        /// The certificate's.
        certificate: PathBuf,
        /// The certificate in that file whose key it is, from 1, where there is one.
        goes_with: Option<usize>,
    },
    /// No authority at all.
    #[error("the operating system names no certificate authorities; give a CA file")]
    NoAuthorities,
    /// The cryptography itself.
    #[error("TLS cannot be set up on this computer: {0}")]
    Provider(String),
}

fn hint(goes_with: Option<usize>) -> String {
    match goes_with {
        Some(number) => {
            format!(", but of certificate {number} in that file; put its own first, and those that signed it behind")
        }
        None => "; give the two that were made together".to_owned(),
    }
}

const CA_FILE: &str = "CA file";
const CERT_FILE: &str = "client certificate";
const KEY_FILE: &str = "client key";

/// Builds the configuration: TLS 1.2 and 1.3 over ring, whatever provider others of the process may have installed.
///
/// # Errors
/// Names the file that is missing or wrong.
pub(crate) fn client_config(settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = match &settings.ca_file {
        Some(file) => roots_of(file)?,
        None => native_roots()?,
    };
    let provider = Arc::new(default_provider());
    // The roots are never empty, and there are no revocation lists: nothing else can be wrong.
    let verifier = ExplainingVerifier::new(roots, Arc::clone(&provider)).map_err(|_| TlsError::NoAuthorities)?;
    let wrong = |error: RustlsError| TlsError::Provider(tls_reason::tls_reason(&error, "localhost"));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        // Not what its name warns of: it is rustls' own verification, with more to say where it refuses.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match (&settings.client_cert_file, &settings.client_key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let (chain, key) = pair((CERT_FILE, certificate), (KEY_FILE, key))?;
            builder.with_client_auth_cert(chain, key).map_err(wrong)?
        }
        _ => return Err(TlsError::HalfAPair),
    };
    Ok(Arc::new(config))
}

/// Builds the configuration of a server without client certificates; each file with what it is called.
///
/// # Errors
/// Names the file that is missing or wrong.
pub(crate) fn server_config(
    certificate: (&'static str, &Path),
    key: (&'static str, &Path),
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = pair(certificate, key)?;
    let wrong = |error: RustlsError| TlsError::Provider(tls_reason::tls_reason(&error, "localhost"));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    Ok(Arc::new(config))
}

fn roots_of(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in certificates(CA_FILE, file)?.into_iter().enumerate() {
        roots.add(certificate).map_err(|error| unusable(CA_FILE, file, index, &error))?;
    }
    Ok(roots)
}

fn native_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // A few that rustls cannot read are normal in a system's store; none at all is not.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoAuthorities) } else { Ok(roots) }
}

fn certificates(what: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    pem::certificates(file).map_err(|reason| TlsError::File { what, file: file.to_owned(), reason })
}

/// A chain and its key, which belong together; each file with what it is called.
fn pair(
    (what_certificate, certificate): (&'static str, &Path),
    (what, key_file): (&'static str, &Path),
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(what_certificate, certificate)?;
    let key =
        pem::private_key(key_file).map_err(|reason| TlsError::File { what, file: key_file.to_owned(), reason })?;
    let signing = any_supported_type(&key).map_err(|_| TlsError::KeyKind {
        what,
        key: key_file.to_owned(),
        kind: kind_of(&key),
    })?;
    let is_key_of = |certificate: &CertificateDer<'static>| matches(certificate, &signing);
    // The first is there: a file without a certificate was refused above. It must be the client's own, for which TLS
    // knows no other sign than its place.
    match is_key_of(&chain[0]) {
        Ok(true) => Ok((chain, key)),
        Ok(false) => {
            let behind = chain.iter().skip(1).position(|other| is_key_of(other).unwrap_or_default());
            let (key, certificate) = (key_file.to_owned(), certificate.to_owned());
            Err(TlsError::Mismatch { what, key, certificate, goes_with: behind.map(|index| index + 2) })
        }
        Err(error) => Err(unusable(what_certificate, certificate, 0, &error)),
    }
}

/// Whether a key is a certificate's.
fn matches(certificate: &CertificateDer<'static>, key: &Arc<dyn SigningKey>) -> Result<bool, RustlsError> {
    match CertifiedKey::new(vec![certificate.clone()], Arc::clone(key)).keys_match() {
        // Where the key cannot tell its public half, nothing speaks against the pair; the broker has the last word.
        Ok(()) | Err(RustlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(true),
        Err(RustlsError::InconsistentKeys(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn kind_of(key: &PrivateKeyDer<'_>) -> &'static str {
    match key {
        PrivateKeyDer::Pkcs1(key) => der::rsa(der::kind_of_rsa(key.secret_pkcs1_der())),
        PrivateKeyDer::Sec1(key) => der::kind_of_sec1(key.secret_sec1_der()).unwrap_or("a damaged key"),
        PrivateKeyDer::Pkcs8(key) => der::kind_of_pkcs8(key.secret_pkcs8_der()).unwrap_or("a damaged key"),
        _ => "a key of an unknown kind",
    }
}

fn unusable(what: &'static str, file: &Path, index: usize, error: &RustlsError) -> TlsError {
    let reason = match error {
        RustlsError::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref::<webpki::Error>().map_or("it is not well-formed", tls_reason::webpki_reason)
        }
        _ => "it is damaged, or not a certificate at all; write it anew",
    };
    TlsError::Certificate { what, file: file.to_owned(), number: index + 1, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(settings: &TlsSettings) -> String {
        client_config(settings).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing.pem");
        let text = dir.path().join("text.pem");
        std::fs::write(&text, "hello").unwrap();
        for file in [&missing, &text] {
            let message = error(&TlsSettings { ca_file: Some(file.clone()), ..TlsSettings::default() });
            assert!(message.contains("CA file") && message.contains(file.to_str().unwrap()), "{message}");
        }
    }

    #[test]
    fn half_a_pair_is_refused() {
        let settings = TlsSettings { client_cert_file: Some("c.pem".into()), ..TlsSettings::default() };
        assert!(matches!(client_config(&settings), Err(TlsError::HalfAPair | TlsError::NoAuthorities)));
    }
}
