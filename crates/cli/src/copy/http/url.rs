//! Addresses of files: URLs, what is asked for by them, and what is a secret in them.

use super::super::place;
use super::login::Login;
use percent_encoding::percent_decode_str;
use std::net::Ipv6Addr;
use url::Url;
use wirelore_core::escape;
use wirelore_http1::value::percent::{Place, encode};
use wirelore_tokio::http1::client::{Origin, Scheme};

/// A URL, without name, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    url: Url,
    /// Of an IPv6 address: the interface that it is reached by.
    zone: Option<String>,
}

impl Address {
    /// Reads a URL, and what it says of who asks.
    pub(super) fn parse(text: &str) -> Result<(Self, Option<Login>), &'static str> {
        if text.chars().any(char::is_control) {
            return Err("control characters are written %XX");
        }
        let (text, zone) = without_zone(text);
        let rest = text.split_once("://").map(|(_, rest)| rest);
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', '\\', '?', '#'])) {
            return Err("// and a host must follow the scheme");
        }
        let mut url = Url::parse(&text).map_err(reason)?;
        if url.port() == Some(0) {
            return Err("a port is 1 to 65535");
        }
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) => return Err("there is a password, and no name"),
            (name, password) => {
                let decoded = |part| percent_decoded(part).ok_or("that is no name and password");
                Some(Login {
                    name: decoded(name)?,
                    password: password.map(decoded).transpose()?,
                })
            }
        };
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok((Self { url, zone }, login))
    }

    /// Where a reference leads that stands in an answer from here. Names and passwords in it are
    /// dropped: nobody else's are used.
    pub(super) fn join(&self, reference: &str) -> Option<Self> {
        let mut url = self.url.join(reference).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        let zone = self.zone.clone().filter(|_| url.host() == self.url.host());
        Some(Self { url, zone })
    }

    pub(super) fn origin(&self) -> Origin {
        let scheme = match self.url.scheme() {
            "https" => Scheme::Https,
            _ => Scheme::Http,
        };
        let port = self.url.port().unwrap_or(scheme.default_port());
        let host = self.url.host_str().unwrap_or_default();
        match &self.zone {
            Some(zone) => {
                let host = host.trim_matches(['[', ']']);
                Origin::new(scheme, &format!("{host}%{zone}"), port)
            }
            None => Origin::new(scheme, host, port),
        }
    }

    /// The host as netrc files have it.
    pub(super) fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_matches(['[', ']'])
    }

    /// What is asked for: path and query.
    pub(super) fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// The path without percent-encoding.
    pub(super) fn path(&self) -> Vec<u8> {
        percent_decode_str(self.url.path()).collect()
    }

    pub(super) fn is_folder(&self) -> bool {
        self.url.path().ends_with('/')
    }

    /// Goes on to a file in this folder.
    pub(super) fn enter(&mut self, name: &[u8]) {
        let name = encode(name, Place::Segment);
        let slash = if self.is_folder() { "" } else { "/" };
        let path = format!(
            "{}{slash}{}",
            self.url.path(),
            String::from_utf8_lossy(&name)
        );
        self.url.set_path(&path);
    }

    /// As it is asked for again.
    pub(super) fn text(&self) -> String {
        self.url.to_string()
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        escape(self.url.as_str()).limit(1024).to_string()
    }
}

/// Undoes percent-encoding of something that is text.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.chars().any(char::is_control)).then(|| text.into_owned())
}

/// A value in which a URL may stand, without the login in it.
pub(super) fn without_login(value: &[u8]) -> Vec<u8> {
    place::without_login(value)
}

fn reason(error: url::ParseError) -> &'static str {
    use url::ParseError as Error;
    match error {
        Error::EmptyHost => "the host is missing",
        Error::InvalidPort => "a port is a number, 1 to 65535; an IPv6 address stands in [ ]",
        Error::InvalidIpv4Address => "that is no IPv4 address",
        Error::InvalidIpv6Address => "that is no IPv6 address",
        _ => "that is no name of a host",
    }
}

