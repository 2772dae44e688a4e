//! What one seed decides: who talks to whom about which file, how they are set up, and how bad the
//! network between them is.

use wirelore_testkit::net::{Burst, Link};
use wirelore_testkit::{Pace, Rng, Source};
use wirelore_tftp::wire::OptionName;
use wirelore_tftp::{
    ClientConfig, Config, Duration, ErrorCode, Instant, Mode, Rollover, ServerConfig, Timing,
    netascii,
};

/// Where the server listens: host 2, port 69.
pub(crate) const SERVER: u32 = 0x0002_0045;
/// The first port of a server that has one for each transfer.
pub(crate) const FIRST_PORT: u32 = 0x0002_2000;
/// Clients have host 1 and ports from here on.
pub(crate) const FIRST_CLIENT: u32 = 0x0001_0400;

/// What kind of trouble there is, and with it what is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Everything at once: transfers may fail, but never wrongly.
    Bad,
    /// Trouble of every kind, but so much patience that the transfer must succeed.
    Sure,
    /// Octets change on the way, and TFTP has no checksum: the content is not promised.
    Corrupted,
    /// From some instant on one side or both are not heard any more.
    Silent,
    /// More blocks than block numbers.
    Wrap,
    /// A perfect network and applications that answer at once.
    Clean,
    /// Datagrams are duplicated; nothing is lost, nothing overtakes.
    Duplicates,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) class: Class,
    pub(crate) server: ServerPlan,
    pub(crate) clients: Vec<ClientPlan>,
    /// From clients to the server.
    pub(crate) up: Link,
    /// From the server to clients.
    pub(crate) down: Link,
    /// Every so often on average a stranger sends something to each node.
    pub(crate) strays: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct ServerPlan {
    pub(crate) kind: ServerKind,
    /// Of its disk.
    pub(crate) pace: Pace,
    /// Of the policy: how long a request waits for its answer.
    pub(crate) answer: Pace,
    /// From this octet on it can neither read nor write.
    pub(crate) fails_at: Option<u64>,
    /// Every request is denied with this.
    pub(crate) denies: Option<ErrorCode>,
    /// A request with options is denied with this.
    pub(crate) denies_options: Option<ErrorCode>,
    /// The largest file it takes.
    pub(crate) max_size: Option<u64>,
    pub(crate) knows_size: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum ServerKind {
    Ours {
        config: ServerConfig,
        slots: usize,
        /// A port for each transfer, as RFC 1350 has it; otherwise all over the listening port.
        multi_port: bool,
    },
    Naive {
        timeout: Duration,
        tries: u32,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct ClientPlan {
    pub(crate) address: u32,
    pub(crate) start_at: Instant,
    /// It vanishes then, as in a power failure.
    pub(crate) dies_at: Option<Instant>,
    pub(crate) kind: ClientKind,
    pub(crate) purpose: Purpose,
    pub(crate) file: File,
    pub(crate) pace: Pace,
    /// From this octet on it can neither read nor write.
    pub(crate) fails_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum ClientKind {
    Ours(ClientConfig),
    Naive { timeout: Duration, tries: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Get,
    Put,
    Size,
}

/// A file as the application has it and as it stands on the wire.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) source: Source,
    pub(crate) wire: Vec<u8>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, mode, .. } = self;
        let (local, wire) = (self.source.len(), self.wire.len());
        write!(f, "{name} {mode:?} of {local} octets, {wire} on the wire")
    }
}

impl File {
    pub(crate) fn new(name: String, mode: Mode, seed: u64, len: u64) -> Self {
        let (source, wire) = match mode {
            Mode::Netascii => {
                let source = Source::text(seed, len);
                (source, to_netascii(&source.read(0, len as usize)))
            }
            _ => {
                let source = Source::new(seed, len);
                (source, source.read(0, len as usize))
            }
        };
        Self {
            name,
            mode,
            source,
            wire,
        }
    }

    pub(crate) fn wire_len(&self) -> u64 {
        self.wire.len() as u64
    }
}

/// RFC 764 once more, octet by octet.
fn to_netascii(text: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(text.len() * 2);
    for &octet in text {
        match octet {
            b'\n' => wire.extend(b"\r\n"),
            b'\r' => wire.extend(b"\r\0"),
            _ => wire.push(octet),
        }
    }
    assert_eq!(wire.len() as u64, netascii::encoded_len(text));
    wire
}

impl Plan {
    /// Of the ordinary mixture.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let class = match rng.below(1000) {
            0 => Class::Wrap,
            1..=450 => Class::Bad,
            451..=800 => Class::Sure,
            801..=900 => Class::Corrupted,
            _ => Class::Silent,
        };
        Self::draw_class(rng, class)
    }

    pub(crate) fn draw_class(rng: &mut Rng, class: Class) -> Self {
        let timing = draw_timing(rng, class);
        let client_count = match (class, rng.below(20)) {
            (Class::Wrap, _) | (_, 0..=16) => 1,
            (_, 17 | 18) => 2,
            _ => 3,
        };
        let naive = match (class, rng.below(10)) {
            (Class::Wrap | Class::Clean | Class::Duplicates, _) => None,
            (_, n @ (0 | 1)) => Some(n),
            _ => None,
        };
        let rollover = *rng.pick(&[Rollover::Zero, Rollover::Zero, Rollover::One]);
        let server = draw_server(rng, class, timing, rollover, client_count, naive == Some(0));
        let clients: Vec<_> = (0..client_count)
            .map(|n| draw_client(rng, class, timing, rollover, &server, n, naive == Some(1)))
            .collect();
        let window = clients.iter().map(ClientPlan::window).max().unwrap_or(1);
        let up = draw_link(rng, class, timing, window);
        let down = draw_link(rng, class, timing, window);
        let mut plan = Self {
            class,
            server,
            clients,
            up,
            down,
            strays: None,
        };
        if !matches!(class, Class::Clean | Class::Duplicates | Class::Wrap) && rng.below(4) == 0 {
            plan.strays = Some(Duration::from_millis(rng.between(300, 3000)));
        }
        if class == Class::Silent {
            let at = Instant::from_micros(rng.below(2_000_000));
            let which = rng.below(3);
            plan.up.silent_from = (which != 0).then_some(at);
            plan.down.silent_from = (which != 1).then_some(at);
        }
        plan
    }

    /// Whether every transfer must succeed.
    pub(crate) fn promises_success(&self) -> bool {
        matches!(self.class, Class::Sure | Class::Clean | Class::Duplicates)
    }

    /// Whether what arrives is what was sent.
    pub(crate) fn promises_content(&self) -> bool {
        self.class != Class::Corrupted
    }
}

