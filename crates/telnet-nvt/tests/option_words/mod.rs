//! How the tests of options say what they want.

use wirelore_telnet_nvt::wire::option::{EncodeError, Subnegotiation};
use wirelore_telnet_nvt::wire::payload::write_subnegotiation;
use wirelore_telnet_nvt::{OptionCode, Payload};

/// What the payload of a whole subnegotiation in hex says; it must be written again as it was.
pub(super) fn said(wire: &str, judge: impl FnOnce(Subnegotiation<'_>)) {
    let wire = hex(wire);
    let [255, 250, option, payload @ .., 255, 240] = &wire[..] else {
        panic!("no subnegotiation: {wire:02x?}");
    };
    let option = OptionCode(*option);
    let payload = Payload::from_raw(payload).into_cow();
    let said = Subnegotiation::parse(option, &payload)
        .expect("well-formed")
        .expect("a known option");
    assert_eq!(said.option(), option);
    let (mut again, mut out) = (Vec::new(), Vec::new());
    said.encode(&mut again).expect("can be sent");
    write_subnegotiation(option, &again, &mut out);
    assert_eq!(out, wire);
    judge(said);
}

pub(super) fn is(expected: Subnegotiation<'_>) -> impl FnOnce(Subnegotiation<'_>) {
    move |said| assert_eq!(said, expected)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    pairs
        .map(|pair| u8::from_str_radix(&pair, 16).expect("hex"))
        .collect()
}

/// Kind and offset of what is wrong with a payload.
pub(super) fn wrong(option: OptionCode, payload: &[u8]) -> (&'static str, usize) {
    let error = Subnegotiation::parse(option, payload).expect_err("malformed");
    assert!(!error.to_string().is_empty());
    (error.kind(), error.offset())
}

/// What is refused, with proof that nothing was appended.
pub(super) fn refused(said: Subnegotiation<'_>) -> EncodeError {
    let mut payload = b"before".to_vec();
    let error = said.encode(&mut payload).expect_err("must not be sent");
    assert_eq!(payload, b"before");
    error
}

pub(super) fn encoded(said: Subnegotiation<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    said.encode(&mut payload).expect("can be sent");
    payload
}
