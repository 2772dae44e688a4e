//! `pcapng_roundtrip` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::pcapng::pcapng_roundtrip(data));
