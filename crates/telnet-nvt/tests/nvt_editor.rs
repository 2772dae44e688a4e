//! Lines from a keyboard: line ends, erasing, local keys, echo, bounds.

use proptest::prelude::*;
use wirelore_telnet_nvt::Command;
use wirelore_telnet_nvt::nvt::{
    Codes, Echo, Edit, EditorConfig, Keys, LineEditor, LineEnds, Printed, Printer, PrinterConfig,
};

/// What a receiver hands over.
#[derive(Clone, Debug)]
enum Item {
    Data(Vec<u8>),
    Command(Command),
}

use Item::Data;

fn data(octets: &[u8]) -> Item {
    Data(octets.to_vec())
}

const EC: Item = Item::Command(Command::EC);
const EL: Item = Item::Command(Command::EL);

/// The events with the line each came with, and the echo.
type Outcome = (Vec<(Edit, Vec<u8>)>, Vec<u8>);

fn edit(editor: &mut LineEditor, items: &[Item]) -> Outcome {
    let mut events = Vec::new();
    let mut out = Vec::new();
    for item in items {
        match item {
            Item::Command(command) => assert!(editor.command(*command, &mut out)),
            Data(octets) => {
                let mut rest = &octets[..];
                for _ in 0..=2 * octets.len() {
                    if rest.is_empty() {
                        break;
                    }
                    let (used, event) = editor.feed(rest, &mut out);
                    assert!(used > 0 || event.is_some(), "no progress");
                    assert!(editor.line().len() <= editor.config().max_line);
                    rest = &rest[used..];
                    if event == Some(Edit::Redraw) {
                        editor.redraw(&mut out);
                    }
                    events.extend(event.map(|event| (event, editor.line().to_vec())));
                }
                assert!(rest.is_empty(), "too many calls");
            }
        }
    }
    (events, out)
}

fn run(config: EditorConfig, items: &[Item]) -> Outcome {
    edit(&mut LineEditor::new(config), items)
}

/// The lines only.
fn lines(config: EditorConfig, items: &[Item]) -> Vec<Vec<u8>> {
    let (events, _) = run(config, items);
    let line = |(event, line)| (event == Edit::Line).then_some(line);
    events.into_iter().filter_map(line).collect()
}

fn visible() -> EditorConfig {
    EditorConfig {
        echo: Echo::On,
        codes: Codes::Utf8,
        ..Default::default()
    }
}

/// The echo of `octets`, typed one by one.
fn echo(config: EditorConfig, octets: &[u8]) -> Vec<u8> {
    let items: Vec<Item> = octets.iter().map(|o| data(&[*o])).collect();
    let (_, out) = run(config, &items);
    assert_eq!(out, run(config, &[data(octets)]).1);
    out
}

/// RFC 1123 section 3.3.1: "CR LF and CR NUL MUST have the same effect on an ASCII server host when
/// received as input over a Telnet connection" (the receiver has taken the NUL away), and a User
/// Telnet can send LF.
#[test]
fn a_line_end_is_one_however_it_is_cut() {
    let config = EditorConfig::default();
    let expected = [b"ab".to_vec(), b"c".to_vec(), vec![], b"d".to_vec()];
    for octets in [
        &b"ab\r\nc\r\n\r\nd\r\n"[..],
        b"ab\rc\r\rd\r",
        b"ab\nc\n\nd\n",
        b"ab\nc\r\n\nd\r",
    ] {
        assert_eq!(lines(config, &[data(octets)]), expected, "{octets:?}");
        let single: Vec<Item> = octets.iter().map(|o| data(&[*o])).collect();
        assert_eq!(lines(config, &single), expected, "{octets:?}");
    }
}

#[test]
fn a_line_is_there_with_its_carriage_return() {
    let mut editor = LineEditor::new(EditorConfig::default());
    let mut out = Vec::new();
    assert_eq!(editor.feed(b"ls\r", &mut out), (3, Some(Edit::Line)));
    assert_eq!(editor.line(), b"ls");
    assert_eq!(editor.feed(b"\n", &mut out), (1, None));
    assert_eq!(editor.line(), b"");
    assert_eq!(editor.feed(b"\r\n\n", &mut out), (2, Some(Edit::Line)));
    assert_eq!(editor.feed(b"\n", &mut out), (1, Some(Edit::Line)));
    assert_eq!(editor.feed(b"", &mut out), (0, None));
    assert!(out.is_empty());
}

