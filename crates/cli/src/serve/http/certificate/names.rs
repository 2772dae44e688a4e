//! For whom a certificate of our own stands.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// No more addresses than these are in it.
const MAX_ADDRESSES: usize = 64;

/// This host, and the addresses that it has now, sorted.
pub(super) fn all() -> Vec<String> {
    let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(host().filter(|name| is_dns_name(name)));
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(|it| it.ip()).collect();
    addresses.retain(|&address| is_reachable(address));
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(MAX_ADDRESSES);
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.into_iter().collect()
}

/// Whether clients can have it in a URL: those of a single link need an interface beside them.
const fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    let name = rustix::system::uname();
    Some(name.nodename().to_str().ok()?.to_ascii_lowercase())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}

/// Whether it can be in a certificate as a name of DNS. Some hosts have names that cannot.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_address = name.parse::<IpAddr>().is_ok();
    name.len() <= 253 && !is_address && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_among_them() {
        let names = all();
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(names.iter().any(|it| it == name), "{names:?}");
        }
        assert!(names.is_sorted() && names.len() <= 4 + MAX_ADDRESSES);
        assert!(names.iter().all(|name| !name.starts_with("fe80")));
    }

    #[test]
    fn names_of_dns() {
        for good in ["a", "a-b.c3", "xn--jrg-hoa.example"] {
            assert!(is_dns_name(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in [
            "",
            "a_b",
            "a..b",
            ".a",
            "-a",
            "a-",
            "j\u{fc}rg",
            "10.0.0.1",
            &long,
        ] {
            assert!(!is_dns_name(bad), "{bad}");
        }
    }
}
