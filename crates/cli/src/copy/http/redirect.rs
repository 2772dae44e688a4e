//! Where an answer sends us, and whether we go there (RFC 9110 section 15.4).

use super::super::codes::{Code, Failure};
use super::url::Address;
use wirelore_core::escape;
use wirelore_tokio::http1::client::Scheme;

/// Whether a status leads elsewhere.
pub(super) const fn leads_on(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// What is to be kept to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) is_put: bool,
    pub(super) allow_downgrade: bool,
    pub(super) max: u32,
}

impl Rules {
    /// Where to go from `here`, after `followed` redirects.
    pub(super) fn next(
        &self,
        here: &Address,
        status: u16,
        location: Option<&[u8]>,
        followed: u32,
    ) -> Result<Address, Failure> {
        let url = here.shown();
        let Some(location) = location else {
            let text = format!("{url}: the server says {status} and not where to go");
            return Err(Failure::new(Code::HTTP_ERROR, text));
        };
        let shown = super::url::without_login(location);
        let shown = escape(&shown);
        if self.is_put && !matches!(status, 307 | 308) {
            let text = format!(
                "{url}: the server says {status} and to look at {shown}, which is for reading: \
                 nothing was sent"
            );
            return Err(Failure::new(Code::HTTP_ERROR, text));
        }
        if followed >= self.max {
            let text = match self.max {
                0 => format!("{url}: a redirect to {shown}, and --max-redirects 0 was given"),
                max => format!("{url}: more than {max} redirects, the last one to {shown}"),
            };
            return Err(Failure::new(Code::REDIRECTS, text));
        }
        let next = str::from_utf8(location).ok();
        let Some(next) = next.and_then(|location| here.join(location)) else {
            let text = format!("{url}: a redirect to {shown}, which is no http: URL");
            return Err(Failure::new(Code::UNKNOWN_SCHEME, text));
        };
        let (from, to) = (here.origin().scheme, next.origin().scheme);
        if from == Scheme::Https && to == Scheme::Http && !self.allow_downgrade {
            let text = format!(
                "{url}: a redirect to {shown}, which everybody could read and change: \
                 --allow-downgrade goes there"
            );
            return Err(Failure::new(Code::REFUSED, text));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Rules = Rules {
        is_put: false,
        allow_downgrade: false,
        max: 2,
    };
    const PUT: Rules = Rules {
        is_put: true,
        ..GET
    };

    fn next(rules: Rules, from: &str, status: u16, to: &str, followed: u32) -> Result<String, u8> {
        let (here, _) = Address::parse(from).unwrap();
        let next = rules.next(&here, status, Some(to.as_bytes()), followed);
        match next {
            Ok(next) => Ok(next.text()),
            Err(failure) => {
                assert!(!failure.text.contains("secret"), "{}", failure.text);
                Err(failure.code.0)
            }
        }
    }

    /// RFC 1945 §9.3.
    #[test]
    fn all_five_are_followed_when_fetching() {
        for status in [301, 302, 303, 307, 308] {
            assert!(leads_on(status));
            let found = next(GET, "http://h/a", status, "b", 1);
            assert_eq!(found.as_deref(), Ok("http://h/b"));
            let wanted = if status > 303 {
                Ok("http://h/b")
            } else {
                Err(22)
            };
            let found = next(PUT, "http://h/a", status, "b", 0);
            assert_eq!(found.as_deref().map_err(|code| *code), wanted);
        }
        for status in [200, 300, 304, 305, 306] {
            assert!(!leads_on(status));
        }
    }

    #[test]
    fn there_are_limits() {
        let up = next(GET, "http://h/", 301, "https://h/", 0);
        assert_eq!(up.as_deref(), Ok("https://h/"));
        assert_eq!(
            next(GET, "https://h/", 301, "http://u:secret@h/", 0),
            Err(91)
        );
        let allowed = Rules {
            allow_downgrade: true,
            ..GET
        };
        assert!(next(allowed, "https://h/", 301, "http://h/", 0).is_ok());
        assert_eq!(next(GET, "http://h/", 301, "/x", 2), Err(47));
        assert_eq!(next(GET, "http://h/", 301, "file:///etc/passwd", 0), Err(1));
        assert_eq!(next(GET, "http://h/", 301, "ftp://h/x", 0), Err(1));
        let (here, _) = Address::parse("http://h/").unwrap();
        assert_eq!(
            GET.next(&here, 301, None, 0).unwrap_err().code,
            Code::HTTP_ERROR
        );
    }
}
