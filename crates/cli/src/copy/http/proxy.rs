//! Which proxy is used for which host.

use super::super::codes::{Code, Failure};
use super::login::Login;
use super::url::percent_decoded;
use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;
use url::Url;
use wirelore_tokio::http1::client::Scheme;

/// A proxy, and who asks there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyUrl {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Option<Login>,
}

impl FromStr for ProxyUrl {
    type Err = String;

    /// Without a scheme it is `http`, without a port 1080, as with curl; 443 for `https`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let whole = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        // the parser knows the ports of schemes, and would not tell 80 from nothing
        let (name, rest) = whole.split_once("://").unwrap_or_default();
        let (scheme, usual) = match &*name.to_ascii_lowercase() {
            "http" => (Scheme::Http, 1080),
            "https" => (Scheme::Https, 443),
            _ => return Err("a proxy is http://HOST:PORT or https://HOST:PORT".into()),
        };
        let wrong = |_| "that is no URL of a proxy".to_owned();
        let url = Url::parse(&format!("x-proxy://{rest}")).map_err(wrong)?;
        let host = Url::parse(&format!("http://{}", url.host_str().unwrap_or_default()));
        let host = host.map_err(wrong)?;
        let host = host.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or("the host of the proxy is missing")?;
        let decoded = |part: &str| percent_decoded(part).ok_or("that is no name and password");
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (name, password) => Some(Login {
                name: decoded(name)?,
                password: password.map(decoded).transpose()?,
            }),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("a proxy has no path".into());
        }
        Ok(Self {
            scheme,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(usual),
            login,
        })
    }
}

/// Proxies for every kind of URL, and hosts that none is used for.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    pub(super) http: Option<ProxyUrl>,
    pub(super) https: Option<ProxyUrl>,
    except: Exceptions,
}

impl Proxies {
    /// What the options say counts more than the environment, which `variable` reads.
    pub(super) fn new(
        proxy: Option<&ProxyUrl>,
        no_proxy: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let first = |names: &[&'static str]| {
            let found = names.iter().find_map(|name| Some((*name, set(name)?)));
            let Some((name, value)) = found else {
                return Ok(None);
            };
            let parsed = value.parse::<ProxyUrl>().map(Some);
            parsed.map_err(|why| Failure::new(Code::MALFORMED_URL, format!("${name}: {why}")))
        };
        let (http, https) = match proxy {
            Some(proxy) => (Some(proxy.clone()), Some(proxy.clone())),
            None => (
                // not HTTP_PROXY: a web server that starts programs sets that to what clients say
                first(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
                first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            ),
        };
        let except = match no_proxy {
            Some(list) => Some(list.to_owned()),
            None => set("no_proxy").or_else(|| set("NO_PROXY")),
        };
        Ok(Self {
            http,
            https,
            except: Exceptions::parse(&except.unwrap_or_default()),
        })
    }

    /// The proxy for a host, whose IPv6 address has no brackets.
    pub(super) fn choose(&self, scheme: Scheme, host: &str, port: u16) -> Option<&ProxyUrl> {
        let proxy = match scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        };
        proxy.as_ref().filter(|_| !self.except.has(host, port))
    }
}

#[derive(Clone, Debug, Default)]
struct Exceptions {
    all: bool,
    /// Names in lower case, without a dot in front, and a port.
    names: Vec<(String, Option<u16>)>,
    networks: Vec<IpNet>,
}

impl Exceptions {
    /// Words between commas and blanks.
    fn parse(list: &str) -> Self {
        let mut found = Self::default();
        let words = list.split(|c: char| c == ',' || c.is_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            let bare = word.trim_matches(['[', ']']);
            if word == "*" {
                found.all = true;
            } else if let Ok(network) = bare.parse::<IpNet>() {
                found.networks.push(network);
            } else if let Ok(address) = bare.parse::<IpAddr>() {
                found.networks.push(address.into());
            } else {
                let (name, port) = match word.rsplit_once(':') {
                    Some((name, port)) => match port.parse() {
                        Ok(port) => (name, Some(port)),
                        Err(_) => (word, None),
                    },
                    None => (word, None),
                };
                let name = name.trim_start_matches("*.").trim_matches('.');
                found.names.push((name.to_ascii_lowercase(), port));
            }
        }
        found
    }

