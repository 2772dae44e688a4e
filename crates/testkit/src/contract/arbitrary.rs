//! Input that nobody would send, bred from what somebody would.

use wirelore_core::{Input, Machine, Next};

use super::{Log, Subject};
use crate::Rng;

/// Makes inputs out of samples and words.
pub(super) struct Breeder<'w> {
    samples: Vec<Vec<u8>>,
    words: Vec<&'w [u8]>,
}

impl<'w> Breeder<'w> {
    pub(super) const fn new(samples: Vec<Vec<u8>>, words: Vec<&'w [u8]>) -> Self {
        Self { samples, words }
    }

    /// Random octets, random words, or one or two samples with a few mutations.
    pub(super) fn breed(&self, rng: &mut Rng) -> Vec<u8> {
        let kind = rng.below(8);
        if kind == 0 || self.samples.is_empty() {
            let len = rng.index(200);
            return rng.octets(len);
        }
        let mut input = Vec::new();
        if kind == 1 && !self.words.is_empty() {
            for _ in 0..rng.below(60) {
                input.extend_from_slice(rng.pick::<&[u8]>(&self.words));
            }
            return input;
        }
        for _ in 0..rng.between(1, 2) {
            input.extend_from_slice(rng.pick::<Vec<u8>>(&self.samples));
        }
        for _ in 0..rng.between(1, 6) {
            self.mutate(&mut input, rng);
        }
        input
    }

    fn mutate(&self, input: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.index(input.len() + 1);
        let end = at + rng.index((input.len() - at).min(32) + 1);
        match rng.below(7) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let part = input[at..end].to_vec();
                let to = rng.index(input.len() + 1);
                input.splice(to..to, part);
            }
            3 if !self.words.is_empty() => {
                let word = *rng.pick(&self.words);
                input.splice(at..at, word.iter().copied());
            }
            4 => {
                // Every second time a repetition that is longer than most limits.
                let count = if rng.chance_per_mille(500) { 3000 } else { 3 };
                let octet = input.get(at).copied().unwrap_or(b'a');
                input.splice(at..at, std::iter::repeat_n(octet, count));
            }
            _ => {
                if let Some(octet) = input.get_mut(at) {
                    *octet = rng.below(256) as u8;
                }
            }
        }
    }
}

/// Runs over `input` with urgent marks and expired patience strewn in: nothing is expected but
/// that it ends, without a panic.
pub(super) fn interrupt<S: Subject>(
    subject: &S,
    input: &[u8],
    rng: &mut Rng,
) -> Result<(), String> {
    let mut subject = subject.clone();
    let mut machine = subject.machine();
    let mut out = Vec::new();
    let mut log = Log::off();
    machine.start(&mut out);
    let (mut at, mut end) = (0, 0);
    for _ in 0..1000 + 16 * input.len() {
        if rng.chance_per_mille(20) {
            machine.urgent();
        }
        if machine.patience().is_some() && rng.chance_per_mille(5) {
            machine.expired(&mut out);
        }
        let bytes = &input[at..end];
        let last = end == input.len();
        let given = if last {
            Input::last(bytes)
        } else {
            Input::more(bytes)
        };
        let Ok(step) = machine.step(given, &mut out) else {
            return Ok(());
        };
        at += step.consumed;
        match step.next {
            Next::Event(event) => subject.event(&mut machine, event, &mut out, &mut log),
            Next::Paused if subject.paused(&mut machine, &mut out) => {}
            Next::Done => return Ok(()),
            Next::NeedMore if step.consumed > 0 => {}
            Next::Paused | Next::NeedMore if last => return Ok(()),
            Next::Paused | Next::NeedMore => end += rng.index((input.len() - end).min(20) + 1),
        }
        out.clear();
    }
    Err("a run with urgent marks and expired patience does not come to an end".into())
}
