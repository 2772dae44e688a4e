//! nginx in front: what a proxy makes of our server, over connections that it keeps.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, content, find, folder, free_tcp_port, require, run};

use crate::LIMIT;
use crate::clients::{Curl, Piped};
use crate::server::{Server, utf8};

/// nginx, in a folder and at a port of its own: `/` as it is commonly set up, `/kept/` over connections
/// that it keeps, `/streamed/` with nothing held back in either direction.
struct Nginx {
    port: u16,
    _folder: TempDir,
    _peer: Peer,
}

impl Nginx {
    fn start(server: u16) -> Result<Self, Missing> {
        let nginx = find("nginx")?;
        let (folder, port) = (folder(), free_tcp_port());
        let path = folder.path().display().to_string();
        let config = CONFIG.replace("FOLDER", &path).replace("SERVER", &server.to_string());
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config.replace("PORT", &port.to_string())).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        command.arg("-e").arg(folder.path().join("error.log"));
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(port);
        Ok(Self { port, _folder: folder, _peer: peer })
    }

    fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }
}

const CONFIG: &str = "
daemon off;
master_process off;
pid FOLDER/nginx.pid;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path FOLDER/bodies;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    client_max_body_size 0;
    upstream ours {
        server 127.0.0.1:SERVER;
        keepalive 4;
    }
    server {
        listen 127.0.0.1:PORT;
        location / { proxy_pass http://127.0.0.1:SERVER; }
        location /kept/ {
            proxy_pass http://ours/;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $http_host;
        }
        location /streamed/ {
            proxy_pass http://ours/;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
            proxy_request_buffering off;
        }
    }
}
";

const PLACES: [&str; 3] = ["", "/kept", "/streamed"];

#[test]
fn nginx_delivers_files() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let nginx = require!(Nginx::start(server.port));
    for size in [0, 1, 65_536, 65_537, 24 << 20] {
        let all = content(size);
        server.folder.holds("sub/f", &all);
        for place in PLACES {
            let url = nginx.url(&format!("{place}/sub/f"));
            let direct = curl.get(&["--head"], &server.url("/sub/f"));
            let got = curl.get(&[], &url);
            got.expect(200, &all);
            for name in ["Content-Length", "Last-Modified", "Content-Type", "Accept-Ranges"] {
                assert_eq!(got.field(name), direct.field(name), "{url} {name}");
            }
            curl.get(&["--head"], &url).expect(200, b"");
            curl.get(&["-0"], &url).expect(200, &all);
            if size > 1000 {
                let got = curl.get(&["-r", "1000-65000"], &url);
                got.expect(206, &all[1000..=65_000]);
                let got = curl.get(&["-r", "0-9,60000-60009"], &url);
                let direct = curl.get(&["-r", "0-9,60000-60009"], &server.url("/sub/f"));
                got.expect_status(206);
                assert_eq!(got.body.len(), direct.body.len());
                curl.get(&["-r", "99999999-"], &url).expect_status(416);
            }
            let tag = got.field("ETag").unwrap().to_owned();
            curl.get(&["-H", &format!("If-None-Match: {tag}")], &url).expect(304, b"");
        }
    }
    for place in PLACES {
        let page = curl.get(&[], &nginx.url(&format!("{place}/sub/"))).text();
        assert!(page.contains("<a href=\"f\">f</a>"), "{page}");
        curl.get(&[], &nginx.url(&format!("{place}/nothing"))).expect_status(404);
        curl.get(&[], &nginx.url(&format!("{place}/sub"))).expect_status(301);
    }
}

#[test]
fn nginx_passes_uploads_on() {
    let curl = require!(Curl::new());
    let program = require!(find("curl"));
    let server = Server::start(&["--upload", "create", "--max-upload", "30MiB"]);
    let nginx = require!(Nginx::start(server.port));
    let source = server.folder.outside("source");
    for (number, place) in PLACES.iter().enumerate() {
        for size in [0, 1, 300_000, 24 << 20] {
            let all = content(size);
            fs::write(&source, &all).unwrap();
            let (known, unknown) =
                (format!("known-{number}-{size}"), format!("unknown-{number}-{size}"));
            let url = nginx.url(&format!("{place}/{known}"));
            curl.get(&["-T", utf8(&source)], &url).expect(201, b"");
            assert!(fs::read(server.folder.served(&known)).unwrap() == all, "{known}");
            let url = nginx.url(&format!("{place}/{unknown}"));
            let arguments =
                ["-q", "-sS", "-T", "-", "-w", "%{http_code}", "--max-time", "50", &url];
            let (ended, output) = Piped::start(&program, &arguments, &all).wait();
            ended.expect_success();
            assert_eq!(output, b"201", "{unknown}");
            assert!(fs::read(server.folder.served(&unknown)).unwrap() == all, "{unknown}");
        }
        // what is refused reaches the client, and what was there stays
        let url = nginx.url(&format!("{place}/known-{number}-1"));
        curl.get(&["-T", utf8(&source)], &url).expect_status(409);
        assert_eq!(
            fs::read(server.folder.served(&format!("known-{number}-1"))).unwrap(),
            content(1)
        );
        fs::write(&source, vec![0; 31 << 20]).unwrap();
        let url = nginx.url(&format!("{place}/too-large"));
        curl.get(&["-T", utf8(&source)], &url).expect_status(413);
    }
    assert_eq!(server.folder.names().len(), PLACES.len() * 8);
}

/// Many requests over few connections, and none of them fails.
#[test]
fn nginx_keeps_connections() {
    let curl = require!(Curl::new());
    let ab = require!(find("ab"));
    let server = Server::start(&["--upload", "create"]);
    let nginx = require!(Nginx::start(server.port));
    server.folder.holds("f", &content(1000));
    let mut urls = vec![nginx.url("/kept/f"), nginx.url("/kept/nothing"), nginx.url("/kept/")];
    urls.extend(vec![nginx.url("/kept/f"); 20]);
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let got = curl.many(&[], &urls);
    assert!(got[3..].iter().all(|got| got.status == 200 && got.body == content(1000)));
    let clients: BTreeSet<String> =
        server.events("transfer").iter().map(|event| event["client"].to_string()).collect();
    assert_eq!(clients.len(), 1, "{clients:?}");
    let mut command = Command::new(ab);
    command.args(["-q", "-k", "-c", "8", "-n", "2000", &nginx.url("/kept/f")]);
    let ended = run(&mut command, LIMIT).expect_success();
    let stdout = ended.stdout();
    assert!(stdout.contains("Failed requests:        0") && !stdout.contains("Non-2xx"), "{ended}");
}
