//! The listening port: who gets a slot, what is a repetition, what the application may do.

use crate::rig::{Answer, CLIENT, Rig, STRANGER, Server, letters, millis, secs};
use std::rc::Rc;
use wirelore_tftp::{
    DatagramMachine, Demux, ErrorCode, Event, Failure, Grant, Instant, Misuse, Mode,
    RefusedRequest, ServerConfig, ServerEvent, Slot, Transfer,
};

fn server(slots: usize) -> Rig<Server> {
    let slots = std::iter::repeat_with(Slot::default).take(slots).collect();
    Rig::new(
        Demux::new(ServerConfig::default(), slots),
        letters(512, 1000),
        CLIENT,
    )
}

/// RFC 1350 §4: "If the reply is an error packet, then the request has been denied."
/// Clauses: 1123-4.2.3.4 access-control.
#[test]
fn a_request_may_be_denied() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Deny(ErrorCode::FILE_NOT_FOUND, "no such file");
    for request in ["RRQ f octet blksize=8", "WRQ f octet tsize=5"] {
        assert_eq!(rig.hears(request), ["ERROR 1 \"no such file\""]);
        assert_eq!(rig.machine.clients(), 0);
        assert_eq!(rig.patience(), None, "an ERROR is not repeated");
    }
    // any code will do
    rig.desk.answer = Answer::Deny(ErrorCode(4711), "");
    assert_eq!(rig.hears("RRQ f octet"), ["ERROR 4711 \"\""]);
}

/// The text of an ERROR is a string: a NUL ends it, 80 octets are enough, and no letter is cut in two.
/// Clauses: 1350-5 error-netascii.
#[test]
fn the_text_of_an_error_is_cut() {
    let long = "x".repeat(200);
    let umlauts = "ä".repeat(100);
    let odd = format!("x{umlauts}");
    for (text, sent) in [
        ("a\0b", "a".to_owned()),
        ("\0", String::new()),
        (&long[..80], long[..80].to_owned()),
        (&long[..81], long[..80].to_owned()),
        (&long, long[..80].to_owned()),
        (&umlauts, "ä".repeat(40)),
        (&odd, format!("x{}", "ä".repeat(39))),
    ] {
        let mut rig = server(1);
        rig.desk.answer = Answer::Later;
        rig.hears("RRQ f octet");
        let id = rig.desk.ids[0];
        rig.machine.deny(id, ErrorCode::NOT_DEFINED, text).unwrap();
        let sent = sent.as_bytes().escape_ascii();
        assert_eq!(rig.sends(), [format!("ERROR 0 \"{sent}\"")]);
        // the same in a running transfer
        rig.desk.answer = Answer::Accept(Grant::default());
        rig.hears("WRQ f octet");
        let id = rig.desk.ids[1];
        rig.machine
            .refuse(id, ErrorCode::NOT_DEFINED, text)
            .unwrap();
        assert_eq!(rig.sends().len(), 1);
    }
}

/// The application may take its time; repetitions are dropped meanwhile.
#[test]
fn a_request_may_wait_for_its_answer() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Later;
    assert!(rig.hears("RRQ f octet").is_empty());
    rig.now = rig.now + secs(3);
    assert!(rig.hears("RRQ f octet").is_empty());
    // whatever else comes from there
    for words in [
        "ACK 0",
        "DATA 1 \"\"",
        "ERROR 0 \"\"",
        "OACK",
        "hex 00 09",
        "hex",
    ] {
        assert!(rig.hears(words).is_empty(), "{words}");
    }
    assert_eq!(rig.told(), ["reads f"]);
    assert_eq!(rig.patience(), None);
    let id = rig.desk.ids[0];
    rig.machine.accept(id, (), Grant::read(None)).unwrap();
    assert_eq!(rig.sends(), ["DATA 1 a*512"]);
}

