//! Many downloads at once in one thread: one socket each, and epoll.

use crate::client::{Download, LONGEST, Next, RESENDS, Report, TIMEOUT, Trouble, Wanted, first};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How often is looked for clients that have waited for [`TIMEOUT`].
const TICK: Duration = Duration::from_millis(100);

struct Client {
    socket: UdpSocket,
    download: Download,
    connected: bool,
    heard: Instant,
    silences: u32,
    done: bool,
}

/// Lets `clients` clients fetch the same file; `sink` sees the number of a client and content.
/// The time is that from the first request to the last acknowledgement of all.
pub(crate) fn download(
    server: SocketAddr,
    wanted: &Wanted,
    clients: usize,
    mut sink: impl FnMut(usize, &[u8]),
) -> Result<Report, String> {
    let mut datagram = vec![0; LONGEST + 1];
    let mut crowd = gather(wanted, clients).map_err(|e| e.to_string())?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(text)?;
    for (number, client) in (0..).zip(&crowd) {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        epoll.add(&client.socket, event).map_err(text)?;
    }
    let start = Instant::now();
    let mut looked = start;
    for client in &mut crowd {
        client.send(server)?;
    }
    let mut events = vec![EpollEvent::empty(); clients];
    let mut left = clients;
    while left > 0 {
        let tick = EpollTimeout::try_from(TICK).unwrap_or(EpollTimeout::NONE);
        let count = match epoll.wait(&mut events, tick) {
            Err(Errno::EINTR) => 0,
            count => count.map_err(text)?,
        };
        let now = Instant::now();
        for event in &events[..count] {
            let number = event.data() as usize;
            let client = &mut crowd[number];
            client.heard = now;
            client.ready(server, &mut datagram, |content| sink(number, content))?;
            left -= usize::from(client.done);
        }
        if now - looked >= TICK {
            looked = now;
            let late = |client: &&mut Client| !client.done && now - client.heard >= TIMEOUT;
            for client in crowd.iter_mut().filter(late) {
                client.time_out(server, now)?;
            }
        }
    }
    let took = start.elapsed();
    let mut trouble = Trouble::default();
    for client in &crowd {
        trouble += client.download.trouble;
    }
    Ok(Report {
        took,
        granted: crowd.first().map_or(wanted.sizes, |c| c.download.granted()),
        trouble,
    })
}

fn gather(wanted: &Wanted, clients: usize) -> io::Result<Vec<Client>> {
    let client = |_| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Client {
            socket,
            download: Download::new(wanted),
            connected: false,
            heard: Instant::now(),
            silences: 0,
            done: false,
        })
    };
    (0..clients).map(client).collect()
}

impl Client {
    /// Takes one datagram; if there are more, epoll says so again.
    fn ready(
        &mut self,
        server: SocketAddr,
        datagram: &mut [u8],
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), String> {
        let received = if self.connected {
            self.socket.recv(datagram)
        } else {
            first(&self.socket, server, datagram, &mut self.connected)
        };
        let len = match received {
            Ok(len) => len,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(e) => return Err(e.to_string()),
        };
        if self.done {
            return Ok(()); // the last block again
        }
        self.silences = 0;
        let next = self.download.receive(&datagram[..len], &mut sink)?;
        if next != Next::Wait {
            self.send(server)?;
        }
        self.done = next == Next::Finish;
        Ok(())
    }

    fn time_out(&mut self, server: SocketAddr, now: Instant) -> Result<(), String> {
        self.silences += 1;
        if self.silences > RESENDS {
            return Err(self.download.silence());
        }
        self.heard = now;
        self.download.time_out();
        self.send(server)
    }

    fn send(&mut self, server: SocketAddr) -> Result<(), String> {
        let packet = self.download.packet();
        let sent = if self.connected {
            self.socket.send(packet)
        } else {
            self.socket.send_to(packet, server)
        };
        sent.map(drop).map_err(|e| e.to_string())
    }
}

fn text(error: Errno) -> String {
    error.to_string()
}
