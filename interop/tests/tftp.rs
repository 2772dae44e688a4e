//! TFTP: our server against four clients, our client against three servers, and ours against ours.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use wirelore_interop::{
    Ended, Missing, Namespace, Peer, built_example, content, digest_of, find, find_saying, folder,
    free_udp_port, require, run, text, wait_until,
};

/// Around the borders of a block of 512 octets, and far enough beyond 65535 blocks for the block
/// number to wrap.
const SIZES: [usize; 6] = [0, 1, 511, 512, 513, 33 << 20];

/// What a transfer may take.
const LIMIT: Duration = Duration::from_secs(60);

/// With a blank, with octets outside ASCII, and with what a shell or an address would read.
const NAMES: [&str; 3] = ["two words", "grüße 文字", "100% #1?&.txt"];

/// Downloads of every size, through the wrap of the block number, are equal by digest.
#[test]
fn curl_gets_every_size() {
    gets_every_size(&require!(Client::curl()));
}

/// As above.
#[test]
fn tftp_hpa_gets_every_size() {
    gets_every_size(&require!(Client::tftp_hpa()));
}

/// As above.
#[test]
fn atftp_gets_every_size() {
    gets_every_size(&require!(Client::atftp()));
}

/// As above.
#[test]
fn busybox_gets_every_size() {
    gets_every_size(&require!(Client::busybox()));
}

/// Uploads of every size, through the wrap of the block number, are equal by digest.
#[test]
fn curl_puts_every_size() {
    puts_every_size(&require!(Client::curl()));
}

/// As above.
#[test]
fn tftp_hpa_puts_every_size() {
    puts_every_size(&require!(Client::tftp_hpa()));
}

/// As above.
#[test]
fn atftp_puts_every_size() {
    puts_every_size(&require!(Client::atftp()));
}

/// As above.
#[test]
fn busybox_puts_every_size() {
    puts_every_size(&require!(Client::busybox()));
}