impl ClientPlan {
    fn window(&self) -> u16 {
        match &self.kind {
            ClientKind::Ours(config) => config.windowsize.unwrap_or(1),
            ClientKind::Naive { .. } => 1,
        }
    }
}

fn draw_timing(rng: &mut Rng, class: Class) -> Timing {
    let millis = Duration::from_millis;
    let mut timing = Timing::default();
    match class {
        Class::Clean | Class::Duplicates => {}
        Class::Sure | Class::Wrap => {
            timing.initial = millis(rng.between(300, 1000));
            timing.maximum = timing.initial * rng.between(1, 8) as u32;
            timing.tries = 60;
            // the other side must be able to ask for the last ACK as often as it tries
            timing.dally = (timing.maximum * 66).max(millis(200_000));
        }
        _ => match rng.below(3) {
            0 => {}
            1 => {
                timing = Timing::constant(millis(rng.between(20, 2000)), rng.between(1, 10) as u32);
            }
            _ => {
                timing.initial = millis(rng.between(50, 2000));
                timing.minimum = millis(rng.between(1, 300));
                timing.maximum = timing.initial * rng.between(1, 10) as u32;
                timing.tries = rng.between(1, 12) as u32;
                timing.dally = millis(rng.between(0, 10_000));
            }
        },
    }
    timing
}

fn draw_server(
    rng: &mut Rng,
    class: Class,
    timing: Timing,
    rollover: Rollover,
    clients: usize,
    naive: bool,
) -> ServerPlan {
    let may_fail = matches!(class, Class::Bad | Class::Silent | Class::Corrupted);
    let mut config = ServerConfig::default();
    config.transfer = draw_config(rng, class, timing, rollover);
    if class != Class::Wrap {
        config.max_blksize = *rng.pick(&[65464, 65464, 1428, 512, 100, 8]);
        config.ignored_options = *rng.pick::<&[OptionName]>(&IGNORED);
        if matches!(class, Class::Sure | Class::Clean | Class::Duplicates) {
            // nobody takes all the room
            config.max_octets_in_flight = 1 << 40;
        } else if rng.below(8) == 0 {
            config.max_octets_in_flight = rng.between(512, 100_000);
        }
    }
    config.max_windowsize = *rng.pick(&[64, 64, 65535, 4, 1]);
    if may_fail {
        config.first_replies = rng.between(1, 3) as u8;
    }
    let kind = if naive {
        ServerKind::Naive {
            timeout: Duration::from_millis(rng.between(300, 1000)),
            tries: if class == Class::Sure { 200 } else { 10 },
        }
    } else {
        ServerKind::Ours {
            config,
            slots: match class {
                // room for what late duplicates of requests start
                Class::Sure | Class::Duplicates => 8 * clients,
                Class::Clean => clients,
                _ => rng.between(1, 4) as usize,
            },
            multi_port: rng.below(2) == 0,
        }
    };
    let mut rarely = |one_in| (may_fail && rng.below(one_in) == 0).then(|| rng.next_u64());
    let fails_at = rarely(20).map(|n| n % 5000);
    let denies = rarely(40).map(|n| ErrorCode((n % 9) as u16));
    let denies_options = rarely(10).map(|n| ErrorCode([0, 4, 8, 8][(n % 4) as usize]));
    let max_size = rarely(20).map(|n| n % 5000);
    ServerPlan {
        kind,
        pace: draw_pace(rng, class),
        answer: draw_pace(rng, class),
        fails_at,
        denies,
        denies_options,
        max_size,
        knows_size: rng.below(4) != 0,
    }
}

