//! Rule 1: a peer that sends one octet at a time costs O(n).
//!
//! What a machine looks at cannot be counted from outside, so its CPU time is measured: of this
//! thread only, therefore not disturbed by what else runs. An octet of a unit of 131072 octets may
//! cost up to four times what an octet of a unit of 1024 costs; for a scan that starts over, even
//! with SIMD, it costs many times more (128 in the limit). On the short side the best of nine runs
//! counts; on the long side one good run of three is enough, and a run is cut off when it is far
//! over the bound, so that a quadratic machine fails soon.

use cpu_time::ThreadTime;
use wirelore_core::{Duration, Input, Machine, Next};

use super::{Log, Subject};

const SHORT: usize = 1024;
const LONG: usize = 128 * SHORT;
const BOUND: f64 = 4.0;

/// The test, called by `contract_suite!`.
pub fn rule_1_work_is_linear<S: Subject>(name: &str, make: &dyn Fn() -> S) {
    let subject = make();
    compare(name, "one unfinished unit", &subject, |len| {
        let (machine, input) = subject.long(len);
        (machine, Vec::new(), input)
    });
    let unit = subject.unit();
    assert!(!unit.is_empty(), "{name}: the unit is empty");
    compare(name, "many units", &subject, |len| {
        let count = len.div_ceil(unit.len());
        (subject.machine(), subject.prelude(), unit.repeat(count))
    });
}

fn compare<S: Subject>(
    name: &str,
    what: &str,
    subject: &S,
    make: impl Fn(usize) -> (S::Machine, Vec<u8>, Vec<u8>),
) {
    let measure = |len: usize, limit: Duration| {
        let (machine, prelude, input) = make(len);
        let took = feed(name, subject.clone(), machine, &prelude, &input, limit);
        (input.len(), took.as_secs_f64() / input.len().max(1) as f64)
    };
    let short = (0..9)
        .map(|_| measure(SHORT, Duration::from_secs(3600)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or_default();
    let allowed = short.1 * BOUND;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let limit = Duration::from_secs_f64(allowed * LONG as f64);
        let (len, per_octet) = measure(LONG, limit);
        if len < 2 * short.0 {
            // No unit can be long: the work for an octet has a fixed bound.
            return;
        }
        best = best.min(per_octet);
        if best <= allowed {
            return;
        }
    }
    panic!(
        "{name}: rule 1: in {what}, octet by octet, an octet costs at least {:.0} ns with {LONG} octets and {:.0} ns with {SHORT}",
        best * 1e9,
        short.1 * 1e9
    );
}

/// The CPU time for `input`, octet by octet; projected from a part that took more than twice its
/// share of `limit`.
fn feed<S: Subject>(
    name: &str,
    mut subject: S,
    mut machine: S::Machine,
    prelude: &[u8],
    input: &[u8],
    limit: Duration,
) -> Duration {
    let mut out = Vec::new();
    machine.start(&mut out);
    out.clear();
    let mut started = ThreadTime::now();
    for (part, is_prelude) in [(prelude, true), (input, false)] {
        let mut at = 0;
        for end in 1..=part.len() {
            at += settle(name, &mut subject, &mut machine, &part[at..end], &mut out);
            let portion = end as f64 / part.len() as f64;
            if end % SHORT == 0
                && end > 4 * SHORT
                && started.elapsed() > limit.mul_f64(2.0 * portion)
            {
                return started.elapsed().div_f64(portion);
            }
        }
        if is_prelude {
            assert_eq!(at, part.len(), "{name}: the prelude is not consumed");
            started = ThreadTime::now();
        }
    }
    started.elapsed()
}

/// Steps until more is needed, clears `out`, and returns how many octets were consumed.
pub(super) fn settle<S: Subject>(
    name: &str,
    subject: &mut S,
    machine: &mut S::Machine,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> usize {
    let mut at = 0;
    let mut log = Log::off();
    loop {
        let step = match machine.step(Input::more(&bytes[at..]), out) {
            Ok(step) => step,
            Err(error) => panic!("{name}: a unit causes the error {error:?}"),
        };
        at += step.consumed;
        match step.next {
            Next::Event(event) => subject.event(machine, event, out, &mut log),
            Next::NeedMore if step.consumed > 0 && at < bytes.len() => {}
            Next::NeedMore => break,
            Next::Paused if subject.paused(machine, out) => {}
            Next::Paused => panic!("{name}: a unit leaves the machine paused"),
            Next::Done => panic!("{name}: a unit ends the stream"),
        }
        out.clear();
    }
    out.clear();
    at
}
