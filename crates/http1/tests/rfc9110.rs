//! RFC 9110: the checks of `data/rfc9110.txt`, a test for each section.

#[allow(dead_code, reason = "each file needs a part of it")]
mod rfc;
#[allow(dead_code, unused_imports, reason = "only the receivers are needed")]
mod vector;

use rfc::{same_clauses, section};

const CHECKS: &str = include_str!("data/rfc9110.txt");

#[test]
fn the_table_and_the_checks_have_the_same_clauses() {
    same_clauses(9110, CHECKS, include_str!("rfc9110.rs"));
}

/// RFC 9110 §2.2.
#[test]
fn section_2_2() {
    section(CHECKS, "9110-2.2");
}

/// RFC 9110 §2.3.
#[test]
fn section_2_3() {
    section(CHECKS, "9110-2.3");
}

/// RFC 9110 §2.5.
#[test]
fn section_2_5() {
    section(CHECKS, "9110-2.5");
}

/// RFC 9110 §4.1.
#[test]
fn section_4_1() {
    section(CHECKS, "9110-4.1");
}

/// RFC 9110 §4.2.1.
#[test]
fn section_4_2_1() {
    section(CHECKS, "9110-4.2.1");
}

/// RFC 9110 §4.2.2.
#[test]
fn section_4_2_2() {
    section(CHECKS, "9110-4.2.2");
}

/// RFC 9110 §4.2.4.
#[test]
fn section_4_2_4() {
    section(CHECKS, "9110-4.2.4");
}

/// RFC 9110 §4.2.5.
#[test]
fn section_4_2_5() {
    section(CHECKS, "9110-4.2.5");
}

/// RFC 9110 §5.1.
#[test]
fn section_5_1() {
    section(CHECKS, "9110-5.1");
}

/// RFC 9110 §5.2.
#[test]
fn section_5_2() {
    section(CHECKS, "9110-5.2");
}

/// RFC 9110 §5.3.
#[test]
fn section_5_3() {
    section(CHECKS, "9110-5.3");
}

/// RFC 9110 §5.4.
#[test]
fn section_5_4() {
    section(CHECKS, "9110-5.4");
}

/// RFC 9110 §5.5.
#[test]
fn section_5_5() {
    section(CHECKS, "9110-5.5");
}

/// RFC 9110 §5.6.1.2.
#[test]
fn section_5_6_1_2() {
    section(CHECKS, "9110-5.6.1.2");
}

/// RFC 9110 §5.6.2.
#[test]
fn section_5_6_2() {
    section(CHECKS, "9110-5.6.2");
}

/// RFC 9110 §5.6.3.
#[test]
fn section_5_6_3() {
    section(CHECKS, "9110-5.6.3");
}

/// RFC 9110 §5.6.4.
#[test]
fn section_5_6_4() {
    section(CHECKS, "9110-5.6.4");
}

/// RFC 9110 §5.6.5.
#[test]
fn section_5_6_5() {
    section(CHECKS, "9110-5.6.5");
}

/// RFC 9110 §5.6.6.
#[test]
fn section_5_6_6() {
    section(CHECKS, "9110-5.6.6");
}

/// RFC 9110 §5.6.7.
#[test]
fn section_5_6_7() {
    section(CHECKS, "9110-5.6.7");
}

/// RFC 9110 §6.
#[test]
fn section_6() {
    section(CHECKS, "9110-6");
}

/// RFC 9110 §6.1.
#[test]
fn section_6_1() {
    section(CHECKS, "9110-6.1");
}

/// RFC 9110 §6.2.
#[test]
fn section_6_2() {
    section(CHECKS, "9110-6.2");
}

/// RFC 9110 §6.4.1.
#[test]
fn section_6_4_1() {
    section(CHECKS, "9110-6.4.1");
}

/// RFC 9110 §6.5.
#[test]
fn section_6_5() {
    section(CHECKS, "9110-6.5");
}

/// RFC 9110 §6.5.1.
#[test]
fn section_6_5_1() {
    section(CHECKS, "9110-6.5.1");
}

