//! Environment variables (RFC 1572, and RFC 1408 with its number 36). What may be done with them is
//! not decided here.

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr;

use super::{EncodeError, OptionError, Quoted, all_or_nothing, split_command};

const ESC: u8 = 2;
const USERVAR: u8 = 3;

/// A list of variables, and why it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environ<'p> {
    /// Why.
    pub verb: EnvironVerb,
    /// Which numbers VAR and VALUE have.
    pub codes: EnvironCodes,
    /// The variables. None at all in SEND asks for all, and in IS says that there is none.
    pub variables: Variables<'p>,
}

/// Why variables are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironVerb {
    /// The answer.
    Is,
    /// The question. Its variables have no values; one without a name asks for all of its kind.
    Send,
    /// Variables that have changed.
    Info,
}

/// Which numbers VAR and VALUE have on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvironCodes {
    /// VAR is 0 and VALUE is 1, as both RFCs have it.
    #[default]
    Rfc,
    /// VAR is 1 and VALUE is 0, as implementations of OLD-ENVIRON have it that are older than RFC
    /// 1408: BSD and what came of it.
    Bsd,
}

/// Who gave a variable its value, and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// VAR: a well known one, such as USER, set by the sending software.
    Var,
    /// USERVAR: any other, set by the user.
    UserVar,
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'p> {
    /// Well known, or the user's.
    pub kind: VariableKind,
    /// Its name.
    pub name: Quoted<'p>,
    /// Its value: `None` when it is undefined, which is not the same as an empty one.
    pub value: Option<Quoted<'p>>,
}

/// The variables of an [`Environ`].
#[derive(Clone, Copy)]
pub struct Variables<'p>(Source<'p>);

#[derive(Clone, Copy)]
enum Source<'p> {
    /// A payload after the verb, checked.
    Wire(&'p [u8], EnvironCodes),
    Listed(&'p [Variable<'p>]),
}

impl<'p> Environ<'p> {
    /// An answer, with the numbers of the RFC.
    #[must_use]
    pub const fn is(variables: &'p [Variable<'p>]) -> Self {
        Self::of(EnvironVerb::Is, variables)
    }

    /// A question, with the numbers of the RFC.
    #[must_use]
    pub const fn send(variables: &'p [Variable<'p>]) -> Self {
        Self::of(EnvironVerb::Send, variables)
    }

    /// News, with the numbers of the RFC.
    #[must_use]
    pub const fn info(variables: &'p [Variable<'p>]) -> Self {
        Self::of(EnvironVerb::Info, variables)
    }

    /// The same, with other numbers.
    #[must_use]
    pub const fn with_codes(mut self, codes: EnvironCodes) -> Self {
        self.codes = codes;
        self
    }

    /// Reads a payload. Names and values may hold any octet, after an ESC or, where that is not
    /// needed, without; and a name may be empty, not only in SEND.
    ///
    /// # Errors
    /// It does not begin with IS, SEND or INFO, then VAR or USERVAR; a value follows a value, or
    /// stands in a question; the last octet is an ESC.
    pub fn parse(payload: &'p [u8], codes: EnvironCodes) -> Result<Self, OptionError> {
        let (code, variables) = split_command(payload)?;
        let verb = EnvironVerb::from_code(code);
        let verb = verb.ok_or(OptionError::UnknownCommand { code, offset: 0 })?;
        let mut reader = Reader::new(payload, 1, codes);
        while let Some(variable) = reader.next()? {
            if verb == EnvironVerb::Send && variable.value.is_some() {
                return Err(OptionError::Misplaced {
                    octet: codes.value(),
                    offset: reader.value_at,
                });
            }
        }
        Ok(Self {
            verb,
            codes,
            variables: Variables(Source::Wire(variables, codes)),
        })
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// A variable of IS or INFO has no name, or one of SEND has a value.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        all_or_nothing(payload, |payload| {
            payload.push(self.verb.code());
            for variable in self.variables.iter() {
                match (self.verb, variable.value) {
                    (EnvironVerb::Send, Some(_)) => return Err(EncodeError::Structure),
                    (EnvironVerb::Send, None) => {}
                    _ if variable.name.is_empty() => return Err(EncodeError::Empty),
                    _ => {}
                }
                payload.push(match variable.kind {
                    VariableKind::Var => self.codes.var(),
                    VariableKind::UserVar => USERVAR,
                });
                push_escaped(variable.name, payload);
                if let Some(value) = variable.value {
                    payload.push(self.codes.value());
                    push_escaped(value, payload);
                }
            }
            Ok(())
        })
    }

    const fn of(verb: EnvironVerb, variables: &'p [Variable<'p>]) -> Self {
        Self {
            verb,
            codes: EnvironCodes::Rfc,
            variables: Variables::of(variables),
        }
    }
}

impl EnvironVerb {
    const fn code(self) -> u8 {
        match self {
            Self::Is => 0,
            Self::Send => 1,
            Self::Info => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Is),
            1 => Some(Self::Send),
            2 => Some(Self::Info),
            _ => None,
        }
    }
}

