//! Whole heads to and from the types of the `http` crate (feature `http`).

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::encode::{FieldBlock, Forward, Request, Response};
use crate::http_types::{self, HttpTypesError, fields_to_header_map, header_map_to_fields};
use crate::version::Version;
use crate::wire::{Fields, RequestHead, ResponseHead};

fn header_map(fields: Fields<'_>) -> Result<http::HeaderMap, HttpTypesError> {
    let mut map = http::HeaderMap::new();
    for (index, field) in fields.enumerate() {
        let one = fields_to_header_map([(field.name(), &*field.value())]);
        let one = one.map_err(|error| match error {
            HttpTypesError::Name { .. } => HttpTypesError::Name { index },
            HttpTypesError::Value { .. } => HttpTypesError::Value { index },
            other => other,
        })?;
        for (name, value) in one.iter() {
            map.try_append(name.clone(), value.clone())
                .map_err(|_| HttpTypesError::TooManyFields)?;
        }
    }
    Ok(map)
}

/// The head of a received request. The URI is the request-target as it was sent.
impl<B: AsRef<[u8]>> TryFrom<&RequestHead<B>> for http::Request<()> {
    type Error = HttpTypesError;

    fn try_from(head: &RequestHead<B>) -> Result<Self, HttpTypesError> {
        let mut request = Self::new(());
        *request.method_mut() = http_types::method(head.method())?;
        *request.uri_mut() = http_types::uri(head.target())?;
        *request.version_mut() = head.version().into();
        *request.headers_mut() = header_map(head.fields())?;
        Ok(request)
    }
}

/// The head of a received response.
impl<B: AsRef<[u8]>> TryFrom<&ResponseHead<B>> for http::Response<()> {
    type Error = HttpTypesError;

    fn try_from(head: &ResponseHead<B>) -> Result<Self, HttpTypesError> {
        let mut response = Self::new(());
        *response.status_mut() =
            http::StatusCode::from_u16(head.status()).map_err(|_| HttpTypesError::Status)?;
        *response.version_mut() = head.version().into();
        *response.headers_mut() = header_map(head.fields())?;
        Ok(response)
    }
}

/// The fields of a map, to be sent. Content-Length and Transfer-Encoding are left out: they follow from
/// the body.
impl From<&http::HeaderMap> for FieldBlock {
    fn from(map: &http::HeaderMap) -> Self {
        Self::from_received(header_map_to_fields(map), Forward::All)
    }
}

/// The head of a request that was an `http::Request`.
#[derive(Clone, Debug)]
pub struct OwnedRequest {
    method: http::Method,
    target: String,
    version: Version,
    fields: FieldBlock,
}

impl OwnedRequest {
    /// The head as the encoder takes it.
    #[must_use]
    pub fn as_request(&self) -> Request<'_> {
        Request::new(self.method.as_str(), &self.target, &self.fields).with_version(self.version)
    }
}

/// The origin-form of the URI, `*` and the authority-form of CONNECT as they are; Host from the URI's
/// authority unless there is a field of that name.
///
/// [`HttpTypesError::Version`] for HTTP/2 and later, [`HttpTypesError::Target`] for CONNECT without an
/// authority.
impl TryFrom<&http::request::Parts> for OwnedRequest {
    type Error = HttpTypesError;

    fn try_from(parts: &http::request::Parts) -> Result<Self, HttpTypesError> {
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let authority = authority.map(|it| it.rsplit_once('@').map_or(it, |(_, host)| host));
        let target = if parts.method == http::Method::CONNECT {
            authority.ok_or(HttpTypesError::Target)?.to_owned()
        } else {
            match parts.uri.path_and_query().map(|it| it.as_str()) {
                None | Some("") => String::from("/"),
                Some(query) if query.starts_with('?') => alloc::format!("/{query}"),
                Some(path) => path.to_owned(),
            }
        };
        let mut fields = FieldBlock::from(&parts.headers);
        if let Some(host) = authority
            && !fields.has_host()
        {
            fields
                .set("Host", host)
                .map_err(|_| HttpTypesError::Target)?;
        }
        Ok(Self {
            method: parts.method.clone(),
            target,
            version: parts.version.try_into()?,
            fields,
        })
    }
}

