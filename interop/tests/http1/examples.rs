//! The HTTP examples.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use wirelore_interop::{Peer, built_example, content, require, run};

use crate::LIMIT;
use crate::origin::Origin;
use crate::theirs::{Nginx, files_served, piped, python};

/// Exit status, octets and messages.
fn get(arguments: &[&str]) -> (i32, Vec<u8>, String) {
    piped(&built_example("http_get_blocking"), arguments, b"")
}

#[test]
fn http_get_blocking_gets_from_nginx() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let [_, (_, small), (_, large)] = files_served();
    for (target, body) in [
        ("/files/empty", Vec::new()),
        ("/files/small.txt", small.clone()),
        ("/files/large.bin", large),
        ("/trailers/small.txt?a#b", small),
        ("/ours/chunked/50000", content(50_000)),
        ("/nothing", Vec::new()),
    ] {
        let (code, output, said) = get(&[&nginx.url(target)]);
        assert_eq!((code, said.as_str()), (0, ""), "{target}");
        assert!(output == body, "{target}: {} octets", output.len());
    }
    let (code, output, said) = get(&["-v", &nginx.url("/files/missing")]);
    assert_eq!(code, 2);
    assert!(output.starts_with(b"<html>"));
    assert!(said.starts_with("HTTP/1.1 404 Not Found\nServer: nginx/"), "{said}");
    assert!(said.contains("\nConnection: close\n"), "{said}");
}

/// Responses of HTTP/1.0, with and without a length.
const SERVER: &str = r#"
import http.server, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/endless":
            return super().do_GET()
        self.send_response(200)
        self.send_header("X-Escape", "\x9b31m")
        self.end_headers()
        for number in range(3000):
            self.wfile.write(b"%d\n" % number)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("listening on", server.server_address[1], flush=True)
server.serve_forever()
"#;

#[test]
fn http_get_blocking_gets_from_python() {
    let python = require!(python());
    let folder = wirelore_interop::folder();
    std::fs::write(folder.path().join("file.bin"), content(100_000)).expect("a file");
    let mut command = Command::new(python);
    let mut peer = Peer::start(command.args(["-c", SERVER]).current_dir(folder.path()));
    let port = peer.wait_for_line("listening on ");
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let (code, output, said) = get(&["-v", &url("file.bin")]);
    assert_eq!(code, 0, "{said}");
    assert!(output == content(100_000), "{} octets", output.len());
    assert!(said.starts_with("HTTP/1.0 200 OK\n"), "{said}");
    let (code, output, said) = get(&["-v", &url("endless")]);
    let numbers: String = (0..3000).map(|number| format!("{number}\n")).collect();
    assert_eq!((code, String::from_utf8_lossy(&output).as_ref()), (0, numbers.as_str()));
    assert!(said.contains("\nX-Escape: \\x9b31m\n"), "{said}");
    let (code, output, _) = get(&[&url("")]);
    assert!(code == 0 && String::from_utf8_lossy(&output).contains("file.bin"));
    assert_eq!(get(&[&url("missing")]).0, 2);
}

/// Whatever is not a whole response is told from one.
#[test]
fn http_get_blocking_notices_what_is_missing() {
    for (response, code, body) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234"[..], 1, &b"1234"[..]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345", 0, b"12345"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n", 1, b"12"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n0\r\n", 1, b"12"),
        (b"HTTP/1.1 200 OK\r\n\r\n123", 0, b"123"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", 1, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", 1, b""),
        (b"SSH-2.0-x\r\n", 1, b""),
        (b"HTTP/1.1 500 \r\nContent-Length: 1\r\n\r\nx", 2, b"x"),
        (b"", 1, b""),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("a bound socket").port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                stream.read_exact(&mut octet).expect("a request");
                request.extend_from_slice(&octet);
            }
            stream.write_all(response).expect("a connection");
        });
        let (got, output, said) = get(&[&format!("http://127.0.0.1:{port}")]);
        server.join().expect("a request");
        let shown = response.escape_ascii();
        assert_eq!((got, &output[..]), (code, body), "{shown}: {said}");
        assert_eq!(said.is_empty(), code == 0, "{shown}: {said}");
    }
}

#[test]
fn http_get_blocking_wants_a_good_address() {
    for url in [
        "https://127.0.0.1/",
        "http://",
        "http://a b/",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1:1/\r\n",
    ] {
        let (code, output, said) = get(&[url]);
        assert_eq!((code, &output[..]), (1, &b""[..]), "{url}");
        assert!(!said.contains("refused"), "{url}: {said}");
    }
}

#[test]
fn http_in_memory_talks_to_itself() {
    let mut command = Command::new(built_example("http_in_memory"));
    let said = run(&mut command, LIMIT).expect_success().stdout();
    let at = |text: &str| said.find(text).unwrap_or_else(|| panic!("{text}: {said}"));
    // the body comes after 100 (Continue), which comes after the responses to what was asked before
    assert!(at("-> PUT /fourth") < at("<- GET /first"));
    assert!(at("POST /second 36 X-Sum=36") < at("100 Continue"));
    assert!(at("100 Continue") < at("-> what for?"));
}
