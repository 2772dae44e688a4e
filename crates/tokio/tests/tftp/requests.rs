//! Requests that come twice, change their mind, go to everybody; ports, and strangers.

use crate::files::{Gate, GatedSource, Shelf, content};
use crate::raw::{Raw, ack, data, rrq, wrq};
use crate::rig::{
    asking, assert_same, assert_told, fetch, holding, missing, name, options, reading, request,
    serve, serve_at, serve_with, socket, soon, upload, writing,
};
use bytes::Bytes;
use std::net::{SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::Duration;
use wirelore_tokio::tftp::{self, Access, ErrorCode, Failure, Report, Unfinished};

/// A request that the network doubled, or that a client repeats, is one request.
#[tokio::test]
async fn a_request_that_comes_twice_is_one_transfer() {
    let mut server = serve(|_| holding(&content(700)));
    let client = Raw::new();
    for _ in 0..3 {
        client.sends(server.address, &rrq("f", &[])).await;
    }
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "DATA 1 512");
    client.sends(server.address, &rrq("f", &[])).await;
    client.sends(transfer, &ack(1)).await;
    loop {
        let (words, from) = client.hears().await;
        assert_eq!(from, transfer, "another transfer");
        if words == "DATA 2 188" {
            break;
        }
        assert_eq!(words, "DATA 1 512");
    }
    client.sends(transfer, &ack(2)).await;
    assert!(server.transfer().await.1.outcome.is_ok());
    assert_eq!(server.opened(), 1);
}

/// A client that asks for another file from the same port has given up the first.
#[tokio::test]
async fn another_request_ends_the_first_transfer() {
    let mut server = serve(|_| holding(&content(700)));
    let client = Raw::new();
    client.sends(server.address, &rrq("one", &[])).await;
    let (_, one) = client.hears().await;
    client.sends(server.address, &rrq("two", &[])).await;
    let mut heard = [client.hears().await, client.hears().await];
    heard.sort();
    assert_eq!(heard[0].0, "DATA 1 512");
    assert_eq!(heard[1], ("ERROR 0".into(), one));
    let two = heard[0].1;
    assert_ne!(one, two);
    let (asked, summary) = server.transfer().await;
    assert_eq!(name(&asked), "one");
    assert!(
        matches!(summary.outcome, Err(Unfinished::Stopped)),
        "{summary:?}"
    );
    client.sends(two, &ack(1)).await;
    assert_eq!(client.hears().await, ("DATA 2 188".into(), two));
    client.sends(two, &ack(2)).await;
    assert!(server.transfer().await.1.outcome.is_ok());
}

/// That word reaches a transfer however often the request was repeated while it could not listen.
#[tokio::test]
async fn a_transfer_that_waits_for_its_file_hears_the_last_word() {
    let gate = Gate::default();
    let door = gate.clone();
    let mut server = serve(move |asked| match name(asked) {
        "slow" => reading(GatedSource {
            octets: content(700),
            gate: door.clone(),
        }),
        _ => holding(&content(700)),
    });
    let client = Raw::new();
    client.sends(server.address, &rrq("slow", &[])).await;
    gate.is_reached().await;
    for _ in 0..20 {
        client.sends(server.address, &rrq("slow", &[])).await;
    }
    client.sends(server.address, &rrq("quick", &[])).await;
    assert_eq!(client.hears().await.0, "DATA 1 512");
    gate.open();
    let (asked, summary) = server.transfer().await;
    assert_eq!(name(&asked), "slow");
    assert!(
        matches!(summary.outcome, Err(Unfinished::Stopped)),
        "{summary:?}"
    );
}

/// A client that keeps changing its mind while opening takes long cannot make the server open files
/// without end.
#[tokio::test]
async fn opening_is_bounded() {
    let gate = Gate::default();
    let door = gate.clone();
    let mut options = options();
    options.max_transfers = 4;
    let server = serve_with(options, move |_| {
        door.pass();
        holding(b"x")
    });
    let client = Raw::new();
    for n in 0..100 {
        client
            .sends(server.address, &rrq(&n.to_string(), &[]))
            .await;
    }
    gate.is_reached().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(server.opened() <= 8, "{} files", server.opened());
    gate.open();
    // and it goes on
    assert_eq!(fetch(server.address, "f", asking(512, 1)).await, b"x");
}

