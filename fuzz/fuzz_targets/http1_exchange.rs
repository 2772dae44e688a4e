//! `http1_exchange` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::http1::http1_exchange(data));
