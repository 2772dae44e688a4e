//! Status codes (RFC 9110 chapter 15 and the registry of section 16.2).

use core::fmt;

/// A status code: any three digits a peer may send, 000 to 999.
///
/// Those from 100 to 599 are [valid](Self::is_valid) and may be sent; what is to be done with the
/// others says [`class`](Self::class).
///
/// ```
/// # use wirelore_http1::status::{Class, Status};
/// let status = Status::parse(b"404").unwrap();
/// assert_eq!(status, Status::NOT_FOUND);
/// assert_eq!(status.reason(), Some("Not Found"));
/// assert_eq!(status.class(), Class::ClientError);
/// assert_eq!(Status::new(600), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

/// The class of a status code, which its first digit tells (RFC 9110 section 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// 1xx: received, go on.
    Informational,
    /// 2xx: received, understood and accepted.
    Successful,
    /// 3xx: something else must be done to complete the request.
    Redirection,
    /// 4xx: the request is wrong or cannot be fulfilled.
    ClientError,
    /// 5xx: the request seems right and the server failed. Codes outside of 100 to 599 count as this.
    ServerError,
}

impl Status {
    /// The status of this code, if it may be sent: 100 to 599.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            100..=599 => Some(Self(code)),
            _ => None,
        }
    }

    /// The status that `digits` say: exactly three digits. Any three, since a client has to treat an
    /// invalid code as a server's error, not as a broken message (RFC 9110 section 15).
    #[must_use]
    pub const fn parse(digits: &[u8]) -> Option<Self> {
        match *digits {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => Some(Self(
                (a - b'0') as u16 * 100 + (b - b'0') as u16 * 10 + (c - b'0') as u16,
            )),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }

    /// The three digits, as they stand in a status line.
    #[must_use]
    pub const fn digits(self) -> [u8; 3] {
        [
            b'0' + (self.0 / 100) as u8,
            b'0' + (self.0 / 10 % 10) as u8,
            b'0' + (self.0 % 10) as u8,
        ]
    }

    /// Whether it may be sent: 100 to 599.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        matches!(self.0, 100..=599)
    }

    /// The class. An invalid code is a [`Class::ServerError`], as RFC 9110 section 15 asks of clients.
    #[must_use]
    pub const fn class(self) -> Class {
        match self.0 {
            100..=199 => Class::Informational,
            200..=299 => Class::Successful,
            300..=399 => Class::Redirection,
            400..=499 => Class::ClientError,
            _ => Class::ServerError,
        }
    }

    /// The code a client that does not know this one treats it as: the x00 of its class (RFC 9110
    /// section 15). A registered code is left as it is.
    #[must_use]
    pub fn understood(self) -> Self {
        match (self.registered(), self.class()) {
            (Some(_), _) => self,
            (None, Class::Informational) => Self(100),
            (None, Class::Successful) => Self(200),
            (None, Class::Redirection) => Self(300),
            (None, Class::ClientError) => Self(400),
            (None, Class::ServerError) => Self(500),
        }
    }

    /// Whether a final response follows: 1xx, of which 101 is the exception, since after it another
    /// protocol answers.
    #[must_use]
    pub const fn is_interim(self) -> bool {
        matches!(self.0, 100..=199) && self.0 != 101
    }

    /// Whether a response of this status never has content, whatever its fields say: 1xx, 204 and 304
    /// (RFC 9110 section 6.4.1).
    #[must_use]
    pub const fn has_no_content(self) -> bool {
        matches!(self.0, 100..=199 | 204 | 304)
    }

    /// Whether a cache may keep a response of this status that does not say how long (RFC 9110
    /// section 15.1).
    #[must_use]
    pub fn is_heuristically_cacheable(self) -> bool {
        self.registered()
            .is_some_and(|it| it.heuristically_cacheable)
    }

    /// The registered reason phrase.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        self.registered().map(|it| it.reason)
    }

    /// What the registry says about it.
    #[must_use]
    pub fn registered(self) -> Option<&'static Registered> {
        REGISTERED
            .binary_search_by_key(&self, |it| it.status)
            .ok()
            .and_then(|at| REGISTERED.get(at))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.0
    }
}

