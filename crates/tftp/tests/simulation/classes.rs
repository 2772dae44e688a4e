//! Classes of networks in which more is promised than in the mixture.

use super::plan::{Class, ClientKind, File, Plan, Purpose, SERVER, ServerKind};
use super::play::{Played, play, watched};
use wirelore_testkit::net::Link;
use wirelore_testkit::{Pace, Rng, seeds};
use wirelore_tftp::{
    ClientConfig, Duration, ErrorCode, Failure, Instant, Mode, Rollover, ServerConfig, Timing,
};

/// The configuration of our client; none for a naive one.
fn ours(plan: &mut Plan) -> impl Iterator<Item = &mut ClientConfig> {
    plan.clients
        .iter_mut()
        .filter_map(|client| match &mut client.kind {
            ClientKind::Ours(config) => Some(config),
            ClientKind::Naive { .. } => None,
        })
}

/// A plan in which nobody is naive.
fn draw_ours(rng: &mut Rng, class: Class) -> Plan {
    loop {
        let plan = Plan::draw_class(rng, class);
        let server = matches!(plan.server.kind, ServerKind::Ours { .. });
        if server && matches!(plan.clients[0].kind, ClientKind::Ours(_)) {
            return plan;
        }
    }
}

fn set_timing(plan: &mut Plan, timing: Timing) {
    for config in ours(plan) {
        config.transfer.timing = timing;
    }
    if let ServerKind::Ours { config, .. } = &mut plan.server.kind {
        config.transfer.timing = timing;
    }
}

/// S5: where datagrams are only duplicated, at most twice as many are sent as without duplicates,
/// however long the file is (the Sorcerer's Apprentice would send as many again with every block).
/// With a window, where a repeated ACK must be answered, a few more in a short file.
#[test]
fn s5_duplicates_do_not_multiply() {
    seeds::run("s5_duplicates_do_not_multiply", 1000, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Duplicates);
        let duplicated = watched(case, &plan)?;
        (plan.up, plan.down) = (Link::default(), Link::default());
        let clean = watched(case, &plan)?;
        let windows = ours(&mut plan).any(|config| config.windowsize > Some(1));
        let most = 2 * clean.sent + if windows { 10 } else { 0 };
        let sent = duplicated.sent;
        if sent > most {
            case.note(format!("{plan:#?}"));
            return Err(format!("S5: {sent} datagrams, {most} are allowed"));
        }
        Ok(())
    });
}

/// L3: on a clean link a transfer takes one round trip for each window, and one more at the most.
#[test]
fn l3_a_window_takes_one_round_trip() {
    seeds::run("l3_a_window_takes_one_round_trip", 1000, |case| {
        let plan = Plan::draw_class(&mut case.rng, Class::Clean);
        let played = watched(case, &plan)?;
        let round_trip = 2 * Link::default().delay;
        for (client, report) in plan.clients.iter().zip(&played.clients) {
            if client.purpose == Purpose::Size {
                continue;
            }
            let parameters = report.parameters.ok_or("no parameters")?;
            let blocks = client.file.wire_len() / u64::from(parameters.blksize) + 1;
            let windows = blocks.div_ceil(u64::from(parameters.windowsize)) as u32;
            let (at, _) = report.ended.ok_or("not over")?;
            let took = at.since(client.start_at);
            let good = (round_trip * windows)..=(round_trip * (windows + 1));
            if !good.contains(&took) {
                case.note(format!("{plan:#?}"));
                return Err(format!("L3: {took:?} for {windows} windows"));
            }
        }
        Ok(())
    });
}

/// L1: where every n-th datagram of each direction is delivered and none but these, and there are
/// more tries than such an exchange can take (n for the one direction times n for the other), the
/// transfer succeeds.
#[test]
fn l1_patience_outlasts_loss() {
    seeds::run("l1_patience_outlasts_loss", 1000, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Sure);
        let mut n = || case.rng.between(2, 4) as u32;
        for (link, n) in [(&mut plan.up, n()), (&mut plan.down, n())] {
            *link = Link::default();
            link.loss = 1000;
            link.deliver_at_least_one_in = Some(n);
        }
        let mut timing = Timing::constant(Duration::from_millis(500), 2 * 16 + 2);
        timing.dally = Duration::from_secs(200);
        set_timing(&mut plan, timing);
        // with a window, the block that is lost can be the same one every time
        for config in ours(&mut plan) {
            config.windowsize = config.windowsize.and(Some(1));
            config.utimeout = None;
        }
        plan.strays = None;
        watched(case, &plan).map(drop)
    });
}

