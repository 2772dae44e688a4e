//! Wireshark as a judge: it reads the capture of a session, and calls what was negotiated what we call
//! it.

use std::process::Command;

use wirelore_interop::{Namespace, Peer, built_command, find, folder, require, run, wait_until};

use crate::LIMIT;
use crate::expect::Terminal;
use crate::theirs::{Telnetd, inetutils_telnet};

/// What we call an option, and what Wireshark calls it.
const NAMES: [(&str, &str); 13] = [
    ("BINARY", "Binary Transmission"),
    ("ECHO", "Echo"),
    ("SGA", "Suppress Go Ahead"),
    ("STATUS", "Status"),
    ("TTYPE", "Terminal Type"),
    ("NAWS", "Negotiate About Window Size"),
    ("TSPEED", "Terminal Speed"),
    ("LFLOW", "Remote Flow Control"),
    ("LINEMODE", "Linemode"),
    ("XDISPLOC", "X Display Location"),
    ("ENCRYPT", "Encryption Option"),
    ("OLD-ENVIRON", "Environment Option"),
    ("NEW-ENVIRON", "New Environment Option"),
];

/// A session with everything in it, as the capture has it and as `-v` told it.
#[test]
fn wireshark_reads_a_session_as_we_do() {
    let (terminal, tshark) = (require!(Terminal::new()), require!(find("tshark")));
    let telnetd = require!(Telnetd::start());
    let folder = folder();
    let capture = folder.path().join("session.pcapng");
    let mut program = Command::new(built_command());
    program.args(["telnet", "-v", "-l", "bob", "--pcap"]).arg(&capture);
    program.args(["127.0.0.1", &telnetd.port]);
    let script = r#"
        hear "ready\r\n"
        until_terminal_has {\-icanon}
        say "hello\r"
        hear "heard <hello>\r\n"
        resize 255 24
        foreach {command told} {
            ayt "SENT IAC AYT" ip "SENT IAC IP" ao "SENT IAC AO" synch "SENT IAC DM"
            {dont echo} "RCVD WONT ECHO" {do echo} "RCVD WILL ECHO"
            {wont naws} "SENT WONT NAWS" {will naws} "RCVD DO NAWS"
        } {
            say "\x1d"
            hear "wirelore telnet> "
            say "send $command\r"
            hear $told
            until_terminal_has {\-icanon}
        }
        # what AO has become there is no part of the next line
        say "\r"
        hear "heard <"
        say "size\r"
        hear "size "
        say "bye\r"
        hear "Connection closed by foreign host."
        gone"#;
    let ended = terminal.session(&program, "", script).expect_success();
    let told = ended.stdout();

    let judged = |arguments: &[&str]| {
        let mut command = Command::new(&tshark);
        command.arg("-r").arg(&capture);
        command.args(["-d", &format!("tcp.port=={},telnet", telnetd.port)]).args(arguments);
        run(&mut command, LIMIT).expect_success().stdout()
    };
    // The urgent octet of a Synch, IAC, travels alone, and Wireshark does not join it with what follows.
    let faults =
        "(_ws.malformed and tcp.len > 1) or tcp.analysis.flags or tcp.checksum.status == 0";
    assert_eq!(judged(&["-Y", faults]), "", "{}", capture.display());
    let details = judged(&["-O", "telnet", "-Y", "telnet"]);
    for text in ["Are You There?", "Interrupt Process", "Abort Output"] {
        assert!(details.contains(text), "{text}: {details}");
    }
    for (ours, sent) in [("SENT", true), ("RCVD", false)] {
        let (told, judged) = (told_by_us(&told, ours), told_by_wireshark(&details, sent));
        assert_eq!(told, judged, "{ours}");
        assert!(told.len() > 6, "{told:?}");
    }
}

/// What was negotiated one way, in Wireshark's words.
fn told_by_us(text: &str, way: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        let start = line.find(way)?;
        let mut words = line[start..].split_whitespace().skip(1);
        let verb = match words.next()? {
            "WILL" => "Will",
            "WONT" => "Won't",
            "DO" => "Do",
            "DONT" => "Don't",
            _ => return None,
        };
        let option = words.next()?;
        let name = NAMES.iter().find(|(ours, _)| *ours == option);
        Some(format!("{verb} {}", name.map_or(option, |(_, theirs)| theirs)))
    });
    lines.collect()
}

fn told_by_wireshark(details: &str, sent: bool) -> Vec<String> {
    let mut is_sent = false;
    let mut said = Vec::new();
    for line in details.lines() {
        if line.starts_with("Frame ") {
            is_sent = line.contains("(outbound)");
        }
        let verb = ["    Will ", "    Won't ", "    Do ", "    Don't "];
        if is_sent == sent && verb.iter().any(|verb| line.starts_with(verb)) {
            said.push(line.trim().to_owned());
        }
    }
    said
}

/// On the wire itself, a Synch is urgent, and its mark stands where the client of inetutils puts it: at
/// the IAC before the Data Mark. A server that knows nothing of urgent data does not receive the marked
/// octet, and without DM it would join IAC with what follows.
#[test]
fn a_synch_is_urgent_on_the_wire() {
    let (terminal, tshark) = (require!(Terminal::new()), require!(find("tshark")));
    let telnet = require!(inetutils_telnet());
    let namespace = require!(Namespace::new());
    let mut command = namespace.command(tshark);
    command.args(["-i", "lo", "-n", "-l", "-Y", "tcp.flags.urg == 1 and tcp.dstport != 0"]);
    command.args(["-T", "fields", "-E", "separator=,"]);
    for field in ["tcp.dstport", "tcp.urgent_pointer", "tcp.payload"] {
        command.args(["-e", field]);
    }
    let wire = Peer::start(&mut command);
    wait_until("the capture", LIMIT, || wire.stderr().contains("Capture started").then_some(()));
    let mut marks = Vec::new();
    let mut ours = Command::new(built_command());
    ours.arg("telnet");
    for mut program in [ours, Command::new(telnet)] {
        let telnetd = require!(Telnetd::inside(&namespace));
        program.args(["127.0.0.1", &telnetd.port]);
        let script = r#"
            hear "ready\r\n"
            until_terminal_has {\-icanon}
            say "\x1d"
            hear "telnet> "
            say "send synch\r"
            until_terminal_has {\-icanon}
            say "hello\r"
            hear "heard <hello>\r\n"
            say "bye\r"
            hear "Connection closed by foreign host."
            gone"#;
        terminal.session_inside(&namespace, &program, script).expect_success();
        let to = format!("{},", telnetd.port);
        marks.push(wait_until("the urgent segment", LIMIT, || {
            let seen = wire.stdout();
            let whole = seen.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            let found: Vec<_> = whole.filter_map(|line| line.strip_prefix(&to)).collect();
            (!found.is_empty()).then(|| found.join(" "))
        }));
    }
    assert_eq!(marks, ["1,ff", "1,ff"]);
}
