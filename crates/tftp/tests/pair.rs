//! The client against the server through two queues that lose nothing: every file arrives, in the
//! fewest packets that the options allow.

#[allow(dead_code)]
#[path = "rules/rig.rs"]
mod rig;
#[allow(dead_code)]
mod words;

use rig::{Answer, CLIENT, Rig, SERVER, Server};
use std::collections::VecDeque;
use wirelore_tftp::wire::OptionName;
use wirelore_tftp::{
    Client, ClientConfig, Demux, Grant, Mode, Rollover, ServerConfig, Slot, netascii,
};
use words::packet;

#[derive(Clone, Copy, Debug)]
struct Options {
    blksize: Option<u16>,
    windowsize: Option<u16>,
    tsize: bool,
    timeout: Option<u8>,
    rollover: Option<Rollover>,
    /// The server knows no options.
    ignored: bool,
}

const PLAIN: Options = Options {
    blksize: None,
    windowsize: None,
    tsize: false,
    timeout: None,
    rollover: None,
    ignored: false,
};

/// Moves `source` one way or the other; how many DATA packets and how many other packets it took.
fn transfer(options: Options, mode: Mode, write: bool, source: &[u8]) -> (usize, usize) {
    let mut config = ClientConfig::plain();
    config.blksize = options.blksize;
    config.windowsize = options.windowsize;
    config.tsize = options.tsize;
    config.timeout = options.timeout;
    config.rollover = options.rollover;
    let mut server = ServerConfig::default();
    if options.ignored {
        server.ignored_options = &OptionName::ALL;
    }
    let size = Some(match mode {
        Mode::Netascii => netascii::encoded_len(source),
        _ => source.len() as u64,
    });
    let client = if write {
        Client::put(SERVER, b"file", mode, size, config).unwrap()
    } else {
        Client::get(SERVER, b"file", mode, config).unwrap()
    };
    let mut client = Rig::new(client, source.to_vec(), SERVER);
    let server: Server = Demux::new(server, vec![Slot::default()]);
    let mut server = Rig::new(server, source.to_vec(), CLIENT);
    server.desk.answer = Answer::Accept(Grant::read(size));

    let (mut data, mut other) = (0, 0);
    let mut to_server = VecDeque::from(client.sends());
    let mut to_client = VecDeque::new();
    while !(to_server.is_empty() && to_client.is_empty()) {
        for words in std::mem::take(&mut to_server) {
            *(if words.starts_with("DATA") {
                &mut data
            } else {
                &mut other
            }) += 1;
            to_client.extend(server.gets(CLIENT, &packet(&words)));
        }
        for words in std::mem::take(&mut to_client) {
            *(if words.starts_with("DATA") {
                &mut data
            } else {
                &mut other
            }) += 1;
            to_server.extend(client.gets(SERVER, &packet(&words)));
        }
    }
    let complete = format!("complete {}", source.len());
    assert_eq!(client.told().last(), Some(&complete), "client, {options:?}");
    assert_eq!(server.told().last(), Some(&complete), "server, {options:?}");
    let (sender, receiver) = if write {
        (client.desk, server.desk)
    } else {
        (server.desk, client.desk)
    };
    assert!(
        receiver.received == source,
        "{options:?}, {} octets",
        source.len()
    );
    assert!(sender.received.is_empty());
    (data, other)
}

/// Sizes around every border of blocks and windows.
fn sizes(blksize: usize, window: usize) -> Vec<usize> {
    let mut sizes = vec![0, 1];
    for border in [
        blksize,
        2 * blksize,
        7 * blksize,
        window * blksize,
        3 * window * blksize,
    ] {
        sizes.extend([border - 1, border, border + 1]);
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Text with line ends and carriage returns at changing places.
fn text(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| b"text\nmore\r\rtext\r\n\n-"[at % 19])
        .collect()
}

fn every_size(options: Options) {
    let granted = |option: Option<u16>, default: usize| match option {
        Some(value) if !options.ignored => usize::from(value),
        _ => default,
    };
    let (blksize, window) = (
        granted(options.blksize, 512),
        granted(options.windowsize, 1),
    );
    let asks = options.blksize.is_some()
        || options.windowsize.is_some()
        || options.tsize
        || options.timeout.is_some()
        || options.rollover.is_some();
    let oack = asks && !options.ignored;
    for size in sizes(blksize, window) {
        for mode in [Mode::Octet, Mode::Netascii] {
            let source = text(size);
            let wire = match mode {
                Mode::Netascii => netascii::encoded_len(&source) as usize,
                _ => size,
            };
            let blocks = wire / blksize + 1;
            let acks = blocks.div_ceil(window);
            // the request; then OACK and ACK 0, or nothing before DATA 1
            let read = transfer(options, mode, false, &source);
            assert_eq!(
                read,
                (blocks, acks + 1 + 2 * usize::from(oack)),
                "{options:?} {size} {mode:?}"
            );
            // the request, OACK or ACK 0
            let write = transfer(options, mode, true, &source);
            assert_eq!(write, (blocks, acks + 2), "{options:?} {size} {mode:?}");
        }
    }
}

#[test]
fn without_options() {
    every_size(PLAIN);
}

#[test]
fn block_sizes() {
    for blksize in [8, 9, 511, 512, 513, 1428] {
        every_size(Options {
            blksize: Some(blksize),
            ..PLAIN
        });
    }
}

#[test]
fn the_largest_block_size() {
    let options = Options {
        blksize: Some(65464),
        tsize: true,
        ..PLAIN
    };
    for size in [0, 65463, 65464, 65465, 200_000] {
        for write in [false, true] {
            let (data, _) = transfer(options, Mode::Octet, write, &text(size));
            assert_eq!(data, size / 65464 + 1);
        }
    }
}

#[test]
fn windows() {
    for windowsize in [1, 2, 3, 16, 64] {
        every_size(Options {
            blksize: Some(8),
            windowsize: Some(windowsize),
            ..PLAIN
        });
    }
}

#[test]
fn every_option() {
    every_size(Options {
        blksize: Some(100),
        windowsize: Some(4),
        tsize: true,
        timeout: Some(7),
        rollover: Some(Rollover::One),
        ignored: false,
    });
}

#[test]
fn single_options() {
    every_size(Options {
        tsize: true,
        ..PLAIN
    });
    every_size(Options {
        timeout: Some(1),
        ..PLAIN
    });
    every_size(Options {
        windowsize: Some(5),
        ..PLAIN
    });
    every_size(Options {
        rollover: Some(Rollover::Zero),
        ..PLAIN
    });
}

#[test]
fn a_server_that_ignores_options() {
    every_size(Options {
        blksize: Some(100),
        windowsize: Some(4),
        tsize: true,
        ignored: true,
        ..PLAIN
    });
}

/// More blocks than there are numbers, with either number after 65535, across two rounds of numbers.
#[test]
fn numbers_wrap() {
    for rollover in [Rollover::Zero, Rollover::One] {
        let options = Options {
            blksize: Some(8),
            windowsize: Some(64),
            rollover: Some(rollover),
            ..PLAIN
        };
        for (write, blocks) in [(false, 131_100), (true, 65_600)] {
            let (data, _) = transfer(options, Mode::Octet, write, &text(8 * blocks));
            assert_eq!(data, blocks + 1);
        }
    }
}
