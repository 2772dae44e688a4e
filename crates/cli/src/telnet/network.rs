//! From names to a connection.

use super::console::Console;
use super::ends::{Code, Failure, plain};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use wirelore_core::escape;

/// Services that people call by name.
const SERVICES: &[(&str, u16)] = &[
    ("chargen", 19),
    ("daytime", 13),
    ("discard", 9),
    ("echo", 7),
    ("finger", 79),
    ("ftp", 21),
    ("gopher", 70),
    ("http", 80),
    ("imap", 143),
    ("nntp", 119),
    ("pop3", 110),
    ("smtp", 25),
    ("submission", 587),
    ("telnet", 23),
    ("whois", 43),
];

/// The port of a TELNET server.
pub(crate) const TELNET: Port = Port(23);

/// A port, by number or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) u16);

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = SERVICES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        match (named, text.parse()) {
            (Some(&(_, port)), _) | (None, Ok(port @ 1..)) => Ok(Self(port)),
            _ => {
                let names: Vec<&str> = SERVICES.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "a number from 1 to 65535, or one of {}",
                    names.join(", ")
                ))
            }
        }
    }
}

#[derive(clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Network")]
pub(crate) struct Network {
    /// Only IPv4
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', long)]
    ipv6: bool,
    /// Come from this local address
    #[arg(short, long, value_name = "ADDRESS")]
    bind: Option<IpAddr>,
    /// Give up when there is no connection after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    connect_timeout: Option<Duration>,
}

/// A time in seconds, more than none.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|s| *s > 0.0 && *s < 1e9);
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "seconds, more than 0".into())
}

impl Network {
    /// Connects to the first address of the host that answers. `tell` says whether the attempts
    /// are shown.
    pub(crate) async fn connect(
        &self,
        host: &str,
        Port(port): Port,
        console: &Console,
        tell: bool,
    ) -> Result<TcpStream, Failure> {
        let connecting = self.connect_anyhow(host, port, console, tell);
        match self.connect_timeout {
            None => connecting.await,
            Some(limit) => timeout(limit, connecting).await.unwrap_or_else(|_| {
                let text = format!("{} port {port}: no connection in time", escape(host));
                Err(Failure::new(Code::TIMEOUT, text))
            }),
        }
    }

    async fn connect_anyhow(
        &self,
        host: &str,
        port: u16,
        console: &Console,
        tell: bool,
    ) -> Result<TcpStream, Failure> {
        let mut failed = Failure::new(Code::NO_SUCH_HOST, "no address");
        for address in self.resolve(host, port).await? {
            if tell {
                console.say(&format!("Trying {}...", address.ip()));
            }
            match self.connect_to(address).await {
                Ok(tcp) => return Ok(tcp),
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let unbracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let name = unbracketed.unwrap_or(host);
        let found = tokio::net::lookup_host((name, port)).await;
        let found = found.map_err(|error| {
            let why = plain(&error);
            let why = why.trim_start_matches("failed to lookup address information: ");
            let text = format!("cannot resolve {}: {why}", escape(name));
            Failure::new(Code::NO_SUCH_HOST, text)
        })?;
        let fits = |address: &SocketAddr| {
            let family = (address.is_ipv4() || !self.ipv4) && (address.is_ipv6() || !self.ipv6);
            family
                && self
                    .bind
                    .is_none_or(|bind| bind.is_ipv4() == address.is_ipv4())
        };
        let mut addresses: Vec<SocketAddr> = found.filter(fits).collect();
        addresses.dedup();
        if addresses.is_empty() {
            let text = format!("{} has no address of the wanted family", escape(name));
            return Err(Failure::new(Code::NO_SUCH_HOST, text));
        }
        Ok(addresses)
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<TcpStream, Failure> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(|error| Failure::of(&error, Code::NO_ROUTE, "no socket"))?;
        if let Some(bind) = self.bind {
            let bound = socket.bind(SocketAddr::new(bind, 0));
            bound.map_err(|error| {
                Failure::of(&error, Code::INTERFACE, format!("local address {bind}"))
            })?;
        }
        let connected = socket.connect(address).await;
        let tcp = connected.map_err(|error| {
            let code = match error.kind() {
                ErrorKind::TimedOut => Code::TIMEOUT,
                _ => Code::NO_ROUTE,
            };
            Failure::of(&error, code, address)
        })?;
        // Single characters are the rule here, and must not wait for each other.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_numbers_and_names() {
        for (text, port) in [("1", 1), ("65535", 65535), ("telnet", 23), ("HTTP", 80)] {
            assert_eq!(text.parse(), Ok(Port(port)), "{text}");
        }
        for bad in ["", "0", "65536", "-1", "23x", "no-such-service"] {
            assert!(bad.parse::<Port>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_more_than_none() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["", "0", "-1", "nan", "inf", "1e12", "x"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