/// What the registry and the defining document say about a status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The code.
    pub status: Status,
    /// The phrase of the registry. Only a recommendation: clients ignore it (RFC 9112 section 4).
    pub reason: &'static str,
    /// The phrase of RFC 1945 section 6.1.1, where that document knows the code.
    pub reason_1945: Option<&'static str>,
    /// See [`Status::is_heuristically_cacheable`].
    pub heuristically_cacheable: bool,
    /// The document that defines it.
    pub reference: &'static str,
}

macro_rules! table {
    ($count:literal; $($code:literal $name:ident $reason:literal $old:tt $cache:tt $reference:literal;)*) => {
        impl Status {
            $(
                #[doc = concat!(stringify!($code), " ", $reason, ": ", $reference, ".")]
                pub const $name: Self = Self($code);
            )*
        }

        /// All registered codes, in order. 104, whose registration is temporary, is not among them.
        pub static REGISTERED: [Registered; $count] = [$(
            Registered {
                status: Status::$name,
                reason: $reason,
                reason_1945: table!(@old $old $reason),
                heuristically_cacheable: table!(@cache $cache),
                reference: $reference,
            },
        )*];
    };
    (@old _ $reason:literal) => { None };
    (@old same $reason:literal) => { Some($reason) };
    (@old $old:literal $reason:literal) => { Some($old) };
    (@cache _) => { false };
    (@cache heuristic) => { true };
}

