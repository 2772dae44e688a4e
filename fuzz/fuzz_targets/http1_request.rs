//! `http1_request` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::http1::http1_request(data));
