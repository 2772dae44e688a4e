//! When things are sent again: RFC 1123 section 4.2.3.2, RFC 2349, RFC 7440 section 6, and who gets
//! how much before it has answered once.

use crate::rig::{CLIENT, Rig, SERVER, Server, TID, assert_about, letters, millis, secs};
use wirelore_tftp::{
    Client, ClientConfig, Demux, Duration, Instant, Mode, ServerConfig, Slot, Timing,
};

fn server_with(config: ServerConfig) -> Rig<Server> {
    let demux = Demux::new(config, vec![Slot::default()]);
    Rig::new(demux, letters(512, 50_000), CLIENT)
}

fn server() -> Rig<Server> {
    server_with(ServerConfig::default())
}

fn get(config: ClientConfig) -> Rig<Client<'static, u32>> {
    let client = Client::get(SERVER, b"f", Mode::Octet, config).unwrap();
    Rig::new(client, Vec::new(), SERVER)
}

/// How long each wait is until the machine gives up, and how much is sent meanwhile.
fn waits<M: crate::rig::Driven>(rig: &mut Rig<M>) -> (Vec<Duration>, usize) {
    let (mut waits, mut sent) = (Vec::new(), 0);
    while rig.patience().is_some() {
        let (wait, packets) = rig.times_out();
        waits.push(wait);
        sent += packets.len();
    }
    (waits, sent)
}

#[track_caller]
fn assert_all_about(waits: &[Duration], wanted: &[Duration]) {
    assert_eq!(waits.len(), wanted.len(), "{waits:?}");
    for (&wait, &wanted) in waits.iter().zip(wanted) {
        assert_about(wait, wanted);
    }
}

/// RFC 1123 §4.2.3.2 MUST: "At least an exponential backoff of retransmission timeout is necessary."
/// RFC 7440 §6 SHOULD: "set a maximum number of retries".
#[test]
fn a_client_without_an_answer_backs_off_and_gives_up() {
    let mut rig = get(ClientConfig::plain());
    assert_eq!(rig.sends(), ["RRQ f octet"]);
    let (waits, sent) = waits(&mut rig);
    assert_all_about(&waits, &[1, 2, 4, 8, 8, 8].map(secs));
    assert_eq!(sent, 5);
    assert_eq!(rig.told(), ["failed: timed out: "]);
    assert!(rig.machine.is_over());
}

/// RFC 1123 §4.2.3.2 MUST: "At least an exponential backoff of retransmission timeout is necessary."
/// Here the round trip takes 4 s.
#[test]
fn a_slow_link_backs_off_as_well() {
    let mut config = ClientConfig::plain();
    config.transfer.timing.initial = secs(5);
    config.transfer.timing.maximum = secs(60);
    let mut rig = get(config);
    rig.sends();
    rig.now = rig.now + secs(4);
    assert_eq!(rig.hears_from(TID, "DATA 1 a*512"), ["to 00020800: ACK 1"]);
    let (waits, _) = waits(&mut rig);
    // estimate 4 s, variation 2 s
    assert_all_about(&waits, &[12, 24, 48, 60, 60, 60].map(secs));
}

/// RFC 1123 §4.2.3.2 MUST: "A TFTP implementation MUST use an adaptive timeout."
#[test]
fn the_first_wait_follows_the_round_trip_time() {
    for (round_trip, wanted) in [
        (millis(1), millis(250)),
        (millis(100), millis(300)),
        (millis(600), millis(1800)),
        (secs(5), secs(8)),
    ] {
        let mut config = ServerConfig::default();
        config.transfer.timing.initial = secs(6);
        let mut rig = server_with(config);
        assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
        rig.now = rig.now + round_trip;
        assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
        // the first sample counts three times: mean, and four times half of it as variation
        assert_about(rig.patience().unwrap(), wanted);
        // a steady time lets the variation shrink
        for block in 2..60 {
            rig.now = rig.now + round_trip;
            assert_eq!(rig.hears(&format!("ACK {block}")).len(), 1);
        }
        // but the wait stays longer than it
        let steady = (round_trip * 5 / 4).max(millis(250));
        assert_about(rig.patience().unwrap(), steady);
    }
}

