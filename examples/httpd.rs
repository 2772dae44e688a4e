//! An HTTP server for the files of a folder, to be read by everybody.
//!
//! ```sh
//! cargo run --example httpd -- . 127.0.0.1:8080
//! ```
//!
//! Names lead nowhere but below the folder; symbolic links in it may. `wirelore serve` is for the rest:
//! ranges, conditions, listings, uploads, users, logs.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use wirelore_http1::encode::{Body, FieldBlock, Response};
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::wire::{MethodKind, RequestHead};
use wirelore_tokio::http1::server::{
    Begun, Exchange, ExchangeError, Handler, Reply, ServerOptions, Transport, serve,
};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection};

struct Folder(PathBuf);

impl Handler for Folder {
    /// The file to be sent.
    type Job = PathBuf;

    fn begin(&mut self, head: &RequestHead<&[u8]>, reply: &mut Reply<'_>) -> Begun<PathBuf> {
        let path = Path::parse(head.path_and_query(), &Rules::default());
        let status = match (head.kind(), path) {
            (MethodKind::Get | MethodKind::Head, Ok(path)) => {
                let names = path.segments.iter().map(|name| OsStr::from_bytes(name));
                return Begun::Work(names.fold(self.0.clone(), |path, name| path.join(name)));
            }
            (MethodKind::Get | MethodKind::Head, Err(_)) => 400,
            _ => 501,
        };
        let _ = reply.respond(&Response::new(status, &FieldBlock::new()), b"");
        Begun::Answered
    }

    async fn work<T: Transport>(
        &mut self,
        path: PathBuf,
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let fields = FieldBlock::new();
        // opening and asking may take time: not here
        let opened = tokio::task::spawn_blocking(move || {
            let found = std::fs::metadata(&path).ok().filter(|found| found.is_file())?;
            Some((Arc::new(File::open(path).ok()?), found.len()))
        });
        let Ok(Some((file, len))) = opened.await else {
            return exchange.respond_with(&Response::new(404, &fields), "not found\n".into());
        };
        exchange.respond(&Response::new(200, &fields), Body::Length(len))?;
        if exchange.wants_body() {
            exchange.send_file(&file, 0, len, |_| {}).await?;
        }
        exchange.finish(None)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let service = move |Connection { stream, drain, .. }: Connection| {
        let mut folder = Folder(folder.clone());
        async move {
            let _ = serve(stream, &mut folder, &ServerOptions::default(), drain).await;
        }
    };
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    Acceptor::new(listener, Arc::new(service), AcceptConfig::default()).run(stopped).await;
    Ok(())
}
