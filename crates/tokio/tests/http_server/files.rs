//! Files, straight into TCP and through memory.

use crate::rig::{
    Call, Do, Log, Site, get, in_time, no_drain, ok, options, over_tcp, pattern, same, shown,
    spawn, tcp,
};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use wirelore_http1::encode::Body;

fn file(content: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

fn whole(file: &Arc<File>, len: u64) -> Vec<Do> {
    vec![
        Do::Respond(200, Body::Length(len)),
        Do::File(file.clone(), 0, len),
        Do::Finish,
    ]
}

fn head(len: u64) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n")
}

/// Files as they come in pieces, and what has to arrive.
fn site() -> (Site, Vec<(&'static str, Vec<u8>)>) {
    let content = pattern(300_000);
    let file = file(&content);
    let ranges = vec![
        Do::Respond(200, Body::Length(100 + 7 + 70_000)),
        Do::File(file.clone(), 1000, 100),
        Do::Send("between".into()),
        Do::File(file.clone(), 0, 0),
        Do::File(file.clone(), 230_000, 70_000),
        Do::Finish,
    ];
    let chunks = vec![
        Do::Respond(200, Body::Unknown),
        Do::Send("a".into()),
        Do::File(file.clone(), 299_999, 1),
        Do::File(file.clone(), 300_000, 0),
        Do::File(file.clone(), 5, 300),
        Do::Finish,
    ];
    let site = Site::new()
        .job("/whole", whole(&file, 300_000))
        .job("/ranges", ranges)
        .job("/chunks", chunks)
        .job("/empty", whole(&file, 0));
    let ranges_head = head(70_107);
    let ranges = [
        ranges_head.as_bytes(),
        &content[1000..1100],
        b"between",
        &content[230_000..],
    ];
    let last = [content[299_999]];
    let chunks = [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\n"[..],
        &last,
        b"\r\n12c\r\n",
        &content[5..305],
        b"\r\n0\r\n\r\n",
    ];
    let wanted = vec![
        ("/whole", [head(300_000).as_bytes(), &content].concat()),
        ("/ranges", ranges.concat()),
        ("/now", ok("/now").into_bytes()),
        ("/chunks", chunks.concat()),
        ("/empty", head(0).into_bytes()),
        ("/whole", [head(300_000).as_bytes(), &content].concat()),
        ("/end", ok("/end").into_bytes()),
    ];
    (site, wanted)
}

/// Asks for all at once, and hears all.
async fn hears<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut S,
    wanted: &[(&'static str, Vec<u8>)],
) {
    let asked: String = wanted.iter().map(|(target, _)| get(target)).collect();
    let wanted: Vec<u8> = wanted
        .iter()
        .flat_map(|(_, octets)| octets.clone())
        .collect();
    client.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = vec![0; wanted.len()];
    in_time(client.read_exact(&mut heard)).await.unwrap();
    same(&heard, &wanted);
}

fn passed(log: &Log) -> Vec<String> {
    let lines = log.lines().into_iter();
    lines.filter(|line| line.starts_with("passed")).collect()
}

#[tokio::test]
async fn parts_of_files_arrive_between_other_octets() {
    let (site, wanted) = site();
    let (mut client, served) = over_tcp(&site, &options()).await;
    hears(&mut client, &wanted).await;
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
    let over_tcp = passed(&site.log);

    let (site, _) = self::site();
    let mut call = Call::with(&site, &options(), no_drain(), 5000);
    hears(&mut call.client, &wanted).await;
    assert_eq!(call.hangs_up().await, "closed");
    assert_eq!(passed(&site.log), over_tcp);
    let octets = [300_000, 100, 0, 70_000, 1, 0, 300, 0, 300_000];
    assert_eq!(over_tcp, octets.map(|octets| format!("passed {octets}")));
}

/// A TCP connection, and how many octets the program itself gave to it.
struct Watched(TcpStream, Arc<AtomicUsize>);

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_bare_tcp_files_do_not_pass_through_the_program() {
    let content = pattern(2_500_000);
    let site = Site::new().job("/file", whole(&file(&content), 2_500_000));
    let (mut client, stream) = tcp().await;
    let given = Arc::<AtomicUsize>::default();
    let stream = Watched(stream, given.clone());
    let served = spawn(stream, site, options(), no_drain());
    let wanted = [head(2_500_000).as_bytes(), &content].concat();
    hears(&mut client, &[("/file", wanted)]).await;
    assert_eq!(given.load(Relaxed), head(2_500_000).len());
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
}

#[tokio::test]
async fn a_file_that_is_not_in_memory_is_fetched() {
    let content = pattern(3_000_000);
    let file = file(&content);
    #[cfg(target_os = "linux")]
    {
        rustix::fs::fdatasync(&*file).unwrap();
        rustix::fs::fadvise(&*file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    }
    let site = Site::new().job("/file", whole(&file, 3_000_000));
    let (mut client, served) = over_tcp(&site, &options()).await;
    let wanted = [head(3_000_000).as_bytes(), &content].concat();
    hears(&mut client, &[("/file", wanted)]).await;
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
}

#[tokio::test]
async fn a_file_that_is_too_short_is_never_taken_for_whole() {
    let content = pattern(100_000);
    for announced in [100_001, 3_000_000] {
        let missing = announced - 100_000;
        let too_early = format!("cut: what is to be sent ended {missing} octets too early");
        let file = file(&content);
        let site = Site::new().job("/file", whole(&file, announced)).job(
            "/chunk",
            [
                Do::Respond(200, Body::Unknown),
                Do::File(file.clone(), 0, announced),
                Do::Finish,
            ],
        );
        for target in ["/file", "/chunk"] {
            let (mut client, served) = over_tcp(&site, &options()).await;
            client
                .write_all((get(target) + &get("/not")).as_bytes())
                .await
                .unwrap();
            assert_eq!(shown(&in_time(served).await.unwrap()), too_early);
            let mut heard = Vec::new();
            let ended = in_time(client.read_to_end(&mut heard)).await;
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
            let is_whole = |heard: &[u8]| match target {
                "/chunk" => heard.ends_with(b"\r\n0\r\n\r\n"),
                _ => heard.len() >= head(announced).len() + announced as usize,
            };
            assert!(!is_whole(&heard));

            let mut call = Call::new(&site, &options());
            call.say(get(target) + &get("/not")).await;
            let mut heard = Vec::new();
            in_time(call.client.read_to_end(&mut heard)).await.unwrap();
            assert!(!is_whole(&heard));
            assert_eq!(call.ends().await, too_early);
        }
        assert!(!site.log.has("GET /not"));
    }
}

#[tokio::test]
async fn a_part_beyond_what_was_announced_is_not_sent() {
    let file = file(&pattern(1000));
    let steps = [
        Do::Respond(200, Body::Length(10)),
        Do::File(file, 0, 11),
        Do::Finish,
    ];
    let site = Site::new().job("/file", steps);
    let mut call = Call::new(&site, &options());
    call.say(get("/file")).await;
    assert_eq!(
        call.ends().await,
        "cut: only 10 octets of the body are left"
    );
}

#[tokio::test]
async fn what_cannot_be_read_cuts_the_connection() {
    let folder = Arc::new(File::open(std::env::temp_dir()).unwrap());
    let site = Site::new().job("/folder", whole(&folder, 1000));
    let (mut client, served) = over_tcp(&site, &options()).await;
    client.write_all(get("/folder").as_bytes()).await.unwrap();
    let ended = shown(&in_time(served).await.unwrap());
    assert!(ended.starts_with("cut: "), "{ended}");
    let ended = in_time(client.read_to_end(&mut Vec::new())).await;
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);

    let mut call = Call::new(&site, &options());
    call.say(get("/folder")).await;
    let _ = in_time(call.rest()).await;
    let ended = call.ends().await;
    assert!(
        ended.starts_with("cut: cannot read what is to be sent"),
        "{ended}"
    );
}

#[tokio::test]
async fn a_slow_reader_gets_a_file_larger_than_all_buffers() {
    let len = 12_000_000;
    let content = pattern(len);
    let site = Site::new().job("/file", whole(&file(&content), len as u64));
    let (mut client, served) = over_tcp(&site, &options()).await;
    client
        .write_all((get("/file") + &get("/then")).as_bytes())
        .await
        .unwrap();
    let wanted = [
        head(len as u64).as_bytes(),
        &content,
        ok("/then").as_bytes(),
    ]
    .concat();
    let mut heard = Vec::new();
    let read = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let mut piece = vec![0; 50_000];
            client.read_exact(&mut piece).await.unwrap();
            heard.extend(piece);
        }
        let mut rest = vec![0; wanted.len() - heard.len()];
        client.read_exact(&mut rest).await.unwrap();
        heard.extend(rest);
    };
    in_time(read).await;
    same(&heard, &wanted);
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
}

