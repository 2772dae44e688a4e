//! One measured claim, printed as one JSON line.

use serde_json::{Value, json};
use std::process::ExitCode;

/// How a figure is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// Prints `{"bar","ours","peer","ratio","wanted","pass"}`; `ratio` is ours divided by the wanted
/// figure (null where that is zero). Returns whether the bar was passed.
pub fn report(bar: &str, ours: f64, wanted: Wanted) -> bool {
    report_to(bar, ours, wanted, 10.0)
}

/// The same with three decimals, for small figures.
pub fn report_precisely(bar: &str, ours: f64, wanted: Wanted) -> bool {
    report_to(bar, ours, wanted, 1000.0)
}

fn report_to(bar: &str, ours: f64, wanted: Wanted, parts: f64) -> bool {
    let (sign, limit, pass) = match wanted {
        Wanted::AtMost(limit) => ("<=", limit, ours <= limit),
        Wanted::AtLeast(limit) => (">=", limit, ours >= limit),
    };
    let ratio = (limit != 0.0).then(|| json!((ours / limit * 1000.0).round() / 1000.0));
    let line = json!({
        "bar": bar,
        "ours": (ours * parts).round() / parts,
        "peer": Value::Null,
        "ratio": ratio,
        "wanted": format!("{sign} {limit}"),
        "pass": pass,
    });
    println!("{line}");
    pass
}

/// Success when every bar was passed.
#[must_use]
pub fn exit_code(passed: &[bool]) -> ExitCode {
    ExitCode::from(u8::from(passed.contains(&false)))
}
