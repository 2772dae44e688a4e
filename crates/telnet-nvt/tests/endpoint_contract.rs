//! Server and client against the contract.

use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcSetting};
use wirelore_telnet_nvt::{
    Client, ClientConfig, EnvironmentPolicy, Event, OptionCode, OptionSet, Policy, Server,
    ServerConfig, Side, Typing,
};
use wirelore_testkit::contract::{Log, Subject};
use wirelore_testkit::contract_suite;

fn note(event: Event<&[u8]>, log: &mut Log) {
    match event {
        Event::Data(data) => log.data("data", data),
        _ => log.fact(format_args!("{event:?}")),
    }
}

fn asked() -> Policy {
    Policy {
        ask_us: OptionSet::of(&[OptionCode::GMCP]),
        ask_him: OptionSet::of(&[OptionCode::GMCP]),
        ..Policy::default()
    }
}

const WORDS: [&[u8]; 18] = [
    b"\xff",
    b"\xff\xff",
    b"\xff\xfa",
    b"\xff\xf0",
    b"\xff\xfb",
    b"\xff\xfd",
    b"\xff\xfc",
    b"\xff\xfe",
    b"\xff\xf2",
    b"\xff\xf6",
    b"\r\0",
    b"\r\n",
    b"\x18\0XTERM",
    b"\x1f\0\x50\0\x18",
    b"\x27\0\x03LANG\x01C",
    b"\x22\x01\x03",
    b"\x22\x03\x03\x02\x03",
    b"\x2a\x01;UTF-8",
];

#[derive(Clone)]
struct AtServer(Typing);

impl AtServer {
    fn with(&self, max_subnegotiation: usize) -> Server {
        Server::new(ServerConfig {
            typing: self.0,
            ask_terminal_speed: true,
            environment: EnvironmentPolicy::allow(["LANG", "TERM"]),
            charsets: vec![b"UTF-8".to_vec()],
            also: asked(),
            handoff: OptionSet::of(&[OptionCode::TSPEED]),
            max_subnegotiation,
            max_requests: 60,
            ..ServerConfig::default()
        })
    }
}

impl Subject for AtServer {
    type Machine = Server;

    fn machine(&self) -> Server {
        self.with(64)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            // a terminal that has everything
            &b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x03\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x18\0VT100\xff\xf0\xff\xfa\x18\0VT100\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0ls\r\0"[..],
            b"\xff\xfb\x27\xff\xfa\x27\0\x03LANG\x01C\x03OTHER\x01x\0USER\x01root\xff\xf0\xff\xfa\x27\x02\x03LANG\xff\xf0",
            b"\xff\xfd\x2a\xff\xfa\x2a\x02utf-8\xff\xf0\xff\xfb\x2a\xff\xfa\x2a\x01;KOI8-R;UTF-8\xff\xf0\xff\xfa\x2a\x01;KOI8-R\xff\xf0",
            b"\xff\xfb\x22\xff\xfa\x22\x03\x03\x62\x03\x0a\x02\x7f\xff\xf0\xff\xfa\x22\x01\x07\xff\xf0\xff\xfa\x22\x01\x01\xff\xf0\xff\xfc\x22",
            b"\xff\xfc\x22\xff\xfd\x05\xff\xfa\x05\x01\xff\xf0\xff\xfd\x06\xff\xf6\xff\xf5\xff\xf7\xff\xf8",
            b"\xff\xfb\x20\xff\xfa\x20\x0038400,38400\xff\xf0\xff\xfdrest",
            b"\xff\xfb\x18\xff\xfa\x18\0a/b\xff\xf0\xff\xfa\x18\x07\xff\xf0\xff\xfb\x1f\xff\xfa\x1f\0\xff\xf0",
            b"\xff\xfd\xc9\xff\xfb\xc9\xff\xfa\xc9Core.Hello {}\xff\xf0\xff\xfb\x01\xff\xfd\xc8",
            b"\xff\xfa\x18unfinished",
        ]
        .map(<[u8]>::to_vec)
        .to_vec()
    }

    fn event(
        &mut self,
        machine: &mut Server,
        event: Event<&[u8]>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) {
        if let Event::Asked { side, option } = event {
            machine.request(side, option, side == Side::Him, out);
        }
        note(event, log);
    }

    fn prelude(&self) -> Vec<u8> {
        b"\xff\xfb\x1f".to_vec()
    }

    fn unit(&self) -> Vec<u8> {
        b"a line\r\0\xff\xff\xff\xf1\xff\xf6\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfd\x06".to_vec()
    }

    fn long(&self, len: usize) -> (Server, Vec<u8>) {
        let mut octets = b"\xff\xfa\x1f".to_vec();
        octets.resize(len, b'a');
        (self.with(len), octets)
    }

    fn heap_limit(&self) -> usize {
        32 * 1024
    }

    fn words(&self) -> Vec<&'static [u8]> {
        WORDS.to_vec()
    }
}

