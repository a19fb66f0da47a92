//! The TLS client configuration, from PEM files or the operating system's authorities.
//!
//! Lives here: reading and checking the files, each named when it is wrong. Does not live here: the handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::endpoint::TlsSettings;

/// Why no TLS connection can be set up from the settings.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read.
    #[error("the {what} {} cannot be read: {source}", file.display())]
    Unreadable {
        /// Which file it is.
        what: &'static str,
        /// Its path.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file without what it should hold.
    #[error("the {what} {} is not usable: {detail}; it must be PEM", file.display())]
    Unusable {
        /// Which file it is.
        what: &'static str,
        /// Its path.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A certificate without its key, or the other way round.
    #[error("a client certificate and its key belong together; give both files, or neither")]
    HalfAPair,
    /// A key that is not the certificate's.
    #[error("the client key {} does not go with the client certificate: {detail}", key.display())]
    Mismatch {
        /// The key's path.
        key: PathBuf,
        /// rustls' words.
        detail: String,
    },
    /// No authority at all.
    #[error("the operating system names no certificate authorities; give a CA file")]
    NoAuthorities,
    /// The cryptography itself.
    #[error("TLS cannot be set up: {0}")]
    Provider(#[from] rustls::Error),
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
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match (&settings.client_cert_file, &settings.client_key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates(CERT_FILE, cert)?, private_key(key)?)
            .map_err(|error| TlsError::Mismatch { key: key.clone(), detail: error.to_string() })?,
        _ => return Err(TlsError::HalfAPair),
    };
    Ok(Arc::new(config))
}

fn roots_of(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CA_FILE, file)? {
        roots.add(certificate).map_err(|error| unusable(CA_FILE, file, error))?;
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
    let bytes = read(what, file)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(what, file, error))?;
    if found.is_empty() { Err(unusable(what, file, "no certificate in it")) } else { Ok(found) }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(KEY_FILE, file)?).map_err(|error| unusable(KEY_FILE, file, error))
}

fn read(what: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|source| TlsError::Unreadable { what, file: file.to_owned(), source })
}

fn unusable(what: &'static str, file: &Path, detail: impl ToString) -> TlsError {
    TlsError::Unusable { what, file: file.to_owned(), detail: detail.to_string() }
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
