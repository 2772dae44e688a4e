//! Where we read otherwise than h11, and the clause that says that we may, or must.

use super::reading::Difference;

/// A disagreement that is known.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// The clause that decides in our favour.
    pub(crate) clause: &'static str,
    kind: Kind,
}

enum Kind {
    /// We refuse, with this kind of error, what h11 reads.
    Refused(&'static str),
    /// h11 refuses what we read, with a message that begins like this and has that in it.
    Accepted(&'static str, &'static str),
    /// Both read it; this part is ours, and theirs is that.
    Part(&'static str, fn(&str, &str) -> bool),
}

impl Known {
    pub(crate) fn explains(&self, difference: &Difference) -> bool {
        match (&self.kind, difference) {
            (Kind::Refused(kind), Difference::Refused(why)) => why == kind,
            (Kind::Accepted(start, within), Difference::Accepted(why)) => {
                why.strip_prefix(start).is_some_and(|rest| rest.contains(within))
            }
            (Kind::Part(name, is), Difference::Part { part, ours, theirs }) => {
                name == part && is(ours, theirs)
            }
            _ => false,
        }
    }
}

#[rustfmt::skip]
pub(crate) const KNOWN: &[Known] = &[
    Known {
        name: "LF ends a line",
        clause: "RFC 9112 section 2.2: a recipient MAY recognise it",
        kind: Kind::Refused("bare-lf"),
    },
    Known {
        name: "folded field lines of requests",
        clause: "RFC 9112 section 5.2: a server MUST either reject the message or replace each fold",
        kind: Kind::Refused("obs-fold"),
    },
    Known {
        name: "control characters in values",
        clause: "RFC 9110 section 5.5: field values with them are invalid; a recipient MAY retain them",
        kind: Kind::Refused("control-character"),
    },
    Known {
        name: "Transfer-Encoding and Content-Length",
        clause: "RFC 9112 section 6.3 (3): ought to be handled as an error; a server MAY reject it",
        kind: Kind::Refused("transfer-encoding-and-content-length"),
    },
    Known {
        name: "Transfer-Encoding in HTTP/1.0",
        clause: "RFC 9112 section 6.1: MUST treat the message as if the framing is faulty",
        kind: Kind::Refused("transfer-encoding-in-http10"),
    },
    Known {
        name: "whatever stands behind a chunk size",
        clause: "RFC 9112 section 7.1: the size is followed by extensions or a line end",
        kind: Kind::Refused("bad-chunk-extension"),
    },
    Known {
        name: "Host that is none",
        clause: "RFC 9112 section 3.2: MUST respond with 400 to an invalid field value",
        kind: Kind::Refused("bad-host"),
    },
    Known {
        name: "other major versions",
        clause: "RFC 9110 sections 2.5 and 15.6.6: another major version is another protocol",
        kind: Kind::Refused("unsupported-version"),
    },
    Known {
        name: "authority that is none, or not enough",
        clause: "RFC 9110 sections 4.2.4 and 9.3.6: no user; MUST reject an empty or invalid port",
        kind: Kind::Refused("bad-authority"),
    },
    Known {
        name: "target in no form",
        clause: "RFC 9112 section 3.2: one of four forms, depending on the method",
        kind: Kind::Refused("bad-target-form"),
    },
    Known {
        name: "fragment in a target",
        clause: "RFC 9112 section 3.2.1: path and query, and nothing behind them",
        kind: Kind::Refused("bad-target"),
    },
    Known {
        name: "whitespace around the semicolon of a chunk extension",
        clause: "RFC 9112 section 7.1.1 and RFC 9110 section 5.6.3: MUST parse bad whitespace",
        kind: Kind::Accepted("illegal chunk header: ", " ;"),
    },
    Known {
        name: "other transfer codings of responses",
        clause: "RFC 9112 section 6.3 (4): without chunked at the end, until the connection is closed",
        kind: Kind::Accepted("Only Transfer-Encoding: chunked is supported", ""),
    },
    Known {
        name: "equal lengths with other zeros",
        clause: "RFC 9110 section 8.6: values that are all the same",
        kind: Kind::Accepted("conflicting Content-Length headers", ""),
    },
    Known {
        name: "length that is none, of no body",
        clause: "RFC 9112 section 6.3 (1): to HEAD, ended by the empty line, regardless of the fields",
        kind: Kind::Accepted("bad Content-Length", ""),
    },
    Known {
        name: "empty lines before a request",
        clause: "RFC 9112 section 2.2: SHOULD ignore at least one",
        kind: Kind::Accepted("no request line received", ""),
    },
    Known {
        name: "status codes below 100",
        clause: "RFC 9110 section 15: SHOULD process it as if it had a 5xx status code",
        kind: Kind::Accepted("InformationalResponse status_code", "not 99"),
    },
    Known {
        name: "later minor versions",
        clause: "RFC 9110 section 2.5: processed as the highest minor version that is implemented",
        kind: Kind::Part("start", |ours, theirs| {
            let (line, minor) = theirs.rsplit_once(" 1.").unwrap_or_default();
            ours.strip_suffix(" 1.1") == Some(line) && minor > "1"
        }),
    },
    Known {
        name: "HTTP/1.0 with keep-alive",
        clause: "RFC 9112 section 9.3: persists if the option is present and the recipient honours it",
        kind: Kind::Part("keep-alive", |ours, theirs| {
            ours.starts_with("1.0 ") && ours.ends_with(" true") && theirs.ends_with(" false")
        }),
    },
    Known {
        name: "body that ends with the connection",
        clause: "RFC 9112 section 9.3: messages need a length for the connection to persist",
        kind: Kind::Part("keep-alive", |ours, theirs| {
            ours == "1.1 until-eof false" && theirs == "1.1 until-eof true"
        }),
    },
    Known {
        name: "whitespace around a fold",
        clause: "RFC 9112 section 5.2: one or more SP for each fold, whitespace around it included",
        kind: Kind::Part("fields", |ours, theirs| {
            let squeezed = |text: &str| text.replace("\\t", " ").split_whitespace().collect::<String>();
            squeezed(ours) == squeezed(theirs)
        }),
    },
];
