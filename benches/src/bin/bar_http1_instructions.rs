//! Bars: instructions for each head and for each octet of a body; and of a head that comes in single
//! octets, how many more for each octet where it is ten times as long. The limits are a tenth above what
//! was measured first: they show when it becomes slower. Whether it is fast is for `http1-peers` to say.

use std::process::ExitCode;
use wirelore_benches::bar::{Wanted, exit_code, report_precisely};
use wirelore_benches::http1::{self, HEADS, LEN};
use wirelore_benches::instructions::{Case, Times, per_call_of, run_if_asked};

/// Name, work, of how many heads or octets it is, how many instructions for each are wanted.
type Bar = (&'static str, fn(), usize, f64);

#[rustfmt::skip]
const CASES: &[Bar] = &[
    ("http1-parse-request-instructions", http1::parse_requests, HEADS, 3150.0),
    ("http1-parse-response-instructions", http1::parse_responses, HEADS, 1600.0),
    ("http1-receive-request-instructions", http1::receive_requests, HEADS, 3300.0),
    ("http1-receive-response-instructions", http1::receive_responses, HEADS, 1850.0),
    ("http1-encode-response-instructions", http1::encode_responses, HEADS, 800.0),
    ("http1-answer-request-instructions", http1::answer_requests, HEADS, 4550.0),
    ("http1-length-instructions-per-octet", http1::length, LEN, 0.02),
    ("http1-chunks-of-1k-instructions-per-octet", http1::chunks_of_1k, LEN, 0.55),
    ("http1-chunks-of-16k-instructions-per-octet", http1::chunks_of_16k, LEN, 0.06),
];

/// Work whose instructions are compared with each other.
const SINGLE: [Case; 2] = [
    ("http1-short-head-single-octets", http1::short_single),
    ("http1-long-head-single-octets", http1::long_single),
];

fn main() -> ExitCode {
    let mut cases: Vec<Case> = CASES.iter().map(|&(name, work, ..)| (name, work)).collect();
    cases.extend(SINGLE);
    run_if_asked(&cases);
    let times = Times { few: 10, many: 60 };
    let mut passed: Vec<bool> = CASES
        .iter()
        .map(|&(name, _, count, wanted)| {
            let ours = per_call_of(&cases, name, times) / count as f64;
            report_precisely(name, ours, Wanted::AtMost(wanted))
        })
        .collect();
    let (short, long) = http1::single_lengths();
    let [short, long] = [(0, short), (1, long)].map(|(case, octets)| {
        let (name, _) = SINGLE[case];
        per_call_of(&cases, name, times) / octets as f64
    });
    let bar = "http1-head-single-octets-instructions-per-octet";
    passed.push(report_precisely(bar, short, Wanted::AtMost(250.0)));
    let bar = "http1-head-single-octets-growth-of-a-tenfold-head";
    passed.push(report_precisely(bar, long / short, Wanted::AtMost(1.3)));
    exit_code(&passed)
}
