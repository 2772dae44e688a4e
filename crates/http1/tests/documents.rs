//! The README and the verdicts name every flag and limit there is, with its default, and every kind of error
//! that a request or response can cause.

use wirelore_http1::{ErrorKind, Lenient};

const README: &str = include_str!("../README.md");
const VERDICTS: &str = include_str!("../../../docs/http1-verdicts.md");

#[test]
fn flags_are_documented() {
    for &(name, on) in Lenient::NAMES {
        let row = if on {
            format!("| `{name}` (on) |")
        } else {
            format!("| `{name}` |")
        };
        assert!(README.contains(&row), "README: {row}");
        assert!(VERDICTS.contains(&format!("`{name}`")), "verdicts: {name}");
    }
}

#[test]
fn kinds_are_documented() {
    for &(name, reply) in ErrorKind::NAMES {
        let line = VERDICTS
            .lines()
            .find(|line| line.contains(&format!("`{name}`")));
        let line = line.unwrap_or_else(|| panic!("verdicts: {name}"));
        assert!(
            matches!(reply, 400 | 502) || line.contains(&reply.to_string()),
            "{name} is answered with {reply}: {line}"
        );
    }
}
