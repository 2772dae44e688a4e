//! Answers come from the address that was asked, in both families.

use crate::files::content;
use crate::raw::{Raw, ack, rrq};
use crate::rig::{assert_same, holding, missing, name, options, serve_at};
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};

/// A server at every address, asked at one that is not the first: the answer, and the ERROR, come
/// from there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_answer_comes_from_where_it_was_asked() {
    let mut server = serve_at(any(4), options(), |asked| match name(asked) {
        "f" => holding(&content(1000)),
        _ => missing(),
    });
    assert!(server.address.ip().is_unspecified());
    for ip in [[127, 0, 0, 2], [127, 0, 0, 1], [127, 9, 8, 7]] {
        let asked = SocketAddr::from((ip, server.address.port()));
        let client = Raw::new();
        client.sends(asked, &rrq("f", &[])).await;
        let (words, from) = client.hears().await;
        assert_eq!(words, "DATA 1 512");
        assert_eq!(from.ip(), asked.ip());
        assert_ne!(from.port(), asked.port());
        client.sends(from, &ack(1)).await;
        assert_eq!(client.hears().await, ("DATA 2 488".into(), from));
        client.sends(from, &ack(2)).await;
        assert_eq!(server.transfer().await.0.local, Some(asked.ip()));

        for (packet, answer) in [(rrq("missing", &[]), "ERROR 1"), (ack(3), "ERROR 5")] {
            client.sends(asked, &packet).await;
            assert_eq!(client.hears().await, (answer.into(), asked));
        }
    }
}

/// IPv6, at one address and at every address.
#[tokio::test]
async fn ipv6() {
    let Ok(probe) = UdpSocket::bind("[::1]:0") else {
        return skipped("ipv6");
    };
    drop(probe);
    for address in ["[::1]:0", "[::]:0"] {
        let server = serve_at(address.parse().unwrap(), options(), |asked| {
            match name(asked) {
                "f" => holding(&content(1000)),
                _ => missing(),
            }
        });
        let asked = SocketAddr::new("::1".parse().unwrap(), server.address.port());
        let client = Raw::from(UdpSocket::bind("[::1]:0").unwrap());
        assert_same(&client.fetches(asked, "f").await, &content(1000), address);
        client.sends(asked, &rrq("missing", &[])).await;
        assert_eq!(client.hears().await, ("ERROR 1".into(), asked));
    }
}

/// One socket for both families: a client of the older one is answered from the address it asked.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ipv4_at_a_socket_of_both_families() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return skipped("ipv4_at_a_socket_of_both_families");
    }
    let mut server = serve_at(any(6), options(), |asked| match name(asked) {
        "f" => holding(&content(1000)),
        _ => missing(),
    });
    for ip in [[127, 0, 0, 1], [127, 0, 0, 2]] {
        let asked = SocketAddr::from((ip, server.address.port()));
        let client = Raw::new();
        assert_same(&client.fetches(asked, "f").await, &content(1000), asked);
        let (request, summary) = server.transfer().await;
        assert!(summary.outcome.is_ok());
        assert_eq!(
            request.peer.ip().to_canonical(),
            client.socket.local_addr().unwrap().ip()
        );
        assert_eq!(request.local, Some(asked.ip()));
        client.sends(asked, &rrq("missing", &[])).await;
        assert_eq!(client.hears().await, ("ERROR 1".into(), asked));
    }
    // a broadcast is one in disguise, too
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_broadcast(true).unwrap();
    let client = Raw::from(socket);
    let everybody = SocketAddr::from(([127, 255, 255, 255], server.address.port()));
    client.sends(everybody, &rrq("f", &[])).await;
    client
        .hears_nothing_for(std::time::Duration::from_millis(50))
        .await;
}

fn any(family: u8) -> SocketAddr {
    match family {
        4 => "0.0.0.0:0".parse().unwrap(),
        _ => "[::]:0".parse().unwrap(),
    }
}

/// Seen even when the test harness captures output.
fn skipped(test: &str) {
    let _ = writeln!(io::stderr(), "skipped: {test}: no IPv6 here");
}
