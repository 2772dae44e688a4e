//! The configuration of the decoders, which the encoders take too.

use super::super::Key;
use super::super::json::{BadCase, Config as Keys, octets_of_text};
use serde::Deserialize;
use serde_json::Value;
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{Config, Lenient, Limits};

pub(crate) const RESPONSE_KEYS: &[Key] = &[
    Key {
        name: "requests",
        default: "[\"GET\"]",
        meaning: "methods of the requests that have no response yet, in order",
    },
    Key {
        name: "http09",
        default: "false",
        meaning: "accept a request line without a version: GET SP path",
    },
    Key {
        name: "max_request_line",
        default: "8192",
        meaning: "the longest request or status line, in octets without the line end",
    },
    Key {
        name: "max_method",
        default: "64",
        meaning: "the longest method",
    },
    Key {
        name: "max_field_line",
        default: "65536",
        meaning: "the longest field line, without the line end",
    },
    Key {
        name: "max_head",
        default: "65536",
        meaning: "the longest head or trailer section, with all line ends",
    },
    Key {
        name: "max_headers",
        default: "100",
        meaning: "the most field lines in a head or trailer section",
    },
    Key {
        name: "max_chunk_ext",
        default: "1024",
        meaning: "the longest extensions of one chunk",
    },
    Key {
        name: "max_chunk_ext_total",
        default: "16384",
        meaning: "the longest extensions of a body",
    },
    Key {
        name: "max_body",
        default: "null",
        meaning: "the longest body; null: no limit",
    },
    Key {
        name: "lenient",
        default: "[]",
        meaning: "names of flags below that are on, or off with a - before them",
    },
    Key {
        name: "lenient: bare_lf",
        default: "false",
        meaning: "an LF without CR ends a line of a head or of trailers",
    },
    Key {
        name: "lenient: bare_cr_as_sp",
        default: "false",
        meaning: "a CR without LF in a value or reason is read as SP",
    },
    Key {
        name: "lenient: obs_fold",
        default: "false",
        meaning: "folded lines in requests and trailers are joined with SP",
    },
    Key {
        name: "lenient: space_before_colon_in_response",
        default: "false",
        meaning: "whitespace before the colon of a response's field is ignored",
    },
    Key {
        name: "lenient: duplicate_content_length_equal",
        default: "true",
        meaning: "equal Content-Length values count as one",
    },
    Key {
        name: "lenient: te_and_cl_te_wins",
        default: "false",
        meaning: "Transfer-Encoding overrides Content-Length; the connection closes",
    },
    Key {
        name: "lenient: multiple_spaces_in_request_line",
        default: "false",
        meaning: "any SP and HTAB between and behind the parts of a start line",
    },
    Key {
        name: "lenient: other_ctl_in_value",
        default: "false",
        meaning: "control characters but NUL, CR and LF stay in values and reasons",
    },
    Key {
        name: "lenient: empty_list_members",
        default: "false",
        meaning: "empty members of Transfer-Encoding and Content-Length are ignored",
    },
    Key {
        name: "lenient: missing_host",
        default: "false",
        meaning: "HTTP/1.1 requests need no Host",
    },
    Key {
        name: "lenient: obs_text_in_target",
        default: "false",
        meaning: "octets above 127 may stand in a request-target",
    },
    Key {
        name: "lenient: space_after_chunk_size",
        default: "false",
        meaning: "SP and HTAB may stand before the line end of a chunk",
    },
    Key {
        name: "lenient: other_transfer_codings",
        default: "false",
        meaning: "unknown transfer codings of a request, if chunked is the last one",
    },
];

/// All but `requests`.
pub(crate) const REQUEST_KEYS: &[Key] = RESPONSE_KEYS.split_at(1).1;

/// The value of the keys; null means the default.
#[derive(Default, Deserialize)]
struct Written {
    requests: Option<Vec<String>>,
    http09: Option<bool>,
    max_request_line: Option<usize>,
    max_method: Option<usize>,
    max_field_line: Option<usize>,
    max_head: Option<usize>,
    max_headers: Option<usize>,
    max_chunk_ext: Option<usize>,
    max_chunk_ext_total: Option<u64>,
    max_body: Option<u64>,
    lenient: Option<Vec<String>>,
}

