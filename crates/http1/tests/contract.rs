//! The receivers and connections against the contract: strict, lenient, with HTTP/0.9 and with limits
//! so small that they are met all the time.

#[path = "contract/connections.rs"]
mod connections;

use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    Config, Lenient, Limits, RequestEvent, RequestReceiver, ResponseEvent, ResponseReceiver,
};
use wirelore_testkit::contract::{Log, Subject};
use wirelore_testkit::contract_suite;

fn strict() -> Config {
    Config::default()
}

fn everything() -> Config {
    let mut lenient = Lenient::default();
    for (flag, _) in Lenient::NAMES {
        assert!(lenient.set(flag, true));
    }
    Config {
        lenient,
        ..Config::default()
    }
}

fn http09() -> Config {
    Config {
        http09: true,
        ..everything()
    }
}

fn small() -> Config {
    Config {
        limits: Limits {
            max_request_line: 24,
            max_method: 7,
            max_field_line: 30,
            max_head: 80,
            max_headers: 4,
            max_chunk_ext: 8,
            max_chunk_ext_total: 20,
            max_body: Some(12),
        },
        ..Config::default()
    }
}

/// What the longest thing is that has to be there as a whole.
#[derive(Clone, Copy)]
enum Longest {
    StartLine,
    FieldLine,
    FieldLines,
    Folds,
    ChunkExtension,
    Trailers,
    Body,
}

/// A configuration that admits `len` octets of it.
fn roomy(config: Config, len: usize) -> Config {
    let limits = Limits {
        max_request_line: len,
        max_field_line: len,
        max_head: 2 * len,
        max_headers: len,
        max_chunk_ext: len,
        max_chunk_ext_total: len as u64,
        max_body: None,
        ..config.limits
    };
    Config { limits, ..config }
}

impl Longest {
    /// About `len` octets of it, behind what may precede them: `start` is a start line, `framed` a
    /// head with a chunked body behind it.
    fn octets(self, start: &[u8], framed: &[u8], len: usize) -> Vec<u8> {
        let (mut octets, filler): (Vec<u8>, &[u8]) = match self {
            Self::StartLine => (start[..start.len() - 2].to_vec(), b"a"),
            Self::FieldLine => ([start, b"X: "].concat(), b"a"),
            Self::FieldLines => (start.to_vec(), b"A: b\r\n"),
            Self::Folds => ([start, b"X: "].concat(), b"\r\n a"),
            Self::ChunkExtension => ([framed, b"1;"].concat(), b"a"),
            Self::Trailers => ([framed, b"0\r\n"].concat(), b"A: b\r\n"),
            Self::Body => ([framed, b"fffffffffff\r\n"].concat(), b"a"),
        };
        while octets.len() + filler.len() + 40 < len {
            octets.extend_from_slice(filler);
        }
        octets
    }
}

const START: &[u8] = b"GET / HTTP/1.1\r\n";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

fn requests() -> Vec<Vec<u8>> {
    let mut inputs: Vec<Vec<u8>> = [
        &b""[..],
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\r\nGET / HTTP/1.0\r\n\r\nrest",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n1\r\nd\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\nU: 2\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"CONNECT h:2 HTTP/1.1\r\nHost: h\r\n\r\n\0\xff tunnelled",
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\nnot HTTP",
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0x5\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;aaaaaaaa\r\na\r\n1 ;b\r\nb\r\n0\t\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n",
        b"GET / HTTP/1.1\nHost: h\n\nGET  /\tHTTP/1.1 \r\nX: \x01\xe9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\tc\r\nY:\r\n d\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \0\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /simple\r\nGET /not\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nTrunca",
        b"\x16\x03\x01\x02\0\x01\0",
        b"GET /a-target-that-is-too-long-for-some HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA-long-field-name: and a long value\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 13\r\n\r\n1234567890123",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    inputs.push(
        [
            CHUNKED,
            b"4\r\nabcd\r\n5\r\nabcde\r\n4\r\nabcd\r\n0\r\n\r\n",
        ]
        .concat(),
    );
    inputs
}

fn words() -> Vec<&'static [u8]> {
    vec![
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b"\n",
        b"\0",
        b" ",
        b"\t",
        b": ",
        b"\r\n ",
        GET,
        CHUNKED,
        b"GET / HTTP/1.1\r\n",
        b"POST /x HTTP/1.0\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 304 N\r\n",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"Host: h\r\n",
        b"Content-Length: 2\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Expect: 100-continue\r\n",
        b"X: y\r\n",
        b"0\r\n",
        b"2;a=\"b\"\r\n",
        b"ab",
        b"\xff",
    ]
}

fn note_request(event: &RequestEvent<&[u8]>, log: &mut Log) {
    match event {
        RequestEvent::Data(data) => log.data("body", data),
        RequestEvent::Request(head) => {
            log.fact(format_args!("{event:?} {}", head.raw().escape_ascii()));
        }
        RequestEvent::End { trailers } => {
            log.fact(format_args!("{event:?} {}", trailers.raw().escape_ascii()));
        }
        _ => panic!("{event:?}"),
    }
}

