//! No allocation in the steady state, and a bound for what a machine holds at all.

#[cfg(not(feature = "allocations"))]
pub use uncounted::{heap_is_bounded, steady_state_allocates_nothing};

#[cfg(feature = "allocations")]
pub use counted::{heap_is_bounded, steady_state_allocates_nothing};

#[cfg(feature = "allocations")]
mod counted {
    use allocation_counter::measure;
    use wirelore_core::{Input, Machine, Next};

    use crate::contract::work::settle;
    use crate::contract::{Log, Subject};
    use crate::shown::Shown;
    use crate::{Cutting, Rng};

    const WARM_UP: usize = 32;
    const ROUNDS: usize = 64;

    /// Units one after the other, at once and octet by octet, after a warm-up in which buffers
    /// find their size.
    pub fn steady_state_allocates_nothing<S: Subject>(name: &str, make: &dyn Fn() -> S) {
        let mut subject = make();
        let unit = subject.unit();
        for cutting in [Cutting::whole(unit.len()), Cutting::octets(unit.len())] {
            let mut machine = subject.machine();
            let mut out = Vec::new();
            machine.start(&mut out);
            out.clear();
            let prelude = subject.prelude();
            let consumed = settle(name, &mut subject, &mut machine, &prelude, &mut out);
            assert_eq!(
                consumed,
                prelude.len(),
                "{name}: the prelude is not consumed"
            );
            let mut rounds = |count| {
                for _ in 0..count {
                    let (mut at, mut end) = (0, 0);
                    for &len in cutting.lengths() {
                        end += len;
                        at += settle(name, &mut subject, &mut machine, &unit[at..end], &mut out);
                    }
                    assert_eq!(
                        at, end,
                        "{name}: the unit is not consumed to the last octet"
                    );
                }
            };
            rounds(WARM_UP);
            let count = measure(|| rounds(ROUNDS)).count_total;
            assert_eq!(
                count, 0,
                "{name}: allocations in {ROUNDS} units, {cutting:?}"
            );
        }
    }

    /// Long and hostile streams through a buffer of `max_unconsumed` octets.
    pub fn heap_is_bounded<S: Subject>(name: &str, make: &dyn Fn() -> S) {
        let limit = make().heap_limit();
        let inputs = make().inputs();
        let mut rng = Rng::new(1);
        let check = |what: &str, input: &[u8]| {
            let subject = make();
            let used = measure(|| run(subject, input)).bytes_max;
            assert!(
                used <= limit as u64,
                "{name}: {used} octets of heap in use, more than {limit}, on {what}"
            );
        };
        check("random octets", &rng.octets(1 << 20));
        let repeated = make().unit().repeat(2000);
        check(
            "the unit 2000 times",
            &[make().prelude(), repeated].concat(),
        );
        for input in &inputs {
            let shown = Shown(input);
            check(&format!("the input {shown}"), input);
            check(&format!("the input {shown} 500 times"), &input.repeat(500));
            for octet in [0, b' ', b'0', b'a', b'\r', b'\n', 0xff] {
                let at = rng.index(input.len() + 1);
                let hostile = [&input[..at], &vec![octet; 300_000]].concat();
                check(
                    &format!("{octet:#04x} for ever after {}", Shown(&input[..at])),
                    &hostile,
                );
            }
        }
    }

    fn run<S: Subject>(mut subject: S, input: &[u8]) {
        let mut machine = subject.machine();
        let window = machine.max_unconsumed().max(1);
        let mut out = Vec::new();
        let mut log = Log::off();
        machine.start(&mut out);
        let mut at = 0;
        loop {
            out.clear();
            let end = input.len().min(at + window);
            let bytes = &input[at..end];
            let last = end == input.len();
            let given = if last {
                Input::last(bytes)
            } else {
                Input::more(bytes)
            };
            let Ok(step) = machine.step(given, &mut out) else {
                return;
            };
            at += step.consumed;
            match step.next {
                Next::Event(event) => subject.event(&mut machine, event, &mut out, &mut log),
                Next::Paused if subject.paused(&mut machine, &mut out) => {}
                Next::NeedMore if step.consumed > 0 => {}
                // A machine that breaks rule 2 here fails the test of rule 2.
                Next::NeedMore | Next::Paused | Next::Done => return,
            }
        }
    }
}

#[cfg(not(feature = "allocations"))]
mod uncounted {
    use crate::contract::Subject;

    const REASON: &str = "built without the feature `allocations`";

    /// Says that it is skipped.
    pub fn steady_state_allocates_nothing<S: Subject>(name: &str, _: &dyn Fn() -> S) {
        crate::skip(name, REASON);
    }

    /// Says that it is skipped.
    pub fn heap_is_bounded<S: Subject>(name: &str, _: &dyn Fn() -> S) {
        crate::skip(name, REASON);
    }
}