    fn has(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if self.all {
            return true;
        }
        let address = host
            .split('%')
            .next()
            .and_then(|host| host.parse::<IpAddr>().ok());
        if let Some(address) = address
            && self
                .networks
                .iter()
                .any(|network| network.contains(&address))
        {
            return true;
        }
        self.names.iter().any(|(name, only)| {
            // nothing is below an address
            let ends = host.strip_suffix(&**name).is_some_and(|before| {
                before.is_empty() || before.ends_with('.') && address.is_none()
            });
            ends && !name.is_empty() && only.is_none_or(|only| only == port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_urls() {
        let read = |text: &str| {
            let proxy: ProxyUrl = text.parse().ok()?;
            let login = proxy
                .login
                .map(|it| format!("{}:{:?}", it.name, it.password));
            Some((proxy.scheme.as_str(), proxy.host, proxy.port, login))
        };
        let plain = |scheme, host: &str, port| Some((scheme, host.to_owned(), port, None));
        assert_eq!(read("http://p:3128"), plain("http", "p", 3128));
        assert_eq!(read("p"), plain("http", "p", 1080));
        assert_eq!(read("P.example:80/"), plain("http", "p.example", 80));
        assert_eq!(read("https://p"), plain("https", "p", 443));
        assert_eq!(read("http://[::1]:8"), plain("http", "::1", 8));
        let (.., login) = read("http://u%40:p%3A@p:1").unwrap();
        assert_eq!(login.as_deref(), Some("u@:Some(\"p:\")"));
        for bad in [
            "",
            "socks5://p",
            "http://",
            "http://p/x",
            "http://p:99999",
            "http://p?x",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn exceptions_are_names_addresses_and_networks() {
        let list = "localhost, .corp.example *.dev,example.org:8080 10.0.0.0/8,[::1],192.0.2.1";
        let except = Exceptions::parse(list);
        for (host, wanted) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("notlocalhost", false),
            ("corp.example", true),
            ("a.b.corp.example", true),
            ("acorp.example", false),
            ("x.dev", true),
            ("example.org", false),
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("::1", true),
            ("::2", false),
            ("192.0.2.1", true),
        ] {
            assert_eq!(except.has(host, 80), wanted, "{host}");
        }
        assert!(except.has("www.example.org", 8080));
        assert!(Exceptions::parse("*").has("anything", 1));
        assert!(!Exceptions::parse("").has("anything", 1));
    }

    #[test]
    fn the_environment_is_read_as_curl_does() {
        let choose = |set: &[(&str, &str)], option: Option<&str>, scheme, host: &str| {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name)?;
                Some(found.1.to_owned())
            };
            let option = option.map(|it| it.parse::<ProxyUrl>().unwrap());
            let proxies = Proxies::new(option.as_ref(), None, variable).unwrap();
            proxies.choose(scheme, host, 80).map(|it| it.host.clone())
        };
        let (http, https) = (Scheme::Http, Scheme::Https);
        let found = |name: &str| Some(name.to_owned());
        assert_eq!(choose(&[("HTTP_PROXY", "a")], None, http, "h"), None);
        assert_eq!(choose(&[("http_proxy", "a")], None, http, "h"), found("a"));
        assert_eq!(choose(&[("http_proxy", "a")], None, https, "h"), None);
        assert_eq!(
            choose(&[("HTTPS_PROXY", "a")], None, https, "h"),
            found("a")
        );
        let both = [("ALL_PROXY", "a"), ("https_proxy", "b"), ("NO_PROXY", "x")];
        assert_eq!(choose(&both, None, https, "h"), found("b"));
        assert_eq!(choose(&both, None, http, "h"), found("a"));
        assert_eq!(choose(&both, None, http, "y.x"), None);
        assert_eq!(choose(&both, Some("c"), http, "h"), found("c"));
        assert_eq!(choose(&[("http_proxy", " ")], None, http, "h"), None);
        let bad = Proxies::new(None, None, |_| Some("ftp://x".into()));
        assert_eq!(bad.unwrap_err().code, Code::MALFORMED_URL);
    }
}