/// RFC 1123 §4.2.3.2 MUST: "A TFTP implementation MUST use an adaptive timeout." An answer to what was
/// sent twice says nothing about the round-trip time (Karn).
#[test]
fn no_sample_is_taken_from_what_was_sent_twice() {
    let mut rig = server();
    rig.hears("RRQ f octet");
    rig.now = rig.now + millis(100);
    rig.hears("ACK 1");
    rig.times_out();
    // whose answer is this?
    rig.now = rig.now + millis(1);
    rig.hears("ACK 2");
    rig.now = rig.now + millis(1);
    assert_eq!(rig.hears("ACK 3"), ["DATA 4 d*512"]);
    // one sample of 100 ms, one of 1 ms: mean 87.6 ms, variation 62.2 ms
    assert_about(rig.patience().unwrap(), millis(336));
}

/// RFC 1123 §4.2.3.2 MUST: "A TFTP implementation MUST use an adaptive timeout." The longer wait stays
/// until an answer tells the round-trip time; otherwise a round trip longer than the first wait would
/// make every packet go twice, for ever.
#[test]
fn a_round_trip_longer_than_the_first_wait_is_learnt() {
    let mut rig = server();
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    // every answer comes three seconds after its packet
    let mut on_the_way = vec![(rig.now + secs(3), 1)];
    let mut sent = [0; 40];
    while let Some((at, block)) = (!on_the_way.is_empty()).then(|| on_the_way.remove(0)) {
        let mut packets = Vec::new();
        while wirelore_tftp::DatagramMachine::poll_timeout(&rig.machine)
            .is_some_and(|timeout| timeout < at)
        {
            let due = rig.times_out().1;
            packets.extend(due.into_iter().map(|packet| (rig.now, packet)));
        }
        rig.now = at;
        packets.extend((rig.hears(&format!("ACK {block}")).into_iter()).map(|packet| (at, packet)));
        for (at, packet) in packets {
            let number: usize = packet.split(' ').nth(1).unwrap().parse().unwrap();
            if number < sent.len() {
                sent[number] += 1;
                on_the_way.push((at + secs(3), number));
            }
        }
        on_the_way.sort();
    }
    assert!(sent[1] > 1, "{sent:?}");
    assert_eq!(sent[2..], [1; 38], "{sent:?}");
}

/// RFC 2349 Timeout Interval Option Specification: the value is "the number of seconds to wait before
/// retransmitting".
/// Clauses: 1123-4.2.3.2 negotiated.
#[test]
fn a_negotiated_timeout_is_every_wait() {
    let mut rig = server();
    rig.hears("RRQ f octet timeout=3");
    assert_about(rig.patience().unwrap(), secs(3));
    rig.now = rig.now + millis(1);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    let (found, sent) = waits(&mut rig);
    assert_all_about(&found, &[secs(3); 6]);
    assert_eq!(sent, 5);

    let mut rig = server();
    rig.hears("WRQ f octet utimeout=20000");
    rig.hears("DATA 1 a*512");
    let (found, _) = waits(&mut rig);
    assert_all_about(&found, &[millis(20); 6]);

    // the client
    let mut config = ClientConfig::plain();
    config.timeout = Some(2);
    let mut rig = get(config);
    assert_eq!(rig.sends(), ["RRQ f octet timeout=2"]);
    rig.now = rig.now + millis(10);
    assert_eq!(
        rig.hears_from(TID, "OACK timeout=2"),
        ["to 00020800: ACK 0"]
    );
    let (found, _) = waits(&mut rig);
    assert_all_about(&found, &[secs(2); 6]);
}

