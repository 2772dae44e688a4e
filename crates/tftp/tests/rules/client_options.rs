//! What a client asks for, and what it makes of the answer: RFC 2347, 2348, 2349, 7440.

use crate::rig::{Rig, SERVER, TID, letters, millis, secs};
use wirelore_tftp::{Client, ClientConfig, Mode, Rollover};

type Rigged = Rig<Client<'static, u32>>;

/// A configuration that asks for everything.
fn everything() -> ClientConfig {
    let mut config = ClientConfig::default();
    config.blksize = Some(1024);
    config.windowsize = Some(4);
    config.timeout = Some(3);
    config.utimeout = Some(500_000);
    config.rollover = Some(Rollover::One);
    config
}

fn get(config: ClientConfig) -> Rigged {
    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    Rig::new(client, Vec::new(), TID)
}

fn put(config: ClientConfig, source: Vec<u8>) -> Rigged {
    let size = Some(source.len() as u64);
    let client = Client::put(SERVER, b"f", Mode::Octet, size, config).unwrap();
    Rig::new(client, source, TID)
}

fn request(rig: &mut Rigged) -> String {
    let sent = rig.sends();
    assert_eq!(sent.len(), 1);
    sent[0].replace(&format!("to {SERVER:08x}: "), "")
}

/// RFC 2347 Negotiation Protocol: "The client appends options at the end of the Read Request or Write
/// request packet"; RFC 2349: tsize 0 in a read request, the size in a write request.
/// Clauses: 2349-transfer-size-option-specification read.
#[test]
fn what_is_asked_for() {
    assert_eq!(request(&mut get(ClientConfig::plain())), "RRQ f octet");
    assert_eq!(
        request(&mut get(ClientConfig::default())),
        "RRQ f octet blksize=1428 tsize=0"
    );
    assert_eq!(
        request(&mut get(everything())),
        "RRQ f octet blksize=1024 windowsize=4 timeout=3 utimeout=500000 tsize=0 rollover=1"
    );
    assert_eq!(
        request(&mut put(everything(), letters(512, 77))),
        "WRQ f octet blksize=1024 windowsize=4 timeout=3 utimeout=500000 tsize=77 rollover=1"
    );
    // a size that is not known is not announced
    let client = Client::put(SERVER, b"f", Mode::Octet, None, ClientConfig::default()).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    assert_eq!(request(&mut rig), "WRQ f octet blksize=1428");
}

/// A value out of range is not asked for.
#[test]
fn values_out_of_range_are_not_asked_for() {
    let mut config = ClientConfig::plain();
    config.blksize = Some(7);
    config.windowsize = Some(0);
    config.timeout = Some(0);
    config.utimeout = Some(9_999);
    assert_eq!(request(&mut get(config)), "RRQ f octet");
    config.blksize = Some(65465);
    config.utimeout = Some(255_000_001);
    assert_eq!(request(&mut get(config)), "RRQ f octet");
}

/// RFC 2347 Negotiation Protocol: "the client must use those options which were acknowledged by the server
/// and must not use those options which were not acknowledged by the server."
#[test]
fn only_what_is_acknowledged_is_used() {
    let mut rig = get(everything());
    rig.sends();
    assert_eq!(rig.hears("OACK blksize=700"), ["ACK 0"]);
    let parameters = *rig.machine.parameters().unwrap();
    assert_eq!(parameters.blksize, 700);
    assert_eq!(parameters.windowsize, 1);
    assert_eq!(parameters.timeout, None);
    assert_eq!(parameters.tsize, None);
    assert_eq!(parameters.rollover, Rollover::Zero);
    assert_eq!(rig.hears("DATA 1 a*700"), ["ACK 1"]);

    let mut rig = get(everything());
    rig.sends();
    assert_eq!(
        rig.hears("OACK rollover=1 timeout=3 tsize=9000 windowsize=3"),
        ["ACK 0"]
    );
    let parameters = *rig.machine.parameters().unwrap();
    assert_eq!(parameters.blksize, 512);
    assert_eq!(parameters.windowsize, 3);
    assert_eq!(parameters.timeout, Some(secs(3)));
    assert_eq!(parameters.tsize, Some(9000));
    assert_eq!(parameters.rollover, Rollover::One);

    let mut rig = get(everything());
    rig.sends();
    rig.hears("OACK timeout=3 utimeout=500000");
    assert_eq!(rig.machine.parameters().unwrap().timeout, Some(millis(500)));
    // a server that acknowledges nothing
    let mut rig = get(everything());
    rig.sends();
    assert_eq!(rig.hears("OACK"), ["ACK 0"]);
    assert_eq!(rig.machine.parameters().unwrap().blksize, 512);
}

