//! PUT and DELETE.

use super::account::Account;
use super::answer::{self, Answer};
use super::entity::Validators;
use super::facts::Facts;
use super::look::rules;
use super::visitor::{Job, Visitor, Work, target};
use crate::policy::{Denied, Expect, Finished, Upload};
use bytes::Bytes;
use std::io;
use std::mem::take;
use std::time::SystemTime;

use wirelore_http1::value::conditional::{Outcome, Recipient};
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::wire::Framing;
use wirelore_tokio::http1::server::{Exchange, ExchangeError, Transport};

/// So many octets are written to the disk at a time.
const PIECE: usize = 256 << 10;
/// Shorter pieces of a body are copied behind each other.
const JOIN: usize = 16 << 10;

pub(super) async fn put<T: Transport>(
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let answer = match begin(visitor, job, facts).await {
        Err(answer) => answer,
        Ok((upload, expect)) => {
            account.begins(length(job));
            receive(upload, expect, exchange, account).await?
        }
    };
    answer::send(&answer, facts, exchange, account)
}

pub(super) async fn delete<T: Transport>(
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let answer = match name(job) {
        Err(answer) => *answer,
        Ok(name) => {
            let expect = expected(visitor, job, facts, &name).await;
            let (policy, asker) = (visitor.policy(), visitor.asker());
            // what is refused anyway is refused whatever the conditions (RFC 9110 section 13.2.1)
            let met = expect.as_ref().copied().unwrap_or(Expect::Nothing);
            let removed = blocking(move || policy.remove_if(&asker, &name, met)).await;
            match (removed, expect) {
                (Err(denied), _) => Answer::denied(denied, false),
                (_, Err(answer)) => answer,
                (Ok(true), _) => Answer::empty(204),
                (Ok(false), _) => unexpected(),
            }
        }
    };
    answer::send(&answer, facts, exchange, account)
}

/// The length of the body, if it is known before it comes.
fn length(job: &Job) -> Option<u64> {
    match job.head.framing() {
        Framing::Length(len) => Some(len),
        _ => None,
    }
}

/// Whatever can be refused before the body comes.
async fn begin(
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
) -> Result<(Upload, Expect), Answer> {
    if job.head.framing() == Framing::None {
        // an empty file has Content-Length: 0
        let text = "how long the file is has to be said: Content-Length";
        return Err(Answer::error(411, text));
    }
    if facts.content_range {
        // RFC 9110 section 14.5
        return Err(Answer::error(400, "parts of files are not taken"));
    }
    if facts.content_encoding {
        let mut answer = Answer::error(415, "files are taken as they are, without coding");
        answer.field("Accept-Encoding", b"identity");
        return Err(answer);
    }
    let name = name(job).map_err(|answer| *answer)?;
    let (policy, asker) = (visitor.policy(), visitor.asker());
    let (len, wanted) = (length(job), name.clone());
    let upload = blocking(move || {
        let upload = policy.write(&asker, &wanted)?;
        if let Some(len) = len {
            upload.announced(len)?;
        }
        Ok(upload)
    });
    let upload = match upload.await {
        Ok(upload) => upload,
        Err(denied) => return Err(Answer::denied(denied, true)),
    };
    // what is refused anyway is refused whatever the conditions (RFC 9110 section 13.2.1)
    let expect = expected(visitor, job, facts, &name).await?;
    Ok((upload, expect))
}

/// What the path names.
fn name(job: &Job) -> Result<Vec<u8>, Box<Answer>> {
    // a name that could deceive people or scripts may be removed, but not made
    let rules = match job.work {
        Work::Put => Rules::default(),
        _ => rules(),
    };
    let target = target(&job.head);
    let Ok(path) = Path::parse(&target, &rules) else {
        return Err(Answer::error(400, "this is no path to a file").into());
    };
    if path.directory || path.segments.is_empty() {
        return Err(Answer::error(409, "this is the name of a folder").into());
    }
    if path.query.is_some() {
        return Err(Answer::error(400, "a file has no query").into());
    }
    Ok(path.segments.join(&b'/'))
}

