//! The printer, and the checks of text.

use proptest::prelude::*;
use wirelore_telnet_nvt::Side;
use wirelore_telnet_nvt::nvt::{
    Action, Agreed, Codes, Mode, Printed, Printer, PrinterConfig, Violation, echo_may_begin,
    is_nvt_ascii, net_unicode,
};

const UTF8: PrinterConfig = PrinterConfig {
    codes: Codes::Utf8,
    width: 20,
    tab: 8,
    line_feed_returns: false,
};

/// Every line with how it ended ("\n", "\\" for wrapped), and what is left on the last one.
fn print(config: PrinterConfig, pieces: &[&[u8]]) -> (String, usize) {
    let mut printer = Printer::new(config);
    let mut text = Vec::new();
    let mut bells = 0;
    for piece in pieces {
        let mut rest = *piece;
        for _ in 0..4 * piece.len() + 4 {
            if rest.is_empty() {
                break;
            }
            let (used, printed) = printer.print(rest);
            assert!(used > 0 || printed.is_some(), "no progress");
            rest = &rest[used..];
            match printed {
                Some(Printed::Bell) => bells += 1,
                Some(printed) => line(&printer, printed, &mut text),
                None => {}
            }
        }
        assert!(rest.is_empty(), "too many calls");
    }
    for _ in 0..3 {
        let Some(printed) = printer.finish() else {
            break;
        };
        if printed == Printed::Line {
            printer.write_line(&mut text);
        } else {
            line(&printer, printed, &mut text);
        }
    }
    assert_eq!(printer.finish(), None);
    assert_eq!(printer.column(), 0);
    (String::from_utf8_lossy(&text).into_owned(), bells)
}

fn line(printer: &Printer, printed: Printed, text: &mut Vec<u8>) {
    printer.write_line(text);
    text.push(if printed == Printed::Wrapped {
        b'\\'
    } else {
        b'\n'
    });
}

/// RFC 854 NVT PRINTER: "Of the 33 USASCII control codes (0 through 31 and 127), and the 128
/// uncovered codes (128 through 255), the following have specified meaning", and "all remaining
/// codes do not cause the NVT printer to take any action".
#[test]
fn the_table_of_codes() {
    let with_effect: Vec<u8> = (0..=255)
        .filter(|&o| Action::of(o, Codes::SevenBit) != Action::Nothing)
        .collect();
    let expected: Vec<u8> = (7..=13).chain(32..=126).collect();
    assert_eq!(with_effect, expected);
    assert_eq!(Action::of(128, Codes::EightBit), Action::Graphic);
    assert_eq!(Action::of(255, Codes::Utf8), Action::Graphic);
    assert_eq!(Action::of(127, Codes::Utf8), Action::Nothing);
}

/// RFC 854 NVT PRINTER: NUL, LF, CR, BS, HT, VT and FF move the head, or do not.
#[test]
fn what_the_codes_do() {
    let plain = PrinterConfig {
        codes: Codes::SevenBit,
        ..UTF8
    };
    for (data, text) in [
        (&b"a\r\nb\r\n"[..], "a\nb\n"),
        (b"aaa\t\t\t\x08X", "aaa                X"),
        // "positioned at the left margin of the next print line (as would, for example, the
        // sequence "LF CR")"
        (b"a\n\rb", "a\nb"),
        // "the next print line, keeping the same horizontal position"
        (b"ab\nc", "ab\n  c"),
        (b"ab\x0bc\x0cd", "ab\n  c\n   d"),
        (b"abc\rx", "xbc"),
        (b"abc\x08\x08X", "aXc"),
        (b"abc\x08 \x08", "ab "),
        (b"\x08\x08a", "a"),
        (b"a\tb\tc", "a       b       c"),
        (b"\0a\0\x01b\x1bc\x7fd\x80\xe9\xff", "abcd"),
        (b"\r\n\r\n", "\n\n"),
        (b"", ""),
    ] {
        assert_eq!(print(plain, &[data]).0, text, "{data:?}");
    }
    let returns = PrinterConfig {
        line_feed_returns: true,
        ..plain
    };
    assert_eq!(print(returns, &[b"ab\nc\x0cd"]).0, "ab\nc\nd");
    let no_tabs = PrinterConfig { tab: 0, ..plain };
    assert_eq!(print(no_tabs, &[b"a\tb"]).0, "ab");
}

/// RFC 854 NVT PRINTER: BEL "produces an audible or visible signal (which does NOT move the print
/// head)".
#[test]
fn the_bell_does_not_move_the_head() {
    assert_eq!(print(UTF8, &[b"a\x07\x07b"]), ("ab".into(), 2));
}

