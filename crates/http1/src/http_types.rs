//! Conversions to and from the types of the `http` crate (feature `http`).
//!
//! A `HeaderMap` has names in lower case, and keeps the order of fields of one name only; whoever
//! passes messages on keeps the fields as they came instead.

use core::fmt;

pub use crate::http_heads::{OwnedRequest, response};

use crate::{Version, status::Status};

/// What cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpTypesError {
    /// The method is not a token.
    Method,
    /// The target is not a URI as the `http` crate has them, or is too long for it.
    Target,
    /// A code below 100 (from a peer) or above 599 (to be sent).
    Status,
    /// A version that this crate does not speak.
    Version,
    /// A name that is not a token, or is too long.
    Name {
        /// The how manieth field, from 0.
        index: usize,
    },
    /// A value with an octet that may not stand in one.
    Value {
        /// The how manieth field, from 0.
        index: usize,
    },
    /// More fields than a `HeaderMap` takes.
    TooManyFields,
}

impl fmt::Display for HttpTypesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("invalid method"),
            Self::Target => f.write_str("invalid target"),
            Self::Status => f.write_str("invalid status code"),
            Self::Version => f.write_str("unsupported version"),
            Self::Name { index } => write!(f, "invalid name of field {index}"),
            Self::Value { index } => write!(f, "invalid value of field {index}"),
            Self::TooManyFields => f.write_str("too many fields"),
        }
    }
}

impl core::error::Error for HttpTypesError {}

/// The method.
///
/// # Errors
/// [`HttpTypesError::Method`].
pub fn method(octets: &[u8]) -> Result<http::Method, HttpTypesError> {
    http::Method::from_bytes(octets).map_err(|_| HttpTypesError::Method)
}

/// The request-target, of any form: with only a path, with only an authority, absolute, or `*`.
///
/// # Errors
/// [`HttpTypesError::Target`], also for some that browsers send.
pub fn uri(target: &[u8]) -> Result<http::Uri, HttpTypesError> {
    http::Uri::try_from(target).map_err(|_| HttpTypesError::Target)
}

/// The fields as a map. Values of [secret](crate::wire::is_secret) fields are marked as sensitive.
///
/// # Errors
/// [`HttpTypesError::Name`], [`HttpTypesError::Value`] for the first field that cannot be in one;
/// [`HttpTypesError::TooManyFields`] for the 32769th name or so.
pub fn fields_to_header_map<'f>(
    fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>,
) -> Result<http::HeaderMap, HttpTypesError> {
    let mut map = http::HeaderMap::new();
    for (index, (name, value)) in fields.into_iter().enumerate() {
        let name =
            http::HeaderName::from_bytes(name).map_err(|_| HttpTypesError::Name { index })?;
        let secret = crate::wire::is_secret(name.as_str().as_bytes());
        let mut value =
            http::HeaderValue::from_bytes(value).map_err(|_| HttpTypesError::Value { index })?;
        value.set_sensitive(secret);
        map.try_append(name, value)
            .map_err(|_| HttpTypesError::TooManyFields)?;
    }
    Ok(map)
}

