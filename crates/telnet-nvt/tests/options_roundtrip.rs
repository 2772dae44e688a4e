//! Round trips: every value survives its octets, and canonical octets survive their value.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wirelore_telnet_nvt::wire::option::*;
use wirelore_telnet_nvt::wire::payload::write_subnegotiation;
use wirelore_telnet_nvt::{OptionCode, Payload, Verb};

/// Writes a value, frames it, takes it out of its frame, reads it, and writes it again.
fn survives(value: Subnegotiation<'_>) -> Result<(), TestCaseError> {
    let (mut payload, mut wire) = (Vec::new(), Vec::new());
    value.encode(&mut payload).expect("can be sent");
    write_subnegotiation(value.option(), &payload, &mut wire);
    let raw = Payload::from_raw(&wire[3..wire.len() - 2]);
    prop_assert_eq!(&raw.into_cow()[..], &payload[..]);
    let read = Subnegotiation::parse(value.option(), &payload);
    prop_assert_eq!(read, Ok(Some(value)));
    let mut again = b"before".to_vec();
    prop_assert_eq!(read.unwrap().unwrap().encode(&mut again), Ok(()));
    prop_assert_eq!(&again[6..], &payload[..]);
    Ok(())
}

/// Octets, among which those with a meaning somewhere are frequent.
fn octets(len: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let special = select(vec![0u8, 1, 2, 3, 4, 5, 6, 240, 250, 255]);
    vec(prop_oneof![special, any::<u8>()], len)
}

/// Printable ASCII without a space.
fn name(len: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(b'!'..=b'~', len)
}

/// Text for the protocols of muds, which escape nothing.
fn text(len: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(7..255u8, len)
}

fn slices(owned: &[Vec<u8>]) -> Vec<&[u8]> {
    owned.iter().map(Vec::as_slice).collect()
}

fn verb() -> impl Strategy<Value = Verb> {
    select(vec![Verb::Will, Verb::Wont, Verb::Do, Verb::Dont])
}

