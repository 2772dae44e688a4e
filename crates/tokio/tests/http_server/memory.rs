//! What a connection costs that waits.

use crate::rig::{get, in_time, no_drain, ok, options, post, shown};
use std::convert::Infallible;
use std::future::Future;
use std::mem::size_of_val;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Waker};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::{Builder, Runtime};
use wirelore_core::{Input, Machine, Step};
use wirelore_http1::encode::{FieldBlock, Response};
use wirelore_http1::wire::RequestHead;
use wirelore_testkit::contract::{Log, Subject};
use wirelore_tokio::http1::server::{
    Begun, Exchange, ExchangeError, Handler, Reply, ServerOptions, Transport, serve,
};

/// A job that needs much room while it works.
struct Large;

impl Handler for Large {
    type Job = ();

    fn begin(&mut self, _: &RequestHead<&[u8]>, _: &mut Reply<'_>) -> Begun<()> {
        Begun::Work(())
    }

    async fn work<T: Transport>(
        &mut self,
        (): (),
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let mut room = [0_u8; 32_768];
        room[0] = exchange.data().await?.map_or(0, |data| data[0]);
        exchange.flush().await?;
        let body = room[..2].to_vec();
        exchange.respond_with(&Response::new(200, &FieldBlock::new()), body.into())
    }
}

#[tokio::test]
async fn the_future_of_a_connection_has_no_room_for_jobs() {
    let options = options();
    let (mut client, stream) = duplex(10_000);
    let mut handler = Large;
    let over_pipe = serve(stream, &mut handler, &options, no_drain());
    let size = size_of_val(&over_pipe);
    let (_client, stream) = crate::rig::tcp().await;
    let mut handler = Large;
    let over_tcp = size_of_val(&serve(stream, &mut handler, &options, no_drain()));
    println!("octets of a future: {size} over a pipe, {over_tcp} over TCP");
    assert!(size <= 2048 && over_tcp <= 2048, "{size}, {over_tcp}");
    // it does work
    let talk = async {
        client.write_all(get("/").as_bytes()).await.unwrap();
        let mut heard = vec![0; ok("..").len()];
        client.read_exact(&mut heard).await.unwrap();
        assert!(heard.ends_with(b"\r\n\r\n\0\0"));
        drop(client);
    };
    let (ended, ()) = in_time(async { tokio::join!(over_pipe, talk) }).await;
    assert_eq!(shown(&ended), "closed");
}

/// Answers at once, and every other request by a job that reads it.
struct ByTurns(bool);

impl Handler for ByTurns {
    type Job = ();

    fn begin(&mut self, _: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<()> {
        self.0 = !self.0;
        if self.0 {
            return Begun::Work(());
        }
        let fields = FieldBlock::new();
        let _ = reply.respond(&Response::new(200, &fields), b"at once");
        Begun::Answered
    }

    async fn work<T: Transport>(
        &mut self,
        (): (),
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        while exchange.data().await?.is_some() {}
        exchange.respond_with(&Response::new(200, &FieldBlock::new()), "later".into())
    }
}

/// What is to be read, and what was written.
#[derive(Default)]
struct Ends {
    read: Vec<u8>,
    last: bool,
    written: Vec<u8>,
}

/// A stream that is always at hand: nobody is woken.
#[derive(Clone, Default)]
struct Fed(Arc<Mutex<Ends>>);

/// The whole server as one machine, for the suite that counts what machines allocate.
struct Served {
    ends: Fed,
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Served {
    fn new() -> Self {
        let ends = Fed::default();
        let stream = ends.clone();
        let future = async move {
            let mut options = ServerOptions::default();
            options.machine.message.limits.max_head = 2048;
            options.driver.receive = 2048;
            options.linger = std::time::Duration::ZERO;
            let _ = serve(stream, &mut ByTurns(false), &options, no_drain()).await;
        };
        Self {
            ends,
            future: Some(Box::pin(future)),
        }
    }
}

impl Machine for Served {
    type Event<'i> = ();
    type Error = Infallible;

    fn step<'i>(&mut self, input: Input<'i>, out: &mut Vec<u8>) -> Result<Step<()>, Infallible> {
        let Some(future) = &mut self.future else {
            return Ok(Step::done(0));
        };
        {
            let mut ends = self.ends.0.lock().unwrap();
            ends.read.extend_from_slice(input.bytes());
            ends.last = input.is_last();
        }
        let _entered = runtime().enter();
        let mut cx = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut cx).is_ready() {
            self.future = None;
        }
        let mut ends = self.ends.0.lock().unwrap();
        out.append(&mut ends.written);
        match self.future {
            Some(_) => Ok(Step::need_more(input.bytes().len())),
            None => Ok(Step::done(input.bytes().len())),
        }
    }

    /// It takes everything; this is how much it is given at a time.
    fn max_unconsumed(&self) -> usize {
        512
    }
}

/// The timers need one, though none of them rings.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_current_thread().enable_all().build().unwrap())
}

#[derive(Clone)]
struct Requests;

impl Subject for Requests {
    type Machine = Served;

    fn machine(&self) -> Served {
        Served::new()
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        let long = post("/", &"x".repeat(5000));
        [get("/"), post("/", "body"), long, "nonsense".into()]
            .map(String::into_bytes)
            .to_vec()
    }

    fn event(&mut self, _: &mut Served, (): (), _: &mut Vec<u8>, _: &mut Log) {}

    /// The suite takes 2000 of them.
    fn unit(&self) -> Vec<u8> {
        [get("/"), post("/", "body"), get("/"), get("/"), get("/")]
            .concat()
            .into_bytes()
    }

    fn long(&self, _: usize) -> (Served, Vec<u8>) {
        (self.machine(), self.unit())
    }

    /// Less than two octets for each request of the longest conversation.
    fn heap_limit(&self) -> usize {
        16_000
    }
}

#[test]
fn ten_thousand_requests_need_no_more_memory_than_a_few() {
    // what is made once is made before anything is counted
    let (_, _) = (no_drain(), runtime());
    wirelore_testkit::contract::rules::heap_is_bounded("a served connection", &|| Requests);
    let mut served = Served::new();
    let mut out = Vec::new();
    for _ in 0..2000 {
        let _ = served.step(Input::more(&Requests.unit()), &mut out);
    }
    let answers = out.windows(12).filter(|it| it == b"HTTP/1.1 200").count();
    assert_eq!(answers, 10_000);
}

mod fed {
    use super::Fed;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use wirelore_tokio::http1::server::Transport;

    impl Transport for Fed {}

    impl AsyncRead for Fed {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let mut ends = self.0.lock().unwrap();
            let len = ends.read.len().min(buf.remaining());
            if len == 0 && !ends.last {
                return Poll::Pending;
            }
            buf.put_slice(&ends.read[..len]);
            ends.read.drain(..len);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Fed {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.lock().unwrap().written.extend_from_slice(buf);
            Poll::Ready(Ok(buf.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}
