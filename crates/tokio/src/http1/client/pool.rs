use super::PoolLimits;
use super::connection::Connection;
use super::proxy::Route;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Connections that no exchange uses, the one that was used last at the end.
pub(super) struct Pool {
    limits: PoolLimits,
    idle: Mutex<VecDeque<(Instant, Connection)>>,
}

impl Pool {
    pub(super) const fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            idle: Mutex::new(VecDeque::new()),
        }
    }

    /// The one that was used last of those that go this way.
    pub(super) fn take(&self, route: &Route) -> Option<Connection> {
        self.sweep();
        let mut idle = self.idle();
        let at = idle.iter().rposition(|(_, it)| it.route == *route)?;
        idle.remove(at).map(|(_, connection)| connection)
    }

    pub(super) fn put(&self, connection: Connection) {
        self.sweep();
        if self.limits.idle == 0 || self.limits.idle_per_origin == 0 {
            return;
        }
        connection.idle();
        let mut closed = Vec::new();
        {
            let mut idle = self.idle();
            let same = |(_, it): &(_, Connection)| it.route == connection.route;
            if idle.iter().filter(|it| same(it)).count() >= self.limits.idle_per_origin {
                let oldest = idle.iter().position(same);
                closed.extend(oldest.and_then(|oldest| idle.remove(oldest)));
            }
            if idle.len() >= self.limits.idle {
                closed.extend(idle.pop_front());
            }
            idle.push_back((Instant::now(), connection));
        }
        // They call the observer, so they are dropped outside the lock.
        drop(closed);
    }

    /// Closes what has been idle for too long.
    pub(super) fn sweep(&self) {
        let mut old = Vec::new();
        {
            let mut idle = self.idle();
            while let Some((since, _)) = idle.front()
                && since.elapsed() >= self.limits.idle_time
            {
                old.extend(idle.pop_front());
            }
        }
        drop(old);
    }

    pub(super) fn clear(&self) {
        let all = core::mem::take(&mut *self.idle());
        drop(all);
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Instant, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
