//! Who a peer is: networks, and access lists as routers have them.

use ipnet::{IpNet, Ipv4Net};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Any,
    Net(IpNet),
}

impl Network {
    /// `any`, `10.0.0.0/8`, `10.0.0.1`, `host 10.0.0.1`, `10.0.0.0 0.255.255.255`.
    fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let net = match words[..] {
            ["any"] => return Ok(Self::Any),
            ["host", address] => address.parse::<IpAddr>().map(IpNet::from).ok(),
            [net] => match net.parse::<IpAddr>() {
                Ok(address) => Some(address.into()),
                Err(_) => net.parse().ok(),
            },
            [address, wildcard] => match (address.parse(), wildcard.parse()) {
                (Ok(address), Ok(wildcard)) => Some(wild(address, wildcard)?.into()),
                _ => None,
            },
            _ => None,
        };
        net.map(|net| Self::Net(unmapped(net).trunc()))
            .ok_or_else(|| format!("\"{}\" is no network", text.escape_debug()))
    }

    fn contains(self, peer: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Net(net) => net.contains(&peer),
        }
    }
}

/// A router's address and wildcard: bits that are set do not count.
fn wild(address: Ipv4Addr, wildcard: Ipv4Addr) -> Result<Ipv4Net, String> {
    let wildcard = wildcard.to_bits();
    if wildcard & wildcard.wrapping_add(1) != 0 {
        return Err(format!(
            "\"{}\" is no wildcard: its set bits must be the last ones, as in 0.0.255.255",
            Ipv4Addr::from_bits(wildcard)
        ));
    }
    let prefix = u8::try_from(wildcard.leading_zeros()).unwrap_or(32);
    Ipv4Net::new(address, prefix).map_err(|error| error.to_string())
}

/// IPv4 in IPv6 is IPv4, as it is for peers.
fn unmapped(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(prefix)) if net.addr().is_ipv6() => {
            Ipv4Net::new(address, prefix).map_or(net, IpNet::from)
        }
        _ => net,
    }
}

/// Entries in order: the first that has the address counts, after the last all are refused.
#[derive(Debug, Default)]
struct List(Vec<(bool, Network)>);

impl List {
    fn permits(&self, peer: IpAddr) -> bool {
        let entry = self.0.iter().find(|(_, network)| network.contains(peer));
        entry.is_some_and(|&(permit, _)| permit)
    }
}

/// The access lists of a configuration by their names.
#[derive(Debug, Default)]
pub(super) struct Lists(BTreeMap<String, Arc<List>>);

impl Lists {
    /// Whether a list may have this name: it must not be taken for a network.
    pub(super) fn check_name(name: &str) -> Result<(), String> {
        if name.is_empty() || Network::parse(name).is_ok() {
            let name = name.escape_debug();
            return Err(format!("\"{name}\" cannot be the name of an access list"));
        }
        Ok(())
    }

    /// Adds an entry (`NET`, `permit NET` or `deny NET`) at the end of a list.
    pub(super) fn push(&mut self, name: &str, entry: &str) -> Result<(), String> {
        let (permit, network) = match entry.trim().split_once(char::is_whitespace) {
            Some(("permit", network)) => (true, network),
            Some(("deny", network)) => (false, network),
            _ => (true, entry),
        };
        let network = Network::parse(network)?;
        let list = self.0.entry(name.to_owned()).or_default();
        // nobody else has it yet: lists are complete before they are referred to
        if let Some(list) = Arc::get_mut(list) {
            list.0.push((permit, network));
        }
        Ok(())
    }

    /// Makes an empty list, which refuses all.
    pub(super) fn add(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default();
    }

    /// A network, or the name of a list.
    pub(super) fn who(&self, text: &str) -> Result<Who, String> {
        if let Some(list) = self.0.get(text) {
            return Ok(Who::List(list.clone()));
        }
        Network::parse(text)
            .map(Who::Network)
            .map_err(|error| format!("{error}, and there is no access list of this name"))
    }
}

/// Some peers.
#[derive(Clone, Debug)]
pub(super) enum Who {
    #[expect(private_interfaces, reason = "made by Lists only")]
    Network(Network),
    /// Those that the list permits.
    #[expect(private_interfaces, reason = "made by Lists only")]
    List(Arc<List>),
}

impl Who {
    fn has(&self, peer: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(peer),
            Self::List(list) => list.permits(peer),
        }
    }
}

/// Who is let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    /// `None`: everybody who is not denied.
    pub(super) allow: Option<Vec<Who>>,
    pub(super) deny: Vec<Who>,
}

impl Access {
    /// An IPv4 address inside an IPv6 one counts as itself.
    pub(super) fn lets_in(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let has = |who: &Who| who.has(peer);
        !self.deny.iter().any(has)
            && self
                .allow
                .as_ref()
                .is_none_or(|allow| allow.iter().any(has))
    }

