//! Heads as they are sent: what is refused, and what Connection says.

use wirelore_http1::encode::{
    Body, ConnectionOption, FieldBlock, OutFraming, Request, Response, response_framing,
    write_request_head, write_response_head,
};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{Misuse, Version};

use OutFraming::{Chunked, Length, None as Nothing, UntilClose};
use Version::{Http09, Http10, Http11};

fn host() -> FieldBlock {
    FieldBlock::new().with("Host", "a").unwrap()
}

fn request(request: &Request<'_>, framing: OutFraming) -> Result<String, Misuse> {
    let mut out = Vec::new();
    write_request_head(request, framing, ConnectionOption::None, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn response(response: &Response<'_>, framing: OutFraming) -> Result<String, Misuse> {
    let mut out = Vec::new();
    write_response_head(response, framing, ConnectionOption::None, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// Every control character but HTAB.
fn controls() -> impl Iterator<Item = u8> {
    (0..0x20).chain([0x7f]).filter(|&octet| octet != b'\t')
}

mod refusals {
    use super::*;

    #[test]
    fn rfc9110_9_1_method_is_a_token() {
        let fields = host();
        let refused = |method: &[u8]| request(&Request::new(method, "/", &fields), Nothing);
        for octet in controls()
            .chain(*b"\t :/\"(),;<=>?@[\\]{}")
            .chain(0x80..=0xff)
        {
            let method = [b'G', octet, b'T'];
            assert_eq!(
                refused(&method),
                Err(Misuse::BadMethod { at: 1 }),
                "{octet:#x}"
            );
        }
        assert_eq!(refused(b""), Err(Misuse::BadMethod { at: 0 }));
        assert!(refused(b"M-SEARCH!#$%&'*+.^_`|~").is_ok());
    }

    #[test]
    fn rfc9112_3_2_target_is_visible_ascii() {
        let fields = host();
        for octet in controls().chain(*b"\t #").chain(0x7f..=0xff) {
            let target = [b'/', b'x', octet];
            let refused = request(&Request::get(&target, &fields), Nothing);
            assert_eq!(refused, Err(Misuse::BadTarget { at: 2 }), "{octet:#x}");
        }
        let empty = request(&Request::get("", &fields), Nothing);
        assert_eq!(empty, Err(Misuse::BadTarget { at: 0 }));
    }

    #[test]
    fn rfc9112_3_2_form_goes_with_the_method() {
        let fields = host();
        let good = [
            ("GET", "/"),
            ("GET", "//x"),
            ("GET", "http://a"),
            ("GET", "https://A/b?c"),
            ("GET", "ftp://user@a/"),
            ("OPTIONS", "*"),
            ("OPTIONS", "/"),
            ("OPTIONS", "http://a"),
            ("connect", "/"),
        ];
        for target in ["a:1", "[::1]:65535"] {
            let fields = FieldBlock::new().with("Host", target).unwrap();
            let head = request(&Request::new("CONNECT", target, &fields), Nothing).unwrap();
            assert_eq!(
                head,
                format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")
            );
        }
        assert_eq!(
            request(&Request::new("CONNECT", "a:1", &fields), Nothing),
            Err(Misuse::HostMismatch)
        );
        for (method, target) in good {
            let head = request(&Request::new(method, target, &fields), Nothing).unwrap();
            assert_eq!(
                head,
                format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")
            );
        }
        let bad = [
            ("GET", "*"),
            ("options", "*"),
            ("GET", "x"),
            ("GET", "?x"),
            ("GET", "a:1"),
            ("GET", "http:a"),
            ("GET", "http://"),
            ("GET", "http://u@a/"),
            ("GET", "http://:80/"),
            ("GET", "http://a:b/"),
            ("GET", "1x://a/"),
            ("CONNECT", "/"),
            ("CONNECT", "*"),
            ("CONNECT", "a"),
            ("CONNECT", "a:"),
            ("CONNECT", ":1"),
            ("CONNECT", "a:0"),
            ("CONNECT", "a:65536"),
            ("CONNECT", "a:x"),
            ("CONNECT", "http://a:1"),
            ("CONNECT", "u@a:1"),
            ("CONNECT", "[::1:1"),
        ];
        for (method, target) in bad {
            let refused = request(&Request::new(method, target, &fields), Nothing).unwrap_err();
            let form = matches!(refused, Misuse::BadTargetForm | Misuse::HostMismatch);
            assert!(form, "{method} {target}: {refused}");
        }
    }

    #[test]
    fn rfc9112_3_2_host_exactly_once_and_valid() {
        let send = |fields: &FieldBlock, version| {
            request(&Request::get("/", fields).with_version(version), Nothing)
        };
        let none = FieldBlock::new();
        assert_eq!(send(&none, Http11), Err(Misuse::MissingHost));
        assert!(send(&none, Http10).is_ok());
        let absolute = request(&Request::get("http://a/", &none), Nothing);
        assert_eq!(absolute, Err(Misuse::MissingHost));
        let twice = host().with("HOST", "a").unwrap();
        for version in [Http10, Http11] {
            assert_eq!(send(&twice, version), Err(Misuse::DuplicateHost));
            for bad in ["a b", "u@a", "a/", "a:x", "[::1", "a:80:80", "http://a"] {
                let fields = FieldBlock::new().with("Host", bad).unwrap();
                assert_eq!(send(&fields, version), Err(Misuse::BadHost), "{bad}");
            }
            for good in ["", "a", "a:80", "a:", "[::1]:80", "127.0.0.1", "%41"] {
                let fields = FieldBlock::new().with("Host", good).unwrap();
                assert!(send(&fields, version).is_ok(), "{good}");
            }
        }
    }

    #[test]
    fn rfc9112_3_2_host_is_the_authority_of_the_absolute_form() {
        let cases = [
            ("http://a/", "a", true),
            ("http://A:80/", "a:80", true),
            ("http://a:80/", "a", false),
            ("http://b/", "a", false),
            ("http://[::1]:8/x:y@z", "[::1]:8", true),
            ("ftp://user:word@a/", "a", true),
            ("ftp://user:word@a/", "user:word@a", false),
            ("urn:x:y", "", true),
            ("urn:x:y", "a", false),
            ("/", "a", true),
        ];
        for (target, host, good) in cases {
            let fields = FieldBlock::new().with("Host", host).unwrap();
            let sent = request(&Request::get(target, &fields), Nothing);
            assert_eq!(sent.is_ok(), good, "{target} {host}: {sent:?}");
        }
    }

    #[test]
    fn rfc9112_4_reason_has_no_controls() {
        let fields = FieldBlock::new();
        for octet in controls() {
            let reason = [b'N', b'o', octet];
            let refused = response(&Response::new(404, &fields).with_reason(&reason), Nothing);
            assert_eq!(refused, Err(Misuse::BadReason { octet, at: 2 }));
        }
        let phrase = "Nö\tway";
        let sent = response(&Response::new(404, &fields).with_reason(phrase), Nothing).unwrap();
        assert_eq!(sent, "HTTP/1.1 404 Nö\tway\r\n\r\n");
    }

    #[test]
    fn rfc9112_4_status_is_three_digits_and_the_space_stays() {
        let fields = FieldBlock::new();
        for status in [0, 1, 99, 1000, u16::MAX] {
            let refused = response(&Response::new(status, &fields), Nothing);
            assert_eq!(refused, Err(Misuse::BadStatus { status }));
            let framing = response_framing(status, MethodKind::Get, Http11, Body::Empty);
            assert_eq!(framing, Err(Misuse::BadStatus { status }));
        }
        let sent = |response_: &Response<'_>| response(response_, Nothing).unwrap();
        assert_eq!(sent(&Response::new(999, &fields)), "HTTP/1.1 999 \r\n\r\n");
        let empty = Response::new(200, &fields).with_reason("");
        assert_eq!(sent(&empty), "HTTP/1.1 200 \r\n\r\n");
        let old = Response::new(404, &fields).with_version(Http10);
        assert_eq!(sent(&old), "HTTP/1.0 404 Not Found\r\n\r\n");
    }

    #[test]
    fn rfc9112_6_1_framing_that_cannot_be() {
        let fields = host();
        let send = |method, version, framing| {
            request(
                &Request::new(method, "/", &fields).with_version(version),
                framing,
            )
        };
        assert_eq!(
            send("POST", Http11, UntilClose),
            Err(Misuse::LengthRequired)
        );
        let chunked = send("POST", Http10, Chunked);
        assert_eq!(chunked, Err(Misuse::NotInVersion { version: Http10 }));
        for framing in [Length(0), Length(1), Chunked] {
            assert_eq!(send("TRACE", Http11, framing), Err(Misuse::BodyNotAllowed));
        }
        assert!(send("TRACE", Http11, Nothing).is_ok());
        let send = |status, version, framing| {
            response(
                &Response::new(status, &fields).with_version(version),
                framing,
            )
        };
        for status in [100, 101, 199, 204] {
            for framing in [Length(0), Length(1), Chunked, UntilClose] {
                let refused = send(status, Http11, framing);
                assert_eq!(refused, Err(Misuse::BodyNotAllowed), "{status}");
            }
            assert!(send(status, Http11, Nothing).is_ok());
        }
        assert_eq!(send(205, Http11, Length(1)), Err(Misuse::BodyNotAllowed));
        assert_eq!(send(205, Http11, Chunked), Err(Misuse::BodyNotAllowed));
        assert!(send(205, Http11, Length(0)).is_ok());
        let refused = Err(Misuse::NotInVersion { version: Http10 });
        assert_eq!(send(200, Http10, Chunked), refused);
        assert_eq!(send(100, Http10, Nothing), refused);
    }

    #[test]
    fn rfc1945_4_1_simple_request_and_response() {
        let none = FieldBlock::new();
        let simple = |method| Request::new(method, "/x", &none).with_version(Http09);
        assert_eq!(request(&simple("GET"), Nothing).unwrap(), "GET /x\r\n");
        let refused = Err(Misuse::NotInVersion { version: Http09 });
        assert_eq!(request(&simple("HEAD"), Nothing), refused);
        assert_eq!(request(&simple("GET"), Length(1)), refused);
        let fields = host();
        let full = Request::get("/x", &fields).with_version(Http09);
        assert_eq!(request(&full, Nothing), refused);
        let full = Response::new(200, &fields).with_version(Http09);
        assert_eq!(response(&full, UntilClose).unwrap(), "");
    }
}

mod connection {
    use super::*;
    use ConnectionOption::{Close, KeepAlive, None as Unsaid};

    fn line(said: &[(&str, &str)], option: ConnectionOption, framing: OutFraming) -> String {
        let fields = FieldBlock::of(said.iter().copied()).unwrap();
        let mut out = Vec::new();
        write_response_head(&Response::new(200, &fields), framing, option, &mut out).unwrap();
        let head = String::from_utf8(out).unwrap();
        let start = "HTTP/1.1 200 OK\r\n".len() + fields.as_bytes().len();
        head[start..].strip_suffix("\r\n").unwrap().to_owned()
    }

    #[test]
    fn rfc9112_9_6_close_and_keep_alive() {
        assert_eq!(line(&[], Unsaid, Nothing), "");
        assert_eq!(line(&[], Close, Nothing), "Connection: close\r\n");
        assert_eq!(line(&[], KeepAlive, Nothing), "Connection: keep-alive\r\n");
        assert_eq!(line(&[("connection", "x, CLOSE")], Close, Nothing), "");
        assert_eq!(
            line(&[("Connection", "Keep-Alive")], KeepAlive, Nothing),
            ""
        );
        assert_eq!(line(&[("Connection", "close")], KeepAlive, Nothing), "");
        assert_eq!(
            line(&[("Connection", "closed")], Close, Nothing),
            "Connection: close\r\n"
        );
    }

    #[test]
    fn rfc9112_6_3_until_close_says_close() {
        for option in [Unsaid, Close, KeepAlive] {
            assert_eq!(line(&[], option, UntilClose), "Connection: close\r\n");
        }
    }

    #[test]
    fn rfc9110_7_8_upgrade_and_te_are_named_in_connection() {
        assert_eq!(
            line(&[("Upgrade", "x")], Unsaid, Nothing),
            "Connection: upgrade\r\n"
        );
        assert_eq!(
            line(&[("TE", "trailers")], Unsaid, Nothing),
            "Connection: TE\r\n"
        );
        let both = [("Upgrade", "x"), ("te", "trailers")];
        assert_eq!(
            line(&both, Close, Length(3)),
            "Connection: close, upgrade, TE\r\nContent-Length: 3\r\n"
        );
        let said = [("Connection", "te"), ("TE", "trailers")];
        assert_eq!(line(&said, Unsaid, Nothing), "");
        let said = [("Connection", "Upgrade"), ("Upgrade", "x")];
        assert_eq!(line(&said, Unsaid, Nothing), "");
        assert_eq!(line(&said, Close, Nothing), "Connection: close\r\n");
    }
}

#[test]
fn misuse_is_told_in_lower_case() {
    let all = [
        Misuse::BadMethod { at: 1 },
        Misuse::BadTarget { at: 1 },
        Misuse::BadTargetForm,
        Misuse::BadFieldName { at: 1 },
        Misuse::BadFieldValue { octet: 10, at: 1 },
        Misuse::BadReason { octet: 0, at: 1 },
        Misuse::FramingField,
        Misuse::BadStatus { status: 7 },
        Misuse::NotInVersion { version: Http10 },
        Misuse::MissingHost,
        Misuse::DuplicateHost,
        Misuse::BadHost,
        Misuse::HostMismatch,
        Misuse::NotInTrailers,
        Misuse::TrailersWithoutChunked,
        Misuse::BodyTooLong { remaining: 1 },
        Misuse::BodyTooShort { remaining: 1 },
        Misuse::BodyNotAllowed,
        Misuse::LengthRequired,
        Misuse::NotNow,
    ];
    let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert!(
        texts
            .iter()
            .all(|text| text.starts_with(|c: char| c.is_ascii_lowercase()))
    );
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all.len());
}
