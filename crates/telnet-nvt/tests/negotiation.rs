//! The Q method (RFC 1143), explored in full: both ends of one option, everything that the
//! applications may do at any time, and every message in flight in order.

use std::collections::{HashMap, HashSet, VecDeque};

use wirelore_telnet_nvt::negotiation::{Answer, Change, State};
use wirelore_telnet_nvt::{
    Config, Event, Input, Machine, Next, OptionSet, Policy, Receiver, Violation,
};

use Answer::{Agree, Ask, Decline};

/// One option on one side: the end that performs it, the other end, and what is on the way.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    state: [State; 2],
    /// `flying[0]` goes from end 0 to end 1.
    flying: [VecDeque<bool>; 2],
    /// Requests that each application may still make.
    left: [u8; 2],
}

impl World {
    fn new(state: [State; 2], left: u8) -> Self {
        Self {
            state,
            flying: [VecDeque::new(), VecDeque::new()],
            left: [left; 2],
        }
    }

    fn send(&mut self, from: usize, say: Option<bool>) {
        self.flying[from].extend(say);
    }

    fn deliver(&self, from: usize, answers: [Answer; 2]) -> Option<(Self, Change)> {
        let mut next = self.clone();
        let on = next.flying[from].pop_front()?;
        let to = 1 - from;
        let (say, change) = next.state[to].hear(on, answers[to]);
        next.send(to, say);
        Some((next, change))
    }

    fn request(&self, end: usize, on: bool) -> Self {
        let mut next = self.clone();
        let (say, _) = next.state[end].request(on);
        next.send(end, say);
        next
    }

    fn in_flight(&self) -> usize {
        self.flying[0].len() + self.flying[1].len()
    }

    fn is_silent(&self) -> bool {
        self.in_flight() == 0
    }
}

const ALL: [State; 7] = [
    State::No,
    State::Yes,
    State::WantNo,
    State::WantNoOpposite,
    State::WantYes,
    State::WantYesOpposite,
    State::Asked,
];

fn policies() -> impl Iterator<Item = [Answer; 2]> {
    let each = [Agree, Decline, Ask];
    each.into_iter()
        .flat_map(move |a| each.into_iter().map(move |b| [a, b]))
}

/// How many messages can still be delivered when the applications are silent, whatever the order of
/// delivery. Panics when that never ends. `check` sees every silent world.
fn messages(
    world: &World,
    answers: [Answer; 2],
    known: &mut HashMap<World, usize>,
    depth: usize,
    check: &dyn Fn(&World),
) -> usize {
    assert!(depth < 64, "it does not end");
    if let Some(&known) = known.get(world) {
        return known;
    }
    if world.is_silent() {
        check(world);
    }
    let mut most = 0;
    for from in 0..2 {
        if let Some((next, _)) = world.deliver(from, answers) {
            most = most.max(1 + messages(&next, answers, known, depth + 1, check));
        }
    }
    known.insert(world.clone(), most);
    most
}

/// RFC 1143 §2, RFC 1143 §3, RFC 1143 §4, RFC 1143 §5, RFC 1143 §6, RFC 1123 section 3.2.1: up to
/// three requests by each application, at any time.
#[test]
fn every_negotiation_ends_silent_and_agreed() {
    let (mut worlds, mut longest, mut most_in_flight) = (0, 0, 0);
    for answers in policies() {
        let (mut seen, mut known) = (HashSet::new(), HashMap::new());
        let mut open = vec![World::new([State::No; 2], 3)];
        while let Some(world) = open.pop() {
            if !seen.insert(world.clone()) {
                continue;
            }
            most_in_flight = most_in_flight.max(world.in_flight());
            longest = longest.max(messages(&world, answers, &mut known, 0, &|end| {
                agreed(end, answers);
            }));
            for from in 0..2 {
                if let Some((next, change)) = world.deliver(from, answers) {
                    let wrong = matches!(change, Change::AnsweredWrong { .. });
                    assert!(!wrong, "two ends that keep the rules");
                    open.push(next);
                }
            }
            for end in 0..2 {
                if world.left[end] > 0 {
                    for on in [true, false] {
                        let mut next = world.request(end, on);
                        next.left[end] -= 1;
                        open.push(next);
                    }
                }
            }
        }
        worlds += seen.len();
    }
    assert!(worlds > 1000, "{worlds}");
    assert!(longest <= 8, "{longest} messages");
    assert!(most_in_flight <= 4, "{most_in_flight} in flight");
    println!("{worlds} worlds, at most {longest} messages to silence, {most_in_flight} in flight");
}

