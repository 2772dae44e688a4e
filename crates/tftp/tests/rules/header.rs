//! DATA without a copy: `header` answers as `block` does, in the words of its packet's first octets.

use crate::rig::{CLIENT, Rig, SERVER, Server, TID, letters, secs};
use crate::words::packet;
use wirelore_tftp::wire::DATA_HEADER;
use wirelore_tftp::{
    Client, ClientConfig, DatagramMachine, Demux, Event, Grant, Instant, Misuse, Mode,
    ServerConfig, ServerEvent, Slot, Transfer,
};

/// A server's transfer with a socket of its own, after these words to the listening port.
fn transfer(request: &str) -> Transfer<u32> {
    let mut demux: Server = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    let request = packet(request);
    match demux.handle_datagram(Instant::ORIGIN, CLIENT, &request) {
        Some(ServerEvent::Request { id, .. }) => demux.detach(id, Grant::default()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// An application that answers questions in one of the two ways, and keeps what they lead to.
struct Desk {
    source: Vec<u8>,
    by_header: bool,
    told: Vec<String>,
    sent: Vec<Vec<u8>>,
}

impl Desk {
    fn new(source: &[u8], by_header: bool) -> Self {
        Self {
            source: source.to_vec(),
            by_header,
            told: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn drains(&mut self, transfer: &mut Transfer<u32>, now: Instant) {
        let mut buf = vec![0; transfer.max_datagram()];
        loop {
            if let Some(event) = transfer.poll_event() {
                let Event::ReadBlock { offset, max } = event else {
                    self.told.push(format!("{event:?}"));
                    continue;
                };
                let rest = &self.source[self.source.len().min(offset as usize)..];
                let (data, last) = (&rest[..rest.len().min(max)], rest.len() <= max);
                if self.by_header {
                    let header = transfer.header(now, offset, data.len(), last).unwrap();
                    self.sent
                        .extend(header.map(|header| [&header[..], data].concat()));
                } else {
                    let len = transfer.block(now, offset, data, last, &mut buf).unwrap();
                    self.sent.extend((len > 0).then(|| buf[..len].to_vec()));
                }
            } else if let Some(transmit) = transfer.poll_transmit(now, &mut buf) {
                self.sent.push(buf[..transmit.len].to_vec());
            } else {
                return;
            }
        }
    }
}

/// Two transfers that differ only in how blocks are answered, through acknowledgements, repetitions,
/// timeouts, restarts of a window and the end: every datagram, every event, every deadline is the same.
#[test]
fn headers_are_those_of_blocks() {
    let plain = [
        "ACK 1", "wait", "ACK 1", "ACK 2", "wait", "wait", "ACK 3", "ACK 3",
    ];
    let window = [
        "ACK 0", "ACK 2", "ACK 2", "wait", "ACK 5", "ACK 4", "wait", "ACK 8", "ACK 9",
    ];
    for (request, words) in [
        ("RRQ f octet", &plain[..]),
        ("RRQ f octet blksize=8 windowsize=4", &window[..]),
        ("RRQ f octet windowsize=3 rollover=1", &window[..]),
    ] {
        for len in [0, 1, 8, 63, 64, 65, 511, 512, 513, 1200, 5000] {
            let source = letters(8, len);
            let mut sides =
                [false, true].map(|by_header| (transfer(request), Desk::new(&source, by_header)));
            let mut now = Instant::ORIGIN;
            for word in words {
                for (transfer, desk) in &mut sides {
                    desk.drains(transfer, now);
                }
                assert_eq!(sides[0].0.poll_timeout(), sides[1].0.poll_timeout());
                if *word == "wait" {
                    let Some(at) = sides[0].0.poll_timeout() else {
                        continue;
                    };
                    now = at;
                }
                for (transfer, desk) in &mut sides {
                    match *word {
                        "wait" => transfer.handle_timeout(now),
                        word => {
                            let packet = packet(word);
                            let event = transfer.handle_datagram(now, CLIENT, &packet);
                            desk.told.extend(event.map(|event| format!("{event:?}")));
                        }
                    }
                    desk.drains(transfer, now);
                }
                let [(one, block), (other, header)] = &sides;
                assert_eq!(block.sent, header.sent, "{request} {len} {word}");
                assert_eq!(block.told, header.told, "{request} {len} {word}");
                assert_eq!(one.retransmissions(), other.retransmissions());
                assert_eq!(one.is_over(), other.is_over());
            }
            assert!(!sides[0].1.sent.is_empty());
        }
    }
}

/// The same errors for the same mistakes, and nothing changes by them.
#[test]
fn misuse_of_header() {
    let mut transfer = transfer("RRQ f octet");
    let now = Instant::ORIGIN + secs(1);
    assert_eq!(
        transfer.poll_event(),
        Some(Event::ReadBlock {
            offset: 0,
            max: 512
        })
    );
    let mut buf = [0; DATA_HEADER + 512];
    for (len, last) in [(513, true), (513, false), (511, false), (0, false)] {
        let data = vec![1; len];
        let block = transfer.block(now, 0, &data, last, &mut buf).unwrap_err();
        assert_eq!(
            transfer.header(now, 0, len, last),
            Err(block),
            "{len} {last}"
        );
    }
    let too_long = transfer.header(now, 0, 513, true);
    assert_eq!(too_long, Err(Misuse::BlockTooLong { max: 512 }));
    let too_short = transfer.header(now, 0, 511, false);
    assert_eq!(too_short, Err(Misuse::BlockTooShort { max: 512 }));
    // an answer to a question that is not open
    assert_eq!(transfer.header(now, 512, 512, false), Ok(None));
    assert_eq!(transfer.poll_timeout(), None, "nothing was sent");
    assert_eq!(transfer.header(now, 0, 512, false), Ok(Some([0, 3, 0, 1])));
    // the same answer again
    assert_eq!(transfer.header(now, 0, 512, false), Ok(None));
    assert_eq!(transfer.retransmissions(), 0);
}

/// A question that an ACK overtook is stale, as is every question of a transfer that is over.
#[test]
fn a_stale_answer_is_no_header() {
    let mut transfer = transfer("RRQ f octet");
    let mut now = Instant::ORIGIN;
    assert!(matches!(
        transfer.poll_event(),
        Some(Event::ReadBlock { offset: 0, .. })
    ));
    assert_eq!(transfer.header(now, 0, 512, false), Ok(Some([0, 3, 0, 1])));
    now = transfer.poll_timeout().unwrap();
    transfer.handle_timeout(now);
    assert!(matches!(
        transfer.poll_event(),
        Some(Event::ReadBlock { offset: 0, .. })
    ));
    assert_eq!(
        transfer.handle_datagram(now, CLIENT, &packet("ACK 1")),
        None
    );
    assert!(matches!(
        transfer.poll_event(),
        Some(Event::ReadBlock { offset: 512, .. })
    ));
    assert_eq!(transfer.header(now, 0, 512, false), Ok(None));
    transfer.handle_datagram(now, CLIENT, &packet("ERROR 0 \"\""));
    assert_eq!(transfer.header(now, 512, 512, false), Ok(None));
    assert_eq!(transfer.header(now, 512, 9999, false), Ok(None));
}

/// A source that changed is noticed: no header, an ERROR, and the event.
#[test]
fn a_changed_source_has_no_header() {
    let mut transfer = transfer("RRQ f octet");
    let mut now = Instant::ORIGIN;
    transfer.poll_event();
    assert_eq!(transfer.header(now, 0, 512, false), Ok(Some([0, 3, 0, 1])));
    now = transfer.poll_timeout().unwrap();
    transfer.handle_timeout(now);
    transfer.poll_event();
    assert_eq!(transfer.header(now, 0, 100, true), Ok(None));
    assert!(matches!(transfer.poll_event(), Some(Event::Failed { .. })));
    let mut buf = [0; 516];
    let error = transfer.poll_transmit(now, &mut buf).unwrap();
    assert_eq!(buf[..error.len], packet("ERROR 0 \"file changed\""));
}

/// Netascii must be converted, so there is no header without the block.
#[test]
fn netascii_has_no_header() {
    let mut transfer = transfer("RRQ f netascii");
    let now = Instant::ORIGIN;
    assert!(matches!(
        transfer.poll_event(),
        Some(Event::ReadBlock { offset: 0, .. })
    ));
    for offset in [0, 512] {
        assert_eq!(
            transfer.header(now, offset, 512, false),
            Err(Misuse::Netascii)
        );
    }
    assert_eq!(transfer.poll_timeout(), None, "nothing was sent");
    // the question is still open
    let mut buf = [0; 516];
    assert_eq!(
        transfer.block(now, 0, b"a\nb", true, &mut buf),
        Ok(DATA_HEADER + 4)
    );
}

/// A client: none before the server has answered, then as a server's transfer; and none where it is
/// the one that receives.
#[test]
fn a_client_has_headers_when_it_sends() {
    let config = ClientConfig::plain();
    let mut put = Client::put(SERVER, b"f", Mode::Octet, None, config).unwrap();
    let now = Instant::ORIGIN;
    put.poll_transmit(now, &mut [0; 516]).unwrap();
    assert_eq!(put.header(now, 0, 512, false), Ok(None));
    let acks = ["ACK 0", "ACK 1", "ACK 2"].map(packet);
    let started = put.handle_datagram(now, TID, &acks[0]);
    assert!(matches!(started, Some(Event::Started(_))), "{started:?}");
    assert_eq!(
        put.poll_event(),
        Some(Event::ReadBlock {
            offset: 0,
            max: 512
        })
    );
    assert_eq!(
        put.header(now, 0, 513, false),
        Err(Misuse::BlockTooLong { max: 512 })
    );
    assert_eq!(put.header(now, 0, 512, false), Ok(Some([0, 3, 0, 1])));
    assert_eq!(put.handle_datagram(now, TID, &acks[1]), None);
    assert_eq!(
        put.poll_event(),
        Some(Event::ReadBlock {
            offset: 512,
            max: 512
        })
    );
    assert_eq!(put.header(now, 512, 0, true), Ok(Some([0, 3, 0, 2])));
    let complete = put.handle_datagram(now, TID, &acks[2]);
    assert_eq!(complete, Some(Event::Complete { octets: 512 }));
    assert_eq!(put.header(now, 512, 0, true), Ok(None));

    let get = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    let mut rig = Rig::new(get, Vec::new(), SERVER);
    rig.sends();
    rig.hears_from(TID, "DATA 1 a*512");
    let header = rig.machine.header(rig.now, 0, 512, false);
    assert_eq!(header, Err(Misuse::NoSuchTransfer));
    let block = rig
        .machine
        .block(rig.now, 0, &[0; 512], false, &mut [0; 516]);
    assert_eq!(block, Err(Misuse::NoSuchTransfer));
}