/// RFC 1123 §4.2.2.1 SHOULD NOT: "The transfer mode "mail" SHOULD NOT be supported."
/// Clauses: 1350-1 mail-obsolete.
#[test]
fn mail_is_refused() {
    for mode in ["mail", "MAIL", "Mail"] {
        let mut rig = server(1);
        assert_eq!(
            rig.hears(&format!("WRQ user@host {mode}")),
            ["ERROR 4 \"mail is not supported\""]
        );
        assert_eq!(rig.told(), ["refused Mode(Mail)"]);
        assert_eq!(rig.machine.clients(), 0);
        assert_eq!(rig.hears(&format!("RRQ f {mode}")).len(), 1);
    }
}

/// RFC 1350 §5: the mode is one of three strings, "any combination of upper and lower case"; anything
/// else is refused.
#[test]
fn modes() {
    for mode in [
        "octet", "OCTET", "OcTeT", "netascii", "NETASCII", "NetAscii",
    ] {
        let mut rig = server(1);
        assert_eq!(
            rig.hears(&format!("RRQ f {mode}")),
            ["DATA 1 a*512"],
            "{mode}"
        );
    }
    for mode in ["binary", "image", "octe", "octets", "ascii", "x"] {
        let mut rig = server(1);
        assert_eq!(
            rig.hears(&format!("RRQ f {mode}")),
            ["ERROR 4 \"unknown mode\""]
        );
        assert_eq!(rig.told(), ["refused Mode(Other)"]);
    }
    let mut rig = server(1);
    assert_eq!(
        rig.gets(CLIENT, b"\0\x01f\0\0"),
        ["ERROR 4 \"unknown mode\""]
    );
}

/// The name is the application's affair: any octets but NUL, also none.
#[test]
fn names_are_passed_on_as_they_came() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Deny(ErrorCode::ACCESS_VIOLATION, "");
    for name in [
        &b""[..],
        b"\xff\xfe",
        b"../x",
        b"a..b",
        b"C:\\x\\y",
        b"/",
        b"\r\n",
        b" ",
    ] {
        let datagram = [b"\0\x01", name, b"\0octet\0"].concat();
        assert_eq!(rig.gets(CLIENT, &datagram).len(), 1);
        assert_eq!(rig.told(), [format!("reads {}", name.escape_ascii())]);
    }
    // the request itself is in the event
    let mut demux: Server = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    let event = demux.handle_datagram(
        Instant::ORIGIN,
        7,
        b"\0\x02n\0NetASCII\0a\0b\0TSIZE\x0012\0",
    );
    let Some(ServerEvent::Request {
        peer: 7, request, ..
    }) = event
    else {
        panic!("{event:?}");
    };
    assert_eq!(
        (request.filename, request.mode_name),
        (&b"n"[..], &b"NetASCII"[..])
    );
    assert_eq!(request.mode(), Mode::Netascii);
    let options: Vec<_> = request.options.iter().collect();
    assert_eq!(options, [(&b"a"[..], &b"b"[..]), (b"TSIZE", b"12")]);
}

/// One session for one request: a repetition from the same port starts no second one.
#[test]
fn a_repeated_request_is_one_session() {
    let mut rig = server(4);
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*488"]);
    // long delayed: the transfer is under way
    rig.now = rig.now + millis(200);
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.machine.clients(), 1);
    assert!(rig.hears("ACK 2").is_empty());
    assert_eq!(rig.told(), ["reads f", "complete 1000"]);
}

/// RFC 1350 §4: two clients are two connections, told apart by both host and port.
#[test]
fn clients_are_told_apart_by_host_and_port() {
    let mut rig = server(4);
    let others = [CLIENT + 1, CLIENT + 0x1_0000, STRANGER];
    assert_eq!(rig.hears("RRQ f octet").len(), 1);
    for other in others {
        assert_eq!(
            rig.hears_from(other, "RRQ f octet"),
            [format!("to {other:08x}: DATA 1 a*512")]
        );
    }
    assert_eq!(rig.machine.clients(), 4);
    for other in others {
        assert_eq!(
            rig.hears_from(other, "ACK 1"),
            [format!("to {other:08x}: DATA 2 b*488")]
        );
    }
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*488"]);
}

