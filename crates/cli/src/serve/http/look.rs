//! GET and HEAD: files and folders.

use super::account::Account;
use super::answer::{self, Answer, bounded, part_fields, parts_fields, span};
use super::entity::{Content, Entity};
use super::facts::Facts;
use super::folder::{self, Shown};
use super::plan::{Plan, plan};
use super::visitor::{Job, Visitor, path, target};
use crate::policy::{Asker, Denied, Looked, Policy, Readable};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;
use wirelore_http1::encode::{Body, Response};
use wirelore_http1::value::multipart::Writer;
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::value::range::ByteRange;
use wirelore_tokio::http1::server::{Exchange, ExchangeError, Transport};

/// Before the last so many octets of a file it is looked at again.
const LAST: u64 = 64 << 10;

/// What is found under a name.
enum Found {
    File(Arc<Entity>),
    Folder(Shown),
    Answer(Answer),
}

pub(super) async fn work<T: Transport>(
    visitor: &Visitor,
    job: &Job,
    facts: &Facts<'_>,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let entity = match find(visitor, job).await {
        Ok(Found::File(entity)) => entity,
        Ok(Found::Folder(shown)) => {
            return folder::send(shown, visitor, job, facts, exchange, account).await;
        }
        Ok(Found::Answer(answer)) => return answer::send(&answer, facts, exchange, account),
        Err(denied) => {
            return answer::send(&Answer::denied(denied, false), facts, exchange, account);
        }
    };
    let plan = plan(job.head.method(), facts, &entity, answer::now());
    let failed = match plan {
        Plan::Whole => return whole(&entity, exchange, account).await,
        Plan::Part(range) => return part(&entity, range, exchange, account).await,
        Plan::Parts(ranges) => return parts(&entity, &ranges, exchange, account).await,
        Plan::NotModified => {
            account.answers(304);
            exchange.respond(&Response::new(304, &entity.bare), Body::Empty)?;
            return exchange.finish(None);
        }
        Plan::Failed => Answer::error(412, "the file is not the one that is expected"),
        Plan::Unsatisfiable => answer::unsatisfiable(&entity),
    };
    answer::send(&failed, facts, exchange, account)
}

async fn whole<T: Transport>(
    entity: &Entity,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let len = entity.identity.len;
    account.answers(200);
    exchange.respond(&Response::new(200, &entity.fields), Body::Length(len))?;
    if exchange.wants_body() {
        account.begins(Some(len));
        send(entity, 0, len, exchange, account).await?;
    }
    exchange.finish(None)
}

async fn part<T: Transport>(
    entity: &Entity,
    range: ByteRange,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    account.answers(206);
    account.begins(Some(range.len()));
    let fields = part_fields(entity, range)?;
    exchange.respond(&Response::new(206, &fields), Body::Length(range.len()))?;
    send(entity, range.first(), range.len(), exchange, account).await?;
    exchange.finish(None)
}

async fn parts<T: Transport>(
    entity: &Entity,
    ranges: &[ByteRange],
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let boundary = answer::boundary();
    let unfit = |_| ExchangeError::Unfinished;
    let writer = Writer::new(bounded(&boundary)?, Some(entity.identity.len));
    let writer = writer
        .with_content_type(entity.kind.as_bytes())
        .map_err(|_| ExchangeError::Unfinished)?;
    let len = writer
        .encoded_len(ranges)
        .ok_or(ExchangeError::Unfinished)?;
    account.answers(206);
    account.begins(Some(ranges.iter().map(|range| range.len()).sum()));
    let fields = parts_fields(entity, &writer)?;
    exchange.respond(&Response::new(206, &fields), Body::Length(len))?;
    for &range in ranges {
        let mut head = Vec::new();
        writer.part_head(range, &mut head).map_err(unfit)?;
        account.sends(head.len() as u64);
        exchange.send(head.into()).await?;
        send(entity, range.first(), range.len(), exchange, account).await?;
    }
    let mut end = Vec::new();
    writer.close(&mut end);
    account.sends(end.len() as u64);
    exchange.send(end.into()).await?;
    exchange.finish(None)
}