impl EnvironCodes {
    /// Which numbers a peer uses, as far as one payload of OLD-ENVIRON tells.
    ///
    /// RFC 1572 section 6 tells how it came to two readings, and refers to RFC 1571 for how to live
    /// with both. Here, a payload is read both ways. If one of them breaks a rule (a list begins
    /// with VAR or USERVAR, a value follows a name, a question has no values, and other variables
    /// have names), the other one is right. If neither does, the one is right in which each variable
    /// has a value, when that is only one. This settles every list that has a VAR at its begin. For
    /// lists of USERVAR only, `USERVAR a VALUE 1` may also be `USERVAR a VAR 1`, of which the second
    /// is unlikely.
    #[must_use]
    pub fn detect(payload: &[u8]) -> Option<Self> {
        let has_all_values = |codes| {
            let said = Environ::parse(payload, codes).ok()?;
            let mut variables = said.variables.iter();
            if said.verb != EnvironVerb::Send && variables.clone().any(|v| v.name.is_empty()) {
                return None;
            }
            Some(variables.all(|v| v.value.is_some()))
        };
        match (has_all_values(Self::Rfc), has_all_values(Self::Bsd)) {
            (Some(_), None) | (Some(true), Some(false)) => Some(Self::Rfc),
            (None, Some(_)) | (Some(false), Some(true)) => Some(Self::Bsd),
            _ => None,
        }
    }

    const fn var(self) -> u8 {
        match self {
            Self::Rfc => 0,
            Self::Bsd => 1,
        }
    }

    const fn value(self) -> u8 {
        1 - self.var()
    }
}

impl<'p> Variable<'p> {
    /// A well known variable; `None` for one that is undefined, or asked for.
    ///
    /// ```
    /// # use wirelore_telnet_nvt::wire::option::Variable;
    /// let user = Variable::var("USER", Some("bob"));
    /// assert_eq!(user.value.unwrap(), b"bob");
    /// ```
    #[must_use]
    pub fn var<T: Into<Quoted<'p>>>(name: T, value: Option<T>) -> Self {
        Self::of(VariableKind::Var, name, value)
    }

    /// A variable of the user.
    #[must_use]
    pub fn user_var<T: Into<Quoted<'p>>>(name: T, value: Option<T>) -> Self {
        Self::of(VariableKind::UserVar, name, value)
    }

    fn of<T: Into<Quoted<'p>>>(kind: VariableKind, name: T, value: Option<T>) -> Self {
        Self {
            kind,
            name: name.into(),
            value: value.map(Into::into),
        }
    }
}

impl<'p> Variables<'p> {
    /// These.
    #[must_use]
    pub const fn of(variables: &'p [Variable<'p>]) -> Self {
        Self(Source::Listed(variables))
    }

    /// The variables, in order. One may come twice.
    pub fn iter(&self) -> impl Iterator<Item = Variable<'p>> + Clone + use<'p> {
        let (payload, codes, listed) = match self.0 {
            Source::Wire(payload, codes) => (payload, codes, &[][..]),
            Source::Listed(listed) => (&[][..], EnvironCodes::Rfc, listed),
        };
        let mut reader = Reader::new(payload, 0, codes);
        let read = core::iter::from_fn(move || reader.next().ok().flatten());
        read.chain(listed.iter().copied())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Reads variables from a payload.
#[derive(Clone)]
struct Reader<'p> {
    payload: &'p [u8],
    at: usize,
    /// Where the last variable has its VALUE, if it has one.
    value_at: usize,
    codes: EnvironCodes,
}

impl<'p> Reader<'p> {
    const fn new(payload: &'p [u8], at: usize, codes: EnvironCodes) -> Self {
        Self {
            payload,
            at,
            value_at: 0,
            codes,
        }
    }

    fn next(&mut self) -> Result<Option<Variable<'p>>, OptionError> {
        let Some(&octet) = self.payload.get(self.at) else {
            return Ok(None);
        };
        let kind = match octet {
            USERVAR => VariableKind::UserVar,
            octet if octet == self.codes.var() => VariableKind::Var,
            octet => {
                return Err(OptionError::Misplaced {
                    octet,
                    offset: self.at,
                });
            }
        };
        let name = self.field()?;
        let has_value = self.payload.get(self.at) == Some(&self.codes.value());
        self.value_at = self.at;
        let value = has_value.then(|| self.field()).transpose()?;
        Ok(Some(Variable { kind, name, value }))
    }

    /// Skips an octet and takes what follows up to the next VAR, VALUE or USERVAR.
    fn field(&mut self) -> Result<Quoted<'p>, OptionError> {
        let start = self.at + 1;
        let mut at = start;
        while let Some(&octet) = self.payload.get(at) {
            match octet {
                ESC if at + 1 == self.payload.len() => {
                    return Err(OptionError::UnfinishedEscape { offset: at });
                }
                ESC => at += 2,
                0 | 1 | USERVAR => break,
                _ => at += 1,
            }
        }
        self.at = at;
        Ok(Quoted::from_wire(&self.payload[start..at], ESC))
    }
}

/// Appends octets with an ESC before each that has a meaning.
fn push_escaped(octets: Quoted<'_>, payload: &mut Vec<u8>) {
    for octet in octets.octets() {
        if memchr(octet, &[0, 1, ESC, USERVAR]).is_some() {
            payload.push(ESC);
        }
        payload.push(octet);
    }
}

impl PartialEq for Variables<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Variables<'_> {}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
