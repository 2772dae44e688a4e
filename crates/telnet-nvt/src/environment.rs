//! What may come in and go out as an environment, and what a terminal may be called.
//!
//! Variables from a peer have been made into arguments of programs, into paths and into settings of
//! dynamic linkers (CVE-2026-24061, CVE-2026-28372, CVE-1999-0073 and others). So nothing is let
//! through unless it was named, some names are never let through, and values must be harmless as
//! text. What is let through is still a peer's word.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::option::VariableKind;

/// Names that are not let through even if they are named: programs are made to do something by them.
/// One that ends with `*` stands for all that begin so.
pub const NEVER: &[&str] = &[
    "BASH_ENV",
    "BASH_FUNC_*",
    "CDPATH",
    "CREDENTIALS_DIRECTORY",
    "DYLD_*",
    "ENV",
    "GCONV_PATH",
    "GIT_*",
    "GLIBC_TUNABLES",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "KRB5*",
    "LD_*",
    "LESS*",
    "LIBPATH",
    "LOCALDOMAIN",
    "LOGNAME",
    "MALLOC_*",
    "NLSPATH",
    "PATH",
    "PERL5*",
    "PS4",
    "PYTHON*",
    "RES_OPTIONS",
    "RESOLV_*",
    "RUBY*",
    "SHELL",
    "SHELLOPTS",
    "SHLIB_PATH",
    "TERMCAP",
    "TERMINFO*",
    "TERMPATH",
    "TZ",
    "TZDIR",
    "USER",
    "XDG_*",
    "_RLD*",
];

/// Which variables are let through, in either direction, and how much of them. The default lets
/// nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentPolicy {
    allowed: Vec<Vec<u8>>,
    /// The most variables. Default: 16.
    pub max_variables: usize,
    /// The longest name, in octets. Default: 64.
    pub max_name: usize,
    /// The longest value, in octets. Default: 256.
    pub max_value: usize,
}

impl Default for EnvironmentPolicy {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            max_variables: 16,
            max_name: 64,
            max_value: 256,
        }
    }
}

/// Why a variable is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Barred {
    /// It is not among those that were named.
    NotAllowed,
    /// It is one of [`NEVER`], or not a name at all.
    Name,
    /// The value has control characters, or begins like an option of a command line, or, for `TERM`
    /// and `DISPLAY`, has something that those do not have.
    Value,
    /// The name or value is too long, or there are too many variables.
    TooMuch,
}

impl fmt::Display for Barred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "not an allowed variable",
            Self::Name => "a name that is never let through",
            Self::Value => "a value that is not let through",
            Self::TooMuch => "too long, or too many variables",
        })
    }
}

impl EnvironmentPolicy {
    /// Lets these through, and no others.
    #[must_use]
    pub fn allow<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>) -> Self {
        Self {
            allowed: names.into_iter().map(|n| n.as_ref().to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The names that were allowed.
    pub fn allowed(&self) -> impl Iterator<Item = &[u8]> {
        self.allowed.iter().map(Vec::as_slice)
    }

    /// Whether a variable may pass.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, name: &[u8], value: &[u8]) -> Result<(), Barred> {
        if name.len() > self.max_name || value.len() > self.max_value {
            return Err(Barred::TooMuch);
        }
        if !is_name(name) || is_never(name) {
            return Err(Barred::Name);
        }
        if !self.allowed.iter().any(|allowed| allowed == name) {
            return Err(Barred::NotAllowed);
        }
        let is_harmless = match name {
            b"TERM" => is_terminal_name(value),
            b"DISPLAY" => is_display(value),
            _ => !value.starts_with(b"-") && !value.iter().any(u8::is_ascii_control),
        };
        if is_harmless {
            Ok(())
        } else {
            Err(Barred::Value)
        }
    }
}

/// Letters, digits and `_`, as a shell has it.
fn is_name(name: &[u8]) -> bool {
    let is_part = |o: &u8| o.is_ascii_alphanumeric() || *o == b'_';
    !name.is_empty() && !name[0].is_ascii_digit() && name.iter().all(is_part)
}

fn is_never(name: &[u8]) -> bool {
    NEVER.iter().any(|never| match never.strip_suffix('*') {
        Some(start) => name
            .get(..start.len())
            .is_some_and(|n| n.eq_ignore_ascii_case(start.as_bytes())),
        None => name.eq_ignore_ascii_case(never.as_bytes()),
    })
}

/// Whether this can be the name of a terminal (RFC 1091): 1 to 40 letters, digits, `+`, `-`, `_`, `.`
/// and so on, beginning with a letter or digit. Nothing that is a path or an option.
#[must_use]
pub fn is_terminal_name(name: &[u8]) -> bool {
    let is_part = |o: &u8| o.is_ascii_alphanumeric() || b"+-_.:@".contains(o);
    name.len() <= 40
        && name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(is_part)
}

/// Whether this can be an X display (RFC 1096): host, colon, numbers.
#[must_use]
pub fn is_display(display: &[u8]) -> bool {
    let is_part = |o: &u8| o.is_ascii_alphanumeric() || b"-_.:[]/".contains(o);
    display.len() <= 128
        && !display.starts_with(b"-")
        && !display.windows(2).any(|two| two == b"..")
        && display.contains(&b':')
        && display.iter().all(is_part)
}

/// Whether a peer's word can be a user's name on some system: it can be neither an option nor more
/// than one word, and it is at most 32 octets of letters, digits, `_`, `-` and `.`.
#[must_use]
pub fn is_user_name(name: &[u8]) -> bool {
    let is_part = |o: &u8| o.is_ascii_alphanumeric() || b"_-.".contains(o);
    name.len() <= 32
        && name
            .first()
            .is_some_and(|o| o.is_ascii_alphanumeric() || *o == b'_')
        && name.iter().all(is_part)
}

/// Variables that were let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Environment {
    /// The value of a variable.
    #[must_use]
    pub fn value(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.variables.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// All variables, names and values, in the order in which they first came.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.variables
            .iter()
            .map(|(n, v)| (n.as_slice(), v.as_slice()))
    }

    /// Takes a variable, or forgets it when it has no value, if the policy lets it through.
    ///
    /// # Errors
    /// Why not.
    pub fn take(
        &mut self,
        policy: &EnvironmentPolicy,
        name: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), Barred> {
        policy.check(name, value.unwrap_or_default())?;
        let known = self.variables.iter().position(|(n, _)| n == name);
        match (known, value) {
            (Some(at), Some(value)) => self.variables[at].1 = value.to_owned(),
            (Some(at), None) => drop(self.variables.remove(at)),
            (None, Some(_)) if self.variables.len() >= policy.max_variables => {
                return Err(Barred::TooMuch);
            }
            (None, Some(value)) => self.variables.push((name.to_owned(), value.to_owned())),
            (None, None) => {}
        }
        Ok(())
    }
}

/// Which kind a variable is of: RFC 1572 has a list of those that are well known.
pub(crate) fn kind(name: &[u8]) -> VariableKind {
    let known: [&[u8]; 6] = [
        b"USER",
        b"JOB",
        b"ACCT",
        b"PRINTER",
        b"SYSTEMTYPE",
        b"DISPLAY",
    ];
    if known.contains(&name) {
        VariableKind::Var
    } else {
        VariableKind::UserVar
    }
}
