//! What is written about a session, one JSON object a line. A guest's octets are shown by `escape`, so
//! that no line of the log can act on a terminal.

use super::Log;
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::{SystemTime, UNIX_EPOCH};
use wirelore_core::escape;
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::wire::option::{
    Environ, Subnegotiation, TerminalSpeed, TerminalType, Variable, XDisplayLocation,
};
use wirelore_telnet_nvt::{OptionCode, Payload, Verb};

/// The longest text of a guest in the log, in characters.
const LONGEST: usize = 2048;

/// The lines about one session.
pub(crate) struct Record {
    session: u64,
    log: Log,
    /// How many more lines there may be.
    left: usize,
}

impl Record {
    pub(crate) fn new(session: u64, log: Log, limit: usize) -> Self {
        Self { session, log, left: limit }
    }

    /// A line, if the limit allows one more.
    pub(crate) fn note(&mut self, event: &str, facts: Value) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        self.always(event, facts);
        if self.left == 0 {
            self.always("no-more-records", json!({}));
        }
    }

    /// A line that the limit does not concern: the first and the last.
    pub(crate) fn always(&self, event: &str, facts: Value) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line =
            json!({ "time": now.as_secs_f64(), "session": self.session, "event": event });
        if let (Value::Object(line), Value::Object(facts)) = (&mut line, facts) {
            line.extend(facts);
        }
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        // a log that cannot be written is no reason to let the guest notice
        let _ = writeln!(log, "{line}").and_then(|()| log.flush());
    }

    /// WILL, WONT, DO or DONT.
    pub(crate) fn negotiation(&mut self, from: &str, verb: Verb, option: OptionCode) {
        let facts = json!({
            "from": from,
            "verb": verb.to_string(),
            "option": option.to_string(),
            "code": option.0,
        });
        self.note("negotiation", facts);
    }

    pub(crate) fn subnegotiation(
        &mut self,
        from: &str,
        option: OptionCode,
        payload: Payload<&[u8]>,
    ) {
        let octets = payload.into_cow();
        let decoded = match Subnegotiation::parse(option, &octets) {
            Ok(Some(said)) => decoded(&said),
            Ok(None) => Value::Null,
            Err(error) => json!({ "error": error.to_string() }),
        };
        let facts = json!({
            "from": from,
            "option": option.to_string(),
            "code": option.0,
            "raw": hex::encode(payload.raw()),
            "decoded": decoded,
        });
        self.note("subnegotiation", facts);
    }

    /// What is said in octets that we send, as far as it is about options.
    pub(crate) fn sent(&mut self, octets: &[u8]) {
        for item in items(octets) {
            match item {
                Item::Negotiation { verb, option } => self.negotiation("server", verb, option),
                Item::Subnegotiation { option, payload } => {
                    self.subnegotiation("server", option, payload);
                }
                _ => {}
            }
        }
    }
}

pub(crate) fn text(octets: &[u8]) -> String {
    escape(octets).limit(LONGEST).to_string()
}

fn decoded(said: &Subnegotiation<'_>) -> Value {
    match said {
        Subnegotiation::TerminalType(TerminalType::Is(name)) => {
            json!({ "terminal-type": text(name) })
        }
        Subnegotiation::Naws(size) => json!({ "columns": size.columns, "rows": size.rows }),
        Subnegotiation::TerminalSpeed(TerminalSpeed::Is { transmit, receive }) => {
            json!({ "transmit": transmit, "receive": receive })
        }
        Subnegotiation::XDisplayLocation(XDisplayLocation::Is(display)) => {
            json!({ "display": text(display) })
        }
        Subnegotiation::NewEnviron(said) | Subnegotiation::OldEnviron(said) => {
            json!({ "verb": format!("{:?}", said.verb), "variables": variables(said) })
        }
        other => json!(format!("{other:?}")),
    }
}

/// The variables, each with its kind and, if it has one, its value.
pub(crate) fn variables(said: &Environ<'_>) -> Vec<Value> {
    let one = |variable: Variable<'_>| {
        json!({
            "kind": format!("{:?}", variable.kind),
            "name": text(&variable.name.to_cow()),
            "value": variable.value.map(|value| text(&value.to_cow())),
        })
    };
    said.variables.iter().map(one).collect()
}