/// RFC 9110 §6.5.2.
#[test]
fn section_6_5_2() {
    section(CHECKS, "9110-6.5.2");
}

/// RFC 9110 §6.6.1.
#[test]
fn section_6_6_1() {
    section(CHECKS, "9110-6.6.1");
}

/// RFC 9110 §7.1.
#[test]
fn section_7_1() {
    section(CHECKS, "9110-7.1");
}

/// RFC 9110 §7.2.
#[test]
fn section_7_2() {
    section(CHECKS, "9110-7.2");
}

/// RFC 9110 §7.5.
#[test]
fn section_7_5() {
    section(CHECKS, "9110-7.5");
}

/// RFC 9110 §7.6.
#[test]
fn section_7_6() {
    section(CHECKS, "9110-7.6");
}

/// RFC 9110 §7.6.1.
#[test]
fn section_7_6_1() {
    section(CHECKS, "9110-7.6.1");
}

/// RFC 9110 §7.8.
#[test]
fn section_7_8() {
    section(CHECKS, "9110-7.8");
}

/// RFC 9110 §8.3.1.
#[test]
fn section_8_3_1() {
    section(CHECKS, "9110-8.3.1");
}

/// RFC 9110 §8.3.3.
#[test]
fn section_8_3_3() {
    section(CHECKS, "9110-8.3.3");
}

/// RFC 9110 §8.4.1.
#[test]
fn section_8_4_1() {
    section(CHECKS, "9110-8.4.1");
}

/// RFC 9110 §8.6.
#[test]
fn section_8_6() {
    section(CHECKS, "9110-8.6");
}

/// RFC 9110 §8.8.2.2.
#[test]
fn section_8_8_2_2() {
    section(CHECKS, "9110-8.8.2.2");
}

/// RFC 9110 §8.8.3.
#[test]
fn section_8_8_3() {
    section(CHECKS, "9110-8.8.3");
}

/// RFC 9110 §8.8.3.2.
#[test]
fn section_8_8_3_2() {
    section(CHECKS, "9110-8.8.3.2");
}

/// RFC 9110 §9.1.
#[test]
fn section_9_1() {
    section(CHECKS, "9110-9.1");
}

/// RFC 9110 §9.2.1.
#[test]
fn section_9_2_1() {
    section(CHECKS, "9110-9.2.1");
}

/// RFC 9110 §9.2.2.
#[test]
fn section_9_2_2() {
    section(CHECKS, "9110-9.2.2");
}

/// RFC 9110 §9.3.1.
#[test]
fn section_9_3_1() {
    section(CHECKS, "9110-9.3.1");
}

/// RFC 9110 §9.3.2.
#[test]
fn section_9_3_2() {
    section(CHECKS, "9110-9.3.2");
}

/// RFC 9110 §9.3.6.
#[test]
fn section_9_3_6() {
    section(CHECKS, "9110-9.3.6");
}

/// RFC 9110 §9.3.8.
#[test]
fn section_9_3_8() {
    section(CHECKS, "9110-9.3.8");
}

/// RFC 9110 §10.1.1.
#[test]
fn section_10_1_1() {
    section(CHECKS, "9110-10.1.1");
}

/// RFC 9110 §10.1.4.
#[test]
fn section_10_1_4() {
    section(CHECKS, "9110-10.1.4");
}

/// RFC 9110 §10.2.3.
#[test]
fn section_10_2_3() {
    section(CHECKS, "9110-10.2.3");
}

/// RFC 9110 §11.1.
#[test]
fn section_11_1() {
    section(CHECKS, "9110-11.1");
}

/// RFC 9110 §11.2.
#[test]
fn section_11_2() {
    section(CHECKS, "9110-11.2");
}

/// RFC 9110 §11.3.
#[test]
fn section_11_3() {
    section(CHECKS, "9110-11.3");
}

/// RFC 9110 §11.5.
#[test]
fn section_11_5() {
    section(CHECKS, "9110-11.5");
}

/// RFC 9110 §12.4.2.
#[test]
fn section_12_4_2() {
    section(CHECKS, "9110-12.4.2");
}