#[test]
fn the_carriage_has_a_width() {
    let narrow = PrinterConfig { width: 4, ..UTF8 };
    assert_eq!(print(narrow, &[b"abcdefghi"]).0, "abcd\\efgh\\i");
    assert_eq!(print(narrow, &[b"abcd\r\nef"]).0, "abcd\nef");
    assert_eq!(print(narrow, &[b"abcd\x08X"]).0, "abcX");
    assert_eq!(print(narrow, &[b"\t\t\tab"]).0, "\\ab");
    assert_eq!(print(narrow, &["abc日".as_bytes()]).0, "abc\\日");
    assert_eq!(
        print(PrinterConfig { width: 0, ..UTF8 }, &["日本".as_bytes()]).0,
        "日\\本"
    );
}

/// RFC 854 NVT PRINTER: the codes 128 to 255, and what they are when both ends know.
#[test]
fn characters_beyond_ascii() {
    for (data, text) in [
        ("Grüße\r\n".as_bytes(), "Grüße\n"),
        ("日本\rx".as_bytes(), "x 本"),
        ("日本\x08x".as_bytes(), "日 x"),
        ("a日\rbc".as_bytes(), "bc "),
        ("cafe\u{301}\x08e".as_bytes(), "cafe"),
        ("e\u{301}!".as_bytes(), "e\u{301}!"),
        ("\u{301}a".as_bytes(), "a"),
        ("a\u{9b}b".as_bytes(), "ab"),
        (b"\xe2\x82", "\u{fffd}"),
        (b"\xe2\x82a", "\u{fffd}a"),
        (b"\xe2\xe2\x82\xac", "\u{fffd}€"),
        (b"\xe0\x80x", "\u{fffd}\u{fffd}x"),
        (b"\xff\x80", "\u{fffd}\u{fffd}"),
        (b"\xc3\r\xa9", "\u{fffd}"),
    ] {
        assert_eq!(print(UTF8, &[data]).0, text, "{data:x?}");
    }
    let latin = PrinterConfig {
        codes: Codes::EightBit,
        ..UTF8
    };
    let mut printer = Printer::new(latin);
    assert_eq!(printer.print(b"caf\xe9\x80"), (5, None));
    let mut text = Vec::new();
    printer.write_line(&mut text);
    assert_eq!(text, b"caf\xe9\x80");
    assert_eq!(printer.column(), 5);
}

#[test]
fn marks_are_bounded() {
    let many = format!("a{}b", "\u{301}".repeat(1000));
    let (text, _) = print(UTF8, &[many.as_bytes()]);
    assert_eq!(text, "a\u{301}\u{301}\u{301}b");
}

/// RFC 854: "the CR character must be avoided in other contexts" than CR LF and CR NUL.
#[test]
fn nvt_ascii() {
    for text in [
        &b""[..],
        b"a\r\n",
        b"\r\0\r\n",
        b"\n\t\x1b[0m\0\x7f",
        b"\n\r\n",
    ] {
        assert!(is_nvt_ascii(text), "{text:?}");
    }
    for text in [&b"\r"[..], b"a\rb", b"\r\r\n", "é".as_bytes(), b"\xff"] {
        assert!(!is_nvt_ascii(text), "{text:?}");
    }
}

