use super::proxy::Route;
use super::{ClientError, Origin};
use bytes::Bytes;
use wirelore_http1::encode::{
    Body, ConnectionOption, FieldBlock, Request, request_framing, write_request_head,
};
use wirelore_http1::method::is_idempotent;
use wirelore_http1::{Misuse, Version};

/// What follows the head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum RequestBody {
    /// Nothing.
    Empty,
    /// These octets. They are sent by the calls that wait for the response, and again if the request has
    /// to be sent again.
    Whole(Bytes),
    /// So many octets, given to [`send`](super::Exchange::send).
    Length(u64),
    /// Octets given to [`send`](super::Exchange::send) until [`finish`](super::Exchange::finish): the body
    /// is chunked.
    Unknown,
}

/// A request as it goes to its route, checked, and kept in case it has to be sent again.
pub(super) struct Prepared {
    method: Vec<u8>,
    target: Vec<u8>,
    version: Version,
    fields: FieldBlock,
    pub(super) body: Body,
}

impl Prepared {
    pub(super) fn new(
        origin: &Origin,
        route: &Route,
        request: &Request<'_>,
        body: &RequestBody,
    ) -> Result<Self, ClientError> {
        if request.method == b"CONNECT" || request.fields.has_upgrade() {
            return Err(ClientError::Switch);
        }
        let mut fields = request.fields.clone();
        if !fields.has_host() {
            fields.set("Host", origin.authority())?;
        }
        let mut target = request.target.to_vec();
        match route {
            Route::Forward(proxy) => {
                let own = fields.first("Proxy-Authorization").is_some();
                if let Some(value) = proxy.authorization.as_ref().filter(|_| !own) {
                    fields.push("Proxy-Authorization", value)?;
                }
                // The asterisk is what the last proxy makes of a URI without path and query (RFC 9112
                // section 3.2.4).
                let path = match request.target {
                    b"*" => Some(&b""[..]),
                    path if path.starts_with(b"/") => Some(path),
                    _ => None,
                };
                if let Some(path) = path {
                    let authority = origin.authority();
                    target = [b"http://", authority.as_bytes(), path].concat();
                }
            }
            // Nobody but the proxy may see it.
            Route::Direct(_) | Route::Tunnel(..) => {
                fields.remove("Proxy-Authorization");
            }
        }
        let prepared = Self {
            method: request.method.to_vec(),
            target,
            version: request.version,
            fields,
            body: match body {
                RequestBody::Empty => Body::Empty,
                RequestBody::Whole(octets) => Body::Length(octets.len() as u64),
                RequestBody::Length(length) => Body::Length(*length),
                RequestBody::Unknown => Body::Unknown,
            },
        };
        prepared.check()?;
        Ok(prepared)
    }

    /// What the machine would refuse is refused before there is a connection.
    fn check(&self) -> Result<(), Misuse> {
        let request = self.request();
        let framing = request_framing(request.method, request.version, self.body)?;
        write_request_head(&request, framing, ConnectionOption::None, &mut Vec::new())
    }

    pub(super) fn request(&self) -> Request<'_> {
        Request::new(&self.method, &self.target, &self.fields).with_version(self.version)
    }

    /// How many octets its body has; `None` when nobody knows.
    pub(super) const fn length(&self) -> Option<u64> {
        match self.body {
            Body::Empty => Some(0),
            Body::Length(length) => Some(length),
            Body::Unknown => None,
        }
    }

    /// Whether it may be sent twice (RFC 9110 section 9.2.2).
    pub(super) fn is_idempotent(&self) -> bool {
        is_idempotent(&self.method)
    }
}
