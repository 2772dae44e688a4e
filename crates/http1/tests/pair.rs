//! A client and a server that talk to each other through vectors.

use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::{
    ClientConfig, ClientConnection, Input, Machine, Next, RequestEvent, ResponseEvent,
    ServerConfig, ServerConnection,
};

#[test]
fn requests_in_a_row() {
    let mut client = ClientConnection::new(ClientConfig::default());
    let mut server = ServerConnection::new(ServerConfig::default());
    let host = FieldBlock::new().with("Host", "example.com").unwrap();
    let none = FieldBlock::new();
    let (mut there, mut back) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let target = format!("/{number}");
        let request = Request::new("POST", &target, &host);
        client.request(&request, Body::Unknown, &mut there).unwrap();
        client.data(b"12345", &mut there).unwrap();
        client.finish(None, &mut there).unwrap();
    }
    let mut at = 0;
    let mut seen = Vec::new();
    loop {
        let step = server.step(Input::more(&there[at..]), &mut back).unwrap();
        at += step.consumed;
        match step.next {
            Next::Event(RequestEvent::Request(head)) => seen.extend_from_slice(head.target()),
            Next::Event(RequestEvent::Data(data)) => seen.extend_from_slice(data),
            Next::Event(_) => {
                let response = Response::new(200, &none);
                server.respond_with(&response, b"ok", &mut back).unwrap();
                server.next_cycle().unwrap();
            }
            Next::NeedMore if step.consumed == 0 => break,
            Next::NeedMore => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, b"/012345/112345/212345");
    let mut at = 0;
    let mut ends = 0;
    loop {
        let step = client.step(Input::more(&back[at..]), &mut there).unwrap();
        at += step.consumed;
        match step.next {
            Next::Event(ResponseEvent::Response(head)) => assert_eq!(head.status(), 200),
            Next::Event(ResponseEvent::Data(data)) => assert_eq!(data, b"ok"),
            Next::Event(ResponseEvent::End { .. }) => {
                client.next_cycle().unwrap();
                ends += 1;
            }
            Next::NeedMore if step.consumed == 0 => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ends, 3);
    assert_eq!(client.unanswered(), 0);
}
