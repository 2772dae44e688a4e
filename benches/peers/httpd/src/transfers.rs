//! One large file, fetched or sent by `curl`.

use crate::curl;
use crate::place::{self, Site};
use crate::rounds::{Spent, Trial, Unit};
use crate::servers::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Which way the file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Download,
    Upload,
}

/// The large file, once a turn.
pub(crate) struct Transfers<'a> {
    pub(crate) way: Way,
    pub(crate) site: &'a Site,
    pub(crate) octets: u64,
}

impl Trial for Transfers<'_> {
    const UNIT: Unit = Unit {
        cost: "s/GiB",
        rate: "MiB/s",
        costs: 1.0,
        rates: 1024.0,
    };

    /// Every octet arrives as it was; not measured.
    fn verify(&self, server: &Server) -> Result<(), String> {
        let large = self.site.large();
        match self.way {
            Way::Download => {
                let copy = self.site.root().join("copy");
                curl::fetch(&server.url("large.bin"), &copy)?;
                identical(&large, &copy)
            }
            Way::Upload => {
                let put = uploaded(server)?;
                curl::put(&large, &server.url("large.bin"))?;
                identical(&large, &put)
            }
        }
    }

    fn turn(&self, server: &Server) -> Result<Spent, String> {
        let used = || server.process.cpu().map_err(|e| e.to_string());
        let before = used()?;
        let took = self.transfer(server)?;
        let cpu = used()?.saturating_sub(before);
        if self.way == Way::Upload {
            // not on disk yet, for the most part: then nothing is left to be written
            fs::remove_file(uploaded(server)?).map_err(|e| e.to_string())?;
        }
        Ok(Spent {
            cpu,
            took,
            count: self.octets as f64 / GIB,
            ..Spent::default()
        })
    }
}

impl Transfers<'_> {
    fn transfer(&self, server: &Server) -> Result<Duration, String> {
        let url = server.url("large.bin");
        let (answer, arrived) = match self.way {
            Way::Download => {
                let answer = curl::discard(&url)?;
                (answer.took, answer.octets)
            }
            Way::Upload => {
                let answer = curl::put(&self.site.large(), &url)?;
                let there = fs::metadata(uploaded(server)?).map_err(|e| e.to_string())?;
                (answer.took, there.len().min(answer.octets))
            }
        };
        match arrived == self.octets {
            true => Ok(answer),
            false => Err(format!("{arrived} octets of {}", self.octets)),
        }
    }
}

/// Where a server puts what is sent.
fn uploaded(server: &Server) -> Result<PathBuf, String> {
    let folder = server.plan.uploads.as_ref().ok_or("takes no files")?;
    Ok(folder.join("large.bin"))
}

/// Whether a copy is right. It is removed.
fn identical(original: &Path, copy: &Path) -> Result<(), String> {
    let same = place::same(original, copy);
    let removed = fs::remove_file(copy);
    match same.and_then(|same| removed.map(|()| same)) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the file arrived changed".into()),
        Err(e) => Err(format!("{}: {e}", copy.display())),
    }
}
