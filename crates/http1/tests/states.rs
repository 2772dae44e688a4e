//! What may be called in which state (RFC 9112 section 9, RFC 9110 sections 7.8, 9.3.6, 10.1.1 and
//! 15.2): every state of both sides that can be reached, with every call tried in it. What is refused
//! writes nothing and changes nothing.

#[path = "states/walks.rs"]
mod walks;

use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::{
    ClientConfig, ClientConnection, ClientState as C, Error, Input, Machine, Misuse, Next,
    ServerConfig, ServerConnection, ServerState as S, Version,
};

/// Steps over `octets` until the machine wants more or the application to act.
fn feed<M: Machine<Error = Error>>(machine: &mut M, octets: &[u8], eof: bool, out: &mut Vec<u8>) {
    let mut at = 0;
    for _ in 0..1000 {
        let rest = &octets[at..];
        let input = if eof {
            Input::last(rest)
        } else {
            Input::more(rest)
        };
        let Ok(step) = machine.step(input, out) else {
            return;
        };
        at += step.consumed;
        match step.next {
            Next::Event(_) => {}
            Next::NeedMore if step.consumed > 0 => {}
            Next::NeedMore | Next::Paused | Next::Done => return,
        }
    }
    panic!("no end");
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OLD: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const CLOSING: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";
const EXPECTS: &[u8] =
    b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n";
const CONNECT: &[u8] = b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServerCall {
    Inform,
    Respond,
    RespondWith,
    Switch,
    Tunnel,
    Data,
    Announce,
    Finish,
    NextCycle,
}

use ServerCall as SC;

const SERVER_CALLS: &[SC] = &[
    SC::Inform,
    SC::Respond,
    SC::RespondWith,
    SC::Switch,
    SC::Tunnel,
    SC::Data,
    SC::Announce,
    SC::Finish,
    SC::NextCycle,
];

impl SC {
    fn make(self, machine: &mut ServerConnection, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let none = FieldBlock::new();
        let upgrade = FieldBlock::new().with("Upgrade", "a").unwrap();
        match self {
            Self::Inform => machine.inform(&Response::new(103, &none), out),
            Self::Respond => machine.respond(&Response::new(404, &none), Body::Unknown, out),
            Self::RespondWith => machine.respond_with(&Response::new(404, &none), b"hi", out),
            Self::Switch => machine.respond(&Response::new(101, &upgrade), Body::Empty, out),
            Self::Tunnel => machine.respond(&Response::new(200, &none), Body::Empty, out),
            Self::Data => machine.data(b"x", out),
            Self::Announce => machine.announce(1, out),
            Self::Finish => machine.finish(None, out),
            Self::NextCycle => machine.next_cycle(),
        }
    }
}

/// A server's connection in a state, what may be called in it, and where the server is then.
struct ServerCase {
    name: &'static str,
    machine: ServerConnection,
    states: (C, S),
    allowed: &'static [(SC, S)],
}

const ANSWERS: &[(SC, S)] = &[
    (SC::Inform, S::SendResponse),
    (SC::Respond, S::SendBody),
    (SC::RespondWith, S::Done),
    (SC::Tunnel, S::SendBody),
];
const LAST_ANSWERS: &[(SC, S)] = &[
    (SC::Inform, S::SendResponse),
    (SC::Respond, S::SendBody),
    (SC::RespondWith, S::MustClose),
    (SC::Tunnel, S::SendBody),
];
const BODY: &[(SC, S)] = &[
    (SC::Data, S::SendBody),
    (SC::Announce, S::SendBody),
    (SC::Finish, S::Done),
];
const LAST_BODY: &[(SC, S)] = &[
    (SC::Data, S::SendBody),
    (SC::Announce, S::SendBody),
    (SC::Finish, S::MustClose),
];

fn server(farewell: bool, octets: &[u8], eof: bool, calls: &[SC]) -> ServerConnection {
    let mut machine = ServerConnection::new(ServerConfig {
        farewell,
        ..ServerConfig::default()
    });
    let mut out = Vec::new();
    feed(&mut machine, octets, eof, &mut out);
    for call in calls {
        call.make(&mut machine, &mut out).unwrap();
    }
    feed(&mut machine, b"", eof, &mut out);
    machine
}

#[rustfmt::skip]
fn server_cases() -> Vec<ServerCase> {
    let case = |name, machine, states, allowed| ServerCase { name, machine, states, allowed };
    let mut answered_body_fails = server(true, POST, false, &[SC::Respond]);
    feed(&mut answered_body_fails, b"a", true, &mut Vec::new());
    let mut closed_after = server(true, GET, false, &[]);
    closed_after.close_after();
    let mut idle_closed = server(true, b"", false, &[]);
    idle_closed.close_after();
    let mut late = server(true, POST, false, &[]);
    late.expired(&mut Vec::new());
    let mut slow_head = server(true, b"GET /", false, &[]);
    slow_head.expired(&mut Vec::new());
    vec![
        case("new", server(true, b"", false, &[]), (C::Idle, S::Idle), &[]),
        case("half a head", server(true, b"GET /", false, &[]), (C::Idle, S::Idle), &[]),
        case("the head of a body", server(true, POST, false, &[]), (C::SendBody, S::SendResponse), ANSWERS),
        case("half a body", server(true, &[POST, b"a"].concat(), false, &[]), (C::SendBody, S::SendResponse), ANSWERS),
        case("a request", server(true, GET, false, &[]), (C::Done, S::SendResponse), ANSWERS),
        case("an interim response", server(true, GET, false, &[SC::Inform]), (C::Done, S::SendResponse), ANSWERS),
        case("an early response", server(true, POST, false, &[SC::Respond]), (C::SendBody, S::SendBody), BODY),
        case("a whole early response", server(true, POST, false, &[SC::RespondWith]), (C::SendBody, S::Done), &[]),
        case("a response", server(true, GET, false, &[SC::Respond]), (C::Done, S::SendBody), BODY),
        case("half a response", server(true, GET, false, &[SC::Respond, SC::Data]), (C::Done, S::SendBody), BODY),
        case("both over", server(true, GET, false, &[SC::RespondWith]), (C::Done, S::Done), &[(SC::NextCycle, S::Idle)]),
        case("next cycle", server(true, GET, false, &[SC::RespondWith, SC::NextCycle]), (C::Idle, S::Idle), &[]),
        case("close asked for", server(true, CLOSING, false, &[]), (C::MustClose, S::SendResponse), LAST_ANSWERS),
        case("close, answered", server(true, CLOSING, false, &[SC::Respond]), (C::MustClose, S::SendBody), LAST_BODY),
        case("close, over", server(true, CLOSING, false, &[SC::RespondWith]), (C::MustClose, S::MustClose), &[]),
        case("close decided", closed_after, (C::MustClose, S::SendResponse), LAST_ANSWERS),
        case("closed while idle", idle_closed, (C::Failed, S::MustClose), &[]),
        case("end of stream", server(true, b"", true, &[]), (C::Closed, S::MustClose), &[]),
        case("half-closed", server(true, GET, true, &[]), (C::Done, S::SendResponse), ANSWERS),
        case("half-closed, over", server(true, GET, true, &[SC::RespondWith, SC::NextCycle]), (C::Closed, S::MustClose), &[]),
        case("an upgrade", server(true, UPGRADE, false, &[]), (C::MightSwitch, S::SendResponse), &[
            (SC::Inform, S::SendResponse), (SC::Respond, S::SendBody), (SC::RespondWith, S::Done),
            (SC::Switch, S::Switched), (SC::Tunnel, S::SendBody)]),
        case("upgraded", server(true, UPGRADE, false, &[SC::Switch]), (C::Switched, S::Switched), &[]),
        case("upgrade declined", server(true, UPGRADE, false, &[SC::Respond]), (C::Done, S::SendBody), BODY),
        case("a tunnel wanted", server(true, CONNECT, false, &[]), (C::MightSwitch, S::SendResponse), &[
            (SC::Inform, S::SendResponse), (SC::Respond, S::SendBody), (SC::RespondWith, S::Done),
            (SC::Tunnel, S::Switched)]),
        case("a tunnel", server(true, CONNECT, false, &[SC::Tunnel]), (C::Switched, S::Switched), &[]),
        case("no tunnel", server(true, CONNECT, false, &[SC::RespondWith]), (C::Done, S::Done), &[(SC::NextCycle, S::Idle)]),
        case("no tunnel, next", server(true, CONNECT, false, &[SC::RespondWith, SC::NextCycle]), (C::Idle, S::Idle), &[]),
        case("unreadable", server(true, b"\0", false, &[]), (C::Failed, S::MustClose), &[]),
        case("own words for it", server(false, b"\0", false, &[]), (C::Failed, S::SendResponse), LAST_ANSWERS),
        case("own words begun", server(false, b"\0", false, &[SC::Respond]), (C::Failed, S::SendBody), LAST_BODY),
        case("own words said", server(false, b"\0", false, &[SC::RespondWith]), (C::Failed, S::MustClose), &[]),
        case("truncated body", server(true, &[POST, b"a"].concat(), true, &[]), (C::Failed, S::MustClose), &[]),
        case("truncated behind the answer", answered_body_fails, (C::Failed, S::SendBody), LAST_BODY),
        case("late body", late, (C::Failed, S::MustClose), &[]),
        case("late head", slow_head, (C::Failed, S::MustClose), &[]),
        case("expectation", server(true, EXPECTS, false, &[]), (C::SendBody, S::SendResponse), &[
            // Who does not ask for the body does not read on (RFC 9110 section 10.1.1).
            (SC::Inform, S::SendResponse), (SC::Respond, S::SendBody), (SC::RespondWith, S::MustClose), (SC::Tunnel, S::SendBody)]),
        case("expectation declined", server(true, EXPECTS, false, &[SC::RespondWith]), (C::Failed, S::MustClose), &[]),
        case("expectation, answered early", server(true, EXPECTS, false, &[SC::Respond]), (C::SendBody, S::SendBody), LAST_BODY),
    ]
}

#[test]
fn rfc9112_9_every_call_in_every_state_of_a_server() {
    for case in server_cases() {
        let name = case.name;
        let states = (case.machine.client_state(), case.machine.server_state());
        assert_eq!(states, case.states, "{name}");
        let before = format!("{:?}", case.machine);
        for &call in SERVER_CALLS {
            let mut machine = case.machine.clone();
            let mut out = b"before".to_vec();
            let result = call.make(&mut machine, &mut out);
            match case.allowed.iter().find(|(allowed, _)| *allowed == call) {
                Some((_, then)) => {
                    assert_eq!(result, Ok(()), "{name}: {call:?}");
                    assert_eq!(machine.server_state(), *then, "{name}: {call:?}");
                    assert!(out.starts_with(b"before"), "{name}: {call:?}");
                }
                None => {
                    assert_eq!(result, Err(Misuse::NotNow), "{name}: {call:?}");
                    assert_eq!(out, b"before", "{name}: {call:?}");
                    assert_eq!(format!("{machine:?}"), before, "{name}: {call:?}");
                }
            }
        }
    }
}

/// 100 (Continue) is written only where it is awaited, and never inside the final response.
#[test]
fn rfc9110_15_2_proceed_in_every_state_of_a_server() {
    for case in server_cases() {
        let mut machine = case.machine;
        let mut out = Vec::new();
        let awaited = machine.awaits_continue();
        machine.proceed(&mut out);
        let may = case.name == "expectation";
        let expected: &[u8] = if may {
            b"HTTP/1.1 100 Continue\r\n\r\n"
        } else {
            b""
        };
        assert_eq!(out, expected, "{}", case.name);
        assert!(awaited || !may, "{}", case.name);
        machine.proceed(&mut out);
        assert_eq!(out, expected, "{}: twice", case.name);
    }
}

/// 1xx do not exist for HTTP/1.0.
#[test]
fn rfc9110_15_2_no_interim_response_to_http10() {
    for request in [
        OLD,
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    ] {
        let mut machine = server(true, request, false, &[]);
        let mut out = Vec::new();
        machine.proceed(&mut out);
        assert!(!machine.awaits_continue());
        let refused = SC::Inform.make(&mut machine, &mut out);
        assert!(
            matches!(refused, Err(Misuse::NotInVersion { .. })),
            "{refused:?}"
        );
        assert!(out.is_empty());
    }
}

/// Interim responses have other codes than final ones, and 101 is neither.
#[test]
fn rfc9110_15_statuses_of_the_calls() {
    let none = FieldBlock::new();
    let machine = server(true, GET, false, &[]);
    for status in 0..1000 {
        let response = Response::new(status, &none);
        let mut out = Vec::new();
        let interim = machine.clone().inform(&response, &mut out);
        assert_eq!(
            interim.is_ok(),
            matches!(status, 100 | 102..=199),
            "{status}"
        );
        assert_eq!(interim.is_ok(), !out.is_empty(), "{status}");
        out.clear();
        let last = machine.clone().respond(&response, Body::Empty, &mut out);
        assert_eq!(last.is_ok(), (200..=999).contains(&status), "{status}");
        assert_eq!(last.is_ok(), !out.is_empty(), "{status}");
    }
}

/// A response without a head is one to a simple request only: another client would take its body for
/// responses.
#[test]
fn rfc1945_4_1_no_simple_response_to_a_full_request() {
    let upgrade = FieldBlock::new().with("Upgrade", "a").unwrap();
    for (request, status) in [(GET, 200), (CONNECT, 200), (UPGRADE, 101), (OLD, 200)] {
        let mut machine = server(true, request, false, &[]);
        let before = format!("{machine:?}");
        let response = Response::new(status, &upgrade).with_version(Version::Http09);
        let mut out = Vec::new();
        let refused = machine.respond(&response, Body::Empty, &mut out);
        assert!(
            matches!(refused, Err(Misuse::NotInVersion { .. })),
            "{status}: {refused:?}"
        );
        assert!(out.is_empty());
        assert_eq!(format!("{machine:?}"), before);
    }
    let mut client = ClientConnection::new(ClientConfig::default());
    let none = FieldBlock::new();
    let request = Request::get("/", &none).with_version(Version::Http09);
    let refused = client.request_with(&request, b"", &mut Vec::new());
    assert!(
        matches!(refused, Err(Misuse::NotInVersion { .. })),
        "{refused:?}"
    );
}

/// A response of HTTP/1.0 keeps the connection only if it says so, and has no chunks.
#[test]
fn rfc9112_9_3_a_response_of_http10() {
    let none = FieldBlock::new();
    for (body, ends) in [(Body::Length(2), false), (Body::Unknown, true)] {
        let mut machine = server(true, GET, false, &[]);
        let response = Response::new(200, &none).with_version(Version::Http10);
        let mut out = Vec::new();
        machine.respond(&response, body, &mut out).unwrap();
        machine.data(b"hi", &mut out).unwrap();
        machine.finish(None, &mut out).unwrap();
        assert_eq!(machine.next_cycle().is_err(), ends);
        let option = if ends { "close" } else { "keep-alive" };
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("HTTP/1.0 200 OK\r\n") && text.ends_with("\r\n\r\nhi"),
            "{text}"
        );
        assert!(
            text.contains(&format!("Connection: {option}\r\n")),
            "{text}"
        );
        assert!(!text.contains("chunked"), "{text}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientCall {
    Get,
    Post,
    Connect,
    Upgrade,
    Closing,
    Data,
    Announce,
    Finish,
    NextCycle,
}

use ClientCall as CC;

const CLIENT_CALLS: &[CC] = &[
    CC::Get,
    CC::Post,
    CC::Connect,
    CC::Upgrade,
    CC::Closing,
    CC::Data,
    CC::Announce,
    CC::Finish,
    CC::NextCycle,
];

impl CC {
    fn make(self, machine: &mut ClientConnection, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let host = FieldBlock::new().with("Host", "h").unwrap();
        let upgrade = host.clone().with("Upgrade", "a").unwrap();
        let close = host.clone().with("Connection", "close").unwrap();
        match self {
            Self::Get => machine.request_with(&Request::get("/", &host), b"", out),
            Self::Post => machine.request(&Request::new("POST", "/", &host), Body::Unknown, out),
            Self::Connect => {
                let host = FieldBlock::new().with("Host", "h:1").unwrap();
                machine.request_with(&Request::new("CONNECT", "h:1", &host), b"", out)
            }
            Self::Upgrade => machine.request_with(&Request::get("/", &upgrade), b"", out),
            Self::Closing => machine.request_with(&Request::get("/", &close), b"", out),
            Self::Data => machine.data(b"x", out),
            Self::Announce => machine.announce(1, out),
            Self::Finish => machine.finish(None, out),
            Self::NextCycle => machine.next_cycle(),
        }
    }
}

struct ClientCase {
    name: &'static str,
    machine: ClientConnection,
    states: (C, S),
    allowed: &'static [(CC, C)],
}

/// Another request may be sent.
const REQUESTS: &[(CC, C)] = &[
    (CC::Get, C::Done),
    (CC::Post, C::SendBody),
    (CC::Connect, C::MightSwitch),
    (CC::Upgrade, C::MightSwitch),
    (CC::Closing, C::MustClose),
];
const REQUEST_BODY: &[(CC, C)] = &[
    (CC::Data, C::SendBody),
    (CC::Announce, C::SendBody),
    (CC::Finish, C::Done),
];
/// The exchange is over: the next one may begin, also without saying that it does.
const OVER: &[(CC, C)] = &[
    (CC::Get, C::Done),
    (CC::Post, C::SendBody),
    (CC::Connect, C::MightSwitch),
    (CC::Upgrade, C::MightSwitch),
    (CC::Closing, C::MustClose),
    (CC::NextCycle, C::Idle),
];

fn client(ahead: usize, calls: &[CC], octets: &[u8], eof: bool) -> ClientConnection {
    let mut machine = ClientConnection::new(ClientConfig {
        max_pipelined: ahead,
        ..ClientConfig::default()
    });
    let mut out = Vec::new();
    for call in calls {
        call.make(&mut machine, &mut out).unwrap();
    }
    feed(&mut machine, octets, eof, &mut out);
    machine
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const CLOSES: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
const SWITCHES: &[u8] = b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n";

#[rustfmt::skip]
fn client_cases() -> Vec<ClientCase> {
    let case = |name, machine, states, allowed| ClientCase { name, machine, states, allowed };
    let mut abandoned = client(9, &[CC::Post], OK, false);
    abandoned.abandon();
    let mut abandoned_over = abandoned.clone();
    feed(&mut abandoned_over, b"hi", false, &mut Vec::new());
    let mut tired = client(9, &[CC::Get], b"", false);
    tired.expired(&mut Vec::new());
    let mut again = client(9, &[CC::Get], WHOLE, false);
    again.next_cycle().unwrap();
    let mut second = client(9, &[CC::Get, CC::Get], WHOLE, false);
    second.next_cycle().unwrap();
    vec![
        case("new", client(9, &[], b"", false), (C::Idle, S::Idle), REQUESTS),
        case("next cycle", again, (C::Idle, S::Idle), REQUESTS),
        case("a request", client(9, &[CC::Post], b"", false), (C::SendBody, S::SendResponse), REQUEST_BODY),
        case("half a body", client(9, &[CC::Post, CC::Data], b"", false), (C::SendBody, S::SendResponse), REQUEST_BODY),
        case("a whole request", client(9, &[CC::Get], b"", false), (C::Done, S::SendResponse), REQUESTS),
        case("interim response", client(9, &[CC::Get], b"HTTP/1.1 103 E\r\n\r\n", false), (C::Done, S::SendResponse), REQUESTS),
        case("no pipelining", client(0, &[CC::Get], b"", false), (C::Done, S::SendResponse), &[]),
        case("one ahead", client(1, &[CC::Get, CC::Get], b"", false), (C::Done, S::SendResponse), &[]),
        case("response begun", client(9, &[CC::Get], OK, false), (C::Done, S::SendBody), REQUESTS),
        case("response begun, no pipelining", client(0, &[CC::Get], OK, false), (C::Done, S::SendBody), &[]),
        case("over", client(9, &[CC::Get], WHOLE, false), (C::Done, S::Done), OVER),
        case("over, no pipelining", client(0, &[CC::Get], WHOLE, false), (C::Done, S::Done), &[(CC::NextCycle, C::Idle)]),
        case("first of two over", client(9, &[CC::Get, CC::Get], WHOLE, false), (C::Done, S::Done), &[
            (CC::Get, C::Done), (CC::Post, C::SendBody), (CC::Connect, C::MightSwitch),
            (CC::Upgrade, C::MightSwitch), (CC::Closing, C::MustClose), (CC::NextCycle, C::Done)]),
        case("second of two", second, (C::Done, S::SendResponse), REQUESTS),
        case("early response", client(9, &[CC::Post], OK, false), (C::SendBody, S::SendBody), REQUEST_BODY),
        case("whole early response", client(9, &[CC::Post], WHOLE, false), (C::SendBody, S::Done), REQUEST_BODY),
        case("abandoned", abandoned, (C::Failed, S::SendBody), &[]),
        case("abandoned, over", abandoned_over, (C::Failed, S::MustClose), &[]),
        case("upgrade", client(9, &[CC::Upgrade], b"", false), (C::MightSwitch, S::SendResponse), &[]),
        case("upgraded", client(9, &[CC::Upgrade], SWITCHES, false), (C::Switched, S::Switched), &[]),
        case("upgrade declined", client(9, &[CC::Upgrade], OK, false), (C::Done, S::SendBody), REQUESTS),
        case("tunnel wanted", client(9, &[CC::Connect], b"", false), (C::MightSwitch, S::SendResponse), &[]),
        case("tunnel", client(9, &[CC::Connect], OK, false), (C::Switched, S::Switched), &[]),
        case("no tunnel", client(9, &[CC::Connect], b"HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n", false), (C::Done, S::Done), OVER),
        case("said close", client(9, &[CC::Closing], b"", false), (C::MustClose, S::SendResponse), &[]),
        case("said close, answered", client(9, &[CC::Closing], OK, false), (C::MustClose, S::SendBody), &[]),
        case("said close, over", client(9, &[CC::Closing], WHOLE, false), (C::MustClose, S::MustClose), &[]),
        case("server closes", client(9, &[CC::Get], CLOSES, false), (C::Done, S::SendBody), &[]),
        case("server closed", client(9, &[CC::Get], &[CLOSES, b"hi"].concat(), false), (C::Done, S::MustClose), &[]),
        case("end of stream", client(9, &[CC::Get], b"", true), (C::Done, S::Closed), &[]),
        case("end while idle", client(9, &[], b"", true), (C::Idle, S::Closed), &[]),
        case("unsolicited", client(9, &[], WHOLE, false), (C::Idle, S::Closed), &[]),
        case("unreadable", client(9, &[CC::Get], b"\0", false), (C::Done, S::SendResponse), &[]),
        case("unreadable amid the request", client(9, &[CC::Post], b"\0", false), (C::SendBody, S::SendResponse), &[]),
        case("unwanted switch", client(9, &[CC::Get], SWITCHES, false), (C::Done, S::SendResponse), &[]),
        case("too late", tired, (C::Done, S::SendResponse), &[]),
    ]
}

#[test]
fn rfc9112_9_every_call_in_every_state_of_a_client() {
    for case in client_cases() {
        let name = case.name;
        let states = (case.machine.client_state(), case.machine.server_state());
        assert_eq!(states, case.states, "{name}");
        let before = format!("{:?}", case.machine);
        for &call in CLIENT_CALLS {
            let mut machine = case.machine.clone();
            let mut out = b"before".to_vec();
            let result = call.make(&mut machine, &mut out);
            match case.allowed.iter().find(|(allowed, _)| *allowed == call) {
                Some((_, then)) => {
                    assert_eq!(result, Ok(()), "{name}: {call:?}");
                    assert_eq!(machine.client_state(), *then, "{name}: {call:?}");
                    assert!(out.starts_with(b"before"), "{name}: {call:?}");
                }
                None => {
                    assert_eq!(result, Err(Misuse::NotNow), "{name}: {call:?}");
                    assert_eq!(out, b"before", "{name}: {call:?}");
                    assert_eq!(format!("{machine:?}"), before, "{name}: {call:?}");
                }
            }
        }
    }
}

/// Where no request may follow, the connection does not claim to be kept.
#[test]
fn rfc9112_9_6_a_connection_that_ends_is_not_kept_alive() {
    for case in client_cases() {
        if !case.machine.keeps_alive() {
            let requests = case.allowed.iter().any(|(call, _)| *call == CC::Get);
            assert!(!requests, "{}", case.name);
        }
    }
    for name in [
        "said close",
        "server closes",
        "unreadable",
        "end of stream",
        "too late",
        "abandoned",
    ] {
        let cases = client_cases();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        assert!(!case.machine.keeps_alive(), "{name}");
    }
}
