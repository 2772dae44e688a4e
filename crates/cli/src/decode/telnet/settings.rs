//! The configuration of the decoder.

use super::super::Key;
use super::super::json::{BadCase, Config as Keys};
use super::verb_of;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use wirelore_telnet_nvt::{Config, Machine, OptionCode, OptionSet, Policy, Receiver, Side, Verb};

pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "mode",
        default: "\"nvt\"",
        meaning: "nvt: a NUL behind a CR is left out unless the peer sends BINARY; raw: it is data",
    },
    Key {
        name: "us",
        default: "[]",
        meaning: "numbers of the options that we perform when asked",
    },
    Key {
        name: "him",
        default: "[]",
        meaning: "numbers of the options that the peer may perform",
    },
    Key {
        name: "max_sb",
        default: "1024",
        meaning: "the longest payload of a subnegotiation, in octets that are meant",
    },
    Key {
        name: "tm",
        default: "false",
        meaning: "answer DO TIMING-MARK with WILL, every time",
    },
    Key {
        name: "actions",
        default: "[]",
        meaning: "what we ask for, and before which chunk: objects with the keys below",
    },
    Key {
        name: "actions.before",
        default: "(required)",
        meaning: "index of the chunk; the number of chunks: before the end",
    },
    Key {
        name: "actions.op",
        default: "(required)",
        meaning: "do, dont, will or wont",
    },
    Key {
        name: "actions.opt",
        default: "(required)",
        meaning: "number of the option",
    },
    Key {
        name: "urgent_before",
        default: "[]",
        meaning: "indexes of the chunks before which the transport sees an urgent mark",
    },
];

/// The value of the keys; null means the default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    mode: Option<Mode>,
    us: Option<BTreeSet<u8>>,
    him: Option<BTreeSet<u8>>,
    max_sb: Option<usize>,
    tm: Option<bool>,
    actions: Option<Vec<WrittenAction>>,
    urgent_before: Option<BTreeSet<usize>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Raw,
    Nvt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAction {
    before: usize,
    op: String,
    opt: u8,
}

impl Written {
    fn read(keys: &Keys) -> Result<Self, BadCase> {
        // one key at a time, so that the complaint can name it
        for (key, value) in keys {
            if !KEYS.iter().any(|known| known.name == key) {
                return Err(format!("config: unknown key {key:?}"));
            }
            let one = Keys::from_iter([(key.clone(), value.clone())]);
            Self::deserialize(Value::from(one))
                .map_err(|error| format!("config: {key}: {error}"))?;
        }
        Self::deserialize(Value::from(keys.clone())).map_err(|error| format!("config: {error}"))
    }
}

pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) acts: Acts,
}

impl Settings {
    /// What the keys say for a case of so many chunks.
    pub(super) fn read(keys: &Keys, chunks: usize) -> Result<Self, BadCase> {
        let written = Written::read(keys)?;
        let set = |numbers: Option<BTreeSet<u8>>| -> OptionSet {
            numbers.into_iter().flatten().map(OptionCode).collect()
        };
        let mut config = Config {
            policy: Policy {
                us: set(written.us),
                him: set(written.him),
                ..Policy::default()
            },
            nvt: written.mode != Some(Mode::Raw),
            timing_marks: written.tm.unwrap_or_default(),
            ..Config::default()
        };
        if let Some(max) = written.max_sb {
            config.max_subnegotiation = max;
        }
        let place = |key: &str, n: usize| match n <= chunks {
            true => Ok(n),
            false => Err(format!("config: {key}: there is no chunk {n}")),
        };
        let mut actions = Vec::new();
        for action in written.actions.unwrap_or_default() {
            let verb = verb_of(&action.op)
                .ok_or_else(|| format!("config: actions: unknown op {:?}", action.op))?;
            actions.push(Action {
                before: place("actions", action.before)?,
                verb,
                option: OptionCode(action.opt),
            });
        }
        actions.sort_by_key(|action| action.before);
        let urgent = written.urgent_before.unwrap_or_default().into_iter();
        let urgent = urgent.map(|n| place("urgent_before", n));
        Ok(Self {
            config,
            acts: Acts {
                actions,
                urgent: urgent.collect::<Result<_, _>>()?,
            },
        })
    }
}

/// Whether the keys choose the mode `raw`: for the encoder, which takes the keys of the decoder.
pub(crate) fn is_raw(keys: &Keys) -> Result<bool, BadCase> {
    Written::read(keys).map(|written| written.mode == Some(Mode::Raw))
}

/// What happens between the chunks.
pub(super) struct Acts {
    /// In order of their places, those at the same place as they were written.
    actions: Vec<Action>,
    urgent: BTreeSet<usize>,
}

struct Action {
    before: usize,
    verb: Verb,
    option: OptionCode,
}

impl Acts {
    pub(super) fn before(&self, receiver: &mut Receiver, chunk: usize, out: &mut Vec<u8>) {
        if self.urgent.contains(&chunk) {
            receiver.urgent();
        }
        let first = self.actions.partition_point(|action| action.before < chunk);
        let here = self.actions[first..].iter();
        for action in here.take_while(|action| action.before == chunk) {
            let marks = receiver.config().timing_marks;
            if marks && (action.verb, action.option) == (Verb::Do, OptionCode::TIMING_MARK) {
                // no option then, but a question each time
                receiver.ask_timing_mark(out);
                continue;
            }
            let (side, on) = match action.verb {
                Verb::Do => (Side::Him, true),
                Verb::Dont => (Side::Him, false),
                Verb::Will => (Side::Us, true),
                Verb::Wont => (Side::Us, false),
            };
            receiver.request(side, action.option, on, out);
        }
    }
}
