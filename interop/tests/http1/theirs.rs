//! Servers and clients that somebody else wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, content, find, folder, free_tcp_port, run, wait_until};

use crate::LIMIT;
use crate::lists::{List, latin};

/// nginx, in a folder and at a port of its own.
///
/// | | |
/// |---|---|
/// | `/store/` | writes the body of any request into a file, and answers 200 |
/// | `/files/` | files: `empty`, `small.txt`, `large.bin` |
/// | `/listing/` | a list of files, made on the way |
/// | `/gzipped/`, `/trailers/` | the same files, in chunks |
/// | `/nothing` | 204 |
/// | `/ours/`, `/ours10/` | our server behind it, by HTTP/1.1 and by HTTP/1.0 |
pub(crate) struct Nginx {
    pub(crate) port: u16,
    folder: TempDir,
    _peer: Peer,
}

impl Nginx {
    /// With our server at `origin` behind it.
    pub(crate) fn start(origin: u16) -> Result<Self, Missing> {
        let nginx = find("nginx")?;
        let folder = folder();
        let files = folder.path().join("www/files");
        fs::create_dir_all(&files).expect("a folder");
        for (name, octets) in files_served() {
            fs::write(files.join(name), octets).expect("a file");
        }
        let (port, sink) = (free_tcp_port(), free_tcp_port());
        let path = folder.path().display().to_string();
        let config = CONFIG.replace("FOLDER", &path);
        let config = config.replace("PORT", &port.to_string());
        let config = config.replace("SINK", &sink.to_string());
        let config = config.replace("ORIGIN", &origin.to_string());
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config).expect("a file");
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        command.arg("-e").arg(folder.path().join("error.log"));
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(port);
        peer.wait_for_tcp(sink);
        Ok(Self { port, folder, _peer: peer })
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    /// What it wrote about `count` requests to `/store/`, once it has written it, and forgets it.
    #[track_caller]
    pub(crate) fn judgements(&self, count: usize) -> Vec<Value> {
        let log = self.folder.path().join("judged.log");
        let lines = wait_until("the log of nginx", LIMIT, || {
            let text = fs::read(&log).unwrap_or_default();
            let text = latin(&text);
            let lines: Vec<Value> = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .map(|line| serde_json::from_str(line).expect("JSON"))
                .collect();
            (lines.len() >= count).then_some(lines)
        });
        // it appends, so this is where it goes on
        fs::write(&log, "").expect("the log");
        lines
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read(self.folder.path().join("error.log")).unwrap_or_default();
            eprintln!("--- the log of nginx\n{}", latin(&log));
        }
    }
}