#[test]
fn line_ends_are_a_choice() {
    let strict = EditorConfig {
        line_ends: LineEnds {
            cr: false,
            lf: false,
        },
        ..visible()
    };
    for single in [false, true] {
        let cut = |octets: &[u8]| match single {
            true => octets.iter().map(|o| data(&[*o])).collect(),
            false => vec![data(octets)],
        };
        assert_eq!(lines(strict, &cut(b"a\rb\nc\r\r\nd")), [b"a\rb\nc\r"]);
        assert_eq!(run(strict, &cut(b"a\rb\nc\r\r\nd")).1, b"a^Mb^Jc^M\r\nd");
        let cr_only = EditorConfig {
            line_ends: LineEnds {
                cr: true,
                lf: false,
            },
            ..strict
        };
        assert_eq!(lines(cr_only, &cut(b"a\r\nb\nc\r")), [&b"a"[..], b"b\nc"]);
        let lf_only = EditorConfig {
            line_ends: LineEnds {
                cr: false,
                lf: true,
            },
            ..strict
        };
        assert_eq!(
            lines(lf_only, &cut(b"a\r\nb\rc\n\r\n")),
            [&b"a"[..], b"b\rc", b""]
        );
    }
}

/// RFC 854: EC "should delete the last preceding undeleted character or "print position" from the
/// data stream".
#[test]
fn erase_character() {
    let none = EditorConfig {
        keys: Keys::NONE,
        codes: Codes::Utf8,
        ..Default::default()
    };
    for (typed, left) in [
        (&b"ab"[..], &b"a"[..]),
        (b"a", b""),
        (b"", b""),
        ("aé".as_bytes(), b"a"),
        ("a日".as_bytes(), b"a"),
        ("a🦀".as_bytes(), b"a"),
        ("ae\u{301}\u{302}".as_bytes(), b"a"),
        (b"a\xe2\x82", b"a"),
        (b"a\xff\xff", b"a\xff"),
        // "a "print position" may contain several characters which are the result of overstrikes,
        // or of sequences such as <char1> BS <char2>"
        (b"ab\x08_", b"a"),
        (b"ab\x08_\x08/", b"a"),
        ("aé\x08_".as_bytes(), b"a"),
        (b"ab\x08\x08c", b"ab\x08\x08"),
        (b"ab\x08\x08", b"ab\x08"),
        (b"a\x08", b"a"),
        (b"\x08b", b"\x08"),
        (b"a\x01", b"a"),
    ] {
        let found = lines(none, &[data(typed), EC, data(b"\r\n")]);
        assert_eq!(found, [left], "{typed:?}");
    }
    let octets = EditorConfig {
        codes: Codes::EightBit,
        ..none
    };
    let found = lines(octets, &[data("é".as_bytes()), EC, data(b"\r\n")]);
    assert_eq!(found, [b"\xc3"]);
}

/// RFC 854: EL "should delete characters from the data stream back to, but not including, the last
/// "CR LF" sequence".
#[test]
fn erase_line() {
    let config = EditorConfig::default();
    assert_eq!(
        lines(
            config,
            &[
                data(b"one\r\ntwo"),
                EL,
                data(b"three\r\n"),
                EL,
                EC,
                data(b"\n")
            ]
        ),
        [&b"one"[..], b"three", b""]
    );
    // between the halves of a line end
    assert_eq!(
        lines(config, &[data(b"one\r"), EL, EC, data(b"\ntwo\r\n")]),
        [&b"one"[..], b"two"]
    );
}

#[test]
fn a_carriage_return_that_waits_is_the_last_character() {
    let config = EditorConfig {
        line_ends: LineEnds {
            cr: false,
            lf: true,
        },
        ..Default::default()
    };
    assert_eq!(lines(config, &[data(b"a\r"), EC, data(b"b\n")]), [b"ab"]);
    assert_eq!(lines(config, &[data(b"a\r"), EL, data(b"b\n")]), [b"b"]);
    let dropped = EditorConfig {
        controls: false,
        ..config
    };
    assert_eq!(lines(dropped, &[data(b"a\r"), EC, data(b"b\n")]), [b"b"]);
}

/// RFC 1123 section 3.2.3 leaves IP, AO and AYT to the server.
#[test]
fn other_commands_are_not_the_editors() {
    let mut editor = LineEditor::new(visible());
    let mut out = Vec::new();
    assert_eq!(editor.feed(b"ab", &mut out), (2, None));
    for code in 0..=255 {
        let command = Command(code);
        if !matches!(command, Command::EC | Command::EL) {
            assert!(!editor.command(command, &mut out), "{command}");
        }
    }
    assert_eq!((editor.line(), &out[..]), (&b"ab"[..], &b"ab"[..]));
    editor.clear();
    assert_eq!((editor.line(), &out[..]), (&b""[..], &b"ab"[..]));
}

