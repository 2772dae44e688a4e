//! How the end of a body is marked (RFC 9112 section 6), derived from what the body is.

use super::Misuse;
use crate::Version;
use crate::method::{Content, lookup};
use crate::wire::MethodKind;

/// What the application says of the body it will give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// There is none.
    Empty,
    /// This many octets.
    Length(u64),
    /// Nobody knows yet how many.
    Unknown,
}

/// How the end of a body is marked on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutFraming {
    /// No field, no body.
    None,
    /// Content-Length with this value.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// The connection is closed behind the body. Never in requests.
    UntilClose,
}

/// How a response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResponseFraming {
    /// What its head says.
    pub head: OutFraming,
    /// What follows the head: the same, or nothing where the head speaks of a body that is not sent.
    pub body: OutFraming,
}

/// How to frame a request.
///
/// | content of the method's requests | Empty | Length(0) | Length(n) | Unknown |
/// |---|---|---|---|---|
/// | defined (POST, PUT, PATCH) | Length(0) | Length(0) | Length(n) | Chunked |
/// | undefined (GET, HEAD, DELETE) | None | None | Length(n) | Chunked |
/// | forbidden (CONNECT, TRACE) | None | None | Misuse | Misuse |
/// | an unknown method | None | Length(0) | Length(n) | Chunked |
///
/// The first column is [`Registered::content`](crate::method::Registered::content). Before HTTP/1.1
/// there are no chunks, so the length has to be known; HTTP/0.9 has no body.
///
/// # Errors
///
/// [`Misuse::BodyNotAllowed`], [`Misuse::LengthRequired`], [`Misuse::NotInVersion`].
pub fn request_framing(method: &[u8], version: Version, body: Body) -> Result<OutFraming, Misuse> {
    let content = lookup(method).map(|it| it.content);
    let framing = match (content, body) {
        (Some(Content::Forbidden), Body::Length(1..) | Body::Unknown) => {
            return Err(Misuse::BodyNotAllowed);
        }
        (Some(Content::Defined), Body::Empty) => OutFraming::Length(0),
        (Some(Content::Undefined | Content::Forbidden), Body::Length(0)) | (_, Body::Empty) => {
            OutFraming::None
        }
        (_, Body::Length(length)) => OutFraming::Length(length),
        (_, Body::Unknown) => OutFraming::Chunked,
    };
    match (version, framing) {
        (Version::Http09, OutFraming::Length(_) | OutFraming::Chunked) => {
            Err(Misuse::NotInVersion { version })
        }
        (Version::Http10, OutFraming::Chunked) => Err(Misuse::LengthRequired),
        _ => Ok(framing),
    }
}

/// How to frame a response with `status` to a request with `method` and `version`. Below, head and
/// body are the same where one word stands.
///
/// | | Empty | Length(0) | Length(n) | Unknown |
/// |---|---|---|---|---|
/// | 1xx, 204, 2xx to CONNECT | None | None | Misuse | Misuse |
/// | 205 | Length(0) | Length(0) | Misuse | Misuse |
/// | 304 | None | Length(0), None | Length(n), None | None |
/// | any other to HEAD | None | Length(0), None | Length(n), None | Chunked, None |
/// | any other | Length(0) | Length(0) | Length(n) | Chunked |
///
/// In place of Chunked it is UntilClose before HTTP/1.1, and None to HEAD. HTTP/0.9 has no head:
/// the connection is closed behind every response, whatever this function returns.
///
/// For HEAD and 304, the length is that of the body that is not sent (RFC 9110 section 8.6). `Empty`
/// says nothing about it, as it may only mean that there was no need to find out.
///
/// # Errors
///
/// [`Misuse::BodyNotAllowed`], [`Misuse::BadStatus`]; [`Misuse::NotInVersion`] for 1xx before
/// HTTP/1.1 (RFC 9110 section 15.2).
pub fn response_framing(
    status: u16,
    method: MethodKind,
    version: Version,
    body: Body,
) -> Result<ResponseFraming, Misuse> {
    if !(100..=999).contains(&status) {
        return Err(Misuse::BadStatus { status });
    }
    if status < 200 && version < Version::Http11 {
        return Err(Misuse::NotInVersion { version });
    }
    let bodiless = match status {
        100..200 | 204 => Some(OutFraming::None),
        200..300 if method == MethodKind::Connect => Some(OutFraming::None),
        205 => Some(OutFraming::Length(0)),
        _ => None,
    };
    if let Some(head) = bodiless {
        if !matches!(body, Body::Empty | Body::Length(0)) {
            return Err(Misuse::BodyNotAllowed);
        }
        let body = if method == MethodKind::Head {
            OutFraming::None
        } else {
            head
        };
        return Ok(ResponseFraming { head, body });
    }
    let unsent = status == 304 || method == MethodKind::Head;
    let head = match body {
        Body::Empty if unsent => OutFraming::None,
        Body::Empty => OutFraming::Length(0),
        Body::Length(length) => OutFraming::Length(length),
        Body::Unknown if status == 304 => OutFraming::None,
        Body::Unknown if version >= Version::Http11 => OutFraming::Chunked,
        Body::Unknown if unsent => OutFraming::None,
        Body::Unknown => OutFraming::UntilClose,
    };
    let body = if unsent { OutFraming::None } else { head };
    Ok(ResponseFraming { head, body })
}