/// Sends octets of the file.
async fn send<T: Transport>(
    entity: &Entity,
    offset: u64,
    len: u64,
    exchange: &mut Exchange<'_, T>,
    account: &mut Account<'_>,
) -> Result<(), ExchangeError> {
    let file = match &entity.content {
        Content::File(file, _) => file,
        Content::Memory(content) => {
            let Some(range) = len
                .checked_sub(1)
                .and_then(|last| ByteRange::new(offset, offset + last))
            else {
                return Ok(());
            };
            exchange.send(content.slice(span(range))).await?;
            account.moves(len);
            return Ok(());
        }
    };
    let last = len.min(LAST);
    let moves = |octets| account.moves(octets);
    exchange.send_file(file, offset, len - last, moves).await?;
    if entity.has_changed() {
        let text = "the file was changed while it was sent";
        return Err(ExchangeError::Source(io::Error::other(text)));
    }
    let moves = |octets| account.moves(octets);
    exchange
        .send_file(file, offset + len - last, last, moves)
        .await
}

/// Looks on the disk, where that is allowed to take its time.
async fn find(visitor: &Visitor, job: &Job) -> Result<Found, Denied> {
    let (policy, asker) = (visitor.policy(), visitor.asker());
    let house = Arc::clone(&visitor.house);
    let target = target(&job.head).into_owned();
    let key = path(&job.head).to_vec();
    let looked = tokio::task::spawn_blocking(move || {
        let Ok(path) = Path::parse(&target, &rules()) else {
            let text = "this is no path to a file";
            return Ok(Found::Answer(Answer::error(400, text)));
        };
        let mut name = path.segments.join(&b'/');
        if path.directory {
            name.push(b'/');
        }
        let folder = match policy.look(&asker, &name)? {
            Looked::File(readable) => {
                let (entity, keep) = entity(readable)?;
                if keep {
                    house.shelf.put(&policy, &key, &entity);
                }
                return Ok(Found::File(entity));
            }
            Looked::Folder(folder) => folder,
        };
        if !path.directory && !path.segments.is_empty() {
            return Ok(Found::Answer(moved(&target, &key)));
        }
        for (index, name) in house.options.index().enumerate() {
            if let Some(readable) = index_of(&policy, &asker, folder.path(), name) {
                let (entity, keep) = entity(readable)?;
                // under another spelling it may come to be another folder
                if keep && index == 0 && folder.path() == path.segments.join(&b'/') {
                    house.shelf.put(&policy, &key, &entity);
                }
                return Ok(Found::File(entity));
            }
        }
        if !house.options.lists() {
            let mut answer = Answer::error(403, "folders are not shown");
            answer.because("folders are not shown (--http-no-listing)");
            return Ok(Found::Answer(answer));
        }
        Ok(Found::Folder(Shown {
            folder,
            path: path.segments.join(&b'/'),
            query: path.query.map(<[u8]>::to_vec),
        }))
    });
    match looked.await {
        Ok(looked) => looked,
        Err(gone) => Err(Denied::from_io(&io::Error::other(gone), "")),
    }
}

/// What may stand in a path: whatever a file may be called. The logs escape it.
pub(super) fn rules() -> Rules {
    let mut rules = Rules::default();
    rules.allow_control_octets = true;
    rules
}

fn entity(readable: Readable) -> Result<(Arc<Entity>, bool), Denied> {
    let shown = readable.shown.clone();
    match Entity::of(readable, SystemTime::now()) {
        Ok((entity, keep)) => Ok((Arc::new(entity), keep)),
        Err(error) => Err(Denied::from_io(&error, &shown)),
    }
}

/// The file that stands for a folder.
fn index_of(policy: &Policy, asker: &Asker, folder: &[u8], name: &str) -> Option<Readable> {
    let path = match folder {
        b"" => name.as_bytes().to_vec(),
        folder => [folder, name.as_bytes()].join(&b'/'),
    };
    match policy.look(asker, &path) {
        Ok(Looked::File(readable)) => Some(readable),
        Ok(Looked::Folder(_)) => None,
        Err(_) => None,
    }
}

fn query(target: &[u8]) -> Option<&[u8]> {
    let question = target.iter().position(|&octet| octet == b'?')?;
    target.get(question + 1..)
}

/// A folder that was asked for like a file.
fn moved(target: &[u8], path: &[u8]) -> Answer {
    let mut place = path.to_vec();
    place.push(b'/');
    // `//host/` would lead to another host
    let slashes = place.iter().take_while(|&&octet| octet == b'/').count();
    place.drain(..slashes.saturating_sub(1));
    if let Some(query) = query(target) {
        place.push(b'?');
        place.extend_from_slice(query);
    }
    let mut answer = Answer::page(
        301,
        "text/plain",
        "the folder is here, with a slash behind it\n",
    );
    answer.field("Location", &place);
    answer
}
