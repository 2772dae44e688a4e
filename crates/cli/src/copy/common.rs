//! What all copies of a run have in common.

use super::Arguments;
use super::codes::Failure;
use super::http;
use super::progress::Console;

pub(crate) struct Common {
    /// Connections, logins and records of HTTP.
    pub(crate) http: http::Common,
}

impl Common {
    pub(crate) fn new(arguments: &Arguments, console: &Console) -> Result<Self, Failure> {
        Ok(Self {
            http: http::Common::new(arguments, console)?,
        })
    }

    /// The last copy of a batch is over.
    pub(crate) fn ended(&self) {
        self.http.ended();
    }
}
