//! What a test does when this machine lacks something it needs.

use std::env;
use std::fmt;
use std::io::{self, Write};

/// Something that a test needs and that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A program, by its name.
    Program(String),
    /// A browser, by the name of its program.
    Browser(String),
    /// The right to make a network namespace, and what the system said instead.
    Namespaces(String),
}

impl Missing {
    /// Says on stderr that `test` is skipped, and why. The line is seen even when the test harness
    /// captures output.
    ///
    /// # Panics
    /// For a missing program, when the environment variable `WIRELORE_INTEROP` is `require`. That
    /// namespaces are refused is excused even then: no package can be installed against it. So is a
    /// missing browser, which is much to install.
    pub fn skip(&self, test: &str) {
        let line = self.line(test);
        assert!(
            !self.is_fatal(env::var("WIRELORE_INTEROP").ok().as_deref()),
            "{line}, but WIRELORE_INTEROP=require"
        );
        // Not `eprintln!`, which the harness captures. A closed stderr is no reason to fail.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn line(&self, test: &str) -> String {
        format!("skipped: {test}: {self}")
    }

    fn is_fatal(&self, interop: Option<&str>) -> bool {
        interop == Some("require") && matches!(self, Self::Program(_))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(name) | Self::Browser(name) => write!(f, "{name} not found"),
            Self::Namespaces(why) => write!(f, "no network namespace: {why}"),
        }
    }
}

/// The value of a `Result<T, Missing>`; what is missing ends the test, by [`Missing::skip`].
#[macro_export]
macro_rules! require {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(missing) => return $crate::Missing::skip(&missing, $crate::test_name!()),
        }
    };
}

/// The path of the function that this stands in.
#[macro_export]
macro_rules! test_name {
    () => {{
        fn here() {}
        let name = ::std::any::type_name_of_val(&here);
        name.strip_suffix("::here").unwrap_or(name)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_test_and_what_is_missing() {
        let missing = Missing::Program("no-such-program".into());
        assert_eq!(
            missing.line(crate::test_name!()),
            "skipped: wirelore_interop::missing::tests::the_line_names_the_test_and_what_is_missing: \
             no-such-program not found"
        );
    }

    #[test]
    fn only_a_missing_program_is_fatal_and_only_where_peers_are_required() {
        let program = Missing::Program("x".into());
        let browser = Missing::Browser("x".into());
        let namespaces = Missing::Namespaces("Operation not permitted".into());
        assert!(program.is_fatal(Some("require")));
        for (missing, interop) in [
            (&program, None),
            (&program, Some("")),
            (&browser, None),
            (&browser, Some("require")),
            (&namespaces, None),
            (&namespaces, Some("require")),
        ] {
            assert!(!missing.is_fatal(interop), "{missing:?} {interop:?}");
        }
    }
}
