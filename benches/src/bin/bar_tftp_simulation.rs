//! Bar: small transfers over the simulated network per second of one core.

use cpu_time::ThreadTime;
use std::process::ExitCode;
use wirelore_benches::bar::{Wanted, exit_code, report};
use wirelore_benches::simulation::small_transfer;

const TRANSFERS: u64 = 5_000;

fn main() -> ExitCode {
    let start = ThreadTime::now();
    let whole = (0..TRANSFERS).filter(|&seed| small_transfer(seed)).count() as u64;
    let rate = TRANSFERS as f64 / start.elapsed().as_secs_f64();
    exit_code(&[
        report(
            "tftp-simulated-transfers-per-core-second",
            rate,
            Wanted::AtLeast(2000.0),
        ),
        report(
            "tftp-simulated-transfers-whole",
            whole as f64,
            Wanted::AtLeast(TRANSFERS as f64),
        ),
    ])
}
