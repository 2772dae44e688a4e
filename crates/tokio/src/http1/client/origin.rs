use core::fmt;

/// What stands before `://`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme as in a URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that is meant when none is said.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where requests go: scheme, host and port (RFC 9110 section 4.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// A name, an IPv4 address, or an IPv6 address without brackets, perhaps with a zone; in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// `host` may have the brackets of an IPv6 address; they are removed.
    #[must_use]
    pub fn new(scheme: Scheme, host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        Self {
            scheme,
            host: bare.unwrap_or(host).to_ascii_lowercase(),
            port,
        }
    }

    /// The value of Host: host with brackets where it needs them and without a zone, and the port unless
    /// it is the scheme's own (RFC 9110 section 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            bracketed(&self.host)
        } else {
            host_port(&self.host, self.port)
        }
    }
}

/// As in a URI, `https://example.org:8443`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.authority();
        let authority = wirelore_core::escape(authority.as_bytes());
        write!(f, "{}://{authority}", self.scheme.as_str())
    }
}

/// `host:port`, with brackets around an IPv6 address.
pub(super) fn host_port(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') {
        let address = host.split('%').next().unwrap_or(host);
        format!("[{address}]")
    } else {
        host.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_field_has_brackets_and_no_default_port() {
        let authority = |scheme, host: &str, port| Origin::new(scheme, host, port).authority();
        assert_eq!(authority(Scheme::Http, "Example.ORG", 80), "example.org");
        assert_eq!(
            authority(Scheme::Http, "example.org", 443),
            "example.org:443"
        );
        assert_eq!(authority(Scheme::Https, "example.org", 443), "example.org");
        assert_eq!(authority(Scheme::Http, "::1", 80), "[::1]");
        assert_eq!(authority(Scheme::Http, "[::1]", 8080), "[::1]:8080");
        assert_eq!(authority(Scheme::Http, "fe80::1%eth0", 80), "[fe80::1]");
        assert_eq!(host_port("fe80::1%eth0", 80), "[fe80::1]:80");
    }
}
