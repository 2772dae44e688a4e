//! Both sides of a connection against the contract, with applications that answer at once, early and
//! late.

use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{
    ClientConfig, ClientConnection, ClientState, Config, RequestEvent, ResponseEvent, ServerConfig,
    ServerConnection, ServerState,
};
use wirelore_testkit::contract::{Log, Subject};
use wirelore_testkit::contract_suite;

use super::{
    CHUNKED, GET, Longest, OK_CHUNKED, START, everything, http09, note_request, note_response,
    requests, responses, roomy, small, strict, words,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// With the head of the request.
    Early,
    /// With its end.
    AtOnce,
    /// Once the machine is paused.
    Late,
}

#[derive(Clone)]
struct Server {
    config: ServerConfig,
    when: When,
    fields: FieldBlock,
    upgrade: FieldBlock,
    longest: Longest,
    kind: MethodKind,
    tunnel: bool,
}

impl Server {
    fn new(message: Config, when: When, farewell: bool, longest: Longest) -> Self {
        Self {
            config: ServerConfig {
                message,
                farewell,
                ..ServerConfig::default()
            },
            when,
            fields: FieldBlock::new().with("Server", "test").unwrap(),
            upgrade: FieldBlock::new().with("Upgrade", "a").unwrap(),
            longest,
            kind: MethodKind::Get,
            tunnel: false,
        }
    }

    /// The whole response. False when there is none to give.
    fn answer(&self, machine: &mut ServerConnection, out: &mut Vec<u8>) -> bool {
        if machine.client_state() == ClientState::MightSwitch {
            let (status, fields) = match self.kind {
                MethodKind::Connect => (200, &self.fields),
                _ => (101, &self.upgrade),
            };
            if self.tunnel || self.kind != MethodKind::Connect {
                let response = Response::new(status, fields);
                return machine.respond(&response, Body::Empty, out).is_ok();
            }
        }
        let status = match self.kind {
            MethodKind::Connect => 403,
            _ => 200,
        };
        let response = Response::new(status, &self.fields);
        machine.owes_response() && machine.respond_with(&response, b"hello", out).is_ok()
    }
}

impl Subject for Server {
    type Machine = ServerConnection;

    fn machine(&self) -> ServerConnection {
        ServerConnection::new(self.config)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        requests()
    }

    fn event(
        &mut self,
        machine: &mut ServerConnection,
        event: RequestEvent<&[u8]>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) {
        note_request(&event, log);
        match event {
            RequestEvent::Request(head) => {
                self.kind = head.kind();
                self.tunnel = head.target() == b"h:2";
                let switches = head.upgrade() || self.kind == MethodKind::Connect;
                if self.when == When::Early && !switches {
                    assert!(self.answer(machine, out));
                } else {
                    machine.proceed(out);
                }
            }
            RequestEvent::End { .. } if self.when != When::Late => {
                self.answer(machine, out);
                let goes_on = machine.client_state() == ClientState::Done
                    && machine.server_state() == ServerState::Done;
                assert_eq!(machine.next_cycle().is_ok(), goes_on);
            }
            _ => {}
        }
    }

    fn paused(&mut self, machine: &mut ServerConnection, out: &mut Vec<u8>) -> bool {
        self.answer(machine, out) | machine.next_cycle().is_ok()
    }

    fn unit(&self) -> Vec<u8> {
        [
            GET,
            CHUNKED,
            b"5\r\nabcde\r\n0\r\nT: 1\r\n\r\n",
            b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
        ]
        .concat()
    }

    fn long(&self, len: usize) -> (ServerConnection, Vec<u8>) {
        let config = ServerConfig {
            message: roomy(self.config.message, len),
            ..self.config
        };
        let octets = self.longest.octets(START, CHUNKED, len);
        (ServerConnection::new(config), octets)
    }

    fn words(&self) -> Vec<&'static [u8]> {
        words()
    }
}

contract_suite!(
    server_at_once,
    Server::new(strict(), When::AtOnce, true, Longest::FieldLines)
);
contract_suite!(
    server_late,
    Server::new(strict(), When::Late, false, Longest::FieldLine)
);
contract_suite!(
    server_early,
    Server::new(everything(), When::Early, true, Longest::Body)
);
contract_suite!(
    server_http09,
    Server::new(http09(), When::Late, true, Longest::Trailers)
);
contract_suite!(
    server_small,
    Server::new(small(), When::Early, false, Longest::StartLine)
);