/// RFC 1350 section 4: a datagram of a stranger gets ERROR 5 and disturbs nothing, neither a
/// transfer of the server nor one of the client.
#[tokio::test]
async fn strangers_get_error_5() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let server = serve(move |asked| match name(asked) {
        "down" => holding(&content(700)),
        name => writing(kept.keep(name)),
    });
    let (client, stranger) = (Raw::new(), Raw::new());
    client.sends(server.address, &rrq("down", &[])).await;
    let (_, transfer) = client.hears().await;
    for packet in [ack(1), data(1, b"x")] {
        stranger.sends(transfer, &packet).await;
        assert_eq!(stranger.hears().await, ("ERROR 5".into(), transfer));
    }
    client.sends(transfer, &ack(1)).await;
    assert_eq!(client.hears().await, ("DATA 2 188".into(), transfer));
    client.sends(transfer, &ack(2)).await;

    client.sends(server.address, &wrq("up", &[])).await;
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "ACK 0");
    stranger.sends(transfer, &data(1, b"of a stranger")).await;
    assert_eq!(stranger.hears().await, ("ERROR 5".into(), transfer));
    client.sends(transfer, &data(1, b"of the client")).await;
    assert_eq!(client.hears().await.0, "ACK 1");
    assert_eq!(shelf.has("up").unwrap(), b"of the client");

    // our client, and a server that the test plays
    let (played, shelf) = (Raw::new(), Shelf::default());
    let (socket, target) = (socket(), shelf.target("f"));
    let ours = socket.local_addr().unwrap();
    let to = played.socket.local_addr().unwrap();
    let get = tokio::spawn(async move {
        tftp::get(socket, request(to, "f", asking(512, 1)), target, &mut ()).await
    });
    assert_eq!(played.hears().await.0, "Read request");
    let answering = Raw::new();
    answering.sends(ours, &data(1, &[1; 512])).await;
    // (its options are not acknowledged: it is a plain transfer)
    assert_eq!(answering.hears().await.0, "ACK 1");
    stranger.sends(ours, &data(2, b"of a stranger")).await;
    assert_eq!(stranger.hears().await, ("ERROR 5".into(), ours));
    answering.sends(ours, &data(2, &[2; 3])).await;
    assert_eq!(answering.hears().await.0, "ACK 2");
    assert!(soon("the end", get).await.unwrap().outcome.is_ok());
    assert_same(
        &shelf.has("f").unwrap(),
        &[&[1; 512][..], &[2; 3]].concat(),
        "f",
    );
}

/// Transfers take ports of the range only, another one each time; when all are taken the client is
/// told.
#[tokio::test]
async fn transfers_use_the_ports_they_may() {
    let ports = free_ports(3);
    let mut options = options();
    options.ports = Some(ports.clone());
    let mut server = serve_with(options, |_| holding(b"0123456789"));
    let mut last = None;
    for _ in 0..7 {
        let client = Raw::new();
        client.sends(server.address, &rrq("f", &[])).await;
        let (words, transfer) = client.hears().await;
        assert_eq!(words, "DATA 1 10");
        assert!(
            ports.contains(&transfer.port()),
            "{transfer} is not in {ports:?}"
        );
        assert_ne!(
            last.replace(transfer),
            Some(transfer),
            "the same port twice in a row"
        );
        client.sends(transfer, &ack(1)).await;
        assert!(server.transfer().await.1.outcome.is_ok());
    }
    let clients: Vec<_> = (0..4).map(|_| Raw::new()).collect();
    let mut taken = Vec::new();
    for client in &clients[..3] {
        client.sends(server.address, &rrq("f", &[])).await;
        taken.push(client.hears().await.1.port());
    }
    taken.sort_unstable();
    assert_eq!(taken, ports.collect::<Vec<_>>());
    clients[3].sends(server.address, &rrq("f", &[])).await;
    assert_eq!(clients[3].hears().await.0, "ERROR 0");
    assert!(matches!(server.report().await, Report::Denied(..)));
}