/// Another request from the same port ends what went before.
#[test]
fn another_request_supersedes() {
    for other in [
        "RRQ g octet",
        "WRQ f octet",
        "RRQ f netascii",
        "RRQ f octet blksize=512",
    ] {
        let mut rig = server(2);
        rig.hears("RRQ f octet");
        rig.hears("ACK 1");
        let sent = rig.hears(other);
        assert_eq!(sent.len(), 1, "{other}: {sent:?}");
        let told = rig.told();
        assert_eq!(told[0], "reads f");
        assert!(told.contains(&"superseded".into()), "{told:?}");
        assert_eq!(rig.machine.clients(), 1);
        let old = rig.desk.ids[0];
        assert_eq!(rig.machine.peer(old), None);
        assert_eq!(
            rig.machine.refuse(old, ErrorCode::NOT_DEFINED, ""),
            Err(Misuse::NoSuchTransfer)
        );
    }
    // before it was answered at all
    let mut rig = server(2);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet");
    rig.hears("RRQ g octet");
    assert_eq!(rig.told(), ["reads f", "reads g", "superseded"]);
    let [f, g] = rig.desk.ids[..] else { panic!() };
    assert_eq!(
        rig.machine.accept(f, (), Grant::default()),
        Err(Misuse::NoSuchTransfer)
    );
    assert!(rig.machine.accept(g, (), Grant::default()).is_ok());
}

/// A full table is silent: the client asks again.
#[test]
fn a_full_table_is_silent() {
    let mut rig = server(1);
    rig.hears("RRQ f octet");
    rig.told();
    for request in ["RRQ f octet", "WRQ g octet blksize=8"] {
        assert!(rig.hears_from(STRANGER, request).is_empty());
        assert_eq!(rig.told(), ["refused Full"]);
    }
    // who has a slot may make another request
    assert_eq!(rig.hears("RRQ f octet blksize=1000"), ["OACK blksize=1000"]);
    // when the slot is free the repetition succeeds
    rig.hears("ERROR 0 \"\"");
    assert_eq!(rig.hears_from(STRANGER, "RRQ f octet").len(), 1);
    // no slots at all
    let mut rig = server(0);
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.told(), ["refused Full"]);
    assert_eq!(rig.patience(), None);
}

/// A slot may be taken again; ids of earlier transfers mean nothing then.
#[test]
fn ids_are_not_used_twice() {
    let mut rig = server(1);
    for _ in 0..5 {
        rig.hears("RRQ f octet");
        rig.hears("ACK 1");
        rig.hears("ACK 2");
    }
    let ids = rig.desk.ids.clone();
    for (i, id) in ids.iter().enumerate() {
        assert_eq!(id.index(), 0);
        assert!(ids[..i].iter().all(|other| other != id));
    }
    rig.hears("RRQ f octet");
    let (last, now) = (rig.desk.ids[5], rig.now);
    for &old in &ids {
        let demux = &mut rig.machine;
        let none = Err(Misuse::NoSuchTransfer);
        assert_eq!(demux.accept(old, (), Grant::default()).map(drop), none);
        assert_eq!(demux.detach(old, Grant::default()).map(drop), none);
        assert_eq!(demux.deny(old, ErrorCode::NOT_DEFINED, ""), none);
        assert_eq!(demux.refuse(old, ErrorCode::NOT_DEFINED, ""), none);
        assert_eq!(demux.written(now, old), none);
        assert_eq!(demux.release(old), none);
        assert_eq!(
            demux.block(now, old, 0, b"", true, &mut [0; 516]).map(drop),
            none
        );
        assert_eq!(demux.parameters(old), None);
        assert_eq!(demux.peer(old), None);
        assert_eq!(demux.file(old), None);
    }
    assert_eq!(rig.machine.peer(last), Some(CLIENT));
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*488"]);
}

