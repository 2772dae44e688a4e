//! What a server makes of options: RFC 2347, 2348, 2349, 7440, and the extensions in use.

use crate::rig::{Answer, CLIENT, Rig, Server, letters};
use wirelore_tftp::wire::OptionName;
use wirelore_tftp::{Demux, Grant, ServerConfig, Slot};

fn server_with(config: ServerConfig, grant: Grant) -> Rig<Server> {
    let demux = Demux::new(config, vec![Slot::default()]);
    let mut rig = Rig::new(demux, letters(512, 1000), CLIENT);
    rig.desk.answer = Answer::Accept(grant);
    rig
}

/// The first reply of a server with a file of 1000 octets.
fn reply(request: &str) -> String {
    let mut rig = server_with(ServerConfig::default(), Grant::read(Some(1000)));
    one(rig.hears(request))
}

fn one(mut sent: Vec<String>) -> String {
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

fn data_1() -> &'static str {
    "DATA 1 a*512"
}

/// RFC 2347 Negotiation Protocol: "Each option the server recognizes, and accepts the value for, is
/// included in the OACK."
///
/// RFC 2347 Packet Formats: opcode 6, then names and values, each with its NUL.
#[test]
fn every_known_option_is_acknowledged_blksize_first() {
    assert_eq!(
        reply("RRQ f octet rollover=1 tsize=0 utimeout=50000 timeout=3 windowsize=4 blksize=1024"),
        "OACK blksize=1024 windowsize=4 timeout=3 utimeout=50000 tsize=1000 rollover=1"
    );
    assert_eq!(
        reply("WRQ f octet tsize=77 windowsize=4"),
        "OACK windowsize=4 tsize=77"
    );
}

/// RFC 2347 Negotiation Protocol: "The server must not include in the OACK any option which had not
/// been specifically requested".
#[test]
fn no_option_is_acknowledged_that_was_not_requested() {
    for (name, value) in [
        ("blksize", "1024"),
        ("windowsize", "2"),
        ("timeout", "9"),
        ("utimeout", "10000"),
        ("tsize", "1000"),
        ("rollover", "0"),
    ] {
        let asked = if name == "tsize" { "0" } else { value };
        assert_eq!(
            reply(&format!("RRQ f octet {name}={asked}")),
            format!("OACK {name}={value}")
        );
    }
}

/// RFC 2347 Negotiation Protocol: "Options which the server does not support should be omitted from
/// the OACK; they should not cause an ERROR packet to be generated."
#[test]
fn unknown_options_are_left_out() {
    assert_eq!(
        reply("RRQ f octet multicast=x blksize=600 msftwindow=31416 blksize2=512"),
        "OACK blksize=600"
    );
    assert_eq!(reply("RRQ f octet multicast=1,2,3"), data_1());
    assert_eq!(reply("WRQ f octet x=y"), "ACK 0");
    // almost a name that is known
    assert_eq!(
        reply("RRQ f octet blksizes=600 tsiz=0 windowsize_=2"),
        data_1()
    );
}

/// RFC 2347 Packet Formats: "The first option, in case-insensitive ASCII"; "The first option
/// acknowledgment, copied from the original request."
#[test]
fn names_in_any_case_are_copied_as_written() {
    assert_eq!(
        reply("RRQ f octet BLKSIZE=600 WindowSize=2 tSiZe=0 Utimeout=10000 timeouT=1 ROLLover=0"),
        "OACK BLKSIZE=600 WindowSize=2 timeouT=1 Utimeout=10000 tSiZe=1000 ROLLover=0"
    );
}

/// RFC 2347 Negotiation Protocol: "an option may only be specified once". The first one counts.
#[test]
fn the_first_of_two_equal_options_counts() {
    assert_eq!(
        reply("RRQ f octet blksize=600 blksize=700"),
        "OACK blksize=600"
    );
    assert_eq!(
        reply("RRQ f octet BlkSize=600 blksize=700"),
        "OACK BlkSize=600"
    );
    // also where it is bad
    assert_eq!(reply("RRQ f octet blksize=7 blksize=700"), data_1());
}

