//! The messages of `data/vectors.txt`, whose first lines explain the notation, and how they are
//! received.

mod expected;
pub(crate) mod notation;

#[allow(unused_imports, reason = "not every test needs all of it")]
pub(crate) use expected::check;
pub(crate) use notation::{Role, Vector, load};

use wirelore_http1::wire::{RequestHead, ResponseHead};
use wirelore_http1::{
    Config, Error, Input, Machine, Next, RequestEvent, RequestReceiver, ResponseEvent,
    ResponseReceiver, Trailers,
};
use wirelore_testkit::Cutting;

/// What a receiver told, with adjacent data joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Request(RequestHead<Vec<u8>>),
    Interim(ResponseHead<Vec<u8>>),
    Response(ResponseHead<Vec<u8>>),
    Data(Vec<u8>),
    End(Trailers<Vec<u8>>),
}

impl From<RequestEvent<&[u8]>> for Told {
    fn from(event: RequestEvent<&[u8]>) -> Self {
        match event.map(<[u8]>::to_vec) {
            RequestEvent::Request(head) => Self::Request(head),
            RequestEvent::Data(data) => Self::Data(data),
            RequestEvent::End { trailers } => Self::End(trailers),
            other => panic!("{other:?}"),
        }
    }
}

impl From<ResponseEvent<&[u8]>> for Told {
    fn from(event: ResponseEvent<&[u8]>) -> Self {
        match event.map(<[u8]>::to_vec) {
            ResponseEvent::Informational(head) => Self::Interim(head),
            ResponseEvent::Response(head) => Self::Response(head),
            ResponseEvent::Data(data) => Self::Data(data),
            ResponseEvent::End { trailers } => Self::End(trailers),
            other => panic!("{other:?}"),
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// More octets are awaited.
    More,
    Done,
    Error(Error),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) told: Vec<Told>,
    pub(crate) consumed: usize,
    pub(crate) end: End,
}

/// Receives the octets of a vector, cut like this. `end_apart`: the end of the stream is only seen
/// behind the last octets.
pub(crate) fn receive(vector: &Vector, cutting: &Cutting, end_apart: bool) -> Outcome {
    let (octets, eof) = (&vector.octets, vector.eof);
    match &vector.role {
        Role::Request => {
            let mut receiver = RequestReceiver::new(vector.config);
            drive::<RequestReceiver>(&mut receiver, octets, eof, cutting, end_apart)
        }
        Role::Response(methods) => {
            let mut receiver = ResponseReceiver::new(vector.config);
            for method in methods {
                receiver.expect(*method);
            }
            drive::<ResponseReceiver>(&mut receiver, octets, eof, cutting, end_apart)
        }
    }
}

/// Receives octets under `config`, all at once.
pub(crate) fn receive_whole(role: &Role, config: Config, octets: &[u8], eof: bool) -> Outcome {
    let vector = Vector {
        config,
        octets: octets.to_vec(),
        eof,
        ..Vector::new(role.clone())
    };
    receive(&vector, &Cutting::whole(octets.len()), false)
}

fn drive<M>(
    machine: &mut M,
    octets: &[u8],
    eof: bool,
    cutting: &Cutting,
    end_apart: bool,
) -> Outcome
where
    M: Machine<Error = Error>,
    for<'i> Told: From<M::Event<'i>>,
{
    let mut told: Vec<Told> = Vec::new();
    let mut out = Vec::new();
    let mut lengths = cutting.lengths().iter();
    let (mut at, mut shown, mut last) = (0, 0, false);
    let window = machine.max_unconsumed();
    let end = loop {
        let bytes = &octets[at..shown];
        let input = if last {
            Input::last(bytes)
        } else {
            Input::more(bytes)
        };
        let step = match machine.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => {
                assert_eq!(machine.step(input, &mut out).err(), Some(error), "sticky");
                assert!(error.offset >= at as u64, "{error:?} before octet {at}");
                break End::Error(error);
            }
        };
        at += step.consumed;
        match step.next {
            Next::Event(event) => match (Told::from(event), told.last_mut()) {
                (Told::Data(more), Some(Told::Data(data))) => data.extend_from_slice(&more),
                (event, _) => told.push(event),
            },
            Next::NeedMore if step.consumed > 0 && at < shown => {}
            Next::NeedMore => {
                assert!(!last || step.consumed > 0, "waits at the end");
                assert!(
                    bytes.len() < window || step.consumed > 0,
                    "waits with too much"
                );
                match lengths.next() {
                    Some(len) => {
                        shown += len;
                        last = eof && !end_apart && shown == octets.len();
                    }
                    None if eof && !last => last = true,
                    None if last => {}
                    None => break End::More,
                }
            }
            Next::Paused => panic!("receivers do not pause"),
            Next::Done => break End::Done,
        }
    };
    assert!(out.is_empty(), "receivers write nothing");
    Outcome {
        told,
        consumed: at,
        end,
    }
}
