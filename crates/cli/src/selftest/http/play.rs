//! A copy by `wirelore copy`, and what both sides must say of it.

use super::super::content::{Content, files, strays};
use super::super::judge::{Account, Seen, Wanted, judge};
use super::super::report::{Row, Shown, Story, Verdict};
use super::super::stage::typed;
use super::super::{Tell, Trouble};
use super::{At, Scene, TRUST};
use std::fs;
use std::io;
use wirelore_http1::value::percent::{Place, encode};

/// Neither the history nor the proxies of whoever tests are to be touched.
pub(super) const APART: [&str; 2] = ["--no-history", "--no-proxy=*"];

/// Which way a copy goes, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Get,
    /// A file, whose length is known.
    Put,
    /// Stdin, whose length is not.
    PutStdin,
}

pub(super) struct Copy {
    pub(super) group: &'static str,
    pub(super) what: &'static str,
    pub(super) at: At,
    pub(super) secure: bool,
    pub(super) way: Way,
    /// The path there, without the first slash, and the name here.
    pub(super) name: String,
    pub(super) local: String,
    pub(super) arguments: Vec<String>,
    /// What is at the destination already: names in its folder, and content.
    pub(super) before: Vec<(String, Vec<u8>)>,
    pub(super) shown: Shown,
    pub(super) wanted: Wanted,
}

impl Copy {
    /// A download over http that must go well.
    pub(super) fn get(
        group: &'static str,
        what: &'static str,
        name: impl Into<String>,
        content: Content,
        options: &str,
    ) -> Self {
        let name = name.into();
        Self {
            group,
            what,
            at: At::Shelf,
            secure: false,
            way: Way::Get,
            local: name.clone(),
            name,
            arguments: Vec::new(),
            before: Vec::new(),
            shown: Shown::Copy {
                octets: content.octets,
                options: options.into(),
            },
            wanted: Wanted {
                exit_code: 0,
                there: Some(content),
                options: vec![("status", 200.into())],
                server: Account::Done("read", Vec::new()),
            },
        }
    }

    /// The same file put, where new files are taken.
    pub(super) fn put(mut self, way: Way) -> Self {
        (self.at, self.way) = (At::Drop, way);
        self.wanted.options = vec![("status", 201.into())];
        self.wanted.server = Account::Done("write", Vec::new());
        self
    }

    /// By https, with trust in the server's certificate.
    pub(super) fn secure(mut self) -> Self {
        self.secure = true;
        self.with(&[TRUST])
    }

    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// Under another name here.
    pub(super) fn here(self, name: &str) -> Self {
        Self {
            local: name.into(),
            ..self
        }
    }

    /// It must be refused like this instead.
    pub(super) fn refused(mut self, status: u16, exit_code: i32, words: &str) -> Self {
        self.shown = Shown::Answer(format!("{status} {words}; exit code {exit_code}"));
        self.wanted = Wanted {
            exit_code,
            there: None,
            options: vec![("status", status.into())],
            server: Account::Refused(Some(status)),
        };
        self
    }

    pub(super) async fn play(&self, scene: &mut Scene<'_>) -> io::Result<Row> {
        let url = self.url(scene)?;
        // what the server could write outside of its folder would be seen
        let (folder, place) = match self.way {
            Way::Get => ("in", format!("in/{}", self.local)),
            _ => ("box", format!("{}/{}", self.at.folder(), self.name)),
        };
        let file = format!("shelf/{}", self.local);
        let (from, to, stdin) = match self.way {
            Way::Get => (&*url, &*place, None),
            Way::Put => (&*file, &*url, None),
            Way::PutStdin => ("-", &*url, Some(&*file)),
        };
        let stage = scene.stage;
        for (name, octets) in &self.before {
            fs::write(stage.path(folder).join(name), octets)?;
        }
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        let all: Vec<_> = arguments.iter().copied().chain(APART).collect();
        let client = stage.copy_fed(stdin, from, to, &all).await?;
        let told = !matches!(self.wanted.server, Account::Any) && !client.is_silence();
        let said = match told {
            true => {
                let file = format!("/{}", self.name);
                scene.server(self.at).transfer(&file).await
            }
            false => None,
        };
        let (folder, place) = (stage.path(folder), stage.path(&place));
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
        let words = ["wirelore", "copy", from, to].into_iter().chain(arguments);
        let mut command = words.map(typed).collect::<Vec<_>>().join(" ");
        if let Some(stdin) = stdin {
            command += &format!(" < {}", typed(stdin));
        }
        Ok(Row {
            group: self.group,
            what: self.what,
            shown: self.shown.clone(),
            verdict: judge(&self.wanted, &seen).into(),
            story: Story {
                command: Some(command),
                client: seen.client.report,
                server: seen.server,
            },
        })
    }

    pub(super) fn url(&self, scene: &mut Scene<'_>) -> io::Result<String> {
        let scheme = if self.secure { "https" } else { "http" };
        let address = scene.address(self.at, self.secure)?;
        Ok(format!("{scheme}://{address}/{}", encoded(&self.name)))
    }
}

/// Copies one after the other. Whether there was silence, so that the rest was left out.
pub(super) async fn all(
    scene: &mut Scene<'_>,
    copies: &mut dyn Iterator<Item = Copy>,
    tell: Tell<'_>,
) -> Result<bool, Trouble> {
    let mut silent = false;
    for copy in copies {
        let row = match silent {
            true => Row {
                group: copy.group,
                what: copy.what,
                shown: copy.shown,
                verdict: Verdict::LeftOut,
                story: Story::default(),
            },
            false => copy.play(scene).await?,
        };
        silent |= matches!(&row.verdict, Verdict::Wrong(fault) if fault.is_silence());
        tell(row)?;
    }
    Ok(silent)
}

/// A path as it stands in a URL.
pub(super) fn encoded(path: &str) -> String {
    let segment = |name: &str| {
        let name = encode(name.as_bytes(), Place::Segment).into_owned();
        String::from_utf8_lossy(&name).into_owned()
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_stand_in_a_url() {
        assert_eq!(encoded("a b/ü%.#?/c"), "a%20b/%C3%BC%25.%23%3F/c");
    }
}
