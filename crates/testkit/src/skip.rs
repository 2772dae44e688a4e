//! What a test says when it cannot run here.

use std::env;
use std::io::{self, Write};

/// Says on stderr that the test `name` is skipped and why.
///
/// # Panics
/// When the environment variable `WIRELORE_INTEROP` is `require`: then nothing may be skipped.
pub fn skip(name: &str, reason: &str) {
    let line = format!("skipped: {name}: {reason}");
    assert!(
        env::var("WIRELORE_INTEROP").as_deref() != Ok("require"),
        "{line}, but WIRELORE_INTEROP=require"
    );
    // not eprintln, which the test harness swallows when the test passes
    let _ = writeln!(io::stderr(), "{line}");
}
