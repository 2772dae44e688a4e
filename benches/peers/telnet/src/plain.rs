//! What the data of a stream is, octet by octet: RFC 854 with nothing done for speed.

enum At {
    Data,
    Command,
    /// Behind WILL, WONT, DO or DONT.
    Option,
    Subnegotiation,
    /// Behind an IAC in one.
    CommandInSubnegotiation,
}

/// The data of `stream`, with CR and what follows it as they are.
pub(crate) fn data(stream: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut at = At::Data;
    for &octet in stream {
        at = match (at, octet) {
            (At::Data, 255) => At::Command,
            (At::Command, 250) => At::Subnegotiation,
            (At::Command, 251..=254) => At::Option,
            (At::Data, _) | (At::Command, 255) => {
                data.push(octet);
                At::Data
            }
            (At::Command | At::Option, _) | (At::CommandInSubnegotiation, 240) => At::Data,
            (At::Subnegotiation, 255) => At::CommandInSubnegotiation,
            (At::Subnegotiation | At::CommandInSubnegotiation, _) => At::Subnegotiation,
        };
    }
    data
}

/// In words, how what was delivered compares with what is meant.
pub(crate) fn difference(meant: &[u8], delivered: &[u8]) -> String {
    if meant == delivered {
        return "right".to_owned();
    }
    let same = meant
        .iter()
        .zip(delivered)
        .take_while(|(m, d)| m == d)
        .count();
    let (delivered, meant) = (delivered.len(), meant.len());
    format!("WRONG from octet {same}: {delivered} octets of {meant}")
}