#[test]
fn rules_of_net_unicode() {
    use Violation::*;
    for (text, expected) in [
        ("Grüße, 日本\r\n\x0c\r\n".as_bytes(), &[][..]),
        (b"\xff", &[(0, NotUtf8)]),
        (b"a\xc3", &[(1, NotUtf8)]),
        (b"\xed\xa0\x80", &[(0, NotUtf8), (1, NotUtf8), (2, NotUtf8)]),
        (b"\xe2\x82a\xe2\x82\xac\x80", &[(0, NotUtf8), (6, NotUtf8)]),
        ("\u{feff}a\u{feff}".as_bytes(), &[(0, ByteOrderMark)]),
        (b"a\rb\r", &[(1, BareCr), (3, BareCr)]),
        (b"\r\r\n", &[(0, BareCr)]),
        (b"\ra\n", &[(0, BareCr), (2, BareLf)]),
        (b"\r\xff\n", &[(0, BareCr), (1, NotUtf8), (2, BareLf)]),
        (b"a\n\r\n", &[(1, BareLf)]),
        (b"\r\0\n", &[(0, CrNul), (2, BareLf)]),
        (
            b"\0\x1b\t\x7f",
            &[(0, Control), (1, Control), (2, Control), (3, Control)],
        ),
        ("a\u{85}\u{9f}\u{a0}".as_bytes(), &[(1, C1), (3, C1)]),
        (
            "\u{2028}\u{2029}".as_bytes(),
            &[(0, Separator), (3, Separator)],
        ),
        (
            "\u{fffe}\u{1ffff}\u{fdd0}".as_bytes(),
            &[(0, Noncharacter), (3, Noncharacter), (7, Noncharacter)],
        ),
        (
            "\u{e000}\u{10fffd}".as_bytes(),
            &[(0, PrivateUse), (3, PrivateUse)],
        ),
        (
            b"\xff\r\n\xff\n",
            &[(0, NotUtf8), (3, NotUtf8), (4, BareLf)],
        ),
    ] {
        let found: Vec<_> = net_unicode(text).collect();
        assert_eq!(found, expected, "{text:x?}");
    }
    for (violation, forbidden) in [(BareCr, true), (C1, true), (CrNul, false), (Control, false)] {
        assert_eq!(violation.is_forbidden(), forbidden, "{violation}");
    }
}

/// RFC 857 section 5 and RFC 858 section 6.
#[test]
fn modes() {
    let modes = [
        (false, false, Mode::Line, true, true),
        (true, false, Mode::KludgeLine, false, true),
        (false, true, Mode::LocalEcho, true, false),
        (true, true, Mode::Character, false, false),
    ];
    for (echo, sga, mode, echoes_here, sends_lines) in modes {
        let far = Agreed { echo, sga };
        for near in [
            Agreed::default(),
            Agreed {
                echo: false,
                sga: true,
            },
        ] {
            assert_eq!(Mode::of(Side::Us, near, far), mode);
            assert_eq!(Mode::of(Side::Him, far, near), mode);
        }
        assert_eq!(mode.echoes_here(), echoes_here);
        assert_eq!(mode.sends_lines(), sends_lines);
        assert_eq!(echo_may_begin(far), !echo);
    }
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        prop::sample::select(&b"\0\x07\x08\x09\x0a\x0b\x0c\x0d ab\x7f"[..]).prop_map(|o| vec![o]),
        any::<u8>().prop_map(|o| vec![o]),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        prop::sample::select(&["日", "\u{301}", "é"][..]).prop_map(|c| c.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn config() -> impl Strategy<Value = PrinterConfig> {
    let codes = prop::sample::select(&[Codes::SevenBit, Codes::EightBit, Codes::Utf8][..]);
    (codes, 0_usize..12, 0_usize..9, any::<bool>()).prop_map(|(codes, width, tab, returns)| {
        PrinterConfig {
            codes,
            width,
            tab,
            line_feed_returns: returns,
        }
    })
}

proptest! {
    #[test]
    fn cutting_does_not_show(data in octets(), at: usize, config in config()) {
        let whole = print(config, &[&data]);
        let single: Vec<&[u8]> = data.chunks(1).collect();
        prop_assert_eq!(&print(config, &single), &whole);
        let (front, back) = data.split_at(at % (data.len() + 1));
        prop_assert_eq!(&print(config, &[front, back]), &whole);
    }

    #[test]
    fn lines_are_bounded_and_hold_no_control(data in octets(), config in config()) {
        let config = PrinterConfig { codes: Codes::Utf8, ..config };
        let (text, _) = print(config, &[&data]);
        for line in text.split(['\n', '\\']) {
            prop_assert!(line.len() <= config.width.max(2) * 8);
            prop_assert!(!line.contains(char::is_control), "{:?}", line);
        }
    }

    #[test]
    fn ascii_lines_are_printed_as_they_are(lines in prop::collection::vec("[ -~]{0,20}", 0..8)) {
        let data = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let config = PrinterConfig { codes: Codes::SevenBit, ..UTF8 };
        prop_assert_eq!(print(config, &[data.as_bytes()]).0, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    #[test]
    fn only_utf8_without_faults_is_net_unicode(data in octets()) {
        let found: Vec<_> = net_unicode(&data).collect();
        prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let bad_utf8 = found.iter().any(|(_, v)| *v == Violation::NotUtf8);
        prop_assert_eq!(bad_utf8, std::str::from_utf8(&data).is_err());
        if data.is_ascii() {
            let cr = found.iter().any(|(_, v)| *v == Violation::BareCr);
            prop_assert_eq!(is_nvt_ascii(&data), !cr);
        }
    }
}
