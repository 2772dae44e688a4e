//! What people see of HTTP.

use super::wirelore;

#[track_caller]
fn assert_page(arguments: &[&str], octets: &str, code: i32, wanted: &str) {
    let arguments = [&["decode"], arguments].concat();
    let found = wirelore(&arguments, octets.as_bytes());
    assert_eq!(found.text().trim_end(), wanted.trim());
    assert_eq!(found.code, code);
}

#[test]
fn a_chunked_upload_and_the_request_behind_it() {
    assert_page(
        &["http1-request"],
        "POST /upload?name=a HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nhello\r\n6;note=x\r\n world\r\n0\r\nSum: 11\r\n\r\nGET /next HTTP/1.0\r\n\r\nmore",
        0,
        r#"
HTTP 2 requests, 11 data octets  (253 octets in all)

  0000  50 4f 53 54 20 2f 75 70+ request   POST /upload?name=a HTTP/1.1  origin-form, for example.org
  001e  48 6f 73 74 3a 20 65 78+ field     Host: example.org
  0031  55 73 65 72 2d 41 67 65  field     User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:1
  0039  6e 74 3a 20 4d 6f 7a 69+           40.0) Gecko/20100101 Firefox/140.0
  0085  54 72 61 6e 73 66 65 72+ field     Transfer-Encoding: chunked
  00a1  45 78 70 65 63 74 3a 20+ field     Expect: 100-continue
  00b7  0d 0a                    end       of the head   a body in chunks; the connection stays; waits for 100 (Continue)
  00b9  35 0d 0a                 chunk     5             5 octets
  00bc  68 65 6c 6c 6f           data      "hello"
  00c1  0d 0a                    line end  of the chunk
  00c3  36 3b 6e 6f 74 65 3d 78+ chunk     6;note=x      6 octets
  00cd  20 77 6f 72 6c 64        data      " world"
  00d3  0d 0a                    line end  of the chunk
  00d5  30 0d 0a                 chunk     0             the last one
  00d8  53 75 6d 3a 20 31 31 0d+ trailer   Sum: 11
  00e1  0d 0a                    end       of the message
  00e3  47 45 54 20 2f 6e 65 78+ request   GET /next HTTP/1.0  origin-form
  00f7  0d 0a                    end       of the head   no body; the connection closes
  00f9  6d 6f 72 65              rest      "more"
        ^^ note: the connection ends before this: it is not read
"#,
    );
}

#[test]
fn responses_and_what_nobody_asked_for() {
    assert_page(
        &["http1-response"],
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 ",
        0,
        r#"
HTTP 2 responses, 5 data octets, 1 violation  (106 octets in all)

  0000  48 54 54 50 2f 31 2e 31+ status    HTTP/1.1 103 Early Hints  interim
  001a  4c 69 6e 6b 3a 20 3c 2f+ field     Link: </a.css>
  002a  0d 0a                    end       of the head   another response follows
  002c  48 54 54 50 2f 31 2e 31+ status    HTTP/1.1 200 OK
  003d  58 3a 20 61 0d 0a        field     X: a
  0043  20 62 0d 0a              folded     b
        ^^ violation: a folded field line [obs-fold]
  0047  43 6f 6e 74 65 6e 74 2d+ field     Content-Length: 5
  005a  0d 0a                    end       of the head   5 octets of body; the connection stays
  005c  68 65 6c 6c 6f           data      "hello"
  0061  48 54 54 50 2f 31 2e 31  20                       HTTP/1.1
        ^^ note: nobody asked for this
"#,
    );
}

#[test]
fn deviations_that_are_let_pass_stand_under_their_octet() {
    assert_page(
        &[
            "http1-request",
            "--config",
            r#"lenient=["bare_lf","bare_cr_as_sp","obs_fold","other_ctl_in_value","multiple_spaces_in_request_line","te_and_cl_te_wins","space_after_chunk_size","obs_text_in_target"]"#,
        ],
        "\r\nGET  /\u{e9} HTTP/1.1\nHost: a\r\nA: b\u{1}c\rd\r\nB: e\r\n f\r\nContent-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\n1 \r\nx\r\n0\r\n\r\nrest",
        0,
        r#"
HTTP 1 request, 1 data octet, 10 violations  (132 octets in all)

  0000  0d 0a                    empty     line          ignored
  0002  47 45 54 20 20 2f c3 a9+ request   GET  /é HTTP/1.1  origin-form, for a
                 ^^ violation: stray whitespace in the request line [bad-request-line]
                          ^^ violation: octet 0xc3 in the request target [bad-target]
  0012  31 0a
           ^^ violation: LF without CR [bare-lf]
  0014  48 6f 73 74 3a 20 61 0d+ field     Host: a
  001d  41 3a 20 62 01 63 0d 64+ field     A: b\x01c\rd
                    ^^ violation: control character 0x01 [control-character]
                          ^^ violation: CR without LF [bare-cr]
  0027  42 3a 20 65 0d 0a        field     B: e
  002d  20 66 0d 0a              folded     f
        ^^ violation: a folded field line [obs-fold]
  0031  43 6f 6e 74 65 6e 74 2d+ field     Content-Length: 5
  0044  43 6f 6e 74 65 6e 74 2d+ field     Content-Length: 5
        ^^ violation: Content-Length is given twice [content-length-repeated]
  0057  54 72 61 6e 73 66 65 72+ field     Transfer-Encoding: chunked
        ^^ violation: both Transfer-Encoding and Content-Length [transfer-encoding-and-content-length]
  0073  0a                       end       of the head   a body in chunks; the connection closes
        ^^ violation: LF without CR [bare-lf]
  0074  31 20 0d 0a              chunk     1             1 octet
           ^^ violation: a malformed chunk extension [bad-chunk-extension]
  0078  78                       data      "x"
  0079  0d 0a                    line end  of the chunk
  007b  30 0d 0a                 chunk     0             the last one
  007e  0d 0a                    end       of the message
  0080  72 65 73 74              rest      "rest"
        ^^ note: the connection ends before this: it is not read
"#,
    );
}

