//! What people see of TELNET.

use super::wirelore;

#[track_caller]
fn assert_page(name: &str, config: &str, hex: &str, code: i32, wanted: &str) {
    let found = wirelore(
        &["decode", name, "--hex", "--config", config],
        hex.as_bytes(),
    );
    assert_eq!(found.text().trim_end(), wanted.trim());
    assert_eq!(found.code, code);
}

#[test]
fn every_construct_is_shown_with_what_comes_of_it() {
    assert_page(
        "telnet",
        r#"{"us":[24],"him":[1]}"#,
        "fffd18 fffd20 fffb01 fffb01 fffc01 fff6 68690d00 ffff21 fffa18 01 fff0 fffa1f 00500018 fff0",
        0,
        r#"
TELNET 5 data octets, 1 command, 5 negotiations, 2 subnegotiations  (39 octets in all)

  0000  ff fd 18                 option    IAC DO TTYPE  ours is on; we say WILL TTYPE
  0003  ff fd 20                 option    IAC DO TSPEED  not agreed to; we say WONT TSPEED
  0006  ff fb 01                 option    IAC WILL ECHO  the peer's is on; we say DO ECHO
  0009  ff fb 01                 option    IAC WILL ECHO  nothing changes
  000c  ff fc 01                 option    IAC WONT ECHO  the peer's is off; we say DONT ECHO
  000f  ff f6                    command   IAC AYT       are you there
  0011  68 69 0d                 data      "hi\r"
  0014  00                       NUL       left out      it belongs to the CR
  0015  ff ff                    data      IAC IAC       255
  0017  21                       data      "!"
  0018  ff fa 18                 begin     IAC SB TTYPE
  001b  01                       payload   SEND
  001c  ff f0                    end       IAC SE
  001e  ff fa 1f                 begin     IAC SB NAWS
  0021  00 50 00 18              payload   80 columns, 24 rows
  0025  ff f0                    end       IAC SE

answer: TELNET 4 negotiations  (12 octets in all)

  0000  ff fb 18                 option    IAC WILL TTYPE
  0003  ff fc 20                 option    IAC WONT TSPEED
  0006  ff fd 01                 option    IAC DO ECHO
  0009  ff fe 01                 option    IAC DONT ECHO
"#,
    );
}

#[test]
fn violations_stand_under_their_octet_and_are_no_failure() {
    assert_page(
        "telnet",
        r#"{"max_sb":3}"#,
        "fff0 fffafff0 fffa1861 fff1 fffa18 0001020304 ffff fff0 fffafff1 fffa1f01fff0 fffa18",
        0,
        r#"
TELNET 2 commands, 1 subnegotiation, 6 violations  (37 octets in all)

  0000  ff f0                    end       IAC SE
        ^^ violation: no subnegotiation ends here [stray-se]
  0002  ff fa ff f0              empty     IAC SB IAC SE
        ^^ violation: a subnegotiation without an option [sb-empty]
  0006  ff fa 18                 begin     IAC SB TTYPE
  0009  61                       payload   "a"
        ^^ note: not as TTYPE has it: unknown command 97 at octet 0 [unknown-command]
  000a  ff f1                    command   IAC NOP       no operation
        ^^ violation: the subnegotiation is cut short by a command [sb-interrupted]
  000c  ff fa 18                 begin     IAC SB TTYPE
        ^^ violation: the subnegotiation is too long and is left out [sb-overflow]
  000f  00 01 02 03 04           payload   "\x00\x01\x02\x03\x04"
  0014  ff ff                    skipped   "\xff\xff"
  0016  ff f0                    end       IAC SE
  0018  ff fa                    begin     IAC SB
        ^^ violation: the subnegotiation is cut short by a command [sb-interrupted]
  001a  ff f1                    command   IAC NOP       no operation
  001c  ff fa 1f                 begin     IAC SB NAWS
  001f  01                       payload   "\x01"
        ^^ note: not as NAWS has it: the payload ends too early, at octet 1 [truncated]
  0020  ff f0                    end       IAC SE
  0022  ff fa 18                 begin     IAC SB TTYPE
        ^^ violation: the stream ends inside this [truncated]
"#,
    );
}

#[test]
fn what_a_synch_drops_is_shown_too() {
    assert_page(
        "telnet",
        r#"{"urgent_before":[0]}"#,
        "61 00 ffff fff7 fff6 62 fff2 63",
        0,
        r#"
TELNET 1 data octet, 3 commands  (12 octets in all)

  0000  61 00 ff ff              dropped   "a\x00\xff\xff"
  0004  ff f7                    command   IAC EC        dropped
  0006  ff f6                    command   IAC AYT       are you there
  0008  62                       dropped   "b"
  0009  ff f2                    command   IAC DM        data mark: end of a Synch
  000b  63                       data      "c"
"#,
    );
}

#[test]
fn a_payload_is_shown_in_words_or_with_its_error() {
    assert_page(
        "telnet-option",
        "option=39",
        "00 00 55534552 01 626f62 03 1b5b6d 01 00",
        0,
        r#"
NEW-ENVIRON IS VAR "USER" = "bob", USERVAR "\x1b[m" = "", VAR ""  (16 octets in all)

  0000  00 00 55 53 45 52 01 62  payload   IS VAR "USER" = "bob", USERVAR "\x1b[m" = "", VA
  0008  6f 62 03 1b 5b 6d 01 00            R ""
"#,
    );
    // more words than rows
    assert_page(
        "telnet-option",
        "option=34",
        "03 036203 04e20f",
        0,
        r#"
LINEMODE SLC IP VALUE|FLUSHIN|FLUSHOUT 3, AO VALUE|FLUSHIN|FLUSHOUT|ACK 15  (7 octets in all)

  0000  03 03 62 03 04 e2 0f     payload   SLC IP VALUE|FLUSHIN|FLUSHOUT 3, AO VALUE|FLUSHI
                                           N|FLUSHOUT|ACK 15
"#,
    );
    assert_page(
        "telnet-option",
        "option=5",
        "00 fb00 fb01 fb03",
        0,
        r#"
STATUS IS WILL BINARY, WILL ECHO, WILL SGA  (7 octets in all)

  0000  00 fb 00 fb 01 fb 03     payload   IS WILL BINARY, WILL ECHO, WILL SGA
"#,
    );
    assert_page(
        "telnet-option",
        "option=31",
        "0050 00",
        1,
        r#"
NAWS refused  (3 octets in all)

  0000  00 50 00                 payload   "\x00P\x00"
  0003
        ^^ error: the payload ends too early, at octet 3 [truncated]
"#,
    );
    assert_page(
        "telnet-option",
        "option=24",
        "",
        1,
        r#"
TTYPE refused  (0 octets in all)

  0000
        ^^ error: the payload ends too early, at octet 0 [truncated]
"#,
    );
}
