//! What went wrong, and what to do about it.

use super::super::codes::{Code, Failure, plain};
use super::url::Address;
use std::error::Error as _;
use std::io;
use std::time::Duration;
use wirelore_core::escape;
use wirelore_http1::ErrorKind;
use wirelore_http1::wire::ResponseHead;
use wirelore_tokio::http1::client::{ClientError, Scheme, Waiting};
use wirelore_tokio::tls::handshake_error;
use wirelore_tokio::tls::rustls;

/// A try that failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// It may pass.
    pub(super) passing: bool,
    /// When the server wants to be asked again.
    pub(super) after: Option<Duration>,
}

impl Trouble {
    pub(super) fn passing(failure: Failure) -> Self {
        Self {
            failure,
            passing: true,
            after: None,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            passing: false,
            after: None,
        }
    }
}

/// What the server says, in one line: status, reason, and the first line of a body that is text.
pub(super) fn refusal<B: AsRef<[u8]>>(
    address: &Address,
    head: &ResponseHead<B>,
    words: Option<&str>,
) -> String {
    let words = match words {
        Some(words) if !words.is_empty() => format!(" (\"{words}\")"),
        _ => String::new(),
    };
    format!(
        "{}: the server says {}{words}",
        address.shown(),
        status(head)
    )
}

/// Status and reason.
pub(super) fn status<B: AsRef<[u8]>>(head: &ResponseHead<B>) -> String {
    let reason = escape(head.reason()).limit(100).to_string();
    format!("{} {reason}", head.status()).trim_end().to_owned()
}

/// The failure of an exchange. `proxied`: it goes through a proxy. `sending`: the request was on its
/// way.
pub(super) fn trouble(
    error: ClientError,
    address: &Address,
    proxied: bool,
    sending: bool,
) -> Trouble {
    let url = address.shown();
    let new = |code, text: String| Trouble::from(Failure::new(code, format!("{url}: {text}")));
    let passing =
        |code, text: String| Trouble::passing(Failure::new(code, format!("{url}: {text}")));
    match error {
        ClientError::Connect { to, error } => connecting(&url, &to, &error, proxied),
        ClientError::Tls { with, error } => {
            let (code, why) = tls(&error);
            let passes = code == Code::TLS && handshake_error(&error).is_none();
            let text = format!("no TLS with {}: {why}", escape(&with));
            match passes {
                true => passing(code, text),
                false => new(code, text),
            }
        }
        ClientError::NoTls => new(
            Code::TLS,
            "this system has no certificates to trust: give some with --cacert".into(),
        ),
        ClientError::ProxyRefused { head } => {
            let text = format!("the proxy says {} instead of opening a way", status(&head));
            let code = if head.status() == 407 {
                Code::LOGIN
            } else {
                Code::PROXY
            };
            Trouble {
                passing: super::retry::is_passing(head.status()),
                ..new(code, text)
            }
        }
        ClientError::ProxyBabbled(_) => new(
            Code::PROXY,
            "the proxy speaks where the server should: the way is not to be trusted".into(),
        ),
        ClientError::Misuse(misuse) => new(Code::USAGE, misuse.to_string()),
        ClientError::Protocol(error) if error.kind == ErrorKind::TimedOut => {
            passing(Code::TIMEOUT, "no answer in time".into())
        }
        ClientError::Protocol(error) if error.kind == ErrorKind::Truncated => {
            passing(Code::PARTIAL, "the connection ended too early".into())
        }
        ClientError::Protocol(error) => new(
            Code::NOT_HTTP,
            format!("what the server says is no HTTP: {error}"),
        ),
        ClientError::Closed { error, .. } => {
            let why = match &error {
                Some(error) => format!(" ({})", plain(error)),
                None => String::new(),
            };
            let code = match (&error, sending) {
                (Some(_), true) => Code::SENDING,
                (Some(_), false) => Code::NETWORK,
                (None, _) => Code::EMPTY_REPLY,
            };
            passing(
                code,
                format!("the server closed the connection without a word{why}"),
            )
        }
        ClientError::Io(error) => {
            let code = if sending {
                Code::SENDING
            } else {
                Code::NETWORK
            };
            let (tls_code, why) = tls(&error);
            if error.kind() == io::ErrorKind::UnexpectedEof {
                return passing(Code::PARTIAL, "the connection ended too early".to_owned());
            }
            match handshake_error(&error) {
                Some(_) => passing(tls_code, format!("TLS failed: {why}")),
                None => passing(code, format!("the connection broke: {}", plain(&error))),
            }
        }
        ClientError::TimedOut(waiting) => {
            let what = match waiting {
                Waiting::Connect => "no connection",
                Waiting::Tunnel => "no answer from the proxy",
                Waiting::Tls => "no TLS handshake",
                Waiting::Sending => "the server took nothing of what was sent",
                Waiting::ResponseHead => "no answer",
                _ => "nothing more came",
            };
            passing(Code::TIMEOUT, format!("{what} in time"))
        }
        other => {
            let source = other.source().map(|source| format!(": {source}"));
            new(
                Code::NETWORK,
                format!("{other}{}", source.unwrap_or_default()),
            )
        }
    }
}

/// There is no connection.
fn connecting(url: &str, to: &str, error: &io::Error, proxied: bool) -> Trouble {
    let place = if proxied {
        format!("{url}: no way to the proxy {}", escape(to))
    } else {
        format!("{url}: no way to {}", escape(to))
    };
    let mut failure = Failure::of(error, Code::NO_ROUTE, &place);
    let passes = match failure.code {
        Code::NO_SUCH_HOST => {
            if proxied {
                failure.code = Code::NO_SUCH_PROXY;
            }
            failure.text = format!("{url}: {}", failure.text);
            false
        }
        // what the options ask for is not there
        Code::INTERFACE => false,
        _ => true,
    };
    Trouble {
        passing: passes,
        ..Trouble::from(failure)
    }
}

/// What TLS complains about.
fn tls(error: &io::Error) -> (Code, String) {
    use rustls::{CertificateError as Certificate, Error};
    let Some(error) = handshake_error(error) else {
        return (Code::TLS, plain(error));
    };
    let hint = match error {
        Error::InvalidCertificate(Certificate::UnknownIssuer) => {
            ": whoever signed it is not trusted here; --cacert FILE adds trust, --insecure does without"
        }
        Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => ": it is for another name",
        Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            ": it has expired"
        }
        _ => "",
    };
    match error {
        Error::InvalidCertificate(_) => {
            let why = escape(&error.to_string()).limit(200).to_string();
            (Code::CERTIFICATE, format!("{why}{hint}"))
        }
        error => (Code::TLS, escape(&error.to_string()).limit(200).to_string()),
    }
}

/// Where a login is asked for, and there is none, or it is not the right one.
pub(super) fn login(address: &Address, home: bool, told: bool, known: bool) -> Failure {
    let url = address.shown();
    let text = if !known {
        format!("{url}: the server wants a proof of who asks that is not known here")
    } else if told {
        format!("{url}: the server does not accept the name and password")
    } else if home {
        format!(
            "{url}: the server wants a name and password: --user, --netrc, or NAME:PASSWORD@ in the URL"
        )
    } else {
        let scheme = match address.origin().scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!(
            "{url}: a redirect leads to another server, which wants a name and password; none was \
             sent there: copy from that {scheme}: URL if it is to be trusted"
        )
    };
    Failure::new(Code::LOGIN, text)
}