/// Sends requests with these methods in turn, so that there are always as many as `ahead` says.
#[derive(Clone)]
struct Client {
    message: Config,
    methods: &'static [&'static str],
    ahead: usize,
    sent: usize,
    fields: FieldBlock,
    fields_of_connect: FieldBlock,
    fields_of_post: FieldBlock,
    longest: Longest,
}

impl Client {
    fn new(
        message: Config,
        methods: &'static [&'static str],
        ahead: usize,
        longest: Longest,
    ) -> Self {
        let fields = FieldBlock::new().with("Host", "h").unwrap();
        Self {
            message,
            methods,
            ahead,
            sent: ahead,
            fields_of_connect: FieldBlock::new().with("Host", "h:1").unwrap(),
            fields_of_post: fields.clone().with("Expect", "100-continue").unwrap(),
            fields,
            longest,
        }
    }

    fn machine_with(&self, message: Config) -> ClientConnection {
        let config = ClientConfig {
            message,
            ..ClientConfig::default()
        };
        let mut machine = ClientConnection::new(config);
        let mut clone = self.clone();
        clone.sent = 0;
        for _ in 0..self.ahead {
            clone.send(&mut machine, &mut Vec::new());
        }
        machine
    }

    /// A POST has a body, which waits for 100 (Continue).
    fn send(&mut self, machine: &mut ClientConnection, out: &mut Vec<u8>) {
        let method = self.methods[self.sent % self.methods.len()];
        let (target, fields) = match method {
            "CONNECT" => ("h:1", &self.fields_of_connect),
            "POST" => ("/", &self.fields_of_post),
            _ => ("/", &self.fields),
        };
        let request = Request::new(method, target, fields);
        let body = match method {
            "POST" => Body::Length(3),
            _ => Body::Empty,
        };
        if machine.request(&request, body, out).is_ok() {
            self.sent += 1;
            if body == Body::Empty {
                machine.finish(None, out).unwrap();
            }
        }
    }

    fn send_body(machine: &mut ClientConnection, out: &mut Vec<u8>) {
        if machine.client_state() == ClientState::SendBody {
            machine.data(b"abc", out).unwrap();
            machine.finish(None, out).unwrap();
        }
    }
}

impl Subject for Client {
    type Machine = ClientConnection;

    fn machine(&self) -> ClientConnection {
        self.machine_with(self.message)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        responses()
    }

    fn event(
        &mut self,
        machine: &mut ClientConnection,
        event: ResponseEvent<&[u8]>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) {
        note_response(&event, log);
        match event {
            ResponseEvent::Informational(head) if head.status() == 100 => {
                Self::send_body(machine, out);
            }
            ResponseEvent::Response(head) if head.status() >= 300 => machine.abandon(),
            ResponseEvent::Response(_) => Self::send_body(machine, out),
            ResponseEvent::End { .. } => {
                let _ = machine.next_cycle();
                self.send(machine, out);
            }
            _ => {}
        }
    }

    fn paused(&mut self, machine: &mut ClientConnection, _: &mut Vec<u8>) -> bool {
        machine.next_cycle().is_ok()
    }

    fn unit(&self) -> Vec<u8> {
        let mut unit = Vec::new();
        for method in self.methods {
            unit.extend_from_slice(match *method {
                "HEAD" => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                "CONNECT" => b"HTTP/1.1 403 F\r\nContent-Length: 1\r\n\r\na",
                "POST" => b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                _ => {
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nT: 1\r\n\r\n"
                }
            });
        }
        unit
    }

    fn long(&self, len: usize) -> (ClientConnection, Vec<u8>) {
        let machine = self.machine_with(roomy(self.message, len));
        let start = b"HTTP/1.1 200 OK\r\n";
        (machine, self.longest.octets(start, OK_CHUNKED, len))
    }

    fn words(&self) -> Vec<&'static [u8]> {
        words()
    }
}

contract_suite!(
    client_one_by_one,
    Client::new(
        strict(),
        &["GET", "HEAD", "CONNECT"],
        1,
        Longest::FieldLines
    )
);
contract_suite!(
    client_pipelined,
    Client::new(strict(), &["GET", "HEAD"], 5, Longest::Trailers)
);
contract_suite!(
    client_continue,
    Client::new(everything(), &["POST"], 1, Longest::Folds)
);
contract_suite!(
    client_small,
    Client::new(small(), &["GET"], 1, Longest::ChunkExtension)
);
