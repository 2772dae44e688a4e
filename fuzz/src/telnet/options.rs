//! The payloads of subnegotiations.

use wirelore_telnet_nvt::OptionCode;
use wirelore_telnet_nvt::wire::option::{
    Environ, EnvironCodes, Linemode, Msdp, SlcFunction, SlcReplies, SlcRole, SlcSetting, SlcTable,
    SlcTriplet, SlcTriplets, Subnegotiation,
};

/// The options that have a type, then one that has none.
const OPTIONS: [OptionCode; 14] = [
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
    OptionCode::ECHO,
];

/// Any payload of any option: what can be read and be sent again is read as the same; and tables of
/// special characters come to an end.
///
/// Octet 0 is the option, octet 1 what is tried with it.
pub fn telnet_options(data: &[u8]) {
    let [option, how, payload @ ..] = data else {
        return;
    };
    let option = OPTIONS[usize::from(*option) % OPTIONS.len()];
    match Subnegotiation::parse(option, payload) {
        Ok(None) => assert_eq!(option, OptionCode::ECHO),
        Ok(Some(said)) => {
            assert_eq!(said.option(), option);
            again(&said);
        }
        Err(error) => {
            assert!(error.offset() <= payload.len(), "{error}");
            assert!(!error.kind().is_empty() && !error.to_string().is_empty());
        }
    }
    for codes in [EnvironCodes::Rfc, EnvironCodes::Bsd] {
        if let Ok(said) = Environ::parse(payload, codes) {
            again(&Subnegotiation::OldEnviron(said));
        }
    }
    if let Ok(said) = Msdp::parse_to_depth(payload, u32::from(*how)) {
        let steps = said.iter().count();
        assert!(steps <= payload.len());
    }
    talk(*how, payload);
}

/// What was read, sent, and read again.
fn again(said: &Subnegotiation<'_>) {
    let mut payload = b"before".to_vec();
    match said.encode(&mut payload) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(payload, b"before");
        }
        Ok(()) => {
            let payload = &payload[6..];
            let back = match said {
                Subnegotiation::OldEnviron(environ) => {
                    Environ::parse(payload, environ.codes).map(Subnegotiation::OldEnviron)
                }
                _ => Subnegotiation::parse(said.option(), payload)
                    .map(|said| said.expect("it has a type")),
            };
            assert_eq!(back.as_ref(), Ok(said));
            // and what is sent once more is the same octets
            let mut more = Vec::new();
            said.encode(&mut more).expect("it was sent before");
            assert_eq!(more, payload);
        }
    }
}

/// Two tables, with defaults and first words from the payload.
fn talk(how: u8, payload: &[u8]) {
    let (defaults, said) = payload.split_at(payload.len() * usize::from(how) / 256);
    let defaults: Vec<_> = triplets(defaults)
        .map(|triplet| (triplet.function, setting(triplet)))
        .collect();
    let (ours, theirs) = defaults.split_at(defaults.len() / 2);
    let mut tables = [
        SlcTable::new(SlcRole::Server, ours),
        SlcTable::new(SlcRole::Client, theirs),
    ];
    let said: Vec<_> = triplets(said).collect();
    let (first, second) = said.split_at(said.len() / 2);
    // what was said before, by anybody, brings both into any state
    tables[0].receive(&SlcTriplets::of(first));
    let mut replies = tables[1].receive(&SlcTriplets::of(second));
    check(&replies);
    let mut changed = tables[1].export();
    check(&changed);
    for (function, setting) in ours {
        tables[0].change(*function, *setting);
    }
    let mut rounds = 0;
    for mut words in [&mut replies, &mut changed] {
        let mut to = 0;
        let mut answer;
        while !words.is_empty() {
            rounds += 1;
            assert!(rounds <= 16, "the tables talk and talk");
            let mut payload = Vec::new();
            words.encode(&mut payload);
            let Ok(Linemode::Slc(triplets)) = Linemode::parse(&payload) else {
                panic!("a table says something else");
            };
            answer = tables[to].receive(&triplets);
            check(&answer);
            to = 1 - to;
            words = &mut answer;
        }
    }
}

fn check(replies: &SlcReplies) {
    let mut payload = Vec::new();
    replies.encode(&mut payload);
    assert!(payload.len() <= 91 && replies.iter().count() <= 30);
    let functions: Vec<_> = replies.iter().map(|triplet| triplet.function).collect();
    assert!(
        functions.is_sorted_by(|a, b| a < b),
        "twice, or out of order"
    );
    assert!(!functions.contains(&SlcFunction::ALL));
}

fn triplets(octets: &[u8]) -> impl Iterator<Item = SlcTriplet> {
    let triplets = octets.chunks_exact(3);
    triplets.map(|t| SlcTriplet::from_octets([t[0] % 34, t[1], t[2]]))
}

fn setting(triplet: SlcTriplet) -> SlcSetting {
    SlcSetting {
        level: triplet.modifiers.level(),
        flush_in: triplet.value & 1 != 0,
        flush_out: triplet.value & 2 != 0,
        value: triplet.value,
    }
}
