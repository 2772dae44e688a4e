//! Copies, one or many, from their arguments to the exit code.

use super::Arguments;
use super::audit::{Audit, Checksum};
use super::batch;
use super::codes::{Code, Failure};
use super::common::Common;
use super::kept::Kept;
use super::local::{Input, Local, Scratch};
use super::lookout::{Begun, Lookout, Tools};
use super::output::Output;
use super::pipe::pipe;
use super::place::{Place, os_string, without_login};
use super::progress::{Console, Progress, Style};
use super::remote::{Facts, Outcome, Remote, Stop, Way};
use super::report::{self, Report};
use super::signals::{Signals, Wanted};
use super::trace::Trace;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use wirelore_core::escape;
use wirelore_tokio::{Source, Tap, Target};

/// How long a copy has for giving up properly.
const GRACE: Duration = Duration::from_secs(1);

/// Copies, says how it went, and returns the exit code.
pub(crate) fn run(arguments: &Arguments) -> Code {
    let console = Console::default();
    let mut run = Run {
        arguments,
        console: console.clone(),
        opened: None,
    };
    let code = match &arguments.batch {
        None => run.copy(
            arguments.source.as_deref().unwrap_or_default(),
            arguments.destination.as_deref().unwrap_or_default(),
        ),
        Some(path) => match batch::read(path) {
            Ok(pairs) => run.all(&pairs),
            Err(failure) => {
                console.line(&format!("wirelore: {}", failure.text));
                failure.code
            }
        },
    };
    if let Some(opened) = run.opened.take() {
        // a thread may wait for stdin for ever
        opened.runtime.shutdown_background();
    }
    code
}

/// What all copies of a run go along with.
struct Run<'a> {
    arguments: &'a Arguments,
    console: Console,
    opened: Option<Opened>,
}

/// Opened for the first copy that makes sense.
struct Opened {
    runtime: Runtime,
    signals: Signals,
    common: Common,
    trace: Option<Trace>,
    tap: Option<Tap>,
}

impl Opened {
    fn new(arguments: &Arguments, console: &Console) -> Result<Self, Failure> {
        let trace = arguments.trace.as_deref().map(Trace::create).transpose()?;
        let tap = arguments.pcap.as_deref().map(tap).transpose()?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let failed = |error: io::Error| Failure::of(&error, Code::NETWORK, "no runtime");
        let runtime = runtime.map_err(failed)?;
        let (signals, common) = {
            let _within = runtime.enter();
            let signals = Signals::listen(arguments.batch.is_some());
            let failed = |error: io::Error| Failure::of(&error, Code::NETWORK, "signals");
            (signals.map_err(failed)?, Common::new(arguments, console)?)
        };
        Ok(Self {
            runtime,
            signals,
            common,
            trace,
            tap,
        })
    }

    /// Writes what is left of trace and capture.
    fn recorded(&self) -> Result<(), Failure> {
        self.runtime
            .block_on(recorded(self.trace.as_ref(), self.tap.as_ref()))
    }
}

impl Run<'_> {
    /// One copy, and that was all.
    fn copy(&mut self, source: &OsStr, destination: &OsStr) -> Code {
        let (code, _) = self.one(source, destination, true);
        code
    }

    /// Many; the code is that of the first that failed.
    fn all(&mut self, pairs: &[batch::Pair]) -> Code {
        let mut code = Code::COPIED;
        for pair in pairs {
            let (one, stopped) = self.one(&pair.source, &pair.destination, false);
            if code == Code::COPIED {
                code = one;
            }
            if stopped {
                break;
            }
        }
        if let Some(opened) = &self.opened {
            opened.common.ended();
            if let Err(failure) = opened.recorded() {
                self.console.line(&format!("wirelore: {}", failure.text));
                if code == Code::COPIED {
                    code = failure.code;
                }
            }
        }
        code
    }

    /// Returns also whether no other copy should follow.
    fn one(&mut self, source: &OsStr, destination: &OsStr, alone: bool) -> (Code, bool) {
        let (arguments, console) = (self.arguments, self.console.clone());
        let mut copy = Copy {
            names: (text(source), text(destination)),
            outcome: Outcome::nothing(Failure::new(Code::USAGE, "")),
            second: None,
            digest: None,
        };
        if let Err(failure) = copy.copy(self, source, destination, alone) {
            copy.outcome.result = Err(failure);
        }
        let Copy {
            names,
            outcome,
            second,
            digest,
        } = copy;
        let to_stdout = destination == OsStr::new("-");
        let which = match alone {
            true => String::new(),
            false => {
                let (from, to) = (escape(&names.0).to_string(), escape(&names.1).to_string());
                format!("{from} -> {to}: ")
            }
        };
        let (mut code, mut stopped) = (Code::COPIED, false);
        if let Err(failure) = &outcome.result {
            console.line(&format!("wirelore: {which}{}", failure.text));
            code = failure.code;
            stopped = [Code::HANGUP, Code::INTERRUPTED, Code::TERMINATED].contains(&code);
        }
        let mut print = |line: String| {
            if writeln!(io::stdout(), "{line}").is_err() && code == Code::COPIED {
                code = Code::WRITING;
            }
        };
        if arguments.json && !to_stdout {
            print(Report::new(names, &outcome, second.as_ref(), digest.as_ref()).json());
        } else if let (Ok(()), Some(digest), Some(_)) = (&outcome.result, digest, arguments.digest)
        {
            match to_stdout {
                true => console.line(&digest.to_string()),
                false => print(digest.to_string()),
            }
        }
        if outcome.result.is_ok() && !arguments.quiet && !arguments.json {
            console.line(&format!("{which}{}", report::line(&outcome)));
        }
        (code, stopped)
    }
}