/// RFC 9110 §12.5.1.
#[test]
fn section_12_5_1() {
    section(CHECKS, "9110-12.5.1");
}

/// RFC 9110 §12.5.3.
#[test]
fn section_12_5_3() {
    section(CHECKS, "9110-12.5.3");
}

/// RFC 9110 §13.1.1.
#[test]
fn section_13_1_1() {
    section(CHECKS, "9110-13.1.1");
}

/// RFC 9110 §13.1.2.
#[test]
fn section_13_1_2() {
    section(CHECKS, "9110-13.1.2");
}

/// RFC 9110 §13.1.3.
#[test]
fn section_13_1_3() {
    section(CHECKS, "9110-13.1.3");
}

/// RFC 9110 §13.1.4.
#[test]
fn section_13_1_4() {
    section(CHECKS, "9110-13.1.4");
}

/// RFC 9110 §13.1.5.
#[test]
fn section_13_1_5() {
    section(CHECKS, "9110-13.1.5");
}

/// RFC 9110 §13.2.1.
#[test]
fn section_13_2_1() {
    section(CHECKS, "9110-13.2.1");
}

/// RFC 9110 §13.2.2.
#[test]
fn section_13_2_2() {
    section(CHECKS, "9110-13.2.2");
}

/// RFC 9110 §14.1.
#[test]
fn section_14_1() {
    section(CHECKS, "9110-14.1");
}

/// RFC 9110 §14.1.1.
#[test]
fn section_14_1_1() {
    section(CHECKS, "9110-14.1.1");
}

/// RFC 9110 §14.1.2.
#[test]
fn section_14_1_2() {
    section(CHECKS, "9110-14.1.2");
}

/// RFC 9110 §14.2.
#[test]
fn section_14_2() {
    section(CHECKS, "9110-14.2");
}

/// RFC 9110 §14.4.
#[test]
fn section_14_4() {
    section(CHECKS, "9110-14.4");
}

/// RFC 9110 §14.6.
#[test]
fn section_14_6() {
    section(CHECKS, "9110-14.6");
}

/// RFC 9110 §15.
#[test]
fn section_15() {
    section(CHECKS, "9110-15");
}

/// RFC 9110 §15.2.
#[test]
fn section_15_2() {
    section(CHECKS, "9110-15.2");
}

/// RFC 9110 §15.2.2.
#[test]
fn section_15_2_2() {
    section(CHECKS, "9110-15.2.2");
}

/// RFC 9110 §15.3.6.
#[test]
fn section_15_3_6() {
    section(CHECKS, "9110-15.3.6");
}

/// RFC 9110 §15.3.7.1.
#[test]
fn section_15_3_7_1() {
    section(CHECKS, "9110-15.3.7.1");
}

/// RFC 9110 §15.3.7.2.
#[test]
fn section_15_3_7_2() {
    section(CHECKS, "9110-15.3.7.2");
}

/// RFC 9110 §15.4.5.
#[test]
fn section_15_4_5() {
    section(CHECKS, "9110-15.4.5");
}

/// RFC 9110 §15.5.
#[test]
fn section_15_5() {
    section(CHECKS, "9110-15.5");
}

/// RFC 9110 §15.5.17.
#[test]
fn section_15_5_17() {
    section(CHECKS, "9110-15.5.17");
}

/// RFC 9110 §17.5.
#[test]
fn section_17_5() {
    section(CHECKS, "9110-17.5");
}

/// RFC 9110 §17.10.
#[test]
fn section_17_10() {
    section(CHECKS, "9110-17.10");
}

/// RFC 9110 §17.15.
#[test]
fn section_17_15() {
    section(CHECKS, "9110-17.15");
}

/// 9110-2.4 interpret: a flag changes what it is named after and nothing else.
#[test]
fn a_flag_accepts_its_own_deviation_only() {
    let all = [
        CHECKS,
        include_str!("data/rfc9112.txt"),
        include_str!("data/rfc1945.txt"),
    ];
    let mut healed = 0;
    for check in all.into_iter().flat_map(rfc::load) {
        healed += rfc::flags_keep_to_themselves(&check);
    }
    assert!(healed > 20, "{healed} cases");
}