/// A request is answered once.
#[test]
fn a_request_is_answered_once() {
    let mut rig = server(1);
    rig.hears("RRQ f octet");
    let (id, none) = (rig.desk.ids[0], Err(Misuse::NoSuchTransfer));
    assert_eq!(rig.machine.accept(id, (), Grant::default()).map(drop), none);
    assert_eq!(rig.machine.detach(id, Grant::default()).map(drop), none);
    assert_eq!(rig.machine.deny(id, ErrorCode::NOT_DEFINED, ""), none);
    assert_eq!(rig.machine.release(id), none);
    // nor denied twice
    let mut rig = server(1);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet");
    let id = rig.desk.ids[0];
    assert_eq!(rig.machine.written(rig.now, id), none);
    assert_eq!(rig.machine.refuse(id, ErrorCode::NOT_DEFINED, ""), none);
    rig.machine.deny(id, ErrorCode::NOT_DEFINED, "x").unwrap();
    assert_eq!(rig.machine.deny(id, ErrorCode::NOT_DEFINED, "y"), none);
    assert_eq!(rig.machine.accept(id, (), Grant::default()).map(drop), none);
    assert_eq!(rig.sends(), ["ERROR 0 \"x\""]);
}

/// What the application keeps for a transfer is dropped with its slot, however it ends.
#[test]
fn the_application_s_file_is_dropped_with_the_slot() {
    type Files = Demux<u32, Rc<()>, Vec<Slot<u32, Rc<()>>>>;
    for ending in ["\0\x05\0\0\0", "\0\x01other\0octet\0", "time"] {
        let mut demux: Files = Demux::new(ServerConfig::default(), vec![Slot::default()]);
        let mut now = Instant::ORIGIN + secs(1);
        let request = demux.handle_datagram(now, 7, b"\0\x02f\0octet\0");
        let Some(ServerEvent::Request { id, .. }) = request else {
            panic!("{request:?}");
        };
        let file = Rc::new(());
        demux
            .accept(id, Rc::clone(&file), Grant::write(None))
            .unwrap();
        assert!(demux.file(id).is_some_and(|kept| Rc::ptr_eq(kept, &file)));
        let mut buf = vec![0; demux.max_datagram()];
        assert!(demux.poll_transmit(now, &mut buf).is_some());
        if ending == "time" {
            while let Some(deadline) = demux.poll_timeout() {
                now = deadline;
                demux.handle_timeout(now);
                while demux.poll_event().is_some() {}
                while demux.poll_transmit(now, &mut buf).is_some() {}
            }
        } else {
            let _ = demux.handle_datagram(now, 7, ending.as_bytes());
            while demux.poll_event().is_some() {}
            while demux.poll_transmit(now, &mut buf).is_some() {}
        }
        assert_eq!(Rc::strong_count(&file), 1, "{ending:?}");
        assert_eq!(demux.file(id), None);
    }
}

/// A detached transfer goes on over a socket of its own; its request is still known at the listening port.
#[test]
fn a_detached_transfer() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet");
    let id = rig.desk.ids[0];
    let transfer = rig.machine.detach(id, Grant::read(None)).unwrap();
    assert_eq!(transfer.peer(), CLIENT);
    assert_eq!(rig.machine.parameters(id), None);
    assert!(rig.sends().is_empty(), "the listening port says nothing");
    rig.told();

    let mut own: Rig<Transfer<u32>> = Rig::new(transfer, letters(512, 1000), CLIENT);
    assert_eq!(own.sends(), ["DATA 1 a*512"]);
    // the request again, at the listening port
    own.now = own.now + millis(600);
    assert!(rig.hears("RRQ f octet").is_empty());
    assert_eq!(rig.told(), ["repeated"]);
    own.machine.request_repeated(own.now);
    assert_eq!(own.sends(), ["DATA 1 a*512"]);
    assert_eq!(own.hears("ACK 1"), ["DATA 2 b*488"]);
    own.machine.request_repeated(own.now);
    assert!(own.sends().is_empty());
    // what belongs to the transfer has no business at the listening port
    assert_eq!(rig.hears("ACK 1"), ["ERROR 5 \"unknown transfer ID\""]);
    assert_eq!(rig.machine.clients(), 1);
    assert!(own.hears("ACK 2").is_empty());
    assert_eq!(own.told(), ["complete 1000"]);
    assert!(own.machine.is_over());

    rig.machine.release(id).unwrap();
    assert_eq!(rig.machine.release(id), Err(Misuse::NoSuchTransfer));
    assert_eq!(rig.machine.clients(), 0);
    rig.told();
    rig.hears("RRQ f octet");
    assert_eq!(rig.told(), ["reads f"]);
}

