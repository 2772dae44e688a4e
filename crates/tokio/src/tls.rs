//! TLS under a protocol, both sides, by rustls with ring.
//!
//! The crypto provider is given to every configuration that is made here; the default of the process is
//! neither read nor set. Versions are TLS 1.2 and 1.3.

use core::fmt;
use core::time::Duration;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, CipherSuite, ClientConfig, CommonState, DigitallySignedStruct,
    ProtocolVersion, RootCertStore, ServerConfig, SignatureScheme,
};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub use rustls;
pub use tokio_rustls;

/// The names of HTTP/1 in ALPN (RFC 7301).
pub const HTTP1: &[&[u8]] = &[b"http/1.1", b"http/1.0"];

/// A client that accepts a server only with a certificate for its name, signed by one of `roots`, or with
/// one of `roots` itself: servers that sign for themselves commonly show a certificate that could sign others,
/// which is not accepted otherwise. Of such a one the dates are not looked at.
///
/// `alpn` are the protocols that it offers; none for protocols that have no name there.
///
/// Roots that cannot be read are passed over, as there are such in many systems' stores.
///
/// # Errors
/// When not one root can be read.
pub fn client_config(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
    alpn: &[&[u8]],
) -> Result<ClientConfig, TlsConfigError> {
    let mut store = RootCertStore::empty();
    let roots: Vec<_> = roots.into_iter().collect();
    let (accepted, _) = store.add_parsable_certificates(roots.iter().cloned());
    if accepted == 0 {
        return Err(TlsConfigError::NoRoots);
    }
    let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|_| TlsConfigError::NoRoots)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusted { signed, roots }))
        .with_no_client_auth();
    config.alpn_protocols = owned(alpn);
    Ok(config)
}

/// A client that accepts **every** certificate, whoever signed it for whatever name: anybody between it
/// and the server can read and change everything. Only that the server has the key of the certificate it
/// shows is still checked.
///
/// # Errors
/// None is known; rustls could refuse its own defaults.
pub fn client_config_without_verification(alpn: &[&[u8]]) -> Result<ClientConfig, TlsConfigError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider())))
        .with_no_client_auth();
    config.alpn_protocols = owned(alpn);
    Ok(config)
}

/// A server with this certificate: `chain` is PEM, its own certificate first, `key` is PEM too and may be
/// the same text. `alpn` are the protocols that it speaks, the preferred one first; a client that offers
/// others only is refused, one that offers none is not.
///
/// # Errors
/// What is wrong with certificate or key.
pub fn server_config(
    chain: &[u8],
    key: &[u8],
    alpn: &[&[u8]],
) -> Result<ServerConfig, TlsConfigError> {
    let chain = certificates(chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsConfigError::Key)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = owned(alpn);
    Ok(config)
}

/// The certificates in PEM text, in its order.
///
/// # Errors
/// When it cannot be read, or has none.
pub fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let certificates = certificates.map_err(TlsConfigError::Certificate)?;
    if certificates.is_empty() {
        return Err(TlsConfigError::Certificate(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

/// The server's side of a handshake that may take `limit`. Dropped, it drops the stream.
///
/// # Errors
/// A handshake that fails ([`handshake_error`] says why), and [`ErrorKind::TimedOut`].
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerConfig>,
    stream: S,
    limit: Duration,
) -> io::Result<tokio_rustls::server::TlsStream<S>> {
    let accepted = timeout(limit, TlsAcceptor::from(config).accept(stream)).await;
    accepted.unwrap_or_else(|_| Err(late()))
}

/// The client's side of a handshake with the server of this name (or IP address, without brackets) that
/// may take `limit`. Dropped, it drops the stream.
///
/// # Errors
/// A name that no certificate can have ([`ErrorKind::InvalidInput`]), a handshake that fails
/// ([`handshake_error`] says why), and [`ErrorKind::TimedOut`].
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    name: &str,
    stream: S,
    limit: Duration,
) -> io::Result<tokio_rustls::client::TlsStream<S>> {
    let connected = timeout(limit, handshake(config, name, stream)).await;
    connected.unwrap_or_else(|_| Err(late()))
}

/// The same without a limit.
pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    name: &str,
    stream: S,
) -> io::Result<tokio_rustls::client::TlsStream<S>> {
    // A zone is ours alone, and certificates have no dot at the end.
    let name = name.split('%').next().unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    TlsConnector::from(config).connect(name, stream).await
}

/// What rustls says about a handshake that failed, if it was that.
pub fn handshake_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// What two sides of a session have agreed on.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// The cipher suite.
    pub cipher_suite: Option<CipherSuite>,
    /// The protocol that ALPN chose.
    pub alpn: Option<Vec<u8>>,
    /// The certificates that the peer has shown, its own first.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl TlsFacts {
    /// Of a session whose handshake is over: `TlsFacts::of(stream.get_ref().1)`.
    pub fn of(session: &CommonState) -> Self {
        let certificates = session.peer_certificates().unwrap_or_default();
        Self {
            version: session.protocol_version(),
            cipher_suite: session.negotiated_cipher_suite().map(|suite| suite.suite()),
            alpn: session.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates
                .iter()
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
        }
    }

    /// The version in words, `TLSv1.3`.
    pub fn version_name(&self) -> &'static str {
        match self.version {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLS",
        }
    }

    /// The cipher suite as the registry calls it.
    pub fn cipher_suite_name(&self) -> &'static str {
        let name = self.cipher_suite.and_then(|suite| suite.as_str());
        name.unwrap_or("unknown")
    }
}

impl fmt::Debug for TlsFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alpn = self.alpn.as_deref().map(|alpn| wirelore_core::escape(alpn));
        f.debug_struct("TlsFacts")
            .field("version", &self.version_name())
            .field("cipher_suite", &self.cipher_suite_name())
            .field("alpn", &alpn)
            .field("certificates", &self.certificates.len())
            .finish()
    }
}

/// Why a configuration cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// Not one of the roots is a certificate.
    #[error("no root certificate can be read")]
    NoRoots,
    /// The certificates are not PEM, or there are none.
    #[error("the certificates cannot be read")]
    Certificate(#[source] pem::Error),
    /// The key is not PEM, or there is none.
    #[error("the private key cannot be read")]
    Key(#[source] pem::Error),
    /// rustls refuses what was given: a key that does not belong to the certificate, say.
    #[error("the certificate cannot be used")]
    Refused(#[from] rustls::Error),
}

/// Takes what is signed by one of the roots, and the roots themselves for the names that they have.
#[derive(Debug)]
struct Trusted {
    signed: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let signed = self
            .signed
            .verify_server_cert(certificate, chain, name, ocsp, now);
        // it was signed by a root, itself, and could sign others
        let Err(rustls::Error::InvalidCertificate(CertificateError::Other(_))) = &signed else {
            return signed;
        };
        if !self.roots.iter().any(|root| root == certificate) {
            return signed;
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signed
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Verifies nothing about certificates.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn owned(alpn: &[&[u8]]) -> Vec<Vec<u8>> {
    alpn.iter().map(|name| name.to_vec()).collect()
}

fn late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the TLS handshake takes too long")
}
