//! What every protocol that copies can do.

use super::Arguments;
use super::codes::Failure;
use super::common::Common;
use super::local::Input;
use super::lookout::Lookout;
use super::output::Output;
use serde_json::Value;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;

/// A file on another host.
pub(crate) trait Remote {
    /// Its URL, safe to print.
    fn shown(&self) -> String;

    /// Its name there, folders included.
    fn name(&self) -> Vec<u8>;

    /// Whether the URL names a folder, as far as one can see.
    fn is_folder(&self) -> bool;

    /// Goes on to the file called `name` in this folder.
    fn enter(&mut self, name: &[u8]);

    /// Whether it has a name for a file that the URL does not tell, for whom that is enough.
    fn names_itself(&self, arguments: &Arguments) -> bool {
        let _ = arguments;
        false
    }

    /// Whether what was fetched before need not be fetched again.
    fn can_go_on(&self) -> bool {
        false
    }

    /// Whether a file that exists there can be told from one that does not, and be left alone.
    fn can_spare(&self) -> bool;

    /// How many octets a source must keep to be read again, behind the last place it was read at.
    fn window(&self, arguments: &Arguments) -> usize;

    /// Fetches it.
    fn get<'c>(&'c self, way: Way<'c>, output: Output) -> Transfer<'c>;

    /// Sends it.
    fn put<'c>(&'c self, way: Way<'c>, input: Input) -> Transfer<'c>;
}

pub(crate) type Transfer<'c> = Pin<Box<dyn Future<Output = Outcome> + 'c>>;

/// What a transfer goes along with.
pub(crate) struct Way<'c> {
    pub(crate) arguments: &'c Arguments,
    /// What all copies of a run have in common.
    pub(crate) common: &'c Common,
    pub(crate) lookout: Lookout,
    pub(crate) stop: Stop,
}

/// Tells a transfer to give up, and why.
#[derive(Clone)]
pub(crate) struct Stop {
    word: Word,
    /// Said by somebody else.
    other: Option<Word>,
}

type Word = watch::Receiver<Option<Failure>>;

impl Stop {
    pub(crate) fn channel() -> (watch::Sender<Option<Failure>>, Self) {
        let (sender, word) = watch::channel(None);
        (sender, Self { word, other: None })
    }

    /// The same, or what is said here.
    pub(crate) fn or(&self, other: Word) -> Self {
        Self {
            other: Some(other),
            ..self.clone()
        }
    }

    /// Waits for the word.
    pub(crate) async fn word(&mut self) -> Failure {
        match &mut self.other {
            None => said(&mut self.word).await,
            Some(other) => tokio::select! {
                failure = said(&mut self.word) => failure,
                failure = said(other) => failure,
            },
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        let given = |word: &Word| word.borrow().is_some();
        given(&self.word) || self.other.as_ref().is_some_and(given)
    }
}

async fn said(word: &mut Word) -> Failure {
    let word = word.wait_for(Option::is_some).await;
    match word.ok().and_then(|word| word.clone()) {
        Some(failure) => failure,
        // nobody is left to say it
        None => std::future::pending().await,
    }
}

/// What became of a transfer.
pub(crate) struct Outcome {
    /// Octets of the file.
    pub(crate) octets: u64,
    pub(crate) elapsed: Duration,
    pub(crate) retransmissions: Option<u64>,
    /// What it went by, in the protocol's own words.
    pub(crate) options: Facts,
    pub(crate) result: Result<(), Failure>,
    /// What the file is called here, where the peer had a say in that.
    pub(crate) name: Option<String>,
}

/// Names and values, in the order they are shown.
pub(crate) type Facts = Vec<(&'static str, Value)>;

impl Outcome {
    /// Nothing was transferred.
    pub(crate) fn nothing(failure: Failure) -> Self {
        Self {
            octets: 0,
            elapsed: Duration::ZERO,
            retransmissions: None,
            options: Vec::new(),
            result: Err(failure),
            name: None,
        }
    }
}