/// RFC 2347 Negotiation Protocol: "If the client receives an OACK containing an unrequested option, it
/// should respond with an ERROR packet, with error code 8, and terminate the transfer."
#[test]
fn an_unrequested_option_is_refused() {
    let mut only_blksize = ClientConfig::plain();
    only_blksize.blksize = Some(1024);
    for oack in [
        "OACK tsize=5",
        "OACK blksize=1024 tsize=5",
        "OACK windowsize=1",
        "OACK blksize=1024 multicast=x",
        "OACK =1024",
    ] {
        for mut rig in [get(only_blksize), put(only_blksize, letters(512, 100))] {
            rig.sends();
            assert_eq!(rig.hears(oack), ["ERROR 8 \"options refused\""], "{oack}");
            assert_eq!(
                rig.told(),
                ["failed: option acknowledgment out of bounds: "]
            );
            assert!(rig.machine.is_over());
            assert_eq!(rig.patience(), None);
        }
    }
    // and any OACK at all where nothing was requested
    for oack in ["OACK", "OACK blksize=512"] {
        let mut rig = get(ClientConfig::plain());
        rig.sends();
        assert_eq!(rig.hears(oack), ["ERROR 8 \"options refused\""], "{oack}");
    }
}

/// RFC 2348 and RFC 7440 §3 MUST: the value in the OACK "must be less than or equal to the value specified by
/// the client", "The client must then either use the size specified in the OACK, or send an ERROR packet,
/// with error code 8"; RFC 2349: "The specified timeout value must match".
/// Clauses: 2348-blocksize-option-specification client;
/// 2349-timeout-interval-option-specification client-match;
/// 2349-transfer-size-option-specification client-echo.
#[test]
fn values_out_of_bounds_are_refused() {
    for bad in [
        "blksize=1025",
        "blksize=65464",
        "blksize=7",
        "blksize=0",
        "blksize=abc",
        "blksize=",
        "blksize=-1",
        "windowsize=5",
        "windowsize=0",
        "windowsize=65535",
        "timeout=2",
        "timeout=4",
        "timeout=0",
        "utimeout=500001",
        "utimeout=0",
        "rollover=0",
        "rollover=2",
        "tsize=x",
        "tsize=18446744073709551616",
        "blksize=1024 blksize=1025",
    ] {
        let mut rig = get(everything());
        rig.sends();
        let oack = format!("OACK {bad}");
        assert_eq!(rig.hears(&oack), ["ERROR 8 \"options refused\""], "{bad}");
        assert!(rig.machine.is_over());
    }
    for good in [
        "blksize=8",
        "blksize=1024",
        "BLKSIZE=1000",
        "windowsize=1",
        "windowsize=4",
        "timeout=3",
        "utimeout=500000",
        "rollover=1",
        "tsize=0",
        "tsize=18446744073709551615",
        "blksize=600 blksize=700",
    ] {
        let mut rig = get(everything());
        rig.sends();
        assert_eq!(rig.hears(&format!("OACK {good}")), ["ACK 0"], "{good}");
    }
}