/// The smallest block, a usual one, and the largest, each as curl asks for it; and a client that
/// asks for no option at all.
#[test]
fn curl_gets_with_block_sizes() {
    let curl = require!(Client::curl());
    let server = Server::start(false);
    for (size, option) in [
        (8 * 70_000, &["--tftp-blksize", "8"][..]),
        (5 << 20, &["--tftp-blksize", "1428"]),
        (5 << 20, &["--tftp-blksize", "65464"]),
        (100_000, &["--tftp-no-options"]),
    ] {
        let file = server.holds("f", &content(size));
        let copy = server.copy("f");
        run(curl.get(&server, "f", &copy).args(option), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{option:?}");
    }
}

/// Windows of 16 blocks in both directions: the answer grants what was asked, and 33 MiB arrive.
#[test]
fn atftp_transfers_with_windows() {
    let atftp = require!(Client::atftp());
    let server = Server::start(true);
    let file = server.holds("f", &content(33 << 20));
    let copy = server.copy("f");
    for mut command in [atftp.get(&server, "f", &copy), atftp.put(&server, "back", &file)] {
        command.args(["--trace", "--option", "windowsize 16", "--option", "blksize 512"]);
        let ended = run(&mut command, LIMIT).expect_success();
        let trace = ended.stderr();
        let granted = trace.lines().find(|line| line.starts_with("received OACK"));
        let granted = granted.unwrap_or_else(|| panic!("no OACK: {ended}"));
        for option in ["windowsize: 16", "blksize: 512"] {
            assert!(granted.contains(option), "{granted}");
        }
    }
    assert_eq!(digest_of(&copy), digest_of(&file));
    server.receives("back", &file);
}

/// Text with bare CR, bare LF and NUL in every pair survives the conversion to netascii and back,
/// in both directions.
#[test]
fn tftp_hpa_transfers_netascii() {
    let tftp = require!(Client::tftp_hpa());
    let server = Server::start(true);
    for size in [0, 1, 510, 511, 512, 513, 200_000] {
        let file = server.holds("f", &text(size));
        let copy = server.copy("f");
        run(&mut tftp.hpa(&server, "ascii", &["get", "f", utf8(&copy)]), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "get {size}");
        run(&mut tftp.hpa(&server, "ascii", &["put", utf8(&file), "back"]), LIMIT).expect_success();
        server.receives("back", &file);
    }
}

/// File names are octets: neither blanks nor UTF-8 disturb, in both directions.
#[test]
fn names_with_blanks_and_utf_8() {
    let clients = [
        require!(Client::curl()),
        require!(Client::tftp_hpa()),
        require!(Client::atftp()),
        require!(Client::busybox()),
    ];
    let server = Server::start(true);
    for client in clients {
        for name in NAMES {
            let file = server.holds(name, name.as_bytes());
            let copy = server.copy("copy");
            run(&mut client.get(&server, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&file), "{client:?} get {name}");
            fs::remove_file(&file).unwrap();
            run(&mut client.put(&server, name, &copy), LIMIT).expect_success();
            server.receives(name, &copy);
            fs::remove_file(&copy).unwrap();
        }
    }
}

/// RFC 1350: error 1, file not found.
#[test]
fn a_missing_file_is_error_1() {
    let clients =
        [require!(Client::curl()), require!(Client::tftp_hpa()), require!(Client::busybox())];
    let server = Server::start(false);
    for client in clients {
        let ended = run(&mut client.get(&server, "missing", &server.copy("f")), LIMIT);
        client.was_refused(&ended, 1);
    }
}

/// What is not beneath the served folder is refused with error 2, access violation: by `..` and by
/// symbolic links, for reading and for writing. An absolute name is one beneath the served folder.
#[test]
fn the_served_folder_is_not_left() {
    let clients =
        [require!(Client::curl()), require!(Client::tftp_hpa()), require!(Client::busybox())];
    let server = Server::start(true);
    let outside = server.folder.path();
    let secret = outside.join("secret");
    fs::write(&secret, "secret").unwrap();
    fs::create_dir(server.path("sub")).unwrap();
    symlink(outside, server.path("away")).unwrap();
    symlink(&secret, server.path("link")).unwrap();
    let before = fs::read_dir(outside).unwrap().count();
    let mine = server.holds("sub/mine", b"mine");
    let (absolute, copy) = (utf8(&secret), outside.join("copies/stolen"));
    for client in clients {
        for (name, code) in [
            ("../secret", 2),
            ("sub/../../secret", 2),
            ("/../secret", 2),
            ("away/secret", 2),
            ("link", 2),
            (absolute, 1),
        ] {
            let ended = run(&mut client.get(&server, name, &copy), LIMIT);
            client.was_refused(&ended, code);
            assert_eq!(fs::read(&copy).unwrap_or_default(), b"", "{ended}");
        }
        for name in ["../evil", "../secret", "sub/../../evil", "away/evil", "away/secret"] {
            let ended = run(&mut client.put(&server, name, &mine), LIMIT);
            client.was_refused(&ended, 2);
        }
    }
    assert_eq!(fs::read_dir(outside).unwrap().count(), before, "something was written outside");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
}

/// Without `--upload` nothing is written: neither a new file nor over one that is there. Error 2,
/// access violation.
#[test]
fn uploads_are_refused_by_default() {
    let clients =
        [require!(Client::curl()), require!(Client::tftp_hpa()), require!(Client::busybox())];
    let server = Server::start(false);
    let here = server.holds("here", b"here");
    let mine = server.copy("mine");
    fs::write(&mine, "mine").unwrap();
    for client in clients {
        for name in ["here", "new"] {
            let ended = run(&mut client.put(&server, name, &mine), LIMIT);
            client.was_refused(&ended, 2);
        }
    }
    assert_eq!(fs::read(here).unwrap(), b"here");
    assert_eq!(fs::read_dir(server.path("")).unwrap().count(), 1);
}

/// Twelve clients at once, half of them uploading, do not disturb each other.
#[test]
fn many_clients_at_once() {
    let curl = require!(Client::curl());
    let server = Server::start(true);
    let files: Vec<_> =
        (0..12_usize).map(|n| server.holds(&format!("f{n}"), &content(2_000_000 + n))).collect();
    thread::scope(|scope| {
        for (n, file) in files.iter().enumerate() {
            let (curl, server) = (&curl, &server);
            scope.spawn(move || {
                let name = format!("f{n}");
                if n % 2 == 0 {
                    let copy = server.copy(&name);
                    run(&mut curl.get(server, &name, &copy), LIMIT).expect_success();
                    assert_eq!(digest_of(&copy), digest_of(file), "{name}");
                } else {
                    let back = format!("back{n}");
                    run(&mut curl.put(server, &back, file), LIMIT).expect_success();
                    server.receives(&back, file);
                }
            });
        }
    });
}

/// Our client and our server understand each other: every size, with every kind of option, and
/// text by netascii.
#[test]
fn ours_against_ours() {
    let server = Server::start(false);
    let ours = Ours::new(&server.address());
    ours.gets_every_size(&server.folder.path().join("served"));
    for options in [
        &["--windowsize", "16"][..],
        &["--blksize", "8", "--windowsize", "64"],
        &["--blksize", "65464", "--windowsize", "4"],
    ] {
        ours.gets(&server.holds("f", &content(1 << 20)), options);
    }
    ours.gets(&server.holds("f", &text(200_000)), &["--netascii"]);
    for name in NAMES {
        ours.gets(&server.holds(name, name.as_bytes()), &[]);
    }
    ours.is_told_that_a_file_is_missing();
}

/// Our client gets every size, options, names and netascii from tftp-hpa's server, on port 69, which
/// it takes when the address names none.
#[test]
fn tftp_hpa_serves_our_client() {
    let program = require!(find("in.tftpd"));
    let namespace = require!(Namespace::new());
    let served = folder();
    let mut server = namespace.command(program);
    server.args(["-L", "-4", "-a", "127.0.0.1:69", "-s"]).arg(served.path());
    let mut server = Peer::start(&mut server);
    server.wait_for_udp(69);
    let ours = Ours { namespace: Some(namespace), ..Ours::new("127.0.0.1") };
    ours.gets_every_size(served.path());
    ours.gets(&holds(served.path(), "f", &text(200_000)), &["--netascii"]);
}

/// Our client gets every size, options, names and netascii from atftpd, and windows of 16 blocks.
#[test]
fn atftpd_serves_our_client() {
    let program = require!(find("atftpd"));
    let (served, port) = (folder(), free_udp_port());
    let mut server = Command::new(program);
    server.args(["--daemon", "--no-fork", "--bind-address", "127.0.0.1", "--logfile", "-"]);
    server.args(["--port", &port.to_string()]).arg(served.path());
    let mut server = Peer::start(&mut server);
    server.wait_for_udp(port);
    let ours = Ours::new(&format!("127.0.0.1:{port}"));
    ours.gets_every_size(served.path());
    ours.gets(&holds(served.path(), "f", &text(200_000)), &["--netascii"]);
    for blksize in ["512", "1428"] {
        let file = holds(served.path(), "f", &content(33 << 20));
        let ended = ours.gets(&file, &["--blksize", blksize, "--windowsize", "16"]);
        assert!(ended.stdout().contains("windowsize: 16"), "not granted: {ended}");
    }
}

/// Our client gets every size, options and names from dnsmasq, which has no port but 69.
#[test]
fn dnsmasq_serves_our_client() {
    let program = require!(find("dnsmasq"));
    let namespace = require!(Namespace::new());
    let served = folder();
    let mut server = namespace.command(program);
    server.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--enable-tftp"]);
    server.args(["--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--group="]);
    server.args(["--pid-file=", "--log-facility=-"]);
    server.arg(format!("--tftp-root={}", utf8(served.path())));
    let mut server = Peer::start(&mut server);
    server.wait_for_udp(69);
    let ours = Ours { namespace: Some(namespace), ..Ours::new("127.0.0.1:69") };
    ours.gets_every_size(served.path());
}

#[track_caller]
fn gets_every_size(client: &Client) {
    let server = Server::start(false);
    for size in SIZES {
        let file = server.holds("f", &content(size));
        let copy = server.copy("f");
        let mut get = client.get(&server, "f", &copy);
        if size == 0 && matches!(client.kind, Kind::Curl) {
            // curl 7.88 gives up when it is told that a file is empty, whichever server says so.
            get.arg("--tftp-no-options");
        }
        let ended = run(&mut get, LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file), "{size} octets: {ended}");
    }
}

