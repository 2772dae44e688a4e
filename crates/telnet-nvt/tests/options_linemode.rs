//! LINEMODE (RFC 1184): the payloads.

use wirelore_telnet_nvt::Verb;
use wirelore_telnet_nvt::wire::option::*;

/// Both ways: the payload says this, and this is written so.
fn says(payload: &[u8], linemode: Linemode<'_>) {
    assert_eq!(Linemode::parse(payload), Ok(linemode));
    assert_eq!(encoded(linemode), payload);
}

fn encoded(linemode: Linemode<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    linemode.encode(&mut payload).expect("can be sent");
    payload
}

fn wrong(payload: &[u8]) -> (&'static str, usize) {
    let error = Linemode::parse(payload).expect_err("malformed");
    (error.kind(), error.offset())
}

/// RFC 1184 §2.2 mask; what inetutils telnetd and telnet send.
#[test]
fn mode() {
    let both = Mode::EDIT.with(Mode::TRAPSIG);
    says(&[1, 3], Linemode::Mode(both));
    says(&[1, 7], Linemode::Mode(both.with(Mode::ACK)));
    says(&[1, 0x10], Linemode::Mode(Mode::LIT_ECHO));
    says(&[1, 0xe8], Linemode::Mode(Mode(0xe8)));
    assert!(both.has(Mode::EDIT) && !both.has(Mode::ACK));
    assert_eq!(both.without(Mode::EDIT), Mode::TRAPSIG);
    let shown = [0, 3, 7, 0x1f, 0xe0, 0xe1].map(|mask| Mode(mask).to_string());
    let names = ["0", "EDIT|TRAPSIG", "EDIT|TRAPSIG|MODE_ACK"];
    assert_eq!(shown[..3], names);
    assert_eq!(shown[3], "EDIT|TRAPSIG|MODE_ACK|SOFT_TAB|LIT_ECHO");
    assert_eq!(shown[4..], ["224", "EDIT|224"]);
    assert_eq!(wrong(&[1]), ("truncated", 1));
    assert_eq!(wrong(&[1, 3, 0]), ("trailing-octets", 2));
}

#[test]
fn unknown_commands() {
    assert_eq!(wrong(&[]), ("truncated", 0));
    assert_eq!(wrong(&[0]), ("unknown-command", 0));
    assert_eq!(wrong(&[4, 1]), ("unknown-command", 0));
    // FORWARDMASK without a verb
    assert_eq!(wrong(&[2, 1]), ("unknown-command", 0));
    assert_eq!(wrong(&[253]), ("truncated", 1));
    assert_eq!(wrong(&[253, 3]), ("unknown-command", 1));
}

