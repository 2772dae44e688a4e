//! nginx: what it serves, and what it has seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, find, folder, free_tcp_port, run, wait_until};

use crate::LIMIT;
use crate::copy::utf8;

/// nginx in a folder of its own, at two ports that are two origins, and with a certificate at a third.
///
/// | | |
/// |---|---|
/// | `/` | files of the folder `www`; `X-Rate` and `X-After` in a request make it slow |
/// | `/dated/` | the same without an ETag |
/// | `/chunked/`, `/rewritten/` | the same in chunks; the second has no ETag |
/// | `/coded/` | `NAME.gz` in answer to `NAME` |
/// | `/announced/` | with the `Repr-Digest` that the request has in `X-Announce` |
/// | `/basic/` | for `ann` with the password [`PASSWORD`] |
/// | `/put/`, `/put-basic/`, `/put-small/` | uploads into the folder `stored`; the last no more than 1 MiB |
/// | `/rare/` | two answers in a second, otherwise 429 |
/// | `/brief/` | a connection ends 200 ms after an answer |
/// | `/status/N` | a refusal, with the `Retry-After` that the query has in `after` |
/// | `/to/N`, `/away/N`, `/put-to/N`, `/loop`, `/hops/xxx` | redirects |
/// | `/behind/` | another server |
pub(crate) struct Nginx {
    pub(crate) port: u16,
    pub(crate) other: u16,
    pub(crate) secure: Option<u16>,
    folder: TempDir,
    peer: Option<Peer>,
}

/// The password of `ann`: what the URL and the shell have to escape.
pub(crate) const PASSWORD: &str = "s3cret:/@ &x";

/// The versions of TLS that everybody has.
pub(crate) const TLS: &str = "TLSv1.2 TLSv1.3";

/// A certificate, and its key.
pub(crate) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// One for `names`, as `openssl req -x509` makes it.
    pub(crate) fn new(names: &str, extensions: &[&str]) -> Result<Self, Missing> {
        let openssl = find("openssl")?;
        let folder = folder();
        let mut command = Command::new(openssl);
        command.args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=a test"]);
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        command.args(["-addext", &format!("subjectAltName={names}")]);
        for extension in extensions {
            command.args(["-addext", extension]);
        }
        command.arg("-keyout").arg(folder.path().join("key.pem"));
        command.arg("-out").arg(folder.path().join("cert.pem"));
        run(&mut command, LIMIT).expect_success();
        Ok(Self { folder })
    }

    /// One for 127.0.0.1 that is no authority.
    pub(crate) fn usual() -> Result<Self, Missing> {
        Self::new("IP:127.0.0.1,DNS:localhost", &["basicConstraints=critical,CA:FALSE"])
    }

    /// The file of the key.
    pub(crate) fn key(&self) -> String {
        utf8(&self.folder.path().join("key.pem")).into()
    }

    /// The file of the certificate.
    pub(crate) fn file(&self) -> String {
        utf8(&self.folder.path().join("cert.pem")).into()
    }
}

impl Nginx {
    pub(crate) fn start() -> Result<Self, Missing> {
        Self::launch("", "")
    }

    /// With another server at `/behind/`.
    pub(crate) fn before(port: u16) -> Result<Self, Missing> {
        let behind =
            "location /behind/ { proxy_pass http://127.0.0.1:BEHIND/; proxy_http_version 1.1; }";
        Self::launch(&behind.replace("BEHIND", &port.to_string()), "")
    }

    /// With TLS too, of these versions.
    pub(crate) fn secure(certificate: &Certificate, versions: &str) -> Result<Self, Missing> {
        let (cert, key) = (certificate.file(), certificate.key());
        let secure = free_tcp_port();
        let server = format!(
            "server {{ listen 127.0.0.1:{secure} ssl; ssl_certificate {cert}; \
             ssl_certificate_key {key}; ssl_protocols {versions}; \
             ssl_ciphers ALL:@SECLEVEL=0; LOCATIONS }}",
        );
        let mut nginx = Self::launch("", &server)?;
        nginx.secure = Some(secure);
        nginx.peer.as_mut().expect("it runs").wait_for_tcp(secure);
        Ok(nginx)
    }