proptest! {
    #[test]
    fn numbers(a in any::<u16>(), b in any::<u16>(), transmit in any::<u32>(), receive in any::<u32>()) {
        survives(Subnegotiation::Naws(Naws { columns: a, rows: b }))?;
        survives(Subnegotiation::TerminalSpeed(TerminalSpeed::Is { transmit, receive }))?;
    }

    #[test]
    fn names(kind in name(1..41), host in name(1..30), screen in option::of(any::<u32>())) {
        survives(Subnegotiation::TerminalType(TerminalType::Is(&kind)))?;
        let dot = screen.map(|screen| format!(".{screen}")).unwrap_or_default();
        let location = [&host[..], b":10", dot.as_bytes()].concat();
        survives(Subnegotiation::XDisplayLocation(XDisplayLocation::Is(&location)))?;
    }

    #[test]
    fn status(list in vec((option::of(verb()), any::<u8>(), octets(0..12)), 0..8)) {
        let entries: Vec<_> = list
            .iter()
            .map(|(verb, option, octets)| match verb {
                Some(verb) => StatusEntry::Verb(*verb, OptionCode(*option)),
                None => StatusEntry::Subnegotiation(OptionCode(*option), Quoted::plain(octets)),
            })
            .collect();
        survives(Subnegotiation::Status(Status::Is(StatusEntries::of(&entries))))?;
    }

    #[test]
    fn linemode(mode in any::<u8>(), mask in vec(any::<u8>(), 0..33), list in vec(any::<[u8; 3]>(), 0..40)) {
        survives(Subnegotiation::Linemode(Linemode::Mode(Mode(mode))))?;
        let mask = CharacterMask::from_bytes(&mask).unwrap();
        survives(Subnegotiation::Linemode(Linemode::ForwardMask(ForwardMask::Do(mask))))?;
        let triplets: Vec<_> = list.iter().map(|&o| SlcTriplet::from_octets(o)).collect();
        survives(Subnegotiation::Linemode(Linemode::Slc(SlcTriplets::of(&triplets))))?;
    }

    #[test]
    fn character_masks(octets in vec(any::<u8>(), 0..60)) {
        let mask: CharacterMask = octets.iter().copied().collect();
        for octet in 0..=255 {
            prop_assert_eq!(mask.contains(octet), octets.contains(&octet));
        }
        prop_assert_eq!(mask.iter().collect::<CharacterMask>(), mask);
    }

    #[test]
    fn environ(
        list in vec((any::<bool>(), octets(1..8), option::of(octets(0..8))), 0..8),
        verb in select(vec![EnvironVerb::Is, EnvironVerb::Send, EnvironVerb::Info]),
        codes in select(vec![EnvironCodes::Rfc, EnvironCodes::Bsd]),
    ) {
        let variables: Vec<_> = list
            .iter()
            .map(|(well_known, name, value)| Variable {
                kind: if *well_known { VariableKind::Var } else { VariableKind::UserVar },
                name: Quoted::plain(name),
                value: value.as_deref().map(Quoted::plain).filter(|_| verb != EnvironVerb::Send),
            })
            .collect();
        let variables = Variables::of(&variables);
        let environ = Environ { verb, codes, variables };
        let mut payload = Vec::new();
        prop_assert_eq!(environ.encode(&mut payload), Ok(()));
        prop_assert_eq!(Environ::parse(&payload, codes), Ok(environ));
        // what is detected is right, unless all that tells are undefined variables
        let all_valued = variables.iter().all(|v| v.value.is_some());
        if let Some(detected) = EnvironCodes::detect(&payload) {
            prop_assert!(detected == codes || !all_valued);
        }
        if list.first().is_some_and(|(well_known, ..)| *well_known) {
            prop_assert_eq!(EnvironCodes::detect(&payload), Some(codes));
        }
        if codes == EnvironCodes::Rfc {
            survives(Subnegotiation::NewEnviron(environ))?;
        }
    }

    #[test]
    fn charset(
        names in vec("[A-Za-z0-9-]{1,12}".prop_map(String::into_bytes), 1..6),
        separator in select(b" ;,/[\x00\x01\xfe".to_vec()),
        ttable in option::of(1..=255u8),
        version in 1..=255u8,
        table in octets(0..40),
    ) {
        let slices = slices(&names);
        let request = CharsetRequest { separator, names: CharsetNames::of(&slices), ttable };
        survives(Subnegotiation::Charset(Charset::Request(request)))?;
        survives(Subnegotiation::Charset(Charset::Accepted(&names[0])))?;
        let table = Ttable { version, table: &table };
        survives(Subnegotiation::Charset(Charset::TtableIs(table)))?;
    }

    #[test]
    fn muds(package in name(1..20), json in octets(0..40), list in vec((text(1..9), vec(text(0..9), 1..4)), 0..6)) {
        survives(Subnegotiation::Gmcp(Gmcp { package: &package, json: &json }))?;
        let values: Vec<_> = list.iter().map(|(_, values)| slices(values)).collect();
        let variables: Vec<_> = list
            .iter()
            .zip(&values)
            .map(|((name, _), values)| MsspVariable { name, values: MsspValues::of(values) })
            .collect();
        survives(Subnegotiation::Mssp(Mssp::of(&variables)))?;
    }

    /// Lists of variables that are well-formed, with tables and arrays.
    #[test]
    fn msdp(steps in vec((0..5u8, text(1..6)), 0..40)) {
        let (mut events, mut open) = (Vec::new(), Vec::new());
        let mut wants_value = false;
        for (kind, text) in &steps {
            let in_array = open.last() == Some(&MsdpEvent::ArrayClose);
            if !in_array && !wants_value {
                if *kind == 0 && !open.is_empty() {
                    events.extend(open.pop());
                    continue;
                }
                events.push(MsdpEvent::Var(text));
                wants_value = true;
                continue;
            }
            wants_value = false;
            match kind {
                0 if in_array => events.extend(open.pop()),
                1 if open.len() < 16 => {
                    events.push(MsdpEvent::TableOpen);
                    open.push(MsdpEvent::TableClose);
                }
                2 if open.len() < 16 => {
                    events.push(MsdpEvent::ArrayOpen);
                    open.push(MsdpEvent::ArrayClose);
                }
                _ => events.push(MsdpEvent::Text(text)),
            }
        }
        if wants_value {
            events.push(MsdpEvent::Text(b""));
        }
        events.extend(open.into_iter().rev());
        survives(Subnegotiation::Msdp(Msdp::of(&events)))?;
    }
}
