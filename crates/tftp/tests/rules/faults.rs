//! What deployed servers and clients get wrong, each seen in one of them: a test that this crate does not.

use crate::rig::{Answer, CLIENT, Rig, SERVER, Server, TID, letters, millis, secs};
use wirelore_tftp::{Client, ClientConfig, Demux, Grant, Mode, ServerConfig, Slot};

fn server(source: Vec<u8>) -> Rig<Server> {
    let demux = Demux::new(
        ServerConfig::default(),
        vec![Slot::default(), Slot::default()],
    );
    Rig::new(demux, source, CLIENT)
}

fn first_reply(request: &str) -> String {
    let mut rig = server(letters(512, 1000));
    let mut sent = rig.hears(request);
    assert_eq!(sent.len(), 1, "{request}: {sent:?}");
    sent.remove(0)
}

/// A server that read `abc` as 1, `-1` as 65535, and acknowledged 7, or raised what was too small.
#[test]
fn bad_block_sizes_are_not_acknowledged() {
    for bad in ["abc", "-1", "7", "1", "0"] {
        assert_eq!(
            first_reply(&format!("RRQ f octet blksize={bad}")),
            "DATA 1 a*512"
        );
    }
}

/// Servers that raised `windowsize 0` to 1 and `timeout 0` to 1, and lowered `timeout 256` to 255.
#[test]
fn values_are_not_bent_into_range() {
    for bad in ["windowsize=0", "timeout=0", "timeout=256"] {
        assert_eq!(first_reply(&format!("RRQ f octet {bad}")), "DATA 1 a*512");
    }
}

/// Servers whose OACK holds a duplicated option twice.
#[test]
fn an_oack_holds_no_option_twice() {
    assert_eq!(
        first_reply("RRQ f octet blksize=600 BLKSIZE=600 tsize=0 windowsize=2 windowsize=3"),
        "OACK blksize=600 windowsize=2"
    );
}

/// Servers that sent tsize unasked; clients fail over that.
#[test]
fn tsize_is_not_sent_unasked() {
    let mut rig = server(letters(512, 1000));
    rig.desk.answer = Answer::Accept(Grant::read(Some(1000)));
    assert_eq!(rig.hears("RRQ f octet blksize=600"), ["OACK blksize=600"]);
}

/// A server that forgot every option but tsize, and others that put blksize behind; a boot loader finds it only
/// where it comes first.
#[test]
fn every_option_is_acknowledged_and_blksize_comes_first() {
    let mut rig = server(letters(512, 1000));
    rig.desk.answer = Answer::Accept(Grant::read(Some(1000)));
    assert_eq!(
        rig.hears("RRQ f octet tsize=0 timeout=5 blksize=1468"),
        ["OACK blksize=1468 timeout=5 tsize=1000"]
    );
}

/// A server that answered a request without its final NUL with an empty file.
#[test]
fn a_request_without_its_final_nul_gets_no_file() {
    let mut rig = server(letters(512, 1000));
    assert_eq!(
        rig.gets(CLIENT, b"\0\x01f\0octet"),
        ["ERROR 4 \"incorrectly formed packet\""]
    );
}

/// Servers that are silent about what they do not understand: the client waits for nothing.
#[test]
fn bad_requests_are_answered() {
    for request in [
        &b"\0\x01f"[..],
        b"\0\x01f\0x\0",
        b"\0\x01f\0octet\0tsize\0",
        b"\0\x09f\0octet\0",
    ] {
        let mut rig = server(Vec::new());
        assert_eq!(
            rig.gets(CLIENT, request).len(),
            1,
            "{}",
            request.escape_ascii()
        );
    }
}

/// Servers that took `mail` or any other word for octet.
#[test]
fn unknown_modes_are_not_octet() {
    assert!(first_reply("WRQ f mail").starts_with("ERROR 4 "));
    assert!(first_reply("RRQ f binary").starts_with("ERROR 4 "));
}