/// L1: a client that announces a long interval between retransmissions learns of the answer to its
/// request as soon as any other: the interval is not agreed on before.
#[test]
fn l1_a_long_interval_does_not_delay_the_answer() {
    seeds::run(
        "l1_a_long_interval_does_not_delay_the_answer",
        100,
        |case| {
            let mut plan = draw_ours(&mut case.rng, Class::Clean);
            plan.down.partitions = vec![(Instant::ORIGIN, Instant::from_micros(2_000_000))];
            for config in ours(&mut plan) {
                config.timeout = Some(255);
            }
            let played = watched(case, &plan)?;
            for client in &played.clients {
                let (at, _) = client.ended.ok_or("not over")?;
                if at > Instant::from_micros(8_000_000) {
                    case.note(format!("{plan:#?}"));
                    return Err(format!("L1: {client:?}"));
                }
            }
            Ok(())
        },
    );
}

/// L3: one lost block in the middle of a window costs a round trip, not a timeout.
#[test]
fn l3_a_gap_costs_no_timeout() {
    seeds::run("l3_a_gap_costs_no_timeout", 100, |case| {
        let mut plan = draw_ours(&mut case.rng, Class::Clean);
        let put = case.rng.below(2) == 0;
        plan.clients.truncate(1);
        let client = &mut plan.clients[0];
        client.purpose = if put { Purpose::Put } else { Purpose::Get };
        client.start_at = Instant::ORIGIN;
        client.file = File::new("file0".into(), Mode::Octet, case.seed(), 64 * 512);
        // a window of 16 takes 1.6 ms to send; some blocks in its middle are lost
        let reader = if put {
            &mut client.pace
        } else {
            &mut plan.server.pace
        };
        reader.base = Duration::from_micros(100);
        let from = Instant::from_micros(case.rng.between(800, 1200));
        let lost = vec![(
            from,
            from + Duration::from_micros(case.rng.between(100, 400)),
        )];
        if put {
            plan.up.partitions = lost;
        } else {
            plan.down.partitions = lost;
        }
        for config in ours(&mut plan) {
            *config = ClientConfig::plain();
            config.blksize = Some(512);
            config.windowsize = Some(16);
        }
        if let ServerKind::Ours { config, .. } = &mut plan.server.kind {
            *config = ServerConfig::default();
        }
        let played = watched(case, &plan)?;
        let (at, _) = played.clients[0].ended.ok_or("not over")?;
        if at > Instant::from_micros(50_000) {
            case.note(format!("{plan:#?}"));
            return Err(format!("L3: it took until {at:?}"));
        }
        Ok(())
    });
}

