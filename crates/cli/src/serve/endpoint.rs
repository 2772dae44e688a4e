//! Which protocol is served where.

use super::{PROTOCOLS, Protocol};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

/// Where a protocol is to be served.
pub(super) struct Wanted {
    pub(super) protocol: &'static Protocol,
    pub(super) address: SocketAddr,
    /// The user asked for just this: it is an error when it cannot be had.
    pub(super) named: bool,
}

/// Where a protocol is served.
pub(super) struct Endpoint {
    pub(super) protocol: &'static Protocol,
    pub(super) address: SocketAddr,
}

/// What `--only`, `--listen`, `--bind` and `--standard-ports` amount to.
pub(super) fn wanted(
    only: &[String],
    listen: &[String],
    bind: &[IpAddr],
    standard_ports: bool,
) -> Result<Vec<Wanted>, String> {
    let mut named = Vec::new();
    for name in only {
        named.extend(find(name)?);
    }
    let only = named;
    let mut wanted = Vec::new();
    let mut listened: Vec<&str> = Vec::new();
    for text in listen {
        let (name, address) = text
            .split_once('=')
            .ok_or_else(|| format!("--listen {text}: PROTOCOL=ADDRESS:PORT is wanted"))?;
        let protocols = find(name)?;
        let address = address.parse().map_err(|_| {
            format!(
                "--listen {text}: ADDRESS:PORT is wanted, like 127.0.0.1:{}",
                protocols[0].port
            )
        })?;
        for protocol in protocols {
            listened.push(protocol.name);
            wanted.push(Wanted {
                protocol,
                address,
                named: true,
            });
        }
    }
    for protocol in PROTOCOLS {
        if listened.contains(&protocol.name) {
            continue;
        }
        let named = only.iter().any(|only| only.name == protocol.name);
        let served = match only.is_empty() {
            true => protocol.by_default,
            false => named,
        };
        if served {
            let port = if standard_ports {
                protocol.standard_port
            } else {
                protocol.port
            };
            wanted.extend(bind.iter().map(|&ip| {
                let address = SocketAddr::new(ip, port);
                Wanted {
                    protocol,
                    address,
                    named,
                }
            }));
        }
    }
    if !only.is_empty() {
        wanted.retain(|wanted| only.iter().any(|only| only.name == wanted.protocol.name));
    }
    Ok(wanted)
}

