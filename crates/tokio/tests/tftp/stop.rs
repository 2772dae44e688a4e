//! The end of a server: transfers come to theirs, or are cut.

use crate::files::{Gate, GatedSource, GatedTarget, Shelf, content};
use crate::raw::{Raw, ack, data, rrq, wrq};
use crate::rig::{
    asking, holding, name, options, reading, request, serve, serve_with, socket, soon, writing,
};
use std::time::Duration;
use wirelore_tokio::tftp::{self, Unfinished};

/// Nothing goes on: it ends at once.
#[tokio::test]
async fn an_idle_server_stops() {
    let server = serve(|_| holding(b"x"));
    let drained = server.stop().await;
    assert_eq!((drained.ended, drained.cut), (0, 0));
}

/// One transfer comes to its end in time, one does not and is cut: its client gets an ERROR. New
/// requests are not taken.
#[tokio::test]
async fn transfers_end_or_are_cut() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut options = options();
    options.drain = Duration::from_millis(500);
    let mut server = serve_with(options, move |asked| match name(asked) {
        "down" => holding(&content(700)),
        name => writing(kept.keep(name)),
    });
    let (ends, is_cut, late) = (Raw::new(), Raw::new(), Raw::new());
    ends.sends(server.address, &rrq("down", &[])).await;
    let (_, ending) = ends.hears().await;
    is_cut.sends(server.address, &wrq("up", &[])).await;
    let (_, cut) = is_cut.hears().await;
    is_cut.sends(cut, &data(1, &[1; 512])).await;
    assert_eq!(is_cut.hears().await.0, "ACK 1");

    server.begin_stop();
    late.sends(server.address, &rrq("down", &[])).await;
    ends.sends(ending, &ack(1)).await;
    assert_eq!(ends.hears().await.0, "DATA 2 188");
    ends.sends(ending, &ack(2)).await;
    let (asked, summary) = server.transfer().await;
    assert_eq!(name(&asked), "down");
    assert!(summary.outcome.is_ok());

    let error = loop {
        match is_cut.hears().await {
            (words, _) if words == "ACK 1" => {}
            heard => break heard,
        }
    };
    assert_eq!(error, ("ERROR 0".into(), cut));
    let (asked, summary) = server.transfer().await;
    assert_eq!(name(&asked), "up");
    assert!(
        matches!(summary.outcome, Err(Unfinished::Stopped)),
        "{summary:?}"
    );
    assert_eq!(server.opened(), 2);
    let drained = server.stop().await;
    assert_eq!((drained.ended, drained.cut), (1, 1));
    shelf.wait_for_unfinished(1).await;
    late.hears_nothing_for(Duration::from_millis(20)).await;
}

/// An upload that is complete does not keep a server that stops from its end, though its last ACK
/// might have to be repeated for long.
#[tokio::test]
async fn nobody_stays_for_a_last_ack() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut options = options();
    options.config.transfer.timing.dally = Duration::from_secs(600);
    options.drain = Duration::from_secs(600);
    let mut server = serve_with(options, move |asked| writing(kept.keep(name(asked))));
    let client = Raw::new();
    client.sends(server.address, &wrq("f", &[])).await;
    let (_, transfer) = client.hears().await;
    client.sends(transfer, &data(1, b"x")).await;
    assert_eq!(client.hears().await.0, "ACK 1");
    assert!(
        server.transfer().await.1.outcome.is_ok(),
        "reported before it lingers"
    );
    // it does linger
    client.sends(transfer, &data(1, b"x")).await;
    assert_eq!(client.hears().await.0, "ACK 1");
    let drained = server.stop().await;
    assert_eq!((drained.ended, drained.cut), (0, 0));
}

