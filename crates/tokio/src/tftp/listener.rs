//! The listening socket: knows which of this host's addresses a request was sent to, so that the
//! answer comes from there, and drops what was sent to everybody (RFC 1123 section 4.2.3.5).

use super::endpoint::Route;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// Room for the requests of many clients that ask at once; the system may grant less.
const RECEIVE_BUFFER: usize = 1 << 20;

pub(super) struct Listener {
    socket: UdpSocket,
    local: SocketAddr,
}

/// A datagram that came in.
pub(super) enum Came {
    /// So many octets, from and to here.
    For(Route, usize),
    /// Something that was sent to a broadcast or multicast address.
    ForEverybody(SocketAddr),
}

impl Listener {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = bind(address)?;
        let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
        Self::new(socket)
    }

    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let socket = UdpSocket::from_std(socket)?;
        if local.ip().is_unspecified() {
            destination::ask(&socket, local)?;
        }
        Ok(Self { socket, local })
    }

    pub(super) const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// The next datagram, if there is one now.
    pub(super) fn receive(&self, buf: &mut [u8]) -> io::Result<Came> {
        if self.local.ip().is_unspecified() {
            return destination::receive(&self.socket, buf);
        }
        let (len, peer) = self.socket.try_recv_from(buf)?;
        let local = Some(self.local.ip());
        Ok(Came::For(Route { peer, local }, len))
    }

    /// Sends an answer that is not part of a transfer. Lost is lost.
    pub(super) fn send(&self, to: Route, datagram: &[u8]) {
        let _ = match to.local.filter(|_| self.local.ip().is_unspecified()) {
            Some(local) => destination::send(&self.socket, to.peer, local, datagram),
            None => self.socket.try_send_to(datagram, to.peer).map(drop),
        };
    }
}

/// A socket at `address`: for both families, where it may be for both and the system has both.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        let _ = socket.set_only_v6(false);
    }
    socket.bind(&SockAddr::from(address))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(target_os = "linux")]
mod destination {
    use super::{Came, Route};
    use crate::udp::address;
    use nix::libc;
    use nix::sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
        setsockopt, sockopt,
    };
    use std::io::{self, IoSlice, IoSliceMut};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::os::fd::AsRawFd;
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    pub(super) fn ask(socket: &UdpSocket, local: SocketAddr) -> io::Result<()> {
        if local.is_ipv6() {
            setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
        // a socket for both families reports those of IPv4 apart
        let v4 = setsockopt(socket, sockopt::Ipv4PacketInfo, &true);
        match local.is_ipv4() {
            true => Ok(v4?),
            false => Ok(()),
        }
    }

    pub(super) fn receive(socket: &UdpSocket, buf: &mut [u8]) -> io::Result<Came> {
        socket.try_io(Interest::READABLE, || {
            let mut room = nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
            let mut slices = [IoSliceMut::new(buf)];
            let flags = MsgFlags::MSG_DONTWAIT;
            let message = recvmsg::<SockaddrStorage>(
                socket.as_raw_fd(),
                &mut slices,
                Some(&mut room),
                flags,
            )?;
            let peer = message.address.as_ref().and_then(address);
            let Some(peer) = peer else {
                return Err(io::Error::other("a datagram without a sender"));
            };
            let (mut local, mut everybody) = (None, false);
            for control in message.cmsgs()? {
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) => {
                        let to = Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr));
                        let ours = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
                        // for what is sent to everybody, the second is the interface's address
                        everybody |= to.is_multicast() || to.is_broadcast() || to != ours;
                        local = Some(IpAddr::V4(to));
                    }
                    ControlMessageOwned::Ipv6PacketInfo(info) => {
                        let to = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                        everybody |= to.is_multicast();
                        if local.is_none() {
                            local = Some(IpAddr::V6(to).to_canonical());
                        }
                    }
                    _ => {}
                }
            }
            Ok(match everybody {
                true => Came::ForEverybody(peer),
                false => Came::For(Route { peer, local }, message.bytes),
            })
        })
    }

    pub(super) fn send(
        socket: &UdpSocket,
        to: SocketAddr,
        from: IpAddr,
        datagram: &[u8],
    ) -> io::Result<()> {
        let slices = [IoSlice::new(datagram)];
        let to = SockaddrStorage::from(to);
        let (v4, v6);
        let control = match from {
            IpAddr::V4(from) => {
                let [none, ours] =
                    [0, u32::from(from).to_be()].map(|s_addr| libc::in_addr { s_addr });
                v4 = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: ours,
                    ipi_addr: none,
                };
                ControlMessage::Ipv4PacketInfo(&v4)
            }
            IpAddr::V6(from) => {
                let ipi6_addr = libc::in6_addr {
                    s6_addr: from.octets(),
                };
                v6 = libc::in6_pktinfo {
                    ipi6_addr,
                    ipi6_ifindex: 0,
                };
                ControlMessage::Ipv6PacketInfo(&v6)
            }
        };
        socket.try_io(Interest::WRITABLE, || {
            let flags = MsgFlags::MSG_DONTWAIT;
            sendmsg(socket.as_raw_fd(), &slices, &[control], flags, Some(&to))?;
            Ok(())
        })
    }
}

/// Where the destination is not told, the system chooses the address that answers come from.
#[cfg(not(target_os = "linux"))]
mod destination {
    use super::{Came, Route};
    use std::io;
    use std::net::{IpAddr, SocketAddr};
    use tokio::net::UdpSocket;

    pub(super) fn ask(_: &UdpSocket, _: SocketAddr) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn receive(socket: &UdpSocket, buf: &mut [u8]) -> io::Result<Came> {
        let (len, peer) = socket.try_recv_from(buf)?;
        Ok(Came::For(Route { peer, local: None }, len))
    }

    pub(super) fn send(
        socket: &UdpSocket,
        to: SocketAddr,
        _: IpAddr,
        datagram: &[u8],
    ) -> io::Result<()> {
        socket.try_send_to(datagram, to).map(drop)
    }
}