#[test]
fn local_keys() {
    let config = EditorConfig::default();
    for (typed, line) in [
        (&b"abx\x08y\x7fc\r"[..], &b"abc"[..]),
        (b"\x08\x7fa\r", b"a"),
        (b"one two  \x17x\r", b"one x"),
        (b"one\x17\x17x\r", b"x"),
        (b"  \x17x\r", b"x"),
        (b"a\tb \t\x17x\r", b"a\tx"),
        (b"one two\x15x\r", b"x"),
        (b"a\x12b\r", b"ab"),
        (b"a\x04b\r", b"ab"),
        (b"a\x03b\r", b"b"),
        (b"a\0b\x1b\tc\r", b"ab\x1b\tc"),
    ] {
        assert_eq!(lines(config, &[data(typed)]), [line], "{typed:?}");
    }
    assert_eq!(
        run(config, &[data(b"\x04a\x04\x03\x04\x12")])
            .0
            .into_iter()
            .map(|(e, _)| e)
            .collect::<Vec<_>>(),
        [
            Edit::EndOfFile,
            Edit::Interrupt,
            Edit::EndOfFile,
            Edit::Redraw
        ]
    );
}

#[test]
fn keys_are_data() {
    let config = EditorConfig {
        keys: Keys {
            erase: Some(b'#'),
            erase_line: Some(b'@'),
            ..Keys::NONE
        },
        ..Default::default()
    };
    assert_eq!(lines(config, &[data(b"x@abc##\x03\x7f\r")]), [b"a\x03\x7f"]);
    // CR, LF and NUL cannot be keys
    let config = EditorConfig {
        keys: Keys {
            erase: Some(b'\r'),
            erase_line: Some(b'\n'),
            redraw: Some(0),
            ..Keys::NONE
        },
        ..Default::default()
    };
    assert_eq!(lines(config, &[data(b"a\0b\rc\n")]), [&b"ab"[..], b"c"]);
    let dropping = EditorConfig {
        controls: false,
        ..EditorConfig::default()
    };
    assert_eq!(lines(dropping, &[data(b"a\x1b\t\xffb\r")]), [b"ab"]);
}

/// RFC 857 section 5: "The option does not require that the characters echoed be exactly the
/// characters received (for example, a number of systems echo the ASCII ESC character with something
/// other than the ESC character)".
#[test]
fn what_is_echoed() {
    for (typed, sent) in [
        (&b"ls\r\n"[..], &b"ls\r\n"[..]),
        (b"ls\r", b"ls\r\n"),
        (b"ls\n", b"ls\r\n"),
        (b"ab\x7fc", b"ab\x08 \x08c"),
        (b"\x7f", b""),
        (b"\x01\x7f", b"^A\x08 \x08\x08 \x08"),
        (b"\x1b\t\0", b"^[^I"),
        ("日\x7f".as_bytes(), b"\xe6\x97\xa5\x08 \x08\x08 \x08"),
        ("e\u{301}\x7f".as_bytes(), b"e\xcc\x81\x08 \x08"),
        ("a \u{301}\x17".as_bytes(), b"a \xcc\x81\x08 \x08\x08 \x08"),
        (b"ab c\x17", b"ab c\x08 \x08"),
        (b"ab\x15", b"ab\x08 \x08\x08 \x08"),
        (b"ab\x03c", b"ab^C\r\nc"),
        (b"\x04", b""),
        (b"a\x1bb\x12c", b"a^[b^R\r\na^[bc"),
        (b"\xff\x12", b"\xff\xff^R\r\n\xff\xff"),
    ] {
        assert_eq!(echo(visible(), typed), sent, "{typed:?}");
    }
    let all = EditorConfig {
        keys: Keys::NONE,
        codes: Codes::EightBit,
        ..visible()
    };
    assert_eq!(echo(all, b"\x7f\x1f\x80"), b"^?^_\x80");
    let (_, out) = run(all, &[data(b"ab\x08_"), EC]);
    assert_eq!(out, [&b"ab^H_"[..], &b"\x08 \x08".repeat(4)].concat());
    assert_eq!(
        echo(
            EditorConfig {
                codes: Codes::SevenBit,
                ..all
            },
            b"a\x80\xffb"
        ),
        b"ab"
    );
}

