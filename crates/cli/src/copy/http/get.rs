//! Fetching.

use super::super::codes::{Code, Failure};
use super::super::output::Output;
use super::failure::{self, Trouble};
use super::flow::Writer;
use super::limit::{Limit, Slowness};
use super::resume::{Rest, Version};
use super::retry::{Retries, Verdict};
use super::session::{Asked, Head, Session};
use super::verify::Verifier;
use super::{BLOCK, disposition, seconds};
use std::io::Read;
use wirelore_http1::wire::{Fields, Framing};

/// A file on its way here.
pub(super) struct Get<'c> {
    session: Session<'c>,
    output: Output,
    writer: Option<Writer>,
    /// So many octets are there.
    pub(super) at: u64,
    version: Version,
    verifier: Verifier,
    limit: Limit,
    slowness: Slowness,
    retries: Retries,
    /// Where an earlier copy had ended.
    pub(super) resumed: Option<u64>,
    /// What the server calls the file.
    pub(super) name: Option<String>,
    begun: bool,
}

/// What an answer turned out to be.
enum Answer {
    /// The file from its beginning.
    Whole(Option<u64>),
    /// The rest of it, up to there.
    Rest(u64),
    /// There is no rest.
    Complete,
    /// Another file than that of which we have the beginning: it has to be asked for.
    Stale,
}

impl<'c> Get<'c> {
    pub(super) fn new(session: Session<'c>, output: Output) -> Self {
        let arguments = session.way.arguments;
        let options = &arguments.http;
        Self {
            limit: Limit::new(options.limit_rate),
            slowness: Slowness::new(options.speed_limit, options.speed_time),
            retries: Retries::new(arguments.retries, options.retry_max),
            session,
            output,
            writer: None,
            at: 0,
            version: Version::default(),
            verifier: Verifier::default(),
            resumed: None,
            name: None,
            begun: false,
        }
    }

