//! `telnet_receiver` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::telnet::telnet_receiver(data));
