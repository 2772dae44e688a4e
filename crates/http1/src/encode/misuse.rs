//! Wrong use by the application.

use core::fmt;

use crate::Version;

/// A call that cannot be carried out as asked. Nothing was written and nothing is spoiled: the call
/// may be repeated with better arguments.
///
/// `at` counts octets from the first one of the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The method is not a token (RFC 9110 section 9.1).
    BadMethod {
        /// Where the first octet stands that may not; 0 for an empty one.
        at: usize,
    },
    /// The request-target is empty, or has an octet that none has (RFC 9112 section 3.2).
    BadTarget {
        /// Where that octet stands.
        at: usize,
    },
    /// The request-target has none of the four forms, or not one that the method allows (RFC 9112
    /// section 3.2), or an authority that may not be sent (RFC 9110 section 4.2.4).
    BadTargetForm,
    /// The field name is not a token (RFC 9110 section 5.1).
    BadFieldName {
        /// Where the first octet stands that may not; 0 for an empty one.
        at: usize,
    },
    /// A control character in a field value (RFC 9110 section 5.5).
    BadFieldValue {
        /// Which one.
        octet: u8,
        /// Where it stands.
        at: usize,
    },
    /// A control character in a reason phrase (RFC 9112 section 4).
    BadReason {
        /// Which one.
        octet: u8,
        /// Where it stands.
        at: usize,
    },
    /// The status code is not 100 to 999 (RFC 9110 section 15).
    BadStatus {
        /// What it is.
        status: u16,
    },
    /// Content-Length or Transfer-Encoding among the fields: they are derived from the body.
    FramingField,
    /// The expectation 100-continue in a request without content (RFC 9110 section 10.1.1).
    ExpectWithoutContent,
    /// 101 (Switching Protocols) without Upgrade, which says what is switched to (RFC 9110 section
    /// 15.2.2).
    MissingUpgrade,
    /// An HTTP/1.1 request without Host (RFC 9112 section 3.2).
    MissingHost,
    /// More than one Host field line.
    DuplicateHost,
    /// The Host field is not a host with an optional port (RFC 9110 section 7.2).
    BadHost,
    /// The Host field names another authority than the absolute request-target (RFC 9112 section
    /// 3.2).
    HostMismatch,
    /// A field that means nothing, or harm, behind the body (RFC 9110 section 6.5.1).
    NotInTrailers,
    /// Trailer fields behind a body that is not chunked (RFC 9110 section 6.5.1).
    TrailersWithoutChunked,
    /// More octets than the body was announced to have.
    BodyTooLong {
        /// How many may still come.
        remaining: u64,
    },
    /// The body ends before all octets came that were announced.
    BodyTooShort {
        /// How many are missing.
        remaining: u64,
    },
    /// A body where there is none: in a request with CONNECT or TRACE, in a response with 1xx, 204 or
    /// 205, in one with 2xx to CONNECT (RFC 9110 sections 6.4.1, 9.3.6 and 9.3.8).
    BodyNotAllowed,
    /// The length of a request's body must be known, as the version has no chunks and the connection
    /// cannot be closed to mark the end (RFC 9112 section 6.3).
    LengthRequired,
    /// This version of the protocol has no way to say it.
    NotInVersion {
        /// The version.
        version: Version,
    },
    /// The call does not fit into the state: the body is over, say, or the response is not awaited.
    NotNow,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadMethod { at } => write!(f, "the method is no token at octet {at}"),
            Self::BadTarget { at } => write!(f, "the request target is wrong at octet {at}"),
            Self::BadTargetForm => {
                f.write_str("the request target has no form that the method allows")
            }
            Self::BadFieldName { at } => write!(f, "the field name is no token at octet {at}"),
            Self::BadFieldValue { octet, at } => {
                write!(f, "octet {octet:#04x} in a field value at octet {at}")
            }
            Self::BadReason { octet, at } => {
                write!(f, "octet {octet:#04x} in a reason phrase at octet {at}")
            }
            Self::BadStatus { status } => write!(f, "no status code: {status}"),
            Self::FramingField => {
                f.write_str("content-length and transfer-encoding are derived from the body")
            }
            Self::ExpectWithoutContent => {
                f.write_str("100-continue is expected, but there is no content")
            }
            Self::MissingUpgrade => f.write_str("no upgrade field"),
            Self::MissingHost => f.write_str("no host field"),
            Self::DuplicateHost => f.write_str("more than one host field"),
            Self::BadHost => f.write_str("the host field has no valid value"),
            Self::HostMismatch => f.write_str("the host field differs from the request target"),
            Self::NotInTrailers => f.write_str("a field that may not stand in trailers"),
            Self::TrailersWithoutChunked => f.write_str("trailers behind a body without chunks"),
            Self::BodyTooLong { remaining } => {
                write!(f, "only {remaining} octets of the body are left")
            }
            Self::BodyTooShort { remaining } => {
                write!(f, "the body ends {remaining} octets too early")
            }
            Self::BodyNotAllowed => f.write_str("this message has no body"),
            Self::LengthRequired => f.write_str("the length of the request's body must be known"),
            Self::NotInVersion { version } => {
                write!(f, "no way to say this in {}", version.as_str())
            }
            Self::NotNow => f.write_str("not in this state"),
        }
    }
}

impl core::error::Error for Misuse {}
