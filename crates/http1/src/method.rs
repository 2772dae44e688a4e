//! The registered request methods (RFC 9110 chapter 9 and the registry of section 16.1).
//!
//! A method is octets and stays octets: a name that is not in the table is as good a method as any
//! other, and nobody may assume anything about it. Names are case-sensitive (section 9.1): `get` is
//! not `GET`.

/// What the registry and the defining document say about a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// Its name.
    pub name: &'static str,
    /// Whether it only reads (section 9.2.1).
    pub safe: bool,
    /// Whether sending it twice does what sending it once does, so that it may be repeated when a
    /// connection was lost (section 9.2.2). Every safe method is.
    pub idempotent: bool,
    /// Whether its responses may be cached (section 9.2.3).
    pub caching: Caching,
    /// Whether content of a request means anything.
    pub content: Content,
    /// The document that defines it.
    pub reference: &'static str,
}

/// Whether a response to a method may be stored and used again (RFC 9110 section 9.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caching {
    /// It may, if nothing forbids it.
    ByDefault,
    /// As by default, but the content of the request is a part of the cache key (RFC 10008 section
    /// 2.7).
    ByContent,
    /// Only if the response says so: explicit freshness and a `Content-Location` that names the
    /// target (RFC 9110 section 9.3.3).
    IfExplicit,
    /// It may not.
    No,
}

/// Whether the content of a request means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// It does. A client sends `Content-Length: 0` where there is none (RFC 9110 section 8.6).
    Defined,
    /// Nobody has said what it would mean. A server may refuse it; it has to be framed all the same.
    Undefined,
    /// A client must not send any (RFC 9110 section 9.3.8), or there is none (section 9.3.6).
    Forbidden,
}

/// What is known about `method`, if it is registered. The name `*`, which is reserved so that nobody
/// takes it, is not found.
///
/// ```
/// # use wirelore_http1::method::lookup;
/// assert!(lookup(b"GET").is_some_and(|it| it.safe));
/// assert!(lookup(b"get").is_none());
/// ```
#[must_use]
pub fn lookup(method: &[u8]) -> Option<&'static Registered> {
    REGISTERED
        .binary_search_by(|it| it.name.as_bytes().cmp(method))
        .ok()
        .and_then(|at| REGISTERED.get(at))
}

/// Whether `method` is registered as safe. What is not registered is not safe.
#[must_use]
pub fn is_safe(method: &[u8]) -> bool {
    lookup(method).is_some_and(|it| it.safe)
}

/// Whether `method` is registered as idempotent. What is not registered is not: a proxy must not
/// repeat it (section 9.2.2).
#[must_use]
pub fn is_idempotent(method: &[u8]) -> bool {
    lookup(method).is_some_and(|it| it.idempotent)
}

/// What the third column says.
#[derive(Clone, Copy)]
enum Effect {
    Reads,
    Repeatable,
    Changes,
}

const fn row(
    name: &'static str,
    effect: Effect,
    caching: Caching,
    content: Content,
    reference: &'static str,
) -> Registered {
    Registered {
        name,
        safe: matches!(effect, Reads),
        idempotent: matches!(effect, Reads | Repeatable),
        caching,
        content,
        reference,
    }
}

use Caching::{ByContent, ByDefault, IfExplicit, No};
use Content::{Defined, Forbidden, Undefined};
use Effect::{Changes, Reads, Repeatable};