/// A block size that was lowered: the buffer that was sized for the one asked for is enough.
/// Clauses: 2348-blocksize-option-specification client.
#[test]
fn the_accepted_block_size_is_what_counts() {
    let mut rig = get(everything());
    rig.sends();
    rig.hears("OACK blksize=8 windowsize=2");
    assert!(rig.hears("DATA 1 a*8").is_empty());
    assert_eq!(
        rig.hears("DATA 2 b*9"),
        ["ERROR 4 \"incorrectly formed packet\""]
    );

    let mut rig = put(everything(), letters(8, 20));
    rig.sends();
    assert_eq!(rig.hears("OACK blksize=8"), ["DATA 1 a*8"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*8"]);
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*4"]);
}

/// RFC 2347 Negotiation Protocol: an OACK to a WRQ is answered with DATA 1, an OACK to a RRQ with ACK 0.
#[test]
fn the_answer_to_an_oack() {
    let mut rig = get(everything());
    rig.sends();
    assert_eq!(rig.hears("OACK tsize=5"), ["ACK 0"]);
    let mut rig = put(everything(), letters(512, 5));
    rig.sends();
    assert_eq!(rig.hears("OACK tsize=5"), ["DATA 1 a*5"]);
}

/// RFC 2347 Negotiation Protocol: DATA acknowledges the RRQ "but not the options", ACK the WRQ.
/// Clauses: 1785-test-results options-ignored.
#[test]
fn a_server_without_options() {
    let mut rig = get(everything());
    rig.sends();
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.machine.parameters().unwrap().windowsize, 1);
    let mut rig = put(everything(), letters(512, 600));
    rig.sends();
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    // an OACK comes too late now
    assert!(rig.hears("OACK blksize=8").is_empty());
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*88"]);
}

/// RFC 2347 Negotiation Protocol: "In the event that a server returns an error for a request which carries
/// an option, the client may attempt to repeat the request without appending any options."
#[test]
fn fall_back_without_options() {
    for code in [0, 4, 8] {
        let error = format!("ERROR {code} \"what?\"");
        let mut rig = get(everything());
        rig.sends();
        // the server made a port for its ERROR; the request goes to the known one again
        assert_eq!(rig.hears(&error), [format!("to {SERVER:08x}: RRQ f octet")]);
        assert!(rig.told().is_empty());
        assert_eq!(
            rig.hears_from(TID + 7, "DATA 1 \"x\""),
            [format!("to {:08x}: ACK 1", TID + 7)]
        );

        // once
        let mut rig = put(everything(), letters(512, 5));
        rig.sends();
        assert_eq!(rig.hears(&error), [format!("to {SERVER:08x}: WRQ f octet")]);
        assert!(rig.hears(&error).is_empty());
        assert_eq!(rig.told().len(), 1);
        assert!(rig.machine.is_over());
    }
    // a file that is not there is not there without options either
    for code in [1, 2, 3, 5, 6, 7] {
        let mut rig = get(everything());
        rig.sends();
        assert!(rig.hears(&format!("ERROR {code} \"\"")).is_empty());
        assert!(rig.machine.is_over());
    }
    // nothing to leave out, or not wanted
    let mut config = everything();
    config.fall_back = false;
    for config in [config, ClientConfig::plain()] {
        let mut rig = get(config);
        rig.sends();
        assert!(rig.hears("ERROR 8 \"\"").is_empty());
        assert!(rig.machine.is_over());
    }
}

/// The request without options has all its tries.
#[test]
fn the_fall_back_has_all_its_tries() {
    let mut rig = get(everything());
    rig.sends();
    for _ in 0..5 {
        rig.times_out();
    }
    assert_eq!(
        rig.hears("ERROR 8 \"\""),
        [format!("to {SERVER:08x}: RRQ f octet")]
    );
    for _ in 0..5 {
        assert_eq!(rig.times_out().1, [format!("to {SERVER:08x}: RRQ f octet")]);
    }
    assert!(rig.times_out().1.is_empty());
    assert_eq!(rig.told(), ["failed: timed out: "]);
}

/// An ERROR after the transfer has begun is no reason to begin anew.
#[test]
fn no_fall_back_in_the_middle() {
    let mut rig = get(everything());
    rig.sends();
    rig.hears("OACK blksize=8");
    assert!(rig.hears("ERROR 8 \"\"").is_empty());
    assert!(rig.machine.is_over());
}

/// RFC 2349 Transfer Size Option Specification: "If the file is too large for the client to handle, it may
/// abort the transfer with an Error packet (error code 3)."
#[test]
fn a_file_that_is_too_large_is_refused() {
    let mut config = ClientConfig::default();
    config.max_size = Some(1000);
    let mut rig = get(config);
    rig.sends();
    assert_eq!(rig.hears("OACK tsize=1001"), ["ERROR 3 \"file too large\""]);
    assert_eq!(rig.told(), ["failed: file larger than 1000 octets: "]);
    assert!(rig.machine.is_over());

    let mut rig = get(config);
    rig.sends();
    assert_eq!(rig.hears("OACK tsize=1000"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    // it was announced too small
    assert_eq!(rig.hears("DATA 2 b*489"), ["ERROR 3 \"file too large\""]);

    // not announced at all
    let mut rig = get(config);
    rig.sends();
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_eq!(rig.hears("DATA 2 b*489"), ["ERROR 3 \"file too large\""]);
    assert_eq!(rig.desk.received.len(), 512);
    // the limit is for what is received
    let mut rig = put(config, letters(512, 2000));
    rig.sends();
    assert_eq!(rig.hears("OACK tsize=2000"), ["DATA 1 a*512"]);
}

/// Asking only for the size, as boot firmware does.
#[test]
fn size_probe() {
    let probe = |config| {
        let client = Client::size(SERVER, b"f", Mode::Octet, config).unwrap();
        Rig::new(client, Vec::new(), TID)
    };
    let mut config = ClientConfig::default();
    config.tsize = false;
    config.windowsize = Some(9);
    let mut rig = probe(config);
    assert_eq!(request(&mut rig), "RRQ f octet blksize=1428 tsize=0");
    assert_eq!(
        rig.hears("OACK tsize=4711 blksize=1428"),
        ["ERROR 8 \"only the size was asked for\""]
    );
    assert_eq!(rig.told(), ["size Some(4711)"]);
    assert!(rig.machine.is_over());
    assert_eq!(rig.patience(), None);
    assert!(rig.hears("OACK tsize=4711 blksize=1428").is_empty());

    // a server that does not tell
    for answer in ["OACK blksize=1428", "DATA 1 \"x\""] {
        let mut rig = probe(ClientConfig::default());
        rig.sends();
        assert_eq!(
            rig.hears(answer),
            ["ERROR 8 \"only the size was asked for\""]
        );
        assert_eq!(rig.told(), ["size None"]);
        assert!(rig.desk.received.is_empty());
    }
    // or has no such file, or refuses options; without them there is nothing to ask
    for code in [1, 8] {
        let mut rig = probe(ClientConfig::default());
        rig.sends();
        assert!(rig.hears(&format!("ERROR {code} \"\"")).is_empty());
        assert_eq!(rig.told().len(), 1);
        assert!(rig.machine.is_over());
    }
    // an OACK that must be refused says nothing about the size
    let mut rig = probe(ClientConfig::default());
    rig.sends();
    assert_eq!(
        rig.hears("OACK tsize=1 timeout=3"),
        ["ERROR 8 \"options refused\""]
    );
    assert_eq!(
        rig.told(),
        ["failed: option acknowledgment out of bounds: "]
    );
    // no answer
    let mut rig = probe(ClientConfig::default());
    rig.sends();
    rig.passes(secs(60));
    assert_eq!(rig.told(), ["failed: timed out: "]);
}