/// The count of tries starts anew with every block: six lost packets in a transfer do not end it.
#[test]
fn tries_are_counted_from_the_last_progress() {
    let mut rig = server();
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    for block in 2..20 {
        for _ in 0..5 {
            assert_eq!(rig.times_out().1.len(), 1);
        }
        assert_eq!(rig.hears(&format!("ACK {block}")).len(), 1);
    }
    assert_eq!(rig.told(), ["reads f"]);
}

/// RFC 1350 §6: a receiver whose ACK or whose next block was lost repeats its last ACK.
/// Clauses: 1350-2 retransmit, 1350-7 timeouts.
#[test]
fn the_receiver_repeats_its_ack() {
    let mut rig = server();
    rig.hears("WRQ f octet");
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    let (found, sent) = waits(&mut rig);
    assert_eq!(sent, 5);
    // the round trip took no time
    assert_all_about(
        &found,
        &[millis(250), secs(1), secs(2), secs(4), secs(8), secs(8)],
    );
    assert_eq!(rig.told()[2..], ["failed: timed out: "]);
    assert_eq!(rig.machine.clients(), 0);
}

/// Before the peer has answered once, the first reply is sent at most three times per request: a
/// forged request is worth no more.
#[test]
fn an_unverified_peer_gets_three_replies_per_request() {
    for (request, reply) in [
        ("RRQ f octet", "DATA 1 a*512"),
        ("RRQ f octet blksize=8", "OACK blksize=8"),
        ("WRQ f octet", "ACK 0"),
        ("WRQ f octet blksize=8", "OACK blksize=8"),
    ] {
        let mut rig = server();
        let mut replies = rig.hears(request);
        replies.extend(rig.passes(secs(3600)));
        assert_eq!(replies, [reply; 3]);
        assert_eq!(rig.told()[1], "failed: timed out: ");
        assert_eq!(rig.machine.clients(), 0, "the slot is free again");

        // a repeated request is worth as much again, and starts the count of tries anew
        let mut rig = server();
        let mut replies = rig.hears(request);
        for _ in 0..10 {
            replies.extend(rig.passes(secs(20)));
            replies.extend(rig.hears(request));
        }
        replies.extend(rig.passes(secs(3600)));
        assert!(replies.iter().all(|packet| packet == reply), "{replies:?}");
        assert!(replies.len() <= 33, "{}", replies.len());
        assert!(replies.len() >= 31, "{}", replies.len());
    }
}

/// The number of first replies can be set, and is one at least.
#[test]
fn the_number_of_first_replies() {
    for (configured, sent) in [(0, 1), (1, 1), (2, 2), (5, 5), (6, 6), (7, 6), (255, 6)] {
        let mut config = ServerConfig::default();
        config.first_replies = configured;
        let mut rig = server_with(config);
        let mut replies = rig.hears("RRQ f octet");
        replies.extend(rig.passes(secs(3600)));
        assert_eq!(replies.len(), sent, "{configured}");
    }
}

/// A peer that has answered once gets every repetition.
#[test]
fn a_verified_peer_gets_all_tries() {
    let mut rig = server();
    rig.hears("RRQ f octet");
    rig.hears("ACK 1");
    assert_eq!(rig.passes(secs(3600)), ["DATA 2 b*512"; 5]);
    let mut rig = server();
    rig.hears("RRQ f octet tsize=0 blksize=8");
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*8"]);
    assert_eq!(rig.passes(secs(3600)), ["DATA 1 a*8"; 5]);
}

/// A duplicate of the request in the network is not worth a second reply at once; one that comes
/// after half a wait is.
#[test]
fn a_duplicated_request_gets_no_second_reply_at_once() {
    for (request, reply) in [
        ("RRQ f octet", "DATA 1 a*512"),
        ("RRQ f octet blksize=8", "OACK blksize=8"),
        ("WRQ f octet", "ACK 0"),
        ("WRQ f octet blksize=8", "OACK blksize=8"),
    ] {
        let mut rig = server();
        assert_eq!(rig.hears(request), [reply]);
        assert!(rig.hears(request).is_empty());
        rig.now = rig.now + millis(100);
        assert!(rig.hears(request).is_empty());
        rig.now = rig.now + millis(500);
        assert_eq!(rig.hears(request), [reply]);
        assert_eq!(rig.told().len(), 1, "one transfer");
    }
}

