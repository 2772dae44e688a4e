//! One connection: its requests, answered at once where that is possible.

use super::House;
use super::account::{Account, Line};
use super::answer::{self, Answer};
use super::facts::Facts;
use super::plan::plan;
use super::users::{Asked, Verdict};
use crate::policy::{Asker, Policy};
use crate::serve::guests;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use wirelore_http1::Error;
use wirelore_http1::encode::Response;
use wirelore_http1::wire::{MethodKind, RequestHead, TargetForm};
use wirelore_tokio::http1::server::{Begun, Exchange, ExchangeError, Handler, Reply, Transport};

/// A guest at the house.
pub(super) struct Visitor {
    pub(super) house: Arc<House>,
    pub(super) peer: SocketAddr,
    pub(super) secure: bool,
}

/// What cannot be done at once.
pub(super) struct Job {
    pub(super) head: RequestHead<Vec<u8>>,
    pub(super) user: Option<Arc<str>>,
    pub(super) since: Instant,
    pub(super) work: Work,
}

pub(super) enum Work {
    /// GET and HEAD: the file has to be opened.
    Look,
    Put,
    Delete,
    /// The answer is known, but held back for a while.
    Later(Box<Answer>, Duration),
}

impl Handler for Visitor {
    type Job = Job;

    fn begin(&mut self, head: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<Job> {
        let since = Instant::now();
        let facts = Facts::of(head);
        let user = match self.let_in(head, &facts) {
            Ok(user) => user,
            Err((answer, pause)) if pause.is_zero() => {
                return self.reply(head, &facts, since, None, &answer, reply);
            }
            Err((answer, pause)) => {
                return Begun::Work(job(head, since, None, Work::Later(answer, pause)));
            }
        };
        let work = match self.route(head) {
            Ok(work) => work,
            Err(answer) => return self.reply(head, &facts, since, user.as_deref(), &answer, reply),
        };
        if matches!(work, Work::Look)
            && let policy = self.policy()
            && policy.lets_in(&self.asker()).is_ok()
            && let Some(entity) = self.house.shelf.take(&policy, path(head))
        {
            let plan = plan(head.method(), &facts, &entity, answer::now());
            if let Some(sent) = answer::from_memory(&entity, &plan, head.method() == b"HEAD", reply)
            {
                self.account(&Line {
                    user: user.as_deref(),
                    since,
                    status: sent.status,
                    sent: sent.octets,
                    moved: sent.octets,
                    name: path(head),
                    ..Line::of(head, &facts)
                });
                return Begun::Answered;
            }
        }
        Begun::Work(job(head, since, user, work))
    }

    async fn work<T: Transport>(
        &mut self,
        job: Job,
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let facts = Facts::of(&job.head);
        let mut account = Account::new(self, &job, &facts);
        let done = match &job.work {
            Work::Look => super::look::work(self, &job, &facts, exchange, &mut account).await,
            Work::Put => super::store::put(self, &job, &facts, exchange, &mut account).await,
            Work::Delete => super::store::delete(self, &job, &facts, exchange, &mut account).await,
            Work::Later(answer, pause) => {
                sleep(*pause).await;
                answer::send(answer, &facts, exchange, &mut account)
            }
        };
        // what the log calls sent is with the system
        let done = match done {
            Ok(()) => exchange.flush().await,
            Err(error) => Err(error),
        };
        account.close(&done);
        done
    }

    fn refused(&mut self, error: &Error) {
        self.house.refused(self, error);
    }
}

fn job(head: &RequestHead<&[u8]>, since: Instant, user: Option<Arc<str>>, work: Work) -> Job {
    Job {
        head: (*head).map(<[u8]>::to_vec),
        user,
        since,
        work,
    }
}

/// Path and query of the target. A URL without a path has the path `/` (RFC 9110 section 4.2.3).
pub(super) fn target<B: AsRef<[u8]>>(head: &RequestHead<B>) -> Cow<'_, [u8]> {
    match head.path_and_query() {
        target @ [b'/', ..] => target.into(),
        rest => [b"/", rest].concat().into(),
    }
}

/// The path of the target, as it was sent.
pub(super) fn path<B: AsRef<[u8]>>(head: &RequestHead<B>) -> &[u8] {
    let target = head.path_and_query();
    match target.iter().position(|&octet| octet == b'?') {
        Some(question) => &target[..question],
        None => target,
    }
}

impl Visitor {
    pub(super) fn policy(&self) -> Arc<Policy> {
        guests::policy(&self.house.policy)
    }