/// RFC 2348 Blocksize Option Specification: "Valid values range between "8" and "65464" octets,
/// inclusive."
/// Clauses: 2347-negotiation-protocol invalid-value.
#[test]
fn blksize_range() {
    for good in ["8", "9", "512", "65463", "65464", "0000512"] {
        let number: u32 = good.parse().unwrap();
        let mut rig = server_with(ServerConfig::default(), Grant::default());
        assert_eq!(
            rig.hears(&format!("RRQ f octet blksize={good}")),
            [format!("OACK blksize={number}")]
        );
    }
    let bad = [
        "7",
        "0",
        "65465",
        "65535",
        "65536",
        "66048",
        "4294967808",
        "18446744073709552128",
        "99999999999999999999999999",
        "abc",
        "-1",
        "+512",
        "512.0",
        "0x200",
        "512k",
        "1e3",
        "",
    ];
    for bad in bad {
        assert_eq!(
            reply(&format!("RRQ f octet blksize={bad}")),
            data_1(),
            "{bad}"
        );
        assert_eq!(
            reply(&format!("RRQ f octet tsize=0 blksize={bad} windowsize=2")),
            "OACK windowsize=2 tsize=1000",
            "{bad}"
        );
    }
    let mut rig = server_with(ServerConfig::default(), Grant::default());
    let spaced = b"\0\x01f\0octet\0blksize\0 512\0";
    assert_eq!(rig.gets(CLIENT, spaced), [data_1()]);
}

/// RFC 2348 Blocksize Option Specification: "The specified value must be less than or equal to the
/// value specified by the client."
#[test]
fn blksize_is_lowered_never_raised() {
    let mut config = ServerConfig::default();
    config.max_blksize = 1000;
    for (asked, granted) in [
        (8, 8),
        (512, 512),
        (999, 999),
        (1000, 1000),
        (1001, 1000),
        (65464, 1000),
    ] {
        let mut rig = server_with(config, Grant::default());
        assert_eq!(
            rig.hears(&format!("RRQ f octet blksize={asked}")),
            [format!("OACK blksize={granted}")]
        );
        assert_eq!(
            rig.machine.parameters(rig.desk.ids[0]).unwrap().blksize,
            granted
        );
    }
}

/// RFC 7440 §3 MUST: "The valid values range MUST be between 1 and 65535 blocks, inclusive."
/// Clauses: 7440-5 conservative.
#[test]
fn windowsize_range() {
    for good in ["1", "2", "64"] {
        assert_eq!(
            reply(&format!("RRQ f octet windowsize={good}")),
            format!("OACK windowsize={good}")
        );
    }
    assert_eq!(reply("RRQ f octet windowsize=65535"), "OACK windowsize=64");
    for bad in ["0", "65536", "-1", "abc", "1.5", ""] {
        assert_eq!(
            reply(&format!("RRQ f octet windowsize={bad}")),
            data_1(),
            "{bad}"
        );
    }
}

/// RFC 7440 §3 MUST: "The specified value MUST be less than or equal to the value specified by the
/// client."
#[test]
fn windowsize_is_lowered_never_raised() {
    let mut config = ServerConfig::default();
    config.max_windowsize = 8;
    for (asked, granted) in [(1, 1), (7, 7), (8, 8), (9, 8), (65535, 8)] {
        let mut rig = server_with(config, Grant::default());
        assert_eq!(
            rig.hears(&format!("WRQ f octet windowsize={asked}")),
            [format!("OACK windowsize={granted}")]
        );
    }
}

