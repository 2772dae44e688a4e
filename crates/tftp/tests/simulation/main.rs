//! TFTP over bad networks, in virtual time: our client and our server, and each against a naive
//! peer, with every datagram watched.
//!
//! The rules have names: S1 to S10 must hold at every event, L1 to L5 at the end.

mod classes;
mod client;
mod end;
mod memory;
mod naive;
mod plan;
mod play;
mod report;
mod server;
mod strays;
mod watch;

use cpu_time::ThreadTime;
use plan::{Class, Plan};
use play::watched;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use wirelore_testkit::seeds::{self, Case};

/// S1 to S10, L1 and L2 in the ordinary mixture of networks, peers and parameters.
#[test]
fn simulation() {
    let [small, micros, successes, transfers, datagrams] = [const { AtomicU64::new(0) }; 5];
    let began = Instant::now();
    seeds::run("simulation", 10_000, |case| {
        let begins = ThreadTime::now();
        let plan = Plan::draw(&mut case.rng);
        let played = watched(case, &plan)?;
        let count = played.clients.len() as u64;
        transfers.fetch_add(count, Relaxed);
        let good = played.clients.iter().filter(|client| client.succeeded());
        successes.fetch_add(good.count() as u64, Relaxed);
        datagrams.fetch_add(played.sent, Relaxed);
        if plan.class != Class::Wrap {
            small.fetch_add(count, Relaxed);
            micros.fetch_add(begins.elapsed().as_micros() as u64, Relaxed);
        }
        Ok(())
    });
    let seconds = began.elapsed().as_secs_f64();
    let [small, micros, successes, transfers, datagrams] =
        [small, micros, successes, transfers, datagrams].map(AtomicU64::into_inner);
    eprintln!(
        "simulation: {transfers} transfers, {successes} of them complete, {datagrams} datagrams, \
         in {seconds:.1} s; {} small transfers a second of one core",
        small * 1_000_000 / micros.max(1)
    );
    if transfers > 1000 {
        assert!(
            successes * 2 > transfers,
            "{successes} are suspiciously few"
        );
    }
}

/// Seeds of the mixture that once failed, with what was wrong.
#[test]
fn regressions() {
    let lines = include_str!("../data/regressions.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let seed = line.split_once(' ').and_then(|(seed, _)| seed.parse().ok());
        let mut case = Case::new(seed.unwrap_or_else(|| panic!("no seed: {line}")));
        let plan = Plan::draw(&mut case.rng);
        if let Err(error) = watched(&mut case, &plan) {
            panic!("{line}: {error}");
        }
    }
}
