//! Text transfers: RFC 1350 section 1 and 5, RFC 1123 section 4.2.4 (netascii is a MUST).

use crate::rig::{Answer, CLIENT, Rig, SERVER, Server, TID};
use wirelore_tftp::{
    Client, ClientConfig, DatagramMachine, Demux, Grant, Mode, ServerConfig, Slot, netascii,
};

fn server(source: &[u8]) -> Rig<Server> {
    let demux = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    Rig::new(demux, source.to_vec(), CLIENT)
}

/// RFC 1350 §1: netascii is "ascii ... with the modifications specified in "Telnet Protocol Specification"":
/// a line ends with CR LF, and a CR that ends no line is CR NUL.
/// Clauses: 1123-4.2.4 netascii.
#[test]
fn lines_are_sent_with_cr_lf() {
    let mut rig = server(b"one\ntwo\rthree\r\n\n");
    assert_eq!(
        rig.hears("RRQ f netascii"),
        ["DATA 1 \"one\\r\\ntwo\\r\\x00three\\r\\x00\\r\\n\\r\\n\""]
    );
    assert!(rig.hears("ACK 1").is_empty());
    // octets of the local file
    assert_eq!(rig.told(), ["reads f", "complete 16"]);
}

/// RFC 1350 §5: "A host which receives netascii mode data must translate the data to its own format."
/// Clauses: 1123-4.2.4 netascii.
#[test]
fn lines_are_received_with_lf() {
    let mut rig = server(b"");
    rig.hears("WRQ f netascii");
    assert_eq!(
        rig.hears("DATA 1 \"one\\r\\ntwo\\r\\x00three\\r\\n\""),
        ["ACK 1"]
    );
    assert_eq!(rig.desk.received, b"one\ntwo\rthree\n");
    assert_eq!(rig.told(), ["writes f", "write 0 14", "complete 14"]);
}

/// A pair may be cut by the end of a block, on either side.
#[test]
fn a_pair_across_a_block_border() {
    let mut rig = server(b"1234567\n1234567\rxyz");
    assert_eq!(rig.hears("RRQ f netascii blksize=8"), ["OACK blksize=8"]);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 \"1234567\\r\""]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 \"\\n1234567\""]);
    // a repetition begins in the middle of a pair too
    assert_eq!(rig.times_out().1, ["DATA 2 \"\\n1234567\""]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 \"\\r\\x00xyz\""]);

    let mut rig = server(b"");
    rig.hears("WRQ f netascii blksize=8");
    assert_eq!(rig.hears("DATA 1 \"1234567\\r\""), ["ACK 1"]);
    assert_eq!(rig.desk.received, b"1234567", "the CR says nothing yet");
    assert_eq!(rig.hears("DATA 2 \"\\n123456\\r\""), ["ACK 2"]);
    assert_eq!(rig.hears("DATA 2 \"\\n123456\\r\""), ["ACK 2"]);
    assert_eq!(rig.hears("DATA 3 \"\\x00\\r\""), ["ACK 3"]);
    assert_eq!(rig.desk.received, b"1234567\n123456\r\r");
}

/// The block that ends exactly with the file is followed by an empty one, counted after the conversion.
#[test]
fn the_end_is_counted_on_the_wire() {
    let mut rig = server(b"123456\n");
    rig.hears("RRQ f netascii blksize=8");
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 \"123456\\r\\n\""]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 \"\""]);
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(rig.told().last().unwrap(), "complete 7");
    // the second half of the last pair makes a block of its own
    let mut rig = server(b"1234567\n");
    rig.hears("RRQ f netascii blksize=8");
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 \"1234567\\r\""]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 \"\\n\""]);
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(rig.told().last().unwrap(), "complete 8");
    let mut rig = server(b"");
    assert_eq!(rig.hears("RRQ f netascii"), ["DATA 1 \"\""]);
}

/// RFC 2349 Transfer Size Option Specification: tsize is "the size of the file to be transfered", counted on
/// the wire.
#[test]
fn tsize_counts_what_is_sent() {
    let text = b"a\nb\rc\r\n";
    let size = netascii::encoded_len(text);
    assert_eq!(size, 11);
    let mut rig = server(text);
    rig.desk.answer = Answer::Accept(Grant::read(Some(size)));
    assert_eq!(rig.hears("RRQ f netascii tsize=0"), ["OACK tsize=11"]);
    assert_eq!(
        rig.hears("ACK 0"),
        ["DATA 1 \"a\\r\\nb\\r\\x00c\\r\\x00\\r\\n\""]
    );
    // the limit of an upload counts them too
    let mut rig = server(b"");
    rig.desk.answer = Answer::Accept(Grant::write(Some(6)));
    rig.hears("WRQ f netascii");
    assert_eq!(
        rig.hears("DATA 1 \"\\r\\n\\r\\n\\r\\n\\r\\n\""),
        ["ERROR 3 \"file too large\""]
    );
}

