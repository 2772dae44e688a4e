//! RFC 9112: the checks of `data/rfc9112.txt`, a test for each section.

#[allow(dead_code, reason = "each file needs a part of it")]
mod rfc;
#[allow(dead_code, unused_imports, reason = "only the receivers are needed")]
mod vector;

use rfc::{same_clauses, section};

const CHECKS: &str = include_str!("data/rfc9112.txt");

#[test]
fn the_table_and_the_checks_have_the_same_clauses() {
    same_clauses(9112, CHECKS, include_str!("rfc9112.rs"));
}

/// RFC 9112 §2.1.
#[test]
fn section_2_1() {
    section(CHECKS, "9112-2.1");
}

/// RFC 9112 §2.2.
#[test]
fn section_2_2() {
    section(CHECKS, "9112-2.2");
}

/// RFC 9112 §2.3.
#[test]
fn section_2_3() {
    section(CHECKS, "9112-2.3");
}

/// RFC 9112 §3.
#[test]
fn section_3() {
    section(CHECKS, "9112-3");
}

/// RFC 9112 §3.1.
#[test]
fn section_3_1() {
    section(CHECKS, "9112-3.1");
}

/// RFC 9112 §3.2.
#[test]
fn section_3_2() {
    section(CHECKS, "9112-3.2");
}

/// RFC 9112 §3.2.1.
#[test]
fn section_3_2_1() {
    section(CHECKS, "9112-3.2.1");
}

/// RFC 9112 §3.2.2.
#[test]
fn section_3_2_2() {
    section(CHECKS, "9112-3.2.2");
}

/// RFC 9112 §3.2.3.
#[test]
fn section_3_2_3() {
    section(CHECKS, "9112-3.2.3");
}

/// RFC 9112 §3.2.4.
#[test]
fn section_3_2_4() {
    section(CHECKS, "9112-3.2.4");
}

/// RFC 9112 §3.3.
#[test]
fn section_3_3() {
    section(CHECKS, "9112-3.3");
}

/// RFC 9112 §4.
#[test]
fn section_4() {
    section(CHECKS, "9112-4");
}

/// RFC 9112 §5.
#[test]
fn section_5() {
    section(CHECKS, "9112-5");
}

/// RFC 9112 §5.1.
#[test]
fn section_5_1() {
    section(CHECKS, "9112-5.1");
}

/// RFC 9112 §5.2.
#[test]
fn section_5_2() {
    section(CHECKS, "9112-5.2");
}

/// RFC 9112 §6.
#[test]
fn section_6() {
    section(CHECKS, "9112-6");
}

/// RFC 9112 §6.1.
#[test]
fn section_6_1() {
    section(CHECKS, "9112-6.1");
}

/// RFC 9112 §6.2.
#[test]
fn section_6_2() {
    section(CHECKS, "9112-6.2");
}

/// RFC 9112 §6.3.
#[test]
fn section_6_3() {
    section(CHECKS, "9112-6.3");
}

/// RFC 9112 §7.
#[test]
fn section_7() {
    section(CHECKS, "9112-7");
}

/// RFC 9112 §7.1.
#[test]
fn section_7_1() {
    section(CHECKS, "9112-7.1");
}

/// RFC 9112 §7.1.1.
#[test]
fn section_7_1_1() {
    section(CHECKS, "9112-7.1.1");
}

/// RFC 9112 §7.1.2.
#[test]
fn section_7_1_2() {
    section(CHECKS, "9112-7.1.2");
}

/// RFC 9112 §7.2.
#[test]
fn section_7_2() {
    section(CHECKS, "9112-7.2");
}

/// RFC 9112 §7.4.
#[test]
fn section_7_4() {
    section(CHECKS, "9112-7.4");
}

/// RFC 9112 §8.
#[test]
fn section_8() {
    section(CHECKS, "9112-8");
}

/// RFC 9112 §9.2.
#[test]
fn section_9_2() {
    section(CHECKS, "9112-9.2");
}

/// RFC 9112 §9.3.
#[test]
fn section_9_3() {
    section(CHECKS, "9112-9.3");
}

/// RFC 9112 §9.3.2.
#[test]
fn section_9_3_2() {
    section(CHECKS, "9112-9.3.2");
}

/// RFC 9112 §9.5.
#[test]
fn section_9_5() {
    section(CHECKS, "9112-9.5");
}

/// RFC 9112 §9.6.
#[test]
fn section_9_6() {
    section(CHECKS, "9112-9.6");
}

/// RFC 9112 §9.8.
#[test]
fn section_9_8() {
    section(CHECKS, "9112-9.8");
}

/// RFC 9112 §10.1.
#[test]
fn section_10_1() {
    section(CHECKS, "9112-10.1");
}

/// RFC 9112 §11.1.
#[test]
fn section_11_1() {
    section(CHECKS, "9112-11.1");
}

/// RFC 9112 §11.2.
#[test]
fn section_11_2() {
    section(CHECKS, "9112-11.2");
}

/// RFC 9112 §C.1.
#[test]
fn section_c_1() {
    section(CHECKS, "9112-C.1");
}

/// RFC 9112 §C.2.2.
#[test]
fn section_c_2_2() {
    section(CHECKS, "9112-C.2.2");
}

/// 9112-11.2 stable: what was accepted, with any flags, is written in one way only, and a strict receiver
/// reads it as the same message.
#[test]
fn what_was_accepted_is_written_in_one_way() {
    let mut written = 0;
    for check in rfc::requests(CHECKS) {
        let Some(first) = rfc::written_again(&check, rfc::lenient()) else {
            continue;
        };
        let second = rfc::written_again(&first, wirelore_http1::Config::default());
        assert_eq!(second, Some(first), "{}", check.escape_ascii());
        written += 1;
    }
    assert!(written > 100, "{written} requests");
}