/// L2: when nothing is heard any more, each side gives up exactly when its tries are used up: after
/// the sum of its waits, give or take the tenth by which they vary.
#[test]
fn l2_silence_ends_within_the_schedule() {
    let timed_out = std::sync::atomic::AtomicU64::new(0);
    seeds::run("l2_silence_ends_within_the_schedule", 1000, |case| {
        let mut plan = draw_ours(&mut case.rng, Class::Silent);
        let at = Instant::from_micros(case.rng.below(100_000));
        for link in [&mut plan.up, &mut plan.down] {
            *link = Link::default();
            link.delay = Duration::from_micros(case.rng.between(100, 40_000));
            link.silent_from = Some(at);
        }
        plan.clients.truncate(1);
        plan.strays = None;
        (plan.server.pace, plan.server.answer) = (Pace::default(), Pace::default());
        plan.clients[0].pace = Pace::default();
        let mut timing = Timing::default();
        timing.initial = Duration::from_millis(case.rng.between(300, 2000));
        timing.minimum = timing.initial / case.rng.between(1, 5) as u32;
        timing.maximum = timing.initial * case.rng.between(1, 10) as u32;
        timing.tries = case.rng.between(1, 10) as u32;
        set_timing(&mut plan, timing);
        // shorter than the round trip, it would bring duplicates, which are no news
        ours(&mut plan).for_each(|config| config.utimeout = None);
        let played = watched(case, &plan)?;
        for report in played.clients.iter().chain(&played.server) {
            let Some((ended, Err(Failure::TimedOut))) = report.ended else {
                continue;
            };
            timed_out.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let took = ended.since(report.last_heard);
            let negotiated = report.parameters.and_then(|p| p.timeout);
            let (least, most) = match negotiated {
                Some(wait) => (wait * timing.tries, wait * timing.tries),
                None if report.parameters.is_none() => (
                    schedule(timing.initial, timing),
                    schedule(timing.initial, timing),
                ),
                None => (
                    schedule(timing.minimum, timing),
                    schedule(timing.initial, timing),
                ),
            };
            if took < least * 9 / 10 || took > most * 11 / 10 {
                case.note(format!("{plan:#?}"));
                return Err(format!(
                    "L2: {took:?} instead of {least:?} to {most:?}: {report:?}"
                ));
            }
        }
        Ok(())
    });
    assert!(timed_out.into_inner() > 300 || std::env::var_os("WIRELORE_SEED").is_some());
}

/// The sum of the waits of a machine whose first one is `first`.
fn schedule(first: Duration, timing: Timing) -> Duration {
    (0..timing.tries)
        .map(|n| match n {
            0 => first,
            n => (timing.initial * (1 << (n - 1)))
                .max(first * (1 << n))
                .min(timing.maximum),
        })
        .sum()
}

/// L5: the same seed gives the same trace, on every platform: three digests are written down. They
/// change with the behaviour of the machines, and must not change with anything else.
#[test]
fn l5_a_seed_means_the_same_everywhere() {
    let digest = |seed| {
        let plan = Plan::draw_class(&mut Rng::new(seed), Class::Bad);
        play(&plan, seed).outcome.trace_hash
    };
    for seed in 0..50 {
        assert_eq!(digest(seed), digest(seed), "L5: seed {seed}");
    }
    assert_eq!(
        [1, 2, 3].map(digest),
        [
            14_630_821_798_071_601_960,
            2_282_492_123_694_890_848,
            16_175_846_498_963_817_675
        ]
    );
}

/// S6: with and without strangers a conversation is the same, datagram for datagram.
#[test]
fn s6_strangers_change_nothing() {
    seeds::run("s6_strangers_change_nothing", 1000, |case| {
        let class = *case.rng.pick(&[Class::Bad, Class::Sure, Class::Silent]);
        let mut plan = draw_ours(&mut case.rng, class);
        // links draw their randomness in the order in which they are first used: no new ones
        if let ServerKind::Ours {
            multi_port, config, ..
        } = &mut plan.server.kind
        {
            *multi_port = false;
            // strangers must not use up the ERRORs that late duplicates get
            config.transfer.stray_replies_per_second = 1_000_000;
        }
        let mut digests = |interval| {
            plan.strays = interval;
            let played = watched(case, &plan)?;
            let digests = played
                .clients
                .iter()
                .map(|client| (client.digest, client.ended));
            Ok::<_, String>((digests.collect::<Vec<_>>(), played.sent))
        };
        let alone = digests(None)?;
        let disturbed = digests(Some(Duration::from_millis(100)))?;
        if alone.0 != disturbed.0 {
            case.note(format!("{plan:#?}"));
            return Err(format!("S6: {alone:?} became {disturbed:?}"));
        }
        Ok(())
    });
}

