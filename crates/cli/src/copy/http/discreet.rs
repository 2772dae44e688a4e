//! Values of the command line that may have a password in them.

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

/// Parses as [`FromStr`] does; what is refused is not repeated.
#[derive(Debug)]
pub(super) struct Discreet<T>(PhantomData<fn() -> T>);

impl<T> Discreet<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Discreet<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Discreet<T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let refused = |why: &dyn Display| {
            let name = argument.map_or_else(String::new, |it| format!("{it}: "));
            clap::Error::raw(ErrorKind::ValueValidation, format!("{name}{why}\n")).with_cmd(command)
        };
        let text = value.to_str().ok_or_else(|| refused(&"this is no text"))?;
        text.parse().map_err(|why| refused(&why))
    }
}
