//! From names to sockets.

use super::codes::{Code, Failure, plain};
use super::place::Host;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::str::FromStr;
use wirelore_core::escape;

#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Network")]
pub(crate) struct Network {
    /// Use this network interface, or this local address
    #[arg(long, value_name = "NAME|ADDRESS")]
    interface: Option<String>,
    /// Use this local port, or the first free one of these
    #[arg(long, value_name = "N|A-B")]
    local_port: Option<Ports>,
    /// Only IPv4
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', long)]
    ipv6: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Ports(RangeInclusive<u16>);

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first @ 1..), Ok(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err("ports are 1 to 65535, the lower one first".into()),
        }
    }
}

impl Network {
    /// The addresses of a host that may be used, IPv4 first: what serves old equipment often has
    /// nothing else.
    pub(crate) async fn resolve(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let mut addresses = match host {
            Host::Address(address) => vec![SocketAddr::new(*address, port)],
            Host::Name(name) => match tokio::net::lookup_host((&**name, port)).await {
                Ok(addresses) => addresses.collect(),
                Err(error) => {
                    let why = plain(&error);
                    let why = why.trim_start_matches("failed to lookup address information: ");
                    let text = format!("cannot resolve {}: {why}", escape(name));
                    return Err(Failure::new(Code::NO_SUCH_HOST, text));
                }
            },
        };
        let local = self.local_address();
        addresses.retain(|address| {
            let family = (address.is_ipv4() || !self.ipv4) && (address.is_ipv6() || !self.ipv6);
            family && local.is_none_or(|local| local.is_ipv4() == address.is_ipv4())
        });
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.dedup();
        if addresses.is_empty() {
            let text = format!("{} has no address of the wanted family", host.shown(port));
            return Err(Failure::new(Code::NO_SUCH_HOST, text));
        }
        Ok(addresses)
    }

    /// A socket for the first of the hosts that there is a way to. It is bound to the address that
    /// the host is reached from.
    pub(crate) fn udp(
        &self,
        hosts: &[SocketAddr],
        receive: usize,
    ) -> Result<(UdpSocket, SocketAddr), Failure> {
        let mut failed = Failure::new(Code::NO_SUCH_HOST, "no address");
        for &host in hosts {
            match self
                .way(host)
                .and_then(|local| self.bound(host, local, receive))
            {
                Ok(socket) => return Ok((socket, host)),
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }

    /// A socket that is not connected yet, bound where the options say.
    pub(crate) fn tcp(&self, host: SocketAddr) -> Result<TcpStream, Failure> {
        let ports = self
            .local_port
            .as_ref()
            .map_or(0..=0, |ports| ports.0.clone());
        let mut failed = Failure::new(Code::INTERFACE, "no local port");
        for port in ports {
            let socket = self.socket(host, Type::STREAM, Protocol::TCP)?;
            let nonblocking = socket.set_nonblocking(true);
            nonblocking.map_err(|error| Failure::of(&error, Code::NO_ROUTE, "no socket"))?;
            let local = match (self.local_address(), host) {
                (Some(address), _) => address,
                (None, SocketAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
                (None, SocketAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
            };
            if port == 0 && local.is_unspecified() {
                return Ok(socket.into());
            }
            if port != 0 {
                // a connection that was closed a minute ago does not keep its port
                let _ = socket.set_reuse_address(true);
            }
            match bind(&socket, SocketAddr::new(local, port)) {
                Ok(()) => return Ok(socket.into()),
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }

    /// The local address that packets to `host` come from. Nothing is sent.
    fn way(&self, host: SocketAddr) -> Result<SocketAddr, Failure> {
        let socket = self.socket(host, Type::DGRAM, Protocol::UDP)?;
        if let Some(local) = self.local_address() {
            bind(&socket, SocketAddr::new(local, 0))?;
        }
        let found = socket
            .connect(&SockAddr::from(host))
            .and_then(|()| socket.local_addr());
        let found = found.map_err(|error| {
            Failure::new(
                Code::NO_ROUTE,
                format!("no way to {host}: {}", plain(&error)),
            )
        })?;
        found
            .as_socket()
            .ok_or_else(|| Failure::new(Code::NO_ROUTE, format!("no way to {host}")))
    }

    fn bound(
        &self,
        host: SocketAddr,
        mut local: SocketAddr,
        receive: usize,
    ) -> Result<UdpSocket, Failure> {
        let ports = self
            .local_port
            .as_ref()
            .map_or(0..=0, |ports| ports.0.clone());
        let mut failed = Failure::new(Code::INTERFACE, "no local port");
        for port in ports {
            // a socket that could not be bound cannot be used again everywhere
            let socket = self.socket(host, Type::DGRAM, Protocol::UDP)?;
            local.set_port(port);
            match bind(&socket, local) {
                Ok(()) => {
                    if socket.recv_buffer_size().is_ok_and(|size| size < receive) {
                        let _ = socket.set_recv_buffer_size(receive);
                    }
                    return Ok(socket.into());
                }
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }

    fn socket(&self, host: SocketAddr, kind: Type, protocol: Protocol) -> Result<Socket, Failure> {
        let socket = Socket::new(Domain::for_address(host), kind, Some(protocol));
        let socket = socket.map_err(|error| Failure::of(&error, Code::NO_ROUTE, "no socket"))?;
        if let (Some(name), None) = (&self.interface, self.local_address()) {
            let place = format!("interface {}", escape(name));
            device(&socket, name).map_err(|error| Failure::of(&error, Code::INTERFACE, &place))?;
        }
        Ok(socket)
    }

    fn local_address(&self) -> Option<IpAddr> {
        self.interface.as_ref()?.parse().ok()
    }
}

fn bind(socket: &Socket, local: SocketAddr) -> Result<(), Failure> {
    let bound = socket.bind(&SockAddr::from(local));
    bound.map_err(|error| Failure::of(&error, Code::INTERFACE, &format!("local address {local}")))
}

#[cfg(target_os = "linux")]
fn device(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn device(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "give its address instead of its name",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_one_or_a_range() {
        assert_eq!("69".parse(), Ok(Ports(69..=69)));
        assert_eq!("2000-2010".parse(), Ok(Ports(2000..=2010)));
        for bad in ["", "0", "65536", "5-4", "-", "1-", "a-b", "1-2-3"] {
            assert!(bad.parse::<Ports>().is_err(), "{bad}");
        }
    }
}
