//! The small services, asked as their RFCs say: one server for all of them.

use super::content::octets;
use super::judge::{Fault, judge_end};
use super::report::{Row, Shown, Story};
use super::stage::{Server, Stage};
use super::wire::{Wire, shown};
use super::{Tell, Trouble};
use jiff::{SignedDuration, Zoned};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

const SERVICES: &[&str] = &[
    "chargen",
    "chargen-udp",
    "daytime",
    "daytime-udp",
    "discard",
    "discard-udp",
    "echo",
    "echo-udp",
    "time",
    "time-udp",
];

/// How far the clock of a service may be from ours.
const SECONDS: i64 = 3;
/// What a datagram's answer takes at most. Some ports are never answered, so that there has to be
/// another try.
const ANSWER: Duration = Duration::from_secs(2);
const TRIES: usize = 4;
/// So many octets go both ways over TCP.
const MANY: usize = 100_000;
/// And in a datagram.
const DATAGRAM: usize = 1400;

/// A service, and what it must do.
struct Case {
    group: &'static str,
    what: &'static str,
    answer: &'static str,
    play: for<'s> fn(&'s mut Server) -> Judged<'s>,
}

type Judged<'s> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 's>>;

macro_rules! cases {
    ($($group:literal $what:literal $answer:literal $play:ident;)*) => {
        &[$(Case {
            group: $group,
            what: $what,
            answer: $answer,
            play: |server| Box::pin($play(server)),
        }),*]
    };
}

const CASES: &[Case] = cases! {
    "TCP" "echo" "100 000 octets come back, to the last" echo;
    "TCP" "discard" "takes 100 000 octets, and says nothing" discard;
    "TCP" "daytime" "one line with this second" daytime;
    "TCP" "chargen" "the pattern, until we close" chargen;
    "TCP" "time" "four octets, the seconds since 1900" time;
    "UDP" "echo" "the datagram comes back, an empty one too" echo_udp;
    "UDP" "daytime" "one line with this second" daytime_udp;
    "UDP" "chargen" "the pattern, never more than was sent" chargen_udp;
    "UDP" "time" "four octets, the seconds since 1900" time_udp;
};

pub(super) async fn run(stage: &Stage, tell: Tell<'_>) -> Result<(), Trouble> {
    std::fs::create_dir(stage.path("empty"))?;
    let mut server = stage.serve_all(SERVICES, "empty", &[]).await?;
    let row = |group, what, answer: &str, verdict| Row {
        group,
        what,
        shown: Shown::Answer(answer.into()),
        verdict,
        story: Story::default(),
    };
    for &Case {
        group,
        what,
        answer,
        play,
    } in CASES
    {
        let verdict = play(&mut server).await.into();
        tell(row(group, what, answer, verdict))?;
    }
    #[cfg(unix)]
    {
        // that nothing came is certain when nobody is there any more
        let socket = thrown_away(&server).await?;
        // what is answered was sent later, so that it has been taken by now
        for _ in 0..2 {
            let _ = echo_udp(&mut server).await;
        }
        let ended = server.end().await?;
        let verdict = discard_udp(&mut server, &socket).await.into();
        let answer = "takes the datagram, and says nothing";
        tell(row("UDP", "discard", answer, verdict))?;
        tell(row(
            "SIGTERM ends the server",
            "all services at once",
            "exit code 0, nothing was cut off",
            judge_end(&ended).into(),
        ))?;
    }
    Ok(())
}

fn is(wanted: &[u8], came: &[u8]) -> Result<(), Fault> {
    match wanted == came {
        true => Ok(()),
        false => Err(Fault::new(
            format!("{} octets: {}", wanted.len(), shown(wanted)),
            format!("{} octets: {}", came.len(), shown(came)),
        )),
    }
}

fn place(server: &Server, service: &str) -> Result<SocketAddr, Fault> {
    server.at(service).map_err(|error| Fault::unready(&error))
}

/// The server has this to say of a connection that is over.
async fn closed(
    server: &mut Server,
    service: &str,
    client: SocketAddr,
    member: &str,
    count: usize,
) -> Result<(), Fault> {
    let expected = format!("a good end in the log of the server, {count} octets {member}");
    let said = server.session(service, "closed", Some(client)).await;
    match said {
        Some(said) if said["ok"] == true && said[member] == count => Ok(()),
        Some(said) => Err(Fault::new(expected, said.to_string())),
        None => Err(Fault::new(expected, "not a word")),
    }
}