/// No two blocks of a window may have the same number: 65535 blocks fit when 1 follows 65535 only
/// less one.
#[test]
fn a_window_is_smaller_than_the_cycle_of_numbers() {
    let mut config = ServerConfig::default();
    config.max_windowsize = 65535;
    config.max_octets_in_flight = u64::MAX;
    let mut rig = server_with(config, Grant::default());
    assert_eq!(
        rig.hears("WRQ f octet windowsize=65535"),
        ["OACK windowsize=65535"]
    );
    let mut rig = server_with(config, Grant::default());
    assert_eq!(
        rig.hears("WRQ f octet windowsize=65535 rollover=1"),
        ["OACK windowsize=65534 rollover=1"]
    );
}

/// RFC 2349 Timeout Interval Option Specification: "Valid values range between "1" and "255" seconds,
/// inclusive."
#[test]
fn timeout_range() {
    for good in ["1", "2", "255"] {
        assert_eq!(
            reply(&format!("RRQ f octet timeout={good}")),
            format!("OACK timeout={good}")
        );
    }
    for bad in ["0", "256", "-1", "1.5", "1s", "", "18446744073709551617"] {
        assert_eq!(
            reply(&format!("RRQ f octet timeout={bad}")),
            data_1(),
            "{bad}"
        );
    }
}

/// RFC 2349 Timeout Interval Option Specification: "The specified timeout value must match the value
/// specified by the client."
#[test]
fn a_timeout_is_taken_as_it_is_or_not_at_all() {
    for seconds in 1..=255 {
        assert_eq!(
            reply(&format!("WRQ f octet timeout={seconds}")),
            format!("OACK timeout={seconds}")
        );
    }
}

/// Extension `utimeout`: 10000 to 255000000 microseconds, taken as it is or not at all; it counts
/// where both are given.
#[test]
fn utimeout() {
    for good in ["10000", "255000000"] {
        assert_eq!(
            reply(&format!("RRQ f octet utimeout={good}")),
            format!("OACK utimeout={good}")
        );
    }
    for bad in ["0", "9999", "255000001", "4294967296", "x"] {
        assert_eq!(
            reply(&format!("RRQ f octet utimeout={bad}")),
            data_1(),
            "{bad}"
        );
    }
    let mut rig = server_with(ServerConfig::default(), Grant::default());
    rig.hears("RRQ f octet timeout=200 utimeout=20000");
    let parameters = rig.machine.parameters(rig.desk.ids[0]).unwrap();
    assert_eq!(
        parameters.timeout,
        Some(wirelore_tftp::Duration::from_millis(20))
    );
}

/// Extension `rollover`: 0 or 1.
/// Clauses: 2347-negotiation-protocol invalid-value.
#[test]
fn rollover() {
    for good in ["0", "1"] {
        assert_eq!(
            reply(&format!("RRQ f octet rollover={good}")),
            format!("OACK rollover={good}")
        );
    }
    for bad in ["2", "-1", "x", "65535", ""] {
        assert_eq!(
            reply(&format!("RRQ f octet rollover={bad}")),
            data_1(),
            "{bad}"
        );
    }
}

/// RFC 2349 Transfer Size Option Specification: "In Read Request packets, a size of "0" is specified
/// in the request and the size of the file, in octets, is returned in the OACK."
#[test]
fn tsize_of_a_read_request() {
    assert_eq!(reply("RRQ f octet tsize=0"), "OACK tsize=1000");
    // some ask with another number
    assert_eq!(reply("RRQ f octet tsize=5"), "OACK tsize=1000");
    assert_eq!(reply("RRQ f octet tsize=x"), data_1());
    let mut rig = server_with(ServerConfig::default(), Grant::read(Some(u64::MAX)));
    assert_eq!(
        rig.hears("RRQ f octet tsize=0"),
        ["OACK tsize=18446744073709551615"]
    );
    // where the size is not known there is nothing to return
    let mut rig = server_with(ServerConfig::default(), Grant::read(None));
    assert_eq!(rig.hears("RRQ f octet tsize=0"), [data_1()]);
}