    /// Whether an absolute URI can be ours: one of https only over TLS.
    fn serves(&self, target: &[u8]) -> bool {
        let starts = |scheme: &[u8]| {
            let start = target.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        starts(b"http://") || self.secure && starts(b"https://")
    }

    pub(super) fn asker(&self) -> Asker {
        Asker {
            protocol: "http",
            peer: self.peer.ip(),
        }
    }

    /// Who asks, if that has to be known and is; or else what is said, and after how long.
    fn let_in(
        &self,
        head: &RequestHead<&[u8]>,
        facts: &Facts<'_>,
    ) -> Result<Option<Arc<str>>, (Box<Answer>, Duration)> {
        let gate = &self.house.gate;
        if !gate.has_users() {
            return Ok(None);
        }
        let asked = Asked {
            method: head.method(),
            target: head.target(),
            authorization: facts.authorization,
            secure: self.secure,
        };
        let (mut answer, failed) = match gate.check(&asked, Instant::now()) {
            Verdict::Open => return Ok(None),
            Verdict::User(user) => return Ok(Some(user)),
            Verdict::Challenge(values, failed) => {
                let mut answer = Answer::error(401, "a user and a password are needed");
                for value in values {
                    answer.field("WWW-Authenticate", &value);
                }
                (answer, failed)
            }
            Verdict::Malformed(failed) => (Answer::error(400, failed.why), Some(failed)),
        };
        let pause = failed
            .as_ref()
            .map_or_else(Default::default, |failed| failed.pause);
        if let Some(failed) = failed {
            answer.because(failed.why);
        }
        Err((Box::new(answer), pause))
    }

    /// What is to be done, or why not.
    fn route(&self, head: &RequestHead<&[u8]>) -> Result<Work, Box<Answer>> {
        let no = |answer| Err(Box::new(answer));
        if head.expect_other() {
            return no(Answer::error(417, "only 100-continue can be expected"));
        }
        if head.method() == b"OPTIONS" {
            return no(self.options());
        }
        match head.target_form() {
            TargetForm::Origin => {}
            TargetForm::Absolute if self.serves(head.target()) => {}
            TargetForm::Absolute => {
                // RFC 9110 section 7.4
                return no(Answer::error(421, "this is not served here"));
            }
            _ => return no(self.not_allowed()),
        }
        match (head.kind(), head.method()) {
            (MethodKind::Get | MethodKind::Head, _) => Ok(Work::Look),
            (_, b"PUT") if self.policy().lets_upload(&self.asker()) => Ok(Work::Put),
            (_, b"DELETE") if self.policy().lets_remove(&self.asker()) => Ok(Work::Delete),
            (_, b"PUT" | b"DELETE" | b"POST" | b"TRACE" | b"CONNECT" | b"PATCH") => {
                no(self.not_allowed())
            }
            _ => no(Answer::error(501, "this method is not known here")),
        }
    }

    fn allow(&self) -> &'static str {
        let (policy, asker) = (self.policy(), self.asker());
        match (policy.lets_upload(&asker), policy.lets_remove(&asker)) {
            (true, true) => "GET, HEAD, OPTIONS, PUT, DELETE",
            (true, false) => "GET, HEAD, OPTIONS, PUT",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    fn options(&self) -> Answer {
        let mut answer = Answer::empty(204);
        answer.field("Allow", self.allow().as_bytes());
        answer.field("Accept-Ranges", b"bytes");
        answer
    }

    fn not_allowed(&self) -> Answer {
        let mut answer = Answer::error(405, "this method is not allowed here");
        answer.field("Allow", self.allow().as_bytes());
        answer
    }

    /// Answers at once.
    fn reply(
        &self,
        head: &RequestHead<&[u8]>,
        facts: &Facts<'_>,
        since: Instant,
        user: Option<&str>,
        answer: &Answer,
        reply: &mut Reply<'_>,
    ) -> Begun<Job> {
        let (fields, body) = answer.rendered(facts);
        let response = Response::new(answer.status, &fields);
        // none of these fails: the fields are our own
        let said = match answer.status {
            204 => reply.respond_head(&response, None),
            _ => reply.respond(&response, &body),
        };
        debug_assert!(said.is_ok(), "{said:?}");
        self.account(&Line {
            user,
            since,
            status: answer.status,
            sent: match head.kind() {
                MethodKind::Head => 0,
                _ => body.len() as u64,
            },
            moved: 0,
            error: answer.why(),
            name: path(head),
            ..Line::of(head, facts)
        });
        Begun::Answered
    }
}