fn note_response(event: &ResponseEvent<&[u8]>, log: &mut Log) {
    match event {
        ResponseEvent::Data(data) => log.data("body", data),
        ResponseEvent::Informational(head) | ResponseEvent::Response(head) => {
            log.fact(format_args!("{event:?} {}", head.raw().escape_ascii()));
        }
        ResponseEvent::End { trailers } => {
            log.fact(format_args!("{event:?} {}", trailers.raw().escape_ascii()));
        }
        _ => panic!("{event:?}"),
    }
}

#[derive(Clone)]
struct Requests(Config, Longest);

impl Subject for Requests {
    type Machine = RequestReceiver;

    fn machine(&self) -> RequestReceiver {
        RequestReceiver::new(self.0)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        requests()
    }

    fn event(
        &mut self,
        _: &mut RequestReceiver,
        event: RequestEvent<&[u8]>,
        _: &mut Vec<u8>,
        log: &mut Log,
    ) {
        note_request(&event, log);
    }

    fn unit(&self) -> Vec<u8> {
        [
            GET,
            CHUNKED,
            b"5\r\nabcde\r\n3;e=\"f\"\r\nabc\r\n0\r\nT: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
        ]
        .concat()
    }

    fn long(&self, len: usize) -> (RequestReceiver, Vec<u8>) {
        let machine = RequestReceiver::new(roomy(self.0, len));
        (machine, self.1.octets(START, CHUNKED, len))
    }

    fn words(&self) -> Vec<&'static [u8]> {
        words()
    }
}

contract_suite!(requests_strict, Requests(strict(), Longest::FieldLine));
contract_suite!(requests_lenient, Requests(everything(), Longest::Folds));
contract_suite!(requests_http09, Requests(http09(), Longest::StartLine));
contract_suite!(requests_small, Requests(small(), Longest::ChunkExtension));

const OK_CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn responses() -> Vec<Vec<u8>> {
    [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 N\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nHTTP/1.1 403 F\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nabHTTP/1.0 200\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nY:\r\n\tc\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nX : a\r\n\nabc",
        b"HTTP/1.1 200 O\x01K\r\nX: a\rb\r\n\r\nabc",
        b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n\0\xff",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"SSH-2.0-whatever\r\n",
        b"HTTP/1.1 200 a reason that is too long for some\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n123456789012",
        b"HTTP/1.1 200 OK\r\n\r\n1234567890123",
        b"HTTP/1.1 200 OK\r\nTrunca",
    ]
    .map(<[u8]>::to_vec)
    .to_vec()
}

/// Two requests are always outstanding, of the methods in turn.
#[derive(Clone)]
struct Responses {
    config: Config,
    methods: &'static [MethodKind],
    sent: usize,
    longest: Longest,
}

impl Responses {
    const fn new(config: Config, methods: &'static [MethodKind], longest: Longest) -> Self {
        Self {
            config,
            methods,
            sent: 2,
            longest,
        }
    }

    fn machine_with(&self, config: Config) -> ResponseReceiver {
        let mut machine = ResponseReceiver::new(config);
        for sent in 0..self.sent {
            machine.expect(self.methods[sent % self.methods.len()]);
        }
        machine
    }
}

impl Subject for Responses {
    type Machine = ResponseReceiver;

    fn machine(&self) -> ResponseReceiver {
        self.machine_with(self.config)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        responses()
    }

    fn event(
        &mut self,
        machine: &mut ResponseReceiver,
        event: ResponseEvent<&[u8]>,
        _: &mut Vec<u8>,
        log: &mut Log,
    ) {
        note_response(&event, log);
        if let ResponseEvent::Response(_) = event {
            machine.expect(self.methods[self.sent % self.methods.len()]);
            self.sent += 1;
        }
    }

    fn unit(&self) -> Vec<u8> {
        let mut unit = b"HTTP/1.1 100 C\r\n\r\n".to_vec();
        for method in self.methods {
            unit.extend_from_slice(match method {
                MethodKind::Head => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                MethodKind::Connect => b"HTTP/1.1 403 F\r\nContent-Length: 1\r\n\r\na",
                _ => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nT: 1\r\n\r\n",
            });
        }
        unit
    }

    fn long(&self, len: usize) -> (ResponseReceiver, Vec<u8>) {
        let machine = self.machine_with(roomy(self.config, len));
        let start = b"HTTP/1.1 200 OK\r\n";
        (machine, self.longest.octets(start, OK_CHUNKED, len))
    }

    fn words(&self) -> Vec<&'static [u8]> {
        words()
    }
}

const MIXED: &[MethodKind] = &[MethodKind::Get, MethodKind::Head, MethodKind::Connect];

contract_suite!(
    responses_strict,
    Responses::new(strict(), &[MethodKind::Get], Longest::Folds)
);
contract_suite!(
    responses_mixed,
    Responses::new(strict(), MIXED, Longest::FieldLines)
);
contract_suite!(
    responses_connect,
    Responses::new(strict(), &[MethodKind::Connect], Longest::StartLine)
);
contract_suite!(
    responses_lenient,
    Responses::new(everything(), &[MethodKind::Get], Longest::Trailers)
);
contract_suite!(
    responses_small,
    Responses::new(small(), &[MethodKind::Get], Longest::Body)
);
