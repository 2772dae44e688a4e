//! The tests of the stream suite, called by `contract_suite!`.

use super::Subject;
use super::arbitrary::Breeder;
use super::drive::{Feed, drive};
pub use super::memory::{heap_is_bounded, steady_state_allocates_nothing};
pub use super::work::rule_1_work_is_linear;
use crate::shown::Shown;
use crate::{Cutting, seeds};

pub fn rule_2_need_more<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(2, name, make);
}

pub fn rule_3_progress<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(3, name, make);
}

pub fn rule_4_done<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(4, name, make);
}

pub fn rule_5_paused<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(5, name, make);
}

pub fn rule_6_out<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(6, name, make);
}

pub fn rule_7_sticky<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    keeps(7, name, make);
}

/// Fails on violations of `rule` only: those of another rule fail that rule's test.
fn keeps<S: Subject>(rule: u8, name: &str, make: &dyn Fn() -> S) {
    let subject = make();
    for input in subject.inputs() {
        for feed in feeds(input.len()) {
            if let Err(violation) = drive(&subject, &input, &feed)
                && violation.rule == rule
            {
                panic!(
                    "{name}: rule {rule}: {}\ninput {}\nshown {feed:?}",
                    violation.text,
                    Shown(&input)
                );
            }
        }
    }
}

pub fn rule_7_any_cutting<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    let subject = make();
    let mut events = 0;
    for input in subject.inputs() {
        let mut feeds = feeds(input.len());
        // A violation of another rule fails that rule's test.
        let Some(Ok(whole)) = feeds.next().map(|feed| drive(&subject, &input, &feed)) else {
            continue;
        };
        events += whole.pieces.len();
        for feed in feeds {
            let Ok(run) = drive(&subject, &input, &feed) else {
                continue;
            };
            assert!(
                run == whole,
                "{name}: rule 7: the cutting shows\ninput {}\nwhole {whole:?}\n  cut {run:?}\nshown {feed:?}",
                Shown(&input)
            );
        }
    }
    assert!(events > 0, "{name}: the inputs cause no event at all");
}

pub fn rule_8_equal_runs<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    for input in make().inputs() {
        let feed = whole(input.len());
        let (first, second) = (drive(&make(), &input, &feed), drive(&make(), &input, &feed));
        assert!(
            first == second,
            "{name}: rule 8: two runs differ\ninput {}\nfirst {first:?}\nsecond {second:?}",
            Shown(&input)
        );
    }
}

pub fn arbitrary_octets<S: Subject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
    seeds::run(name, 400, |case| {
        let subject = make();
        let input = Breeder::new(subject.inputs(), subject.words()).breed(&mut case.rng);
        case.note(format_args!("input {}", Shown(&input)));
        let run = |feed: &Feed| {
            drive(&subject, &input, feed)
                .map_err(|v| format!("rule {}: {}, shown {feed:?}", v.rule, v.text))
        };
        let at_once = run(&whole(input.len()))?;
        for (cutting, end_apart) in [
            (Cutting::octets(input.len()), true),
            (Cutting::random(input.len(), &mut case.rng), false),
            (Cutting::random(input.len(), &mut case.rng), true),
        ] {
            let feed = Feed::Cut { cutting, end_apart };
            let cut = run(&feed)?;
            if cut != at_once {
                return Err(format!(
                    "rule 7: the cutting shows\nwhole {at_once:?}\n  cut {cut:?}\nshown {feed:?}"
                ));
            }
        }
        super::arbitrary::interrupt(&subject, &input, &mut case.rng)
    });
}

fn whole(len: usize) -> Feed {
    Feed::Cut {
        cutting: Cutting::whole(len),
        end_apart: false,
    }
}

/// Every way to show an input of `len` octets, the whole first. The end comes apart from the last
/// octets in every other one, and both ways for the whole and for single octets.
fn feeds(len: usize) -> impl Iterator<Item = Feed> {
    let apart = |cutting| Feed::Cut {
        cutting,
        end_apart: true,
    };
    [
        whole(len),
        apart(Cutting::whole(len)),
        apart(Cutting::octets(len)),
        Feed::Window,
    ]
    .into_iter()
    .chain(
        Cutting::all(len, len as u64)
            .skip(1)
            .enumerate()
            .map(|(n, cutting)| Feed::Cut {
                cutting,
                end_apart: n % 2 == 1,
            }),
    )
}