/// Neither a target nor a source nor an opening that hangs keeps a server that stops.
#[tokio::test]
async fn files_that_hang_do_not_keep_the_server() {
    let (shelf, gate, opening) = (Shelf::default(), Gate::default(), Gate::default());
    let (kept, door, slow) = (shelf.clone(), gate.clone(), opening.clone());
    let mut options = options();
    options.drain = Duration::from_millis(100);
    let mut server = serve_with(options, move |asked| match name(asked) {
        "open" => {
            slow.pass();
            holding(b"x")
        }
        "read" => reading(GatedSource {
            octets: content(700),
            gate: door.clone(),
        }),
        name => writing(GatedTarget {
            keep: kept.keep(name),
            write: None,
            finish: Some(door.clone()),
        }),
    });
    let (opens, reads, writes) = (Raw::new(), Raw::new(), Raw::new());
    opens.sends(server.address, &rrq("open", &[])).await;
    opening.is_reached().await;
    reads.sends(server.address, &rrq("read", &[])).await;
    writes.sends(server.address, &wrq("write", &[])).await;
    let (_, transfer) = writes.hears().await;
    writes.sends(transfer, &data(1, b"x")).await;
    soon("both at the gate", async {
        while gate.waited() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.begin_stop();
    for _ in 0..2 {
        let (_, summary) = server.transfer().await;
        assert!(
            matches!(summary.outcome, Err(Unfinished::Stopped)),
            "{summary:?}"
        );
    }
    let drained = server.stop().await;
    assert_eq!((drained.ended, drained.cut), (0, 2));
    gate.open();
    opening.open();
}

/// A server that is dropped takes its transfers with it: targets are dropped unfinished, and each
/// transfer is reported.
#[tokio::test]
async fn dropping_the_server_drops_unfinished_files() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut server = serve(move |asked| writing(kept.keep(name(asked))));
    let clients = [Raw::new(), Raw::new()];
    for (n, client) in clients.iter().enumerate() {
        client
            .sends(server.address, &wrq(&n.to_string(), &[]))
            .await;
        let (_, transfer) = client.hears().await;
        client.sends(transfer, &data(1, &[1; 512])).await;
        assert_eq!(client.hears().await.0, "ACK 1");
    }
    assert_eq!(shelf.unfinished(), 0);
    server.abort().await;
    shelf.wait_for_unfinished(2).await;
    assert!(shelf.is_empty());
    for _ in 0..2 {
        let (_, summary) = server.transfer().await;
        assert!(
            matches!(summary.outcome, Err(Unfinished::Stopped)),
            "{summary:?}"
        );
    }
}

/// A client's transfer that is dropped keeps nothing either, and says no word more.
#[tokio::test]
async fn dropping_a_download_drops_its_target() {
    let played = Raw::new();
    let server = played.socket.local_addr().unwrap();
    let (shelf, socket) = (Shelf::default(), socket());
    let (ours, target) = (socket.local_addr().unwrap(), shelf.target("f"));
    let get = tokio::spawn(async move {
        tftp::get(
            socket,
            request(server, "f", asking(512, 1)),
            target,
            &mut (),
        )
        .await
    });
    assert_eq!(played.hears().await.0, "Read request");
    played.sends(ours, &data(1, &[1; 512])).await;
    assert_eq!(played.hears().await.0, "ACK 1");
    get.abort();
    assert!(soon("its end", get).await.unwrap_err().is_cancelled());
    shelf.wait_for_unfinished(1).await;
    played.hears_nothing_for(Duration::from_millis(20)).await;
}

/// What waits for its file when the server is dropped is dropped by the thread it is on.
#[tokio::test]
async fn dropping_the_server_while_a_file_is_written() {
    let (shelf, gate) = (Shelf::default(), Gate::default());
    let (kept, door) = (shelf.clone(), gate.clone());
    let mut server = serve(move |asked| {
        writing(GatedTarget {
            keep: kept.keep(name(asked)),
            write: Some(door.clone()),
            finish: None,
        })
    });
    let client = Raw::new();
    client.sends(server.address, &wrq("f", &[])).await;
    let (_, transfer) = client.hears().await;
    client.sends(transfer, &data(1, b"all")).await;
    gate.is_reached().await;
    server.abort().await;
    gate.open();
    shelf.wait_for_unfinished(1).await;
    assert!(shelf.is_empty());
}
