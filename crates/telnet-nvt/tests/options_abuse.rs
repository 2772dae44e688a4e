//! Payloads that mean no good: rubbish, and far too much of everything.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirelore_telnet_nvt::OptionCode;
use wirelore_telnet_nvt::wire::option::*;

const KNOWN: [OptionCode; 13] = [
    OptionCode::STATUS,
    OptionCode::TTYPE,
    OptionCode::NAWS,
    OptionCode::TSPEED,
    OptionCode::LFLOW,
    OptionCode::LINEMODE,
    OptionCode::XDISPLOC,
    OptionCode::OLD_ENVIRON,
    OptionCode::NEW_ENVIRON,
    OptionCode::CHARSET,
    OptionCode::MSDP,
    OptionCode::MSSP,
    OptionCode::GMCP,
];

/// Reads a payload and walks through all of it. What can be written again is read again as the same.
fn endures(option: OptionCode, payload: &[u8]) {
    match Subnegotiation::parse(option, payload) {
        Ok(Some(said)) => {
            let shown = format!("{said:?}");
            assert!(
                shown
                    .bytes()
                    .all(|octet| (b' '..=b'~').contains(&octet) || octet > 127)
            );
            let mut again = b"before".to_vec();
            if said.encode(&mut again).is_err() {
                return assert_eq!(again, b"before");
            }
            let again = &again[6..];
            match said {
                Subnegotiation::OldEnviron(environ) => {
                    assert_eq!(Environ::parse(again, environ.codes), Ok(environ));
                }
                _ => assert_eq!(Subnegotiation::parse(option, again), Ok(Some(said))),
            }
        }
        Ok(None) => assert!(!KNOWN.contains(&option)),
        Err(error) => {
            assert!(
                error.offset() <= payload.len(),
                "{error:?} in {payload:02x?}"
            );
            assert!(
                error
                    .kind()
                    .bytes()
                    .all(|o| o.is_ascii_lowercase() || o == b'-')
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_payload(option in any::<u8>(), known in select(KNOWN.to_vec()), payload in vec(any::<u8>(), 0..40)) {
        endures(OptionCode(option), &payload);
        endures(known, &payload);
    }

    /// Few different octets, so that much is nearly right.
    #[test]
    fn likely_payloads(
        option in select(KNOWN.to_vec()),
        payload in vec(select(vec![0u8, 1, 2, 3, 4, 5, 6, b',', b';', b'0', b'a', 240, 250, 251, 255]), 0..24),
    ) {
        endures(option, &payload);
    }
}

/// All payloads of up to two octets.
#[test]
fn short_payloads() {
    for option in KNOWN {
        endures(option, &[]);
        for first in 0..=255 {
            endures(option, &[first]);
            for second in 0..=255 {
                endures(option, &[first, second]);
            }
        }
    }
}

/// CVE-2005-0468, CVE-2026-32746: 5000 variables, and a megabyte of them, in SEND and in IS. Work
/// that grew with the square of it would not come to an end.
#[test]
fn many_variables() {
    for count in [5000, 200_000] {
        for verb in [0, 1] {
            let mut payload = vec![verb];
            (0..count).for_each(|_| payload.extend_from_slice(b"\x00ABC\x03"));
            let said = Environ::parse(&payload, EnvironCodes::Rfc).expect("well-formed");
            assert_eq!(said.variables.iter().count(), 2 * count);
            assert!(said.variables.iter().all(|v| v.value.is_none()));
        }
    }
}

/// CVE-2019-0053: values of 64 KiB, all of it to be escaped.
#[test]
fn long_values() {
    let value = vec![2; 65_536];
    let variable = [Variable::var(&b"USER"[..], Some(&value))];
    let mut payload = Vec::new();
    assert_eq!(Environ::is(&variable).encode(&mut payload), Ok(()));
    assert_eq!(payload.len(), 1 + 5 + 1 + 2 * value.len());
    let said = Environ::parse(&payload, EnvironCodes::Rfc).expect("well-formed");
    let read = said.variables.iter().next().and_then(|v| v.value);
    assert_eq!(read.map(|value| value.to_cow().len()), Some(65_536));
}

/// The same for every other list, a megabyte each.
#[test]
fn long_lists() {
    let repeated = |head: &[u8], unit: &[u8]| {
        let mut payload = head.to_vec();
        (0..1_000_000 / unit.len()).for_each(|_| payload.extend_from_slice(unit));
        payload
    };
    for (option, head, unit) in [
        (OptionCode::STATUS, &[0][..], &[251, 1][..]),
        (OptionCode::STATUS, &[0], &[250, 31, 240]),
        (OptionCode::STATUS, &[0, 250, 31], &[240]),
        (OptionCode::LINEMODE, &[3], &[10, 2, 8]),
        (OptionCode::TTYPE, &[0], b"x"),
        (OptionCode::TSPEED, &[0], b"9"),
        (OptionCode::CHARSET, &[1], b";"),
        (OptionCode::CHARSET, &[1], b";X"),
        (OptionCode::OLD_ENVIRON, &[0], &[3, b'A', 0]),
        (OptionCode::NEW_ENVIRON, &[0], &[0, 1]),
        (OptionCode::NEW_ENVIRON, &[0, 0], &[2]),
        (OptionCode::MSSP, &[], &[1, b'A', 2]),
        (OptionCode::MSSP, &[1, b'A'], &[2]),
        (OptionCode::MSDP, &[1, b'A'], &[2]),
        (OptionCode::MSDP, &[1, b'A'], &[2, 3, 4]),
        (OptionCode::MSDP, &[1, b'A'], &[2, 5]),
        (OptionCode::GMCP, &[], b" "),
    ] {
        let payload = repeated(head, unit);
        let Ok(Some(said)) = Subnegotiation::parse(option, &payload) else {
            continue;
        };
        let mut again = Vec::new();
        if said.encode(&mut again).is_ok() {
            assert_eq!(again, payload, "{option}");
        }
    }
}

/// Reading and walking allocate nothing.
#[test]
fn no_allocations() {
    let payloads: [(OptionCode, &[u8]); 6] = [
        (OptionCode::NEW_ENVIRON, b"\x00\x00USER\x01a\x02\x03b\x03X"),
        (OptionCode::STATUS, b"\x00\xfb\x01\xfa\x1f\x00\xf0\xf0\xf0"),
        (OptionCode::LINEMODE, b"\x03\x0a\x02\x08\x0b\x02\x15"),
        (OptionCode::CHARSET, b"\x01;UTF-8;X"),
        (OptionCode::MSSP, b"\x01A\x02b\x02c"),
        (OptionCode::MSDP, b"\x01A\x02\x05\x02b\x06"),
    ];
    let walk = |option, payload| match Subnegotiation::parse(option, payload).unwrap().unwrap() {
        Subnegotiation::NewEnviron(said) => {
            let value = said.variables.iter().filter_map(|v| v.value);
            value.map(|v| v.octets().count()).sum()
        }
        Subnegotiation::Status(Status::Is(entries)) => entries.iter().count(),
        Subnegotiation::Linemode(Linemode::Slc(triplets)) => {
            let mut table = SlcTable::new(SlcRole::Server, &[]);
            table.receive(&triplets).iter().count()
        }
        Subnegotiation::Charset(Charset::Request(said)) => said.names.iter().count(),
        Subnegotiation::Mssp(said) => said.iter().map(|v| v.values.iter().count()).sum(),
        Subnegotiation::Msdp(said) => said.iter().count(),
        other => panic!("{other:?}"),
    };
    let mut counts = [0; 6];
    let info = allocation_counter::measure(|| {
        for (count, (option, payload)) in counts.iter_mut().zip(payloads) {
            *count = walk(option, payload);
        }
    });
    assert_eq!(counts, [3, 2, 2, 2, 2, 4]);
    assert_eq!(info.count_total, 0);
}
