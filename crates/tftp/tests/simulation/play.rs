//! One plan from its first request to its last timeout.

use super::client::ClientNode;
use super::naive::{NaiveClient, NaiveServer};
use super::plan::{Class, ClientKind, Plan, SERVER, ServerKind};
use super::report::{Report, judge};
use super::server::ServerNode;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use wirelore_testkit::Rng;
use wirelore_testkit::net::{Ending, Limits, Network, Node, Outcome, run};
use wirelore_testkit::seeds::Case;
use wirelore_tftp::Instant;

#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) outcome: Outcome,
    pub(crate) clients: Vec<Report>,
    pub(crate) server: Vec<Report>,
    /// Datagrams given to the network.
    pub(crate) sent: u64,
    /// Requests that found no slot.
    pub(crate) full: u32,
}

/// A node that can say what became of its transfers.
pub(crate) trait Player: Node<u32> {
    fn reports(&self) -> Vec<Report>;

    /// How many requests found no slot.
    fn full(&self) -> u32 {
        0
    }
}

static SHOWN: AtomicBool = AtomicBool::new(false);

/// In a replay, a line for a datagram that `who` sends (`>`) or gets (`<`).
pub(crate) fn show(who: &str, way: char, other: u32, now: Instant, datagram: &[u8]) {
    if SHOWN.load(Ordering::Relaxed) {
        let micros = now.as_micros();
        let (head, len) = (&datagram[..datagram.len().min(48)], datagram.len());
        let head = String::from_utf8_lossy(head);
        eprintln!("{micros:>12} {who} {way} {other:x} {len:>5} {head:?}");
    }
}

/// Plays `plan`; an error has the name of the rule that is broken, and the plan is noted.
pub(crate) fn watched(case: &mut Case, plan: &Plan) -> Result<Played, String> {
    let seed = case.seed();
    SHOWN.store(case.is_replay(), Ordering::Relaxed);
    let played = catch_unwind(|| play(plan, seed)).map_err(|payload| {
        case.note(format!("{plan:#?}"));
        let text = payload.downcast_ref::<String>().cloned();
        let fixed = payload.downcast_ref::<&str>().map(ToString::to_string);
        text.or(fixed).unwrap_or_default()
    })?;
    if case.is_replay() {
        case.note(format!("{plan:#?}\n{:#?}", played));
    }
    Ok(played)
}

/// Plays `plan`; panics with the name of the rule that is broken.
pub(crate) fn play(plan: &Plan, seed: u64) -> Played {
    let mut rng = Rng::new(seed ^ 0x7f74);
    let mut net = Network::new(seed);
    let mut server: Box<dyn Player> = match plan.server.kind {
        ServerKind::Ours { .. } => Box::new(ServerNode::new(plan, &mut rng)),
        ServerKind::Naive { .. } => Box::new(NaiveServer::new(plan)),
    };
    let client = |n: usize| -> Box<dyn Player> {
        match plan.clients[n].kind {
            ClientKind::Ours(_) => Box::new(ClientNode::new(plan, n, &mut rng)),
            ClientKind::Naive { .. } => Box::new(NaiveClient::new(plan, n)),
        }
    };
    let mut clients: Vec<_> = (0..plan.clients.len()).map(client).collect();
    for client in &plan.clients {
        net.set_link(client.address, SERVER, plan.up.clone());
        net.set_link(SERVER, client.address, plan.down.clone());
    }
    let mut nodes: Vec<&mut dyn Node<u32>> = vec![&mut *server];
    for client in &mut clients {
        nodes.push(&mut **client);
    }
    let limits = Limits {
        events: if plan.class == Class::Wrap {
            20_000_000
        } else {
            500_000
        },
        until: Instant::from_micros(30 * 86_400_000_000),
    };
    let outcome = run(&mut net, &mut nodes, limits);
    assert_eq!(outcome.ending, Ending::Finished, "L2: it never ends");
    let clients: Vec<Report> = clients.iter().flat_map(|client| client.reports()).collect();
    let (server, full) = (server.reports(), server.full());
    for (n, client) in clients.iter().enumerate() {
        if plan.clients[n].dies_at.is_none() {
            judge(plan, n, client, &server);
        }
    }
    Played {
        outcome,
        clients,
        server,
        sent: net.total().sent,
        full,
    }
}
