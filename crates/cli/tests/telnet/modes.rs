//! The terminal is left as it was before, however the command ends.

use super::peer::{Listener, Peer};
use super::rig::Person;
use rustix::process::Signal;

/// A session in which the terminal is far from what it was.
fn raw(listener: &Listener) -> (Person, Peer) {
    let (person, mut peer) = Person::with_peer(listener, &[]);
    peer.send(b"\xff\xfb\x01\xff\xfb\x03");
    peer.expect(b"\xff\xfd\x01\xff\xfd\x03");
    person.works_like(false, false);
    (person, peer)
}

#[test]
fn after_signals() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let listener = Listener::new();
        let (mut person, _peer) = raw(&listener);
        person.sends(signal);
        assert_eq!(person.leaves(), code);
    }
}

#[test]
fn after_the_end_of_the_connection() {
    let listener = Listener::new();
    let (mut person, peer) = raw(&listener);
    drop(peer);
    assert_eq!(person.leaves(), 0);
    let (mut person, peer) = raw(&listener);
    peer.reset();
    person.sees("wirelore: the connection is lost: connection reset by peer\r\n");
    assert_eq!(person.leaves(), 56);
}

#[test]
fn without_a_connection() {
    let listener = Listener::new();
    let mut person = Person::at(&listener, &["-6"]);
    assert_eq!(person.leaves(), 6);
}

#[test]
fn while_it_is_suspended_by_the_prompt() {
    let listener = Listener::new();
    let (mut person, mut peer) = raw(&listener);
    peer.send(b"\xff\xfd\x1f");
    peer.expect(b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0");
    person.types("\x1d");
    person.sees("wirelore telnet> ");
    person.types("z\r");
    person.waits_for("stopped");
    person.is_as_before();
    person.resizes(100, 30);
    person.wakes();
    person.works_like(false, false);
    peer.expect(b"\xff\xfa\x1f\x00\x64\x00\x1e\xff\xf0");
    person.types("x");
    peer.expect(b"x");
    drop(peer);
    assert_eq!(person.leaves(), 0);
}

#[test]
fn while_it_is_suspended_by_a_key_or_a_signal() {
    for by_key in [true, false] {
        let listener = Listener::new();
        let (mut person, mut peer) = match by_key {
            true => Person::with_peer(&listener, &[]),
            false => raw(&listener),
        };
        match by_key {
            true => person.types("\x1a"),
            false => person.sends(Signal::TSTP),
        }
        person.waits_for("stopped");
        person.is_as_before();
        person.wakes();
        person.works_like(by_key, by_key);
        person.types("x\r");
        peer.expect(b"x\r\n");
        drop(peer);
        assert_eq!(person.leaves(), 0);
    }
}