/// An argument as it may be shown.
fn text(argument: &OsStr) -> String {
    let shown = without_login(argument.as_encoded_bytes());
    String::from_utf8_lossy(&shown).into_owned()
}

struct Copy {
    /// Source and destination, for programs.
    names: (String, String),
    outcome: Outcome,
    /// What the second transfer went by, where there are two.
    second: Option<Facts>,
    digest: Option<Checksum>,
}

impl Copy {
    fn copy(
        &mut self,
        run: &mut Run<'_>,
        source: &OsStr,
        destination: &OsStr,
        alone: bool,
    ) -> Result<(), Failure> {
        let (arguments, console) = (run.arguments, &run.console);
        let source = Place::of(source)?;
        let mut destination = Place::of(destination)?;
        check(arguments, &source, &destination)?;
        self.enter(arguments, &source, &mut destination)?;
        let opened = match &mut run.opened {
            Some(opened) => opened,
            empty => empty.insert(Opened::new(arguments, console)?),
        };
        let style = if arguments.quiet {
            Style::None
        } else {
            arguments.progress
        };
        let tools = Tools {
            console: console.clone(),
            verbose: arguments.verbose,
            progress: Arc::new(Mutex::new(Progress::new(style, console))),
            trace: opened.trace.clone(),
            tap: opened.tap.clone(),
        };
        let job = Job {
            arguments,
            tools: tools.clone(),
            audit: Audit::new(
                arguments.max_size,
                arguments.checksum.as_ref(),
                arguments.digest,
            ),
            scratch: Scratch::default(),
            common: &opened.common,
        };
        (self.outcome, self.second) =
            opened
                .runtime
                .block_on(job.attended(&mut opened.signals, &source, &destination));
        job.scratch.clear();
        tools.progress(|progress| progress.end(self.outcome.result.is_ok()));
        if let Some(name) = &self.outcome.name {
            let shown = &mut self.names.1;
            shown.truncate(shown.rfind('/').map_or(0, |slash| slash + 1));
            shown.push_str(name);
        }
        let algorithm = arguments
            .digest
            .or(arguments.checksum.as_ref().map(|sum| sum.algorithm));
        let whole = self.outcome.result.is_ok();
        self.digest = algorithm
            .filter(|_| whole)
            .and_then(|algorithm| job.audit.digest(algorithm));
        let recorded = if alone { opened.recorded() } else { Ok(()) };
        match &self.outcome.result {
            Ok(()) => recorded,
            Err(_) => Ok(()),
        }
    }

    /// Goes on to the file, where the destination is a folder.
    fn enter(
        &mut self,
        arguments: &Arguments,
        source: &Place,
        destination: &mut Place,
    ) -> Result<(), Failure> {
        let is_folder = match destination {
            Place::Local(local) => local.is_folder(),
            Place::Remote(remote) => remote.is_folder(),
        };
        if !is_folder {
            return Ok(());
        }
        let Some(name) = source.last_name() else {
            let shown = &mut self.names.1;
            if matches!(source, Place::Remote(source) if source.names_itself(arguments))
                && matches!(destination, Place::Local(_))
            {
                if !shown.ends_with('/') {
                    shown.push('/');
                }
                return Ok(());
            }
            let text = "the source has no name that a file could have: name it in DST";
            return Err(Failure::new(Code::USAGE, text));
        };
        match destination {
            Place::Local(local) => local.enter(os_string(name.clone())),
            Place::Remote(remote) => remote.enter(&name),
        }
        let shown = &mut self.names.1;
        if !shown.ends_with('/') {
            shown.push('/');
        }
        shown.push_str(&String::from_utf8_lossy(&name));
        Ok(())
    }
}

