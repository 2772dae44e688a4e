//! `tftp_packet` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::tftp::tftp_packet(data));