/// All registered methods, in the order of their names.
#[rustfmt::skip]
pub static REGISTERED: [Registered; 40] = [
    row("ACL",               Repeatable, No,         Defined,   "RFC 3744 section 8.1"),
    row("BASELINE-CONTROL",  Repeatable, No,         Defined,   "RFC 3253 section 12.6"),
    row("BIND",              Repeatable, No,         Defined,   "RFC 5842 section 4"),
    row("CHECKIN",           Repeatable, No,         Defined,   "RFC 3253 section 9.4"),
    row("CHECKOUT",          Repeatable, No,         Defined,   "RFC 3253 section 8.8"),
    row("CONNECT",           Changes,    No,         Forbidden, "RFC 9110 section 9.3.6"),
    row("COPY",              Repeatable, No,         Undefined, "RFC 4918 section 9.8"),
    row("DELETE",            Repeatable, No,         Undefined, "RFC 9110 section 9.3.5"),
    row("GET",               Reads,      ByDefault,  Undefined, "RFC 9110 section 9.3.1"),
    row("HEAD",              Reads,      ByDefault,  Undefined, "RFC 9110 section 9.3.2"),
    row("LABEL",             Repeatable, No,         Defined,   "RFC 3253 section 8.2"),
    row("LINK",              Repeatable, No,         Undefined, "RFC 2068 section 19.6.1.2"),
    row("LOCK",              Changes,    No,         Defined,   "RFC 4918 section 9.10"),
    row("MERGE",             Repeatable, No,         Defined,   "RFC 3253 section 11.2"),
    row("MKACTIVITY",        Repeatable, No,         Defined,   "RFC 3253 section 13.5"),
    row("MKCALENDAR",        Repeatable, No,         Defined,   "RFC 4791 section 5.3.1"),
    row("MKCOL",             Repeatable, No,         Defined,   "RFC 4918 section 9.3"),
    row("MKREDIRECTREF",     Repeatable, No,         Defined,   "RFC 4437 section 6"),
    row("MKWORKSPACE",       Repeatable, No,         Defined,   "RFC 3253 section 6.3"),
    row("MOVE",              Repeatable, No,         Undefined, "RFC 4918 section 9.9"),
    row("OPTIONS",           Reads,      No,         Undefined, "RFC 9110 section 9.3.7"),
    row("ORDERPATCH",        Repeatable, No,         Defined,   "RFC 3648 section 7"),
    row("PATCH",             Changes,    IfExplicit, Defined,   "RFC 5789 section 2"),
    row("POST",              Changes,    IfExplicit, Defined,   "RFC 9110 section 9.3.3"),
    row("PRI",               Reads,      No,         Undefined, "RFC 9113 section 3.4"),
    row("PROPFIND",          Reads,      No,         Defined,   "RFC 4918 section 9.1"),
    row("PROPPATCH",         Repeatable, No,         Defined,   "RFC 4918 section 9.2"),
    row("PUT",               Repeatable, No,         Defined,   "RFC 9110 section 9.3.4"),
    row("QUERY",             Reads,      ByContent,  Defined,   "RFC 10008 section 2"),
    row("REBIND",            Repeatable, No,         Defined,   "RFC 5842 section 6"),
    row("REPORT",            Reads,      No,         Defined,   "RFC 3253 section 3.6"),
    row("SEARCH",            Reads,      No,         Defined,   "RFC 5323 section 2"),
    row("TRACE",             Reads,      No,         Forbidden, "RFC 9110 section 9.3.8"),
    row("UNBIND",            Repeatable, No,         Defined,   "RFC 5842 section 5"),
    row("UNCHECKOUT",        Repeatable, No,         Defined,   "RFC 3253 section 4.5"),
    row("UNLINK",            Repeatable, No,         Undefined, "RFC 2068 section 19.6.1.3"),
    row("UNLOCK",            Repeatable, No,         Undefined, "RFC 4918 section 9.11"),
    row("UPDATE",            Repeatable, No,         Defined,   "RFC 3253 section 7.1"),
    row("UPDATEREDIRECTREF", Repeatable, No,         Defined,   "RFC 4437 section 7"),
    row("VERSION-CONTROL",   Repeatable, No,         Defined,   "RFC 3253 section 3.5"),
];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn names(which: impl Fn(&Registered) -> bool) -> Vec<&'static str> {
        let core = REGISTERED
            .iter()
            .filter(|it| it.reference.starts_with("RFC 9110"));
        core.filter(|it| which(it)).map(|it| it.name).collect()
    }

    #[test]
    fn every_row_is_found_and_the_table_is_sorted() {
        assert!(REGISTERED.windows(2).all(|two| two[0].name < two[1].name));
        for it in &REGISTERED {
            assert_eq!(lookup(it.name.as_bytes()), Some(it));
            assert!(crate::wire::octet::is_token(it.name.as_bytes()));
        }
    }

    #[test]
    fn rfc9110_9_1_names_are_case_sensitive() {
        for unknown in [&b"get"[..], b"Get", b"GET ", b"", b"GETS", b"*", b"\xff"] {
            assert_eq!(lookup(unknown), None);
            assert!(!is_safe(unknown) && !is_idempotent(unknown));
        }
    }

    #[test]
    fn rfc9110_9_2_1_safe_methods() {
        assert_eq!(names(|it| it.safe), ["GET", "HEAD", "OPTIONS", "TRACE"]);
        assert!(is_safe(b"HEAD") && !is_safe(b"POST"));
    }

    #[test]
    fn rfc9110_9_2_2_idempotent_methods_are_put_delete_and_the_safe_ones() {
        assert_eq!(
            names(|it| it.idempotent),
            ["DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"]
        );
        assert!(is_idempotent(b"PUT") && !is_idempotent(b"PATCH"));
        assert!(REGISTERED.iter().all(|it| it.idempotent || !it.safe));
    }

    #[test]
    fn rfc9110_9_2_3_caching_is_defined_for_get_head_and_post() {
        assert_eq!(names(|it| it.caching == ByDefault), ["GET", "HEAD"]);
        assert_eq!(names(|it| it.caching == IfExplicit), ["POST"]);
    }

    #[test]
    fn rfc9110_9_3_content_of_requests() {
        assert_eq!(names(|it| it.content == Defined), ["POST", "PUT"]);
        assert_eq!(names(|it| it.content == Forbidden), ["CONNECT", "TRACE"]);
    }
}
