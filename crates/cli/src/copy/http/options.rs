//! What can be asked for on the command line.

use super::super::{duration, size, wait};
use super::discreet::Discreet;
use super::login::Login;
use super::proxy::ProxyUrl;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use wirelore_http1::encode::FieldBlock;

#[derive(clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Options {
    /// Who asks, unless the URL says so; a password that is missing is asked for on the terminal
    #[arg(short, long, value_name = "NAME[:PASSWORD]", value_parser = Discreet::<Login>::new())]
    pub(super) user: Option<Login>,
    /// Look names and passwords up in ~/.netrc
    #[arg(long)]
    pub(super) netrc: bool,
    /// Look names and passwords up in FILE
    #[arg(long, value_name = "FILE")]
    pub(super) netrc_file: Option<PathBuf>,
    /// Send name and password at once, in the Basic scheme, instead of waiting to be asked
    #[arg(long)]
    pub(super) basic: bool,
    /// Send this field with requests to the host of the URL
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = Discreet::<Field>::new())]
    pub(super) header: Vec<Field>,
    /// What the command calls itself
    #[arg(short = 'A', long, value_name = "TEXT", value_parser = user_agent)]
    #[arg(default_value = concat!("wirelore/", env!("CARGO_PKG_VERSION")))]
    pub(super) user_agent: String,
    /// Follow so many redirects; 0 follows none
    #[arg(long, value_name = "N", default_value = "10")]
    pub(super) max_redirects: u32,
    /// Follow redirects from https to http as well
    #[arg(long)]
    pub(super) allow_downgrade: bool,
    /// Call the file in the folder DST as the server says
    #[arg(long, conflicts_with = "go_on")]
    pub(super) content_disposition: bool,
    /// Go through this proxy: http://[NAME:PASSWORD@]HOST[:PORT]
    #[arg(short = 'x', long, value_name = "URL", value_parser = Discreet::<ProxyUrl>::new())]
    pub(super) proxy: Option<ProxyUrl>,
    /// Hosts that no proxy is used for: names and what ends with them, addresses, networks, or *
    #[arg(long, value_name = "LIST")]
    pub(super) no_proxy: Option<String>,
    /// Trust the certificates in FILE (PEM), and not those of the system
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Verify neither the server's certificate nor the digests it announces, or not this
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "all")]
    no_verify: Option<Unverified>,
    /// The same as --no-verify=certificate
    #[arg(short = 'k', long)]
    insecure: bool,
    /// Let no more than so much pass in a second
    #[arg(long, value_name = "SIZE", value_parser = rate)]
    pub(super) limit_rate: Option<u64>,
    /// Give up when less than so much passes in a second, for --speed-time
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) speed_limit: Option<u64>,
    /// How long a copy may be slower than --speed-limit
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = wait)]
    pub(super) speed_time: Duration,
    /// Wait no longer than this before the next try, whatever the server asks for
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) retry_max: Duration,
    /// Use every connection for one request only
    #[arg(long)]
    pub(super) no_keep_alive: bool,
    /// Keep connections that nobody uses for so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) keep_alive_time: Duration,
    /// Print the open connections at the end of a batch; SIGUSR1 prints them at any time
    #[arg(long)]
    pub(crate) connections: bool,
    /// Print the last 20 URLs that were copied from or to, and what became of them
    #[arg(long, exclusive = true)]
    pub(crate) history: bool,
    /// Do not write this copy into the history
    #[arg(long)]
    pub(super) no_history: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Unverified {
    /// Nothing is verified
    All,
    /// Not who the server is
    Certificate,
    /// Not whether the content has the digest that the server announces
    Content,
}

impl Options {
    pub(super) fn verifies_certificate(&self) -> bool {
        !self.insecure && matches!(self.no_verify, None | Some(Unverified::Content))
    }

    pub(super) fn verifies_content(&self) -> bool {
        matches!(self.no_verify, None | Some(Unverified::Certificate))
    }
}

/// A field of a request.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// What the command says itself; anything else would break it.
const OURS: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-range",
    "expect",
    "if-range",
    "keep-alive",
    "proxy-authorization",
    "range",
    "te",
    "transfer-encoding",
];

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').ok_or("a name, a colon and a value")?;
        let (name, value) = (name.to_owned(), value.trim().to_owned());
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return Err("this field follows from what is copied, and from other options".into());
        }
        match FieldBlock::new().with(&name, &value) {
            Ok(_) => Ok(Self { name, value }),
            Err(misuse) => Err(misuse.to_string()),
        }
    }
}

/// No values: they may be secret.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ..", self.name)
    }
}

fn user_agent(text: &str) -> Result<String, String> {
    match FieldBlock::new().with("User-Agent", text) {
        Ok(_) => Ok(text.to_owned()),
        Err(misuse) => Err(misuse.to_string()),
    }
}

fn rate(text: &str) -> Result<u64, String> {
    match size(text)? {
        0 => Err("nothing would ever come".into()),
        rate => Ok(rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_checked() {
        let field: Field = "X-A:  b: c ".parse().unwrap();
        assert_eq!((&*field.name, &*field.value), ("X-A", "b: c"));
        assert_eq!(format!("{field:?}"), "X-A: ..");
        for bad in [
            "",
            "X",
            "X Y: z",
            "X: a\r\nY: b",
            "Range: bytes=0-",
            "expect: x",
            ": x",
        ] {
            assert!(bad.parse::<Field>().is_err(), "{bad}");
        }
    }
}
