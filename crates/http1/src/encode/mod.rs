//! What we send: heads and bodies, checked and appended to a buffer.
//!
//! Fields are encoded once, into a [`FieldBlock`]. [`request_framing`] and [`response_framing`] decide how
//! the end of the body is marked, [`write_request_head`] and [`write_response_head`] append a head that
//! says so, and a [`BodyWriter`] appends the body. Every function checks all it is given before it
//! appends the first octet: after a [`Misuse`] the buffer is as it was, and no name or value from
//! outside can become a line of its own.
//!
//! ```
//! use wirelore_http1::encode::{
//!     Body, BodyWriter, ConnectionOption, FieldBlock, Response, response_framing,
//!     write_response_head,
//! };
//! use wirelore_http1::Version;
//! use wirelore_http1::wire::MethodKind;
//!
//! let fields = FieldBlock::new().with("Content-Type", "text/plain")?;
//! let framing = response_framing(200, MethodKind::Other, Version::Http11, Body::Length(2))?;
//! let mut out = Vec::new();
//! let response = Response::new(200, &fields);
//! write_response_head(&response, framing.head, ConnectionOption::None, &mut out)?;
//! let mut body = BodyWriter::new(framing.body);
//! body.data(b"hi", &mut out)?;
//! body.finish(None, &mut out)?;
//! assert_eq!(out, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
//! # Ok::<(), wirelore_http1::Misuse>(())
//! ```

mod body;
mod digits;
mod facts;
mod fields;
mod framing;
mod head;
mod misuse;
mod names;
mod received;

pub use body::BodyWriter;
pub use fields::{FieldBlock, may_be_trailer};
pub use framing::{Body, OutFraming, ResponseFraming, request_framing, response_framing};
pub use head::{ConnectionOption, Request, Response, write_request_head, write_response_head};
pub use misuse::Misuse;
pub use received::Forward;
