//! The connections that are open, for people.

use super::super::progress::seconds;
use wirelore_core::escape;
use wirelore_tokio::http1::client::OpenConnection;

/// The rows of a table, its head first.
pub(super) fn table(open: impl Iterator<Item = OpenConnection>) -> Vec<String> {
    let mut rows = vec![row("origin", "address", "since", "requests", "state")];
    for connection in open {
        let facts = &connection.facts;
        let address = match &facts.proxy {
            Some((host, port)) => format!("{} (proxy {}:{port})", facts.peer, escape(host)),
            None => facts.peer.to_string(),
        };
        rows.push(row(
            &facts.origin.to_string(),
            &address,
            &seconds(facts.since.elapsed()),
            &connection.requests.to_string(),
            if connection.idle { "idle" } else { "in use" },
        ));
    }
    rows
}

fn row(origin: &str, address: &str, since: &str, requests: &str, state: &str) -> String {
    format!("{origin:<32}  {address:<24}  {since:>9}  {requests:>8}  {state}")
}