/// Options that do not go together with what is copied.
fn check(arguments: &Arguments, source: &Place, destination: &Place) -> Result<(), Failure> {
    let wrong = |text: &str| Err(Failure::new(Code::USAGE, text));
    let stdout = matches!(destination, Place::Local(Local::Standard));
    let can_go_on = matches!(source, Place::Remote(source) if source.can_go_on());
    match destination {
        _ if arguments.http.connections && arguments.batch.is_none() => {
            wrong("--connections goes with --batch: one copy has one connection, see -v")
        }
        Place::Remote(_) if arguments.go_on => {
            wrong("--continue: only what is fetched can be gone on with")
        }
        _ if arguments.go_on && !can_go_on => {
            wrong("--continue: this source can only be read from its beginning")
        }
        _ if arguments.go_on && stdout => wrong("--continue: stdout keeps nothing"),
        Place::Local(Local::Standard) if arguments.json => {
            wrong("--json prints to stdout, and so does the copy: give DST a name")
        }
        Place::Remote(remote) if arguments.no_clobber && !remote.can_spare() => wrong(
            "--no-clobber: this protocol cannot tell whether a file exists; the server decides",
        ),
        _ if arguments.no_clobber && stdout => wrong("--no-clobber: stdout is no file"),
        _ if matches!(source, Place::Local(Local::Path { path, .. }) if path.as_os_str().is_empty()) => {
            wrong("SRC is empty")
        }
        Place::Local(Local::Path { path, .. }) if path.as_os_str().is_empty() => {
            wrong("DST is empty")
        }
        _ => Ok(()),
    }
}

fn tap(path: &Path) -> Result<Tap, Failure> {
    let tap = Tap::create(path);
    tap.map_err(|error| Failure::of(&error, Code::WRITING, &super::place::shown(path)))
}

/// Writes what is left of trace and capture.
async fn recorded(trace: Option<&Trace>, tap: Option<&Tap>) -> Result<(), Failure> {
    let traced = trace.map_or(Ok(()), Trace::finish);
    if let Some(tap) = tap.cloned() {
        let failed = |error: io::Error| Failure::of(&error, Code::WRITING, "the capture");
        match tokio::time::timeout(GRACE, tap.finish()).await {
            Ok(finished) => finished.map_err(failed)?,
            Err(_) => return Err(Failure::new(Code::WRITING, "the capture cannot be written")),
        }
    }
    traced
}

type Ended = (Outcome, Option<Facts>);

/// What a copy is made with.
struct Job<'a> {
    arguments: &'a Arguments,
    tools: Tools,
    audit: Audit,
    scratch: Scratch,
    common: &'a Common,
}

