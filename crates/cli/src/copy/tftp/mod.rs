//! `tftp:` URLs: `tftp://host[:port]/name[;mode=octet|netascii]` (RFC 3617).
//!
//! As curl has it, the slash after the host is not a part of the name: `tftp://h/a` is the file `a`,
//! `tftp://h//a` the file `/a`.

mod failure;
mod words;

use super::Arguments;
use super::codes::{Code, Failure};
use super::local::Input;
use super::lookout::{Begun, Lookout, Size};
use super::output::Output;
use super::place::{Host, Place, Scheme, Url};
use super::progress::seconds;
use super::remote::{Facts, Outcome, Remote, Transfer, Way};
use failure::Asked;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wirelore_core::escape;
use wirelore_tftp::netascii;
use wirelore_tftp::wire::{ErrorPacket, Packet};
use wirelore_tokio::tftp::{
    ClientConfig, ErrorCode, Mode, Parameters, Request, Rollover, Summary, Timing, get, put,
};
use wirelore_tokio::{Source, Target};
use words::Words;

pub(crate) const SCHEME: Scheme = Scheme {
    name: "tftp",
    place,
};

#[derive(clap::Args)]
#[group(skip)]
#[command(next_help_heading = "TFTP")]
pub(crate) struct Options {
    /// How files are transferred, where the URL has no ;mode=
    #[arg(long, value_enum, default_value = "octet")]
    mode: ModeName,
    /// Ask for blocks of so many octets
    #[arg(long, value_name = "N", default_value = "1428")]
    #[arg(value_parser = clap::value_parser!(u16).range(8..=65464))]
    blksize: u16,
    /// Ask for windows of so many blocks [default: 16, fewer where they make more than 128 KiB]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    windowsize: Option<u16>,
    /// Ask for nothing: TFTP as in 1992
    #[arg(long, conflicts_with_all = ["blksize", "windowsize", "server_timeout"])]
    no_options: bool,
    /// Ask the server to wait so long for an answer before it repeats, and do the same (options
    /// timeout and utimeout)
    #[arg(long, value_name = "DURATION", value_parser = server_timeout)]
    server_timeout: Option<Duration>,
    /// After a download, stay so long to repeat the last acknowledgment
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = super::duration)]
    dally: Duration,
    /// The number of the block after 65535
    #[arg(long, value_name = "0|1", default_value = "0")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=1))]
    rollover: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ModeName {
    /// As they are
    Octet,
    /// As text, with line ends for the network
    Netascii,
}

fn server_timeout(text: &str) -> Result<Duration, String> {
    let wait = super::duration(text)?;
    let range = Duration::from_millis(10)..=Duration::from_secs(255);
    if range.contains(&wait) {
        Ok(wait)
    } else {
        Err("it is 10ms to 255s".into())
    }
}

struct Tftp {
    host: Host,
    port: u16,
    name: Vec<u8>,
    mode: Option<Mode>,
}

fn place(url: &Url<'_>) -> Result<Place, Failure> {
    let parts = url.parts()?;
    let (name, mode) = name_and_mode(url, parts.path)?;
    if parts.path.contains(&b'#') {
        return Err(url.malformed("a # in a name is written %23"));
    }
    let port = parts.port.unwrap_or(69);
    Ok(Place::Remote(Box::new(Tftp {
        host: parts.host,
        port,
        name,
        mode,
    })))
}

/// What a path asks for.
fn name_and_mode(url: &Url<'_>, path: &[u8]) -> Result<(Vec<u8>, Option<Mode>), Failure> {
    const MARK: &[u8] = b";mode=";
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let mark = path
        .windows(MARK.len())
        .rposition(|part| part.eq_ignore_ascii_case(MARK));
    let Some(mark) = mark else {
        return Ok((url.decoded(path)?, None));
    };
    let mode = match &path[mark + MARK.len()..] {
        word if word.eq_ignore_ascii_case(b"octet") => Mode::Octet,
        word if word.eq_ignore_ascii_case(b"netascii") => Mode::Netascii,
        _ => return Err(url.malformed("the mode is octet or netascii")),
    };
    Ok((url.decoded(&path[..mark])?, Some(mode)))
}

