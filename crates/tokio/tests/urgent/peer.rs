//! The other end: it knows sockets only.

use crate::nvt::{DM, IAC, Nvt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;
use std::future::Future;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wirelore_tokio::{Driver, DriverConfig, Pumped, UrgentStream};

/// Far more than anything here needs; what stands still ends here.
pub(crate) const STUCK: Duration = Duration::from_secs(20);
/// Enough for what is to happen at once, where nothing tells that it has.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// Which octet of IAC DM has the mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// The IAC, as most programs do it.
    Bsd,
    /// The DM, as RFC 1123 says.
    Rfc,
}

pub(crate) const MANNERS: [Manner; 2] = [Manner::Bsd, Manner::Rfc];

/// Both ends of a connection: ours and the peer's.
pub(crate) async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (ours, peer) = (server.unwrap().0, client.unwrap());
    peer.set_nodelay(true).unwrap();
    ours.set_nodelay(true).unwrap();
    (ours, peer)
}

/// A driver that knows of urgent data, and the peer.
pub(crate) async fn telnet(config: &DriverConfig) -> (Driver<Nvt, UrgentStream>, TcpStream) {
    let (ours, peer) = connection().await;
    let ours = UrgentStream::new(ours).unwrap();
    let driver = Driver::new(Nvt::default(), ours, config).with_urgent();
    (driver, peer)
}

/// Sends a little, at once.
pub(crate) fn say(peer: &TcpStream, text: &[u8]) {
    assert_eq!(SockRef::from(peer).send(text).unwrap(), text.len());
}

/// Sends one octet as urgent.
pub(crate) fn shout(peer: &TcpStream, octet: u8) {
    assert_eq!(SockRef::from(peer).send_out_of_band(&[octet]).unwrap(), 1);
}

pub(crate) fn synch(peer: &TcpStream, manner: Manner) {
    match manner {
        Manner::Bsd => {
            shout(peer, IAC);
            say(peer, &[DM]);
        }
        Manner::Rfc => {
            say(peer, &[IAC]);
            shout(peer, DM);
        }
    }
}

/// Waits until so many octets are there to be read.
pub(crate) async fn arrived(ours: &TcpStream, count: u64) {
    for _ in 0..2000 {
        if rustix::io::ioctl_fionread(ours).unwrap() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{count} octets have not come");
}

pub(crate) async fn bounded<T>(what: impl Future<Output = T>) -> T {
    timeout(STUCK, what).await.expect("it stands still")
}

/// Pumps until so many octets are consumed.
pub(crate) async fn until<S>(driver: &mut Driver<Nvt, S>, consumed: usize)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if driver.machine().consumed >= consumed {
        return;
    }
    let pumped = driver.pump(|nvt, _, _| match nvt.consumed >= consumed {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    let pumped = timeout(STUCK, pumped).await;
    assert!(
        matches!(pumped, Ok(Ok(Pumped::Break(())))),
        "{pumped:?} {:?}",
        driver.machine()
    );
}

/// Pumps for a while in which nothing ends it.
pub(crate) async fn for_a_while<S>(driver: &mut Driver<Nvt, S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let pumped = driver.pump(|_, _, _| ControlFlow::<()>::Continue(()));
    let pumped = timeout(SOON, pumped).await;
    assert!(pumped.is_err(), "{pumped:?}");
}

/// Reads to the end, in a thread: all octets, and the places of those that were urgent.
pub(crate) async fn listen(peer: TcpStream) -> (Vec<u8>, Vec<usize>) {
    let peer = peer.into_std().unwrap();
    peer.set_nonblocking(false).unwrap();
    SockRef::from(&peer).set_out_of_band_inline(true).unwrap();
    let listen = move || {
        let (mut octets, mut places) = (Vec::new(), Vec::new());
        let mut piece = [0; 50_000];
        loop {
            let limit = Timespec {
                tv_sec: 20,
                tv_nsec: 0,
            };
            let mut fds = [PollFd::new(&peer, PollFlags::IN | PollFlags::PRI)];
            assert_eq!(poll(&mut fds, Some(&limit)).unwrap(), 1, "nothing comes");
            if !fds[0].revents().contains(PollFlags::IN) {
                continue;
            }
            let urgent = fds[0].revents().contains(PollFlags::PRI);
            let start = octets.len();
            let count = (&peer).read(&mut piece).unwrap();
            octets.extend_from_slice(&piece[..count]);
            let mut fds = [PollFd::new(&peer, PollFlags::PRI)];
            poll(&mut fds, Some(&Timespec::default())).unwrap();
            if urgent && !fds[0].revents().contains(PollFlags::PRI) {
                places.push(start);
            }
            if count == 0 {
                return (octets, places);
            }
        }
    };
    tokio::task::spawn_blocking(listen).await.unwrap()
}
