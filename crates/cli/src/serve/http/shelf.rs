//! Small files that were asked for, kept as long as they are what the disk has.

use super::entity::{Content, Entity};
use crate::policy::Policy;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// The most files, and the most octets of them.
const FILES: usize = 1024;
const OCTETS: u64 = 16 << 20;
/// Longer names are not kept.
const NAME: usize = 1024;

/// By the path of the target, as it was sent. What is here every peer may have, as long as the
/// policy is the same.
#[derive(Default)]
pub(super) struct Shelf(Mutex<State>);

#[derive(Default)]
struct State {
    policy: Option<Arc<Policy>>,
    entities: HashMap<Vec<u8>, Arc<Entity>>,
    /// In the order they came.
    names: VecDeque<Vec<u8>>,
    octets: u64,
}

impl Shelf {
    /// The file, if it is still the same on the disk: one system call.
    pub(super) fn take(&self, policy: &Arc<Policy>, name: &[u8]) -> Option<Arc<Entity>> {
        let entity = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.keep_to(policy);
            Arc::clone(state.entities.get(name)?)
        };
        policy
            .is_still(&entity.path, &entity.identity)
            .then_some(entity)
    }

    pub(super) fn put(&self, policy: &Arc<Policy>, name: &[u8], entity: &Arc<Entity>) {
        if name.len() > NAME || !matches!(entity.content, Content::Memory(_)) {
            return;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.keep_to(policy);
        let State {
            entities,
            names,
            octets,
            ..
        } = &mut *state;
        match entities.insert(name.to_vec(), Arc::clone(entity)) {
            Some(old) => *octets -= old.identity.len,
            None => names.push_back(name.to_vec()),
        }
        *octets += entity.identity.len;
        while (*octets > OCTETS || entities.len() > FILES)
            && let Some(first) = names.pop_front()
        {
            if let Some(gone) = entities.remove(&first) {
                *octets -= gone.identity.len;
            }
        }
    }
}

impl State {
    /// Forgets what another policy allowed.
    fn keep_to(&mut self, policy: &Arc<Policy>) {
        if !self
            .policy
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, policy))
        {
            *self = Self {
                policy: Some(Arc::clone(policy)),
                ..Self::default()
            };
        }
    }
}
