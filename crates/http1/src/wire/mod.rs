//! Bytes to values, without state: heads and what they say about framing, chunk lines, authorities.

mod authority;
pub(crate) mod chunk;
mod fields;
mod framing;
pub mod octet;
pub(crate) mod request;
pub(crate) mod response;
mod scan;
pub(crate) mod section;
mod start_line;
mod target;

pub use authority::Authority;
pub use fields::{FieldLine, Fields, is_secret};
pub use framing::Framing;
pub use request::{RequestHead, parse_request};
pub use response::{ResponseHead, parse_response};
pub use section::Field;
pub(crate) use target::form;
pub use target::{MethodKind, TargetForm};