impl Remote for Tftp {
    fn shown(&self) -> String {
        format!(
            "tftp://{}/{}",
            self.host.shown(self.port),
            escape(&self.name)
        )
    }

    fn name(&self) -> Vec<u8> {
        self.name.clone()
    }

    fn is_folder(&self) -> bool {
        self.name.is_empty() || self.name.ends_with(b"/")
    }

    fn enter(&mut self, name: &[u8]) {
        self.name.extend_from_slice(name);
    }

    fn can_spare(&self) -> bool {
        false
    }

    fn window(&self, arguments: &Arguments) -> usize {
        let options = &arguments.tftp;
        match options.no_options {
            true => 512,
            // where the server does not want these, a block is 512 octets
            false => usize::from(options.blksize.max(512)) * usize::from(options.window()),
        }
    }

    fn get<'c>(&'c self, way: Way<'c>, mut output: Output) -> Transfer<'c> {
        match output.whole() {
            Ok(target) => Box::pin(self.transfer(way, End::Get(target))),
            Err(failure) => Box::pin(async { Outcome::nothing(failure) }),
        }
    }

    fn put<'c>(&'c self, way: Way<'c>, input: Input) -> Transfer<'c> {
        Box::pin(self.transfer(way, End::Put(input)))
    }
}

enum End {
    Get(Box<dyn Target>),
    Put(Input),
}

/// How long somebody who gives up waits for the peer's next datagram, to answer it with an ERROR.
const FAREWELL: Duration = Duration::from_millis(250);

impl Tftp {
    async fn transfer(&self, way: Way<'_>, end: End) -> Outcome {
        let Way {
            arguments,
            mut lookout,
            mut stop,
            ..
        } = way;
        let started = Instant::now();
        let too_late = too_late(
            arguments.connect_timeout,
            lookout.begun(),
            self.host.shown(self.port),
        );
        tokio::pin!(too_late);
        let addresses = tokio::select! {
            addresses = arguments.network.resolve(&self.host, self.port) => addresses,
            failure = &mut too_late => Err(failure),
            failure = stop.word() => Err(failure),
        };
        let receive = 2 * self.window(arguments).min(MAX_RECEIVE);
        let bound = addresses.and_then(|addresses| {
            Ok((arguments.network.udp(&addresses, receive)?, addresses.len()))
        });
        let ((socket, server), addresses) = match bound {
            Ok(bound) => bound,
            Err(failure) => return Outcome::nothing(failure),
        };
        if let Ok(local) = socket.local_addr() {
            lookout.say(&format!("* from {local} to {server}"));
        }
        let spare = socket.try_clone();
        let (mode, is_put) = (self.mode(arguments), matches!(end, End::Put(_)));
        let request = Request {
            server,
            name: &self.name,
            mode,
            config: config(arguments, mode),
        };
        let summary = {
            let lookout = &mut lookout;
            let transfer = async {
                match end {
                    End::Get(target) => {
                        let octet = mode == Mode::Octet;
                        let size = if octet {
                            Size::Announced
                        } else {
                            Size::Unknown
                        };
                        lookout.prepare(size, Box::<Words>::default());
                        get(socket, request, target, lookout).await
                    }
                    End::Put(Input {
                        source,
                        size,
                        again,
                    }) => {
                        let known = size.map_or(Size::Unknown, Size::Known);
                        lookout.prepare(known, Box::<Words>::default());
                        let size = match (mode, again) {
                            (Mode::Netascii, Some(again)) => text_size(again).await,
                            (Mode::Netascii, None) => None,
                            _ => size,
                        };
                        put(socket, request, size, source, lookout).await
                    }
                }
            };
            tokio::select! {
                summary = transfer => Ok(summary),
                failure = too_late => Err(failure),
                failure = stop.word() => Err(failure),
            }
        };
        match summary {
            Ok(summary) => {
                let asked = Asked {
                    remote: self,
                    server,
                    is_put,
                    addresses,
                    arguments,
                };
                outcome(summary, &asked, &lookout)
            }
            Err(failure) => {
                if let (Some(_), Ok(spare)) = (lookout.parameters(), spare) {
                    farewell(spare, server).await;
                }
                Outcome {
                    octets: lookout.octets(),
                    elapsed: started.elapsed(),
                    retransmissions: None,
                    options: lookout.parameters().map(options).unwrap_or_default(),
                    result: Err(failure),
                    name: None,
                }
            }
        }
    }