impl Written {
    fn read(keys: &Keys, known: &[Key]) -> Result<Self, BadCase> {
        // one key at a time, so that the complaint can name it
        for (key, value) in keys {
            let one = Keys::from_iter([(key.clone(), value.clone())]);
            let is_flag = key.contains(':');
            if is_flag || !known.iter().any(|known| known.name == key) {
                return Err(format!("config: unknown key {key:?}"));
            }
            Self::deserialize(Value::from(one))
                .map_err(|error| format!("config: {key}: {error}"))?;
        }
        Self::deserialize(Value::from(keys.clone())).map_err(|error| format!("config: {error}"))
    }
}

pub(crate) struct Settings {
    pub(crate) message: Config,
    /// The methods of the requests whose responses are decoded.
    pub(crate) requests: Vec<MethodKind>,
}

impl Settings {
    pub(crate) fn of_requests(keys: &Keys) -> Result<Self, BadCase> {
        Self::read(keys, REQUEST_KEYS)
    }

    pub(crate) fn of_responses(keys: &Keys) -> Result<Self, BadCase> {
        Self::read(keys, RESPONSE_KEYS)
    }

    fn read(keys: &Keys, known: &[Key]) -> Result<Self, BadCase> {
        let written = Written::read(keys, known)?;
        let default = Limits::default();
        let limits = Limits {
            max_request_line: written.max_request_line.unwrap_or(default.max_request_line),
            max_method: written.max_method.unwrap_or(default.max_method),
            max_field_line: written.max_field_line.unwrap_or(default.max_field_line),
            max_head: written.max_head.unwrap_or(default.max_head),
            max_headers: written.max_headers.unwrap_or(default.max_headers),
            max_chunk_ext: written.max_chunk_ext.unwrap_or(default.max_chunk_ext),
            max_chunk_ext_total: written
                .max_chunk_ext_total
                .unwrap_or(default.max_chunk_ext_total),
            max_body: written.max_body,
        };
        let mut lenient = Lenient::default();
        for flag in written.lenient.unwrap_or_default() {
            let (name, on) = match flag.strip_prefix('-') {
                Some(name) => (name, false),
                None => (&*flag, true),
            };
            if !lenient.set(name, on) {
                return Err(format!("config: lenient: unknown flag {name:?}"));
            }
        }
        let requests = match written.requests {
            None => vec![MethodKind::Get],
            Some(methods) => methods
                .iter()
                .map(|method| octets_of_text(method).map(|method| MethodKind::of(&method)))
                .collect::<Result<_, _>>()
                .map_err(|why| format!("config: requests: {why}"))?,
        };
        Ok(Self {
            message: Config {
                limits,
                lenient,
                http09: written.http09.unwrap_or_default(),
            },
            requests,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_listed_defaults_are_the_defaults() {
        let value = |key: &Key| serde_json::from_str::<Value>(key.default).expect("JSON");
        let mut keys: Keys = REQUEST_KEYS
            .iter()
            .filter(|key| !key.name.contains(':'))
            .map(|key| (key.name.to_owned(), value(key)))
            .collect();
        let read = Settings::of_requests(&keys).map(|settings| settings.message);
        assert_eq!(read, Ok(Config::default()));
        keys.insert("requests".into(), json!([]));
        assert!(Settings::of_requests(&keys).is_err());
        let flags: Vec<_> = RESPONSE_KEYS
            .iter()
            .filter_map(|key| Some((key.name.strip_prefix("lenient: ")?, key.default == "true")))
            .collect();
        assert_eq!(flags, Lenient::NAMES);
        let requests = value(&RESPONSE_KEYS[0]);
        assert_eq!(requests, json!(["GET"]));
    }

    #[test]
    fn every_key_sets_its_own_field() {
        for (n, key) in RESPONSE_KEYS.iter().enumerate() {
            let (name, value) = match (key.name.strip_prefix("lenient: "), key.name) {
                (Some(flag), _) if key.default == "true" => {
                    ("lenient", json!([format!("-{flag}")]))
                }
                (Some(flag), _) => ("lenient", json!([flag])),
                (_, "requests") => ("requests", json!(["HEAD", "CONNECT"])),
                (_, "http09") => ("http09", json!(true)),
                (_, "lenient") => continue,
                (_, name) => (name, json!(n)),
            };
            let keys = Keys::from_iter([(name.to_owned(), value.clone())]);
            let settings = Settings::of_responses(&keys).expect("it is a key");
            let changed = settings.message != Config::default()
                || settings.requests == [MethodKind::Head, MethodKind::Connect];
            assert!(changed, "{name} {value}");
        }
    }
}
