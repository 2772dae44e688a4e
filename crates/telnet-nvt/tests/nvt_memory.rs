//! What is allocated: nothing per line, and never more than the limits.

use allocation_counter::measure;
use wirelore_telnet_nvt::Command;
use wirelore_telnet_nvt::nvt::{
    BareCr, Codes, Echo, EditorConfig, LineEditor, Printer, PrinterConfig, TextDecoder, TextEncoder,
};

const MAX_LINE: usize = 64;

fn feed(editor: &mut LineEditor, mut rest: &[u8], out: &mut Vec<u8>) {
    while !rest.is_empty() {
        rest = &rest[editor.feed(rest, out).0..];
        out.clear();
    }
}

#[test]
fn the_editor_allocates_nothing_once_its_line_has_grown() {
    let mut editor = LineEditor::new(EditorConfig {
        max_line: MAX_LINE,
        echo: Echo::On,
        codes: Codes::Utf8,
        ..Default::default()
    });
    let mut out = Vec::with_capacity(1024);
    let grown = measure(|| feed(&mut editor, &[b'x'; 10 * MAX_LINE], &mut out));
    assert!(grown.bytes_max <= 2 * MAX_LINE as u64, "{grown:?}");
    let typed = "\r\nls -lé\x7f\x17\u{1}日\r\n\x03\x12".as_bytes();
    let more = measure(|| {
        for _ in 0..100 {
            feed(&mut editor, typed, &mut out);
            editor.command(Command::EC, &mut out);
            editor.command(Command::EL, &mut out);
            feed(&mut editor, &[b'y'; 2 * MAX_LINE], &mut out);
        }
    });
    assert_eq!(more.count_total, 0, "{more:?}");
}

#[test]
fn the_printer_is_bounded_by_its_width() {
    let mut printer = Printer::new(PrinterConfig {
        width: 100,
        codes: Codes::Utf8,
        ..Default::default()
    });
    let data: Vec<u8> = "x\t\n日e\u{301}\r\u{8}\n".as_bytes().repeat(1000);
    let used = measure(|| {
        let mut rest = &data[..];
        while !rest.is_empty() {
            rest = &rest[printer.print(rest).0..];
        }
    });
    assert!(used.bytes_max <= 4096, "{used:?}");
}

#[test]
fn text_into_a_buffer_that_has_room_allocates_nothing() {
    let text = b"one\ntwo\r\nthree\rfour\xff\n".repeat(100);
    let mut out = Vec::with_capacity(3 * text.len());
    let used = measure(|| {
        let mut encoder = TextEncoder::new();
        encoder.encode(&text, &mut out);
        encoder.finish(&mut out);
        out.clear();
        let mut decoder = TextDecoder::new(BareCr::Keep);
        decoder.decode(&text, &mut out);
        decoder.finish(&mut out);
    });
    assert_eq!(used.count_total, 0, "{used:?}");
}