contract_suite!(server, AtServer(Typing::Character));
contract_suite!(server_in_linemode, AtServer(Typing::Linemode));

#[derive(Clone)]
struct AtClient;

impl AtClient {
    fn with(&self, max_subnegotiation: usize) -> Client {
        Client::new(ClientConfig {
            speaks_first: true,
            terminal_types: vec![b"XTERM".to_vec(), b"VT100".to_vec()],
            window: Some((80, 24)),
            terminal_speed: Some((38400, 38400)),
            x_display: Some(b"here:0".to_vec()),
            environment: vec![(b"LANG".to_vec(), b"C".to_vec())],
            charsets: vec![b"UTF-8".to_vec()],
            linemode: true,
            special_characters: vec![(SlcFunction::IP, SlcSetting::value(3))],
            also: Policy {
                him: OptionSet::of(&[OptionCode::MCCP2]),
                ..asked()
            },
            handoff: OptionSet::of(&[OptionCode::MCCP2]),
            max_subnegotiation,
            max_requests: 60,
            ..ClientConfig::default()
        })
    }
}

impl Subject for AtClient {
    type Machine = Client;

    fn machine(&self) -> Client {
        self.with(64)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            // inetutils telnetd
            &b"\xff\xfb\x25\xff\xfb\x26\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27\xff\xfd\x24\xff\xfd\x1f\xff\xfb\x03\xff\xfb\x01\xff\xfa\x20\x01\xff\xf0\xff\xfa\x27\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0login: "[..],
            b"\xff\xfd\x22\xff\xfa\x22\x01\x03\xff\xf0\0\xff\xfa\x22\x03\x03\x62\x03\xff\xf0\xff\xfa\x22\xfd\x02\xff\xff\xff\xf0\xff\xfe\x22",
            b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\xff\xf0",
            b"\xff\xfd\x23\xff\xfa\x23\x01\xff\xf0\xff\xfd\x27\xff\xfa\x27\x01\x03LANG\0NONE\xff\xf0\xff\xfa\x27\x09\xff\xf0",
            b"\xff\xfd\x21\xff\xfa\x21\0\xff\xf0\xff\xfa\x21\x02\xff\xf0\xff\xfa\x21\x09\xff\xf0\xff\xfd\x05\xff\xfa\x05\x01\xff\xf0",
            b"\xff\xfb\x2a\xff\xfa\x2a\x01;UTF-8\xff\xf0\xff\xfd\x2a\xff\xfa\x2a\x03\xff\xf0",
            b"\xff\xfb\x56\xff\xfa\x56\xff\xf0\x78\xda",
            b"\xff\xfd\x06\xff\xfb\x06\xff\xfc\x06\xff\xf6\xff\xf9\xff\xef\xff\xfd\x01",
            b"\xff\xfd\xc9\xff\xfb\xc9text\r\0\xff\xfa\x18unfinished",
        ]
        .map(<[u8]>::to_vec)
        .to_vec()
    }

    fn event(
        &mut self,
        machine: &mut Client,
        event: Event<&[u8]>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) {
        if let Event::Asked { side, option } = event {
            machine.request(side, option, side == Side::Us, out);
        }
        note(event, log);
    }

    fn unit(&self) -> Vec<u8> {
        b"a line\r\n\xff\xff\xff\xf1\xff\xfa\x63what?\xff\xf0\xff\xfd\x06".to_vec()
    }

    fn long(&self, len: usize) -> (Client, Vec<u8>) {
        let mut octets = b"\xff\xfa\x18".to_vec();
        octets.resize(len, b'a');
        (self.with(len), octets)
    }

    fn heap_limit(&self) -> usize {
        32 * 1024
    }

    fn words(&self) -> Vec<&'static [u8]> {
        WORDS.to_vec()
    }
}

contract_suite!(client, AtClient);
