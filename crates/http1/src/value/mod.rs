//! What stands in fields, as pure functions over slices: lists, dates, ranges, media types,
//! cookies, credentials.

pub mod accept;
pub mod authorization;
pub mod basic;
pub mod cache_control;
pub mod conditional;
pub mod connection;
pub mod content_disposition;
pub mod content_range;
pub mod content_type;
pub mod cookie;
pub mod date;
pub mod digest;
pub mod etag;
pub mod expect;
pub mod ext_value;
pub mod file_name;
pub mod list;
pub mod multipart;
mod pair;
pub mod parameters;
pub mod path;
pub mod percent;
pub mod quoted;
pub mod range;
pub mod retry_after;
pub mod transfer;
pub mod unfit;
pub mod via;