/// A CR that is followed by neither LF nor NUL is kept as it is, also at the end of the file.
#[test]
fn a_bare_cr_is_kept() {
    let mut rig = server(b"");
    rig.hears("WRQ f netascii blksize=8");
    rig.hears("DATA 1 \"a\\rb\\r\\r\\nc\\r\"");
    assert_eq!(rig.hears("DATA 2 \"\""), ["ACK 2"]);
    assert_eq!(rig.desk.received, b"a\rb\r\nc\r");
}

/// 8-bit octets and lone LF pass through.
/// Clauses: 1350-1 netascii.
#[test]
fn netascii_is_8_bit() {
    let mut rig = server(b"");
    rig.hears("WRQ f netascii");
    rig.hears("DATA 1 \"\\xff\\x80\\n\\x00\\xfe\"");
    assert_eq!(rig.desk.received, b"\xff\x80\n\0\xfe");
    let mut rig = server(b"\xff\x80\0");
    assert_eq!(rig.hears("RRQ f netascii"), ["DATA 1 \"\\xff\\x80\\x00\""]);
}

/// RFC 1350 §5: octet mode changes nothing: "If a host receives a octet file and then returns it, the returned
/// file must be identical to the original."
/// Clauses: 1123-4.2.4 octet.
#[test]
fn octet_mode_changes_nothing() {
    let all: Vec<u8> = (0..=255).chain(*b"\r\n\r\0\n\r").collect();
    let mut rig = server(&all);
    let mut data = b"\0\x03\0\x01".to_vec();
    data.extend(&all);
    assert_eq!(rig.hears("RRQ f octet"), [crate::words::words(&data)]);
    let mut rig = server(b"");
    rig.hears("WRQ f octet");
    assert_eq!(rig.gets(CLIENT, &data), ["ACK 1"]);
    assert_eq!(rig.desk.received, all);
}

/// Windows of text: each block remembers where it begins, so 64 blocks are the most.
#[test]
fn a_window_of_text() {
    let text: Vec<u8> = (0..2000)
        .flat_map(|i| format!("line {i}\r\n").into_bytes())
        .collect();
    let mut config = ServerConfig::default();
    config.max_windowsize = 1000;
    let demux: Server = Demux::new(config, vec![Slot::default()]);
    let mut server = Rig::new(demux, text, CLIENT);
    assert_eq!(
        server.hears("RRQ f netascii blksize=8 windowsize=1000"),
        ["OACK blksize=8 windowsize=64"]
    );
    let first = server.hears("ACK 0");
    assert_eq!(first.len(), 64);
    // any block of the window can be where it goes on
    assert_eq!(server.times_out().1, first);
    let second = server.hears("ACK 17");
    assert_eq!(second[..47], first[17..]);
    assert_eq!(server.times_out().1, second);

    // a client asks for no more
    let mut config = ClientConfig::plain();
    config.windowsize = Some(1000);
    let client = Client::get(SERVER, b"f", Mode::Netascii, config).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    assert_eq!(
        rig.sends(),
        [format!("to {SERVER:08x}: RRQ f netascii windowsize=64")]
    );
    assert_eq!(rig.machine.max_datagram(), 516);
}

/// The content of a block: one slice for octets, several for text.
#[test]
fn content_in_slices() {
    use wirelore_tftp::{Event, Instant, ServerEvent};
    for (mode, slices) in [
        ("octet", vec![&b"a\r\nb\r\0"[..]]),
        ("netascii", vec![b"a", b"\n", b"b", b"\r"]),
    ] {
        let mut rig = server(b"");
        rig.hears(&format!("WRQ f {mode}"));
        let event = rig
            .machine
            .handle_datagram(Instant::ORIGIN, CLIENT, b"\0\x03\0\x01a\r\nb\r\0");
        let Some(ServerEvent::Transfer {
            event: Event::Write { offset: 0, content },
            ..
        }) = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(content.as_slice().is_some(), mode == "octet");
        let octets: usize = slices.iter().map(|slice| slice.len()).sum();
        assert_eq!(content.octets(), octets as u64);
        assert_eq!(content.collect::<Vec<_>>(), slices);
    }
}
