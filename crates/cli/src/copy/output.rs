//! Where a copy goes to, as long as nobody knows what will come.

use super::audit::Audit;
use super::codes::{Code, Failure};
use super::local::{Local, Scratch};
use super::part::{Notes, Part};
use super::pipe::Inlet;
use super::place::{os_string, shown};
use std::fs::File;
use wirelore_tokio::Target;

/// A target that is made when it is needed, and perhaps once more.
pub(crate) struct Output {
    end: End,
    audit: Audit,
}

enum End {
    Local(Box<Here>),
    /// Another transfer.
    Pipe(Option<Inlet>),
}

struct Here {
    local: Local,
    no_clobber: bool,
    scratch: Scratch,
    /// What was copied is kept for the next time when the copy fails.
    keeps: bool,
    begun: bool,
}

impl Output {
    pub(crate) fn local(
        local: Local,
        no_clobber: bool,
        keeps: bool,
        scratch: &Scratch,
        audit: &Audit,
    ) -> Self {
        let here = Here {
            local,
            no_clobber,
            scratch: scratch.clone(),
            keeps,
            begun: false,
        };
        Self {
            end: End::Local(Box::new(here)),
            audit: audit.clone(),
        }
    }

    pub(crate) fn pipe(inlet: Inlet, audit: &Audit) -> Self {
        Self {
            end: End::Pipe(Some(inlet)),
            audit: audit.clone(),
        }
    }

    /// A target for the whole file, which is not kept when it does not become whole.
    pub(crate) fn whole(&mut self) -> Result<Box<dyn Target>, Failure> {
        let target: Box<dyn Target> = match &mut self.end {
            End::Local(here) => {
                here.may_begin()?;
                here.local.create(here.no_clobber, &here.scratch)?
            }
            End::Pipe(inlet) => Box::new(inlet.take().ok_or_else(only_once)?),
        };
        self.audit.restart();
        Ok(self.audit.target(target))
    }

    /// The same; with `notes` on the file, it can be gone on with if it does not become whole.
    pub(crate) fn begin(&mut self, notes: Option<&Notes>) -> Result<Box<dyn Target>, Failure> {
        let Some(part) = self.part()? else {
            return self.whole();
        };
        let target: Box<dyn Target> = match notes {
            Some(notes) => Box::new(part.begin(notes)?),
            None => {
                part.discard();
                return self.whole();
            }
        };
        self.audit.restart();
        Ok(self.audit.target(target))
    }

    /// Whether a target can be asked for once more: what is in a pipe cannot be taken back.
    pub(crate) fn can_begin_again(&self) -> bool {
        match &self.end {
            End::Local(here) => !here.begun || here.local.is_replaced(),
            End::Pipe(inlet) => inlet.is_some(),
        }
    }

    /// What an earlier copy has left of the file at `url`, and what it noted.
    pub(crate) fn left(&self, url: &str) -> Result<Option<(u64, Notes)>, Failure> {
        Ok(self.part()?.and_then(|part| part.left(url)))
    }

    /// Goes on behind what an earlier copy has left.
    pub(crate) fn go_on(&mut self) -> Result<Box<dyn Target>, Failure> {
        let part = self.part()?.ok_or_else(only_once)?;
        self.audit.restart();
        let target = part.go_on(|offset, octets| self.audit.see(offset, octets))?;
        Ok(self.audit.target(Box::new(target)))
    }

    /// What an earlier copy has left, to be read.
    pub(crate) fn beginning(&self) -> Option<File> {
        self.part().ok()??.open()
    }

    /// What was kept is not worth it.
    pub(crate) fn discard(&self) {
        if let Ok(Some(part)) = self.part() {
            part.discard();
        }
    }

    /// The folder that the file is put into is known, and now its name: the peer says so.
    pub(crate) fn rename(&mut self, name: &str) {
        if let End::Local(here) = &mut self.end {
            here.local.rename(os_string(name.as_bytes().to_vec()));
        }
    }

    /// Whether a name is all that is missing.
    pub(crate) fn is_folder(&self) -> bool {
        match &self.end {
            End::Local(here) => here.local.is_folder(),
            End::Pipe(_) => false,
        }
    }

    fn part(&self) -> Result<Option<Part>, Failure> {
        match &self.end {
            End::Local(here) if here.keeps => Part::of(&here.local, here.no_clobber).map(Some),
            _ => Ok(None),
        }
    }
}

impl Here {
    fn may_begin(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.begun, true) && !self.local.is_replaced() {
            return Err(only_once());
        }
        if let Local::Path { path, .. } = &self.local
            && self.local.is_folder()
            && path.is_dir()
        {
            return Err(Failure::new(
                Code::WRITING,
                format!("{}: is a folder", shown(path)),
            ));
        }
        Ok(())
    }
}

fn only_once() -> Failure {
    Failure::new(
        Code::PARTIAL,
        "what was written already cannot be taken back",
    )
}