    pub(super) const fn session(&self) -> &Session<'c> {
        &self.session
    }

    pub(super) const fn retried(&self) -> u64 {
        self.retries.made
    }

    /// Fetches all of it, however many tries that takes.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        self.look_for_the_beginning()?;
        let result = loop {
            let trouble = match self.once().await {
                Ok(()) => break Ok(()),
                Err(trouble) => trouble,
            };
            match self.again(trouble) {
                Ok(wait) => tokio::time::sleep(wait).await,
                Err(failure) => break Err(failure),
            }
        };
        let result = match (result, self.writer.take()) {
            (result, None) => result,
            (Ok(()), Some(writer)) => writer.finish().await,
            // what came is kept, if it is to be kept
            (Err(failure), Some(writer)) => Err(writer.close().await.err().unwrap_or(failure)),
        };
        if let Err(failure) = &result
            && matches!(failure.code, Code::CHECKSUM | Code::TOO_LARGE)
        {
            self.output.discard();
        }
        result
    }

    /// Writes what has come, if there is time for it.
    pub(super) async fn give_up(&mut self) {
        if let Some(writer) = self.writer.take() {
            let _ = writer.close().await;
        }
    }

    fn look_for_the_beginning(&mut self) -> Result<(), Failure> {
        let url = self.session.address().text();
        let Some((len, notes)) = self.output.left(&url)? else {
            return Ok(());
        };
        self.version = Version::noted(notes);
        (self.at, self.resumed) = (len, Some(len));
        self.session
            .lookout()
            .say(&format!("* {len} octets are there already"));
        Ok(())
    }

    /// How long to wait before the next try.
    fn again(&mut self, trouble: Trouble) -> Result<std::time::Duration, Failure> {
        if !trouble.passing {
            return Err(trouble.failure);
        }
        let lookout = self.session.lookout();
        match self.retries.next(trouble.after) {
            Verdict::Enough => Err(trouble.failure),
            Verdict::TooLong(wait) => Err(too_long(trouble.failure, wait)),
            Verdict::Again(wait) => {
                let text = format!("* {}: again in {}", trouble.failure.text, seconds(wait));
                lookout.say(&text);
                lookout
                    .tools()
                    .progress(super::super::progress::Progress::waited);
                Ok(wait)
            }
        }
    }

    async fn once(&mut self) -> Result<(), Trouble> {
        let mut more = Vec::new();
        if self.at > 0 {
            match self.version.validator() {
                Some(validator) => {
                    more.push(("Range", format!("bytes={}-", self.at)));
                    more.push(("If-Range", validator.to_owned()));
                }
                None => self.start_over().await?,
            }
        }
        let (asked, head) = self.session.get(&more).await?;
        let answer = match self.read(&asked, &head) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(self.session.refused(asked, &head).await),
            Err(failure) => return Err(failure.into()),
        };
        match answer {
            Answer::Complete => {
                let mut asked = asked;
                asked.exchange.discard().await;
                self.go_on(&head, 0)?;
                self.verify(None)
            }
            Answer::Whole(size) => {
                self.begin(&asked, &head, size).await?;
                self.body(asked, None).await
            }
            Answer::Rest(end) => {
                self.go_on(&head, end)?;
                self.body(asked, Some(end)).await
            }
            Answer::Stale => {
                drop(asked);
                self.session
                    .lookout()
                    .say("* what is there is of another file: from the beginning");
                self.start_over().await?;
                // at once, and without a range: it cannot come to this again
                Box::pin(self.once()).await
            }
        }
    }

    /// What an answer is; nothing when the server refuses.
    fn read(&mut self, asked: &Asked, head: &Head) -> Result<Option<Answer>, Failure> {
        let (status, fields) = (head.status(), head.fields());
        let url = asked.address.shown();
        match status {
            206 if self.at == 0 => {
                let text = format!("{url}: the server sends a part, and all was asked for");
                Err(Failure::new(Code::NO_RANGE, text))
            }
            206 | 416 if self.at > 0 => match self.version.rest(status, fields, self.at) {
                Rest::Follows { end } => {
                    self.fits(self.version.length.or(Some(end)))?;
                    Ok(Some(Answer::Rest(end)))
                }
                Rest::Complete => Ok(Some(Answer::Complete)),
                Rest::Other => Ok(Some(Answer::Stale)),
            },
            200..=299 => {
                let size = match head.framing() {
                    Framing::Length(length) => Some(length),
                    Framing::None => Some(0),
                    _ => None,
                };
                self.fits(size)?;
                Ok(Some(Answer::Whole(size)))
            }
            300..=399 => {
                let text = failure::refusal(&asked.address, head, None);
                Err(Failure::new(Code::HTTP_ERROR, text))
            }
            _ => Ok(None),
        }
    }

    /// Whether a file of this size is wanted.
    fn fits(&self, size: Option<u64>) -> Result<(), Failure> {
        let max = self.session.way.arguments.max_size.unwrap_or(u64::MAX);
        if size.is_some_and(|size| size > max) {
            let text = format!("the file is larger than --max-size, {max} bytes");
            return Err(Failure::new(Code::TOO_LARGE, text));
        }
        Ok(())
    }

    /// Forgets what came.
    async fn start_over(&mut self) -> Result<(), Failure> {
        if self.at > 0 && !self.output.can_begin_again() {
            let text = format!(
                "{}: the file would have to be fetched from its beginning again, and what was \
                 written already cannot be taken back",
                self.session.address().shown()
            );
            return Err(Failure::new(Code::NO_RANGE, text));
        }
        if let Some(writer) = self.writer.take() {
            // what was not written does not matter any more
            let _ = writer.close().await;
        }
        (self.at, self.resumed) = (0, None);
        self.version = Version::default();
        Ok(())
    }

    /// The file begins.
    async fn begin(
        &mut self,
        asked: &Asked,
        head: &Head,
        size: Option<u64>,
    ) -> Result<(), Failure> {
        self.start_over().await?;
        let fields = head.fields();
        self.note(fields);
        self.version = Version::of(fields, size);
        self.call_it(asked, fields)?;
        let notes = self.version.notes(self.session.address().text());
        self.writer = Some(Writer::new(self.output.begin(notes.as_ref())?));
        self.verifier = match self.verifies() {
            true => Verifier::new(fields),
            false => Verifier::default(),
        };
        self.session.lookout().begins(size, BLOCK);
        self.begun = true;
        Ok(())
    }

    /// The file goes on where we are.
    fn go_on(&mut self, head: &Head, end: u64) -> Result<(), Failure> {
        let fields = head.fields();
        self.note(fields);
        let verifies = self.verifies();
        if self.writer.is_some() {
            if verifies {
                self.verifier.go_on(fields);
            }
        } else {
            self.writer = Some(Writer::new(self.output.go_on()?));
            if verifies {
                self.verifier = Verifier::in_the_middle(fields, self.at);
                if self.verifier.wants_beginning() {
                    self.read_beginning()?;
                }
            }
        }
        if !self.begun {
            let size = self.version.length.or((end > 0).then_some(end));
            self.session.lookout().begins(size, BLOCK);
            self.begun = true;
        }
        Ok(())
    }

    fn read_beginning(&mut self) -> Result<(), Failure> {
        let Some(mut file) = self.output.beginning() else {
            return Ok(());
        };
        let mut piece = vec![0; 256 << 10];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(len) => self.verifier.beginning(&piece[..len]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::of(&error, Code::READING, "what was kept")),
            }
        }
    }

    fn verifies(&self) -> bool {
        self.session.way.arguments.http.verifies_content()
    }

    fn note(&mut self, fields: Fields<'_>) {
        if let Some(etag) = fields.value("ETag") {
            self.session.etag = Some(wirelore_core::escape(&etag).to_string());
        }
        let coding = fields.value("Content-Encoding");
        if let Some(coding) = coding.filter(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            let tools = self.session.lookout().tools();
            let arguments = self.session.way.arguments;
            if !arguments.quiet && !arguments.json {
                let coding = wirelore_core::escape(&coding).limit(40).to_string();
                let text = format!("note: the server sent it coded ({coding}), and so it is kept");
                tools.console.line(&text);
            }
        }
    }

    /// Gives the file the name that the server has for it, if that is wanted.
    fn call_it(&mut self, asked: &Asked, fields: Fields<'_>) -> Result<(), Failure> {
        let options = &self.session.way.arguments.http;
        if !options.content_disposition || self.name.is_some() {
            return Ok(());
        }
        self.name = disposition::name(fields);
        match &self.name {
            Some(name) => self.output.rename(name),
            None if self.output.is_folder() => {
                let text = format!(
                    "{}: neither the URL nor the server has a name for the file: name it in DST",
                    asked.address.shown()
                );
                return Err(Failure::new(Code::USAGE, text));
            }
            None => {}
        }
        Ok(())
    }

    /// Takes the octets of an answer; with `end`, those up to there and no others.
    async fn body(&mut self, mut asked: Asked, end: Option<u64>) -> Result<(), Trouble> {
        self.slowness.begin();
        loop {
            let data = tokio::select! {
                data = asked.exchange.data() => data,
                failure = self.slowness.silence() => return Err(Trouble::passing(failure)),
            };
            let data = data.map_err(|error| asked.trouble(error, false))?;
            let Some(data) = data else { break };
            let len = data.len() as u64;
            if end.is_some_and(|end| end - self.at < len) {
                let text = format!(
                    "{}: the server sends more than it said",
                    asked.address.shown()
                );
                return Err(Failure::new(Code::NO_RANGE, text).into());
            }
            self.verifier.see(&data);
            if let Some(writer) = &mut self.writer {
                writer.write(self.at, data.clone()).await?;
            }
            self.at += len;
            self.session.lookout().passed(self.at);
            self.limit.pass(data.len()).await;
            self.slowness.passed(len).map_err(Trouble::passing)?;
        }
        if end
            .or(self.version.length)
            .is_some_and(|end| end != self.at)
            || self.version.length.is_some_and(|length| length != self.at)
        {
            let text = format!("{}: the server sent a part only", asked.address.shown());
            return Err(Trouble::passing(Failure::new(Code::PARTIAL, text)));
        }
        let trailers = asked.exchange.trailers().map(|trailers| trailers.fields());
        self.verify(trailers)
    }

    /// Looks whether it is what the server said it would be.
    fn verify(&mut self, trailers: Option<Fields<'_>>) -> Result<(), Trouble> {
        if !self.verifies() {
            return Ok(());
        }
        let verified = self.verifier.verify(trailers).map_err(|failure| {
            let url = self.session.address().shown();
            Failure::new(failure.code, format!("{url}: {}", failure.text))
        })?;
        for words in verified {
            self.session.lookout().say(&format!("* {words}"));
        }
        Ok(())
    }
}

/// The server wants to be left alone for longer than is waited.
pub(super) fn too_long(failure: Failure, wait: std::time::Duration) -> Failure {
    let wait = seconds(wait);
    Failure {
        text: format!(
            "{}; it wants to be asked again in {wait}, see --retry-max",
            failure.text
        ),
        ..failure
    }
}
