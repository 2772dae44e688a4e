//! A network of its own.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::{Missing, Peer, find};

/// A network namespace with nothing in it but a loopback interface, for peers that know only one
/// port. It is gone when the value and the programs in it are.
pub struct Namespace {
    holder: Peer,
    nsenter: PathBuf,
}

impl Namespace {
    /// The second address inside, beside 127.0.0.1: programs that look up addresses by what the
    /// machine has (`AI_ADDRCONFIG`) find none where there is only 127.0.0.1.
    pub const ADDRESS: &str = "10.77.0.1";

    /// Makes one.
    ///
    /// # Errors
    /// When `unshare`, `nsenter` or `ip` is not installed, or the system refuses.
    pub fn new() -> Result<Self, Missing> {
        let (unshare, nsenter, ip) = (find("unshare")?, find("nsenter")?, find("ip")?);
        let script = "\"$1\" link set lo up && \"$1\" address add \"$2/24\" dev lo \
                      && echo up && exec sleep infinity";
        let mut command = Command::new(unshare);
        command.args(["-n", "sh", "-c", script, "sh"]).arg(ip).arg(Self::ADDRESS);
        let mut holder = Peer::start(&mut command);
        match holder.line_or_end("up") {
            Some(_) => Ok(Self { holder, nsenter }),
            None => Err(Missing::Namespaces(holder.stop().stderr().trim().into())),
        }
    }

    /// `program`, to be run inside. (The process becomes `program`: it has the id of the process
    /// that is started.)
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(&self.nsenter);
        command.args(["-n", "-t", &self.holder.id().to_string(), "--"]).arg(program);
        command
    }
}
