//! PEM files: certificates and keys out, or the one reason why there is none.
//!
//! Lives here: what tools, secret stores and people make of a PEM file, each by its name. Does not live here: what a
//! certificate says (`der`), the base64 (rustls-pki-types). No byte of a file is in an error: any of them may be a key,
//! the one that is named as the CA file too.

use std::path::Path;

use rustls_pki_types::pem::{Error as PemFormatError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::input_file::{self, FileReadError};

/// Why a file holds no certificate or key that can be used, as the end of a sentence that names the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The file.
    #[error("{0}")]
    File(#[from] FileReadError),
    /// What it is instead, and what to do.
    #[error("{0}")]
    Other(&'static str),
}

/// Every certificate of the file, in its order; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    certificates_in(&input_file::read(path, input_file::LARGEST)?)
}

/// The first private key of the file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    private_key_in(&input_file::read(path, input_file::LARGEST)?)
}

fn certificates_in(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let sections = sections(bytes, Wanted::Certificates)?;
    let labels = || sections.iter().map(|section| section.label.as_str());
    // It would be left out without a word, and with it perhaps the one authority that matters.
    if labels().any(|label| label == TRUSTED_CERTIFICATE) {
        return Err(not_a_certificate(TRUSTED_CERTIFICATE));
    }
    let certificates = sections.iter().filter(|section| is_certificate(&section.label));
    let found: Result<Vec<_>, _> = certificates.map(|section| section.read("CERTIFICATE")).collect();
    match found.map_err(|error| base64(&error))? {
        found if found.is_empty() => Err(labels().next().map_or(NO_SECTION, not_a_certificate)),
        found => Ok(found),
    }
}

