//! HTTP, octet by octet: what no client of others says by itself.

use super::*;

/// What a server says to `request` until it closes.
fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address("http")).expect("connects");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("is a socket");
    stream.write_all(request.as_bytes()).expect("sends");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server closes");
    String::from_utf8(answer).expect("text")
}

/// The status of the answer.
fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    status.unwrap_or_else(|| panic!("no status in {answer:?}"))
}

fn request(line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n")
}

/// RFC 9110 §7.4: what is not this server's is 421: other schemes, and https without TLS.
#[test]
fn absolute_targets_are_ours_or_not() {
    let server = Server::start(&["http"], &[]);
    fs::write(server.folder.path().join("f"), "here").expect("writes");
    for (target, wanted) in [
        ("http://h/f", 200),
        ("HTTP://h/f", 200),
        ("http://h", 200),
        ("http://h?json", 200),
        ("https://h/f", 421),
        ("ftp://h/f", 421),
    ] {
        let answer = ask(&server, &request(&format!("GET {target}"), ""));
        assert_eq!(status(&answer), wanted, "{target}: {answer}");
    }
}

/// RFC 9110 §6.6.1: a Date is in answers to what is no request, too; and they say what is wrong.
#[test]
fn what_is_no_request_is_told_so() {
    let server = Server::start(&["http"], &[]);
    for (octets, wanted, word) in [
        ("GET / HTTP/1.1\r\n\r\n", 400, "Host"),
        ("GET / HTTP/9.9\r\n\r\n", 505, "version"),
        ("GET /\u{7f} HTTP/1.1\r\n\r\n", 400, "target"),
    ] {
        let answer = ask(&server, octets);
        assert_eq!(status(&answer), wanted, "{answer}");
        assert!(answer.contains("\r\nDate: "), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        assert!(body.contains(word), "{answer}");
    }
}

/// RFC 9110 §13.1.1, RFC 9110 §13.1.2: a page of a folder exists, and has no tag.
#[test]
fn folders_have_conditions_too() {
    let server = Server::start(&["http"], &[]);
    for (field, wanted) in [
        ("", 200),
        ("If-Match: *\r\n", 200),
        ("If-Match: \"x\"\r\n", 412),
        ("If-None-Match: *\r\n", 304),
        ("If-None-Match: \"x\"\r\n", 200),
    ] {
        let answer = ask(&server, &request("GET /", field));
        assert_eq!(status(&answer), wanted, "{field}: {answer}");
    }
    // two lines of Accept are one list
    let fields = "Accept: text/html;q=0.1\r\nAccept: application/json\r\n";
    let answer = ask(&server, &request("GET /", fields));
    assert!(
        answer.contains("Content-Type: application/json"),
        "{answer}"
    );
}

/// RFC 9110 §13.2.1, RFC 9112 §6.3: what is refused anyway, for want of a length or else, is refused
/// whatever the conditions say.
#[test]
fn conditions_come_behind_other_refusals() {
    let server = Server::start(&["http"], &["--upload", "create", "--max-upload", "10"]);
    fs::write(server.folder.path().join("there"), "old").expect("writes");
    let length = |len: usize| format!("Content-Length: {len}\r\n");
    for (line, fields, wanted) in [
        ("PUT /there", length(0), 409),
        ("PUT /there", length(0) + "If-None-Match: *\r\n", 409),
        ("PUT /new", length(11) + "If-Match: \"x\"\r\n", 413),
        ("PUT /new", length(0) + "If-Match: \"x\"\r\n", 412),
        ("PUT /new", String::new(), 411),
        ("DELETE /there", String::new(), 405),
        ("PUT /new", length(0), 201),
    ] {
        let body = if wanted == 413 { "eleven here" } else { "" };
        let answer = ask(&server, &(request(line, &fields) + body));
        assert_eq!(status(&answer), wanted, "{line} {fields}: {answer}");
    }
    let server = Server::start(&["http"], &["--upload", "overwrite"]);
    fs::write(server.folder.path().join("there"), "old").expect("writes");
    for (line, fields, wanted) in [
        ("DELETE /missing", "If-Match: \"x\"\r\n", 404),
        ("DELETE /there", "If-Match: \"x\"\r\n", 412),
        ("DELETE /there", "If-Match: *\r\n", 204),
    ] {
        let answer = ask(&server, &request(line, fields));
        assert_eq!(status(&answer), wanted, "{line} {fields}: {answer}");
    }
}

/// Passwords and keys are not in what is served.
#[cfg(unix)]
#[test]
fn a_file_with_passwords_is_not_served() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a place");
    let users = folder.path().join("users");
    fs::write(&users, "ann:secret\n").expect("writes");
    fs::set_permissions(&users, fs::Permissions::from_mode(0o600)).expect("is ours");
    let config = folder.path().join("wirelore.toml");
    fs::write(
        &config,
        "[[http.user]]\nname = \"ann\"\npassword = \"secret\"\n",
    )
    .expect("writes");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).expect("is ours");
    for (option, file) in [("--http-users", &users), ("--config", &config)] {
        let mut command = wirelore();
        command
            .arg(folder.path())
            .args(["--only", "http", "--listen", "http=127.0.0.1:0"]);
        let ended = command.arg(option).arg(file).output().expect("runs");
        let words = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{option}: {words}");
        assert!(
            words.contains("the folder that is served"),
            "{option}: {words}"
        );
    }
}
