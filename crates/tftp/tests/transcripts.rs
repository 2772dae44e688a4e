//! Conversations as the RFCs print them, played by both sides.
//!
//! ```text
//! client: get foofile octet blksize=1432       what the client is asked to do, and its options
//! file: 1432 3000                              block size and length of a file of letters
//! C: RRQ foofile octet blksize=1432            a packet of the client
//! S: OACK blksize=1432                         a packet of the server
//! S: DATA 2 b*512 (lost)                       one that does not arrive
//! S times out                                  the server's time passes to its next timeout
//! ```
//! Whatever a machine sends must be the next packet of its side; at the end nothing is left over.

#[allow(dead_code)]
#[path = "rules/rig.rs"]
mod rig;
mod words;

use rig::{Answer, CLIENT, Rig, SERVER, Server, letters};
use std::collections::VecDeque;
use wirelore_tftp::{Client, ClientConfig, Demux, Grant, Mode, ServerConfig, Slot};

#[test]
fn rfc_1350_reading() {
    play(include_str!("data/transcripts/rfc1350-read.txt"));
}

#[test]
fn rfc_1350_writing() {
    play(include_str!("data/transcripts/rfc1350-write.txt"));
}

/// The examples of RFC 2347.
#[test]
fn rfc_2347_reading() {
    play(include_str!("data/transcripts/rfc2347-read.txt"));
}

#[test]
fn rfc_2347_writing() {
    play(include_str!("data/transcripts/rfc2347-write.txt"));
}

/// The example of RFC 1123 section 4.2.3.1, without the bug.
#[test]
fn rfc_1123_sorcerers_apprentice() {
    play(include_str!("data/transcripts/rfc1123-sorcerer.txt"));
}

/// The diagram of RFC 7440 section 4.
#[test]
fn rfc_7440_window() {
    play(include_str!("data/transcripts/rfc7440-window.txt"));
}

#[test]
fn every_first_packet_is_lost_once() {
    play(include_str!("data/transcripts/first-packets-lost.txt"));
    play(include_str!(
        "data/transcripts/first-packets-lost-write.txt"
    ));
}

#[test]
fn the_last_ack_is_lost() {
    play(include_str!("data/transcripts/last-ack-lost.txt"));
}

fn play(text: &str) {
    let lines = || {
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    let head = |key: &str| lines().find_map(|line| line.strip_prefix(key)).expect(key);
    let file: Vec<usize> = (head("file: ").split(' '))
        .map(|word| word.parse().unwrap())
        .collect();
    let file = letters(file[0], file[1]);

    let task: Vec<&str> = head("client: ").split(' ').collect();
    let (name, config) = (task[1].as_bytes(), config(&task[3..]));
    let mode = Mode::of(task[2].as_bytes());
    let size = Some(file.len() as u64);
    let reads = task[0] == "get";
    let client = if reads {
        Client::get(SERVER, name, mode, config).unwrap()
    } else {
        Client::put(SERVER, name, mode, size, config).unwrap()
    };
    let mut client = Rig::new(client, file.clone(), SERVER);
    let server: Server = Demux::new(ServerConfig::default(), vec![Slot::default()]);
    let mut server = Rig::new(server, file.clone(), CLIENT);
    server.desk.answer = Answer::Accept(Grant::read(size));

    let mut said = [VecDeque::from(client.sends()), VecDeque::new()];
    for line in lines().filter(|line| !line.contains("client: ") && !line.contains("file: ")) {
        match line {
            "C times out" => said[0].extend(client.times_out().1),
            "S times out" => said[1].extend(server.times_out().1),
            _ => {
                let from = usize::from(line.starts_with("S: "));
                let packet = line[3..].trim_end_matches(" (lost)");
                assert_eq!(said[from].pop_front().as_deref(), Some(packet), "{line}");
                if !line.ends_with(" (lost)") {
                    let answers = match from {
                        0 => server.hears(packet),
                        _ => client.hears(packet),
                    };
                    said[1 - from].extend(answers);
                }
            }
        }
    }
    assert_eq!(said, [[""; 0], [""; 0]], "more was sent");
    let complete = format!("complete {}", file.len());
    assert_eq!(client.told().last(), Some(&complete), "client");
    assert_eq!(server.told().last(), Some(&complete), "server");
    let received = if reads {
        client.desk.received
    } else {
        server.desk.received
    };
    assert_eq!(received, file);
}

fn config(options: &[&str]) -> ClientConfig {
    let mut config = ClientConfig::plain();
    for option in options {
        let (name, value) = option.split_once('=').unwrap();
        let value: u16 = value.parse().unwrap();
        match name {
            "blksize" => config.blksize = Some(value),
            "windowsize" => config.windowsize = Some(value),
            "timeout" => config.timeout = Some(value as u8),
            "tsize" => config.tsize = true,
            other => panic!("{other}"),
        }
    }
    config
}
