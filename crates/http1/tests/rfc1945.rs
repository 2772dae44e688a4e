//! RFC 1945: the checks of `data/rfc1945.txt`, a test for each section.

#[allow(dead_code, reason = "each file needs a part of it")]
mod rfc;
#[allow(dead_code, unused_imports, reason = "only the receivers are needed")]
mod vector;

use rfc::{same_clauses, section};

const CHECKS: &str = include_str!("data/rfc1945.txt");

#[test]
fn the_table_and_the_checks_have_the_same_clauses() {
    same_clauses(1945, CHECKS, include_str!("rfc1945.rs"));
}

/// RFC 1945 §1.3.
#[test]
fn section_1_3() {
    section(CHECKS, "1945-1.3");
}

/// RFC 1945 §2.1.
#[test]
fn section_2_1() {
    section(CHECKS, "1945-2.1");
}

/// RFC 1945 §2.2.
#[test]
fn section_2_2() {
    section(CHECKS, "1945-2.2");
}

/// RFC 1945 §3.1.
#[test]
fn section_3_1() {
    section(CHECKS, "1945-3.1");
}

/// RFC 1945 §3.2.1.
#[test]
fn section_3_2_1() {
    section(CHECKS, "1945-3.2.1");
}

/// RFC 1945 §3.2.2.
#[test]
fn section_3_2_2() {
    section(CHECKS, "1945-3.2.2");
}

/// RFC 1945 §3.3.
#[test]
fn section_3_3() {
    section(CHECKS, "1945-3.3");
}

/// RFC 1945 §3.5.
#[test]
fn section_3_5() {
    section(CHECKS, "1945-3.5");
}

/// RFC 1945 §3.6.
#[test]
fn section_3_6() {
    section(CHECKS, "1945-3.6");
}

/// RFC 1945 §3.6.1.
#[test]
fn section_3_6_1() {
    section(CHECKS, "1945-3.6.1");
}

/// RFC 1945 §3.6.2.
#[test]
fn section_3_6_2() {
    section(CHECKS, "1945-3.6.2");
}

/// RFC 1945 §4.1.
#[test]
fn section_4_1() {
    section(CHECKS, "1945-4.1");
}

/// RFC 1945 §4.2.
#[test]
fn section_4_2() {
    section(CHECKS, "1945-4.2");
}

/// RFC 1945 §5.
#[test]
fn section_5() {
    section(CHECKS, "1945-5");
}

/// RFC 1945 §5.1.
#[test]
fn section_5_1() {
    section(CHECKS, "1945-5.1");
}

/// RFC 1945 §5.1.1.
#[test]
fn section_5_1_1() {
    section(CHECKS, "1945-5.1.1");
}

/// RFC 1945 §5.1.2.
#[test]
fn section_5_1_2() {
    section(CHECKS, "1945-5.1.2");
}

/// RFC 1945 §6.
#[test]
fn section_6() {
    section(CHECKS, "1945-6");
}

/// RFC 1945 §6.1.
#[test]
fn section_6_1() {
    section(CHECKS, "1945-6.1");
}

/// RFC 1945 §6.1.1.
#[test]
fn section_6_1_1() {
    section(CHECKS, "1945-6.1.1");
}

/// RFC 1945 §7.1.
#[test]
fn section_7_1() {
    section(CHECKS, "1945-7.1");
}

/// RFC 1945 §7.2.
#[test]
fn section_7_2() {
    section(CHECKS, "1945-7.2");
}

/// RFC 1945 §7.2.2.
#[test]
fn section_7_2_2() {
    section(CHECKS, "1945-7.2.2");
}

/// RFC 1945 §8.2.
#[test]
fn section_8_2() {
    section(CHECKS, "1945-8.2");
}

/// RFC 1945 §8.3.
#[test]
fn section_8_3() {
    section(CHECKS, "1945-8.3");
}

/// RFC 1945 §9.1.
#[test]
fn section_9_1() {
    section(CHECKS, "1945-9.1");
}

/// RFC 1945 §9.3.
#[test]
fn section_9_3() {
    section(CHECKS, "1945-9.3");
}

/// RFC 1945 §9.4.
#[test]
fn section_9_4() {
    section(CHECKS, "1945-9.4");
}

/// RFC 1945 §10.1.
#[test]
fn section_10_1() {
    section(CHECKS, "1945-10.1");
}

/// RFC 1945 §10.4.
#[test]
fn section_10_4() {
    section(CHECKS, "1945-10.4");
}

/// RFC 1945 §10.7.
#[test]
fn section_10_7() {
    section(CHECKS, "1945-10.7");
}

/// RFC 1945 §10.9.
#[test]
fn section_10_9() {
    section(CHECKS, "1945-10.9");
}

/// RFC 1945 §10.16.
#[test]
fn section_10_16() {
    section(CHECKS, "1945-10.16");
}

/// RFC 1945 §11.
#[test]
fn section_11() {
    section(CHECKS, "1945-11");
}

/// RFC 1945 §11.1.
#[test]
fn section_11_1() {
    section(CHECKS, "1945-11.1");
}

/// RFC 1945 §12.5.
#[test]
fn section_12_5() {
    section(CHECKS, "1945-12.5");
}

/// RFC 1945 §B.
#[test]
fn section_b() {
    section(CHECKS, "1945-B");
}

/// RFC 1945 §D.1.
#[test]
fn section_d_1() {
    section(CHECKS, "1945-D.1");
}