/// Takes the zone out of `[fe80::1%25eth0]`, which the parser does not know.
fn without_zone(text: &str) -> (String, Option<String>) {
    let plain = || (text.to_owned(), None);
    let Some((before, rest)) = text.split_once('[') else {
        return plain();
    };
    let Some((inside, after)) = rest.split_once(']') else {
        return plain();
    };
    let Some((address, zone)) = inside.split_once('%') else {
        return plain();
    };
    // RFC 6874 has it encoded, people have not
    let zone = zone.strip_prefix("25").unwrap_or(zone);
    let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let in_host = before
        .split_once("://")
        .is_some_and(|(_, user)| !user.contains(['/', '?', '#']));
    if !in_host
        || address.parse::<Ipv6Addr>().is_err()
        || zone.is_empty()
        || !zone.chars().all(good)
    {
        return plain();
    }
    (format!("{before}[{address}]{after}"), Some(zone.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Address, Option<Login>) {
        Address::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// RFC 1945 §3.2.2.
    #[test]
    fn urls_have_origin_and_target() {
        for (text, origin, target, path) in [
            ("http://h", "http://h", "/", "/"),
            ("HTTP://H:80/a%20b?c=d#e", "http://h", "/a%20b?c=d", "/a b"),
            ("https://h:8443/x y", "https://h:8443", "/x%20y", "/x y"),
            ("http://[::1]:8080/a/../b", "http://[::1]:8080", "/b", "/b"),
            ("http://h/?", "http://h", "/?", "/"),
            ("http://h/%2e%2e%2fa", "http://h", "/%2e%2e%2fa", "/../a"),
        ] {
            let (address, login) = parse(text);
            assert_eq!(address.origin().to_string(), origin, "{text}");
            assert_eq!(address.target(), target, "{text}");
            assert_eq!(String::from_utf8(address.path()).unwrap(), path, "{text}");
            assert_eq!(login, None);
        }
        let (address, _) = parse("http://[fe80::1%25eth0]:81/a");
        assert_eq!(address.origin().host, "fe80::1%eth0");
        assert_eq!(address.origin().authority(), "[fe80::1]:81");
        assert_eq!(address.join("/b").unwrap().origin().host, "fe80::1%eth0");
    }

    #[test]
    fn logins_are_taken_out() {
        let (address, login) = parse("http://u%40:p%3a%2f@h/a");
        let login = login.unwrap();
        assert_eq!(login.name, "u@");
        assert_eq!(login.password.as_deref(), Some("p:/"));
        assert_eq!(address.shown(), "http://h/a");
        assert!(!format!("{address:?}").contains("p%3a"));
        let (_, login) = parse("http://u@h/a");
        assert_eq!(login.unwrap().password, None);
        assert!(Address::parse("http://:p@h/a").is_err());
        assert!(Address::parse("http://u:%0a@h/a").is_err());
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "http:",
            "http:h",
            "http://",
            "http:///h",
            "http://:80/",
            "http://h:0/",
            "http://h:99999/",
            "http://[h]/",
            "http://h\n/",
            "http://a b/",
            "http://?x",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    /// RFC 9110 §10.2.2.
    #[test]
    fn references_lead_on_without_logins() {
        let (address, _) = parse("http://h:8080/a/b?c");
        for (reference, wanted) in [
            ("x", Some("http://h:8080/a/x")),
            ("/x?y#z", Some("http://h:8080/x?y")),
            ("//u:p@g/x", Some("http://g/x")),
            ("https://h:8080", Some("https://h:8080/")),
            ("?", Some("http://h:8080/a/b?")),
            ("ftp://h/x", None),
            ("file:///etc/passwd", None),
            ("javascript:1", None),
        ] {
            let found = address.join(reference).map(|address| address.text());
            assert_eq!(found.as_deref(), wanted, "{reference}");
        }
    }

    #[test]
    fn folders_are_entered() {
        let (mut address, _) = parse("http://h/up/?x=1");
        assert!(address.is_folder());
        address.enter(b"a b/%?#\xff");
        assert_eq!(address.target(), "/up/a%20b%2F%25%3F%23%FF?x=1");
        assert!(!address.is_folder());
    }
}