/// Servers that ignored netascii, or sent a CR that ends no line without its NUL.
#[test]
fn netascii_is_converted() {
    let mut rig = server(b"one\ntwo\rthree".to_vec());
    assert_eq!(
        rig.hears("RRQ f netascii"),
        ["DATA 1 \"one\\r\\ntwo\\r\\x00three\""]
    );
}

/// A server that followed the ACK of a block it had not sent, and so left out what lay between.
#[test]
fn an_ack_of_the_future_is_not_followed() {
    let mut rig = server(letters(512, 10_000));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    assert!(rig.hears("ACK 7").is_empty());
    assert_eq!(rig.hears("ACK 2"), ["DATA 3 c*512"]);
}

/// A server whose repetitions were cut to three octets.
#[test]
fn a_repetition_is_the_same_packet() {
    let mut rig = server(letters(512, 10_000));
    let first = rig.hears("RRQ f octet");
    assert_eq!(rig.times_out().1, first);
    assert_eq!(rig.times_out().1, first);
    let second = rig.hears("ACK 1");
    for _ in 0..5 {
        assert_eq!(rig.times_out().1, second);
    }
}

/// Servers that send their OACK only once.
#[test]
fn the_oack_is_repeated() {
    for request in ["RRQ f octet blksize=8", "WRQ f octet blksize=8"] {
        let mut rig = server(Vec::new());
        rig.hears(request);
        assert_eq!(rig.times_out().1, ["OACK blksize=8"]);
    }
}

/// Servers that sent the same block again for every duplicate ACK, and one that did not at windowsize > 1 where
/// the ACK reports a gap.
#[test]
fn a_duplicate_ack_resends_only_in_windows() {
    let mut rig = server(letters(8, 800));
    rig.hears("RRQ f octet blksize=8");
    rig.hears("ACK 0");
    rig.hears("ACK 1");
    assert!(rig.hears("ACK 1").is_empty());
    let mut rig = server(letters(8, 800));
    rig.hears("RRQ f octet blksize=8 windowsize=2");
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*8", "DATA 2 b*8"]);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*8", "DATA 3 c*8"]);
}

/// Boot firmware that is confused by a block that comes twice: none does without a reason.
#[test]
fn no_block_is_sent_twice_without_a_reason() {
    let mut rig = server(letters(512, 512 * 50));
    let mut sent = rig.hears("RRQ f octet");
    for block in 1..=51 {
        sent.extend(rig.hears(&format!("ACK {block}")));
    }
    let count = sent.len();
    sent.dedup();
    assert_eq!((count, sent.len()), (51, 51));
}

/// Servers that started a second session for a duplicated request.
#[test]
fn a_duplicated_request_is_one_session() {
    let mut rig = server(letters(512, 1000));
    rig.hears("RRQ f octet");
    rig.hears("RRQ f octet");
    assert_eq!(rig.machine.clients(), 1);
    assert_eq!(rig.told(), ["reads f"]);
}

/// A server that answered a repeated WRQ with ACK 0 where the lost answer was an OACK.
#[test]
fn a_repeated_wrq_gets_its_oack_again() {
    let mut rig = server(Vec::new());
    rig.hears("WRQ f octet blksize=600");
    rig.now = rig.now + secs(3);
    assert_eq!(rig.hears("WRQ f octet blksize=600"), ["OACK blksize=600"]);
}

/// Servers that leave after the last ACK: when it is lost, the client reports a failure.
#[test]
fn the_last_ack_is_repeated() {
    let mut rig = server(Vec::new());
    rig.hears("WRQ f octet");
    assert_eq!(rig.hears("DATA 1 \"x\""), ["ACK 1"]);
    rig.passes(secs(3));
    assert_eq!(rig.hears("DATA 1 \"x\""), ["ACK 1"]);
}

