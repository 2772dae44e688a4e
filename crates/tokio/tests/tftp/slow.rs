//! Files that make wait: nobody else must.

use crate::files::{Gate, GatedSource, GatedTarget, Shelf, content};
use crate::raw::{Raw, data, rrq, wrq};
use crate::rig::{
    asking, assert_same, assert_success, fetch, holding, name, reading, request, send, serve,
    socket, soon, writing,
};
use bytes::Bytes;
use wirelore_tokio::tftp::{self, ClientConfig};

/// Never gives up while a test is in its limits.
fn patient(blksize: u16, windowsize: u16) -> ClientConfig {
    let mut config = asking(blksize, windowsize);
    config.transfer.timing.tries = 100;
    config
}

/// An upload that stands before its disk does not disturb others, on a runtime with one thread; and
/// nothing of it is lost.
#[tokio::test]
async fn a_slow_target_makes_nobody_else_wait() {
    let (shelf, gate) = (Shelf::default(), Gate::default());
    let (kept, door) = (shelf.clone(), gate.clone());
    let server = serve(move |asked| match name(asked) {
        "slow" => writing(GatedTarget {
            keep: kept.keep("slow"),
            write: Some(door.clone()),
            finish: None,
        }),
        "quick" => holding(&content(50_000)),
        name => writing(kept.keep(name)),
    });
    let (address, wanted) = (server.address, content(500_000));
    let octets = wanted.clone();
    let slow = tokio::spawn(async move {
        send(address, "slow", patient(1428, 8), &octets).await;
    });
    gate.is_reached().await;
    for n in 0..10 {
        assert_same(
            &fetch(address, "quick", asking(512, 1)).await,
            &content(50_000),
            n,
        );
        send(
            address,
            &format!("{n}"),
            asking(1428, 4),
            &wanted[..100_000],
        )
        .await;
    }
    assert!(shelf.has("slow").is_none());
    gate.open();
    soon("the slow upload", slow).await.unwrap();
    assert_same(&shelf.has("slow").unwrap(), &wanted, "slow");
}

/// Neither does a download whose source has nothing at hand.
#[tokio::test]
async fn a_slow_source_makes_nobody_else_wait() {
    let gate = Gate::default();
    let door = gate.clone();
    let server = serve(move |asked| match name(asked) {
        "slow" => reading(GatedSource {
            octets: content(200_000),
            gate: door.clone(),
        }),
        _ => holding(&content(50_000)),
    });
    let address = server.address;
    let slow = tokio::spawn(async move { fetch(address, "slow", patient(1428, 8)).await });
    gate.is_reached().await;
    for n in 0..10 {
        assert_same(
            &fetch(address, "quick", asking(512, 1)).await,
            &content(50_000),
            n,
        );
    }
    assert!(!slow.is_finished());
    gate.open();
    let octets = soon("the slow download", slow).await.unwrap();
    assert_same(&octets, &content(200_000), "slow");
    assert!(gate.waited() > 1, "every piece is waited for");
}

/// A client's files neither: two transfers of one task, the slow one first.
#[tokio::test]
async fn slow_files_of_a_client_make_nobody_else_wait() {
    let (shelf, copies, gate) = (Shelf::default(), Shelf::default(), Gate::default());
    let kept = shelf.clone();
    let server = serve(move |asked| match name(asked) {
        "down" => holding(&content(300_000)),
        name => writing(kept.keep(name)),
    });
    let address = server.address;
    let target = GatedTarget {
        keep: copies.keep("down"),
        write: Some(gate.clone()),
        finish: None,
    };
    let source = GatedSource {
        octets: content(100_000),
        gate: gate.clone(),
    };
    let (mut one, mut other) = ((), ());
    let config = patient(1428, 8);
    let down = tftp::get(
        socket(),
        request(address, "down", config),
        Box::new(target),
        &mut one,
    );
    let up = request(address, "up", config);
    let up = tftp::put(socket(), up, None, Box::new(source), &mut other);
    let opens = async {
        gate.is_reached().await;
        assert_same(
            &fetch(address, "down", asking(512, 1)).await,
            &content(300_000),
            "quick",
        );
        gate.open();
    };
    let (down, up, ()) = soon("all of them", async { tokio::join!(down, up, opens) }).await;
    assert_success(&down);
    assert_success(&up);
    assert_same(&copies.has("down").unwrap(), &content(300_000), "down");
    assert_same(&shelf.has("up").unwrap(), &content(100_000), "up");
}

/// The last ACK waits until the file is finished, however long that takes.
#[tokio::test]
async fn the_last_ack_waits_for_the_file() {
    let (shelf, gate) = (Shelf::default(), Gate::default());
    let (kept, door) = (shelf.clone(), gate.clone());
    let server = serve(move |asked| {
        writing(GatedTarget {
            keep: kept.keep(name(asked)),
            write: None,
            finish: Some(door.clone()),
        })
    });
    let client = Raw::new();
    client.sends(server.address, &wrq("f", &[])).await;
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "ACK 0");
    client.sends(transfer, &data(1, &[7; 512])).await;
    assert_eq!(client.hears().await.0, "ACK 1");
    client.sends(transfer, &data(2, b"end")).await;
    gate.is_reached().await;
    // repeated, as clients do; still nothing may be said
    client.sends(transfer, &data(2, b"end")).await;
    client
        .hears_nothing_for(std::time::Duration::from_millis(100))
        .await;
    assert!(shelf.is_empty());
    gate.open();
    assert_eq!(client.hears().await.0, "ACK 2");
    assert_eq!(shelf.has("f").unwrap().len(), 515);
}

/// Opening may take its time, too: others are served, and the request that is repeated meanwhile is
/// one request.
#[tokio::test]
async fn opening_makes_nobody_else_wait() {
    let gate = Gate::default();
    let door = gate.clone();
    let server = serve(move |asked| {
        if name(asked) == "slow" {
            door.pass();
        }
        reading(Bytes::from(asked.filename.clone()))
    });
    let (address, slow) = (server.address, Raw::new());
    for _ in 0..5 {
        slow.sends(address, &rrq("slow", &[])).await;
    }
    gate.is_reached().await;
    for _ in 0..5 {
        slow.sends(address, &rrq("slow", &[])).await;
    }
    assert_eq!(fetch(address, "quick", asking(512, 1)).await, b"quick");
    gate.open();
    assert_eq!(slow.hears().await.0, "DATA 1 4");
    assert_eq!(server.opened(), 2);
}
