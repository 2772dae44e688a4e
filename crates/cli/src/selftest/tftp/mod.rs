//! TFTP: one server for each way of serving, and one copy after the other.

mod cases;
mod refused;

use super::content::{Content, files, strays};
use super::judge::{Account, Seen, judge, judge_end};
use super::report::{Row, Shown, Story, Verdict};
use super::stage::{Server, Stage, typed};
use super::{Tell, Trouble};
use cases::{At, Case, MAX_UPLOAD, normal, prepare};
use std::fs;
use std::io;
use std::net::UdpSocket;

pub(super) async fn run(stage: &Stage, tell: Tell<'_>) -> Result<(), Trouble> {
    let cases = prepare(stage)?;
    let mut servers = Servers {
        shelf: stage.serve("tftp", "shelf", &[]).await?,
        drop: stage
            .serve("tftp", "box/drop", &["--upload=create", MAX_UPLOAD.0])
            .await?,
        old: stage
            .serve("tftp", "shelf/old", &["--tftp-no-options"])
            .await?,
        nobody: UdpSocket::bind("127.0.0.1:0")?,
    };
    let mut cases = cases.into_iter();
    for case in cases.by_ref() {
        let row = servers.play(stage, case).await?;
        let silence = matches!(&row.verdict, Verdict::Wrong(fault) if fault.is_silence());
        tell(row)?;
        if silence {
            break;
        }
    }
    for Case {
        group, what, shown, ..
    } in cases
    {
        tell(Row {
            group,
            what,
            shown,
            verdict: Verdict::LeftOut,
            story: Story::default(),
        })?;
    }
    #[cfg(unix)]
    for (what, mut server) in [
        ("the one that serves a folder", servers.shelf),
        ("the one that takes uploads", servers.drop),
        ("the one that knows no options", servers.old),
    ] {
        let ended = server.end().await?;
        tell(Row {
            group: "SIGTERM ends the servers",
            what,
            shown: Shown::Answer("exit code 0, no transfer was cut off".into()),
            verdict: judge_end(&ended).into(),
            story: Story::default(),
        })?;
    }
    Ok(())
}

/// All of them at once: they cost little, and each case begins without a wait.
struct Servers {
    shelf: Server,
    drop: Server,
    old: Server,
    nobody: UdpSocket,
}

impl Servers {
    async fn play(&mut self, stage: &Stage, case: Case) -> io::Result<Row> {
        let (server, address) = match case.at {
            At::Shelf => (Some(&mut self.shelf), None),
            At::Drop => (Some(&mut self.drop), None),
            At::Old => (Some(&mut self.old), None),
            At::Nobody => (None, Some(self.nobody.local_addr()?)),
        };
        let address = address.or(server.as_ref().map(|server| server.address));
        let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let url = format!("tftp://{address}/{}", encoded(&case.name));
        // what the server could write outside of its folder would be seen
        let (folder, place) = match case.is_upload {
            true => ("box", normal(&format!("drop/{}", case.name))),
            false => ("in", case.local.clone()),
        };
        let (from, to) = match case.is_upload {
            true => (format!("shelf/{}", case.local), url),
            false => (url, format!("in/{place}")),
        };
        let (folder, place) = (stage.path(folder), stage.path(folder).join(place));
        if let Some(before) = &case.before {
            fs::write(&place, before)?;
        }
        let arguments: Vec<_> = case.arguments.iter().map(String::as_str).collect();
        let client = stage.copy(&from, &to, &arguments).await?;
        let told = !matches!(case.wanted.server, Account::Any) && !client.is_silence();
        let said = match server {
            Some(server) if told => server.transfer(&case.name).await,
            _ => None,
        };
        let strays = strays(&folder, &place).await?;
        let there = Content::at(&place)?;
        for file in files(&folder)? {
            fs::remove_file(file)?;
        }
        let seen = Seen {
            client,
            server: said,
            there,
            strays,
        };
        let words = ["wirelore", "copy", &from, &to]
            .into_iter()
            .chain(arguments);
        let command = Some(words.map(typed).collect::<Vec<_>>().join(" "));
        Ok(Row {
            group: case.group,
            what: case.what,
            shown: case.shown,
            verdict: judge(&case.wanted, &seen).into(),
            story: Story {
                command,
                client: seen.client.report,
                server: seen.server,
            },
        })
    }
}

/// A name as it stands in a URL.
fn encoded(name: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._/".contains(&octet);
    let part = |octet: u8| match plain(octet) {
        true => char::from(octet).to_string(),
        false => format!("%{octet:02X}"),
    };
    name.bytes().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_stand_in_a_url() {
        assert_eq!(encoded("a b/ü%.."), "a%20b/%C3%BC%25..");
    }
}
