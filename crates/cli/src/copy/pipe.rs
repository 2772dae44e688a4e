//! From one transfer to another: a target and a source with a bounded piece of memory in between.

use super::codes::{Code, Failure};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wirelore_tokio::Target;

/// How many octets wait for being sent at the most.
const CAPACITY: usize = 256 << 10;

pub(crate) fn pipe() -> (Inlet, Outlet) {
    let shared = Arc::new(Shared {
        state: Mutex::default(),
        changed: Condvar::new(),
    });
    (Inlet(Arc::clone(&shared)), Outlet(shared))
}

/// Where octets go in. Dropped before it is finished, it lets the other end fail.
pub(crate) struct Inlet(Arc<Shared>);

/// Where octets come out.
pub(crate) struct Outlet(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    octets: VecDeque<u8>,
    finished: bool,
    inlet_gone: bool,
    outlet_gone: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.lock());
        self.changed.notify_all();
    }
}

/// The other side of the copy gave up, and said why itself.
fn gone(code: Code, side: &str) -> io::Error {
    let failure = Failure::new(code, format!("the {side} of the copy failed"));
    Failure {
        follows: true,
        ..failure
    }
    .into_io()
}

impl Target for Inlet {
    fn write_at(&mut self, _: u64, mut octets: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        while !octets.is_empty() {
            if state.outlet_gone {
                return Err(gone(Code::WRITING, "destination"));
            }
            let room = CAPACITY - state.octets.len();
            if room == 0 {
                state = self.0.wait(state);
                continue;
            }
            let (now, later) = octets.split_at(room.min(octets.len()));
            state.octets.extend(now);
            octets = later;
            self.0.changed.notify_all();
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.change(|state| state.finished = true);
        Ok(())
    }
}

impl Read for Outlet {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        loop {
            if !state.octets.is_empty() {
                let len = state.octets.read(buf)?;
                self.0.changed.notify_all();
                return Ok(len);
            }
            if state.finished || buf.is_empty() {
                return Ok(0);
            }
            if state.inlet_gone {
                return Err(gone(Code::READING, "source"));
            }
            state = self.0.wait(state);
        }
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.0.change(|state| state.inlet_gone = true);
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.change(|state| state.outlet_gone = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn all_octets_go_through_in_order() {
        let (mut inlet, mut outlet) = pipe();
        let octets: Vec<u8> = (0..3 * CAPACITY).map(|i| ((i * i) >> 7) as u8).collect();
        let wanted = octets.clone();
        let writer = thread::spawn(move || {
            for (index, piece) in octets.chunks(70_000).enumerate() {
                inlet.write_at(70_000 * index as u64, piece).unwrap();
            }
            inlet.finish().unwrap();
        });
        let mut found = Vec::new();
        outlet.read_to_end(&mut found).unwrap();
        writer.join().unwrap();
        assert!(found == wanted);
    }

    #[test]
    fn an_inlet_that_is_not_finished_is_an_error_after_what_came() {
        let (mut inlet, mut outlet) = pipe();
        inlet.write_at(0, b"abc").unwrap();
        drop(inlet);
        let mut buf = [0; 8];
        assert_eq!(outlet.read(&mut buf).unwrap(), 3);
        let error = outlet.read(&mut buf).unwrap_err();
        assert!(Failure::of(&error, Code::READING, "").follows);
    }

    #[test]
    fn a_writer_does_not_wait_for_an_outlet_that_is_gone() {
        let (mut inlet, outlet) = pipe();
        let writer = thread::spawn(move || inlet.write_at(0, &vec![0; 2 * CAPACITY]));
        drop(outlet);
        let error = writer.join().unwrap().unwrap_err();
        assert!(Failure::of(&error, Code::WRITING, "").follows);
    }
}
