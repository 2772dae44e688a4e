//! What people see.

use super::{Ended, command, run, wirelore};

fn page(hex: &str, flags: &[&str]) -> Ended {
    wirelore(
        &[&["decode", "tftp", "--hex"], flags].concat(),
        hex.as_bytes(),
    )
}

#[track_caller]
fn assert_page(hex: &str, code: i32, wanted: &str) {
    let found = page(hex, &[]);
    assert_eq!(found.text().trim_end(), wanted.trim());
    assert_eq!(found.code, code);
}

#[test]
fn a_request_shows_each_string_with_its_meaning() {
    assert_page(
        "0001 70786c696e75782e3000 6f6374657400 7473697a6500 3000 626c6b73697a6500 3134363800
         78797a00 00 00",
        0,
        r#"
RRQ "pxlinux.0" octet, tsize 0, blksize 1468, xyz ""  (45 octets in all)

  0000  00 01                    opcode    RRQ, read request
  0002  70 78 6c 69 6e 75 78 2e  filename  "pxlinux.0"
  000a  30 00
  000c  6f 63 74 65 74 00        mode      "octet"       octets as they are
  0012  74 73 69 7a 65 00        option    "tsize"       size of the file
  0018  30 00                    value     "0"           asks for the size
  001a  62 6c 6b 73 69 7a 65 00  option    "blksize"     size of a block
  0022  31 34 36 38 00           value     "1468"        1468 octets
  0027  78 79 7a 00              option    "xyz"         not known here
  002b  00                       value     ""
  002c  00                                 "\x00"
        ^^ note: padding
"#,
    );
}

#[test]
fn oddities_are_noted_at_their_octet_and_are_no_errors() {
    assert_page(
        "0002 00 6d61696c00 626c6b73697a6500 3700 424c4b53697a6500 7800",
        0,
        r#"
WRQ "" mail, blksize 7, BLKSize x  (28 octets in all)

  0000  00 02                    opcode    WRQ, write request
  0002  00                       filename  ""
        ^^ note: the name is empty
  0003  6d 61 69 6c 00           mode      "mail"        to a user, not a file
        ^^ note: obsolete: servers answer ERROR 4
  0008  62 6c 6b 73 69 7a 65 00  option    "blksize"     size of a block
  0010  37 00                    value     "7"           7 octets
        ^^ note: blksize is 8 to 65464
  0012  42 4c 4b 53 69 7a 65 00  option    "BLKSize"     size of a block
        ^^ note: named before: the first one counts
  001a  78 00                    value     "x"
        ^^ note: not a decimal number
"#,
    );
}

#[test]
fn values_are_odd_outside_the_ranges_of_their_rfcs_only() {
    for (name, least, most) in [
        ("blksize", 8u64, 65464),
        ("windowsize", 1, 65535),
        ("timeout", 1, 255),
        ("utimeout", 10_000, 255_000_000),
        ("rollover", 0, 1),
    ] {
        for (value, odd) in [
            (least.wrapping_sub(1), true),
            (least, false),
            (most, false),
            (most + 1, true),
        ] {
            let oack = format!("\0\x06{name}\0{value}\0");
            let found = wirelore(&["decode", "tftp"], oack.as_bytes());
            assert_eq!(found.text().contains("^^ note: "), odd, "{name} {value}");
        }
    }
}

#[test]
fn an_error_stands_under_the_octet_where_it_is() {
    assert_page(
        "00016e616d65006f63746574",
        1,
        r#"
malformed RRQ  (12 octets in all)

  0000  00 01                    opcode    RRQ, read request
  0002  6e 61 6d 65 00           filename  "name"
  0007  6f 63 74 65 74           mode      "octet"
        ^^ error: mode at octet 7 has no final NUL [unterminated-mode]; the answer is ERROR 4
"#,
    );
    let request = format!("0001{}006f6374657400", "61".repeat(520));
    let found = page(&request, &[]);
    assert!(
        found.text().contains(
            "
        ... 456 octets more ...
  01fa  61 61 61 61 61 61 61 61
                          ^^ error: request of 529 octets, the limit is 512 [request-too-long]"
        ),
        "{}",
        found.text()
    );
    assert_eq!(found.code, 1);
}

#[test]
fn octets_that_are_missing_are_marked_behind_the_last_one() {
    assert_page(
        "000400",
        1,
        r#"
malformed ACK  (3 octets in all)

  0000  00 04                    opcode    ACK, acknowledgment
  0002  00                                 "\x00"
  0003
        ^^ error: packet ends after 3 octets [truncated]; the answer is ERROR 4
"#,
    );
    assert_page(
        "",
        1,
        "
not TFTP: too short  (0 octets in all)

  0000
        ^^ error: packet ends after 0 octets [truncated]; the answer is silence
",
    );
    assert_page(
        "00050002 6e6f",
        0,
        r#"
ERROR 2 (access violation) "no"  (6 octets in all)

  0000  00 05                    opcode    ERROR
  0002  00 02                    code      2             access violation
  0004  6e 6f                    message   "no"
  0006
        ^^ note: the final NUL is missing
"#,
    );
}

#[test]
fn a_long_payload_loses_its_middle_unless_it_is_asked_for() {
    let payload: String = (0..200).map(|n| format!("{n:02x}")).collect();
    let hex = format!("00030007{payload}");
    assert_page(
        &hex,
        0,
        r##"
DATA block 7, 200 octets  (204 octets in all)

  0000  00 03                    opcode    DATA
  0002  00 07                    block     7
  0004  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  ................
  0014  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  ................
  0024  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f   !"#$%&'()*+,-./
  0034  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?
  0044  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO
  0054  50 51 52 53 54 55 56 57  58 59 5a 5b 5c 5d 5e 5f  PQRSTUVWXYZ[\]^_
        ... 80 octets more ...
  00b4  b0 b1 b2 b3 b4 b5 b6 b7  b8 b9 ba bb bc bd be bf  ................
  00c4  c0 c1 c2 c3 c4 c5 c6 c7                           ........
"##,
    );
    let full = page(&hex, &["--full"]);
    assert!(!full.text().contains("more ..."));
    assert_eq!(full.text().lines().count(), 2 + 2 + 13);
}

#[test]
fn the_peers_text_cannot_play_tricks_on_the_terminal() {
    // ESC ] 0 ; x BEL, a bidirectional override, C1 control, invalid UTF-8, a quote, a backslash
    let found = page(
        "0001 1b5d303b7807 e280ae c29b ff 22 5c c3a9 00 6f6374657400",
        &[],
    );
    let wanted = r#"RRQ "\x1b]0;x\x07\u{202e}\u{9b}\xff\"\\é" octet"#;
    assert!(found.text().starts_with(wanted), "{}", found.text());
    let long = page(&format!("00050000{}", "78".repeat(60_000)), &[]);
    assert!(long.text().len() < 2_000, "{}", long.text());
}

#[test]
fn a_server_shows_its_answer_too() {
    let server = r#"server={"files":{"a":"6f6b"}}"#;
    let found = page("0001 6100 6f6374657400", &["--config", server]);
    let wanted = r#"
answer: DATA block 1, 2 octets  (6 octets in all)

  0000  00 03                    opcode    DATA
  0002  00 01                    block     1
  0004  6f 6b                    payload   "ok"
"#;
    assert!(found.text().ends_with(wanted), "{}", found.text());
}

#[test]
fn colour_is_for_terminals_and_for_those_who_force_it() {
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command();
        command
            .args(["decode", "tftp", "--hex"])
            .envs(variables.iter().copied());
        run(&mut command, b"00040001").text().contains('\x1b')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
