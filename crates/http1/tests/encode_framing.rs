//! How the end of a body is marked, row by row.

use wirelore_http1::encode::{
    Body, ConnectionOption, FieldBlock, OutFraming, Request, Response, request_framing,
    response_framing, write_request_head, write_response_head,
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

use Body::{Empty, Length as Octets, Unknown};

const NOT_ALLOWED: Result<OutFraming, Misuse> = Err(Misuse::BodyNotAllowed);

#[test]
fn rfc9110_8_6_table_of_requests() {
    let anticipates = [Ok(Length(0)), Ok(Length(0)), Ok(Length(5)), Ok(Chunked)];
    let does_not = [Ok(Nothing), Ok(Nothing), Ok(Length(5)), Ok(Chunked)];
    let forbids = [Ok(Nothing), Ok(Nothing), NOT_ALLOWED, NOT_ALLOWED];
    let unknown = [Ok(Nothing), Ok(Length(0)), Ok(Length(5)), Ok(Chunked)];
    let rows = [
        ("POST", anticipates),
        ("PUT", anticipates),
        ("PATCH", anticipates),
        ("GET", does_not),
        ("HEAD", does_not),
        ("DELETE", does_not),
        ("OPTIONS", does_not),
        ("CONNECT", forbids),
        ("TRACE", forbids),
        ("X-SING", unknown),
        ("post", unknown),
    ];
    for (method, row) in rows {
        for (body, framing) in [Empty, Octets(0), Octets(5), Unknown].into_iter().zip(row) {
            let derived = |version| request_framing(method.as_bytes(), version, body);
            assert_eq!(derived(Http11), framing, "{method} {body:?}");
            let old = match framing {
                Ok(Chunked) => Err(Misuse::LengthRequired),
                other => other,
            };
            assert_eq!(derived(Http10), old, "{method} {body:?}");
            let oldest = match framing {
                Ok(Nothing) | Err(_) => framing,
                Ok(_) => Err(Misuse::NotInVersion { version: Http09 }),
            };
            assert_eq!(derived(Http09), oldest, "{method} {body:?}");
        }
    }
}

#[test]
fn rfc9112_6_3_table_of_responses() {
    type Row = [Result<(OutFraming, OutFraming), Misuse>; 4];
    const BOTH: fn(OutFraming) -> Result<(OutFraming, OutFraming), Misuse> =
        |framing| Ok((framing, framing));
    const HEAD: fn(OutFraming) -> Result<(OutFraming, OutFraming), Misuse> =
        |framing| Ok((framing, Nothing));
    let refused = Err(Misuse::BodyNotAllowed);
    let full: Row = [
        BOTH(Length(0)),
        BOTH(Length(0)),
        BOTH(Length(5)),
        BOTH(Chunked),
    ];
    let bare: Row = [BOTH(Nothing), BOTH(Nothing), refused, refused];
    let reset: Row = [BOTH(Length(0)), BOTH(Length(0)), refused, refused];
    let unmodified: Row = [
        HEAD(Nothing),
        HEAD(Length(0)),
        HEAD(Length(5)),
        HEAD(Nothing),
    ];
    let to_head: Row = [
        HEAD(Nothing),
        HEAD(Length(0)),
        HEAD(Length(5)),
        HEAD(Chunked),
    ];
    let reset_to_head: Row = [HEAD(Length(0)), HEAD(Length(0)), refused, refused];
    let rows: [(u16, MethodKind, Row); 20] = [
        (100, MethodKind::Get, bare),
        (101, MethodKind::Get, bare),
        (199, MethodKind::Head, bare),
        (200, MethodKind::Get, full),
        (200, MethodKind::Post, full),
        (200, MethodKind::Head, to_head),
        (200, MethodKind::Connect, bare),
        (204, MethodKind::Get, bare),
        (204, MethodKind::Head, bare),
        (205, MethodKind::Post, reset),
        (205, MethodKind::Head, reset_to_head),
        (205, MethodKind::Connect, bare),
        (206, MethodKind::Get, full),
        (299, MethodKind::Connect, bare),
        (304, MethodKind::Get, unmodified),
        (304, MethodKind::Head, unmodified),
        (407, MethodKind::Connect, full),
        (404, MethodKind::Head, to_head),
        (500, MethodKind::Other, full),
        (999, MethodKind::Get, full),
    ];
    for (status, method, row) in rows {
        for (body, wanted) in [Empty, Octets(0), Octets(5), Unknown].into_iter().zip(row) {
            let derived = |version| {
                response_framing(status, method, version, body).map(|it| (it.head, it.body))
            };
            assert_eq!(derived(Http11), wanted, "{status} {method:?} {body:?}");
            let old = match wanted {
                _ if status < 200 => Err(Misuse::NotInVersion { version: Http10 }),
                Ok((Chunked, Chunked)) => Ok((UntilClose, UntilClose)),
                Ok((Chunked, Nothing)) => Ok((Nothing, Nothing)),
                other => other,
            };
            assert_eq!(derived(Http10), old, "{status} {method:?} {body:?} in 1.0");
        }
    }
}

#[test]
fn rfc9112_6_what_is_derived_can_be_written() {
    let fields = host();
    for (status, version) in (100..=999).flat_map(|status| [(status, Http10), (status, Http11)]) {
        for body in [Empty, Octets(0), Octets(u64::MAX), Unknown] {
            for method in [MethodKind::Get, MethodKind::Head, MethodKind::Connect] {
                // We are HTTP/1.1, whatever the request was.
                if let Ok(framing) = response_framing(status, method, version, body) {
                    assert!(response(&Response::new(status, &fields), framing.head).is_ok());
                }
            }
        }
    }
    for method in ["GET", "POST", "TRACE", "DELETE", "X"] {
        for (body, version) in [(Empty, Http10), (Octets(3), Http10), (Unknown, Http11)] {
            if let Ok(framing) = request_framing(method.as_bytes(), version, body) {
                let it = Request::new(method, "/", &fields).with_version(version);
                assert!(request(&it, framing).is_ok());
            }
        }
    }
}

#[test]
fn rfc9112_6_2_one_framing_field_behind_the_others() {
    let fields = host();
    let post = Request::new("POST", "/", &fields);
    let lines = [
        (Nothing, ""),
        (Length(0), "Content-Length: 0\r\n"),
        (Length(u64::MAX), "Content-Length: 18446744073709551615\r\n"),
        (Chunked, "Transfer-Encoding: chunked\r\n"),
    ];
    for (framing, line) in lines {
        let wanted = format!("POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n");
        assert_eq!(request(&post, framing).unwrap(), wanted);
    }
}