fn private_key_in(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    let sections = sections(bytes, Wanted::Key)?;
    match sections.iter().find(|section| is_key(&section.label)) {
        Some(section) if section.is_encrypted => Err(ENCRYPTED),
        Some(section) => section.read(&section.label).map_err(|error| base64(&error)),
        // A key is often preceded by its parameters or its certificate: what is like a key is named first.
        None => {
            let mut labels = sections.iter().map(|section| section.label.as_str());
            let like_a_key = labels.clone().find(|label| label.ends_with("PRIVATE KEY"));
            Err(like_a_key.or_else(|| labels.next()).map_or(NO_SECTION, not_a_key))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Certificates,
    Key,
}

const TRUSTED_CERTIFICATE: &str = "TRUSTED CERTIFICATE";

const NO_SECTION: PemError = PemError::Other("is not PEM: it has no line -----BEGIN …-----");
const ENCRYPTED: PemError = PemError::Other(
    "is encrypted with a passphrase, which nobody is there to type; write it without one \
     (openssl pkey -in FILE -out NEW), and keep the new file to this user",
);
const LOST_LINE_BREAKS: PemError = PemError::Other(
    "is PEM on one line: its line breaks are lost; the BEGIN line and the END line stand each on a line of its own",
);
const WRITTEN_OUT: PemError = PemError::Other(
    "is PEM whose line breaks are written out as \\n: put line breaks in their place (printf '%b' \"$(cat FILE)\" > NEW)",
);
const DASHES: PemError =
    PemError::Other("is PEM whose hyphens a word processor turned into dashes; save it anew from its source");
const PREFIXED: PemError = PemError::Other(
    "has something before -----BEGIN on its line, a quotation mark or a name; that line begins with the five hyphens",
);
const CUT_OFF: PemError = PemError::Other("is cut off: a BEGIN line in it has no END line of the same name");
const BASE64: PemError = PemError::Other("is damaged: what stands between BEGIN and END is not base64");
const TOO_LARGE: PemError = PemError::Other("has a section that is too large for a certificate or a key");

fn is_certificate(label: &str) -> bool {
    // The second is what OpenSSL wrote before 0.9.7, and still reads.
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE")
}

fn is_key(label: &str) -> bool {
    matches!(label, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY")
}

/// What a file without a certificate holds instead.
fn not_a_certificate(label: &str) -> PemError {
    PemError::Other(match label {
        TRUSTED_CERTIFICATE => {
            "holds a TRUSTED CERTIFICATE, which is OpenSSL's own form; write it as a plain one (openssl x509 -in FILE -out NEW)"
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "holds a request for a certificate; name the certificate that the authority made of it"
        }
        "PKCS7" | "CMS" => {
            "holds PKCS#7; take the certificates out of it (openssl pkcs7 -print_certs -in FILE -out NEW)"
        }
        "X509 CRL" => "holds a list of revoked certificates, and no certificate",
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "SSH2 PUBLIC KEY" => "holds a public key, and no certificate",
        _ if label.ends_with("PRIVATE KEY") => "holds a private key, and no certificate; keep it to this user",
        _ => "holds no certificate, but something else in PEM",
    })
}

/// What a file without a usable key holds instead.
fn not_a_key(label: &str) -> PemError {
    PemError::Other(match label {
        "ENCRYPTED PRIVATE KEY" => return ENCRYPTED,
        "OPENSSH PRIVATE KEY" => {
            "is a key of OpenSSH's own form; write it as PEM (ssh-keygen -p -m PEM -f COPY, then openssl pkey -in COPY -out NEW)"
        }
        "DSA PRIVATE KEY" => {
            "is a DSA key, which TLS no longer uses; make an RSA, EC or Ed25519 key and a certificate for it"
        }
        "CERTIFICATE" | "X509 CERTIFICATE" | TRUSTED_CERTIFICATE => "holds a certificate, and no private key",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "holds a request for a certificate, and no private key",
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "SSH2 PUBLIC KEY" => "holds a public key, and no private one",
        "EC PARAMETERS" | "DSA PARAMETERS" | "DH PARAMETERS" => "holds the parameters for keys, and no key",
        _ => "holds no private key that TLS uses, but something else in PEM",
    })
}

/// From BEGIN to END.
struct Section {
    label: String,
    is_encrypted: bool,
    base64: String,
}

impl Section {
    fn read<T: PemObject>(&self, label: &str) -> Result<T, PemFormatError> {
        // Written anew under a label that the reader knows: `X509 CERTIFICATE` is the older name of the same thing.
        let pem = format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", self.base64);
        T::from_pem_slice(pem.as_bytes())
    }
}

/// Every kind of error of the PEM reader; two of them hold bytes of the file.
fn base64(error: &PemFormatError) -> PemError {
    match error {
        PemFormatError::Base64Decode(_) => BASE64,
        PemFormatError::MissingSectionEnd { .. } => CUT_OFF,
        PemFormatError::IllegalSectionStart { .. } => LOST_LINE_BREAKS,
        PemFormatError::NoItemsFound => NO_SECTION,
        PemFormatError::SectionTooLarge => TOO_LARGE,
        PemFormatError::Io(error) => FileReadError::of(error).into(),
        _ => BASE64,
    }
}

fn sections(bytes: &[u8], wanted: Wanted) -> Result<Vec<Section>, PemError> {
    if let Some(error) = binary(bytes, wanted) {
        return Err(error);
    }
    let text = input_file::text(bytes)?;
    if text.trim().is_empty() {
        return Err(PemError::Other("is empty"));
    }
    if !text.contains("-----BEGIN ") {
        return Err(no_begin(text.trim()));
    }
    let mut sections = Vec::new();
    let mut open: Option<Section> = None;
    // A carriage return alone ends a line too; indentation, which YAML leaves behind, is no part of one.
    for line in text.split(['\n', '\r']).map(str::trim) {
        if let Some(at) = line.find("-----BEGIN ") {
            let label = marker(line, "-----BEGIN ").ok_or_else(|| broken_begin(line, at))?;
            if open.is_some() {
                return Err(CUT_OFF);
            }
            open = Some(Section { label: label.to_owned(), is_encrypted: false, base64: String::new() });
        } else if line.contains("-----END ") {
            let label = marker(line, "-----END ");
            match open.take() {
                Some(section) if Some(section.label.as_str()) == label => sections.push(section),
                _ => return Err(CUT_OFF),
            }
        } else if let Some(section) = &mut open {
            // OpenSSL's old encryption is told in lines before the base64.
            section.is_encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
            section.base64.push_str(line);
            section.base64.push('\n');
        }
    }
    if open.is_some() { Err(CUT_OFF) } else { Ok(sections) }
}

/// The label of a BEGIN or END line that is whole and alone on its line.
fn marker<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let label = line.strip_prefix(start)?.strip_suffix("-----")?;
    (!label.contains("--")).then_some(label)
}

fn broken_begin(line: &str, at: usize) -> PemError {
    let rest = &line[at..];
    if rest.contains("\\n") || rest.contains("\\r") {
        WRITTEN_OUT
    } else if marker(rest, "-----BEGIN ").is_some() {
        PREFIXED
    } else {
        LOST_LINE_BREAKS
    }
}

/// What is no text at all.
fn binary(bytes: &[u8], wanted: Wanted) -> Option<PemError> {
    const PKCS12_VERSION: &[u8] = &[0x02, 0x01, 0x03];
    let is = match bytes {
        // PKCS#12 begins with its version, a certificate or a key with something else.
        [0x30, 0x82, _, _, rest @ ..] | [0x30, 0x80, rest @ ..] if rest.starts_with(PKCS12_VERSION) => match wanted {
            Wanted::Certificates => {
                "is PKCS#12 (.p12, .pfx); take the certificate out of it (openssl pkcs12 -nokeys -in FILE -out NEW)"
            }
            Wanted::Key => {
                "is PKCS#12 (.p12, .pfx); take the key out of it (openssl pkcs12 -nocerts -nodes -in FILE -out NEW)"
            }
        },
        [0x30, 0x80..=0x84, ..] | [0x30, 0x2e | 0x74 | 0x77, 0x02, 0x01, ..] => match wanted {
            Wanted::Certificates => {
                "is DER, the binary form; write it as PEM (openssl x509 -inform der -in FILE -out NEW)"
            }
            Wanted::Key => "is DER, the binary form; write it as PEM (openssl pkey -inform der -in FILE -out NEW)",
        },
        [0xfe, 0xed, 0xfe, 0xed, ..] => "is a Java key store; take PEM out of it (keytool, then openssl pkcs12)",
        _ => return None,
    };
    Some(PemError::Other(is))
}

/// Text without a single BEGIN.
fn no_begin(text: &str) -> PemError {
    /// `-----BEGIN ` in base64, as Kubernetes and CI systems hand secrets out.
    const TWICE: &str = "LS0tLS1CRUdJTi";
    PemError::Other(if text.starts_with(TWICE) {
        "is PEM in base64 once more, as Kubernetes keeps secrets; decode it (base64 -d FILE > NEW)"
    } else if text.contains("BEGIN ")
        && text.contains(['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}'])
    {
        return DASHES;
    } else if text.starts_with("PuTTY-User-Key-File") {
        "is a key of PuTTY's own form; write it as PEM (puttygen FILE -O private-openssl -o NEW)"
    } else if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") {
        "is a public key of OpenSSH's form, and not PEM"
    } else if text.starts_with('{') {
        "is JSON, and not PEM; take the certificate or key out of it"
    } else if text.starts_with("MI") && text.chars().all(|c| c.is_ascii_alphanumeric() || "+/= \r\n".contains(c)) {
        "is PEM without its BEGIN and END lines; put them around it"
    } else {
        return NO_SECTION;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nTUlJaHVudGVyMg==\n-----END PRIVATE KEY-----\n";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nTUlJY2VydA==\n-----END CERTIFICATE-----\n";

    fn key_error(text: &str) -> String {
        private_key_in(text.as_bytes()).unwrap_err().to_string()
    }

    fn certificate_error(text: &str) -> String {
        certificates_in(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_tools_add_around_pem_is_no_matter() {
        let crlf = KEY.replace('\n', "\r\n");
        let indented = KEY.replace('\n', "\n    ");
        for text in [
            KEY.to_owned(),
            crlf.clone(),
            format!("\u{feff}{crlf}"),
            KEY.replace('\n', "\r"),
            indented,
            format!("Bag Attributes\n    friendlyName: x\n{CERTIFICATE}{KEY}"),
            format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{KEY}"),
            KEY.trim_end().to_owned(),
        ] {
            assert_eq!(private_key_in(text.as_bytes()).unwrap().secret_der(), b"MIIhunter2", "{text}");
        }
        let several = format!("\u{feff}{CERTIFICATE}# a comment\r\n{}", CERTIFICATE.replace("CERTI", "X509 CERTI"));
        assert_eq!(certificates_in(several.as_bytes()).unwrap().len(), 2, "the first one too, behind the mark");
    }

    #[test]
    fn what_secret_stores_and_people_do_to_pem_is_named() {
        let one_line = KEY.replace('\n', "");
        let folded = KEY.replace('\n', " ");
        let written_out = KEY.replace('\n', "\\n");
        for (text, says) in [
            (one_line.as_str(), "its line breaks are lost"),
            (folded.as_str(), "its line breaks are lost"),
            (written_out.as_str(), "written out as \\n"),
            (&KEY.replace('\n', "\\r\\n"), "written out as \\n"),
            (&format!("\"{KEY}\""), "a quotation mark or a name"),
            (&format!("key: {KEY}"), "a quotation mark or a name"),
            (&KEY.replace("-----", "\u{2014}\u{2014}-"), "dashes"),
            (&KEY[..50], "is cut off"),
            (&KEY.replace("END PRIVATE", "END PUBLIC"), "is cut off"),
            ("", "is empty"),
            ("\u{feff}\r\n", "is empty"),
            ("hunter2", "no line -----BEGIN"),
            ("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==", "base64 once more"),
            ("TUlJaHVudGVyMg==", "no line -----BEGIN"),
            ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "without its BEGIN and END"),
            ("PuTTY-User-Key-File-3: ssh-rsa", "PuTTY"),
            ("ssh-ed25519 AAAAhunter2 me", "public key"),
            ("{\"key\":\"hunter2\"}", "is JSON"),
        ] {
            for error in [key_error(text), certificate_error(text)] {
                assert!(error.contains(says), "{text}: {error}");
                assert!(!error.contains("hunter2") && !error.contains("TUlJ"), "{error}");
            }
        }
        let damaged = key_error(&KEY.replace("TUlJ", "T*lJ"));
        assert!(damaged.contains("not base64") && !damaged.contains("hunter2"), "{damaged}");
        let utf16: Vec<u8> = format!("\u{feff}{KEY}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(private_key_in(&utf16).unwrap_err().to_string().contains("UTF-16"));
    }

    #[test]
    fn what_is_in_the_place_of_another_is_named() {
        let section = |label: &str| KEY.replace("PRIVATE KEY", label);
        for (label, says) in [
            ("CERTIFICATE", "holds a certificate, and no private key"),
            ("ENCRYPTED PRIVATE KEY", "encrypted with a passphrase"),
            ("OPENSSH PRIVATE KEY", "ssh-keygen -p -m PEM"),
            ("DSA PRIVATE KEY", "DSA"),
            ("PUBLIC KEY", "public key"),
            ("EC PARAMETERS", "parameters"),
            ("hunter2", "something else in PEM"),
        ] {
            let error = key_error(&section(label));
            assert!(error.contains(says) && !error.contains("hunter2"), "{label}: {error}");
        }
        for (label, says) in [
            ("TRUSTED CERTIFICATE", "openssl x509 -in FILE -out NEW"),
            ("CERTIFICATE REQUEST", "request"),
            ("PKCS7", "openssl pkcs7"),
            ("X509 CRL", "revoked"),
            ("PRIVATE KEY", "holds a private key, and no certificate"),
            ("OPENSSH PRIVATE KEY", "holds a private key, and no certificate"),
            ("hunter2", "something else in PEM"),
        ] {
            let error = certificate_error(&section(label));
            assert!(error.contains(says) && !error.contains("hunter2"), "{label}: {error}");
        }
        let trusted = format!("{CERTIFICATE}{}", section("TRUSTED CERTIFICATE"));
        assert!(certificate_error(&trusted).contains("TRUSTED"), "none is left out without a word");
        let legacy = KEY.replace("KEY-----\nTUlJ", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nTUlJ");
        assert!(key_error(&legacy).contains("encrypted"), "{}", key_error(&legacy));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (certificates_in(&bytes), private_key_in(&bytes));
        }

        #[test]
        fn no_part_of_a_key_is_ever_repeated(cut in 0..80_usize, junk in "[\\\\\"a-z\n\r -]{0,6}") {
            let at = cut.min(KEY.len());
            let text = format!("{}{junk}{}", &KEY[..at], &KEY[at..]);
            for error in [private_key_in(text.as_bytes()).err(), certificates_in(text.as_bytes()).err()] {
                let shown = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
                prop_assert!(!shown.contains("TUlJ") && !shown.contains("hunter2"), "{}", shown);
            }
        }
    }
}
