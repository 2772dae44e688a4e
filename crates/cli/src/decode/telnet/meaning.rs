//! What a subnegotiation says: as an event for programs, and in words for people.

use super::super::json::text_of_octets;
use super::super::render::quoted;
use super::verb_word;
use serde_json::{Value, json};
use wirelore_telnet_nvt::wire::option::{
    Charset, Environ, EnvironVerb, FlowControl, Linemode, MsdpEvent, Quoted, SlcTriplet, Status,
    StatusEntry, Subnegotiation, TerminalSpeed, TerminalType, VariableKind, XDisplayLocation,
};

/// The event, as `docs/decode.md` has it.
pub(crate) fn event(said: &Subnegotiation<'_>) -> Value {
    match said {
        Subnegotiation::Status(Status::Send) => json!({ "event": "status-send" }),
        Subnegotiation::Status(Status::Is(entries)) => {
            let entries = entries.iter().map(|entry| match entry {
                StatusEntry::Verb(verb, option) => json!([verb_word(verb), option.0]),
                StatusEntry::Subnegotiation(option, payload) => {
                    json!(["sb", option.0, hex_of(payload)])
                }
            });
            json!({ "event": "status-is", "entries": entries.collect::<Value>() })
        }
        Subnegotiation::TerminalType(TerminalType::Is(name)) => {
            json!({ "event": "ttype-is", "name_hex": hex::encode(name) })
        }
        Subnegotiation::TerminalType(TerminalType::Send) => json!({ "event": "ttype-send" }),
        Subnegotiation::Naws(naws) => {
            json!({ "event": "naws", "cols": naws.columns, "rows": naws.rows })
        }
        Subnegotiation::TerminalSpeed(TerminalSpeed::Is { transmit, receive }) => {
            json!({ "event": "tspeed-is", "tx": transmit, "rx": receive })
        }
        Subnegotiation::TerminalSpeed(TerminalSpeed::Send) => json!({ "event": "tspeed-send" }),
        Subnegotiation::FlowControl(flow) => json!({ "event": "lflow", "code": flow_word(*flow) }),
        Subnegotiation::Linemode(said) => linemode(said),
        Subnegotiation::XDisplayLocation(XDisplayLocation::Is(name)) => {
            json!({ "event": "xdisploc-is", "name_hex": hex::encode(name) })
        }
        Subnegotiation::XDisplayLocation(XDisplayLocation::Send) => {
            json!({ "event": "xdisploc-send" })
        }
        Subnegotiation::OldEnviron(said) | Subnegotiation::NewEnviron(said) => environ(said),
        Subnegotiation::Charset(said) => charset(said),
        Subnegotiation::Msdp(said) => {
            json!({ "event": "msdp", "vars": msdp(&mut said.iter()) })
        }
        Subnegotiation::Mssp(said) => {
            let vars = said.iter().map(|variable| {
                let values: Value = variable.values.iter().map(text_of_octets).collect();
                json!([text_of_octets(variable.name), values])
            });
            json!({ "event": "mssp", "vars": vars.collect::<Value>() })
        }
        Subnegotiation::Gmcp(said) => json!({
            "event": "gmcp",
            "package": text_of_octets(said.package),
            "json": text_of_octets(said.json),
        }),
        _ => Value::Null,
    }
}

fn linemode(said: &Linemode<'_>) -> Value {
    match said {
        Linemode::Mode(mode) => json!({ "event": "linemode-mode", "mask": mode.0 }),
        Linemode::ForwardMask(said) => json!({
            "event": "forwardmask",
            "verb": verb_word(said.verb()),
            "mask_hex": said.mask().map(|mask| hex::encode(mask.as_bytes())),
        }),
        Linemode::Slc(triplets) => {
            let triplets = triplets.iter().map(SlcTriplet::to_octets);
            json!({ "event": "slc", "triplets": triplets.map(|t| json!(t)).collect::<Value>() })
        }
    }
}