table! { 63;
    100 CONTINUE "Continue" _ _ "RFC 9110 section 15.2.1";
    101 SWITCHING_PROTOCOLS "Switching Protocols" _ _ "RFC 9110 section 15.2.2";
    102 PROCESSING "Processing" _ _ "RFC 2518 section 10.1";
    103 EARLY_HINTS "Early Hints" _ _ "RFC 8297 section 2";
    200 OK "OK" same heuristic "RFC 9110 section 15.3.1";
    201 CREATED "Created" same _ "RFC 9110 section 15.3.2";
    202 ACCEPTED "Accepted" same _ "RFC 9110 section 15.3.3";
    203 NON_AUTHORITATIVE_INFORMATION "Non-Authoritative Information" _ heuristic "RFC 9110 section 15.3.4";
    204 NO_CONTENT "No Content" same heuristic "RFC 9110 section 15.3.5";
    205 RESET_CONTENT "Reset Content" _ _ "RFC 9110 section 15.3.6";
    206 PARTIAL_CONTENT "Partial Content" _ heuristic "RFC 9110 section 15.3.7";
    207 MULTI_STATUS "Multi-Status" _ _ "RFC 4918 section 11.1";
    208 ALREADY_REPORTED "Already Reported" _ _ "RFC 5842 section 7.1";
    226 IM_USED "IM Used" _ _ "RFC 3229 section 10.4.1";
    300 MULTIPLE_CHOICES "Multiple Choices" _ heuristic "RFC 9110 section 15.4.1";
    301 MOVED_PERMANENTLY "Moved Permanently" same heuristic "RFC 9110 section 15.4.2";
    302 FOUND "Found" "Moved Temporarily" _ "RFC 9110 section 15.4.3";
    303 SEE_OTHER "See Other" _ _ "RFC 9110 section 15.4.4";
    304 NOT_MODIFIED "Not Modified" same _ "RFC 9110 section 15.4.5";
    305 USE_PROXY "Use Proxy" _ _ "RFC 9110 section 15.4.6";
    306 UNUSED_306 "(Unused)" _ _ "RFC 9110 section 15.4.7";
    307 TEMPORARY_REDIRECT "Temporary Redirect" _ _ "RFC 9110 section 15.4.8";
    308 PERMANENT_REDIRECT "Permanent Redirect" _ heuristic "RFC 9110 section 15.4.9";
    400 BAD_REQUEST "Bad Request" same _ "RFC 9110 section 15.5.1";
    401 UNAUTHORIZED "Unauthorized" same _ "RFC 9110 section 15.5.2";
    402 PAYMENT_REQUIRED "Payment Required" _ _ "RFC 9110 section 15.5.3";
    403 FORBIDDEN "Forbidden" same _ "RFC 9110 section 15.5.4";
    404 NOT_FOUND "Not Found" same heuristic "RFC 9110 section 15.5.5";
    405 METHOD_NOT_ALLOWED "Method Not Allowed" _ heuristic "RFC 9110 section 15.5.6";
    406 NOT_ACCEPTABLE "Not Acceptable" _ _ "RFC 9110 section 15.5.7";
    407 PROXY_AUTHENTICATION_REQUIRED "Proxy Authentication Required" _ _ "RFC 9110 section 15.5.8";
    408 REQUEST_TIMEOUT "Request Timeout" _ _ "RFC 9110 section 15.5.9";
    409 CONFLICT "Conflict" _ _ "RFC 9110 section 15.5.10";
    410 GONE "Gone" _ heuristic "RFC 9110 section 15.5.11";
    411 LENGTH_REQUIRED "Length Required" _ _ "RFC 9110 section 15.5.12";
    412 PRECONDITION_FAILED "Precondition Failed" _ _ "RFC 9110 section 15.5.13";
    413 CONTENT_TOO_LARGE "Content Too Large" _ _ "RFC 9110 section 15.5.14";
    414 URI_TOO_LONG "URI Too Long" _ heuristic "RFC 9110 section 15.5.15";
    415 UNSUPPORTED_MEDIA_TYPE "Unsupported Media Type" _ _ "RFC 9110 section 15.5.16";
    416 RANGE_NOT_SATISFIABLE "Range Not Satisfiable" _ _ "RFC 9110 section 15.5.17";
    417 EXPECTATION_FAILED "Expectation Failed" _ _ "RFC 9110 section 15.5.18";
    418 UNUSED_418 "(Unused)" _ _ "RFC 9110 section 15.5.19";
    421 MISDIRECTED_REQUEST "Misdirected Request" _ _ "RFC 9110 section 15.5.20";
    422 UNPROCESSABLE_CONTENT "Unprocessable Content" _ _ "RFC 9110 section 15.5.21";
    423 LOCKED "Locked" _ _ "RFC 4918 section 11.3";
    424 FAILED_DEPENDENCY "Failed Dependency" _ _ "RFC 4918 section 11.4";
    425 TOO_EARLY "Too Early" _ _ "RFC 8470 section 5.2";
    426 UPGRADE_REQUIRED "Upgrade Required" _ _ "RFC 9110 section 15.5.22";
    428 PRECONDITION_REQUIRED "Precondition Required" _ _ "RFC 6585 section 3";
    429 TOO_MANY_REQUESTS "Too Many Requests" _ _ "RFC 6585 section 4";
    431 REQUEST_HEADER_FIELDS_TOO_LARGE "Request Header Fields Too Large" _ _ "RFC 6585 section 5";
    451 UNAVAILABLE_FOR_LEGAL_REASONS "Unavailable For Legal Reasons" _ heuristic "RFC 7725 section 3";
    500 INTERNAL_SERVER_ERROR "Internal Server Error" same _ "RFC 9110 section 15.6.1";
    501 NOT_IMPLEMENTED "Not Implemented" same heuristic "RFC 9110 section 15.6.2";
    502 BAD_GATEWAY "Bad Gateway" same _ "RFC 9110 section 15.6.3";
    503 SERVICE_UNAVAILABLE "Service Unavailable" same _ "RFC 9110 section 15.6.4";
    504 GATEWAY_TIMEOUT "Gateway Timeout" _ _ "RFC 9110 section 15.6.5";
    505 HTTP_VERSION_NOT_SUPPORTED "HTTP Version Not Supported" _ _ "RFC 9110 section 15.6.6";
    506 VARIANT_ALSO_NEGOTIATES "Variant Also Negotiates" _ _ "RFC 2295 section 8.1";
    507 INSUFFICIENT_STORAGE "Insufficient Storage" _ _ "RFC 4918 section 11.5";
    508 LOOP_DETECTED "Loop Detected" _ _ "RFC 5842 section 7.2";
    510 NOT_EXTENDED "Not Extended" _ _ "RFC 2774 section 7";
    511 NETWORK_AUTHENTICATION_REQUIRED "Network Authentication Required" _ _ "RFC 6585 section 6";
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_row_is_found() {
        assert!(
            REGISTERED
                .windows(2)
                .all(|two| two[0].status < two[1].status)
        );
        for it in &REGISTERED {
            assert_eq!(it.status.registered(), Some(it));
            assert!(it.status.is_valid());
            assert_eq!(it.status.understood(), it.status);
        }
        assert_eq!(Status(104).registered(), None);
    }

    #[test]
    fn rfc9110_15_three_digits_and_nothing_else() {
        for wrong in [
            &b""[..],
            b"20",
            b"2000",
            b"+20",
            b" 20",
            b"2 0",
            b"\xb2\xb0\xb0",
        ] {
            assert_eq!(Status::parse(wrong), None);
        }
        for code in 0..1000 {
            let status = Status(code);
            assert_eq!(Status::parse(&status.digits()), Some(status));
            assert_eq!(status.to_string().as_bytes(), status.digits());
            assert_eq!(Status::new(code).is_some(), status.is_valid());
        }
        assert_eq!(Status::new(99), None);
        assert_eq!(Status::new(600), None);
    }

    #[test]
    fn rfc9110_15_invalid_codes_count_as_5xx() {
        for (code, class, understood) in [
            (0, Class::ServerError, 500),
            (99, Class::ServerError, 500),
            (199, Class::Informational, 100),
            (299, Class::Successful, 200),
            (399, Class::Redirection, 300),
            (471, Class::ClientError, 400),
            (599, Class::ServerError, 500),
            (600, Class::ServerError, 500),
            (999, Class::ServerError, 500),
        ] {
            assert_eq!(Status(code).class(), class);
            assert_eq!(Status(code).understood(), Status(understood));
        }
    }

    #[test]
    fn rfc9110_15_1_heuristically_cacheable_codes() {
        let cacheable: Vec<u16> = (0..1000)
            .filter(|&code| Status(code).is_heuristically_cacheable())
            .collect();
        assert_eq!(
            cacheable,
            [
                200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501
            ]
        );
    }

    #[test]
    fn rfc9110_6_4_1_codes_without_content() {
        let without: Vec<u16> = (200..1000)
            .filter(|&code| Status(code).has_no_content())
            .collect();
        assert_eq!(without, [204, 304]);
        assert!((100..200).all(|code| Status(code).has_no_content()));
        assert!(!Status::RESET_CONTENT.has_no_content());
    }

    #[test]
    fn rfc9110_15_2_101_is_final() {
        assert!(Status::CONTINUE.is_interim() && Status(199).is_interim());
        assert!(!Status::SWITCHING_PROTOCOLS.is_interim() && !Status::OK.is_interim());
    }

    #[test]
    fn rfc1945_6_1_1_phrases() {
        let old: Vec<(u16, &str)> = REGISTERED
            .iter()
            .filter_map(|it| Some((it.status.code(), it.reason_1945?)))
            .collect();
        assert_eq!(
            old,
            [
                (200, "OK"),
                (201, "Created"),
                (202, "Accepted"),
                (204, "No Content"),
                (301, "Moved Permanently"),
                (302, "Moved Temporarily"),
                (304, "Not Modified"),
                (400, "Bad Request"),
                (401, "Unauthorized"),
                (403, "Forbidden"),
                (404, "Not Found"),
                (500, "Internal Server Error"),
                (501, "Not Implemented"),
                (502, "Bad Gateway"),
                (503, "Service Unavailable"),
            ]
        );
        assert_eq!(Status::FOUND.reason(), Some("Found"));
    }

    #[test]
    fn rfc6585_codes() {
        for (code, reason) in [
            (428, "Precondition Required"),
            (429, "Too Many Requests"),
            (431, "Request Header Fields Too Large"),
            (511, "Network Authentication Required"),
        ] {
            assert_eq!(Status(code).reason(), Some(reason));
        }
    }
}