/// The fields of a map as octets: names in lower case, fields of one name together and in their order.
pub fn header_map_to_fields(map: &http::HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    map.iter()
        .map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

/// [`HttpTypesError::Status`] for a code below 100.
impl TryFrom<Status> for http::StatusCode {
    type Error = HttpTypesError;

    fn try_from(status: Status) -> Result<Self, HttpTypesError> {
        Self::from_u16(status.code()).map_err(|_| HttpTypesError::Status)
    }
}

/// [`HttpTypesError::Status`] for a code above 599, which may not be sent.
impl TryFrom<http::StatusCode> for Status {
    type Error = HttpTypesError;

    fn try_from(status: http::StatusCode) -> Result<Self, HttpTypesError> {
        Self::new(status.as_u16()).ok_or(HttpTypesError::Status)
    }
}

impl From<Version> for http::Version {
    fn from(version: Version) -> Self {
        match version {
            Version::Http09 => Self::HTTP_09,
            Version::Http10 => Self::HTTP_10,
            Version::Http11 => Self::HTTP_11,
        }
    }
}

/// [`HttpTypesError::Version`] for HTTP/2 and later.
impl TryFrom<http::Version> for Version {
    type Error = HttpTypesError;

    fn try_from(version: http::Version) -> Result<Self, HttpTypesError> {
        match version {
            http::Version::HTTP_09 => Ok(Self::Http09),
            http::Version::HTTP_10 => Ok(Self::Http10),
            http::Version::HTTP_11 => Ok(Self::Http11),
            _ => Err(HttpTypesError::Version),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn methods_and_targets() {
        assert_eq!(method(b"GET"), Ok(http::Method::GET));
        assert_eq!(method(b"M-SEARCH").unwrap().as_str(), "M-SEARCH");
        assert_eq!(method(b"get").unwrap().as_str(), "get");
        assert_eq!(method(b"G T"), Err(HttpTypesError::Method));
        assert_eq!(method(b""), Err(HttpTypesError::Method));
        assert_eq!(uri(b"/a?b").unwrap().query(), Some("b"));
        assert_eq!(uri(b"http://h:1/a").unwrap().port_u16(), Some(1));
        assert_eq!(
            uri(b"h:443").unwrap().authority().unwrap().as_str(),
            "h:443"
        );
        assert_eq!(uri(b"*").unwrap().path(), "*");
        assert_eq!(uri(b""), Err(HttpTypesError::Target));
        assert_eq!(uri(b"/a b"), Err(HttpTypesError::Target));
    }

    #[test]
    fn status_codes_and_versions() {
        assert_eq!(
            http::StatusCode::try_from(Status::NOT_FOUND),
            Ok(http::StatusCode::NOT_FOUND)
        );
        let odd = Status::parse(b"099").unwrap();
        assert_eq!(http::StatusCode::try_from(odd), Err(HttpTypesError::Status));
        assert_eq!(Status::try_from(http::StatusCode::OK), Ok(Status::OK));
        let high = http::StatusCode::from_u16(600).unwrap();
        assert_eq!(Status::try_from(high), Err(HttpTypesError::Status));
        for version in [Version::Http09, Version::Http10, Version::Http11] {
            assert_eq!(Version::try_from(http::Version::from(version)), Ok(version));
        }
        assert_eq!(
            Version::try_from(http::Version::HTTP_2),
            Err(HttpTypesError::Version)
        );
    }

    #[test]
    fn fields_there_and_back() {
        let fields = [
            (&b"Host"[..], &b"a"[..]),
            (b"X-A", b"1"),
            (b"Accept", b"\xe4"),
            (b"x-a", b"2"),
        ];
        let map = fields_to_header_map(fields).unwrap();
        assert_eq!(map["host"], "a");
        assert!(!map["host"].is_sensitive());
        let secret = fields_to_header_map([(&b"Cookie"[..], &b"a=b"[..])]).unwrap();
        assert!(secret["cookie"].is_sensitive());
        assert!(map.get_all("x-a").iter().eq(["1", "2"]));
        let back: Vec<_> = header_map_to_fields(&map).collect();
        assert_eq!(back.len(), 4);
        assert!(back.contains(&(b"accept", b"\xe4")));
        assert_eq!(fields_to_header_map(back).unwrap(), map);
    }

    #[test]
    fn fields_that_are_none() {
        let of = |name: &'static [u8], value: &'static [u8]| {
            fields_to_header_map([(&b"a"[..], &b"b"[..]), (name, value)]).err()
        };
        assert_eq!(of(b"a b", b""), Some(HttpTypesError::Name { index: 1 }));
        assert_eq!(of(b"", b""), Some(HttpTypesError::Name { index: 1 }));
        assert_eq!(
            of(b"b", b"a\r\nb"),
            Some(HttpTypesError::Value { index: 1 })
        );
        let many: Vec<_> = (0..40_000).map(|it| alloc::format!("x{it}")).collect();
        let many = many.iter().map(|it| (it.as_bytes(), &b""[..]));
        assert_eq!(
            fields_to_header_map(many),
            Err(HttpTypesError::TooManyFields)
        );
    }
}
