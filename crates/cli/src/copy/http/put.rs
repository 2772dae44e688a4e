//! Sending.

use super::super::codes::{Code, Failure};
use super::super::local::Input;
use super::failure::{self, Trouble};
use super::flow::Reader;
use super::get::too_long;
use super::limit::{Limit, Slowness};
use super::retry::{Retries, Verdict};
use super::session::{AGAIN, Asked, Head, Session, Step, is_answered};
use super::{BLOCK, WINDOW, seconds};
use wirelore_tokio::http1::client::RequestBody;

/// From so many octets on the server is asked before they are sent.
const ASK_FIRST: u64 = 1 << 20;

/// A file on its way there.
pub(super) struct Put<'c> {
    session: Session<'c>,
    reader: Reader,
    size: Option<u64>,
    /// The source can be read from its beginning at any time.
    rereadable: bool,
    /// How far it was read.
    read: u64,
    /// So many octets were sent in the last try.
    pub(super) at: u64,
    limit: Limit,
    slowness: Slowness,
    retries: Retries,
    /// The server does not want to be asked first.
    no_expect: bool,
}

impl<'c> Put<'c> {
    pub(super) fn new(session: Session<'c>, input: Input) -> Self {
        let arguments = session.way.arguments;
        let options = &arguments.http;
        Self {
            limit: Limit::new(options.limit_rate),
            slowness: Slowness::new(options.speed_limit, options.speed_time),
            retries: Retries::new(arguments.retries, options.retry_max),
            session,
            rereadable: input.again.is_some(),
            size: input.size,
            reader: Reader::new(input.source),
            read: 0,
            at: 0,
            no_expect: false,
        }
    }