/// What has to be there for the conditions of the request to hold.
async fn expected(
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
    name: &[u8],
) -> Result<Expect, Answer> {
    if facts.conditions.is_empty() {
        return Ok(Expect::Anything);
    }
    let (policy, asker, name) = (visitor.policy(), visitor.asker(), name.to_vec());
    let identity = blocking(move || policy.identity(&asker, &name))
        .await
        .map_err(|denied| Answer::denied(denied, true))?;
    let validators = identity.map(|identity| Validators::of(&identity, SystemTime::now()));
    let now = answer::now();
    let selected = validators
        .as_ref()
        .map(|validators| validators.selected(now));
    let outcome =
        facts
            .conditions
            .evaluate(job.head.method(), selected.as_ref(), Recipient::Origin, now);
    match (outcome, identity) {
        (Outcome::PreconditionFailed | Outcome::NotModified, _) => Err(unexpected()),
        (_, Some(identity)) => Ok(Expect::This(identity)),
        (_, None) => Ok(Expect::Nothing),
    }
}

fn unexpected() -> Answer {
    Answer::error(412, "the file is not the one that is expected")
}

/// Takes the body.
async fn receive<T: Transport>(
    mut upload: Upload,
    expect: Expect,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<Answer, ExchangeError> {
    let shown = upload.shown().to_owned();
    let (mut pieces, mut offset) = (Pieces::default(), 0);
    loop {
        let piece = exchange.data().await?;
        let last = piece.is_none();
        if let Some(piece) = piece {
            pieces.add(piece);
        }
        if pieces.len < PIECE && !last {
            continue;
        }
        let len = pieces.len as u64;
        let (written, back) = write(upload, offset, pieces.take()).await;
        if let Err(error) = written {
            exchange.close_after();
            return Ok(Answer::denied(Denied::from_io(&error, &shown), true));
        }
        offset += len;
        account.moves(len);
        upload = back?;
        if last {
            break;
        }
    }
    let finished = blocking_io(move || upload.finish_if(expect)).await;
    Ok(match finished {
        Ok(Finished::Created) => Answer::empty(201),
        Ok(Finished::Replaced) => Answer::empty(204),
        Ok(Finished::Unexpected) => unexpected(),
        Err(error) => Answer::denied(Denied::from_io(&error, &shown), true),
    })
}

/// What waits to be written.
#[derive(Default)]
struct Pieces {
    whole: Vec<Bytes>,
    /// Behind these.
    joined: Vec<u8>,
    len: usize,
}

impl Pieces {
    /// A piece keeps the buffer that it came in, so short ones are copied: what is kept is never much more
    /// than what came.
    fn add(&mut self, piece: Bytes) {
        self.len += piece.len();
        if piece.len() < JOIN {
            self.joined.extend_from_slice(&piece);
        } else {
            self.close();
            self.whole.push(piece);
        }
    }

    fn close(&mut self) {
        if !self.joined.is_empty() {
            self.whole.push(take(&mut self.joined).into());
        }
    }

    fn take(&mut self) -> Vec<Bytes> {
        self.close();
        self.len = 0;
        take(&mut self.whole)
    }
}

/// Writes pieces to the disk, elsewhere.
async fn write(
    mut upload: Upload,
    offset: u64,
    pieces: Vec<Bytes>,
) -> (io::Result<()>, io::Result<Upload>) {
    let written = blocking_io(move || {
        let mut at = offset;
        for piece in &pieces {
            if let Err(error) = upload.write_at(at, piece) {
                return Ok((Err(error), upload));
            }
            at += piece.len() as u64;
        }
        Ok((Ok(()), upload))
    });
    match written.await {
        Ok((written, upload)) => (written, Ok(upload)),
        Err(gone) => (Ok(()), Err(gone)),
    }
}

async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Denied> + Send + 'static,
) -> Result<R, Denied> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(gone) => Err(Denied::from_io(&io::Error::other(gone), "")),
    }
}

async fn blocking_io<R: Send + 'static>(
    work: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(gone) => Err(io::Error::other(gone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_keep_no_buffers() {
        let buffer = Bytes::from(vec![7; JOIN]);
        let mut pieces = Pieces::default();
        for _ in 0..1000 {
            pieces.add(buffer.slice(..1));
        }
        pieces.add(buffer.clone());
        pieces.add(buffer.slice(..2));
        assert_eq!(pieces.len, 1002 + JOIN);
        let taken = pieces.take();
        let lens: Vec<_> = taken.iter().map(Bytes::len).collect();
        assert_eq!(lens, [1000, JOIN, 2]);
        assert_eq!((pieces.len, pieces.take().len()), (0, 0));
    }
}
