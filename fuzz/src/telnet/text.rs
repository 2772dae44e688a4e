//! Text on the network virtual terminal.

use crate::core::pieces;
use wirelore_telnet_nvt::nvt::{
    BareCr, Codes, Echo, Edit, EditorConfig, Keyboard, Keys, LineEditor, LineEnds, Printed,
    Printer, PrinterConfig, TextDecoder, TextEncoder, encode_text, is_nvt_ascii, net_unicode,
};
use wirelore_telnet_nvt::{Command, Config, Event, Input, Machine, Next, Receiver};

/// Text in any pieces: encoder, decoder, editor and printer give the same, and the last two keep no
/// more than their limits.
///
/// Octet 0 is the configuration, octet 1 the cutting, octet 2 a length.
pub fn telnet_nvt_text(data: &[u8]) {
    let [setup, cutting, len, text @ ..] = data else {
        return;
    };
    encode(text, *cutting);
    decode(text, *cutting);
    edit(*setup, usize::from(*len), text, *cutting);
    print(*setup, usize::from(*len), text, *cutting);
    keyboard(*setup, text, *cutting);
    let mut after = 0;
    for (offset, violation) in net_unicode(text) {
        assert!(offset >= after && offset < text.len(), "{violation:?}");
        after = offset;
    }
}

fn encode(text: &[u8], cutting: u8) {
    let whole = encode_text(text);
    for seed in [0, 1, cutting] {
        let (mut encoder, mut out) = (TextEncoder::new(), Vec::new());
        for piece in pieces(text, seed) {
            encoder.encode(piece, &mut out);
            assert_eq!(encoder.owes(), piece.ends_with(b"\r"));
        }
        encoder.finish(&mut out);
        assert_eq!(out, *whole);
    }
    if text.is_ascii() {
        assert!(is_nvt_ascii(&whole));
    }
    // a receiver and a decoder make it the text again, with LF for CR LF
    let mut receiver = Receiver::new(Config::default());
    let (mut rest, mut nothing, mut back) = (&*whole, Vec::new(), Vec::new());
    let mut decoder = TextDecoder::new(BareCr::Keep);
    loop {
        let Ok(step) = receiver.step(Input::last(rest), &mut nothing);
        match step.next {
            Next::Event(Event::Data(data)) => decoder.decode(data, &mut back),
            Next::NeedMore => {}
            Next::Done => break,
            other => panic!("{other:?} in text"),
        }
        rest = &rest[step.consumed..];
    }
    decoder.finish(&mut back);
    assert_eq!(nothing, []);
    let mut wanted = text.to_vec();
    let mut at = 0;
    wanted.retain(|octet| {
        at += 1;
        !(*octet == b'\r' && text.get(at) == Some(&b'\n'))
    });
    assert_eq!(back, wanted);
}

fn decode(data: &[u8], cutting: u8) {
    for bare_cr in [BareCr::Keep, BareCr::LineEnd] {
        let run = |seed| {
            let (mut decoder, mut out) = (TextDecoder::new(bare_cr), Vec::new());
            pieces(data, seed).for_each(|piece| decoder.decode(piece, &mut out));
            decoder.finish(&mut out);
            out
        };
        let whole = run(0);
        assert!(whole.len() <= data.len());
        assert!(bare_cr == BareCr::Keep || !whole.contains(&b'\r'));
        assert_eq!(run(1), whole);
        assert_eq!(run(cutting), whole);
    }
}

const fn codes(setup: u8) -> Codes {
    match setup & 3 {
        0 => Codes::SevenBit,
        1 => Codes::EightBit,
        _ => Codes::Utf8,
    }
}

/// The octets 254 and 253 stand for the commands EC and EL.
fn edit(setup: u8, max_line: usize, typed: &[u8], cutting: u8) {
    let config = EditorConfig {
        max_line,
        line_ends: LineEnds {
            cr: setup & 4 == 0,
            lf: setup & 8 == 0,
        },
        codes: codes(setup),
        controls: setup & 16 == 0,
        keys: if setup & 32 == 0 {
            Keys::USUAL
        } else {
            Keys::NONE
        },
        echo: match setup >> 6 {
            0 => Echo::Off,
            1 => Echo::Hidden,
            _ => Echo::On,
        },
    };
    let run = |seed| {
        let mut editor = LineEditor::new(config);
        let (mut log, mut out) = (Vec::new(), Vec::new());
        for part in typed.split_inclusive(|octet| matches!(octet, 253 | 254)) {
            let (plain, command) = match part {
                [plain @ .., 254] => (plain, Some(Command::EC)),
                [plain @ .., 253] => (plain, Some(Command::EL)),
                plain => (plain, None),
            };
            for piece in pieces(plain, seed) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (used, edit) = editor.feed(rest, &mut out);
                    assert!(used > 0 || edit.is_some(), "it does not go on");
                    rest = &rest[used..];
                    assert!(editor.line().len() <= max_line);
                    if let Some(edit) = edit {
                        let line = match edit {
                            Edit::Line | Edit::TooLong => editor.line().to_vec(),
                            _ => Vec::new(),
                        };
                        log.push((edit, line));
                    }
                }
            }
            if let Some(command) = command {
                editor.command(command, &mut out);
            }
        }
        let shown = out.len();
        editor.redraw(&mut out);
        assert!(out.len() - shown <= 16 + 4 * max_line);
        // an erasure takes six octets for each column, and what it erases was typed
        assert!(out.len() <= 16 + 16 * (typed.len() + max_line));
        (log, out)
    };
    let whole = run(0);
    for seed in [1, cutting] {
        assert_eq!(run(seed), whole);
    }
}

fn print(setup: u8, width: usize, data: &[u8], cutting: u8) {
    let config = PrinterConfig {
        codes: codes(setup),
        width,
        tab: usize::from(setup >> 2 & 15),
        line_feed_returns: setup & 64 != 0,
    };
    let width = width.max(2);
    let run = |seed| {
        let mut printer = Printer::new(config);
        let mut log = Vec::new();
        let mut note = |printer: &Printer, printed: Printed| {
            let mut line = Vec::new();
            if printed != Printed::Bell {
                printer.write_line(&mut line);
            }
            assert!(printer.column() <= width);
            assert!(line.len() <= 8 * width, "{} octets", line.len());
            log.push((printed, line));
        };
        for piece in pieces(data, seed) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (used, printed) = printer.print(rest);
                assert!(used > 0 || printed.is_some(), "it does not go on");
                rest = &rest[used..];
                if let Some(printed) = printed {
                    note(&printer, printed);
                }
            }
        }
        for n in 0.. {
            assert!(n < 4, "it has no end");
            match printer.finish() {
                Some(printed) => note(&printer, printed),
                None => break,
            }
        }
        log
    };
    let whole = run(0);
    for seed in [1, cutting] {
        assert_eq!(run(seed), whole);
    }
}

fn keyboard(setup: u8, typed: &[u8], cutting: u8) {
    let keyboard = if setup & 128 == 0 {
        Keyboard::RAW
    } else {
        Keyboard::LINES
    };
    let mut whole = Vec::new();
    keyboard.encode(typed, &mut whole);
    assert!(whole.len() <= 2 * typed.len());
    for seed in [1, cutting] {
        let mut out = Vec::new();
        pieces(typed, seed).for_each(|piece| keyboard.encode(piece, &mut out));
        assert_eq!(out, whole);
    }
}
