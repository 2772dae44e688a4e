use super::{Origin, Scheme};
use core::fmt;
use std::sync::Arc;
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::value::basic::UserPass;
use wirelore_http1::value::unfit::Unfit;

/// Chooses the proxy for an origin; none: the connection goes to the origin itself.
pub type ChooseProxy = Arc<dyn Fn(&Origin) -> Option<Proxy> + Send + Sync>;

/// An HTTP proxy. Requests to `http` origins go through it in absolute-form, those to `https` origins
/// in a tunnel made with CONNECT.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of Proxy-Authorization.
    pub(super) authorization: Option<Vec<u8>>,
    pub(super) fields: FieldBlock,
}

impl Proxy {
    /// A proxy that asks for no credentials. With [`Scheme::Https`] there is TLS to the proxy itself, by
    /// `proxy_tls` of the options. `host` may have the brackets of an IPv6 address.
    #[must_use]
    pub fn new(scheme: Scheme, host: &str, port: u16) -> Self {
        let Origin { scheme, host, port } = Origin::new(scheme, host, port);
        Self {
            scheme,
            host,
            port,
            authorization: None,
            fields: FieldBlock::new(),
        }
    }

    /// With these credentials, in the Basic scheme. They are sent to the proxy and never further.
    ///
    /// # Errors
    /// Credentials that cannot be sent.
    pub fn with_basic(mut self, credentials: &UserPass) -> Result<Self, Unfit> {
        let mut value = Vec::new();
        credentials.write(&mut value)?;
        self.authorization = Some(value);
        Ok(self)
    }

    /// With these fields in CONNECT requests, User-Agent for one. Host and Proxy-Authorization are added
    /// where they are missing.
    #[must_use]
    pub fn with_connect_fields(mut self, fields: FieldBlock) -> Self {
        self.fields = fields;
        self
    }

    /// How the proxy itself is reached.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for Proxy {
    /// No credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("authorization", &self.authorization.is_some())
            .field("fields", &self.fields)
            .finish()
    }
}

/// How a connection goes, which is also what it can be used for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To the origin itself.
    Direct(Origin),
    /// To a proxy, for any `http` origin.
    Forward(Proxy),
    /// Through a proxy to an `https` origin.
    Tunnel(Proxy, Origin),
}

impl Route {
    pub(super) fn new(origin: &Origin, proxy: Option<Proxy>) -> Self {
        match (proxy, origin.scheme) {
            (None, _) => Self::Direct(origin.clone()),
            (Some(proxy), Scheme::Http) => Self::Forward(proxy),
            (Some(proxy), Scheme::Https) => Self::Tunnel(proxy, origin.clone()),
        }
    }

    pub(super) const fn proxy(&self) -> Option<&Proxy> {
        match self {
            Self::Direct(_) => None,
            Self::Forward(proxy) | Self::Tunnel(proxy, _) => Some(proxy),
        }
    }
}
