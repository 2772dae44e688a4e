//! What goes wrong with files and peers, and what the other side hears of it.

use crate::files::{Broken, Changing, Failing, Shelf, content};
use crate::raw::{Raw, ack, data, rrq, wrq};
use crate::rig::{
    Serving, asking, assert_same, assert_told, download, fetch, holding, name, options, reading,
    request, serve, serve_with, socket, soon, upload, writing,
};
use bytes::Bytes;
use std::io::{self, ErrorKind};
use std::time::Duration;
use wirelore_tokio::tftp::{
    Access, ErrorCode, Failure, Parameters, Report, ServerOptions, Summary, Timing, Unfinished,
};
use wirelore_tokio::{Source, Target, Watch};

/// Gives up a moment after the peer is gone.
fn impatient() -> ServerOptions {
    let mut options = options();
    options.config.transfer.timing = Timing::constant(Duration::from_millis(30), 3);
    options
}

/// A target that has no room for the first block, for one in the middle, or for the last: the peer
/// hears of it, the server knows why, and nothing is kept.
#[tokio::test]
async fn a_target_that_fails_ends_the_upload() {
    let kinds = [
        (ErrorKind::StorageFull, ErrorCode::DISK_FULL),
        (ErrorKind::QuotaExceeded, ErrorCode::DISK_FULL),
        (ErrorKind::FileTooLarge, ErrorCode::DISK_FULL),
        (ErrorKind::PermissionDenied, ErrorCode::ACCESS_VIOLATION),
        (ErrorKind::AlreadyExists, ErrorCode::FILE_EXISTS),
        (ErrorKind::BrokenPipe, ErrorCode::NOT_DEFINED),
    ];
    for (kind, code) in kinds {
        for (room, finish) in [
            (0, false),
            (100_000, false),
            (299_999, false),
            (300_000, true),
        ] {
            let shelf = Shelf::default();
            let kept = shelf.clone();
            let mut server = serve(move |asked| {
                writing(Failing {
                    keep: kept.keep(name(asked)),
                    room,
                    finish,
                    kind,
                })
            });
            let request = request(server.address, "f", asking(1428, 4));
            let source = Bytes::from(content(300_000));
            assert_told(&upload(request, Some(300_000), source).await, code);
            let (_, summary) = server.transfer().await;
            let Err(Unfinished::Target(error)) = &summary.outcome else {
                panic!("{summary:?}")
            };
            assert_eq!(error.kind(), kind);
            shelf.wait_for_unfinished(1).await;
            assert!(shelf.is_empty());
        }
    }
}

/// The same on the client's side of a download.
#[tokio::test]
async fn a_target_that_fails_ends_the_download() {
    let mut server = serve(|_| holding(&content(300_000)));
    for (room, finish) in [
        (0, false),
        (100_000, false),
        (299_999, false),
        (300_000, true),
    ] {
        let shelf = Shelf::default();
        let kind = ErrorKind::StorageFull;
        let target = Failing {
            keep: shelf.keep("f"),
            room,
            finish,
            kind,
        };
        let request = request(server.address, "f", asking(1428, 4));
        let summary = download(request, target).await;
        let Err(Unfinished::Target(error)) = &summary.outcome else {
            panic!("{summary:?}")
        };
        assert_eq!(error.kind(), kind);
        assert_told(&server.transfer().await.1, ErrorCode::DISK_FULL);
        shelf.wait_for_unfinished(1).await;
        assert!(shelf.is_empty());
    }
}

/// A client that is told of a failure does not get the last ACK before: with nothing but the raw
/// datagrams between them.
#[tokio::test]
async fn an_upload_that_cannot_be_finished_is_never_acknowledged() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let server = serve(move |asked| {
        let (room, kind) = (u64::MAX, ErrorKind::StorageFull);
        writing(Failing {
            keep: kept.keep(name(asked)),
            room,
            finish: true,
            kind,
        })
    });
    let client = Raw::new();
    client.sends(server.address, &wrq("f", &[])).await;
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "ACK 0");
    client.sends(transfer, &data(1, b"all of it")).await;
    assert_eq!(client.hears().await.0, "ERROR 3");
    client.sends(transfer, &data(1, b"all of it")).await;
    client.hears_nothing_for(Duration::from_millis(100)).await;
}