/// So many ports in a row that nobody uses, below those that systems give away.
fn free_ports(count: u16) -> RangeInclusive<u16> {
    let start = std::process::id() as u16 % 1000;
    (0..1000)
        .map(|n| 10_000 + (start + n) % 1000 * 10)
        .map(|first| first..=first + count - 1)
        .find(|ports| {
            let mut ports = ports.clone();
            ports.all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok())
        })
        .expect("free ports")
}

/// RFC 1123 section 4.2.3.5: what is sent to everybody is not answered.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn broadcasts_are_dropped() {
    let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let mut server = serve_at(any, options(), |_| holding(b"x"));
    let port = server.address.port();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_broadcast(true).unwrap();
    let client = Raw::from(socket);
    client
        .sends(([127, 255, 255, 255], port).into(), &rrq("f", &[]))
        .await;
    match server.report().await {
        Report::Broadcast(peer) => assert_eq!(peer, client.socket.local_addr().unwrap()),
        other => panic!("{other:?}"),
    }
    client.hears_nothing_for(Duration::from_millis(50)).await;
    assert_eq!(server.opened(), 0);
    client
        .sends(([127, 0, 0, 1], port).into(), &rrq("f", &[]))
        .await;
    assert_eq!(client.hears().await.0, "DATA 1 1");
}

/// What is no request gets the protocol's answers, and is reported.
#[tokio::test]
async fn what_is_no_request() {
    let mut server = serve(|_| missing());
    let client = Raw::new();
    for (datagram, answer) in [
        (&b"\0\x01f\0mail\0"[..], Some("ERROR 4")),
        (b"\0\x01f\0morse\0", Some("ERROR 4")),
        (b"\0\x01f", Some("ERROR 4")),
        (b"\0\x05\0\x01gone\0", None),
        (b"\0\x04\0\x01", Some("ERROR 5")),
        (b"\0\x01f\0octet\0", Some("ERROR 1")),
        (b"", None),
    ] {
        client.sends(server.address, datagram).await;
        match answer {
            Some(answer) => assert_eq!(client.hears().await.0, answer, "{datagram:?}"),
            None => client.hears_nothing_for(Duration::from_millis(20)).await,
        }
    }
    for _ in 0..3 {
        assert!(matches!(server.report().await, Report::Refused(..)));
    }
    match server.report().await {
        Report::Denied(asked, denial) => {
            assert_eq!(name(&asked), "f");
            assert_eq!(denial.why, "there is none");
        }
        other => panic!("{other:?}"),
    }
}

/// An upload above the limit is refused: at once where the client says how long it is, and otherwise
/// at the first block too many.
#[tokio::test]
async fn uploads_have_a_limit() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut server = serve(move |asked| {
        Ok(Access::Write {
            target: kept.target(name(asked)),
            max_size: Some(100_000),
            watch: Box::new(()),
        })
    });
    for (n, (size, told, fits)) in [
        (100_000, true, true),
        (100_001, true, false),
        (100_000, false, true),
        (100_001, false, false),
    ]
    .into_iter()
    .enumerate()
    {
        let name = n.to_string();
        let request = request(server.address, &name, asking(1428, 4));
        let announced = told.then_some(size as u64);
        let summary = upload(request, announced, Bytes::from(content(size))).await;
        let (_, here) = server.transfer().await;
        assert_eq!(shelf.has(&name).is_some(), fits);
        if !fits {
            assert_told(&summary, ErrorCode::DISK_FULL);
            let limit = 100_000;
            let refused = matches!(
                here.outcome,
                Err(Unfinished::Protocol { failure: Failure::TooLarge { limit: l }, .. }) if l == limit
            );
            assert!(refused, "{here:?}");
        }
    }
    shelf.wait_for_unfinished(2).await;
}
