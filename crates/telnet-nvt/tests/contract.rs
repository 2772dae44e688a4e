//! The receiver against the contract.

use wirelore_telnet_nvt::{
    Config, Event, Machine, OptionCode, OptionSet, Policy, Receiver, Side, Violation,
};
use wirelore_testkit::contract::{Log, Subject};
use wirelore_testkit::contract_suite;

#[derive(Clone)]
struct Stream(Config);

impl Stream {
    fn new(nvt: bool) -> Self {
        let agreed = OptionSet::of(&[OptionCode::BINARY, OptionCode::SGA, OptionCode::TTYPE]);
        Self(Config {
            policy: Policy {
                us: agreed,
                him: agreed.with(OptionCode::MCCP2),
                ask_us: OptionSet::of(&[OptionCode::NAWS]),
                ask_him: OptionSet::of(&[OptionCode::NAWS]),
            },
            max_subnegotiation: 8,
            nvt,
            timing_marks: nvt,
            handoff: OptionSet::of(&[OptionCode::MCCP2]),
            max_requests: 40,
        })
    }
}

impl Subject for Stream {
    type Machine = Receiver;

    fn machine(&self) -> Receiver {
        Receiver::new(self.0)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        [
            &b"text\r\nand\r\0bare\rCR, \0NUL\0\0\r\r\0\0\r\xff\xff\0\r\xff\xf1\0end\r"[..],
            b"\xff\xffab\xff\xff\xff\xffc\xff\xff",
            b"\xff\xfb\x00\r\0\xff\xfc\x00\r\0\xff\xfd\x00\xff\xfe\x00",
            b"\xff\xf1\xff\xf2\xff\xf3\xff\xf4\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xf9\xff\xef\xff\x00\xff\x41z",
            b"\xff\xfd\xc8\xff\xfd\xc8\xff\xfb\xc8\xff\xfe\xc8\xff\xfc\xc8\xff\xfd\x1f\xff\xfe\x1f\xff\xfb\x1f",
            b"\xff\xfa\x18\x00ab\xff\xffc\xff\xf0x\xff\xfa\xff\xff\x01\xff\xf0y\xff\xfa\x18\xff\xf0",
            b"\xff\xfa\x18\x0012345678\xff\xf0leak?\xff\xfa\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0ok\xff\xfa\x18123456789\xff\xff\xff\xf1z",
            b"\xff\xf0a\xff\xfa\xff\xf0b\xff\xfa\xff\xf1c\xff\xfa\x18ab\xff\xfb\x18d\xff\xfa\x18e\xff\xfa\x18f\xff\xf0",
            b"\xff\xfd\x06a\xff\xfe\x06\xff\xfb\x06\xff\xfc\x06",
            b"\xff\xfb\x56a\xff\xfa\x56\xff\xf0\x78\x9c\xff\xfdcompressed",
            b"half\xff",
            b"half\xff\xfd",
            b"half\xff\xfa",
            b"half\xff\xfa\xff",
            b"half\xff\xfa\x18a",
            b"half\xff\xfa\x18a\xff",
            b"half\xff\xfa\x18too much of it\xff",
            b"\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02\xff\xfd\x01\xff\xfd\x02",
            b"",
        ]
        .map(<[u8]>::to_vec)
        .to_vec()
    }

    fn event(
        &mut self,
        machine: &mut Receiver,
        event: Event<&[u8]>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) {
        match event {
            Event::Data(data) => log.data("data", data),
            Event::Asked { side, option } => {
                log.fact(format_args!("{event:?}"));
                machine.request(side, option, side == Side::Us, out);
            }
            Event::Violation {
                violation: Violation::AnsweredWrong { .. },
                ..
            } => panic!("nothing was asked for: {event:?}"),
            _ => log.fact(format_args!("{event:?}")),
        }
    }

    fn unit(&self) -> Vec<u8> {
        b"a line\r\nwith\xff\xffmore\r\0\xff\xf1\xff\xfa\x18\x00name\xff\xf0\xff\xfa\x18too long a name\xff\xf0\xff\xfe\x2a".to_vec()
    }