/// Another request takes the slot of a detached transfer.
#[test]
fn a_detached_transfer_is_superseded() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Later;
    rig.hears("RRQ f octet");
    let id = rig.desk.ids[0];
    let _transfer = rig.machine.detach(id, Grant::read(None)).unwrap();
    rig.hears("RRQ g octet");
    assert_eq!(rig.told(), ["reads f", "reads g", "superseded"]);
    assert_eq!(rig.machine.release(id), Err(Misuse::NoSuchTransfer));
}

/// RFC 1350 §4: a transfer with a socket of its own answers strangers with ERROR 5.
#[test]
fn a_detached_transfer_answers_strangers() {
    let mut rig = server(1);
    rig.desk.answer = Answer::Later;
    rig.hears("WRQ f octet");
    let transfer = rig
        .machine
        .detach(rig.desk.ids[0], Grant::default())
        .unwrap();
    let mut own = Rig::new(transfer, Vec::new(), CLIENT);
    assert_eq!(own.sends(), ["ACK 0"]);
    let error = format!("to {STRANGER:08x}: ERROR 5 \"unknown transfer ID\"");
    for words in [
        "DATA 1 \"x\"",
        "ACK 0",
        "OACK",
        "RRQ f octet",
        "WRQ f octet",
    ] {
        assert_eq!(own.hears_from(STRANGER, words), [&error[..]], "{words}");
    }
    for words in ["ERROR 5 \"\"", "hex", "hex 00", "hex 00 07", "hex 00 03 00"] {
        assert!(own.hears_from(STRANGER, words).is_empty(), "{words}");
    }
    // while dallying too
    assert_eq!(own.hears("DATA 1 \"x\""), ["ACK 1"]);
    assert!(!own.machine.is_over());
    assert_eq!(own.hears_from(STRANGER, "ACK 1"), [&error[..]]);
    own.passes(secs(10));
    assert!(own.machine.is_over());
}

/// The events that borrow a datagram carry the peer's own words.
#[test]
fn the_message_of_an_error_is_passed_on() {
    let mut rig = server(1);
    rig.hears("WRQ f octet");
    let datagram = b"\0\x05\0\x03disk \x1b[31mfull\0";
    let event = rig.machine.handle_datagram(rig.now, CLIENT, datagram);
    let Some(ServerEvent::Transfer {
        id,
        event: Event::Failed { failure, message },
    }) = event
    else {
        panic!("{event:?}");
    };
    assert_eq!(id, rig.desk.ids[0]);
    assert_eq!(
        failure,
        Failure::Peer {
            code: ErrorCode::DISK_FULL
        }
    );
    assert_eq!(message, b"disk \x1b[31mfull");
    assert!(rig.machine.poll_event().is_none(), "once");
}

/// The reasons for which a request is not reported are typed.
#[test]
fn a_refused_request_is_reported_with_its_reason() {
    let mut demux: Server = Demux::new(ServerConfig::default(), Vec::new());
    let event = demux.handle_datagram(Instant::ORIGIN, 7, b"\0\x01f\0mail\0");
    assert_eq!(
        event,
        Some(ServerEvent::Refused {
            peer: 7,
            why: RefusedRequest::Mode(Mode::Mail)
        })
    );
}
