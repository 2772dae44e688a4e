//! Messages that somebody has read wrongly.

use super::Case;

/// What stands behind a request line and Host.
const FRAMING: &[(&str, &str)] = &[
    ("no body", "\r\n\r\n"),
    ("length", "\r\nContent-Length: 3\r\n\r\nabc"),
    ("length 010", "\r\nContent-Length: 010\r\n\r\n0123456789"),
    ("length twice", "\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    ("length twice with other zeros", "\r\nContent-Length: 3\r\nContent-Length: 03\r\n\r\nabc"),
    ("length in a list", "\r\nContent-Length: 3, 3\r\n\r\nabc"),
    ("lengths that differ", "\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    ("lengths that differ in a list", "\r\nContent-Length: 3, 4\r\n\r\nabcd"),
    ("length +3", "\r\nContent-Length: +3\r\n\r\nabc"),
    ("length -3", "\r\nContent-Length: -3\r\n\r\nabc"),
    ("length 0x3", "\r\nContent-Length: 0x3\r\n\r\nabc"),
    ("length 1_0", "\r\nContent-Length: 1_0\r\n\r\nabc"),
    ("length 3abc", "\r\nContent-Length: 3abc\r\n\r\nabc"),
    ("length in quotes", "\r\nContent-Length: \"3\"\r\n\r\nabc"),
    ("length 3e0", "\r\nContent-Length: 3e0\r\n\r\nabc"),
    ("length 3 and VT", "\r\nContent-Length: 3\x0b\r\n\r\nabc"),
    ("no length", "\r\nContent-Length:\r\n\r\nabc"),
    ("length beyond 64 bits", "\r\nContent-Length: 18446744073709551616\r\n\r\nabc"),
    ("length beyond 20 digits", "\r\nContent-Length: 100000000000000000000\r\n\r\nabc"),
    ("length in Arabic digits", "\r\nContent-Length: \u{663}\r\n\r\nabc"),
    ("too short", "\r\nContent-Length: 4\r\n\r\nabc"),
    ("chunks", "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("Chunked", "\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    (
        "chunks and length",
        "\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    (
        "length and chunks",
        "\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    ("identity", "\r\nTransfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("xchunked", "\r\nTransfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("chunked, gzip", "\r\nTransfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("gzip, chunked", "\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("chunked, chunked", "\r\nTransfer-Encoding: chunked, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    (
        "chunked twice",
        "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    (
        "gzip and chunked",
        "\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    (", chunked", "\r\nTransfer-Encoding: ,chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("chunked,", "\r\nTransfer-Encoding: chunked,\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("no coding", "\r\nTransfer-Encoding:\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("VT chunked", "\r\nTransfer-Encoding: \x0bchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("NBSP chunked", "\r\nTransfer-Encoding: \u{a0}chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("coding in a fold", "\r\nTransfer-Encoding:\r\n chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("space before the colon", "\r\nTransfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("tab before the colon", "\r\nContent-Length\t: 3\r\n\r\nabc"),
    ("no colon", "\r\nContent-Length 3\r\n\r\nabc"),
    ("no name", "\r\n: 3\r\n\r\n"),
    ("bad name", "\r\nX(: 3\r\n\r\n"),
    ("bad name above ASCII", "\r\nX\u{85}: 3\r\n\r\n"),
    ("NUL in a value", "\r\nX: a\0b\r\n\r\n"),
    ("CR in a value", "\r\nX: a\rb\r\n\r\n"),
    ("CR CR LF", "\r\nX: a\r\r\n\r\n"),
    ("VT in a value", "\r\nX: a\x0bb\r\n\r\n"),
    ("DEL in a value", "\r\nX: a\x7fb\r\n\r\n"),
    ("other control characters", "\r\nX: a\x01b\r\n\r\n"),
    ("LF ends a line", "\r\nX: a\n\r\n"),
    ("LF ends the head", "\r\nX: a\n\n"),
    ("fold", "\r\nX: a\r\n b\r\n\r\n"),
    ("fold with nothing in it", "\r\nX: a\r\n \r\n\r\n"),
    ("values above ASCII", "\r\nX: \u{ff}\u{80}\r\n\r\n"),
    ("no value", "\r\nX:\r\nY: \t \r\n\r\n"),
    ("space around a value", "\r\nX: \t a b\t \r\n\r\n"),
];

/// What stands in the place of `3\r\nabc\r\n0\r\n\r\n`.
const CHUNKS: &[(&str, &str)] = &[
    ("size 0x3", "0x3\r\nabc\r\n0\r\n\r\n"),
    ("size +3", "+3\r\nabc\r\n0\r\n\r\n"),
    ("size -3", "-3\r\nabc\r\n0\r\n\r\n"),
    ("size 0_3", "0_3\r\nabc\r\n0\r\n\r\n"),
    ("size 3x", "3x\r\nabc\r\n0\r\n\r\n"),
    ("no size", "\r\nabc\r\n0\r\n\r\n"),
    ("space before the size", " 3\r\nabc\r\n0\r\n\r\n"),
    ("space behind the size", "3 \r\nabc\r\n0\r\n\r\n"),
    ("tab behind the size", "3\t\r\nabc\r\n0\r\n\r\n"),
    ("size with zeros", "0003\r\nabc\r\n000\r\n\r\n"),
    ("size with twenty zeros", "00000000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("size in capitals", "A\r\n0123456789\r\n0\r\n\r\n"),
    ("size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("size of 64 bits", "ffffffffffffffff\r\nabc"),
    ("data too long", "3\r\nabcd\r\n0\r\n\r\n"),
    ("data without an end", "3\r\nabc0\r\n\r\n"),
    ("data ended by LF", "3\r\nabc\n0\r\n\r\n"),
    ("data ended by other octets", "3\r\nabcXX0\r\n\r\n"),
    ("size ended by LF", "3\nabc\r\n0\r\n\r\n"),
    ("size ended by CR", "3\rabc\r\n0\r\n\r\n"),
    ("size ended by CR X", "3\rXabc\r\n0\r\n\r\n"),
    ("last chunk ended by LF", "3\r\nabc\r\n0\n\r\n"),
    ("body ended by LF", "3\r\nabc\r\n0\r\n\n"),
    ("X behind the last chunk", "3\r\nabc\r\n0\r\nX"),
    ("extension", "3;a\r\nabc\r\n0;b=c\r\n\r\n"),
    ("extension in quotes", "3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n"),
    ("extension with a quoted pair", "3;a=\"\\\"\"\r\nabc\r\n0\r\n\r\n"),
    ("space before an extension", "3 ;a=b\r\nabc\r\n0\r\n\r\n"),
    ("space in an extension", "3; a = b\r\nabc\r\n0\r\n\r\n"),
    ("CR in an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
    ("LF in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
    ("NUL in an extension", "3;a=\0\r\nabc\r\n0\r\n\r\n"),
    ("extension that is none", "3;\r\nabc\r\n0\r\n\r\n"),
    ("extension of other octets", "3;=(\r\nabc\r\n0\r\n\r\n"),
    ("trailers", "3\r\nabc\r\n0\r\nX: 1\r\nY: 2\r\n\r\n"),
    ("length in trailers", "3\r\nabc\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n"),
    ("fold in trailers", "3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n"),
    ("bad trailers", "3\r\nabc\r\n0\r\nX 1\r\n\r\n"),
    ("LF in trailers", "3\r\nabc\r\n0\r\nX: 1\n\r\n"),
    ("truncated size", "3"),
    ("truncated data", "3\r\nab"),
    ("truncated end", "3\r\nabc\r\n0\r\n"),
    ("truncated trailers", "3\r\nabc\r\n0\r\nX: 1\r\n"),
];

/// Whole heads of requests.
const HEADS: &[(&str, &str)] = &[
    ("nothing", ""),
    ("empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no Host", "GET / HTTP/1.1\r\n\r\n"),
    ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ("Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    ("Host in a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    ("Host with IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    ("1.0 without Host", "GET / HTTP/1.0\r\n\r\n"),
    ("1.0 with two Hosts", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("1.0 that stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"),
    ("1.0 with chunks", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("1.1 that ends", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n"),
    ("close in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"),
    ("close, but not quite", "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n"),
    ("pipeline", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    ("version 1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
    ("version 2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ("version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    ("version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n"),
    ("no version", "GET /\r\n\r\n"),
    ("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    ("space first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("LF in the request line", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n"),
    ("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("letters above ASCII in the target", "GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("absolute form", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("absolute form with another Host", "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("absolute form with a user", "GET http://u@b/c HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("tunnel without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("tunnel to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("method with a bracket", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    ("truncated", "GET / HTTP/1.1\r\nHost: a\r\n"),
    ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\u{fc}"),
];

/// Methods, and responses.
const RESPONSES: &[(&str, &[&str], &str)] = &[
    ("nothing", &["GET"], ""),
    ("until the end", &["GET"], "HTTP/1.1 200 OK\r\n\r\nabc"),
    ("1.0", &["GET"], "HTTP/1.0 200 OK\r\n\r\nabc"),
    (
        "1.0 that stays",
        &["GET"],
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "HEAD",
        &["HEAD", "GET"],
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
    ),
    ("HEAD with a length that is none", &["HEAD"], "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    ("folds", &["HEAD"], "HTTP/1.1 200 OK\r\nX: a\t\r\n b \r\n\t c\r\n\r\n"),
    ("HEAD with chunks", &["HEAD"], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (
        "304 with a length",
        &["GET", "GET"],
        "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
    ),
    ("204 with a length", &["GET"], "HTTP/1.1 204 N\r\nContent-Length: 9\r\n\r\n"),
    ("204 with chunks", &["GET"], "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("205", &["GET"], "HTTP/1.1 205 R\r\nContent-Length: 0\r\n\r\n"),
    (
        "interim",
        &["GET"],
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
    ),
    (
        "interim with a length",
        &["GET"],
        "HTTP/1.1 103 E\r\nContent-Length: 3\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
    ),
    ("interim and no more", &["GET"], "HTTP/1.1 100 Continue\r\n\r\n"),
    ("switch", &["GET"], "HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc"),
    ("tunnel", &["CONNECT"], "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    (
        "tunnel with chunks",
        &["CONNECT"],
        "HTTP/1.1 299 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc",
    ),
    ("tunnel refused", &["CONNECT"], "HTTP/1.1 407 N\r\nContent-Length: 3\r\n\r\nabc"),
    ("no reason", &["GET"], "HTTP/1.1 204 \r\n\r\n"),
    ("no space and no reason", &["GET"], "HTTP/1.1 204\r\n\r\n"),
    ("reason above ASCII", &["GET"], "HTTP/1.1 204 \u{e4}\t \r\n\r\n"),
    ("reason with a bell", &["GET"], "HTTP/1.1 204 \x07\r\n\r\n"),
    ("reason with CR", &["GET"], "HTTP/1.1 204 a\rb\r\n\r\n"),
    ("two digits", &["GET"], "HTTP/1.1 20 OK\r\n\r\n"),
    ("four digits", &["GET"], "HTTP/1.1 2000 OK\r\n\r\n"),
    ("99", &["GET"], "HTTP/1.1 099 OK\r\n\r\n"),
    ("600", &["GET"], "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
    ("999", &["GET"], "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"),
    ("two spaces", &["GET"], "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("version 2.0", &["GET"], "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("ICY", &["GET"], "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("empty line first", &["GET"], "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (
        "two in a row",
        &["GET", "GET"],
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
    ),
    (
        "one too many",
        &["GET"],
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\nb",
    ),
    ("one too few", &["GET", "GET"], "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
    ("that ends", &["GET"], "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nab"),
];

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: String, methods: &[&'static str], octets: String| Case {
        name,
        methods: methods.to_vec(),
        // each letter is one octet
        octets: octets.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect(),
    };
    let request = "POST / HTTP/1.1\r\nHost: a";
    let next = "GET /next HTTP/1.1\r\nHost: b\r\n\r\n";
    let response = "HTTP/1.1 200 OK\r\nServer: a";
    let mut cases = Vec::new();
    for (name, rest) in FRAMING {
        cases.push(case(format!("request: {name}"), &[], format!("{request}{rest}")));
        cases.push(case(
            format!("request, and another: {name}"),
            &[],
            format!("{request}{rest}{next}"),
        ));
        cases.push(case(format!("response: {name}"), &["GET"], format!("{response}{rest}")));
    }
    for (name, body) in CHUNKS {
        let coded = format!("\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        cases.push(case(format!("request: {name}"), &[], format!("{request}{coded}")));
        cases.push(case(
            format!("request, and another: {name}"),
            &[],
            format!("{request}{coded}{next}"),
        ));
        cases.push(case(format!("response: {name}"), &["GET"], format!("{response}{coded}")));
    }
    for (name, octets) in HEADS {
        cases.push(case((*name).to_owned(), &[], (*octets).to_owned()));
    }
    for (name, methods, octets) in RESPONSES {
        cases.push(case(format!("response: {name}"), methods, (*octets).to_owned()));
    }
    cases
}