#[test]
fn errors_stand_under_their_octet_and_the_rest_is_not_read() {
    assert_page(
        &["http1-request"],
        "GET / HTTP/1.1\r\nHost : a\r\nX: 1\r\n\r\n",
        1,
        r#"
HTTP 0 requests  (34 octets in all)

  0000  47 45 54 20 2f 20 48 54+ request   GET / HTTP/1.1
  0010  48 6f 73 74 20 3a 20 61+ field     Host : a
                    ^^ error: whitespace before the colon [space-before-colon]
  001a  58 3a 20 31 0d 0a 0d 0a  not read  "X: 1\r\n\r\n"
"#,
    );
}

#[test]
fn errors_in_a_body() {
    assert_page(
        &["http1-request"],
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5x\r\nhello\r\n0\r\n\r\n",
        1,
        r#"
HTTP 1 request, 5 data octets  (82 octets in all)

  0000  50 4f 53 54 20 2f 20 48+ request   POST / HTTP/1.1  origin-form, for a
  0011  48 6f 73 74 3a 20 61 0d+ field     Host: a
  001a  54 72 61 6e 73 66 65 72+ field     Transfer-Encoding: chunked
  0036  0d 0a                    end       of the head   a body in chunks; the connection stays
  0038  35 0d 0a                 chunk     5             5 octets
  003b  68 65 6c 6c 6f           data      "hello"
  0040  0d 0a                    line end  of the chunk
  0042  35 78 0d 0a              chunk     5x
           ^^ error: the chunk size is not a hexadecimal number [bad-chunk-size]
  0046  68 65 6c 6c 6f 0d 0a 30  0d 0a 0d 0a              hello..0....
"#,
    );
}

#[test]
fn a_tunnel() {
    assert_page(
        &["http1-response", "--config", r#"requests=["CONNECT"]"#],
        "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n",
        0,
        r#"
HTTP 1 response  (30 octets in all)

  0000  48 54 54 50 2f 31 2e 31+ status    HTTP/1.1 200 OK
  0011  0d 0a                    end       of the head   what follows is no HTTP
  0013  53 53 48 2d 32 2e 30 2d  78 0d 0a                 SSH-2.0-x..
        ^^ note: octets of the other protocol
"#,
    );
}

#[test]
fn a_message_that_is_cut_short() {
    assert_page(
        &["http1-response"],
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel",
        1,
        r#"
HTTP 1 response, 3 data octets  (41 octets in all)

  0000  48 54 54 50 2f 31 2e 31+ status    HTTP/1.1 200 OK
  0011  43 6f 6e 74 65 6e 74 2d+ field     Content-Length: 9
  0024  0d 0a                    end       of the head   9 octets of body; the connection stays
  0026  68 65 6c                 data      "hel"
  0029
        ^^ error: the message ends too early [truncated]
"#,
    );
}

#[test]
fn what_a_terminal_could_obey_is_escaped() {
    assert_page(
        &[
            "http1-response",
            "--config",
            r#"lenient=["other_ctl_in_value"]"#,
        ],
        "HTTP/1.1 204 \u{1b}[2J\r\nX: \u{1b}]0;x\u{7}\r\n\r\n",
        0,
        r#"
HTTP 1 response, 3 violations  (32 octets in all)

  0000  48 54 54 50 2f 31 2e 31+ status    HTTP/1.1 204 \x1b[2J
  0008  20 32 30 34 20 1b 5b 32+
                       ^^ violation: control character 0x1b [control-character]
  0013  58 3a 20 1b 5d 30 3b 78+ field     X: \x1b]0;x\x07
                 ^^ violation: control character 0x1b [control-character]
  001b  07 0d 0a
        ^^ violation: control character 0x07 [control-character]
  001e  0d 0a                    end       of the head   no body; the connection stays
"#,
    );
}

#[test]
fn long_lines_lose_their_end() {
    assert_page(
        &["http1-request"],
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n",
        0,
        r#"
HTTP 1 request  (679 octets in all)

  0000  47 45 54 20 2f 20 48 54+ request   GET / HTTP/1.1  origin-form, for a
  0010  48 6f 73 74 3a 20 61 0d+ field     Host: a
  0019  43 6f 6f 6b 69 65 3a 20  field     Cookie: a=0123456789abcdef0123456789abcdef012345
  0021  61 3d 30 31 32 33 34 35            6789abcdef0123456789abcdef0123456789abcdef012345
  0029  36 37 38 39 61 62 63 64            6789abcdef0123456789abcdef0123456789abcdef012345
  0031  65 66 30 31 32 33 34 35            6789abcdef0123456789abcdef0123456789abcdef012345
  0039  36 37 38 39 61 62 63 64            6789abcdef0123456789abcdef0123456789abcdef012345
  0041  65 66 30 31 32 33 34 35            6789abcdef0123456789abcdef0123456789abcdef012345
  0049  36 37 38 39 61 62 63 64            6789abcdef0123456789abcdef0123456789abcdef012345
  0051  65 66 30 31 32 33 34 35+           ... 314 characters more ...
  02a5  0d 0a                    end       of the head   no body; the connection stays
"#,
    );
}

#[test]
fn a_simple_request() {
    assert_page(
        &["http1-request", "--config", "http09=true"],
        "GET /\r\n",
        0,
        r#"
HTTP 1 request  (7 octets in all)

  0000  47 45 54 20 2f 0d 0a     request   GET /         origin-form
"#,
    );
}
