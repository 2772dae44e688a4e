//! What became of one end of a transfer, and what must hold for the two ends together.

use super::end::End;
use super::plan::Plan;
use super::plan::Purpose;
use wirelore_tftp::{Failure, Instant, Parameters};

#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The name of the file.
    pub(crate) file: String,
    pub(crate) sends_file: bool,
    pub(crate) ended: Option<(Instant, Result<u64, Failure>)>,
    pub(crate) file_complete_at: Option<Instant>,
    pub(crate) parameters: Option<Parameters>,
    /// When the peer was heard for the last time, and the machine was last told of a timeout's end.
    pub(crate) last_heard: Instant,
    pub(crate) digest: u64,
}

impl Report {
    pub(crate) fn of(end: &End<'_>, sends_file: bool) -> Self {
        Self {
            file: end.file.name.clone(),
            sends_file,
            ended: end.watch.ended,
            file_complete_at: end.file_complete_at,
            parameters: None,
            last_heard: end.watch.last_heard,
            digest: 0,
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        matches!(self.ended, Some((_, Ok(_))))
    }
}

/// S1, S2 and the liveness rules for one client and everything that the server did for it.
pub(crate) fn judge(plan: &Plan, n: usize, client: &Report, server: &[Report]) {
    let mine = |report: &&Report| report.file == client.file;
    let name = &plan.clients[n].file.name;
    if plan.promises_content() && plan.clients[n].purpose != Purpose::Size {
        let pairs = server.iter().filter(mine);
        if client.sends_file {
            if let Some((at, Ok(_))) = client.ended {
                let complete = pairs
                    .clone()
                    .any(|s| s.file_complete_at.is_some_and(|t| t <= at));
                assert!(
                    complete,
                    "S2 {name}: sent with success, but nobody has it: {server:?}"
                );
            }
        } else {
            for sender in pairs.clone() {
                if let Some((at, Ok(_))) = sender.ended {
                    let complete = client.file_complete_at.is_some_and(|t| t <= at);
                    assert!(
                        complete,
                        "S2 {name}: sent with success, received incomplete: {client:?}"
                    );
                }
            }
        }
        let receivers = pairs.chain([client]).filter(|report| !report.sends_file);
        for receiver in receivers {
            assert!(
                !receiver.succeeded() || receiver.file_complete_at.is_some(),
                "S1 {name}: success with an incomplete file"
            );
        }
    }
    if plan.promises_success() {
        assert!(client.succeeded(), "L1 {name}: {client:?} and {server:?}");
    }
}
