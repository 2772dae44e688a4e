//! What a copy is from and to: URLs, paths, `-`.

use super::codes::{Code, Failure};
use super::local::Local;
use super::remote::Remote;
use super::{file, http, tftp};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use wirelore_core::escape;

/// A kind of URL.
pub(crate) struct Scheme {
    pub(crate) name: &'static str,
    /// Makes sense of what follows the name and the colon.
    pub(crate) place: fn(&Url<'_>) -> Result<Place, Failure>,
}

/// All of them, sorted by name.
const SCHEMES: &[Scheme] = &[file::SCHEME, http::PLAIN, http::SECURE, tftp::SCHEME];

pub(crate) enum Place {
    Local(Local),
    Remote(Box<dyn Remote>),
}

impl Place {
    /// Reads an argument: `-`, a URL, or else a path.
    pub(crate) fn of(argument: &OsStr) -> Result<Self, Failure> {
        let octets = argument.as_encoded_bytes();
        if octets == b"-" {
            return Ok(Self::Local(Local::Standard));
        }
        let path = || {
            Ok(Self::Local(Local::Path {
                path: PathBuf::from(argument),
                url: false,
            }))
        };
        let Some((name, rest)) = scheme(octets) else {
            return path();
        };
        let lower = name.to_ascii_lowercase();
        match SCHEMES.binary_search_by_key(&&*lower, |scheme| scheme.name) {
            Ok(index) => (SCHEMES[index].place)(&Url {
                whole: octets,
                rest,
            }),
            Err(_) if rest.starts_with(b"//") => {
                let known: Vec<_> = SCHEMES.iter().map(|scheme| scheme.name).collect();
                let known = known.join(", ");
                let text = format!(
                    "{}: no scheme \"{lower}\" here, only {known}",
                    escape(&without_login(octets))
                );
                Err(Failure::new(Code::UNKNOWN_SCHEME, text))
            }
            // a colon may stand in the name of a file
            Err(_) => path(),
        }
    }

    /// The name of what is there, without folders; nothing where it has none that can be used for a
    /// file elsewhere.
    pub(crate) fn last_name(&self) -> Option<Vec<u8>> {
        match self {
            Self::Local(local) => local.name(),
            Self::Remote(remote) => last_component(&remote.name()),
        }
    }
}

/// The name of a scheme, and what follows its colon.
fn scheme(octets: &[u8]) -> Option<(&str, &[u8])> {
    let colon = octets.iter().position(|&octet| octet == b':')?;
    let name = str::from_utf8(&octets[..colon]).ok()?;
    let good = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let is_scheme = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(good);
    is_scheme.then_some((name, &octets[colon + 1..]))
}

/// What follows the last separator, whichever system's it is. Never empty, `.` or `..`.
fn last_component(name: &[u8]) -> Option<Vec<u8>> {
    let last = name.rsplit(|octet| b"/\\".contains(octet)).next()?;
    let usable = !last.is_empty() && last != b"." && last != b"..";
    usable.then(|| last.to_vec())
}

/// A URL, cut at its first colon.
pub(crate) struct Url<'u> {
    pub(crate) whole: &'u [u8],
    pub(crate) rest: &'u [u8],
}

/// The parts of a URL that names a host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'u> {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
    /// As it was written: begins with a slash, or is empty.
    pub(crate) path: &'u [u8],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name, or an IPv6 address with a zone: to be resolved.
    Name(String),
    Address(IpAddr),
}

impl<'u> Url<'u> {
    /// The URL is not what it should be.
    pub(crate) fn malformed(&self, why: &str) -> Failure {
        let shown = without_login(self.whole);
        let text = format!("malformed URL {}: {why}", escape(&shown));
        Failure::new(Code::MALFORMED_URL, text)
    }