/// When nothing is on the way, both ends believe the same; or one waits for the other's
/// application, and either answer settles it.
fn agreed(world: &World, answers: [Answer; 2]) {
    match world.state {
        [State::No, State::No] | [State::Yes, State::Yes] => {}
        states => {
            let asked = states.iter().position(|&s| s == State::Asked);
            let end = asked.unwrap_or_else(|| panic!("{states:?} at the end"));
            assert_eq!(answers[end], Ask);
            for on in [true, false] {
                let answered = world.request(end, on);
                messages(&answered, answers, &mut HashMap::new(), 0, &|w| {
                    assert!(
                        matches!(w.state, [State::No, State::No] | [State::Yes, State::Yes]),
                        "{:?} after the answer {on}",
                        w.state
                    );
                });
            }
        }
    }
}

/// Ends that do not know the same (one was started anew, or does not keep the rules): it ends
/// silent all the same, whatever either application asks for next.
#[test]
fn corrupted_states_end_silent() {
    let mut longest = 0;
    for answers in policies() {
        let (mut seen, mut known) = (HashSet::new(), HashMap::new());
        let pairs = ALL.iter().flat_map(|&a| ALL.map(|b| [a, b]));
        let mut open: Vec<_> = pairs
            .flat_map(|pair| {
                [[3, 0], [0, 3]].map(|left| World {
                    left,
                    ..World::new(pair, 0)
                })
            })
            .collect();
        while let Some(world) = open.pop() {
            if !seen.insert(world.clone()) {
                continue;
            }
            let count = messages(&world, answers, &mut known, 0, &|_| {});
            longest = longest.max(count);
            open.extend((0..2).filter_map(|from| Some(world.deliver(from, answers)?.0)));
            for end in (0..2).filter(|&end| world.left[end] > 0) {
                for on in [true, false] {
                    let mut next = world.request(end, on);
                    next.left[end] -= 1;
                    open.push(next);
                }
            }
        }
    }
    assert!(longest <= 8, "{longest} messages");
    println!("at most {longest} messages to silence");
}

/// RFC 1143 section 7, the table, row by row.
#[test]
fn the_table_of_rfc_1143_section_7() {
    use State::*;
    #[rustfmt::skip]
    let rows = [
        // upon receipt of WILL
        (No, true, Agree, Yes, Some(true)),
        (No, true, Decline, No, Some(false)),
        (Yes, true, Decline, Yes, None),
        (WantNo, true, Agree, No, None),
        (WantNoOpposite, true, Agree, Yes, None),
        (WantYes, true, Decline, Yes, None),
        (WantYesOpposite, true, Agree, WantNo, Some(false)),
        // upon receipt of WONT
        (No, false, Agree, No, None),
        (Yes, false, Agree, No, Some(false)),
        (WantNo, false, Agree, No, None),
        (WantNoOpposite, false, Agree, WantYes, Some(true)),
        (WantYes, false, Agree, No, None),
        (WantYesOpposite, false, Agree, No, None),
    ];
    for (state, on, answer, next, say) in rows {
        let mut s = state;
        assert_eq!((s.hear(on, answer).0, s), (say, next), "{state:?} {on}");
    }
    #[rustfmt::skip]
    let rows = [
        // if we decide to ask him to enable
        (No, true, WantYes, Some(true)),
        (Yes, true, Yes, None),
        (WantNo, true, WantNoOpposite, None),
        (WantNoOpposite, true, WantNoOpposite, None),
        (WantYes, true, WantYes, None),
        (WantYesOpposite, true, WantYes, None),
        // if we decide to ask him to disable
        (No, false, No, None),
        (Yes, false, WantNo, Some(false)),
        (WantNo, false, WantNo, None),
        (WantNoOpposite, false, WantNo, None),
        (WantYes, false, WantYesOpposite, None),
        (WantYesOpposite, false, WantYesOpposite, None),
    ];
    for (state, on, next, say) in rows {
        let mut s = state;
        assert_eq!((s.request(on).0, s), (say, next), "{state:?} {on}");
    }
}

/// RFC 1143 section 5: two answers that follow each other round the connection while neither end
/// has asked for anything cannot be told from new requests. Only a limit ends that.
#[test]
fn a_loop_that_no_method_can_see_ends_at_the_limit() {
    let config = Config {
        policy: Policy {
            us: OptionSet::ALL,
            him: OptionSet::ALL,
            ..Policy::default()
        },
        max_requests: 20,
        ..Config::default()
    };
    let mut ends = [Receiver::new(config), Receiver::new(config)];
    let mut flying = b"\xff\xfb\x2a\xff\xfc\x2a".to_vec();
    let (mut octets, mut violations) = (0, 0);
    for turn in 0..1000 {
        octets += flying.len();
        let mut out = Vec::new();
        let mut rest = &flying[..];
        while !rest.is_empty() {
            let Ok(step) = ends[turn % 2].step(Input::more(rest), &mut out);
            rest = &rest[step.consumed..];
            if let Next::Event(Event::Violation { violation, .. }) = step.next {
                assert_eq!(violation, Violation::TooManyRequests);
                violations += 1;
            }
        }
        flying = out;
    }
    assert_eq!(flying, b"", "still going round");
    assert_eq!(violations, 1);
    assert_eq!(octets, 6 * 41, "20 times round each end");
}
