//! Fuzz targets as plain functions: libFuzzer runs them as binaries, an ordinary test replays the
//! corpus and the regressions, and both go through [`TARGETS`].

pub mod core;
pub mod http1;
pub mod pcapng;
pub mod telnet;
pub mod tftp;

/// A function that panics when something is wrong, on any input.
pub type Target = fn(&[u8]);

/// Every target, by the name of its binary and of its folder in `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("core_bits", core::core_bits),
    ("core_dot", core::core_dot),
    ("core_lines", core::core_lines),
    ("core_reply", core::core_reply),
    ("http1_exchange", http1::http1_exchange),
    ("http1_httparse", http1::http1_httparse),
    ("http1_request", http1::http1_request),
    ("http1_response", http1::http1_response),
    ("http1_roundtrip", http1::http1_roundtrip),
    ("http1_values", http1::http1_values),
    ("pcapng_read", pcapng::pcapng_read),
    ("pcapng_roundtrip", pcapng::pcapng_roundtrip),
    ("telnet_endpoints", telnet::telnet_endpoints),
    ("telnet_negotiation", telnet::telnet_negotiation),
    ("telnet_nvt_text", telnet::telnet_nvt_text),
    ("telnet_options", telnet::telnet_options),
    ("telnet_receiver", telnet::telnet_receiver),
    ("tftp_netascii", tftp::tftp_netascii),
    ("tftp_packet", tftp::tftp_packet),
    ("tftp_roundtrip", tftp::tftp_roundtrip),
    ("tftp_transfer", tftp::tftp_transfer),
];
