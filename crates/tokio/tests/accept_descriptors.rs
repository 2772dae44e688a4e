//! The accept loop in a process that has no descriptors left. Alone in its program, because the
//! limit is one of the whole process.
#![cfg(target_os = "linux")]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection};

#[tokio::test]
async fn connections_wait_and_nothing_spins_until_there_are_descriptors_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Five connections are in the queue of the system.
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(TcpStream::connect(address).await.unwrap());
    }
    let before = getrlimit(Resource::Nofile);
    let next = std::fs::File::open("/dev/null").unwrap();
    let used = std::os::fd::AsRawFd::as_raw_fd(&next) as u64;
    drop(next);
    let none_left = Rlimit {
        current: Some(used),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, none_left).unwrap();

    let service = |mut connection: Connection| async move {
        let _ = connection.stream.write_all(b"at last").await;
    };
    let acceptor = Acceptor::new(listener, Arc::new(service), AcceptConfig::default());
    let stats = acceptor.stats();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = tokio::spawn(acceptor.run(async {
        let _ = stopped.await;
    }));
    sleep(Duration::from_millis(300)).await;
    setrlimit(Resource::Nofile, before).unwrap();
    // 5, 10, 20, 40 ms ..: a loop that spins would have thousands.
    assert!((1..=10).contains(&stats.errors()), "{}", stats.errors());
    assert_eq!(stats.accepted(), 0);

    for mut client in clients {
        let mut said = Vec::new();
        let read = timeout(Duration::from_secs(20), client.read_to_end(&mut said));
        read.await.unwrap().unwrap();
        assert_eq!(said, b"at last");
    }
    assert_eq!(stats.accepted(), 5);
    stop.send(()).unwrap();
    assert_eq!(run.await.unwrap().cut, 0);
}
