//! `core_bits` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wirelore_fuzz::core::core_bits(data));