    pub(super) const fn session(&self) -> &Session<'c> {
        &self.session
    }

    pub(super) const fn retried(&self) -> u64 {
        self.retries.made
    }

    /// Sends all of it, however many tries that takes.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        // a file that says it is empty may be made up while it is read
        if self.size.is_none() && self.rereadable && self.reader.read(0, 1).await?.is_empty() {
            self.size = Some(0);
        }
        loop {
            let trouble = match self.once().await {
                Ok(()) => return Ok(()),
                Err(trouble) => trouble,
            };
            if !trouble.passing {
                return Err(trouble.failure);
            }
            if !self.can_rewind() {
                return Err(Failure {
                    text: format!("{}; the source cannot be read again", trouble.failure.text),
                    ..trouble.failure
                });
            }
            let lookout = self.session.lookout();
            match self.retries.next(trouble.after) {
                Verdict::Enough => return Err(trouble.failure),
                Verdict::TooLong(wait) => return Err(too_long(trouble.failure, wait)),
                Verdict::Again(wait) => {
                    let text = format!("* {}: again in {}", trouble.failure.text, seconds(wait));
                    lookout.say(&text);
                    lookout
                        .tools()
                        .progress(super::super::progress::Progress::waited);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Whether the source can be read from its beginning now.
    const fn can_rewind(&self) -> bool {
        self.rereadable || self.read <= WINDOW as u64
    }

    async fn once(&mut self) -> Result<(), Trouble> {
        let (mut address, mut followed, mut told) = (self.session.address(), 0, 0);
        loop {
            let mut more = Vec::new();
            if self.session.way.arguments.no_clobber {
                more.push(("If-None-Match", "*".to_owned()));
            }
            let body = match self.size {
                Some(size) => RequestBody::Length(size),
                None => RequestBody::Unknown,
            };
            let large = self.size.is_none_or(|size| size > ASK_FIRST);
            let asks = large || self.session.may_be_asked();
            if asks && self.size != Some(0) && !self.no_expect {
                more.push(("Expect", "100-continue".to_owned()));
            }
            let mut asked = self.session.begin(&address, "PUT", body, &more).await?;
            let head = self.send(&mut asked).await?;
            let again = match self.session.judge(&asked, &head, followed)? {
                Step::Answered if head.status() == 417 && !self.no_expect => {
                    self.no_expect = true;
                    true
                }
                Step::Answered => return self.answered(asked, &head).await,
                Step::Again if told < AGAIN => {
                    told += 1;
                    true
                }
                Step::Again => return Err(failure::login(&address, true, true, true).into()),
                Step::Elsewhere(next) => {
                    (address, told) = (next, 0);
                    followed += 1;
                    true
                }
            };
            if again && !self.can_rewind() {
                let text = format!(
                    "{}: the server says {} after {} octets were sent, and the source cannot be \
                     read again",
                    asked.address.shown(),
                    failure::status(&head),
                    self.at
                );
                return Err(Failure::new(Code::REWIND, text).into());
            }
            asked.exchange.discard().await;
        }
    }

    /// Sends what is to be sent until there is an answer.
    async fn send(&mut self, asked: &mut Asked) -> Result<Head, Trouble> {
        self.at = 0;
        let mut answered = asked.exchange.proceed().await.map(is_answered);
        if let Ok(false) = answered {
            self.session.lookout().begins(self.size, BLOCK);
        }
        self.slowness.begin();
        let mut ended = self.size == Some(0);
        while !ended && matches!(answered, Ok(false)) {
            let piece = self.piece().await?;
            ended = piece.1;
            let len = piece.0.len();
            if len > 0 {
                let sent = tokio::select! {
                    sent = asked.exchange.send(piece.0) => sent,
                    failure = self.slowness.silence() => return Err(Trouble::passing(failure)),
                };
                answered = sent.map(is_answered);
                self.at += len as u64;
                self.session.lookout().passed(self.at);
                self.limit.pass(len).await;
                self.slowness.passed(len as u64).map_err(Trouble::passing)?;
            }
        }
        if let Ok(false) = answered {
            answered = asked.exchange.finish(None).await.map(is_answered);
        }
        answered.map_err(|error| asked.trouble(error, true))?;
        let head = asked.exchange.response().await;
        head.map_err(|error| asked.trouble(error, true))
    }

    /// The next piece, and whether it is the last one. Nothing of the last one is sent before the end of
    /// the source was seen.
    async fn piece(&mut self) -> Result<(bytes::Bytes, bool), Failure> {
        let len = self.limit.piece();
        let piece = self.reader.read(self.at, len).await?;
        let end = self.at + piece.len() as u64;
        self.read = self.read.max(end);
        let changed = || Failure::new(Code::READING, "the source changed while it was sent");
        match self.size {
            None => Ok((piece.clone(), piece.len() < len)),
            Some(size) if end > size => Err(changed()),
            Some(size) if end < size && piece.len() < len => Err(changed()),
            Some(size) if end < size => Ok((piece, false)),
            Some(_) => {
                // the end is where it was said to be, and there it has to be
                if piece.len() == len && !self.reader.read(end, 1).await?.is_empty() {
                    return Err(changed());
                }
                Ok((piece, true))
            }
        }
    }

    async fn answered(&mut self, mut asked: Asked, head: &Head) -> Result<(), Trouble> {
        let status = head.status();
        if let Some(etag) = head.fields().value("ETag") {
            self.session.etag = Some(wirelore_core::escape(&etag).to_string());
        }
        match status {
            200..=299 => {
                let size = self.size.unwrap_or(self.at);
                if self.at < size {
                    let text = format!(
                        "{}: the server was content with {} of {size} octets",
                        asked.address.shown(),
                        self.at
                    );
                    return Err(Failure::new(Code::PARTIAL, text).into());
                }
                asked.exchange.discard().await;
                Ok(())
            }
            412 if self.session.way.arguments.no_clobber => {
                let text = format!(
                    "{}: exists already, and --no-clobber was given",
                    asked.address.shown()
                );
                Err(Failure::new(Code::REFUSED, text).into())
            }
            300..=399 => {
                let text = failure::refusal(&asked.address, head, None);
                Err(Failure::new(Code::HTTP_ERROR, text).into())
            }
            _ => Err(self.session.refused(asked, head).await),
        }
    }
}