/// A source that cannot be read, at once or on another thread, on either side.
#[tokio::test]
async fn a_source_that_fails_ends_the_transfer() {
    for at_once in [true, false] {
        for bad in [0, 150_000, 299_999] {
            let (kind, shelf) = (ErrorKind::PermissionDenied, Shelf::default());
            let kept = shelf.clone();
            let broken = move || Broken {
                octets: content(300_000),
                bad,
                kind,
                at_once,
            };
            let mut server = serve(move |asked| match name(asked) {
                "broken" => reading(broken()),
                name => writing(kept.keep(name)),
            });
            let config = asking(1428, 4);
            let down = request(server.address, "broken", config);
            let summary = download(down, shelf.keep("copy")).await;
            assert_told(&summary, ErrorCode::ACCESS_VIOLATION);
            assert_unreadable(&server.transfer().await.1, kind);
            shelf.wait_for_unfinished(1).await;

            let up = request(server.address, "up", config);
            assert_unreadable(&upload(up, None, broken()).await, kind);
            assert_told(&server.transfer().await.1, ErrorCode::ACCESS_VIOLATION);
            shelf.wait_for_unfinished(2).await;
            assert!(shelf.is_empty());
        }
    }
}

#[track_caller]
fn assert_unreadable(summary: &Summary, kind: ErrorKind) {
    let Err(Unfinished::Source(error)) = &summary.outcome else {
        panic!("{summary:?}")
    };
    assert_eq!(error.kind(), kind);
}

/// A file that gets shorter while blocks that it had are under way: the client is told, and not given
/// an end that never was.
#[tokio::test]
async fn a_source_that_shrinks_is_noticed() {
    let source = Changing::default();
    *source.0.lock().unwrap() = content(100 * 8192);
    let served = source.clone();
    let mut server = serve(move |_| reading(served.clone()));
    let client = Raw::new();
    let options = [("blksize", "8192"), ("windowsize", "4")];
    client.sends(server.address, &rrq("f", &options)).await;
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "OACK blksize=8192 windowsize=4");
    client.sends(transfer, &ack(0)).await;
    for block in 1..=4 {
        assert_eq!(client.hears().await.0, format!("DATA {block} 8192"));
    }
    // a window that does not begin where what was read at a time does
    client.sends(transfer, &ack(2)).await;
    for block in 3..=6 {
        assert_eq!(client.hears().await.0, format!("DATA {block} 8192"));
    }
    source.0.lock().unwrap().truncate(3 * 8192 + 100);
    client.sends(transfer, &ack(3)).await;
    assert_eq!(client.hears().await.0, "ERROR 0");
    let (_, summary) = server.transfer().await;
    let changed = matches!(
        summary.outcome,
        Err(Unfinished::Protocol {
            failure: Failure::SourceChanged,
            ..
        })
    );
    assert!(changed, "{summary:?}");
}

/// A client that dies in the middle is given up after the tries, in both directions; then there is
/// room for another, and nothing is kept of its file.
#[tokio::test]
async fn a_dead_client_is_given_up() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let mut options = impatient();
    options.max_transfers = 1;
    let mut server = serve_with(options, move |asked| match name(asked) {
        "down" => holding(&content(100_000)),
        name => writing(kept.keep(name)),
    });
    let client = Raw::new();
    client.sends(server.address, &rrq("down", &[])).await;
    let (words, transfer) = client.hears().await;
    assert_eq!(words, "DATA 1 512");
    client.sends(transfer, &ack(1)).await;
    drop(client);
    let (_, summary) = server.transfer().await;
    assert_timed_out(&summary);
    assert!(summary.retransmissions > 0);

    let client = asks_until_heard(&server, &wrq("up", &[]), "ACK 0").await;
    drop(client);
    let (_, summary) = server.transfer().await;
    assert_timed_out(&summary);
    shelf.wait_for_unfinished(1).await;

    let client = asks_until_heard(&server, &rrq("down", &[]), "DATA 1 512").await;
    drop(client);
    assert!(shelf.is_empty());
}

/// A client whose request is repeated until there is room for it; it answers once.
async fn asks_until_heard(server: &Serving, request: &[u8], wanted: &str) -> Raw {
    soon("room", async {
        loop {
            let client = Raw::new();
            client.sends(server.address, request).await;
            let heard = tokio::time::timeout(Duration::from_millis(200), client.hears()).await;
            if let Ok((words, transfer)) = heard {
                assert_eq!(words, wanted);
                if words == "ACK 0" {
                    client.sends(transfer, &data(1, &[1; 512])).await;
                }
                return client;
            }
        }
    })
    .await
}

