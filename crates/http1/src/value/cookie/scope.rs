//! To which hosts and paths a cookie is sent (RFC 6265 sections 5.1.3 and 5.1.4).

/// Whether `host` domain-matches `domain`, in any case: it is the same, or it is a name, not an
/// address, that ends in `.` and `domain` (section 5.1.3). Both are canonical host names, without a
/// port and without a dot in front. Whether `domain` is a public suffix, for which no cookie should be
/// taken, is for the caller to know (section 5.3).
///
/// ```
/// # use wirelore_http1::value::cookie::scope::domain_match;
/// assert!(domain_match(b"www.example.com", b"example.com"));
/// assert!(!domain_match(b"badexample.com", b"example.com"));
/// assert!(!domain_match(b"10.0.0.1", b"0.0.1"));
/// ```
#[must_use]
pub fn domain_match(host: &[u8], domain: &[u8]) -> bool {
    if host.eq_ignore_ascii_case(domain) {
        return true;
    }
    let Some(rest) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let (front, back) = host.split_at(rest);
    !domain.is_empty()
        && back.eq_ignore_ascii_case(domain)
        && front.last() == Some(&b'.')
        && !is_address(host)
}

/// Whether `host` is an IP address: an IPv6 address has colons, the last label of an IPv4 address is a
/// number, which that of a name cannot be.
fn is_address(host: &[u8]) -> bool {
    let last = host.rsplit(|&octet| octet == b'.').next();
    memchr::memchr(b':', host).is_some()
        || last.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit))
}

/// The path of a cookie that came without one: that of the request, `request_path`, up to its last
/// `/`, but not with it; or `/` (section 5.1.4). A query is not part of a path; it may be there and is
/// not looked at.
///
/// ```
/// # use wirelore_http1::value::cookie::scope::default_path;
/// assert_eq!(default_path(b"/docs/web/index.html?a/b"), b"/docs/web");
/// assert_eq!(default_path(b"/index.html"), b"/");
/// ```
#[must_use]
pub fn default_path(request_path: &[u8]) -> &[u8] {
    let path = without_query(request_path);
    if path.first() != Some(&b'/') {
        return b"/";
    }
    match memchr::memrchr(b'/', path) {
        None | Some(0) => b"/",
        Some(last) => path.get(..last).unwrap_or(b"/"),
    }
}

/// Whether `request_path` path-matches `cookie_path`: it is the same, or begins with it and goes on at
/// a `/` (section 5.1.4). Case counts. A query behind the request's path is not looked at.
///
/// ```
/// # use wirelore_http1::value::cookie::scope::path_match;
/// assert!(path_match(b"/docs/web", b"/docs"));
/// assert!(!path_match(b"/docsweb", b"/docs"));
/// ```
#[must_use]
pub fn path_match(request_path: &[u8], cookie_path: &[u8]) -> bool {
    match without_query(request_path).strip_prefix(cookie_path) {
        None => false,
        Some([] | [b'/', ..]) => true,
        Some(_) => cookie_path.last() == Some(&b'/'),
    }
}

fn without_query(target: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'?', target).unwrap_or(target.len());
    target.get(..end).unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6265 §5.1.2, RFC 6265 §5.4.
    #[test]
    fn rfc6265_5_1_3_domain_match() {
        for (host, domain, matches) in [
            (&b"example.com"[..], &b"example.com"[..], true),
            (b"WWW.Example.COM", b"example.com", true),
            (b"a.b.example.com", b"example.com", true),
            (b"example.com", b"www.example.com", false),
            (b"badexample.com", b"example.com", false),
            (b"example.com", b"com", true),
            (b"example.com", b"", false),
            (b"", b"", true),
            (b"127.0.0.1", b"127.0.0.1", true),
            (b"127.0.0.1", b"0.0.1", false),
            (b"127.0.0.1", b"1", false),
            (b"::1.example.com", b"example.com", false),
            (b"[::1]", b"[::1]", true),
        ] {
            assert_eq!(domain_match(host, domain), matches, "{host:?} {domain:?}");
        }
    }

    #[test]
    fn rfc6265_5_1_4_default_path() {
        for (path, default) in [
            (&b""[..], &b"/"[..]),
            (b"x/y/z", b"/"),
            (b"/", b"/"),
            (b"/a", b"/"),
            (b"/a/", b"/a"),
            (b"/a/b", b"/a"),
            (b"/a/b/c?d/e", b"/a/b"),
            (b"*", b"/"),
            (b"?/a/b", b"/"),
        ] {
            assert_eq!(default_path(path), default, "{path:?}");
        }
    }

    #[test]
    fn rfc6265_5_1_4_path_match() {
        for (request, cookie, matches) in [
            (&b"/a"[..], &b"/a"[..], true),
            (b"/a/b", b"/a", true),
            (b"/a/b", b"/a/", true),
            (b"/a", b"/a/", false),
            (b"/ab", b"/a", false),
            (b"/a?x", b"/a", true),
            (b"/ab/c", b"/", true),
            (b"/A", b"/a", false),
            (b"/", b"/a", false),
        ] {
            assert_eq!(
                path_match(request, cookie),
                matches,
                "{request:?} {cookie:?}"
            );
        }
    }
}