#[test]
fn a_password_is_not_shown() {
    let hidden = EditorConfig {
        echo: Echo::Hidden,
        ..visible()
    };
    assert_eq!(echo(hidden, b"s\x01ecr\x7f\x17\x15et\xff\r\n"), b"\r\n");
    assert_eq!(echo(hidden, b"se\x12c\x03"), b"\r\n\r\n");
    let off = EditorConfig {
        echo: Echo::Off,
        ..visible()
    };
    assert_eq!(echo(off, b"a\x01b\x7f\x12\x17\x15c\r\n\x03"), b"");
}

#[test]
fn echo_changes_between_lines() {
    let mut editor = LineEditor::new(visible());
    let mut out = Vec::new();
    let typed = b"bob\r\nsecret\r\nls\r\n";
    let mut rest = &typed[..];
    let mut seen = Vec::new();
    for echo in [Echo::Hidden, Echo::On, Echo::On] {
        let (used, event) = editor.feed(rest, &mut out);
        assert_eq!(event, Some(Edit::Line));
        seen.push(editor.line().to_vec());
        editor.set_echo(echo);
        rest = &rest[used..];
    }
    assert_eq!(seen, [&b"bob"[..], b"secret", b"ls"]);
    assert_eq!(out, b"bob\r\n\r\nls\r\n");
}

#[test]
fn a_line_that_is_too_long_is_reported_once() {
    let config = EditorConfig {
        max_line: 4,
        ..visible()
    };
    let typed = b"abcd\r\nabcdefgh\x01\x7f\x04ij\r\nok\r\n";
    let (events, out) = run(config, &[data(typed)]);
    let expected = [
        (Edit::Line, b"abcd".to_vec()),
        (Edit::TooLong, b"abcd".to_vec()),
        (Edit::Line, b"ok".to_vec()),
    ];
    assert_eq!(events, expected);
    assert_eq!(out, b"abcd\r\nabcd\r\nok\r\n");
    let single: Vec<Item> = typed.iter().map(|o| data(&[*o])).collect();
    assert_eq!(run(config, &single), (events, out));
}

#[test]
fn erasing_all_of_a_line_that_is_too_long_begins_a_new_one() {
    let config = EditorConfig {
        max_line: 2,
        ..visible()
    };
    for erase in [EL, data(b"\x15")] {
        let (events, out) = run(config, &[data(b"abcd"), EC, erase, data(b"xy\r\n")]);
        assert_eq!(
            events,
            [
                (Edit::TooLong, b"ab".to_vec()),
                (Edit::Line, b"xy".to_vec())
            ]
        );
        assert_eq!(out, b"ab\x08 \x08\x08 \x08xy\r\n");
    }
    let (events, _) = run(config, &[data(b"abcd\x03xy\r")]);
    assert_eq!(events.last(), Some(&(Edit::Line, b"xy".to_vec())));
}

#[test]
fn a_control_code_or_a_waiting_carriage_return_may_be_too_much() {
    let config = EditorConfig {
        max_line: 2,
        line_ends: LineEnds {
            cr: false,
            lf: true,
        },
        ..visible()
    };
    for typed in [&b"ab\x01\n"[..], b"ab\rc\n", b"ab\r\r\n"] {
        let (events, _) = run(config, &[data(typed)]);
        assert_eq!(events, [(Edit::TooLong, b"ab".to_vec())], "{typed:?}");
    }
    assert_eq!(lines(config, &[data(b"ab\r\n")]), [b"ab"]);
    let none = EditorConfig {
        max_line: 0,
        ..config
    };
    let (events, _) = run(none, &[data(b"\r\na\x04\r\n\r\n\x04")]);
    let events: Vec<Edit> = events.into_iter().map(|(event, _)| event).collect();
    assert_eq!(
        events,
        [Edit::Line, Edit::TooLong, Edit::Line, Edit::EndOfFile]
    );
}

/// What a terminal shows of `sent`: its lines, without the blanks at their ends.
fn screen(sent: &[u8]) -> Vec<String> {
    let mut printer = Printer::new(PrinterConfig {
        codes: Codes::Utf8,
        width: 4096,
        ..Default::default()
    });
    let mut found = Vec::new();
    let mut rest = unescaped(sent);
    while !rest.is_empty() {
        let (used, printed) = printer.print(&rest);
        rest.drain(..used);
        if printed == Some(Printed::Line) {
            found.push(shown(&printer));
        }
    }
    if printer.finish().is_some() {
        found.push(shown(&printer));
    }
    found
}