    /// Whether nobody is refused.
    pub(super) fn is_open(&self) -> bool {
        self.allow.is_none() && self.deny.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(lists: &Lists, allow: &[&str], deny: &[&str], peer: &str) -> bool {
        let who = |texts: &[&str]| -> Vec<Who> {
            texts
                .iter()
                .map(|text| lists.who(text).expect("known"))
                .collect()
        };
        let access = Access {
            allow: (!allow.is_empty()).then(|| who(allow)),
            deny: who(deny),
        };
        access.lets_in(peer.parse().expect("an address"))
    }

    #[test]
    fn networks_are_written_in_five_ways() {
        let net = |text: &str| Network::Net(text.parse().expect("a network"));
        let cases = [
            ("any", Network::Any),
            ("10.0.0.0/8", net("10.0.0.0/8")),
            ("10.1.2.3/8", net("10.0.0.0/8")),
            ("10.1.2.3", net("10.1.2.3/32")),
            ("host 10.1.2.3", net("10.1.2.3/32")),
            ("172.30.0.0 0.0.255.255", net("172.30.0.0/16")),
            ("0.0.0.0 255.255.255.255", net("0.0.0.0/0")),
            ("1.2.3.4 0.0.0.0", net("1.2.3.4/32")),
            ("fe80::/10", net("fe80::/10")),
            ("::1", net("::1/128")),
            ("::ffff:10.0.0.0/104", net("10.0.0.0/8")),
            ("::ffff:10.0.0.1", net("10.0.0.1/32")),
        ];
        for (text, network) in cases {
            assert_eq!(Network::parse(text), Ok(network), "{text}");
        }
        for bad in [
            "",
            "22",
            "10.0.0.0/33",
            "1.2.3",
            "host",
            "host any",
            "::1 0.0.0.1",
            "a b c",
        ] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
        let error = Network::parse("172.30.0.0 255.255.0.0").expect_err("a netmask");
        assert!(error.contains("wildcard"), "{error}");
    }

    #[test]
    fn the_first_entry_counts_and_the_end_denies() {
        let mut lists = Lists::default();
        for entry in [
            "deny 172.30.9.0/24",
            "172.30.0.0/16",
            "permit host 10.0.0.1",
        ] {
            lists.push("22", entry).expect("an entry");
        }
        lists.add("nobody");
        let permits = |name: &str, peer: &str| lets_in(&lists, &[name], &[], peer);
        assert!(permits("22", "172.30.1.1"));
        assert!(!permits("22", "172.30.9.1"));
        assert!(permits("22", "10.0.0.1"));
        assert!(!permits("22", "10.0.0.2"));
        assert!(!permits("nobody", "10.0.0.1"));
    }

    #[test]
    fn denying_goes_before_allowing() {
        let lists = Lists::default();
        assert!(lets_in(&lists, &[], &[], "192.0.2.1"));
        assert!(lets_in(&lists, &["192.0.2.0/24"], &[], "192.0.2.1"));
        assert!(!lets_in(&lists, &["192.0.2.0/24"], &[], "192.0.3.1"));
        assert!(!lets_in(
            &lists,
            &["192.0.2.0/24"],
            &["192.0.2.1"],
            "192.0.2.1"
        ));
        assert!(lets_in(
            &lists,
            &["192.0.2.0/24"],
            &["192.0.2.1"],
            "192.0.2.2"
        ));
        assert!(!lets_in(&lists, &[], &["any"], "::1"));
    }

    #[test]
    fn a_list_that_is_denied_denies_what_it_permits() {
        let mut lists = Lists::default();
        for entry in ["deny 10.0.0.1", "10.0.0.0/8"] {
            lists.push("bad", entry).expect("an entry");
        }
        assert!(!lets_in(&lists, &[], &["bad"], "10.0.0.2"));
        assert!(lets_in(&lists, &[], &["bad"], "10.0.0.1"));
    }

    #[test]
    fn mapped_peers_are_ipv4() {
        let lists = Lists::default();
        assert!(lets_in(&lists, &["10.0.0.0/8"], &[], "::ffff:10.1.2.3"));
        assert!(!lets_in(&lists, &[], &["10.0.0.0/8"], "::ffff:10.1.2.3"));
        assert!(!lets_in(&lists, &[], &["::ffff:10.0.0.0/104"], "10.1.2.3"));
        assert!(lets_in(&lists, &[], &["::/0"], "::ffff:10.1.2.3"));
    }

    #[test]
    fn names_that_read_like_networks_are_no_names() {
        for bad in ["", "any", "10.0.0.0/8", "10.0.0.1", "host 10.0.0.1"] {
            assert!(Lists::check_name(bad).is_err(), "{bad}");
        }
        for good in ["22", "office", "Alle Router"] {
            assert!(Lists::check_name(good).is_ok(), "{good}");
        }
    }
}