    fn launch(locations: &str, servers: &str) -> Result<Self, Missing> {
        let htpasswd = find("htpasswd")?;
        find("nginx")?;
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        for name in ["www", "stored"] {
            fs::create_dir(at(name)).unwrap();
        }
        let mut command = Command::new(htpasswd);
        command.arg("-bc").arg(at("users")).args(["ann", PASSWORD]);
        run(&mut command, LIMIT).expect_success();
        let (port, other) = (free_tcp_port(), free_tcp_port());
        let refusals = [400, 403, 404, 410, 429, 500, 502, 503, 504].map(|status| {
            format!(
                "location = /status/{status} {{ add_header Retry-After $arg_after always; \
                 default_type text/plain; return {status} \"out of order, says {status}\\n\"; }}"
            )
        });
        let redirects = [301, 302, 303, 307, 308].map(|status| {
            format!(
                "location /to/{status}/ {{ rewrite ^/to/[0-9]*(/.*) $1; return {status} $uri; }}\n\
                 location /away/{status}/ {{ rewrite ^/away/[0-9]*(/.*) $1; \
                 return {status} http://127.0.0.1:OTHER$uri; }}"
            )
        });
        let locations =
            LOCATIONS.to_owned() + locations + &refusals.concat() + &redirects.join("\n");
        let config = CONFIG
            .replace("SERVERS", servers)
            .replace("LOCATIONS", &locations)
            .replace("FOLDER", utf8(folder.path()))
            .replace("PORT", &port.to_string())
            .replace("OTHER", &other.to_string());
        fs::write(at("nginx.conf"), config).unwrap();
        let mut nginx = Self { port, other, secure: None, folder, peer: None };
        nginx.returns();
        Ok(nginx)
    }

    /// Starts again, at the same ports.
    #[track_caller]
    pub(crate) fn returns(&mut self) {
        let mut command = Command::new(find("nginx").expect("it was there before"));
        command.arg("-p").arg(self.folder.path());
        command.arg("-c").arg(self.folder.path().join("nginx.conf"));
        command.arg("-e").arg(self.folder.path().join("error.log"));
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(self.port);
        peer.wait_for_tcp(self.other);
        self.peer = Some(peer);
    }

    /// SIGKILL.
    #[track_caller]
    pub(crate) fn dies(&mut self) {
        let peer = self.peer.take().expect("it runs");
        peer.signal("KILL");
        assert_eq!(peer.wait(LIMIT).code(), None);
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    /// The URL at the other port.
    pub(crate) fn other_url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.other)
    }

    pub(crate) fn secure_url(&self, target: &str) -> String {
        format!("https://127.0.0.1:{}{target}", self.secure.expect("it has a certificate"))
    }

    /// A file that it serves.
    pub(crate) fn served(&self, name: &str) -> PathBuf {
        self.folder.path().join("www").join(name)
    }

    /// A file that was sent to it.
    pub(crate) fn stored(&self, name: &str) -> PathBuf {
        self.folder.path().join("stored").join(name)
    }

    pub(crate) fn holds(&self, name: &str, content: &[u8]) {
        let file = self.served(name);
        fs::create_dir_all(file.parent().expect("a folder")).unwrap();
        fs::write(file, content).unwrap();
    }

    /// The requests so far, at least `count`: it writes a line when an answer is over.
    #[track_caller]
    pub(crate) fn seen(&self, count: usize) -> Vec<Value> {
        lines(&self.folder.path().join("seen.log"), count)
    }

    /// The same, exactly so many, and forgets them.
    #[track_caller]
    pub(crate) fn takes<const COUNT: usize>(&self) -> [Value; COUNT] {
        let seen = self.seen(COUNT);
        // it appends, so this is where it goes on
        fs::write(self.folder.path().join("seen.log"), "").unwrap();
        seen.try_into().unwrap_or_else(|seen| panic!("{COUNT} requests: {seen:#?}"))
    }

    /// Forgets what it has seen.
    pub(crate) fn forgets(&self) {
        fs::write(self.folder.path().join("seen.log"), "").unwrap();
    }
}

