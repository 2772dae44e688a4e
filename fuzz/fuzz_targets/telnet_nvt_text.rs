//! `telnet_nvt_text` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::telnet::telnet_nvt_text(data));