async fn echo(server: &mut Server) -> Result<(), Fault> {
    let mut wire = Wire::open(place(server, "echo")?).await?;
    let sent = octets(MANY);
    for piece in sent.chunks(10_000) {
        wire.sends(piece).await?;
        // as it goes, and not at the end only
        wire.gets(piece).await?;
    }
    let last = &sent[..100];
    wire.sends(last).await?;
    wire.finish().await?;
    is(last, &wire.rest().await?)?;
    let client = wire.address()?;
    closed(server, "echo", client, "sent", MANY + 100).await
}

async fn discard(server: &mut Server) -> Result<(), Fault> {
    let mut wire = Wire::open(place(server, "discard")?).await?;
    wire.sends(&octets(MANY)).await?;
    wire.finish().await?;
    is(b"", &wire.rest().await?)?;
    let client = wire.address()?;
    closed(server, "discard", client, "received", MANY).await
}

async fn daytime(server: &mut Server) -> Result<(), Fault> {
    let mut wire = Wire::open(place(server, "daytime")?).await?;
    judge_daytime(&wire.rest().await?, &Zoned::now())
}

async fn daytime_udp(server: &mut Server) -> Result<(), Fault> {
    let line = ask(place(server, "daytime-udp")?, b"", |_| true).await?;
    judge_daytime(&line, &Zoned::now())
}

async fn chargen(server: &mut Server) -> Result<(), Fault> {
    let mut wire = Wire::open(place(server, "chargen")?).await?;
    // until the pattern has begun again
    wire.gets(&pattern(200)).await?;
    let client = wire.address()?;
    // rudely: what it has sent since is unread
    drop(wire);
    match server.session("chargen", "closed", Some(client)).await {
        Some(said) if said["ok"] == true => Ok(()),
        said => Err(Fault::new(
            "a good end in the log of the server",
            said.unwrap_or_default().to_string(),
        )),
    }
}

async fn chargen_udp(server: &mut Server) -> Result<(), Fault> {
    let place = place(server, "chargen-udp")?;
    // its length is at random: nothing at all may be one that was sent
    let came = ask(place, &[b'x'; 512], |came| !came.is_empty()).await?;
    is(&pattern(7)[..came.len().min(512)], &came)?;
    let came = ask(place, b"xy", |_| true).await?;
    is(&pattern(1)[..came.len().min(2)], &came)
}

async fn time(server: &mut Server) -> Result<(), Fault> {
    let mut wire = Wire::open(place(server, "time")?).await?;
    judge_time(&wire.rest().await?, &Zoned::now())
}

async fn time_udp(server: &mut Server) -> Result<(), Fault> {
    let came = ask(place(server, "time-udp")?, b"", |_| true).await?;
    judge_time(&came, &Zoned::now())
}

async fn echo_udp(server: &mut Server) -> Result<(), Fault> {
    let place = place(server, "echo-udp")?;
    for len in [DATAGRAM, 0, 1] {
        let sent = octets(len);
        is(&sent, &ask(place, &sent, |_| true).await?)?;
    }
    Ok(())
}

#[cfg(unix)]
async fn thrown_away(server: &Server) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket
        .send_to(&octets(DATAGRAM), server.at("discard-udp")?)
        .await?;
    Ok(socket)
}

#[cfg(unix)]
async fn discard_udp(server: &mut Server, socket: &UdpSocket) -> Result<(), Fault> {
    let said = server.session("discard-udp", "datagrams", None).await;
    let said = said.unwrap_or_default();
    if said["received"] != DATAGRAM || said["answers"] != 0 {
        let expected = format!("{DATAGRAM} octets received, 0 answers in the log of the server");
        return Err(Fault::new(expected, said.to_string()));
    }
    let mut room = [0; DATAGRAM];
    match socket.try_recv(&mut room) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Ok(len) => is(b"", &room[..len]),
        Err(error) => Err(Fault::new("nothing", error.to_string())),
    }
}