const IGNORED: [&[OptionName]; 6] = [
    &[],
    &[],
    &[],
    &[OptionName::Blksize],
    &[OptionName::Windowsize, OptionName::Tsize],
    &OptionName::ALL,
];

fn draw_client(
    rng: &mut Rng,
    class: Class,
    timing: Timing,
    rollover: Rollover,
    server: &ServerPlan,
    n: usize,
    naive: bool,
) -> ClientPlan {
    let wrap = class == Class::Wrap;
    let mut config = ClientConfig::plain();
    let mixed = rng.below(10) == 0;
    let own_rollover = match rollover {
        Rollover::Zero if mixed => Rollover::One,
        Rollover::One if mixed => Rollover::Zero,
        same => same,
    };
    config.transfer = draw_config(rng, class, timing, own_rollover);
    config.tsize = rng.below(2) == 0;
    config.blksize = *rng.pick(&[None, Some(8), Some(512), Some(1428), Some(65464)]);
    config.windowsize = *rng.pick(&[
        None,
        None,
        Some(1),
        Some(2),
        Some(16),
        Some(64),
        Some(65535),
    ]);
    config.rollover = *rng.pick(&[None, None, Some(Rollover::Zero), Some(Rollover::One)]);
    if wrap {
        config.blksize = Some(8);
    } else if rng.below(4) == 0 {
        config.timeout = Some(*rng.pick(&[1, 1, 2, if class == Class::Sure { 3 } else { 255 }]));
    } else if rng.below(6) == 0 {
        let shortest = if class == Class::Sure {
            250_000
        } else {
            10_000
        };
        config.utimeout = Some(rng.between(shortest, 1_000_000) as u32);
    }
    let purpose = match rng.below(if wrap { 20 } else { 21 }) {
        0..=9 => Purpose::Get,
        10..=19 => Purpose::Put,
        _ => Purpose::Size,
    };
    let mode = *rng.pick(&[Mode::Octet, Mode::Octet, Mode::Netascii]);
    let (blksize, window) = effective(&config, server, mode, naive);
    let len = draw_len(rng, class, blksize, window);
    let may_fail = matches!(class, Class::Bad | Class::Silent | Class::Corrupted);
    let fails_at = (may_fail && rng.below(20) == 0).then(|| rng.below(len + 2));
    if may_fail && rng.below(20) == 0 {
        config.max_size = Some(rng.below(2 * len + 2));
    }
    ClientPlan {
        address: FIRST_CLIENT + n as u32,
        start_at: Instant::from_micros(if n == 0 { 0 } else { rng.below(1_000_000) }),
        dies_at: None,
        kind: if naive {
            ClientKind::Naive {
                timeout: Duration::from_millis(rng.between(300, 1000)),
                tries: if class == Class::Sure { 200 } else { 10 },
            }
        } else {
            ClientKind::Ours(config)
        },
        purpose: if naive && purpose == Purpose::Size {
            Purpose::Get
        } else {
            purpose
        },
        file: File::new(format!("file{n}"), mode, rng.next_u64(), len),
        pace: draw_pace(rng, class),
        fails_at,
    }
}

/// Block and window size that will be agreed on, near enough to choose interesting sizes.
fn effective(config: &ClientConfig, server: &ServerPlan, mode: Mode, naive: bool) -> (u64, u64) {
    let ServerKind::Ours { config: limits, .. } = &server.kind else {
        return (512, 1);
    };
    let ignored = |name| naive || limits.ignored_options.contains(&name);
    let blksize = match config.blksize {
        Some(size) if !ignored(OptionName::Blksize) => size.min(limits.max_blksize),
        _ => 512,
    };
    let window = match config.windowsize {
        Some(blocks) if !ignored(OptionName::Windowsize) => blocks.min(limits.max_windowsize),
        _ => 1,
    };
    let window = if mode == Mode::Netascii {
        window.min(64)
    } else {
        window
    };
    (u64::from(blksize), u64::from(window))
}