/// However long a timeout the request asks for: a client that has not seen the OACK does not know it yet,
/// and asks again by its own schedule.
#[test]
fn a_repeated_request_is_answered_whatever_its_timeout() {
    for request in ["RRQ f octet timeout=255", "WRQ f octet timeout=255"] {
        let mut rig = server();
        assert_eq!(rig.hears(request), ["OACK timeout=255"]);
        rig.now = rig.now + secs(1);
        assert_eq!(rig.hears(request), ["OACK timeout=255"]);
    }
}

/// An answer after a repeated request may answer either reply: no sample (Karn).
#[test]
fn no_sample_is_taken_after_a_repeated_request() {
    let mut rig = server();
    rig.hears("RRQ f octet blksize=512");
    rig.now = rig.now + millis(600);
    assert_eq!(rig.hears("RRQ f octet blksize=512"), ["OACK blksize=512"]);
    rig.now = rig.now + millis(10);
    assert_eq!(rig.hears("ACK 0"), ["DATA 1 a*512"]);
    assert_about(rig.patience().unwrap(), secs(1));

    let mut rig = server();
    rig.hears("WRQ f octet");
    rig.now = rig.now + millis(600);
    assert_eq!(rig.hears("WRQ f octet"), ["ACK 0"]);
    rig.now = rig.now + millis(10);
    assert_eq!(rig.hears("DATA 1 a*512"), ["ACK 1"]);
    assert_about(rig.patience().unwrap(), secs(1));
}

/// Every machine of one seed varies its waits alike, another seed's otherwise.
#[test]
fn waits_vary_by_seed() {
    let first_waits = |seed: u64| {
        let mut config = ServerConfig::default();
        config.transfer.seed = seed;
        let mut rig = server_with(config);
        rig.hears("RRQ f octet");
        waits(&mut rig).0
    };
    assert_eq!(first_waits(1), first_waits(1));
    assert_ne!(first_waits(1), first_waits(2));
    // two transfers of one server too
    let mut rig = server();
    rig.hears("RRQ f octet");
    let first = waits(&mut rig).0;
    rig.hears("RRQ f octet");
    assert_ne!(first, waits(&mut rig).0);
}

/// `Timing::constant` is for links that are known.
#[test]
fn constant_timing() {
    let mut config = ServerConfig::default();
    config.transfer.timing = Timing::constant(millis(700), 4);
    let mut rig = server_with(config);
    rig.hears("RRQ f octet");
    rig.now = rig.now + millis(5);
    rig.hears("ACK 1");
    let (found, sent) = waits(&mut rig);
    assert_all_about(&found, &[millis(700); 4]);
    assert_eq!(sent, 3);
}

/// Rule 9 of the contract: after `handle_timeout(now)` the next timeout is later, also where the
/// configuration asks for no wait at all.
#[test]
fn a_wait_of_nothing_still_ends() {
    let mut config = ServerConfig::default();
    config.transfer.timing = Timing::constant(Duration::ZERO, 20);
    config.first_replies = 2;
    let mut rig = server_with(config);
    assert_eq!(rig.hears("RRQ f octet"), ["DATA 1 a*512"]);
    rig.passes(secs(1));
    assert_eq!(rig.told(), ["reads f", "failed: timed out: "]);
}

/// Times at both ends of the clock overflow nothing.
#[test]
fn the_ends_of_time() {
    let mut rig = server();
    rig.now = Instant::ORIGIN;
    rig.hears("RRQ f octet");
    rig.now = Instant::FAR_FUTURE - secs(7200);
    assert_eq!(rig.hears("ACK 1"), ["DATA 2 b*512"]);
    assert_about(rig.patience().unwrap(), secs(8));
    assert_eq!(rig.passes(secs(3600)).len(), 5);
}