fn environ(said: &Environ<'_>) -> Value {
    let vars = said.variables.iter().map(|variable| {
        json!({
            "kind": match variable.kind {
                VariableKind::Var => "var",
                VariableKind::UserVar => "uservar",
            },
            "name_hex": hex_of(variable.name),
            "value_hex": variable.value.map(hex_of),
        })
    });
    json!({
        "event": "environ",
        "verb": match said.verb {
            EnvironVerb::Is => "is",
            EnvironVerb::Send => "send",
            EnvironVerb::Info => "info",
        },
        "vars": vars.collect::<Value>(),
    })
}

fn charset(said: &Charset<'_>) -> Value {
    match said {
        Charset::Request(request) => json!({
            "event": "charset-request",
            "separator": text_of_octets(&[request.separator]),
            "names": request.names.iter().map(text_of_octets).collect::<Value>(),
            "ttable": request.ttable,
        }),
        Charset::Accepted(name) => {
            json!({ "event": "charset-accepted", "name": text_of_octets(name) })
        }
        Charset::Rejected => json!({ "event": "charset-rejected" }),
        Charset::TtableIs(ttable) => json!({
            "event": "charset-ttable-is",
            "version": ttable.version,
            "table_hex": hex::encode(ttable.table),
        }),
        Charset::TtableRejected => json!({ "event": "charset-ttable-rejected" }),
        Charset::TtableAck => json!({ "event": "charset-ttable-ack" }),
        Charset::TtableNak => json!({ "event": "charset-ttable-nak" }),
    }
}

/// Variables up to the end of a table, or of all: an array of `[name, [value, ...]]`.
fn msdp<'p>(steps: &mut impl Iterator<Item = MsdpEvent<'p>>) -> Value {
    let mut variables: Vec<(String, Vec<Value>)> = Vec::new();
    // brackets match, and are not nested deeper than `Msdp::DEPTH`
    while let Some(step) = steps.next() {
        let value = match step {
            MsdpEvent::Var(name) => {
                variables.push((text_of_octets(name), Vec::new()));
                continue;
            }
            MsdpEvent::TableClose | MsdpEvent::ArrayClose => break,
            step => msdp_value(step, steps),
        };
        if let Some((_, values)) = variables.last_mut() {
            values.push(value);
        }
    }
    json!(variables)
}

/// Text, `{"table": variables}` or `{"array": [value, ...]}`.
fn msdp_value<'p>(step: MsdpEvent<'p>, steps: &mut impl Iterator<Item = MsdpEvent<'p>>) -> Value {
    match step {
        MsdpEvent::Text(text) => text_of_octets(text).into(),
        MsdpEvent::TableOpen => json!({ "table": msdp(steps) }),
        _ => {
            let mut values = Vec::new();
            while let Some(step) = steps.next() {
                if step == MsdpEvent::ArrayClose {
                    break;
                }
                values.push(msdp_value(step, steps));
            }
            json!({ "array": values })
        }
    }
}

const fn flow_word(flow: FlowControl) -> &'static str {
    match flow {
        FlowControl::Off => "off",
        FlowControl::On => "on",
        FlowControl::RestartAny => "restart-any",
        FlowControl::RestartXon => "restart-xon",
    }
}

fn hex_of(text: Quoted<'_>) -> String {
    hex::encode(text.to_cow())
}

/// The most characters that are said about a payload.
const MAX_WORDS: usize = 960;