/// Status code and version of an `http::Response`, with fields made from its headers before
/// ([`FieldBlock::from`]).
///
/// # Errors
/// [`HttpTypesError::Version`] for HTTP/2 and later.
pub fn response<'a>(
    parts: &http::response::Parts,
    fields: &'a FieldBlock,
) -> Result<Response<'a>, HttpTypesError> {
    let version = parts.version.try_into()?;
    Ok(Response::new(parts.status.as_u16(), fields).with_version(version))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::encode::{ConnectionOption, OutFraming, write_request_head, write_response_head};
    use crate::wire::{Field, MethodKind, parse_request, parse_response};
    use crate::{Config, Lenient};

    #[test]
    fn a_request_there_and_back() {
        let bytes = b"GET http://a:1/b?c HTTP/1.1\r\nHost: a:1\r\nX-A: 1\r\nx-a: 2\r\n\r\n";
        let mut table = [Field::default(); 8];
        let head = parse_request(bytes, &mut table, &Config::default());
        let request = http::Request::try_from(&head.unwrap().unwrap()).unwrap();
        assert_eq!(request.uri(), "http://a:1/b?c");
        assert_eq!(request.headers().get_all("x-a").iter().count(), 2);
        let owned = OwnedRequest::try_from(&request.into_parts().0).unwrap();
        let mut out = Vec::new();
        let (none, no) = (OutFraming::None, ConnectionOption::None);
        write_request_head(&owned.as_request(), none, no, &mut out).unwrap();
        assert_eq!(
            out,
            b"GET /b?c HTTP/1.1\r\nhost: a:1\r\nx-a: 1\r\nx-a: 2\r\n\r\n"
        );
    }

    #[test]
    fn host_comes_from_the_uri() {
        let of = |method: &str, uri: &str| {
            let request = http::Request::builder().method(method).uri(uri).body(());
            let owned = OwnedRequest::try_from(&request.unwrap().into_parts().0)?;
            let mut out = Vec::new();
            let (none, no) = (OutFraming::None, ConnectionOption::None);
            write_request_head(&owned.as_request(), none, no, &mut out).unwrap();
            Ok(String::from_utf8(out).unwrap())
        };
        for (method, uri, head) in [
            ("GET", "http://u:p@h", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            ("GET", "http://h?q", "GET /?q HTTP/1.1\r\nHost: h\r\n\r\n"),
            (
                "CONNECT",
                "h:443",
                "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
            ),
        ] {
            assert_eq!(of(method, uri).as_deref(), Ok(head), "{uri}");
        }
        assert_eq!(of("CONNECT", "/a"), Err(HttpTypesError::Target));
    }

    #[test]
    fn a_response_there_and_back() {
        let bytes = b"HTTP/1.0 404 Gone fishing\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n";
        let mut table = [Field::default(); 8];
        let head = parse_response(bytes, &mut table, MethodKind::Get, &Config::default());
        let received = http::Response::try_from(&head.unwrap().unwrap()).unwrap();
        assert_eq!(received.headers()["x"], "a b");
        let (parts, ()) = received.into_parts();
        let fields = FieldBlock::from(&parts.headers);
        let mut out = Vec::new();
        let response = response(&parts, &fields).unwrap();
        let (length, no) = (OutFraming::Length(0), ConnectionOption::None);
        write_response_head(&response, length, no, &mut out).unwrap();
        assert_eq!(
            out,
            b"HTTP/1.0 404 Not Found\r\nx: a b\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let config = Config {
            lenient: Lenient {
                other_ctl_in_value: true,
                ..Lenient::default()
            },
            ..Config::default()
        };
        let mut table = [Field::default(); 8];
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n";
        let head = parse_request(bytes, &mut table, &config).unwrap().unwrap();
        let error = http::Request::try_from(&head).unwrap_err();
        assert_eq!(error, HttpTypesError::Value { index: 1 });
    }
}