/// The clock of the system, as the peer is at the other end of TCP.
#[tokio::test]
async fn whoever_reads_nothing_is_given_up() {
    let len = 60_000_000_u64;
    let file = tempfile::tempfile().unwrap();
    file.set_len(len).unwrap();
    let file = Arc::new(file);
    let mut options = options();
    options.driver.stall = Some(Duration::from_millis(80));
    let site = Site::new().job("/file", whole(&file, len));
    let (mut client, served) = over_tcp(&site, &options).await;
    client.write_all(get("/file").as_bytes()).await.unwrap();
    let given_up = "cut: the peer does not read what is sent";
    assert_eq!(shown(&in_time(served).await.unwrap()), given_up);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_sending() {
    let len = 60_000_000;
    let file = tempfile::tempfile().unwrap();
    file.set_len(len).unwrap();
    let site = Site::new().job("/file", whole(&Arc::new(file), len));
    let (mut client, served) = over_tcp(&site, &options()).await;
    client.write_all(get("/file").as_bytes()).await.unwrap();
    client.read_exact(&mut [0; 100_000]).await.unwrap();
    drop(client);
    let ended = shown(&in_time(served).await.unwrap());
    assert!(ended.starts_with("cut: "), "{ended}");

    let mut call = Call::with(&site, &options(), no_drain(), 100_000);
    call.say(get("/file")).await;
    call.client.read_exact(&mut [0; 100_000]).await.unwrap();
    let ended = call.hangs_up().await;
    assert!(ended.starts_with("cut: "), "{ended}");
}

mod watched {
    use super::Watched;
    use std::io;
    use std::pin::Pin;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::{Context, Poll, ready};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio::net::TcpStream;
    use wirelore_tokio::http1::server::Transport;

    impl Transport for Watched {
        fn tcp(&self) -> Option<&TcpStream> {
            Some(&self.0)
        }
    }

    impl AsyncRead for Watched {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Watched {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.0).poll_write(cx, buf))?;
            self.1.fetch_add(count, Relaxed);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }
}
