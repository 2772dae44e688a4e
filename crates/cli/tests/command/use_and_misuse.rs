//! Exit codes, complaints, help, and pipes that nobody reads.

use super::{command, run, wirelore};
use std::fs::File;
use std::io::Write;

#[test]
fn exit_codes_say_whether_the_input_was_decoded() {
    for (input, code) in [(&b"\0\x04\0\x01"[..], 0), (b"\0\x04\0", 1), (b"", 1)] {
        assert_eq!(wirelore(&["decode", "tftp"], input).code, code);
        assert_eq!(wirelore(&["decode", "tftp", "--json"], input).code, code);
    }
}

#[test]
fn an_unknown_name_is_one_line_on_stderr_and_nothing_else() {
    for verb in ["decode", "encode"] {
        for flags in [&[][..], &["--cases"]] {
            for name in ["", "tftp2", "TFTP", "-", "a\nb\x1b[m"] {
                let ended = wirelore(&[&[verb, name], flags].concat(), b"{}\n");
                assert_eq!(ended.code, 2);
                let quoted = format!("\"{}\"", name.escape_debug());
                assert!(ended.complaint().contains(&quoted), "{}", ended.stderr);
            }
        }
    }
}

#[test]
fn wrong_use_exits_with_2() {
    let wrong: &[&[&str]] = &[
        &[],
        &["decode"],
        &["encode"],
        &["gopher"],
        &["serve", "--only", "gopher"],
        &["serve", "--only", "echo-tcp"],
        &["serve", "--only", "tftp,telnets"],
        &["serve", "--listen", "telnet"],
        &["serve", "--listen", "time-udp=127.0.0.1"],
        &["serve", "--telnet-idle", "soon"],
        &["serve", "--telnet-connections", "0"],
        &["serve", "--small-octets", "much"],
        &["serve", "no-such-folder"],
        &["copy", "one"],
        &["selftest", "--only", "gopher"],
        &["decode", "tftp", "no-such-file"],
        &["decode", "tftp", "."],
        &["decode", "tftp", "--pcap", "no-such-file"],
        &["encode", "tftp", "no-such-file"],
        &["decode", "telnet", "--pcap", "curl-in.tftpd.pcap"],
        &["decode", "telnet", "--config", "us=[256]"],
        &["decode", "telnet-option"],
        &["decode", "http1"],
        &["decode", "http1-request", "--pcap", "curl-in.tftpd.pcap"],
        &["decode", "http1-request", "--config", "requests=[\"GET\"]"],
        &["decode", "http1-request", "--config", "lenient=bare_lf"],
        &[
            "decode",
            "http1-response",
            "--config",
            "lenient=[\"loose\"]",
        ],
        &["decode", "http1-response", "--config", "max_head=-1"],
        &["decode", "tftp", "--cases", "file"],
        &["decode", "tftp", "--cases", "--hex"],
        &["decode", "tftp", "--port", "69"],
        &["decode", "tftp", "--pcap", "-", "--port", "65536"],
        &["decode", "tftp", "--list"],
        &["decode", "tftp", "--config", "x"],
        &["decode", "tftp", "--config", "{"],
        &["decode", "tftp", "--config", "servers={}"],
        &["decode", "tftp", "--config", "server=yes"],
        &[
            "decode",
            "tftp",
            "--config",
            r#"{"server":{"max_blksize":7}}"#,
        ],
    ];
    for arguments in wrong {
        let ended = wirelore(arguments, b"\0\x04\0\x01");
        assert_eq!(ended.code, 2, "{arguments:?}");
        assert_eq!(ended.stdout, b"", "{arguments:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn input_comes_from_a_file_or_from_stdin_and_may_be_hex() {
    let mut file = tempfile::NamedTempFile::new().expect("a place for a file");
    file.write_all(b" 00 04\n\t00\r\n0a\n")
        .expect("room for a file");
    let path = file.path().to_str().expect("a plain name");
    for (arguments, input) in [
        (&["decode", "tftp", "--json", "--hex", path][..], &b""[..]),
        (&["decode", "tftp", "--json", "--hex"], b"0004000A"),
        (&["decode", "tftp", "--json", "-"], b"\0\x04\0\n"),
        (&["decode", "tftp", "--json"], b"\0\x04\0\n"),
    ] {
        let found = wirelore(arguments, input).lines();
        assert_eq!(found[0]["events"][0]["block"], 10, "{arguments:?}");
    }
    for input in [&b"000"[..], b"0g", b"\xff\xff"] {
        let ended = wirelore(&["decode", "tftp", "--hex"], input);
        assert_eq!(ended.code, 1);
        ended.complaint();
    }
}

#[test]
fn the_configuration_is_json_or_pairs() {
    let json = r#"{"server":{"files":{"a":"6f6b"}}}"#;
    let pair = r#"server={"files":{"a":"6f6b"}}"#;
    for config in [json, pair] {
        let arguments = ["decode", "tftp", "--json", "--config", config];
        let found = wirelore(&arguments, b"\0\x01a\0octet\0").lines();
        assert_eq!(found[0]["sent"], "000300016f6b");
    }
}

#[test]
fn the_list_has_a_line_for_each_decoder_and_each_key() {
    let found = wirelore(&["decode", "--list"], b"");
    let starts: Vec<_> = found
        .text()
        .lines()
        .map(|line| line[..35].trim_end())
        .collect();
    let wanted = [
        "http1-request      HTTP requests, o",
        "    http09 = false",
        "    max_request_line = 8192",
        "    max_method = 64",
        "    max_field_line = 65536",
        "    max_head = 65536",
        "    max_headers = 100",
        "    max_chunk_ext = 1024",
        "    max_chunk_ext_total = 16384",
        "    max_body = null",
        "    lenient = []",
        "    lenient: bare_lf = false",
        "    lenient: bare_cr_as_sp = false",
        "    lenient: obs_fold = false",
        "    lenient: space_before_colon_in_",
        "    lenient: duplicate_content_leng",
        "    lenient: te_and_cl_te_wins = fa",
        "    lenient: multiple_spaces_in_req",
        "    lenient: other_ctl_in_value = f",
        "    lenient: empty_list_members = f",
        "    lenient: missing_host = false",
        "    lenient: obs_text_in_target = f",
        "    lenient: space_after_chunk_size",
        "    lenient: other_transfer_codings",
        "http1-response     HTTP responses t",
        "    requests = [\"GET\"]",
        "    http09 = false",
        "    max_request_line = 8192",
        "    max_method = 64",
        "    max_field_line = 65536",
        "    max_head = 65536",
        "    max_headers = 100",
        "    max_chunk_ext = 1024",
        "    max_chunk_ext_total = 16384",
        "    max_body = null",
        "    lenient = []",
        "    lenient: bare_lf = false",
        "    lenient: bare_cr_as_sp = false",
        "    lenient: obs_fold = false",
        "    lenient: space_before_colon_in_",
        "    lenient: duplicate_content_leng",
        "    lenient: te_and_cl_te_wins = fa",
        "    lenient: multiple_spaces_in_req",
        "    lenient: other_ctl_in_value = f",
        "    lenient: empty_list_members = f",
        "    lenient: missing_host = false",
        "    lenient: obs_text_in_target = f",
        "    lenient: space_after_chunk_size",
        "    lenient: other_transfer_codings",
        "telnet             a TELNET stream",
        "    mode = \"nvt\"",
        "    us = []",
        "    him = []",
        "    max_sb = 1024",
        "    tm = false",
        "    actions = []",
        "    actions.before = (required)",
        "    actions.op = (required)",
        "    actions.opt = (required)",
        "    urgent_before = []",
        "telnet-option      what a TELNET su",
        "    option = (required)",
        "tftp               TFTP datagrams w",
        "    server = null",
        "    server.files = {}",
        "    server.writable = []",
        "    server.max_blksize = 65464",
        "    server.max_windowsize = 64",
    ];
    assert_eq!(starts, wanted);
    assert_eq!(found.code, 0);
}

#[test]
fn help_has_examples() {
    for arguments in [&["decode", "--help"], &["encode", "--help"]] {
        let help = wirelore(arguments, b"");
        assert_eq!(help.code, 0);
        assert!(help.text().contains("\nExamples:\n  "));
    }
    assert_eq!(wirelore(&["--help"], b"").code, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let case = br#"{"hex":"00040001"}
"#;
    for arguments in [
        &["decode", "tftp", "--cases"][..],
        &["encode", "tftp", "--cases"],
        &["decode", "tftp", "--json"],
        &["decode", "tftp"],
        &["decode", "--list"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = run(
            command().args(arguments).stdout(writer),
            &case.repeat(10_000),
        );
        assert_eq!((ended.code, &*ended.stderr), (141, ""), "{arguments:?}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let help = run(command().args(["decode", "--help"]).stdout(writer), b"");
    assert_eq!(help.stderr, "");
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: a_full_disk_is_told: no /dev/full");
        assert_ne!(std::env::var("WIRELORE_INTEROP").as_deref(), Ok("require"));
        return;
    };
    let ended = run(
        command().args(["decode", "tftp"]).stdout(full),
        b"\0\x04\0\x01",
    );
    assert_eq!(ended.code, 1);
    assert!(ended.complaint().starts_with("wirelore: cannot write: "));
}
