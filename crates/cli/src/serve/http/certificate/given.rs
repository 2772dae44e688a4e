//! Certificate and key from files that somebody else made.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No file of this kind is longer.
const MAX_LEN: u64 = 1 << 20;

/// Reads a chain of certificates, and the key of the first.
///
/// # Errors
/// Which file is wrong, and how.
pub(super) fn load(
    file: &Path,
    key_file: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, String> {
    let chain = certificates(&read(file)?).map_err(|text| format!("{}: {text}", file.display()))?;
    let key = key(&read(key_file)?).map_err(|text| format!("{}: {text}", key_file.display()))?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| {
        format!(
            "{}: the key is none that can be used: RSA of 2048 to 8192 bits, ECDSA with P-256 or \
             P-384, or Ed25519",
            key_file.display()
        )
    })?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(TlsError::InconsistentKeys(_)) => {
            let (file, key_file) = (file.display(), key_file.display());
            let fits = |at: &CertificateDer<'static>| {
                let alone = CertifiedKey::new(vec![at.clone()], certified.key.clone());
                alone.keys_match().is_ok()
            };
            Err(match certified.cert.iter().skip(1).any(fits) {
                true => format!(
                    "{file}: the server's own certificate, to which {key_file} belongs, must be \
                     the first"
                ),
                false => format!("{key_file}: the key does not belong to the certificate {file}"),
            })
        }
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let error = |text: &dyn std::fmt::Display| format!("{}: {text}", file.display());
    let mut text = Vec::new();
    File::open(file)
        .and_then(|it| it.take(MAX_LEN + 1).read_to_end(&mut text))
        .map_err(|it| error(&it))?;
    match text.len() as u64 {
        0..=MAX_LEN => Ok(text),
        _ => Err(error(&"it is longer than 1 MiB")),
    }
}

/// All certificates in a PEM text.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(match text {
            text if has(text, b"PRIVATE KEY-----") => "there is a key in it, and no certificate",
            [0x30, ..] => "it is not PEM; try: openssl x509 -inform der -in FILE",
            _ => "there is no certificate in it (PEM)",
        }
        .to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(format!("it is damaged: {error}")),
    }
}

/// The first key in a PEM text.
pub(super) fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    if has(text, b"ENCRYPTED") {
        let text = "the key in it is encrypted; try: openssl pkey -in FILE -out PLAIN";
        return Err(text.to_owned());
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        PemError::NoItemsFound if has(text, b"CERTIFICATE-----") => {
            "there is a certificate in it, and no key (--http-key FILE)".to_owned()
        }
        PemError::NoItemsFound => "there is no key in it (PEM)".to_owned(),
        error => format!("it is damaged: {error}"),
    })
}

fn has(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}