    fn mode(&self, arguments: &Arguments) -> Mode {
        self.mode.unwrap_or(match arguments.tftp.mode {
            ModeName::Octet => Mode::Octet,
            ModeName::Netascii => Mode::Netascii,
        })
    }
}

/// What a window is to hold at most where nobody says how many blocks it has: more overflows the
/// receive buffers that systems give to a socket, and waiting for repetitions takes longer than
/// small windows.
const USUAL_WINDOW: u32 = 128 << 10;

impl Options {
    /// How many blocks a window is to have.
    fn window(&self) -> u16 {
        let usual = (USUAL_WINDOW / u32::from(self.blksize)).clamp(1, 16);
        self.windowsize.unwrap_or(usual as u16)
    }
}

/// The most room for datagrams that wait that is asked of the system.
const MAX_RECEIVE: usize = 4 << 20;

fn config(arguments: &Arguments, mode: Mode) -> ClientConfig {
    let own = &arguments.tftp;
    let mut config = match own.no_options {
        true => ClientConfig::plain(),
        false => ClientConfig::default(),
    };
    if !own.no_options {
        config.blksize = Some(own.blksize);
        config.windowsize = Some(own.window()).filter(|&window| window > 1);
    }
    if let Some(wait) = own.server_timeout {
        match u8::try_from(wait.as_secs()) {
            Ok(seconds) if wait.subsec_nanos() == 0 => config.timeout = Some(seconds),
            _ => config.utimeout = u32::try_from(wait.as_micros()).ok(),
        }
    }
    // on the wire, text is larger than the file
    config.max_size = arguments.max_size.filter(|_| mode == Mode::Octet);
    let tries = arguments.retries.saturating_add(1);
    config.transfer.timing = match arguments.timeout {
        Some(wait) => Timing::constant(wait, tries),
        None => Timing::default(),
    };
    config.transfer.timing.tries = tries;
    config.transfer.timing.dally = own.dally;
    config.transfer.rollover = if own.rollover == 1 {
        Rollover::One
    } else {
        Rollover::Zero
    };
    config.transfer.seed = RandomState::new().hash_one(0);
    config
}

/// How many octets of netascii a source makes, if it can be read now.
async fn text_size(mut source: Box<dyn Source>) -> Option<u64> {
    let count = move || {
        let mut piece = vec![0; 64 << 10];
        let (mut offset, mut size) = (0, 0);
        loop {
            let len = source.read_at(offset, &mut piece).ok()?;
            offset += len as u64;
            size += netascii::encoded_len(&piece[..len]);
            if len < piece.len() {
                return Some(size);
            }
        }
    };
    tokio::task::spawn_blocking(count).await.ok().flatten()
}

/// Ready when the time for a first answer is over.
async fn too_late(
    limit: Option<Duration>,
    begun: watch::Receiver<Option<Begun>>,
    server: String,
) -> Failure {
    if let Some(limit) = limit {
        tokio::time::sleep(limit).await;
        if begun.borrow().is_none() {
            let text = format!("no answer from {server} within {}", seconds(limit));
            return Failure::new(Code::TIMEOUT, text);
        }
    }
    std::future::pending().await
}