/// The same for people, safe to print.
pub(crate) fn words(said: &Subnegotiation<'_>) -> String {
    let mut words = match said {
        Subnegotiation::Status(Status::Send) => "SEND".into(),
        Subnegotiation::Status(Status::Is(entries)) => {
            list("IS", entries.iter(), |entry| match entry {
                StatusEntry::Verb(verb, option) => format!("{verb} {option}"),
                StatusEntry::Subnegotiation(option, payload) => {
                    format!("SB {option} {}", hex_of(payload))
                }
            })
        }
        Subnegotiation::TerminalType(TerminalType::Is(name)) => format!("IS {}", quoted(name)),
        Subnegotiation::TerminalType(TerminalType::Send) => "SEND".into(),
        Subnegotiation::Naws(naws) => format!("{} columns, {} rows", naws.columns, naws.rows),
        Subnegotiation::TerminalSpeed(TerminalSpeed::Is { transmit, receive }) => {
            format!("IS transmits {transmit}, receives {receive}")
        }
        Subnegotiation::TerminalSpeed(TerminalSpeed::Send) => "SEND".into(),
        Subnegotiation::FlowControl(flow) => flow_word(*flow).to_uppercase(),
        Subnegotiation::Linemode(Linemode::Mode(mode)) => format!("MODE {mode}"),
        Subnegotiation::Linemode(Linemode::ForwardMask(said)) => {
            let mask = said.mask().map(|mask| hex::encode(mask.as_bytes()));
            format!("{} FORWARDMASK {}", said.verb(), mask.unwrap_or_default())
        }
        Subnegotiation::Linemode(Linemode::Slc(triplets)) => {
            list("SLC", triplets.iter(), |triplet| {
                let SlcTriplet {
                    function,
                    modifiers,
                    value,
                } = triplet;
                format!("{function} {modifiers} {value}")
            })
        }
        Subnegotiation::XDisplayLocation(XDisplayLocation::Is(name)) => {
            format!("IS {}", quoted(name))
        }
        Subnegotiation::XDisplayLocation(XDisplayLocation::Send) => "SEND".into(),
        Subnegotiation::OldEnviron(said) | Subnegotiation::NewEnviron(said) => {
            let verb = match said.verb {
                EnvironVerb::Is => "IS",
                EnvironVerb::Send => "SEND",
                EnvironVerb::Info => "INFO",
            };
            list(verb, said.variables.iter(), |variable| {
                let kind = match variable.kind {
                    VariableKind::Var => "VAR",
                    VariableKind::UserVar => "USERVAR",
                };
                let name = quoted(&variable.name.to_cow());
                match variable.value {
                    Some(value) => format!("{kind} {name} = {}", quoted(&value.to_cow())),
                    None => format!("{kind} {name}"),
                }
            })
        }
        Subnegotiation::Charset(said) => match said {
            Charset::Request(request) => list("REQUEST", request.names.iter(), quoted),
            Charset::Accepted(name) => format!("ACCEPTED {}", quoted(name)),
            Charset::Rejected => "REJECTED".into(),
            Charset::TtableIs(ttable) => format!("TTABLE-IS version {}", ttable.version),
            Charset::TtableRejected => "TTABLE-REJECTED".into(),
            Charset::TtableAck => "TTABLE-ACK".into(),
            Charset::TtableNak => "TTABLE-NAK".into(),
        },
        Subnegotiation::Msdp(said) => list("", said.iter(), |step| match step {
            MsdpEvent::Var(name) => format!("VAR {}", quoted(name)),
            MsdpEvent::Text(text) => quoted(text),
            MsdpEvent::TableOpen => "{".into(),
            MsdpEvent::TableClose => "}".into(),
            MsdpEvent::ArrayOpen => "[".into(),
            MsdpEvent::ArrayClose => "]".into(),
        }),
        Subnegotiation::Mssp(said) => list("", said.iter(), |variable| {
            let values: Vec<_> = variable.values.iter().map(quoted).collect();
            format!("{} = {}", quoted(variable.name), values.join(" "))
        }),
        Subnegotiation::Gmcp(said) => format!("{} {}", quoted(said.package), quoted(said.json)),
        _ => String::new(),
    };
    if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
        words.truncate(end);
        words.push_str("...");
    }
    words
}

/// A word and a list.
fn list<T>(word: &str, items: impl Iterator<Item = T>, words: impl FnMut(T) -> String) -> String {
    let items: Vec<_> = items.map(words).collect();
    let items = items.join(", ");
    match (word, &*items) {
        ("", _) => items,
        (_, "") => word.into(),
        _ => format!("{word} {items}"),
    }
}