#[track_caller]
fn puts_every_size(client: &Client) {
    let server = Server::start(true);
    for size in SIZES {
        let file = server.copy("f");
        fs::write(&file, content(size)).unwrap();
        run(&mut client.put(&server, "f", &file), LIMIT).expect_success();
        server.receives("f", &file);
    }
    assert_eq!(fs::read_dir(server.path("")).unwrap().count(), 1, "only the file remains");
}

/// The example server.
struct Server {
    /// With `served` and `copies` in it.
    folder: TempDir,
    port: String,
    _peer: Peer,
}

impl Server {
    fn start(upload: bool) -> Self {
        let folder = folder();
        let served = folder.path().join("served");
        for name in ["served", "copies"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut command = Command::new(built_example("tftpd_blocking"));
        command.args(["--bind", "127.0.0.1:0"]).arg(served);
        command.args(upload.then_some("--upload"));
        let mut peer = Peer::start(&mut command);
        let port = peer.wait_for_line("listening on 127.0.0.1:");
        Self { folder, port, _peer: peer }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it keeps what it calls `name`.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("served").join(name)
    }

    /// Waits until it has, as `name`, what is in the file `sent`: a client may be done with an upload
    /// a moment before the server has given it its name.
    #[track_caller]
    fn receives(&self, name: &str, sent: &Path) {
        let (arrived, sent) = (self.path(name), digest_of(sent));
        wait_until(&format!("the upload of {name}"), Duration::from_secs(10), || {
            (arrived.exists() && digest_of(&arrived) == sent).then_some(())
        });
    }

    /// Gives it a file.
    fn holds(&self, name: &str, content: &[u8]) -> PathBuf {
        holds(&self.folder.path().join("served"), name, content)
    }

    /// A place for a client's file, beside the served folder; what was there is gone.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join("copies").join(name);
        let _ = fs::remove_file(&copy);
        copy
    }
}

