//! A client and a server that talk through two vectors: no socket, no clock, no thread. The client
//! sends ahead of the answers.
//!
//! cargo run --example http_in_memory

use wirelore_core::escape::escape;
use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{ClientConfig, ClientConnection, Misuse, ServerConfig, ServerConnection};
use wirelore_http1::{Input, Machine, Next, RequestEvent, ResponseEvent};

fn main() -> Result<(), Misuse> {
    let mut client = ClientConnection::new(ClientConfig::default());
    let mut server = Origin {
        connection: ServerConnection::new(ServerConfig::default()),
        asked: String::new(),
        octets: 0,
    };
    // what one side has sent and the other has not consumed
    let (mut there, mut back) = (Vec::new(), Vec::new());

    let host = FieldBlock::new().with("Host", "example.org")?;
    client.request_with(&Request::get("/first", &host), b"", &mut there)?;

    let upload = host.clone().with("Trailer", "X-Sum")?;
    client.request(&Request::new("POST", "/second", &upload), Body::Unknown, &mut there)?;
    client.data(b"in pieces, ", &mut there)?;
    client.data(b"and nobody knows how many", &mut there)?;
    client.finish(Some(&FieldBlock::new().with("X-Sum", "36")?), &mut there)?;

    client.request_with(&Request::new("HEAD", "/third", &host), b"", &mut there)?;

    // this one holds its body back until the server wants it
    let careful = host.clone().with("Expect", "100-continue")?;
    client.request(&Request::new("PUT", "/fourth", &careful), Body::Length(9), &mut there)?;
    assert!(client.awaits_continue());

    let mut answers = Vec::new();
    while answers.len() < 4 {
        show("->", &there);
        server.receive(&mut there, &mut back)?;
        show("<-", &back);
        receive(&mut client, &mut back, &mut answers)?;
        if !client.awaits_continue() && client.remaining() == Some(9) {
            client.data(b"what for?", &mut there)?;
            client.finish(None, &mut there)?;
        }
    }
    assert_eq!(answers, ["GET /first", "POST /second 36 X-Sum=36", "", "PUT /fourth 9"]);
    Ok(())
}

/// Steps the client through `back`; each answer's body goes to `answers`.
fn receive(
    client: &mut ClientConnection,
    back: &mut Vec<u8>,
    answers: &mut Vec<String>,
) -> Result<(), Misuse> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        // a client sends nothing of its own accord
        let step = client.step(Input::more(&back[at..]), &mut Vec::new()).expect("good responses");
        at += step.consumed;
        match step.next {
            Next::Event(ResponseEvent::Data(data)) => body.extend_from_slice(data),
            Next::Event(ResponseEvent::End { .. }) => {
                answers.push(String::from_utf8_lossy(&body).into_owned());
                body.clear();
                client.next_cycle()?;
            }
            Next::Event(_) => {}
            Next::NeedMore if step.consumed > 0 => {}
            Next::NeedMore | Next::Paused | Next::Done => break,
        }
    }
    back.drain(..at);
    Ok(())
}

/// A server that answers with what it was asked.
struct Origin {
    connection: ServerConnection,
    asked: String,
    octets: usize,
}

impl Origin {
    fn receive(&mut self, there: &mut Vec<u8>, back: &mut Vec<u8>) -> Result<(), Misuse> {
        let server = &mut self.connection;
        let mut at = 0;
        loop {
            let step = server.step(Input::more(&there[at..]), back).expect("good requests");
            at += step.consumed;
            match step.next {
                Next::Event(RequestEvent::Request(head)) => {
                    self.octets = 0;
                    self.asked = format!("{} {}", escape(head.method()), escape(head.target()));
                    if head.kind() == MethodKind::Put {
                        server.proceed(back);
                    }
                }
                Next::Event(RequestEvent::Data(data)) => self.octets += data.len(),
                Next::Event(RequestEvent::End { trailers }) => {
                    let mut text = self.asked.clone();
                    if self.octets > 0 {
                        text += &format!(" {}", self.octets);
                    }
                    for field in trailers.fields() {
                        text += &format!(" {}={}", escape(field.name()), escape(&field.value()));
                    }
                    let fields = FieldBlock::new().with("Content-Type", "text/plain")?;
                    server.respond_with(&Response::new(200, &fields), text.as_bytes(), back)?;
                    server.next_cycle()?;
                }
                Next::Event(_) => {}
                Next::NeedMore if step.consumed > 0 => {}
                Next::NeedMore | Next::Paused | Next::Done => break,
            }
        }
        there.drain(..at);
        Ok(())
    }
}

/// The octets of one direction, line by line.
fn show(way: &str, octets: &[u8]) {
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        println!("{way} {}", escape(line));
    }
}