#[track_caller]
fn assert_timed_out(summary: &Summary) {
    let timed_out = matches!(
        summary.outcome,
        Err(Unfinished::Protocol {
            failure: Failure::TimedOut,
            ..
        })
    );
    assert!(timed_out, "{summary:?}");
}

/// A server that is not there: the client gives up, however often ICMP says so.
#[tokio::test]
async fn a_server_that_is_not_there() {
    let gone = socket().local_addr().unwrap();
    let mut config = asking(512, 1);
    config.transfer.timing = Timing::constant(Duration::from_millis(20), 3);
    let shelf = Shelf::default();
    let summary = download(request(gone, "f", config), shelf.keep("f")).await;
    assert_timed_out(&summary);
    assert_eq!(summary.retransmissions, 2);
    shelf.wait_for_unfinished(1).await;
    assert!(shelf.is_empty());
}

/// A request that cannot be made is not made.
#[tokio::test]
async fn a_name_that_no_request_can_have() {
    let (played, shelf) = (Raw::new(), Shelf::default());
    let server = played.socket.local_addr().unwrap();
    for name in ["nul\0", &"x".repeat(600)] {
        let summary = download(request(server, name, asking(512, 1)), shelf.keep("f")).await;
        assert!(
            matches!(summary.outcome, Err(Unfinished::BadRequest)),
            "{summary:?}"
        );
    }
    shelf.wait_for_unfinished(2).await;
    played.hears_nothing_for(Duration::from_millis(20)).await;
}

/// A panic of the application costs one transfer, not the server: its only slot is free again, and
/// whoever is there to be told is told.
#[tokio::test]
async fn panics_leave_no_slot_taken() {
    let mut options = options();
    options.max_transfers = 1;
    let mut server = serve_with(options, |asked| match name(asked) {
        "open" => panic!("wanted by the test"),
        "read" => reading(Panicking),
        "write" => writing(Panicking),
        "watch" => Ok(Access::Read {
            source: Box::new(Bytes::from_static(b"seen")),
            size: None,
            watch: Box::new(Panicking),
        }),
        _ => holding(b"good"),
    });
    let mut config = asking(512, 1);
    config.transfer.timing = Timing::constant(Duration::from_millis(50), 100);
    config.transfer.timing.dally = Duration::ZERO;
    config.fall_back = false;
    for name in [
        "open", "read", "write", "watch", "open", "read", "write", "watch",
    ] {
        let shelf = Shelf::default();
        let mut request = request(server.address, name, config);
        if name == "watch" {
            request.config.transfer.timing.tries = 1;
        }
        let summary = match name {
            "write" => upload(request, None, Bytes::from_static(b"octets")).await,
            _ => download(request, shelf.keep("f")).await,
        };
        match name {
            "watch" => assert_timed_out(&summary),
            _ => assert_told(&summary, ErrorCode::NOT_DEFINED),
        }
        match (name, next_end(&mut server, name).await) {
            ("open", Report::Denied(_, denial)) => assert_eq!(denial.code, ErrorCode::NOT_DEFINED),
            (_, Report::Transfer(_, summary)) => match (name, &summary.outcome) {
                ("read", Err(Unfinished::Source(_)))
                | ("write", Err(Unfinished::Target(_)))
                | ("watch", Err(Unfinished::Panicked)) => {}
                _ => panic!("{name}: {summary:?}"),
            },
            (name, other) => panic!("{name}: {other:?}"),
        }
        assert_same(&fetch(server.address, "good", config).await, b"good", name);
    }
}

/// The next report about a request for this file that had a slot. (A request that was repeated while
/// somebody panicked may have had one, too.)
async fn next_end(server: &mut Serving, wanted: &str) -> Report {
    loop {
        match server.report().await {
            Report::Transfer(asked, summary) if name(&asked) == wanted => {
                return Report::Transfer(asked, summary);
            }
            Report::Denied(asked, denial) if name(&asked) == wanted => {
                return Report::Denied(asked, denial);
            }
            _ => {}
        }
    }
}

struct Panicking;

impl Source for Panicking {
    fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        panic!("wanted by the test")
    }
}

impl Target for Panicking {
    fn write_at(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        panic!("wanted by the test")
    }

    fn finish(&mut self) -> io::Result<()> {
        panic!("wanted by the test")
    }
}

impl Watch for Panicking {
    fn started(&mut self, _: &Parameters) {
        panic!("wanted by the test")
    }
}