/// A server that sends its first reply a hundred times to whoever is named as the sender of a request.
#[test]
fn a_forged_request_is_worth_three_replies() {
    let mut rig = server(letters(512, 1000));
    let mut octets = rig.hears("RRQ f octet").len();
    octets += rig.passes(secs(600)).len();
    assert_eq!(octets, 3);
}

/// A server that counted six timeouts in a whole transfer.
#[test]
fn timeouts_long_ago_do_not_count() {
    let mut rig = server(letters(512, 512 * 20));
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    for block in 2..=20 {
        rig.times_out();
        assert!(!rig.hears(&format!("ACK {block}")).is_empty());
    }
}

/// A server that aborted over the memory for `blksize 65464 windowsize 65535`.
#[test]
fn a_request_for_everything_is_granted_in_bounds() {
    assert_eq!(
        first_reply("RRQ f octet blksize=65464 windowsize=65535"),
        "OACK blksize=65464 windowsize=64"
    );
}

/// A server that was stuck after a client acknowledged its ERROR.
#[test]
fn the_ack_of_an_error_disturbs_nothing() {
    let mut rig = server(Vec::new());
    rig.desk.answer = Answer::Deny(wirelore_tftp::ErrorCode::FILE_NOT_FOUND, "no such file");
    rig.hears("RRQ f octet");
    let error = "ERROR 5 \"unknown transfer ID\"";
    assert_eq!(rig.hears("ACK 0"), [error]);
    assert_eq!(rig.hears("ACK 1"), [error]);
    rig.desk.answer = Answer::Accept(Grant::default());
    assert_eq!(rig.hears("RRQ f octet").len(), 1);
}

/// Servers that ignore packets with a wrong TID, or end the transfer over them.
#[test]
fn a_wrong_tid_gets_error_5() {
    let mut rig = server(letters(512, 1000));
    rig.hears("RRQ f octet");
    assert_eq!(rig.hears_from(CLIENT + 1, "ACK 1").len(), 1);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*488"]);
}

/// Clients that do not come back without options, and one that answered the OACK to a WRQ with an ACK.
#[test]
fn clients_know_both_ends_of_negotiation() {
    let put = || {
        let client = Client::put(SERVER, b"f", Mode::Octet, Some(5), ClientConfig::default());
        let mut rig = Rig::new(client.unwrap(), letters(512, 5), TID);
        rig.sends();
        rig
    };
    assert_eq!(
        put().hears("ERROR 8 \"\""),
        [format!("to {SERVER:08x}: WRQ f octet")]
    );
    assert_eq!(put().hears("OACK tsize=5"), ["DATA 1 a*5"]);
}

/// Clients that sized their buffer by what they asked for, or by nothing, and got more.
#[test]
fn a_client_takes_no_more_than_was_agreed() {
    let mut config = ClientConfig::plain();
    config.blksize = Some(8);
    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    let mut rig = Rig::new(client, Vec::new(), TID);
    rig.sends();
    assert_eq!(
        rig.hears("OACK blksize=512"),
        ["ERROR 8 \"options refused\""]
    );
}

/// A server whose transfers failed when the source needed more than five seconds for a block.
#[test]
fn a_slow_source_has_its_time() {
    let mut rig = server(letters(512, 1000));
    rig.desk.reads = false;
    rig.hears("RRQ f octet");
    assert!(rig.passes(secs(120)).is_empty());
    let (id, mut buf) = (rig.desk.ids[0], [0; 516]);
    let octets = letters(512, 512);
    assert_eq!(
        rig.machine.block(rig.now, id, 0, &octets, false, &mut buf),
        Ok(516)
    );
}

/// Timeouts below a second, for links that are fast: `utimeout`.
#[test]
fn timeouts_below_a_second() {
    let mut rig = server(letters(512, 1000));
    rig.hears("RRQ f octet utimeout=50000");
    let wait = rig.patience().unwrap();
    assert!(wait <= millis(55) && wait >= millis(45), "{wait:?}");
}
