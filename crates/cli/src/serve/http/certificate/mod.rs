//! The certificate and key of HTTPS: those that are given, or our own, which are made once and kept.
//!
//! `given` reads files and says what is wrong with them, `own` makes and keeps, `names` is whom our
//! own stand for.

mod given;
mod names;
mod own;
#[cfg(test)]
mod tests;

use crate::policy::is_apart;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// What the command line has to say about the certificate.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Options {
    /// The certificate of https in PEM, and behind it those that vouch for it (default: one is made
    /// and kept)
    #[arg(long, value_name = "FILE")]
    http_cert: Option<PathBuf>,
    /// Its key in PEM, not encrypted (default: it is in the same file)
    #[arg(long, value_name = "FILE", requires = "http_cert")]
    http_key: Option<PathBuf>,
    /// Where what was made is kept (default: $XDG_STATE_HOME/wirelore or ~/.local/state/wirelore)
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// The certificate that is used.
pub(super) struct Certificate {
    options: Options,
    /// The folder that is served: no key must be in it.
    root: PathBuf,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

/// What to tell people about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The file it is in, for `--cacert` and the like.
    pub(super) file: PathBuf,
    /// Whether we made it, so that nobody knows it.
    pub(super) own: bool,
    /// Its SHA-256, as browsers show it.
    pub(super) fingerprint: String,
    /// The SHA-256 of the public key, as curl's `--pinnedpubkey` takes it.
    pub(super) pin: Option<String>,
}

/// Certificate and key, and where they came from.
struct Loaded {
    key: Arc<CertifiedKey>,
    file: PathBuf,
    own: bool,
}

/// What new connections get.
struct Current(RwLock<Arc<Loaded>>);

impl Certificate {
    /// Reads or makes certificate and key.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn open(options: &Options, root: &Path) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let loaded = load(options, root, &provider)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(loaded))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        Ok(Self {
            options: options.clone(),
            root: root.to_owned(),
            current,
            config: Arc::new(config),
        })
    }

    /// What to accept connections with. It stays the same when the certificate is another.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads or makes it again, for new connections; whether it is another one.
    ///
    /// # Errors
    /// What is wrong, in words; it is what it was then.
    pub(super) fn reload(&self) -> Result<bool, String> {
        let loaded = load(&self.options, &self.root, self.config.crypto_provider())?;
        let mut current = (self.current.0.write()).unwrap_or_else(PoisonError::into_inner);
        let is_other = loaded.key.cert != current.key.cert;
        *current = Arc::new(loaded);
        Ok(is_other)
    }

    pub(super) fn facts(&self) -> Facts {
        let Loaded { key, file, own } = &*self.current.loaded();
        let certificate = key.cert.first();
        Facts {
            file: file.clone(),
            own: *own,
            fingerprint: certificate.map_or_else(String::new, |it| fingerprint(it)),
            pin: certificate
                .and_then(|it| ParsedCertificate::try_from(it).ok())
                .map(|it| {
                    let print = Sha256::digest(it.subject_public_key_info());
                    format!("sha256//{}", BASE64_STANDARD.encode(print))
                }),
        }
    }
}

impl Current {
    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(..)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.loaded().key))
    }
}

fn load(options: &Options, root: &Path, provider: &CryptoProvider) -> Result<Loaded, String> {
    if let Some(file) = &options.http_cert {
        let key_file = options.http_key.as_ref().unwrap_or(file);
        keep_apart(root, key_file)?;
        let key = given::load(file, key_file, provider)?;
        let (key, file) = (Arc::new(key), file.clone());
        return Ok(Loaded {
            key,
            file,
            own: false,
        });
    }
    let Some(state) = options.state.clone().or_else(default_state) else {
        return Err("there is no home for the key of https: --state DIR is needed".to_owned());
    };
    keep_apart(root, &state)?;
    let now = SystemTime::now();
    let (key, file) = own::load(&state, &names::all(), now, provider)?;
    Ok(Loaded {
        key: Arc::new(key),
        file,
        own: true,
    })
}

fn keep_apart(root: &Path, path: &Path) -> Result<(), String> {
    if is_apart(root, path) {
        return Ok(());
    }
    Err(format!(
        "{}: a key in the folder that is served can be read by everybody",
        path.display()
    ))
}

fn default_state() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let state =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("wirelore"))
}

/// The SHA-256 in pairs of hexadecimal digits.
fn fingerprint(certificate: &[u8]) -> String {
    let print: [u8; 32] = Sha256::digest(certificate).into();
    print.map(|octet| format!("{octet:02X}")).join(":")
}
