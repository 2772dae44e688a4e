//! What the server calls a file (RFC 6266).

use wirelore_http1::value::content_disposition::ContentDisposition;
use wirelore_http1::value::file_name::safe;
use wirelore_http1::wire::Fields;

/// A name that a file may have here; nothing where the server has none.
pub(super) fn name(fields: Fields<'_>) -> Option<String> {
    let value = fields.value("Content-Disposition")?;
    safe(&ContentDisposition::parse(&value)?.file_name()?)
}
