//! Bars: instructions for each octet of a TELNET stream, in both directions; of a stream that comes in
//! single octets, for each call.

use std::process::ExitCode;
use wirelore_benches::bar::{Wanted, exit_code, report_precisely};
use wirelore_benches::instructions::{Case, Times, per_call_of, run_if_asked};
use wirelore_benches::telnet::{self, LEN};

/// Name, work, calls for each octet (0: not counted by calls), and how many instructions are wanted.
type Bar = (&'static str, fn(), u8, f64);

#[rustfmt::skip]
const CASES: &[Bar] = &[
    ("telnet-receive-raw", telnet::clean_raw, 0, 0.25),
    ("telnet-receive-text", telnet::clean_nvt, 0, 2.2),
    ("telnet-receive-doubled", telnet::doubled_raw, 0, 2.5),
    ("telnet-receive-options", telnet::options, 0, 16.0),
    ("telnet-receive-single-octets", telnet::clean_single, 2, 40.0),
    ("telnet-receive-subnegotiation-single-octets", telnet::subnegotiation_single, 1, 40.0),
    ("telnet-escape-copied", telnet::escape_copied, 0, 1.2),
    ("telnet-encode-copied", telnet::encode_copied, 0, 3.2),
    ("telnet-escape-borrowed", telnet::escape_borrowed, 0, 0.25),
    ("telnet-encode-borrowed", telnet::encode_borrowed, 0, 2.0),
];

fn main() -> ExitCode {
    let cases: Vec<Case> = CASES.iter().map(|&(name, work, ..)| (name, work)).collect();
    run_if_asked(&cases);
    let passed: Vec<bool> = CASES
        .iter()
        .map(|&(name, _, calls, wanted)| {
            let times = Times { few: 1, many: 3 };
            let octets = per_call_of(&cases, name, times) / LEN as f64;
            let (unit, ours) = match calls {
                0 => ("octet", octets),
                calls => ("call", octets / f64::from(calls)),
            };
            let bar = format!("{name}-instructions-per-{unit}");
            report_precisely(&bar, ours, Wanted::AtMost(wanted))
        })
        .collect();
    exit_code(&passed)
}
