//! Heads: the start line, the fields, and the lines that follow from the body and the connection.

use alloc::vec::Vec;

use super::digits::Digits;
use super::{FieldBlock, Misuse, OutFraming};
use crate::Version;
use crate::status::Status;
use crate::wire::octet::{is_field, is_target, is_tchar};
use crate::wire::{MethodKind, TargetForm, form};

/// The head of a request, as it is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, a token in the case it has.
    pub method: &'a [u8],
    /// The request-target: visible ASCII in one of the four forms (RFC 9112 section 3.2).
    pub target: &'a [u8],
    /// The version. With HTTP/0.9 only GET without fields can be said, and the version is not sent.
    pub version: Version,
    /// The fields. With HTTP/1.1 they have one Host, whatever form the target has.
    pub fields: &'a FieldBlock,
}

impl<'a> Request<'a> {
    /// An HTTP/1.1 request.
    #[must_use]
    pub fn new(
        method: &'a (impl AsRef<[u8]> + ?Sized),
        target: &'a (impl AsRef<[u8]> + ?Sized),
        fields: &'a FieldBlock,
    ) -> Self {
        Self {
            method: method.as_ref(),
            target: target.as_ref(),
            version: Version::Http11,
            fields,
        }
    }

    /// An HTTP/1.1 request with GET.
    #[must_use]
    pub fn get(target: &'a (impl AsRef<[u8]> + ?Sized), fields: &'a FieldBlock) -> Self {
        Self::new("GET", target, fields)
    }

    /// The same in another version.
    #[must_use]
    pub const fn with_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    fn check(&self, framing: OutFraming) -> Result<(), Misuse> {
        let wrong = self.method.iter().position(|&octet| !is_tchar(octet));
        if let Some(at) = wrong.or(self.method.is_empty().then_some(0)) {
            return Err(Misuse::BadMethod { at });
        }
        let kind = MethodKind::of(self.method);
        match (self.fields.host()?, self.authority(kind)?) {
            (None, _) if self.version >= Version::Http11 => return Err(Misuse::MissingHost),
            (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
                return Err(Misuse::HostMismatch);
            }
            _ => {}
        }
        let bare = self.method == b"GET" && self.fields.is_empty() && framing == OutFraming::None;
        match framing {
            _ if self.version == Version::Http09 && !bare => Err(Misuse::NotInVersion {
                version: self.version,
            }),
            OutFraming::UntilClose => Err(Misuse::LengthRequired),
            OutFraming::Length(_) | OutFraming::Chunked
                if matches!(kind, MethodKind::Connect | MethodKind::Trace) =>
            {
                Err(Misuse::BodyNotAllowed)
            }
            OutFraming::Chunked => check_chunked(self.version),
            _ => Ok(()),
        }
    }

    /// What Host has to be: the authority of an absolute target or of CONNECT, where an absolute one has
    /// none the empty value.
    /// Checks the target as a whole.
    fn authority(&self, kind: MethodKind) -> Result<Option<&[u8]>, Misuse> {
        let wrong = self.target.iter().position(|&octet| !is_target(octet));
        if let Some(at) = wrong.or(self.target.is_empty().then_some(0)) {
            return Err(Misuse::BadTarget { at });
        }
        match form(kind, self.target) {
            Ok((TargetForm::Absolute, place)) => {
                let (start, end) = place.unwrap_or_default();
                Ok(self.target.get(start..end))
            }
            Ok((TargetForm::Authority, _)) => Ok(Some(self.target)),
            Ok(_) => Ok(None),
            Err(_) => Err(Misuse::BadTargetForm),
        }
    }
}

/// The head of a response, as it is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The status code, 100 to 999. Those from 600 have no meaning, but there are servers that send
    /// them, and gateways that pass them on.
    pub status: u16,
    /// The reason phrase; that of the registry when there is none here.
    pub reason: Option<&'a [u8]>,
    /// The version of the sender, not that of the request: it is HTTP/1.1 in answers to HTTP/1.0, too
    /// (RFC 9110 section 6.2). With HTTP/0.9 no head is sent at all.
    pub version: Version,
    /// The fields.
    pub fields: &'a FieldBlock,
    /// Further fields, sent behind the others: those that change from response to response, such as Date,
    /// where the others are made once and sent often.
    pub also: Option<&'a FieldBlock>,
}

impl<'a> Response<'a> {
    /// An HTTP/1.1 response with the reason phrase of the registry.
    #[must_use]
    pub const fn new(status: u16, fields: &'a FieldBlock) -> Self {
        Self {
            status,
            reason: None,
            version: Version::Http11,
            fields,
            also: None,
        }
    }

    /// The same with these further fields.
    #[must_use]
    pub const fn with_also(mut self, also: &'a FieldBlock) -> Self {
        self.also = Some(also);
        self
    }

    /// The same with this reason phrase, which may be empty.
    #[must_use]
    pub fn with_reason(mut self, reason: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.reason = Some(reason.as_ref());
        self
    }

    /// The same in another version.
    #[must_use]
    pub const fn with_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Whether a Connection field has the option `close`.
    #[must_use]
    pub fn says_close(&self) -> bool {
        self.blocks().any(FieldBlock::says_close)
    }

    /// Whether there is an Upgrade field.
    #[must_use]
    pub fn has_upgrade(&self) -> bool {
        self.blocks().any(FieldBlock::has_upgrade)
    }