    /// Takes `//host:port/path` apart.
    pub(crate) fn parts(&self) -> Result<Parts<'u>, Failure> {
        let rest = self.rest.strip_prefix(b"//");
        let rest = rest.ok_or_else(|| self.malformed("// and a host must follow the scheme"))?;
        let slash = rest
            .iter()
            .position(|&octet| octet == b'/')
            .unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let authority =
            str::from_utf8(authority).map_err(|_| self.malformed("the host is no text"))?;
        if authority.contains('@') {
            return Err(self.malformed("this protocol knows no users"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => {
                let (address, port) = bracketed
                    .split_once(']')
                    .ok_or_else(|| self.malformed("] is missing"))?;
                (self.address(address)?, port)
            }
            None => {
                let (host, port) =
                    authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (self.host(host)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                match digits.parse() {
                    Ok(0) | Err(_) => return Err(self.malformed("a port is 1 to 65535")),
                    Ok(port) => Some(port),
                }
            }
            _ => {
                let why = "a port is a number; an IPv6 address stands in [ ]";
                return Err(self.malformed(why));
            }
        };
        Ok(Parts { host, port, path })
    }

    fn host(&self, host: &str) -> Result<Host, Failure> {
        let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() {
            return Err(self.malformed("the host is missing"));
        }
        if !host.chars().all(good) {
            return Err(self.malformed("that is no name of a host"));
        }
        Ok(match host.parse::<Ipv4Addr>() {
            Ok(address) => Host::Address(address.into()),
            Err(_) => Host::Name(host.into()),
        })
    }

    /// An IPv6 address, which may have a zone.
    fn address(&self, text: &str) -> Result<Host, Failure> {
        let (address, zone) = match text.split_once('%') {
            // RFC 6874 has it encoded, people have not
            Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
            None => (text, None),
        };
        let address: Ipv6Addr = address
            .parse()
            .map_err(|_| self.malformed("that is no IPv6 address"))?;
        Ok(match zone {
            None => Host::Address(address.into()),
            Some(zone) => Host::Name(format!("{address}%{zone}")),
        })
    }

    /// Undoes percent-encoding.
    pub(crate) fn decoded(&self, part: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut octets = Vec::with_capacity(part.len());
        let mut rest = part;
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            if first != b'%' {
                octets.push(first);
                continue;
            }
            let octet = rest
                .split_at_checked(2)
                .and_then(|(digits, after)| {
                    rest = after;
                    hex::decode(digits).ok()
                })
                .ok_or_else(|| self.malformed("% takes two hex digits; % itself is %25"))?;
            octets.extend_from_slice(&octet);
        }
        if octets.contains(&0) {
            return Err(self.malformed("a name cannot have a NUL"));
        }
        Ok(octets)
    }
}

impl Host {
    /// As it stands in a URL.
    pub(crate) fn shown(&self, port: u16) -> String {
        match self {
            Self::Name(name) if name.contains(':') => format!("[{name}]:{port}"),
            Self::Name(name) => format!("{name}:{port}"),
            Self::Address(address) => std::net::SocketAddr::new(*address, port).to_string(),
        }
    }
}

/// What may be shown of a URL: all but a name and password in front of the host. A password with a
/// slash in it is not what a URL should have, but is none the less secret.
pub(crate) fn without_login(url: &[u8]) -> Vec<u8> {
    let Some(start) = url.windows(3).position(|three| three == b"://") else {
        // a slash was forgotten, or both
        let at = url.iter().rposition(|&octet| octet == b'@');
        let scheme = [&b"http:"[..], b"https:"].into_iter().find(|scheme| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        return match (scheme, at) {
            (Some(scheme), Some(at)) => [scheme, &url[at + 1..]].concat(),
            _ => url.to_vec(),
        };
    };
    let (scheme, rest) = url.split_at(start + 3);
    let authority = rest.iter().position(|octet| b"/?#".contains(octet));
    let authority = &rest[..authority.unwrap_or(rest.len())];
    // user:1234/5@host: what follows the colon is no port
    let colon = authority.iter().position(|&octet| octet == b':');
    let odd = !authority.starts_with(b"[")
        && colon.is_some_and(|colon| !authority[colon + 1..].iter().all(u8::is_ascii_digit));
    let within = if odd { rest } else { authority };
    match within.iter().rposition(|&octet| octet == b'@') {
        Some(at) => [scheme, &rest[at + 1..]].concat(),
        None => url.to_vec(),
    }
}

/// Octets that name a file of this system.
pub(crate) fn os_string(octets: Vec<u8>) -> OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(octets);
    #[cfg(not(unix))]
    String::from_utf8_lossy(&octets).into_owned().into()
}

/// A path as people may see it.
pub(crate) fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(rest: &str) -> Result<(String, Option<u16>, String), Code> {
        let whole = format!("x:{rest}");
        let url = Url {
            whole: whole.as_bytes(),
            rest: rest.as_bytes(),
        };
        let parts = url.parts().map_err(|failure| failure.code)?;
        let host = match parts.host {
            Host::Name(name) => format!("name {name}"),
            Host::Address(address) => address.to_string(),
        };
        Ok((host, parts.port, String::from_utf8_lossy(parts.path).into()))
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SCHEMES.is_sorted_by_key(|scheme| scheme.name));
    }

    #[test]
    fn urls_have_host_port_and_path() {
        for (rest, host, port, path) in [
            ("//h", "name h", None, ""),
            ("//h/", "name h", None, "/"),
            ("//h:/a", "name h", None, "/a"),
            (
                "//a-b_c.example:69/x/y",
                "name a-b_c.example",
                Some(69),
                "/x/y",
            ),
            ("//10.0.0.1:6969//x", "10.0.0.1", Some(6969), "//x"),
            ("//[::1]/x", "::1", None, "/x"),
            (
                "//[2001:db8::1]:65535/x:y",
                "2001:db8::1",
                Some(65535),
                "/x:y",
            ),
            ("//[fe80::1%25eth0]/x", "name fe80::1%eth0", None, "/x"),
            ("//[fe80::1%eth0]/x", "name fe80::1%eth0", None, "/x"),
        ] {
            let wanted = (host.to_owned(), port, path.to_owned());
            assert_eq!(parts(rest), Ok(wanted), "{rest}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for rest in [
            "",
            "h/a",
            "/h/a",
            "//",
            "///a",
            "//:69/a",
            "//h:0/a",
            "//h:65536/a",
            "//h:+1/a",
            "//h:x/a",
            "//u@h/a",
            "//[::1/a",
            "//[::1]x/a",
            "//[h]/a",
            "//::1/a",
            "//h h/a",
            "//\x1b/a",
            "//h%41/a",
        ] {
            assert_eq!(parts(rest), Err(Code::MALFORMED_URL), "{rest}");
        }
    }

    #[test]
    fn percent_encoding_is_undone_strictly() {
        let url = Url {
            whole: b"x",
            rest: b"",
        };
        assert_eq!(url.decoded(b"a%20%2f%FFb+?").unwrap(), b"a /\xffb+?");
        for bad in ["%", "a%4", "%zz", "%+1", "%00", "\0"] {
            assert!(url.decoded(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_login_is_never_shown() {
        for (url, wanted) in [
            ("http://h/a@b", "http://h/a@b"),
            ("http://h:80/a@b", "http://h:80/a@b"),
            ("http://[::1]:8/a@b", "http://[::1]:8/a@b"),
            ("http://u:p@h/a", "http://h/a"),
            ("http://u@h/a?x@y", "http://h/a?x@y"),
            ("http://u:p@q@h", "http://h"),
            ("http://u:p/w@h/a", "http://h/a"),
            ("http://u:p?w@h", "http://h"),
            ("a@b", "a@b"),
        ] {
            let found = without_login(url.as_bytes());
            assert_eq!(String::from_utf8(found).unwrap(), wanted, "{url}");
        }
    }

    #[test]
    fn names_have_no_folders() {
        for (name, wanted) in [
            ("a", Some("a")),
            ("/a/b.c", Some("b.c")),
            ("a\\b", Some("b")),
            ("..a", Some("..a")),
            ("a/..", None),
            ("a/.", None),
            ("a/", None),
            ("", None),
            ("..", None),
            ("a\\..", None),
        ] {
            let found = last_component(name.as_bytes());
            assert_eq!(found.as_deref(), wanted.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn arguments_are_urls_paths_or_a_dash() {
        let kind = |argument: &str| match Place::of(OsStr::new(argument)) {
            Ok(Place::Local(Local::Standard)) => "-".into(),
            Ok(Place::Local(Local::Path { path, url })) => format!("{} {url}", path.display()),
            Ok(Place::Remote(remote)) => remote.shown(),
            Err(failure) => failure.code.0.to_string(),
        };
        for (argument, wanted) in [
            ("-", "-"),
            ("a", "a false"),
            ("./-", "./- false"),
            ("c:x", "c:x false"),
            ("1:2//3", "1:2//3 false"),
            ("file:///a%20b", "/a b true"),
            ("file:/a", "/a true"),
            ("FILE://localhost/a", "/a true"),
            ("file://h/a", "3"),
            ("file:a", "3"),
            ("gopher://h/a", "1"),
            ("tftp://h/a", "tftp://h:69/a"),
            ("TFTP://h/a", "tftp://h:69/a"),
            ("tftp:h/a", "3"),
        ] {
            assert_eq!(kind(argument), wanted, "{argument}");
        }
    }
}