/// The first answer that is of use.
async fn ask(
    server: SocketAddr,
    datagram: &[u8],
    is_of_use: fn(&[u8]) -> bool,
) -> Result<Vec<u8>, Fault> {
    let failed = |error: io::Error| Fault::new("a datagram", error.to_string());
    let mut room = vec![0; 65_536];
    let mut silent = 0;
    // one of a hundred answers at the least must have something in it
    for _ in 0..100 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.map_err(failed)?;
        socket.connect(server).await.map_err(failed)?;
        socket.send(datagram).await.map_err(failed)?;
        match timeout(ANSWER, socket.recv(&mut room)).await {
            Ok(Ok(len)) if is_of_use(&room[..len]) => return Ok(room[..len].to_vec()),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(failed(error)),
            Err(_) => silent += 1,
        }
        if silent == TRIES {
            break;
        }
    }
    match silent {
        TRIES => Err(Fault::silence("a datagram")),
        _ => Err(Fault::new("a datagram", "empty ones only")),
    }
}

/// RFC 864: so many lines of 72 of the 95 printable characters, each beginning one further on.
fn pattern(lines: usize) -> Vec<u8> {
    let ring: Vec<u8> = (b' '..=b'~').cycle().skip(1).take(95 + 72).collect();
    let line = |number: usize| [&ring[number % 95..][..72], b"\r\n"].concat();
    (0..lines).flat_map(line).collect()
}

/// One of the forms of RFC 867, with a second that was a moment ago.
fn judge_daytime(came: &[u8], now: &Zoned) -> Result<(), Fault> {
    let line = |ago: i64| {
        let then = now.saturating_sub(SignedDuration::from_secs(ago));
        let then = then.strftime("%A, %B %-d, %Y %H:%M:%S-%Z\r\n").to_string();
        then.into_bytes()
    };
    match (-1..=SECONDS).any(|ago| line(ago) == came) {
        true => Ok(()),
        false => is(&line(0), came),
    }
}

/// RFC 868. The 32 bits begin again in 2036.
fn judge_time(came: &[u8], now: &Zoned) -> Result<(), Fault> {
    let wanted = (now.timestamp().as_second() + 2_208_988_800) as u32;
    let expected = || format!("{wanted}, in four octets");
    let Ok(four) = <[u8; 4]>::try_from(came) else {
        return Err(Fault::new(expected(), shown(came)));
    };
    let seconds = u32::from_be_bytes(four);
    match (wanted.wrapping_sub(seconds) as i32).unsigned_abs() {
        0..=3 => Ok(()),
        _ => Err(Fault::new(expected(), seconds.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{LONGEST_ANSWER, LONGEST_WHAT};
    use super::*;

    #[test]
    fn rows_have_room() {
        for Case { what, answer, .. } in CASES {
            assert!(what.len() <= LONGEST_WHAT && answer.len() <= LONGEST_ANSWER);
        }
    }

    #[test]
    fn the_pattern_is_that_of_the_rfc() {
        let lines = pattern(96);
        assert_eq!(lines.len(), 96 * 74);
        assert!(lines.starts_with(b"!\"#$%&'()*+,-./0123456789:;<=>?@ABC"));
        assert_eq!(&lines[74..][..70], &lines[1..][..70]);
        assert_eq!(&lines[..74], &lines[95 * 74..]);
        // the line that begins with a blank is the last one of the 95
        assert_eq!(lines[94 * 74], b' ');
    }

    #[test]
    fn a_wrong_time_is_found() {
        let now: Zoned = "2026-01-02T03:04:05[UTC]".parse().expect("a time");
        let line = |second: u8| format!("Friday, January 2, 2026 03:04:{second:02}-UTC\r\n");
        for second in 2..=6 {
            assert_eq!(judge_daytime(line(second).as_bytes(), &now), Ok(()));
        }
        for wrong in [&line(1), &line(7), line(5).trim_end(), "", &(line(5) + "x")] {
            assert!(judge_daytime(wrong.as_bytes(), &now).is_err(), "{wrong:?}");
        }
        let time = now.timestamp().as_second() + 2_208_988_800;
        for (off, right) in [(-4, false), (-3, true), (0, true), (3, true), (4, false)] {
            let octets = ((time + off) as u32).to_be_bytes();
            assert_eq!(judge_time(&octets, &now).is_ok(), right, "{off}");
            assert!(judge_time(&octets[..3], &now).is_err());
        }
    }

    #[test]
    fn another_octet_is_found() {
        assert_eq!(is(b"ab", b"ab"), Ok(()));
        for wrong in [&b""[..], b"a", b"ac", b"abc"] {
            assert!(is(b"ab", wrong).is_err());
        }
    }
}