/// A server that refuses options is asked again without them. A second ERROR for the first request
/// would be taken for an answer to the second one: here there is none.
#[test]
fn refused_options_fall_back() {
    seeds::run("refused_options_fall_back", 1000, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Sure);
        plan.server.denies_options = Some(*case.rng.pick(&[
            ErrorCode::OPTIONS_REFUSED,
            ErrorCode::ILLEGAL_OPERATION,
            ErrorCode::NOT_DEFINED,
        ]));
        plan.server.answer = Pace::default();
        for link in [&mut plan.up, &mut plan.down] {
            (link.duplicate, link.late_duplicate) = (0, 0);
        }
        for client in &mut plan.clients {
            if client.purpose == Purpose::Size {
                client.purpose = Purpose::Put;
            }
        }
        watched(case, &plan).map(drop)
    });
}

/// A naive peer on either side.
#[test]
fn naive_peers_understand_us() {
    seeds::run("naive_peers_understand_us", 1000, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Sure);
        let naive = (Duration::from_millis(case.rng.between(300, 1000)), 200);
        let (timeout, tries) = naive;
        if case.rng.below(2) == 0 {
            plan.server.kind = ServerKind::Naive { timeout, tries };
        } else {
            for client in &mut plan.clients {
                client.kind = ClientKind::Naive { timeout, tries };
                if client.purpose == Purpose::Size {
                    client.purpose = Purpose::Get;
                }
            }
        }
        watched(case, &plan).map(drop)
    });
}

/// A server with one slot and three clients: requests that find no slot are dropped, asked again,
/// and served in the end.
#[test]
fn a_full_table_serves_one_after_the_other() {
    seeds::run("a_full_table_serves_one_after_the_other", 200, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Clean);
        let client = plan.clients[0].clone();
        plan.clients = (0..3)
            .map(|n| {
                let mut client = client.clone();
                client.address += n;
                client.start_at = Instant::from_micros(u64::from(n));
                client.purpose = *case.rng.pick(&[Purpose::Get, Purpose::Put]);
                client.file.name = format!("file{n}");
                client
            })
            .collect();
        let ServerKind::Ours { slots, .. } = &mut plan.server.kind else {
            return Err("not ours".into());
        };
        *slots = 1;
        // the first one takes a while
        plan.server.answer.base = Duration::from_millis(5);
        let mut timing = Timing::default();
        timing.tries = 20;
        set_timing(&mut plan, timing);
        // nor does dallying take longer than a client waits
        for config in ours(&mut plan) {
            (config.timeout, config.utimeout) = (None, None);
        }
        let played = watched(case, &plan)?;
        if played.full < 2 {
            return Err(format!("only {} requests found no slot", played.full));
        }
        Ok(())
    });
}

/// A client loses power, comes back with the same port and wants another file: it gets it at once. If
/// it wants the same one, the server takes its request for a repetition, and the client gets the
/// file when the server has given up what the dead one had begun.
#[test]
fn a_restarted_client_is_served() {
    seeds::run("a_restarted_client_is_served", 500, |case| {
        let mut plan = Plan::draw_class(&mut case.rng, Class::Clean);
        plan.clients.truncate(1);
        let first = &mut plan.clients[0];
        first.purpose = *case.rng.pick(&[Purpose::Get, Purpose::Put]);
        first.start_at = Instant::ORIGIN;
        // so long that it has begun and is not done
        first.file = File::new("file0".into(), Mode::Octet, case.seed(), 200 * 1428);
        let dies_at = Instant::from_micros(case.rng.between(100_000, 150_000));
        first.dies_at = Some(dies_at);
        let mut second = first.clone();
        second.dies_at = None;
        second.start_at = dies_at + Duration::from_micros(case.rng.between(1000, 3_000_000));
        let same = case.rng.below(2) == 0;
        if !same {
            second.purpose = *case.rng.pick(&[Purpose::Get, Purpose::Put]);
            second.file = File::new("file1".into(), Mode::Octet, case.seed() + 1, 5000);
        }
        plan.clients.push(second);
        plan.server.pace.base = Duration::from_millis(5);
        for config in ours(&mut plan) {
            config.blksize = Some(1428);
            config.windowsize = None;
            (config.timeout, config.utimeout) = (None, None);
            config.transfer.timing.tries = 20;
        }
        if let ServerKind::Ours { slots, config, .. } = &mut plan.server.kind {
            *slots = 1;
            config.max_blksize = 1428;
        }
        let played = watched(case, &plan)?;
        let took = played.clients[1]
            .ended
            .ok_or("not over")?
            .0
            .since(plan.clients[1].start_at);
        if !same && took > Duration::from_secs(1) {
            return Err(format!("served after {took:?}"));
        }
        Ok(())
    });
}