    fn blocks(&self) -> Blocks<'a> {
        Blocks(self.fields, self.also)
    }

    fn check(&self, framing: OutFraming) -> Result<(), Misuse> {
        let status = self.status;
        if !(100..=999).contains(&status) {
            return Err(Misuse::BadStatus { status });
        }
        let reason = self.reason.unwrap_or_default();
        if let Some((at, &octet)) = (0..).zip(reason).find(|&(_, &octet)| !is_field(octet)) {
            return Err(Misuse::BadReason { octet, at });
        }
        if status < 200 && self.version < Version::Http11 {
            return Err(Misuse::NotInVersion {
                version: self.version,
            });
        }
        match framing {
            OutFraming::None => Ok(()),
            OutFraming::Length(0) if status == 205 => Ok(()),
            _ if matches!(status, 100..200 | 204 | 205) => Err(Misuse::BodyNotAllowed),
            OutFraming::Chunked => check_chunked(self.version),
            _ => Ok(()),
        }
    }
}

const fn check_chunked(version: Version) -> Result<(), Misuse> {
    match version {
        Version::Http11 => Ok(()),
        _ => Err(Misuse::NotInVersion { version }),
    }
}

/// What a head says about the connection, beside what the application's own Connection fields say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConnectionOption {
    /// Nothing.
    #[default]
    None,
    /// `close`. Also said without being asked for where the end of the connection ends the body.
    Close,
    /// `keep-alive`, for HTTP/1.0. Not said when the fields say `close`.
    KeepAlive,
}

/// Appends the head of a request whose body is framed like this.
///
/// The fields come as they are in the block, then a Connection field with what is not in the block yet:
/// `connection`, and `upgrade` and `TE` where there are fields of these names (RFC 9110 sections 7.8 and
/// 10.1.4), then Content-Length or Transfer-Encoding.
///
/// Nothing is allocated when `out` has room for the parts and 128 octets.
///
/// # Errors
///
/// [`Misuse`] for whatever may not be sent; then nothing was appended.
pub fn write_request_head(
    request: &Request<'_>,
    framing: OutFraming,
    connection: ConnectionOption,
    out: &mut Vec<u8>,
) -> Result<(), Misuse> {
    request.check(framing)?;
    let fields = request.fields.as_bytes();
    out.reserve(request.method.len() + request.target.len() + fields.len() + MOST_BESIDE);
    out.extend_from_slice(request.method);
    out.push(b' ');
    out.extend_from_slice(request.target);
    if request.version == Version::Http09 {
        out.extend_from_slice(b"\r\n");
        return Ok(());
    }
    out.push(b' ');
    out.extend_from_slice(request.version.as_str().as_bytes());
    out.extend_from_slice(b"\r\n");
    write_fields(Blocks(request.fields, None), framing, connection, out);
    Ok(())
}

/// Appends the head of a response with this framing; for the rest as
/// [`write_request_head`]. `framing` is [`ResponseFraming::head`](super::ResponseFraming::head).
///
/// # Errors
///
/// [`Misuse`] for whatever may not be sent; then nothing was appended.
pub fn write_response_head(
    response: &Response<'_>,
    framing: OutFraming,
    connection: ConnectionOption,
    out: &mut Vec<u8>,
) -> Result<(), Misuse> {
    response.check(framing)?;
    if response.version == Version::Http09 {
        return Ok(());
    }
    let blocks = response.blocks();
    let reason = response.reason.unwrap_or_else(|| phrase(response.status));
    out.reserve(reason.len() + blocks.len() + MOST_BESIDE);
    out.extend_from_slice(response.version.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(Digits::decimal(response.status.into()).as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
    write_fields(blocks, framing, connection, out);
    Ok(())
}

/// More than is ever written in a head beside method, target, reason and the caller's fields:
/// 14 octets of a start line, 38 of Content-Length, 37 of Connection, the last 2.
const MOST_BESIDE: usize = 128;

/// The fields of a head: those that are always there, and further ones.
#[derive(Clone, Copy)]
struct Blocks<'a>(&'a FieldBlock, Option<&'a FieldBlock>);

impl Blocks<'_> {
    fn any(self, what: fn(&FieldBlock) -> bool) -> bool {
        what(self.0) || self.1.is_some_and(what)
    }

    fn len(self) -> usize {
        self.0.as_bytes().len() + self.1.map_or(0, |also| also.as_bytes().len())
    }
}

fn write_fields(
    fields: Blocks<'_>,
    framing: OutFraming,
    connection: ConnectionOption,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(fields.0.as_bytes());
    if let Some(also) = fields.1 {
        out.extend_from_slice(also.as_bytes());
    }
    let says_close = fields.any(FieldBlock::says_close);
    let close = connection == ConnectionOption::Close || framing == OutFraming::UntilClose;
    let keep_alive = connection == ConnectionOption::KeepAlive && !close && !says_close;
    let upgrade = fields.any(FieldBlock::has_upgrade) && !fields.any(FieldBlock::says_upgrade);
    let te = fields.any(FieldBlock::has_te) && !fields.any(FieldBlock::says_te);
    let mut before: &[u8] = b"Connection: ";
    for (option, wanted) in [
        (&b"close"[..], close && !says_close),
        (
            b"keep-alive",
            keep_alive && !fields.any(FieldBlock::says_keep_alive),
        ),
        (b"upgrade", upgrade),
        (b"TE", te),
    ] {
        if wanted {
            out.extend_from_slice(before);
            out.extend_from_slice(option);
            before = b", ";
        }
    }
    if before == b", " {
        out.extend_from_slice(b"\r\n");
    }
    match framing {
        OutFraming::None | OutFraming::UntilClose => {}
        OutFraming::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            out.extend_from_slice(Digits::decimal(length).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        OutFraming::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
}

/// The reason phrase of the registry, or nothing.
fn phrase(status: u16) -> &'static [u8] {
    let reason = Status::new(status).and_then(Status::reason);
    reason.unwrap_or_default().as_bytes()
}