/// RFC 1184 §2.3 bits: "The high order bit of mask0 corresponds to an ASCII code of 0. The low order
/// bit of mask0 corresponds to an ASCII code of 7." RFC 1184 §2.3 verbs: only DO has a mask.
#[test]
fn forward_mask() {
    // the mask of RFC 1184 section 5.10
    let octets = [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let mask = (0..32).chain([127]).collect::<CharacterMask>();
    let payload = [&[253, 2], &octets[..]].concat();
    says(&payload, Linemode::ForwardMask(ForwardMask::Do(mask)));
    assert!(mask.contains(31) && mask.contains(127));
    assert!(!mask.contains(32) && !mask.contains(126) && !mask.contains(255));
    let first = CharacterMask::EMPTY.with(0);
    assert_eq!(first.as_bytes(), [0x80]);
    assert_eq!(CharacterMask::EMPTY.with(7).as_bytes(), [1]);
    assert_eq!(CharacterMask::EMPTY.with(8).as_bytes(), [0, 0x80]);
    assert_eq!(CharacterMask::EMPTY.with(15).as_bytes(), [0, 1]);
    for (verb, said) in [
        (254, ForwardMask::Dont),
        (251, ForwardMask::Will),
        (252, ForwardMask::Wont),
    ] {
        says(&[verb, 2], Linemode::ForwardMask(said));
        assert_eq!(wrong(&[verb, 2, 0]), ("trailing-octets", 2));
        assert_eq!((said.verb().code(), said.mask()), (verb, None));
    }
    let said = ForwardMask::Do(mask);
    assert_eq!((said.verb(), said.mask()), (Verb::Do, Some(mask)));
}

/// RFC 1184 §2.3 longest: "The mask is up to 32 octets long"; RFC 1184 §2.3 short: "all the rest of
/// the mask octets are assumed to be reset".
#[test]
fn lengths_of_forward_masks() {
    says(
        &[253, 2],
        Linemode::ForwardMask(ForwardMask::Do(CharacterMask::EMPTY)),
    );
    let full = [&[253, 2], &[255; 32][..]].concat();
    let all = (0..=255).collect::<CharacterMask>();
    says(&full, Linemode::ForwardMask(ForwardMask::Do(all)));
    let long = [&[253, 2], &[255; 33][..]].concat();
    assert_eq!(wrong(&long), ("mask-too-long", 34));
    let short = CharacterMask::from_bytes(&[0x80]).expect("short enough");
    assert_eq!(short.iter().collect::<Vec<_>>(), [0]);
    // zeros at the end change nothing, but are written as they came
    let zeros = CharacterMask::from_bytes(&[0x80, 0, 0]).expect("short enough");
    assert_eq!(zeros, short);
    assert_eq!(zeros.as_bytes(), [0x80, 0, 0]);
    assert!(CharacterMask::from_bytes(&[0; 33]).is_none());
}

/// RFC 1184 §2.3 without-binary: "only the first 16 octets of the mask (ASCII codes 0 through 127)
/// are used".
#[test]
fn forward_mask_without_binary() {
    let all = (0..=255).collect::<CharacterMask>();
    let ascii = all.ascii();
    assert_eq!(ascii.as_bytes(), [255; 16]);
    assert_eq!(
        ascii.iter().collect::<Vec<_>>(),
        (0..128).collect::<Vec<_>>()
    );
    let short = CharacterMask::EMPTY.with(9);
    assert_eq!(short.ascii(), short);
}

/// RFC 1184 §2.4 triplets: function, modifiers, character. The list is what inetutils telnet sends.
#[test]
fn triplets() {
    let payload = b"\x03\x01\x00\x00\x03\x62\x03\x04\x02\x0f\x05\x00\x00\x07\x62\x1c\x08\x02\x04\
        \x09\x42\x1a\x0a\x02\x7f\x0b\x02\x15\x0c\x02\x17\x0d\x02\x12\x0e\x02\x16\x0f\x02\x11\
        \x10\x02\x13\x11\x00\x00\x12\x00\x00";
    let value = SlcSetting::value;
    let triplets = [
        SlcSetting::NO_SUPPORT.triplet(SlcFunction::SYNCH),
        value(3).flushing(true, true).triplet(SlcFunction::IP),
        value(15).triplet(SlcFunction::AO),
        SlcSetting::NO_SUPPORT.triplet(SlcFunction::AYT),
        value(28).flushing(true, true).triplet(SlcFunction::ABORT),
        value(4).triplet(SlcFunction::EOF),
        value(26).flushing(true, false).triplet(SlcFunction::SUSP),
        value(127).triplet(SlcFunction::EC),
        value(21).triplet(SlcFunction::EL),
        value(23).triplet(SlcFunction::EW),
        value(18).triplet(SlcFunction::RP),
        value(22).triplet(SlcFunction::LNEXT),
        value(17).triplet(SlcFunction::XON),
        value(19).triplet(SlcFunction::XOFF),
        SlcSetting::NO_SUPPORT.triplet(SlcFunction::FORW1),
        SlcSetting::NO_SUPPORT.triplet(SlcFunction::FORW2),
    ];
    says(payload, Linemode::Slc(SlcTriplets::of(&triplets)));
    says(&[3], Linemode::Slc(SlcTriplets::of(&[])));
    says(
        &[3, 0, 3, 0, 0, 2, 0],
        Linemode::Slc(SlcTriplets::of(&[
            SlcTriplet::IMPORT_DEFAULTS,
            SlcTriplet::IMPORT_CURRENT,
        ])),
    );
    // bits and functions without a name are kept
    let odd = [SlcTriplet::from_octets([200, 0x1f, 255])];
    says(&[3, 200, 0x1f, 255], Linemode::Slc(SlcTriplets::of(&odd)));
    assert_eq!(wrong(&[3, 1]), ("partial-triplet", 1));
    assert_eq!(wrong(&[3, 1, 2, 3, 4, 5]), ("partial-triplet", 4));
}

/// RFC 1184 §2.4 levels, RFC 1184 §1: the numbers of levels, flags and functions.
#[test]
fn modifiers_and_functions() {
    let levels = [
        SlcLevel::NoSupport,
        SlcLevel::CantChange,
        SlcLevel::Value,
        SlcLevel::Default,
    ];
    assert!(levels.is_sorted());
    for (code, level) in (0..).zip(levels) {
        assert_eq!(SlcModifiers(code).level(), level);
        assert_eq!(SlcModifiers(code | 0xfc).level(), level);
        assert_eq!(SlcModifiers::level_of(level), SlcModifiers(code));
    }
    let ip = SlcModifiers(0xe2);
    assert!(ip.has(SlcModifiers::ACK) && ip.has(SlcModifiers::FLUSHIN));
    assert!(ip.has(SlcModifiers::FLUSHOUT));
    assert_eq!(ip.without(SlcModifiers::ACK), SlcModifiers(0x62));
    assert_eq!(ip.to_string(), "VALUE|FLUSHIN|FLUSHOUT|ACK");
    assert_eq!(SlcModifiers(0x14).to_string(), "NOSUPPORT|20");
    let names = SlcFunction::every().filter_map(SlcFunction::name);
    assert_eq!(
        names.collect::<Vec<_>>().join(" "),
        "SYNCH BRK IP AO AYT EOR ABORT EOF SUSP EC EL EW RP LNEXT XON XOFF FORW1 FORW2 \
         MCL MCR MCWL MCWR MCBOL MCEOL INSRT OVER ECR EWR EBOL EEOL"
    );
    assert_eq!(SlcFunction(0).name(), None);
    assert_eq!(SlcFunction(31).to_string(), "31");
    assert_eq!(SlcFunction::EEOL, SlcFunction(30));
    let local = SlcFunction::every().filter(|f| f.is_local());
    assert_eq!(
        local.map(|f| f.0).collect::<Vec<_>>(),
        (10..=30).collect::<Vec<_>>()
    );
}