fn shown(printer: &Printer) -> String {
    let mut text = Vec::new();
    printer.write_line(&mut text);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

fn unescaped(sent: &[u8]) -> Vec<u8> {
    let mut octets = sent.iter().copied().peekable();
    let mut data = Vec::new();
    while let Some(octet) = octets.next() {
        data.push(octet);
        if octet == 255 {
            assert_eq!(octets.next(), Some(255), "IAC alone in the echo");
        }
    }
    data
}

fn item(whole_characters: bool) -> impl Strategy<Value = Item> {
    let special = prop::sample::select(&b"\r\n\0\x08\x7f\x17\x15\x12\x03\x04\x1b\t  "[..]);
    let text = prop::sample::select(
        &[
            "a", "bc", "é", "日", "🦀", "e\u{301}", "\u{301}", "\r\n", "x y",
        ][..],
    );
    let other = any::<u8>().prop_map(move |o| if whole_characters { o & 0x7f } else { o });
    prop_oneof![
        3 => special.prop_map(|o| data(&[o])),
        4 => text.prop_map(|t| data(t.as_bytes())),
        1 => other.prop_map(|o| data(&[o])),
        1 => Just(EC),
        1 => Just(EL),
    ]
}

fn config() -> impl Strategy<Value = EditorConfig> {
    let codes = prop::sample::select(&[Codes::SevenBit, Codes::EightBit, Codes::Utf8][..]);
    let echo = prop::sample::select(&[Echo::Off, Echo::On, Echo::Hidden][..]);
    let keys = prop::sample::select(&[Keys::USUAL, Keys::NONE][..]);
    (0_usize..9, any::<[bool; 3]>(), codes, echo, keys).prop_map(
        |(max_line, [cr, lf, controls], codes, echo, keys)| EditorConfig {
            max_line,
            line_ends: LineEnds { cr, lf },
            codes,
            controls,
            keys,
            echo,
        },
    )
}

/// The same items with data joined, and with single octets.
fn joined_and_single(items: &[Item]) -> (Vec<Item>, Vec<Item>) {
    let mut joined: Vec<Item> = Vec::new();
    let mut single = Vec::new();
    for item in items {
        match (item, joined.last_mut()) {
            (Data(octets), Some(Data(before))) => before.extend_from_slice(octets),
            _ => joined.push(item.clone()),
        }
        match item {
            Data(octets) => single.extend(octets.iter().map(|o| data(&[*o]))),
            command => single.push(command.clone()),
        }
    }
    (joined, single)
}

proptest! {
    #[test]
    fn cutting_does_not_show(config in config(), items in prop::collection::vec(item(false), 0..60)) {
        let (joined, single) = joined_and_single(&items);
        let expected = run(config, &items);
        prop_assert_eq!(&run(config, &joined), &expected);
        prop_assert_eq!(&run(config, &single), &expected);
    }

    /// What the user sees is what the server has.
    #[test]
    fn the_echo_shows_the_line(bs: bool, items in prop::collection::vec(item(true), 0..60)) {
        let erase_too = bs.then_some(8);
        let keys = Keys { erase_too, ..Keys::USUAL };
        let mut editor = LineEditor::new(EditorConfig { keys, ..visible() });
        let (_, mut out) = edit(&mut editor, &items);
        let before = screen(&out);
        let mut again = b"\r\n".to_vec();
        editor.redraw(&mut again);
        again.extend_from_slice(b"\r\n");
        out.extend_from_slice(b"\r\n");
        prop_assert_eq!(screen(&out).pop(), screen(&again).pop(), "{:?}", before);
    }

    /// What is sent for what was received stays in proportion, unless the server draws the line.
    #[test]
    fn the_echo_is_bounded(config in config(), items in prop::collection::vec(item(false), 0..60)) {
        let mut editor = LineEditor::new(config);
        let mut out = Vec::new();
        let mut received = 0;
        for item in &items {
            match item {
                Item::Command(command) => {
                    editor.command(*command, &mut out);
                    received += 2;
                }
                Data(octets) => {
                    let mut rest = &octets[..];
                    while !rest.is_empty() {
                        rest = &rest[editor.feed(rest, &mut out).0..];
                    }
                    received += octets.len();
                }
            }
        }
        prop_assert!(out.len() <= 8 * received, "{} for {}", out.len(), received);
        prop_assert!(editor.line().len() <= config.max_line);
    }
}