/// The example client.
struct Ours {
    program: PathBuf,
    namespace: Option<Namespace>,
    server: String,
    copies: TempDir,
}

impl Ours {
    fn new(server: &str) -> Self {
        let program = built_example("tftp_get_blocking");
        let (server, copies) = (server.into(), folder());
        Self { program, namespace: None, server, copies }
    }

    /// Every size at 512 octets a block, then large and no options, then names, then an error.
    #[track_caller]
    fn gets_every_size(&self, served: &Path) {
        for size in SIZES {
            self.gets(&holds(served, "f", &content(size)), &["--blksize", "512"]);
        }
        let file = holds(served, "f", &content(5 << 20));
        self.gets(&file, &[]);
        self.gets(&file, &["--blksize", "65464"]);
        for name in NAMES {
            self.gets(&holds(served, name, name.as_bytes()), &[]);
        }
        self.is_told_that_a_file_is_missing();
    }

    /// Fetches `file` by its name and compares the digests.
    #[track_caller]
    fn gets(&self, file: &Path, options: &[&str]) -> Ended {
        let copy = self.copies.path().join("copy");
        let _ = fs::remove_file(&copy);
        let name = utf8(Path::new(file.file_name().unwrap()));
        let ended = self.runs(name, &copy, options).expect_success();
        assert_eq!(digest_of(&copy), digest_of(file), "{options:?}: {ended}");
        ended
    }

    /// RFC 1350: error 1, file not found; and nothing remains of the attempt.
    #[track_caller]
    fn is_told_that_a_file_is_missing(&self) {
        let copy = self.copies.path().join("copy");
        let _ = fs::remove_file(&copy);
        let ended = self.runs("missing", &copy, &[]).expect_code(1);
        assert!(ended.stderr().contains("error 1 "), "{ended}");
        assert_eq!(fs::read_dir(self.copies.path()).unwrap().count(), 0);
    }

