//! TELNET subjects: streams of 1 MiB as a network brings them, 16 KiB at a time.

use std::hint::black_box;
use std::sync::LazyLock;

use wirelore_telnet_nvt::nvt::{encode_text, encode_text_into, escape, escape_into};
use wirelore_telnet_nvt::{
    Config, Event, Input, Machine, Next, OptionCode, OptionSet, Policy, Receiver,
};
use wirelore_testkit::Rng;

/// How long the streams are.
pub const LEN: usize = 1 << 20;
/// In pieces of this size.
pub const PIECE: usize = 16 * 1024;

/// Lines of 72 columns, each ended by CR LF.
pub static CLEAN: LazyLock<Vec<u8>> = LazyLock::new(|| text(b"\r\n"));

/// The same, each ended by LF, as a local file has them.
pub static LOCAL: LazyLock<Vec<u8>> = LazyLock::new(|| text(b"\n"));

/// Text in which every hundredth octet is a doubled 255.
pub static DOUBLED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = Rng::new(1);
    let mut stream = Vec::with_capacity(LEN + 2);
    for &octet in CLEAN.iter() {
        if stream.len() >= LEN {
            break;
        }
        match rng.below(100) {
            0 => stream.extend_from_slice(b"\xff\xff"),
            _ => stream.push(octet),
        }
    }
    stream
});

/// Of a hundred pieces, 45 are negotiations, 15 subnegotiations, 15 commands of two octets, and the
/// rest text of 4 to 40 octets.
pub static OPTIONS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = Rng::new(2);
    let mut stream = Vec::with_capacity(LEN + 64);
    while stream.len() < LEN {
        match rng.below(100) {
            0..45 => {
                let verb = 251 + rng.below(4) as u8;
                stream.extend_from_slice(&[255, verb, rng.below(50) as u8]);
            }
            45..60 => {
                stream.extend_from_slice(b"\xff\xfa\x18\0XTERM-256COLOR\xff\xf0");
            }
            60..75 => stream.extend_from_slice(&[255, 241 + rng.below(9) as u8]),
            _ => {
                let len = 4 + rng.below(37) as usize;
                let at = rng.below((CLEAN.len() - len) as u64) as usize;
                stream.extend_from_slice(&CLEAN[at..at + len]);
            }
        }
    }
    stream
});

/// One subnegotiation, without its end.
pub static SUBNEGOTIATION: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut stream = b"\xff\xfa\x18\0".to_vec();
    stream.resize(LEN, b'a');
    stream
});

fn text(end: &[u8]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(LEN + 80);
    let mut column = 0;
    while stream.len() < LEN {
        if column % 73 == 72 {
            stream.extend_from_slice(end);
        } else {
            stream.push(b' ' + (column % 95) as u8);
        }
        column += 1;
    }
    stream
}

/// A receiver that agrees to what a terminal has.
#[must_use]
pub fn receiver(nvt: bool, max_subnegotiation: usize) -> Receiver {
    let agreed = OptionSet::of(&[
        OptionCode::ECHO,
        OptionCode::SGA,
        OptionCode::TTYPE,
        OptionCode::NAWS,
    ]);
    Receiver::new(Config {
        policy: Policy {
            us: agreed,
            him: agreed,
            ..Policy::default()
        },
        nvt,
        max_subnegotiation,
        ..Config::default()
    })
}

/// Reads `stream` in pieces of `piece` octets and returns how many octets of data there are, how many
/// events, and how many octets of replies.
pub fn receive(machine: &mut Receiver, stream: &[u8], piece: usize) -> (usize, usize, usize) {
    let (mut data, mut events, mut replies) = (0, 0, 0);
    let mut out = Vec::with_capacity(4096);
    let (mut at, mut end) = (0, 0);
    while end < stream.len() {
        end = (end + piece).min(stream.len());
        loop {
            let Ok(step) = machine.step(Input::more(&stream[at..end]), &mut out);
            at += step.consumed;
            match step.next {
                Next::Event(event) => {
                    events += 1;
                    if let Event::Data(slice) = event {
                        data += slice.len();
                        black_box(slice);
                    }
                }
                Next::NeedMore if step.consumed == 0 => break,
                _ => {}
            }
        }
        replies += out.len();
        out.clear();
    }
    (data, events, replies)
}

/// Lines of text, as data and nothing else.
pub fn clean_raw() {
    black_box(receive(&mut receiver(false, 1024), &CLEAN, PIECE));
}

/// Lines of text, with the rule for CR NUL.
pub fn clean_nvt() {
    black_box(receive(&mut receiver(true, 1024), &CLEAN, PIECE));
}

/// Text with doubled 255s.
pub fn doubled_raw() {
    black_box(receive(&mut receiver(false, 1024), &DOUBLED, PIECE));
}

/// Options and commands, with their replies.
pub fn options() {
    black_box(receive(&mut receiver(true, 1024), &OPTIONS, PIECE));
}

/// Lines of text, an octet at a time: two calls for each, one with the octet and one that needs more.
pub fn clean_single() {
    feed_singly(&mut receiver(true, 1024), &CLEAN);
}

/// A subnegotiation of the length of the stream, an octet at a time: a call for each.
pub fn subnegotiation_single() {
    feed_singly(&mut receiver(true, LEN), &SUBNEGOTIATION);
}

fn feed_singly(machine: &mut Receiver, stream: &[u8]) {
    let mut out = Vec::new();
    let mut at = 0;
    for end in 1..=stream.len() {
        loop {
            let Ok(step) = machine.step(Input::more(&stream[at..end]), &mut out);
            at += step.consumed;
            match step.next {
                Next::NeedMore if step.consumed == 0 => break,
                Next::Event(Event::Data(data)) => {
                    black_box(data);
                }
                _ => {}
            }
        }
    }
    assert!(out.is_empty());
}

/// Doubles the 255s of what has none, with a copy.
pub fn escape_copied() {
    let mut out = Vec::with_capacity(2 * PIECE);
    for piece in CLEAN.chunks(PIECE) {
        escape_into(black_box(piece), &mut out);
        black_box(&out);
        out.clear();
    }
}

/// Makes NVT text of local text, with a copy.
pub fn encode_copied() {
    let mut out = Vec::with_capacity(2 * PIECE);
    for piece in LOCAL.chunks(PIECE) {
        encode_text_into(black_box(piece), &mut out);
        black_box(&out);
        out.clear();
    }
}

/// Doubles the 255s of what has none.
pub fn escape_borrowed() {
    for piece in CLEAN.chunks(PIECE) {
        black_box(escape(black_box(piece)));
    }
}

/// Makes NVT text of what is NVT text.
pub fn encode_borrowed() {
    for piece in CLEAN.chunks(PIECE) {
        // a piece that is cut between CR and LF would need a NUL
        let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
        let text = encode_text(black_box(piece));
        assert!(matches!(text, std::borrow::Cow::Borrowed(_)));
        black_box(text);
    }
}