/// The protocol of this name, and those that come with it.
fn find(name: &str) -> Result<Vec<&'static Protocol>, String> {
    let names = || {
        PROTOCOLS
            .iter()
            .map(|protocol| protocol.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = PROTOCOLS
        .iter()
        .filter(|protocol| protocol.name == name || protocol.comes_with == Some(name));
    let found: Vec<_> = found.collect();
    match found.is_empty() {
        true => Err(format!(
            "no protocol \"{}\" is served here: there is {}",
            name.escape_debug(),
            names()
        )),
        false => Ok(found),
    }
}

impl Wanted {
    /// What went wrong, and what to do.
    pub(super) fn explain(&self, error: &io::Error) -> String {
        let Self {
            protocol: Protocol {
                name, transport, ..
            },
            address,
            ..
        } = self;
        let advice = match error.kind() {
            ErrorKind::AddrInUse => format!(
                "another program has {transport} port {}; take another one with --listen {name}={}",
                address.port(),
                SocketAddr::new(address.ip(), 0),
            ),
            ErrorKind::PermissionDenied => format!(
                "ports below 1024 need a right (root, or CAP_NET_BIND_SERVICE); take another one \
                 with --listen {name}={}",
                SocketAddr::new(address.ip(), self.protocol.port),
            ),
            ErrorKind::AddrNotAvailable => {
                "this machine has no such address; see `ip address`".to_owned()
            }
            _ => error.to_string(),
        };
        format!("cannot be served at {address}: {advice}")
    }
}

impl Endpoint {
    /// Addresses that clients can use: those of all interfaces where it is served at every address.
    pub(super) fn reached_at(&self) -> Vec<SocketAddr> {
        if !self.address.ip().is_unspecified() {
            return vec![self.address];
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let ips = interfaces.iter().map(if_addrs::Interface::ip);
        let suits = |ip: &IpAddr| match ip {
            IpAddr::V4(_) => true,
            IpAddr::V6(v6) => self.address.is_ipv6() && !v6.is_unicast_link_local(),
        };
        let mut ips: Vec<_> = ips.filter(suits).collect();
        // those that others can use come first
        ips.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6(), *ip));
        ips.into_iter()
            .map(|ip| SocketAddr::new(ip, self.address.port()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn shown(only: &[&str], listen: &[&str], standard: bool) -> Result<Vec<String>, String> {
        let own = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        let bind = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let wanted = wanted(&own(only), &own(listen), &bind, standard)?;
        let show = |w: &Wanted| format!("{} {} {}", w.protocol.name, w.address, w.named);
        Ok(wanted.iter().map(show).collect())
    }

    #[test]
    fn every_address_by_default() {
        let wanted = shown(&[], &[], false).unwrap();
        assert_eq!(
            wanted,
            [
                "http 127.0.0.1:8080 false",
                "http [::1]:8080 false",
                "telnet 127.0.0.1:2323 false",
                "telnet [::1]:2323 false",
                "tftp 127.0.0.1:6969 false",
                "tftp [::1]:6969 false"
            ]
        );
        let wanted = shown(&["tftp"], &[], true).unwrap();
        assert_eq!(wanted, ["tftp 127.0.0.1:69 true", "tftp [::1]:69 true"]);
    }

    #[test]
    fn what_is_listened_for_replaces_what_is_bound() {
        let listen = ["tftp=127.0.0.2:0", "tftp=[::1]:7", "telnet=[::1]:0"];
        let wanted = shown(&[], &listen, false).unwrap();
        let there = ["tftp 127.0.0.2:0 true", "tftp [::1]:7 true"];
        let others = [
            "telnet [::1]:0 true",
            "http 127.0.0.1:8080 false",
            "http [::1]:8080 false",
        ];
        assert_eq!(wanted, [&there[..], &others].concat());
        // and nothing is added to what only is served
        assert_eq!(shown(&["tftp"], &listen, false).unwrap(), there);
    }

    #[test]
    fn some_come_together_and_what_answers_loudly_does_not() {
        let both = shown(&["time"], &[], false).unwrap();
        let all = [
            "time 127.0.0.1:2037 true",
            "time [::1]:2037 true",
            "time-udp 127.0.0.1:2037 true",
            "time-udp [::1]:2037 true",
        ];
        assert_eq!(both, all);
        let wanted = shown(&["time-udp"], &["daytime=[::1]:0"], true).unwrap();
        assert_eq!(
            wanted,
            ["time-udp 127.0.0.1:37 true", "time-udp [::1]:37 true"]
        );
        let wanted = shown(&["daytime"], &["daytime=[::1]:0"], true).unwrap();
        assert_eq!(wanted, ["daytime [::1]:0 true", "daytime-udp [::1]:0 true"]);
        for (name, port) in [("echo", 7), ("chargen", 19)] {
            let wanted = shown(&[name], &[], true).unwrap();
            let at = |host| format!("{name} {host}:{port} true");
            assert_eq!(wanted, [at("127.0.0.1"), at("[::1]")]);
        }
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        for (only, listen) in [
            (&["gopher"][..], &[][..]),
            (&[], &["gopher=127.0.0.1:0"]),
            (&[], &["tftp"]),
            (&[], &["tftp=6969"]),
        ] {
            assert!(shown(only, listen, false).is_err(), "{only:?} {listen:?}");
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        let wanted = wanted(&[], &["tftp=127.0.0.1:69".to_owned()], &[], false).unwrap();
        for (kind, advice) in [
            (ErrorKind::AddrInUse, "--listen tftp=127.0.0.1:0"),
            (ErrorKind::PermissionDenied, "--listen tftp=127.0.0.1:6969"),
            (ErrorKind::AddrNotAvailable, "no such address"),
        ] {
            let text = wanted[0].explain(&kind.into());
            assert!(
                text.contains(advice) && text.contains("127.0.0.1:69"),
                "{text}"
            );
        }
    }
}
