//! Bars: instructions to parse a DATA packet and an RRQ with four options.

use std::process::ExitCode;
use wirelore_benches::bar::{Wanted, exit_code, report};
use wirelore_benches::instructions::{Case, per_call, run_if_asked};
use wirelore_benches::tftp;

const CASES: &[Case] = &[("data", tftp::parse_data), ("rrq", tftp::parse_rrq)];

fn main() -> ExitCode {
    run_if_asked(CASES);
    let data = per_call(CASES, "data");
    let rrq = per_call(CASES, "rrq");
    exit_code(&[
        report("tftp-parse-data-instructions", data, Wanted::AtMost(60.0)),
        report("tftp-parse-rrq-instructions", rrq, Wanted::AtMost(1500.0)),
    ])
}
