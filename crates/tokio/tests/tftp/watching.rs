//! What whoever looks on is told.

use crate::files::{Shelf, content};
use crate::raw::{Raw, data, words};
use crate::rig::{asking, assert_success, name, request, serve, socket, soon, writing};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wirelore_tftp::wire::Packet;
use wirelore_tokio::Watch;
use wirelore_tokio::tftp::{self, Access, Direction, Parameters, Timing};

/// Somebody who writes everything down.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    started: Vec<Parameters>,
    progress: Vec<u64>,
    sent: Vec<String>,
    received: Vec<String>,
    locals: Vec<SocketAddr>,
    peers: Vec<SocketAddr>,
    waits: usize,
}

impl Watch for Notes {
    fn wants_datagrams(&self) -> bool {
        true
    }

    fn sent(&mut self, local: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let mut told = self.0.lock().unwrap();
        told.sent.push(words(datagram));
        told.locals.push(local);
        told.peers.push(to);
    }

    fn received(&mut self, local: SocketAddr, from: SocketAddr, datagram: &[u8]) {
        assert!(Packet::parse(datagram).is_ok());
        let mut told = self.0.lock().unwrap();
        told.received.push(words(datagram));
        told.locals.push(local);
        told.peers.push(from);
    }

    fn started(&mut self, parameters: &Parameters) {
        self.0.lock().unwrap().started.push(*parameters);
    }

    fn progress(&mut self, octets: u64) {
        self.0.lock().unwrap().progress.push(octets);
    }

    fn waited(&mut self) {
        self.0.lock().unwrap().waits += 1;
    }
}

/// On both sides, in both directions, in lockstep and with a window: the parameters once, progress
/// that only grows and ends at the end, every datagram, and each that one side sent the other got.
#[tokio::test]
async fn both_sides_see_all_of_it() {
    let size = 20_000;
    for windowsize in [1, 4] {
        for direction in [Direction::Read, Direction::Write] {
            let (here, there, shelf) = (Notes::default(), Notes::default(), Shelf::default());
            let (notes, kept) = (there.clone(), shelf.clone());
            let mut server = serve(move |asked| {
                let watch = Box::new(notes.clone());
                Ok(match asked.direction {
                    Direction::Read => Access::Read {
                        source: Box::new(Bytes::from(content(size))),
                        size: Some(size as u64),
                        watch,
                    },
                    Direction::Write => Access::Write {
                        target: kept.target(name(asked)),
                        max_size: None,
                        watch,
                    },
                })
            });
            let socket = socket();
            let ours = socket.local_addr().unwrap();
            let request = request(server.address, "f", asking(1428, windowsize));
            let mut watch = here.clone();
            let summary = match direction {
                Direction::Read => {
                    let get = tftp::get(socket, request, shelf.target("copy"), &mut watch);
                    soon("a download", get).await
                }
                Direction::Write => {
                    let source = Box::new(Bytes::from(content(size)));
                    let put = tftp::put(socket, request, Some(size as u64), source, &mut watch);
                    soon("an upload", put).await
                }
            };
            assert_success(&summary);
            let (_, theirs) = server.transfer().await;
            assert_success(&theirs);
            assert_eq!((summary.retransmissions, theirs.retransmissions), (0, 0));
            server.stop().await;

            let (here, there) = (here.0.lock().unwrap(), there.0.lock().unwrap());
            for told in [&here, &there] {
                assert_eq!(told.started, [summary.parameters.unwrap()]);
                assert_eq!(told.started[0].windowsize, windowsize);
                assert!(told.progress.is_sorted(), "{:?}", told.progress);
                assert_eq!(told.progress.last(), Some(&(size as u64)));
                assert_eq!(told.waits, 0);
            }
            assert!(here.locals.iter().all(|&local| local == ours));
            assert!(there.peers.iter().all(|&peer| peer == ours));
            assert!(
                there
                    .locals
                    .iter()
                    .all(|&local| local != server_address(&here))
            );
            // the request went to the listening socket, which nobody watches
            assert!(here.sent[0].ends_with("request"), "{:?}", here.sent);
            assert_eq!(here.sent[1..], there.received);
            assert_eq!(there.sent, here.received);
            let blocks = size / 1428 + 1;
            let all = [&here.sent[..], &here.received[..]].concat();
            let sent = all.iter().filter(|words| words.starts_with("DATA")).count();
            assert_eq!(sent, blocks);
        }
    }
}

/// Where the client sent its request.
fn server_address(told: &Told) -> SocketAddr {
    told.peers[0]
}

/// Waits without an answer, and what is sent again because of them, are counted.
#[tokio::test]
async fn waits_are_told() {
    let played = Raw::new();
    let to = played.socket.local_addr().unwrap();
    let (shelf, socket, notes) = (Shelf::default(), socket(), Notes::default());
    let (ours, target, mut watch) = (
        socket.local_addr().unwrap(),
        shelf.target("f"),
        notes.clone(),
    );
    let mut config = asking(512, 1);
    config.transfer.timing = Timing::constant(Duration::from_millis(40), 50);
    config.transfer.timing.dally = Duration::ZERO;
    let get = tokio::spawn(async move {
        tftp::get(socket, request(to, "f", config), target, &mut watch).await
    });
    for _ in 0..3 {
        assert_eq!(played.hears().await.0, "Read request");
    }
    played.sends(ours, &data(1, &[1; 512])).await;
    let mut acks = 0;
    while acks < 3 {
        // a request may have been on its way
        acks += usize::from(played.hears().await.0 == "ACK 1");
    }
    played.sends(ours, &data(2, b"end")).await;
    let summary = soon("the end", get).await.unwrap();
    assert_success(&summary);
    let told = notes.0.lock().unwrap();
    assert!(told.waits >= 4, "{}", told.waits);
    assert_eq!(
        told.waits as u64, summary.retransmissions,
        "one for each wait"
    );
    let sent_before = |words: &str| told.sent.iter().filter(|sent| *sent == words).count() - 1;
    let again = sent_before("Read request") + sent_before("ACK 1");
    assert_eq!(again as u64, summary.retransmissions);
    assert_eq!(told.progress, [512, 515]);
}

/// Who wants no datagrams gets none.
#[tokio::test]
async fn a_watch_may_want_no_datagrams() {
    struct Blind;

    impl Watch for Blind {
        fn sent(&mut self, _: SocketAddr, _: SocketAddr, _: &[u8]) {
            panic!("not wanted");
        }

        fn received(&mut self, _: SocketAddr, _: SocketAddr, _: &[u8]) {
            panic!("not wanted");
        }
    }

    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut server = serve(move |asked| match asked.direction {
        Direction::Write => writing(kept.keep(name(asked))),
        Direction::Read => Ok(Access::Read {
            source: Box::new(Bytes::from(content(5000))),
            size: None,
            watch: Box::new(Blind),
        }),
    });
    let request = request(server.address, "f", asking(512, 4));
    let mut watch = Blind;
    let get = tftp::get(socket(), request, shelf.target("copy"), &mut watch);
    assert_success(&soon("a download", get).await);
    assert_success(&server.transfer().await.1);
}
