//! The request-target: which form it has, and which one its method needs (RFC 9112 section 3.2).

use super::authority::{Authority, is_authority};
use crate::error::ErrorKind;

/// The methods of RFC 9110, as far as they matter to framing and persistence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MethodKind {
    /// GET
    #[default]
    Get,
    /// HEAD: the response has no body.
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// CONNECT: a 2xx response makes the connection a tunnel.
    Connect,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// Any other token.
    Other,
}

impl MethodKind {
    /// Which one `method` is. Methods are case-sensitive.
    #[must_use]
    pub const fn of(method: &[u8]) -> Self {
        match method {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            _ => Self::Other,
        }
    }
}

/// The form of a request-target (RFC 9112 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path`, towards proxies.
    Absolute,
    /// `host:port`, with CONNECT only.
    Authority,
    /// `*`, with OPTIONS only.
    Asterisk,
}

/// The form of a target, and where in it the authority is.
pub(crate) fn form(
    kind: MethodKind,
    target: &[u8],
) -> Result<(TargetForm, Option<(usize, usize)>), ErrorKind> {
    if kind == MethodKind::Connect {
        return match Authority::parse(target) {
            Some(Authority {
                host: [_, ..],
                port: Some(1..),
            }) => Ok((TargetForm::Authority, Some((0, target.len())))),
            _ => Err(ErrorKind::BadAuthority),
        };
    }
    match target {
        [b'/', ..] => Ok((TargetForm::Origin, None)),
        b"*" if kind == MethodKind::Options => Ok((TargetForm::Asterisk, None)),
        [first, ..] if first.is_ascii_alphabetic() => absolute(target),
        _ => Err(ErrorKind::BadTargetForm),
    }
}

/// `scheme:` and, with `//`, an authority (RFC 3986 section 4.3). Userinfo is refused with http and
/// https (RFC 9110 section 4.2.4), skipped with others.
fn absolute(target: &[u8]) -> Result<(TargetForm, Option<(usize, usize)>), ErrorKind> {
    let colon = target
        .iter()
        .position(|&o| !(o.is_ascii_alphanumeric() || matches!(o, b'+' | b'-' | b'.')))
        .filter(|&at| target[at] == b':')
        .ok_or(ErrorKind::BadTargetForm)?;
    let scheme = &target[..colon];
    let web = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    let Some(rest) = target[colon + 1..].strip_prefix(b"//") else {
        return if web {
            Err(ErrorKind::BadAuthority)
        } else {
            Ok((TargetForm::Absolute, None))
        };
    };
    let start = colon + 3;
    let len = rest
        .iter()
        .position(|octet| matches!(octet, b'/' | b'?'))
        .unwrap_or(rest.len());
    let user = match rest[..len].iter().rposition(|&octet| octet == b'@') {
        Some(_) if web => return Err(ErrorKind::BadAuthority),
        Some(at) => at + 1,
        None => 0,
    };
    let authority = &rest[user..len];
    let empty_host = matches!(authority, [] | [b':', ..]);
    if !is_authority(authority) || web && empty_host {
        return Err(ErrorKind::BadAuthority);
    }
    Ok((TargetForm::Absolute, Some((start + user, start + len))))
}