/// S2: a duplicate of a WRQ that comes while the server dallies begins nothing: the client would
/// never get its last ACK, and the file just written would be opened anew.
#[test]
fn s2_a_late_request_begins_nothing() {
    seeds::run("s2_a_late_request_begins_nothing", 500, |case| {
        let mut plan = draw_ours(&mut case.rng, Class::Clean);
        plan.clients.truncate(1);
        plan.clients[0].purpose = Purpose::Put;
        for config in ours(&mut plan) {
            (config.timeout, config.utimeout) = (None, None);
        }
        plan.up.late_duplicate = 500;
        plan.up.late_by = Duration::from_millis(case.rng.between(1, 3000));
        plan.down.loss = 300;
        let mut timing = Timing::default();
        timing.tries = 40;
        timing.dally = timing.maximum * 40;
        set_timing(&mut plan, timing);
        let played = watched(case, &plan)?;
        if played.server.len() != 1 {
            case.note(format!("{plan:#?}"));
            return Err(format!(
                "S2: {} transfers: {:?}",
                played.server.len(),
                played.server
            ));
        }
        Ok(())
    });
}

/// S1: block numbers roll over to 0 or to 1. Where both sides agree the file arrives; where they do
/// not, nobody takes the wrong file for the right one.
#[test]
fn s1_numbers_roll_over_or_the_transfer_fails() {
    let mut rng = Rng::new(1);
    let play_one =
        |rng: &mut Rng, blocks: u64, window: u16, [client, server]: [Rollover; 2]| -> Played {
            let mut plan = Plan::draw_class(rng, Class::Wrap);
            (plan.up, plan.down) = (Link::default(), Link::default());
            for config in ours(&mut plan) {
                config.transfer.rollover = client;
                config.rollover = None;
                config.windowsize = Some(window);
                config.tsize = rng.below(2) == 0;
                config.transfer.timing = Timing::default();
            }
            if let ServerKind::Ours { config, .. } = &mut plan.server.kind {
                config.transfer.rollover = server;
                config.transfer.timing = Timing::default();
                config.max_windowsize = 64;
            }
            plan.clients[0].file = File::new("file0".into(), Mode::Octet, 5, blocks * 8 - 3);
            play(&plan, 0)
        };
    use Rollover::{One, Zero};
    for (blocks, window) in [(65535, 1), (65536, 1), (65537, 64), (131_073, 64)] {
        for both in [[Zero, Zero], [One, One], [Zero, One], [One, Zero]] {
            let played = play_one(&mut rng, blocks, window, both);
            let fits = both[0] == both[1] || blocks <= 65535;
            let [client] = &played.clients[..] else {
                panic!("one client");
            };
            assert_eq!(
                client.succeeded(),
                fits,
                "S1: {blocks} blocks, {both:?}: {client:?}"
            );
        }
    }
}

/// S7: a request with a forged sender costs its victim at most three datagrams.
#[test]
fn s7_a_forged_request_gets_three_replies() {
    seeds::run("s7_a_forged_request_gets_three_replies", 500, |case| {
        let mut plan = draw_ours(&mut case.rng, Class::Silent);
        plan.up = Link::default();
        plan.down = Link::default();
        plan.down.silent_from = Some(Instant::ORIGIN);
        plan.strays = None;
        plan.clients.truncate(1);
        plan.clients[0].start_at = Instant::ORIGIN;
        let config = ClientConfig::default();
        plan.clients[0].kind = ClientKind::Ours(config);
        plan.clients[0].dies_at = Some(Instant::from_micros(1000));
        let played = watched(case, &plan)?;
        let sent = played.sent - 1;
        if sent > 3 {
            case.note(format!("{plan:#?}"));
            return Err(format!("S7: {sent} datagrams to {SERVER:x}'s victim"));
        }
        Ok(())
    });
}
