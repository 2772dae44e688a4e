//! What goes on in this server now, and what went on lately: kept in memory for those who ask, a
//! bounded number of everything.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many transfers that are over are remembered.
pub(super) const RECENT: usize = 100;
/// So many octets of a name: more than is ever shown of one.
const NAME: usize = 1024;

/// Shared by all protocols. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Board(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    started: Instant,
    next: u64,
    endpoints: Vec<Place>,
    sessions: BTreeMap<u64, Session>,
    running: BTreeMap<u64, Running>,
    recent: VecDeque<Over>,
    counts: Counts,
}

/// Where a protocol is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) protocol: &'static str,
    pub(super) transport: &'static str,
    pub(super) address: SocketAddr,
}

/// A connection that is open.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    /// Who logged in, as the peer wrote it.
    pub(super) user: Option<String>,
    /// What the peer calls its terminal.
    pub(super) terminal: Option<Vec<u8>>,
    pub(super) since: Instant,
    /// When the peer did something last.
    pub(super) active: Instant,
}

/// A transfer that goes on.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    /// "read" or "write", as the client sees it.
    pub(super) direction: &'static str,
    /// The name as the client sent it.
    pub(super) file: Vec<u8>,
    /// How many are through. Apart, so that a transfer that goes on locks nothing.
    pub(super) octets: Arc<AtomicU64>,
    /// How many octets it is going to be, where that is known.
    pub(super) size: Option<u64>,
    pub(super) since: Instant,
}

/// A transfer that is over.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub(super) protocol: &'static str,
    pub(super) client: SocketAddr,
    pub(super) direction: &'static str,
    pub(super) file: Vec<u8>,
    pub(super) octets: u64,
    pub(super) elapsed: Duration,
    pub(super) at: Instant,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) transfers: u64,
    pub(super) failed: u64,
    pub(super) octets: u64,
    pub(super) sessions: u64,
    pub(super) refused: u64,
    pub(super) errors: u64,
}

/// All of it at one moment.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) up: Duration,
    pub(super) endpoints: Vec<Place>,
    pub(super) sessions: Vec<Session>,
    pub(super) running: Vec<Running>,
    /// The latest first.
    pub(super) recent: Vec<Over>,
    pub(super) counts: Counts,
}

/// A session or a transfer is on the board as long as this lives.
#[derive(Debug)]
pub(super) struct Pin {
    board: Board,
    id: u64,
    octets: Arc<AtomicU64>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            started: Instant::now(),
            next: 0,
            endpoints: Vec::new(),
            sessions: BTreeMap::new(),
            running: BTreeMap::new(),
            recent: VecDeque::new(),
            counts: Counts::default(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn serves(&self, place: Place) {
        self.state().endpoints.push(place);
    }

    /// Whether datagrams to this port may end at this very server.
    pub(super) fn has_udp_port(&self, port: u16) -> bool {
        let mut endpoints = self.state().endpoints.clone().into_iter();
        endpoints.any(|place| place.transport == "udp" && place.address.port() == port)
    }

    pub(super) fn session(&self, protocol: &'static str, client: SocketAddr) -> Pin {
        let since = Instant::now();
        let mut state = self.state();
        state.counts.sessions += 1;
        let id = state.id();
        state.sessions.insert(
            id,
            Session {
                protocol,
                client,
                user: None,
                terminal: None,
                since,
                active: since,
            },
        );
        self.pin(id, Arc::default())
    }

    pub(super) fn transfer(&self, mut running: Running) -> Pin {
        running.file.truncate(NAME);
        let mut state = self.state();
        let id = state.id();
        let octets = Arc::clone(&running.octets);
        state.running.insert(id, running);
        self.pin(id, octets)
    }

    fn pin(&self, id: u64, octets: Arc<AtomicU64>) -> Pin {
        Pin {
            board: self.clone(),
            id,
            octets,
        }
    }

    /// A transfer ended.
    pub(super) fn over(&self, mut over: Over) {
        over.file.truncate(NAME);
        let mut state = self.state();
        state.counts.transfers += u64::from(over.error.is_none());
        state.counts.failed += u64::from(over.error.is_some());
        state.counts.octets += over.octets;
        if state.recent.len() == RECENT {
            state.recent.pop_back();
        }
        state.recent.push_front(over);
    }

    /// Somebody was not let in.
    pub(super) fn refused(&self) {
        self.state().counts.refused += 1;
    }

    pub(super) fn error(&self) {
        self.state().counts.errors += 1;
    }

    pub(super) fn view(&self) -> View {
        let state = self.state();
        View {
            up: state.started.elapsed(),
            endpoints: state.endpoints.clone(),
            sessions: state.sessions.values().cloned().collect(),
            running: state.running.values().cloned().collect(),
            recent: state.recent.iter().cloned().collect(),
            counts: state.counts,
        }
    }
}

impl State {
    const fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Pin {
    pub(super) fn log_in(&self, user: &str) {
        if let Some(session) = self.board.state().sessions.get_mut(&self.id) {
            session.user = Some(user.to_owned());
        }
    }

    pub(super) fn terminal(&self, name: &[u8]) {
        if let Some(session) = self.board.state().sessions.get_mut(&self.id) {
            session.terminal = Some(name[..name.len().min(NAME)].to_vec());
        }
    }

    /// The peer of the session does something.
    pub(super) fn act(&self) {
        if let Some(session) = self.board.state().sessions.get_mut(&self.id) {
            session.active = Instant::now();
        }
    }

    /// So many octets of the transfer are through.
    pub(super) fn progress(&self, octets: u64) {
        self.octets.store(octets, Relaxed);
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = self.board.state();
        state.sessions.remove(&self.id);
        state.running.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4);

    fn over(octets: u64, error: Option<&str>) -> Over {
        Over {
            protocol: "tftp",
            client: PEER,
            direction: "read",
            file: vec![b'x'; 5000],
            octets,
            elapsed: Duration::from_secs(1),
            at: Instant::now(),
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn the_latest_transfers_are_remembered_and_all_are_counted() {
        let board = Board::new();
        for octets in 0..RECENT as u64 + 10 {
            board.over(over(octets, (octets == 3).then_some("lost")));
        }
        let View { recent, counts, .. } = board.view();
        let octets: Vec<_> = recent.iter().map(|over| over.octets).collect();
        assert_eq!(octets, (10..110).rev().collect::<Vec<_>>());
        assert!(recent.iter().all(|over| over.file.len() == NAME));
        assert_eq!((counts.transfers, counts.failed), (109, 1));
        assert_eq!(counts.octets, (0..110).sum::<u64>());
    }

    #[test]
    fn what_is_over_is_taken_off() {
        let board = Board::new();
        let session = board.session("telnet", PEER);
        let other = board.session("echo", PEER);
        session.log_in("ann");
        let view = board.view();
        let users: Vec<_> = view.sessions.iter().map(|s| s.user.as_deref()).collect();
        assert_eq!(users, [Some("ann"), None]);
        drop(session);
        let running = board.transfer(Running {
            protocol: "tftp",
            client: PEER,
            direction: "write",
            file: b"f".to_vec(),
            octets: Arc::default(),
            size: None,
            since: Instant::now(),
        });
        running.progress(77);
        // a session's number is no transfer's
        other.progress(99);
        let view = board.view();
        assert_eq!(view.running[0].octets.load(Relaxed), 77);
        assert_eq!(view.sessions.len(), 1);
        drop((running, other));
        let view = board.view();
        assert_eq!((view.sessions.len(), view.running.len()), (0, 0));
        assert_eq!(view.counts.sessions, 2);
    }
}