/// Lets the server know that nobody waits for the rest. Its next datagram says where it is.
async fn farewell(socket: std::net::UdpSocket, server: SocketAddr) {
    let Ok(socket) = tokio::net::UdpSocket::from_std(socket) else {
        return;
    };
    let heard = async {
        let mut datagram = [0; 4];
        loop {
            // longer ones are cut; errors are about datagrams that were sent
            let Ok((len, from)) = socket.recv_from(&mut datagram).await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            if from.ip() == server.ip() && matches!(datagram[..len], [0, 3 | 4 | 6, ..]) {
                return from;
            }
        }
    };
    if let Ok(peer) = tokio::time::timeout(FAREWELL, heard).await {
        let error = ErrorPacket {
            code: ErrorCode::NOT_DEFINED,
            message: b"given up",
        };
        let mut packet = [0; 64];
        if let Ok(len) = Packet::Error(error).encode(&mut packet) {
            let _ = socket.send_to(&packet[..len], peer).await;
        }
    }
}

fn outcome(summary: Summary, asked: &Asked<'_>, lookout: &Lookout) -> Outcome {
    let parameters = summary.parameters.or_else(|| lookout.parameters());
    Outcome {
        octets: summary.octets,
        elapsed: summary.elapsed,
        retransmissions: Some(summary.retransmissions),
        options: parameters.map(options).unwrap_or_default(),
        result: match summary.outcome {
            Ok(()) => Ok(()),
            Err(unfinished) => {
                Err(asked.failure(&unfinished, parameters.is_some(), summary.octets))
            }
        },
        name: None,
    }
}

fn options(parameters: Parameters) -> Facts {
    let mut options: Facts = vec![
        ("blksize", parameters.blksize.into()),
        ("windowsize", parameters.windowsize.into()),
    ];
    if let Some(timeout) = parameters.timeout {
        match timeout.subsec_nanos() {
            0 => options.push(("timeout", timeout.as_secs().into())),
            _ => options.push(("utimeout", (timeout.as_micros() as u64).into())),
        }
    }
    if let Some(tsize) = parameters.tsize {
        options.push(("tsize", tsize.into()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn read(url: &str) -> Result<String, Code> {
        match Place::of(OsStr::new(url)) {
            Ok(Place::Remote(remote)) => Ok(String::from_utf8_lossy(&remote.name()).into()),
            Ok(Place::Local(_)) => panic!("{url} is local"),
            Err(failure) => Err(failure.code),
        }
    }

    #[test]
    fn the_slash_after_the_host_is_not_a_part_of_the_name() {
        for (url, name) in [
            ("tftp://h/a", "a"),
            ("tftp://h//a", "/a"),
            ("tftp://h/%2Fa", "/a"),
            ("tftp://h/a/b%20c", "a/b c"),
            ("tftp://h/..%5Ca?b", "..\\a?b"),
            ("tftp://h/../a", "../a"),
            ("tftp://h", ""),
            ("tftp://h/a;mode=octet", "a"),
            ("tftp://h/a;MODE=NetASCII", "a"),
            ("tftp://h/a%3Bmode=octet", "a;mode=octet"),
            ("tftp://h/a;b", "a;b"),
        ] {
            assert_eq!(read(url), Ok(name.to_owned()), "{url}");
        }
        for url in [
            "tftp://h/a;mode=mail",
            "tftp://h/a;mode=",
            "tftp://h/a#b",
            "tftp://h/%",
        ] {
            assert_eq!(read(url), Err(Code::MALFORMED_URL), "{url}");
        }
    }

    #[test]
    fn a_folder_ends_with_a_slash() {
        for (url, is_folder) in [
            ("tftp://h", true),
            ("tftp://h/a/", true),
            ("tftp://h/a", false),
        ] {
            let Ok(Place::Remote(mut remote)) = Place::of(OsStr::new(url)) else {
                panic!()
            };
            assert_eq!(remote.is_folder(), is_folder, "{url}");
            remote.enter(b"x");
            assert!(remote.name().ends_with(b"x"));
        }
    }

    #[test]
    fn a_server_timeout_is_ten_milliseconds_at_least() {
        assert_eq!(server_timeout("2"), Ok(Duration::from_secs(2)));
        assert_eq!(server_timeout("10ms"), Ok(Duration::from_millis(10)));
        for bad in ["0", "9ms", "256", "x"] {
            assert!(server_timeout(bad).is_err(), "{bad}");
        }
    }
}