    fn long(&self, len: usize) -> (Receiver, Vec<u8>) {
        let config = Config {
            max_subnegotiation: len,
            ..self.0
        };
        let mut octets = b"\xff\xfa\x18".to_vec();
        octets.resize(len, b'a');
        (Receiver::new(config), octets)
    }

    fn words(&self) -> Vec<&'static [u8]> {
        vec![
            b"\xff",
            b"\xff\xff",
            b"\xff\xfa",
            b"\xff\xf0",
            b"\xff\xfa\x18",
            b"\xff\xfb\x00",
            b"\xff\xfc\x00",
            b"\xff\xfd\x00",
            b"\xff\xfd\x06",
            b"\xff\xf2",
            b"\xff\xf7",
            b"\r",
            b"\0",
            b"\r\0",
            b"\r\n",
            b"a",
            b"\xf0",
            b"\xff\xfd\x1f",
            b"\xff\xfe\x1f",
            b"\xff\xfb\x56",
        ]
    }
}

contract_suite!(text, Stream::new(true));
contract_suite!(raw, Stream::new(false));

/// Subnegotiations that are too long are skipped in constant memory, however long.
#[derive(Clone)]
struct TooLong;

impl Subject for TooLong {
    type Machine = Receiver;

    fn machine(&self) -> Receiver {
        Receiver::new(Config {
            max_subnegotiation: 0,
            ..Config::default()
        })
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        vec![
            b"\xff\xfa\x18aaaaaaaaaaaaa\xff\xff\xff\xf0.".to_vec(),
            b"\xff\xfa\x18\xff\xff\xff\xf0.\xff\xfa\x18\xff\xf0".to_vec(),
            b"\xff\xfa\x18a\xff\xff".to_vec(),
        ]
    }

    fn event(&mut self, _: &mut Receiver, event: Event<&[u8]>, _: &mut Vec<u8>, log: &mut Log) {
        match event {
            Event::Data(data) => log.data("data", data),
            _ => log.fact(format_args!("{event:?}")),
        }
    }

    fn unit(&self) -> Vec<u8> {
        b"\xff\xfa\x18much\xff\xfftoo\xff\xfflong\xff\xf0.".to_vec()
    }

    fn long(&self, len: usize) -> (Receiver, Vec<u8>) {
        let mut octets = b"\xff\xfa\x18".to_vec();
        octets.resize(len, 255);
        (self.machine(), octets)
    }
}

contract_suite!(too_long, TooLong);

/// CVE-2020-10188: with urgent marks at every place, cut at every place, nothing is lost but data, and
/// nothing panics.
#[test]
fn an_urgent_mark_at_every_offset() {
    for input in Stream::new(true).inputs() {
        for mark in 0..=input.len() {
            for cut in [1, 2, 3, 7, 1000] {
                let mut machine = Stream::new(true).machine();
                let (mut out, mut at, mut shown) = (Vec::new(), 0, 0);
                let mut data_in_synch = 0;
                let mut steps = 0;
                loop {
                    steps += 1;
                    assert!(steps < 10_000);
                    if at >= mark && shown <= mark {
                        machine.urgent();
                    }
                    if shown == at || steps > 1 {
                        shown = (shown + cut).min(input.len());
                    }
                    let rest = &input[at..shown];
                    let input_now = if shown == input.len() {
                        wirelore_telnet_nvt::Input::last(rest)
                    } else {
                        wirelore_telnet_nvt::Input::more(rest)
                    };
                    let in_synch = machine.is_in_synch();
                    let Ok(step) = machine.step(input_now, &mut out);
                    at += step.consumed;
                    match step.next {
                        wirelore_telnet_nvt::Next::Done => break,
                        wirelore_telnet_nvt::Next::Event(Event::Data(_)) if in_synch => {
                            data_in_synch += 1;
                        }
                        _ => {}
                    }
                }
                assert_eq!(data_in_synch, 0);
            }
        }
    }
}
