//! An HTTP server that says the same to everybody: the least that there is on the adapter.
//!
//! ```sh
//! cargo run --example http_hello -- 127.0.0.1:8080
//! curl -i http://127.0.0.1:8080/
//! ```

use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;
use tokio::net::TcpListener;
use wirelore_http1::encode::{FieldBlock, Response};
use wirelore_http1::wire::RequestHead;
use wirelore_tokio::http1::server::{Begun, Handler, Never, Reply, ServerOptions, serve};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection};

/// What is said, and what is said about it.
struct Hello {
    fields: Arc<FieldBlock>,
    body: Bytes,
}

impl Handler for Hello {
    type Job = Never;

    fn begin(&mut self, head: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<Never> {
        let status = match head.method() {
            b"GET" | b"HEAD" => 200,
            _ => 501,
        };
        // only a response that makes no sense would be refused
        let _ = reply.respond(&Response::new(status, &self.fields), &self.body);
        Begun::Answered
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080")).await?;
    println!("listening on {}", listener.local_addr()?);

    let fields = FieldBlock::new().with("Content-Type", "text/plain; charset=utf-8")?;
    let fields = Arc::new(fields);
    // 1 KiB, so that it is worth sending
    let body = Bytes::from("Hello, whoever you are.\n".repeat(43)).slice(..1024);
    let service = move |Connection { stream, drain, .. }: Connection| {
        let mut hello = Hello { fields: fields.clone(), body: body.clone() };
        async move {
            // how it ended is nobody's concern here
            let _ = serve(stream, &mut hello, &ServerOptions::default(), drain).await;
        }
    };
    let config = AcceptConfig { per_peer: 1024, ..AcceptConfig::default() };
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    Acceptor::new(listener, Arc::new(service), config).run(stopped).await;
    Ok(())
}
