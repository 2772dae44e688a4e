//! Many clients at once.

use crate::files::{Shelf, content};
use crate::raw::{Raw, ack, rrq};
use crate::rig::{
    asking, assert_same, fetch, holding, name, options, send, serve, serve_with, soon, writing,
};
use std::time::Duration;
use tokio::task::JoinSet;
use wirelore_tokio::tftp::{Direction, RefusedRequest, Report};

const CLIENTS: usize = 100;

#[tokio::test]
async fn a_hundred_clients_on_one_thread() {
    a_hundred_clients().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_clients_on_four_threads() {
    a_hundred_clients().await;
}

/// Half of them upload; block sizes and windows differ.
async fn a_hundred_clients() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut server = serve(move |asked| match asked.direction {
        Direction::Read => holding(&content(name(asked).parse().unwrap())),
        Direction::Write => writing(kept.keep(name(asked))),
    });
    let address = server.address;
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let shelf = shelf.clone();
        clients.spawn(async move {
            let size = 10_000 + 1_000 * n;
            let (wanted, name) = (content(size), size.to_string());
            let config = asking([512, 1428, 4096][n % 3], [1, 4, 16][n / 3 % 3]);
            if n % 2 == 0 {
                assert_same(&fetch(address, &name, config).await, &wanted, n);
            } else {
                send(address, &name, config, &wanted).await;
                assert_same(&shelf.has(&name).expect("finished"), &wanted, n);
            }
        });
    }
    while let Some(client) = soon("a client", clients.join_next()).await {
        client.unwrap();
    }
    for _ in 0..CLIENTS {
        let (asked, summary) = server.transfer().await;
        assert!(summary.outcome.is_ok(), "{asked:?} {summary:?}");
    }
    assert_eq!(server.opened(), CLIENTS);
    let drained = server.stop().await;
    assert_eq!((drained.ended, drained.cut), (0, 0));
}

/// Above the limit requests are dropped and reported; when a transfer is over, there is room again.
#[tokio::test]
async fn no_more_transfers_than_allowed() {
    let mut options = options();
    options.max_transfers = 2;
    let mut server = serve_with(options, |_| holding(b"0123456789"));
    let clients = [Raw::new(), Raw::new(), Raw::new()];
    let mut transfers = Vec::new();
    for client in &clients[..2] {
        client.sends(server.address, &rrq("f", &[])).await;
        let (words, from) = client.hears().await;
        assert_eq!(words, "DATA 1 10");
        transfers.push(from);
    }
    clients[2].sends(server.address, &rrq("f", &[])).await;
    match server.report().await {
        Report::Refused(peer, RefusedRequest::Full) => {
            assert_eq!(peer, clients[2].socket.local_addr().unwrap());
        }
        other => panic!("{other:?}"),
    }
    clients[2]
        .hears_nothing_for(Duration::from_millis(50))
        .await;

    clients[0].sends(transfers[0], &ack(1)).await;
    let (asked, summary) = server.transfer().await;
    assert_eq!(asked.peer, clients[0].socket.local_addr().unwrap());
    assert!(summary.outcome.is_ok(), "{summary:?}");
    // the slot is free a moment after the report
    soon("room", async {
        loop {
            clients[2].sends(server.address, &rrq("f", &[])).await;
            let heard = tokio::time::timeout(Duration::from_millis(50), clients[2].hears());
            if let Ok((words, _)) = heard.await {
                return assert_eq!(words, "DATA 1 10");
            }
        }
    })
    .await;
    assert_eq!(server.opened(), 3);
}