impl Job<'_> {
    /// Copies until the end, a signal, or the time is up.
    async fn attended(&self, signals: &mut Signals, source: &Place, destination: &Place) -> Ended {
        let (tell, stop) = Stop::channel();
        let copy = self.between(source, destination, &stop);
        tokio::pin!(copy);
        let max_time = async {
            match self.arguments.max_time {
                Some(max) => tokio::time::sleep(max).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(max_time);
        let failure = loop {
            tokio::select! {
                ended = &mut copy => return ended,
                wanted = signals.next() => match wanted {
                    Wanted::End(failure) => break failure,
                    Wanted::Connections => self.common.http.print_connections(),
                },
                () = &mut max_time => {
                    let text = "not complete when --max-time was over";
                    break Failure::new(Code::TIMEOUT, text);
                }
            }
        };
        tell.send_replace(Some(failure.clone()));
        match tokio::time::timeout(GRACE, copy).await {
            // it may have been complete in the meantime
            Ok(ended) => ended,
            Err(_) => (Outcome::nothing(failure), None),
        }
    }

    async fn between(&self, source: &Place, destination: &Place, stop: &Stop) -> Ended {
        let one = match (source, destination) {
            (Place::Remote(source), Place::Remote(destination)) => {
                return self.through(&**source, &**destination, stop).await;
            }
            (Place::Remote(source), Place::Local(local)) => {
                let output = self.output(local);
                source.get(self.way("", true, stop.clone()), output).await
            }
            (Place::Local(local), Place::Remote(destination)) => {
                match self.input(local, destination.window(self.arguments)) {
                    Ok(input) => {
                        destination
                            .put(self.way("", true, stop.clone()), input)
                            .await
                    }
                    Err(failure) => Outcome::nothing(failure),
                }
            }
            (Place::Local(source), Place::Local(destination)) => {
                match self
                    .input(source, 0)
                    .and_then(|input| Ok((input, self.output(destination).whole()?)))
                {
                    Ok((input, target)) => self.here(input, target, stop.clone()).await,
                    Err(failure) => Outcome::nothing(failure),
                }
            }
        };
        (one, None)
    }

    fn way(&self, label: &'static str, counts: bool, stop: Stop) -> Way<'_> {
        let lookout = Lookout::new(self.tools.clone(), label, counts);
        Way {
            arguments: self.arguments,
            common: self.common,
            lookout,
            stop,
        }
    }

    fn input(&self, local: &Local, window: usize) -> Result<Input, Failure> {
        let input = local.open(window)?;
        self.audit.size(input.size)?;
        Ok(Input {
            source: self.audit.source(input.source),
            ..input
        })
    }

    fn output(&self, local: &Local) -> Output {
        let Arguments {
            no_clobber, go_on, ..
        } = *self.arguments;
        Output::local(local.clone(), no_clobber, go_on, &self.scratch, &self.audit)
    }

    /// From one host to another.
    async fn through(&self, source: &dyn Remote, destination: &dyn Remote, stop: &Stop) -> Ended {
        let (inlet, outlet) = pipe();
        let (tell_get, stop_get) = watch::channel(None);
        let get = self.way("source: ", false, stop.or(stop_get));
        let begun = get.lookout.begun();
        let window = destination.window(self.arguments);
        let get = source.get(get, Output::pipe(inlet, &self.audit));
        let put = async {
            // what cannot be fetched must not make an empty file elsewhere
            let Begun { size } = first(begun).await?;
            let input = Input {
                source: Box::new(Kept::new(outlet, window)),
                size,
                again: None,
            };
            let put = self.way("destination: ", true, stop.clone());
            let outcome = destination.put(put, input).await;
            if let Err(failure) = &outcome.result
                && !failure.follows
            {
                let failure = Failure {
                    follows: true,
                    ..failure.clone()
                };
                tell_get.send_replace(Some(failure));
            }
            Some(outcome)
        };
        let (got, sent) = tokio::join!(get, put);
        match sent {
            None => (got, None),
            Some(sent) => both(got, sent),
        }
    }

    /// From one place of this host to another.
    async fn here(&self, input: Input, mut target: Box<dyn Target>, mut stop: Stop) -> Outcome {
        let (started, tools) = (Instant::now(), self.tools.clone());
        tools.progress(|progress| progress.begin(input.size, 512));
        let Input { mut source, .. } = input;
        let stopped = stop.clone();
        let copied = Arc::new(Mutex::new(0));
        let count = Arc::clone(&copied);
        let copy = move || {
            let done = |octets: u64| {
                if let Ok(mut count) = count.lock() {
                    *count = octets;
                }
                tools.progress(|progress| progress.at(octets));
            };
            copy_all(&mut *source, &mut *target, &stopped, done)
        };
        let result = tokio::select! {
            copied = tokio::task::spawn_blocking(copy) => {
                copied.unwrap_or_else(|_| Err(Failure::new(Code::READING, "the copy failed")))
            }
            failure = stop.word() => Err(failure),
        };
        Outcome {
            octets: copied.lock().map_or(0, |octets| *octets),
            elapsed: started.elapsed(),
            retransmissions: None,
            options: Vec::new(),
            result,
            name: None,
        }
    }
}

/// The first answer, or nothing when there is none.
async fn first(mut begun: watch::Receiver<Option<Begun>>) -> Option<Begun> {
    *begun.wait_for(Option::is_some).await.ok()?
}

fn both(got: Outcome, sent: Outcome) -> Ended {
    // what failed first is the reason
    let result = match (got.result, sent.result) {
        (Ok(()), sent) => sent,
        (Err(failure), Err(other)) if failure.follows && !other.follows => Err(other),
        (Err(failure), _) => Err(failure),
    };
    let outcome = Outcome {
        octets: sent.octets,
        elapsed: got.elapsed.max(sent.elapsed),
        retransmissions: got
            .retransmissions
            .zip(sent.retransmissions)
            .map(|(a, b)| a + b),
        options: got.options,
        result,
        name: None,
    };
    (outcome, Some(sent.options))
}

/// How many octets are copied at a time.
const PIECE: usize = 256 << 10;

fn copy_all(
    source: &mut dyn Source,
    target: &mut dyn Target,
    stop: &Stop,
    done: impl Fn(u64),
) -> Result<(), Failure> {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while !stop.is_given() {
        let len = source.read_at(offset, &mut piece);
        let len = len.map_err(|error| Failure::of(&error, Code::READING, "cannot read"))?;
        let written = target.write_at(offset, &piece[..len]);
        written.map_err(|error| Failure::of(&error, Code::WRITING, "cannot write"))?;
        offset += len as u64;
        done(offset);
        if len < piece.len() {
            let finished = target.finish();
            return finished.map_err(|error| Failure::of(&error, Code::WRITING, "cannot write"));
        }
    }
    Err(Failure::new(Code::INTERRUPTED, "interrupted"))
}