#[track_caller]
fn lines(log: &Path, count: usize) -> Vec<Value> {
    wait_until("the log of nginx", LIMIT, || {
        let text = fs::read_to_string(log).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = whole.map(|line| serde_json::from_str(line).expect("JSON"));
        let lines: Vec<Value> = lines.collect();
        (lines.len() >= count).then_some(lines)
    })
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if thread::panicking() {
            for name in ["error.log", "seen.log"] {
                let log = fs::read(self.folder.path().join(name)).unwrap_or_default();
                eprintln!("--- {name} of nginx\n{}", String::from_utf8_lossy(&log));
            }
        }
    }
}

const CONFIG: &str = r#"
daemon off;
master_process off;
pid FOLDER/nginx.pid;
events { worker_connections 256; }
http {
    log_format seen escape=json '{"port":$server_port,"from":"$remote_addr","line":"$request",'
        '"method":"$request_method","status":$status,"connection":$connection,'
        '"requests":$connection_requests,"received":$request_length,"sent":$body_bytes_sent,'
        '"host":"$http_host","agent":"$http_user_agent","authorization":"$http_authorization",'
        '"proxy_authorization":"$http_proxy_authorization","secret":"$http_x_secret",'
        '"via":"$http_via","range":"$http_range","if_range":"$http_if_range",'
        '"none_match":"$http_if_none_match","expect":"$http_expect","length":"$http_content_length",'
        '"coding":"$http_transfer_encoding","tls":"$ssl_protocol"}';
    access_log FOLDER/seen.log seen;
    client_body_temp_path FOLDER/bodies;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    client_max_body_size 0;
    types { text/plain txt; }
    default_type application/octet-stream;
    keepalive_requests 10000;
    limit_req_zone $binary_remote_addr zone=rare:1m rate=2r/s;
    server { listen 127.0.0.1:PORT; LOCATIONS }
    server { listen 127.0.0.1:OTHER; LOCATIONS }
    SERVERS
}
"#;

const LOCATIONS: &str = r#"
    root FOLDER/www;
    location / {
        limit_rate $http_x_rate;
        limit_rate_after $http_x_after;
    }
    location /dated/ {
        alias FOLDER/www/;
        etag off;
        limit_rate $http_x_rate;
        limit_rate_after $http_x_after;
    }
    location /chunked/ {
        alias FOLDER/www/;
        add_trailer X-End "there";
    }
    location /rewritten/ {
        alias FOLDER/www/;
        sub_filter_types *;
        sub_filter "this is nowhere in it" "";
    }
    location /coded/ {
        alias FOLDER/www/;
        gzip_static always;
    }
    location /announced/ {
        alias FOLDER/www/;
        add_header Repr-Digest $http_x_announce;
    }
    location /basic/ {
        alias FOLDER/www/;
        auth_basic "here";
        auth_basic_user_file FOLDER/users;
    }
    location /put/ {
        alias FOLDER/stored/;
        dav_methods PUT;
        create_full_put_path on;
    }
    location /put-basic/ {
        alias FOLDER/stored/;
        dav_methods PUT;
        auth_basic "here";
        auth_basic_user_file FOLDER/users;
    }
    location /put-small/ {
        alias FOLDER/stored/;
        dav_methods PUT;
        client_max_body_size 1m;
    }
    location /rare/ {
        alias FOLDER/www/;
        limit_req zone=rare;
        limit_req_status 429;
    }
    location /brief/ {
        alias FOLDER/www/;
        keepalive_timeout 200ms;
    }
    location = /loop { return 302 /loop; }
    location = /nowhere { return 302 ftp://127.0.0.1/f; }
    location = /downgrade { return 302 http://127.0.0.1:PORT/f; }
    location = /tempting { return 302 http://eve:stolen@127.0.0.1:OTHER/basic/f; }
    location = /relative { absolute_redirect off; return 302 /f; }
    location ~ ^/hops/x(x*)$ { return 302 /hops/$1; }
    location = /hops/ { return 302 /f; }
"#;