    #[track_caller]
    fn runs(&self, name: &str, copy: &Path, options: &[&str]) -> Ended {
        let mut command = match &self.namespace {
            Some(namespace) => namespace.command(&self.program),
            None => Command::new(&self.program),
        };
        command.arg(format!("tftp://{}/{name}", self.server)).arg(copy);
        run(command.args(options), LIMIT)
    }
}

/// A client that somebody else wrote.
#[derive(Debug)]
struct Client {
    program: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Curl,
    TftpHpa,
    Atftp,
    Busybox,
}

impl Client {
    fn curl() -> Result<Self, Missing> {
        Ok(Self { program: find_saying("curl", &["-V"], "tftp")?, kind: Kind::Curl })
    }

    fn tftp_hpa() -> Result<Self, Missing> {
        Ok(Self { program: find_saying("tftp", &["-V"], "tftp-hpa")?, kind: Kind::TftpHpa })
    }

    fn atftp() -> Result<Self, Missing> {
        Ok(Self { program: find("atftp")?, kind: Kind::Atftp })
    }

    fn busybox() -> Result<Self, Missing> {
        let program = find_saying("busybox", &["--list"], "\ntftp\n")?;
        Ok(Self { program, kind: Kind::Busybox })
    }

    /// Fetches the server's file `name` into the file `local`.
    fn get(&self, server: &Server, name: &str, local: &Path) -> Command {
        match self.kind {
            Kind::Curl => self.curl_with(server, name, "--output", local),
            Kind::TftpHpa => self.hpa(server, "binary", &["get", name, utf8(local)]),
            Kind::Atftp => self.with_flags(server, &["--get"], name, local),
            Kind::Busybox => self.with_flags(server, &["tftp", "-g"], name, local),
        }
    }

    /// Sends the file `local`, which the server is to call `name`.
    fn put(&self, server: &Server, name: &str, local: &Path) -> Command {
        match self.kind {
            Kind::Curl => self.curl_with(server, name, "--upload-file", local),
            Kind::TftpHpa => self.hpa(server, "binary", &["put", utf8(local), name]),
            Kind::Atftp => self.with_flags(server, &["--put"], name, local),
            Kind::Busybox => self.with_flags(server, &["tftp", "-p"], name, local),
        }
    }

    /// That the server answered with ERROR `code`, which is all that is said about it: tftp-hpa's
    /// exit status is 0, and atftp does not show the code.
    #[track_caller]
    fn was_refused(&self, ended: &Ended, code: i32) {
        let (said, sign) = match self.kind {
            // CURLE_TFTP_NOTFOUND, CURLE_TFTP_PERM, ... in the order of the protocol's codes
            Kind::Curl => (format!("{:?}", ended.code()), format!("Some({})", 67 + code)),
            Kind::TftpHpa => (ended.stdout() + &ended.stderr(), format!("Error code {code}:")),
            Kind::Busybox => (ended.stderr(), format!("server error: ({code})")),
            Kind::Atftp => unreachable!("atftp does not show the code"),
        };
        assert!(said.contains(&sign), "wanted {sign}: {ended}");
    }

    fn curl_with(&self, server: &Server, name: &str, flag: &str, local: &Path) -> Command {
        let name: String = name.bytes().map(|octet| format!("%{octet:02x}")).collect();
        let mut command = Command::new(&self.program);
        command.args(["--silent", "--show-error", "--path-as-is", "--max-time", "50", flag]);
        command.arg(local).arg(format!("tftp://{}/{name}", server.address()));
        command
    }

    fn hpa(&self, server: &Server, mode: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-m", mode, "127.0.0.1", &server.port, "-c"]).args(args);
        command
    }

    fn with_flags(&self, server: &Server, flags: &[&str], name: &str, local: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(flags).args(["-r", name, "-l", utf8(local), "127.0.0.1", &server.port]);
        command
    }
}

/// Puts a file into a folder.
fn holds(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, content).unwrap();
    file
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