/// What nginx serves: names and content.
pub(crate) fn files_served() -> [(&'static str, Vec<u8>); 3] {
    let text = "All work and no play makes the test a dull test.\n".repeat(2000);
    [("empty", Vec::new()), ("small.txt", text.into_bytes()), ("large.bin", content(200_000))]
}

const CONFIG: &str = r#"
daemon off;
master_process off;
error_log FOLDER/error.log info;
pid FOLDER/nginx.pid;
events { worker_connections 256; }
http {
    log_format judged escape=json '{"line":"$request","status":"$status","length":"$request_length",'
        '"file":"$request_body_file","host":"$http_host","framed":"$content_length",'
        '"coded":"$http_transfer_encoding","judged":"$http_x_judged"}';
    access_log off;
    client_body_temp_path FOLDER/bodies;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    client_max_body_size 0;
    large_client_header_buffers 4 8k;
    types { text/plain txt; }
    default_type application/octet-stream;
    upstream ours {
        server 127.0.0.1:ORIGIN;
        keepalive 4;
    }
    server {
        listen 127.0.0.1:SINK;
        location / { return 200 "stored\n"; }
    }
    server {
        listen 127.0.0.1:PORT;
        root FOLDER/www;
        keepalive_requests 10000;
        location /store/ {
            access_log FOLDER/judged.log judged;
            client_body_in_file_only on;
            proxy_pass http://127.0.0.1:SINK;
        }
        location /listing/ {
            alias FOLDER/www/files/;
            autoindex on;
        }
        location /gzipped/ {
            alias FOLDER/www/files/;
            gzip on;
            gzip_types *;
        }
        location /trailers/ {
            alias FOLDER/www/files/;
            add_trailer X-Sum "$body_bytes_sent";
            add_trailer X-Place behind;
        }
        location = /nothing { return 204; }
        location /ours/ {
            proxy_pass http://ours/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
        location /ours10/ {
            proxy_pass http://127.0.0.1:ORIGIN/;
        }
    }
}
"#;

/// A response as curl has it.
#[derive(Clone, Debug)]
pub(crate) struct Curled {
    pub(crate) status: u16,
    /// How many connections it made.
    pub(crate) connects: u32,
    pub(crate) fields: List,
    pub(crate) body: Vec<u8>,
}

/// Runs curl for one URL.
#[track_caller]
pub(crate) fn curl(program: &Path, arguments: &[&str], url: &str) -> Curled {
    let mut all = [arguments, &[url]].concat();
    all.retain(|argument| !argument.is_empty());
    let mut responses = curl_many(program, &all, 1);
    responses.remove(0)
}

/// Runs curl for several URLs, with `--next` or without.
#[track_caller]
pub(crate) fn curl_many(program: &Path, arguments: &[&str], count: usize) -> Vec<Curled> {
    let folder = folder();
    let mut command = Command::new(program);
    // each group of options that --next begins has to have these
    for group in arguments.split(|argument| *argument == "--next") {
        if command.get_args().next().is_some() {
            command.arg("--next");
        }
        command.args(["--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]);
        command.args(["--write-out", "%{http_code} %{num_connects} %{filename_effective}\\n"]);
        let urls = group.iter().filter(|argument| argument.starts_with("http://")).count();
        for _ in 0..urls {
            let number = command.get_args().filter(|argument| *argument == "-o").count();
            command.arg("-o").arg(folder.path().join(format!("body{number}")));
        }
        command.arg("-D").arg(folder.path().join("heads"));
        command.args(group);
    }
    let ended = run(&mut command, LIMIT).expect_success();
    let heads = fs::read(folder.path().join("heads")).unwrap_or_default();
    let heads = latin(&heads);
    let mut finals = heads
        .split("\r\n\r\n")
        .filter(|head| head.starts_with("HTTP/1.") && !head["HTTP/1.x ".len()..].starts_with('1'));
    let stdout = ended.stdout();
    let responses: Vec<Curled> = stdout
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [status, connects, file] = words[..] else { panic!("{line}") };
            let fields = finals.next().unwrap_or_default().lines().skip(1);
            let fields = fields.filter_map(|line| line.split_once(": "));
            Curled {
                status: status.parse().expect("a number"),
                connects: connects.parse().expect("a number"),
                fields: fields.map(|(name, value)| (name.into(), value.into())).collect(),
                // nothing is written for a response without content
                body: fs::read(file).unwrap_or_default(),
            }
        })
        .collect();
    assert_eq!(responses.len(), count, "{ended}");
    responses
}

/// Runs `command` with `input` as its standard input: what it wrote, octet by octet.
#[track_caller]
pub(crate) fn piped(program: &Path, arguments: &[&str], input: &[u8]) -> (i32, Vec<u8>, String) {
    let folder = folder();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&from, input).expect("a file");
    let mut command = Command::new("sh");
    command.args(["-c", "from=$1 to=$2; shift 2; exec \"$@\" <\"$from\" >\"$to\"", "sh"]);
    command.arg(&from).arg(&to).arg(program).args(arguments);
    let ended = run(&mut command, LIMIT);
    let code = ended.code().unwrap_or_else(|| panic!("{ended}"));
    (code, fs::read(&to).expect("its output"), ended.stderr())
}

/// Python, with its standard library.
pub(crate) fn python() -> Result<PathBuf, Missing> {
    find("python3")
}

/// Python with h11, at the version that it was tried with.
pub(crate) fn h11_python() -> Result<PathBuf, Missing> {
    find("h11-python")
}