/// RFC 2349 Transfer Size Option Specification: "In Write Request packets, the size of the file, in
/// octets, is specified in the request and echoed back in the OACK."
#[test]
fn tsize_of_a_write_request() {
    assert_eq!(reply("WRQ f octet tsize=673312"), "OACK tsize=673312");
    assert_eq!(reply("WRQ f octet tsize=0"), "OACK tsize=0");
    assert_eq!(
        reply("WRQ f octet tsize=18446744073709551615"),
        "OACK tsize=18446744073709551615"
    );
    assert_eq!(reply("WRQ f octet tsize=18446744073709551616"), "ACK 0");
}

/// RFC 2349 Transfer Size Option Specification: "If the file is too large for the server to handle,
/// it may abort the transfer with an Error packet (error code 3)."
#[test]
fn an_announced_file_that_is_too_large_is_refused_at_once() {
    let limited = || server_with(ServerConfig::default(), Grant::write(Some(1000)));
    let mut rig = limited();
    assert_eq!(rig.hears("WRQ f octet tsize=1000"), ["OACK tsize=1000"]);
    let mut rig = limited();
    assert_eq!(
        rig.hears("WRQ f octet tsize=1001"),
        ["ERROR 3 \"file too large\""]
    );
    assert_eq!(
        rig.told(),
        ["writes f", "failed: file larger than 1000 octets: "]
    );
    assert_eq!(rig.machine.clients(), 0);
    assert_eq!(rig.patience(), None);
}

/// RFC 2347 Negotiation Protocol: "An option not acknowledged by the server must be ignored by the
/// client and server as if it were never requested."
#[test]
fn ignored_options_do_not_count() {
    let mut config = ServerConfig::default();
    config.ignored_options = &[
        OptionName::Windowsize,
        OptionName::Tsize,
        OptionName::Timeout,
    ];
    let mut rig = server_with(config, Grant::read(Some(1000)));
    assert_eq!(
        rig.hears("RRQ f octet tsize=0 windowsize=4 timeout=77 blksize=100"),
        ["OACK blksize=100"]
    );
    let parameters = rig.machine.parameters(rig.desk.ids[0]).unwrap();
    assert_eq!(parameters.windowsize, 1);
    assert_eq!(parameters.tsize, None);
    assert_eq!(parameters.timeout, None);
    // also an announced size: the limit then holds for what comes
    let mut rig = server_with(config, Grant::write(Some(10)));
    assert_eq!(rig.hears("WRQ f octet tsize=1000"), ["ACK 0"]);
    assert_eq!(rig.hears("DATA 1 a*11"), ["ERROR 3 \"file too large\""]);
}

/// RFC 2347 Packet Formats: "The order in which options are specified is not significant."
#[test]
fn the_order_of_options_does_not_matter() {
    let options = ["blksize=600", "windowsize=2", "tsize=0"];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let list = order.map(|i| options[i]).join(" ");
        assert_eq!(
            reply(&format!("RRQ f octet {list}")),
            "OACK blksize=600 windowsize=2 tsize=1000"
        );
    }
}

/// RFC 2347 Negotiation Protocol: an ERROR in answer to the OACK terminates the transfer; boot
/// firmware does that when it only wants the size.
#[test]
fn a_client_may_decline_the_oack() {
    let mut rig = server_with(ServerConfig::default(), Grant::read(Some(1000)));
    assert_eq!(
        rig.hears("RRQ f octet tsize=0 blksize=1468"),
        ["OACK blksize=1468 tsize=1000"]
    );
    assert!(
        rig.hears("ERROR 8 \"User aborted the transfer\"")
            .is_empty()
    );
    assert_eq!(
        rig.told(),
        [
            "reads f",
            "failed: options declined by the client with error 8 (options refused): \
             User aborted the transfer"
        ]
    );
    assert_eq!(rig.machine.clients(), 0);
    // and comes again from the same port
    assert_eq!(rig.hears("RRQ f octet blksize=1468"), ["OACK blksize=1468"]);
}
