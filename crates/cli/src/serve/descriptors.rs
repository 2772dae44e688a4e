//! How many files and connections may be open.

/// So many are kept for everything that is no connection.
const SPARE: u64 = 64;

/// Takes as many as this process may have: the usual limit is for programs that want few.
#[cfg(unix)]
pub(super) fn raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some() && current != maximum {
        let raised = Rlimit {
            current: maximum,
            maximum,
        };
        // if not, there are as many as there were
        let _ = setrlimit(Resource::Nofile, raised);
    }
}

#[cfg(not(unix))]
pub(super) fn raise() {}

/// How many connections fit, if each may have a file open.
#[cfg(unix)]
pub(super) fn connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    fitting(limit)
}

#[cfg(not(unix))]
pub(super) fn connections() -> usize {
    fitting(None)
}

fn fitting(limit: Option<u64>) -> usize {
    let fit = limit.map(|limit| (limit.saturating_sub(SPARE) / 2).max(1));
    fit.and_then(|fit| usize::try_from(fit).ok())
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_a_file() {
        assert_eq!(fitting(Some(1024)), 480);
        assert_eq!(fitting(Some(10)), 1);
        assert_eq!(fitting(None), usize::MAX);
    }
}
