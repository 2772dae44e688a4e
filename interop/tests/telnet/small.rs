//! echo, discard, daytime, chargen and time, asked by programs that know them.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wirelore_interop::{Namespace, Peer, built_command, digest, find, folder, require, run, text};

use crate::LIMIT;
use crate::clients::piped;
use crate::expect::Terminal;
use crate::ours::Server;
use crate::theirs::{busybox, inetutils_telnet};

/// Everything comes back, and then the connection ends.
#[test]
fn echo_gives_back_what_it_gets() {
    let (socat, ncat) = (require!(find("socat")), require!(find("ncat")));
    let server = Server::of(&["echo", "echo-udp", "discard"]);
    let at = |protocol: &str| server.address(protocol).to_string();
    let port = |protocol: &str| server.address(protocol).port().to_string();
    let sent = String::from_utf8(text(100_000)).unwrap().replace('\0', "\u{e9}");
    // written by the shell in one piece, which may have that length
    let sent = &sent[..sent.floor_char_boundary(90_000)];
    let tcp =
        |protocol: &str| ["-t", "20", "-", &format!("TCP:{}", at(protocol))].map(str::to_owned);
    let ended = piped(sent, &socat, &tcp("echo")).expect_success();
    assert_eq!(digest(ended.stdout().as_bytes()), digest(sent.as_bytes()));
    let ended = piped(sent, &ncat, &["127.0.0.1".into(), port("echo")]).expect_success();
    assert_eq!(digest(ended.stdout().as_bytes()), digest(sent.as_bytes()));
    let ended = piped(sent, &socat, &tcp("discard")).expect_success();
    assert_eq!(ended.stdout(), "");
    let udp = ["-t", "1", "-", &format!("UDP:{}", at("echo-udp"))].map(str::to_owned);
    assert_eq!(piped("one datagram", &socat, &udp).expect_success().stdout(), "one datagram");
}

/// The client of inetutils, at a port that is not TELNET's, is a terminal for text.
#[test]
fn daytime_and_chargen_are_shown() {
    let (terminal, telnet) = (require!(Terminal::new()), require!(inetutils_telnet()));
    let server = Server::of(&["daytime", "chargen"]);
    let program = |protocol: &str| {
        let mut program = Command::new(&telnet);
        program.args(["127.0.0.1", &server.address(protocol).port().to_string()]);
        program
    };
    let script = r#"
        hear "Escape character is"
        expect {
            -re {\n[A-Z][a-z]+day, [A-Z][a-z]+ [0-9]+, 20[0-9][0-9] [0-9:]+-[^\r\n]+\r\n} {}
            timeout { fail "no time" }
        }
        hear "Connection closed by foreign host."
        gone"#;
    terminal.session(&program("daytime"), "", script).expect_success();
    let script = r##"
        hear {!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefg}
        hear {"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefgh}
        set log_user 0
        log_user 0
        say "\x1d"
        hear "telnet> "
        say "quit\r"
        gone"##;
    terminal.session(&program("chargen"), "", script).expect_success();
}

/// Both transports, at the ports that clients know: busybox asks over TCP, socat over UDP.
#[test]
fn time_is_the_time() {
    let (busybox, socat) = (require!(busybox("rdate")), require!(find("socat")));
    let namespace = require!(Namespace::new());
    let folder = folder();
    let mut server = namespace.command(built_command());
    server.args(["serve", "--only", "time", "--standard-ports", "--json"]).arg(folder.path());
    let mut server = Peer::start(&mut server);
    server.wait_for_line("{\"event\":\"ready\"");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let is_now = |seconds: u64, what: &str| {
        let off = Duration::from_secs(seconds).abs_diff(now);
        assert!(off < Duration::from_secs(300), "{off:?} off: {what}");
    };
    let mut rdate = namespace.command(busybox);
    let said = run(rdate.args(["rdate", "-p", "127.0.0.1"]).env("TZ", "UTC"), LIMIT);
    let said = said.expect_success().stdout();
    let mut date = Command::new("date");
    let date = run(date.args(["-u", "-d", said.trim(), "+%s"]), LIMIT).expect_success().stdout();
    is_now(date.trim().parse().unwrap(), &said);
    let mut ask = namespace.command("sh");
    let script = r#"printf x | "$1" -t 1 - UDP:127.0.0.1:37 | od -An -tu1"#;
    let said = run(ask.args(["-c", script, "sh"]).arg(socat), LIMIT).expect_success().stdout();
    let octets: Vec<u64> = said.split_whitespace().map(|octet| octet.parse().unwrap()).collect();
    assert_eq!(octets.len(), 4, "{said}");
    // from 1900, as RFC 868 has it
    let seconds = octets.iter().fold(0, |seconds, octet| seconds << 8 | octet);
    is_now(seconds - 2_208_988_800, &said);
}
