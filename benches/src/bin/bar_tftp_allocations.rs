//! Bars: heap allocations in parsing, and in a whole transfer of 1 MiB.

use allocation_counter::measure;
use std::process::ExitCode;
use wirelore_benches::bar::{Wanted, exit_code, report};
use wirelore_benches::tftp::{self, Buffers};
use wirelore_tftp::ClientConfig;

fn main() -> ExitCode {
    let parse = measure(|| {
        tftp::parse_data();
        tftp::parse_rrq();
    });
    let file = vec![7; 1 << 20];
    let mut buffers = Buffers::default();
    let mut config = ClientConfig::default();
    config.windowsize = Some(8);
    let mut received = 0;
    let transfer = measure(|| received = tftp::transfer(&file, config, &mut buffers));
    assert_eq!(received, file.len(), "the file must have come whole");
    let count = |info: allocation_counter::AllocationInfo| info.count_total as f64;
    exit_code(&[
        report("tftp-parse-allocations", count(parse), Wanted::AtMost(0.0)),
        report(
            "tftp-transfer-allocations",
            count(transfer),
            Wanted::AtMost(0.0),
        ),
    ])
}