fn draw_len(rng: &mut Rng, class: Class, b: u64, w: u64) -> u64 {
    if class == Class::Wrap {
        return *rng.pick(&[
            65534 * b + 7,
            65535 * b,
            65536 * b,
            65537 * b,
            131_072 * b + 3,
        ]);
    }
    let w = if w > 64 { 5 } else { w };
    let most = 100_000.max(2 * b);
    let len = match rng.below(10) {
        0 => 0,
        1 => 1,
        2 => b - 1,
        3 => b,
        4 => b + 1,
        5 => b * rng.between(2, 9),
        6 => w * b - 1,
        7 => w * b,
        8 => w * b + 1,
        _ => rng.below(8 * b + 100),
    };
    if len <= most { len } else { rng.below(most) }
}

fn draw_config(rng: &mut Rng, class: Class, timing: Timing, rollover: Rollover) -> Config {
    let mut config = Config::default();
    config.timing = timing;
    config.rollover = rollover;
    config.seed = rng.next_u64();
    config.ignore_malformed = class == Class::Corrupted && rng.below(2) == 0;
    config
}

fn draw_pace(rng: &mut Rng, class: Class) -> Pace {
    let millis = Duration::from_millis;
    if matches!(class, Class::Clean | Class::Duplicates | Class::Wrap) || rng.below(2) == 0 {
        return Pace::default();
    }
    let stall_most = if class == Class::Sure { 500 } else { 20_000 };
    Pace {
        base: millis(rng.below(10)),
        jitter: millis(rng.below(30)),
        stall: rng.below(50) as u32,
        stall_for: millis(rng.below(stall_most)),
    }
}

fn draw_link(rng: &mut Rng, class: Class, timing: Timing, window: u16) -> Link {
    let micros = Duration::from_micros;
    let mut link = Link::default();
    match class {
        Class::Clean => {}
        Class::Duplicates => link.duplicate = rng.between(1, 200) as u32,
        Class::Wrap => {
            // A number says nothing about its cycle: what comes late must come before the same
            // number is due again. With a window of almost a whole cycle nothing may come late.
            link.delay = micros(rng.between(1000, 5000));
            if window > 64 {
                // each loss costs a whole window here: once is enough
                let from = Instant::from_micros(rng.below(30_000));
                link.partitions = vec![(from, from + micros(rng.below(3000)))];
            } else {
                link.loss = rng.below(10) as u32;
                link.duplicate = rng.below(20) as u32;
                link.jitter = micros(rng.below(100));
                link.late_duplicate = rng.below(5) as u32;
                link.late_by = micros(rng.below(100_000));
            }
        }
        Class::Sure => {
            link.loss = rng.below(201) as u32;
            link.duplicate = rng.below(201) as u32;
            link.delay = micros(rng.between(100, 30_000));
            link.jitter = micros(if rng.below(2) == 0 {
                0
            } else {
                rng.below(30_000)
            });
            link.late_duplicate = rng.below(2) as u32 * rng.below(50) as u32;
            link.late_by = micros(rng.below(3 * timing.initial.as_micros() as u64));
            link.deliver_at_least_one_in = (rng.below(2) == 0).then(|| rng.between(2, 5) as u32);
        }
        Class::Bad | Class::Corrupted | Class::Silent => {
            link.loss = rng.below(2) as u32 * rng.below(401) as u32;
            link.duplicate = rng.below(2) as u32 * rng.below(201) as u32;
            link.burst = (rng.below(4) == 0).then(|| Burst {
                enter: rng.between(1, 50) as u32,
                leave: rng.between(50, 500) as u32,
                loss: rng.between(500, 1000) as u32,
            });
            link.delay = micros(rng.between(10, 200_000));
            link.jitter = micros(rng.below(2) * rng.below(200_000));
            link.late_duplicate = rng.below(3) as u32 * rng.below(50) as u32;
            link.late_by = micros(rng.below(3 * timing.initial.as_micros() as u64));
            if rng.below(10) == 0 {
                let from = rng.below(5_000_000);
                let until = from + rng.below(10_000_000);
                link.partitions = vec![(Instant::from_micros(from), Instant::from_micros(until))];
            }
            if class == Class::Corrupted {
                link.corrupt = rng.between(1, 200) as u32;
            }
        }
    }
    link
}
