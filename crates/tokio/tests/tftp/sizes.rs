//! Files of every size, with blocks and windows of every size, there and back.

use crate::files::{Shelf, content};
use crate::rig::{
    asking, assert_same, assert_success, assert_told, download, fetch, holding, missing, name,
    reading, request, send, serve, socket, soon, upload, writing,
};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wirelore_tokio::tftp::{self, Access, ClientConfig, Direction, Rollover, Summary};
use wirelore_tokio::{Target, Watch};

/// Whether datagrams are looked at, which forbids sending many in one call.
#[derive(Clone, Copy, Debug)]
struct Looks(bool);

impl Watch for Looks {
    fn wants_datagrams(&self) -> bool {
        self.0
    }
}

/// Around every border of a block, for small, usual and the largest blocks; windows that a file does
/// not fill, fills exactly, and fills many times.
#[tokio::test]
async fn every_size_in_both_directions() {
    for looks in [Looks(false), Looks(true)] {
        for (blksize, blocks) in [(8, 200), (512, 70), (1428, 40), (16_384, 9), (65_464, 3)] {
            for windowsize in [1, 2, 16, 64] {
                let block = usize::from(blksize);
                let sizes = [0, 1, block - 1, block, block + 1, 2 * block, blocks * block];
                round_trips(asking(blksize, windowsize), &sizes, looks).await;
            }
        }
    }
}

/// Blocks of 512 octets without asking for any option.
#[tokio::test]
async fn every_size_without_options() {
    let sizes = [0, 1, 511, 512, 513, 1024, 100 * 512, 100_001];
    let mut config = ClientConfig::plain();
    config.transfer.timing.dally = Duration::ZERO;
    round_trips(config, &sizes, Looks(false)).await;
}

async fn round_trips(config: ClientConfig, sizes: &[usize], looks: Looks) {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let server = serve(move |asked| match asked.direction {
        Direction::Read => Ok(Access::Read {
            source: Box::new(Bytes::from(content(name(asked).parse().unwrap()))),
            size: Some(name(asked).parse().unwrap()),
            watch: Box::new(looks),
        }),
        Direction::Write => Ok(Access::Write {
            target: kept.target(name(asked)),
            max_size: None,
            watch: Box::new(looks),
        }),
    });
    for &size in sizes {
        let (wanted, name) = (content(size), size.to_string());
        let what = (config.blksize, config.windowsize, size, looks);
        assert_same(&fetch(server.address, &name, config).await, &wanted, what);

        let source = Box::new(Bytes::from(wanted.clone()));
        let mut watch = looks;
        let request = request(server.address, &name, config);
        let put = tftp::put(socket(), request, Some(size as u64), source, &mut watch);
        let summary = soon("an upload", put).await;
        assert_success(&summary);
        let parameters = summary.parameters.unwrap();
        assert_eq!(parameters.blksize, config.blksize.unwrap_or(512));
        assert_eq!(parameters.windowsize, config.windowsize.unwrap_or(1));
        assert_same(&shelf.has(&name).expect("finished"), &wanted, what);
    }
    let unfinished = shelf.unfinished();
    assert_eq!(unfinished, 0);
    server.stop().await;
}

/// 70,000 blocks of 8 octets: the block number wraps, to 0 and, where that is negotiated, to 1; in
/// lockstep and in windows.
#[tokio::test]
async fn block_numbers_wrap() {
    let wanted = content(8 * 70_000 + 3);
    let (held, shelf) = (wanted.clone(), Shelf::default());
    let kept = shelf.clone();
    let server = serve(move |asked| match asked.direction {
        Direction::Read => holding(&held),
        Direction::Write => writing(kept.keep(name(asked))),
    });
    for (windowsize, rollover) in [
        (1, None),
        (16, Some(Rollover::One)),
        (64, Some(Rollover::Zero)),
    ] {
        let mut config = asking(8, windowsize);
        config.rollover = rollover;
        let what = (windowsize, rollover);
        assert_same(&fetch(server.address, "f", config).await, &wanted, what);
        if windowsize > 1 {
            let name = windowsize.to_string();
            send(server.address, &name, config, &wanted).await;
            assert_same(&shelf.has(&name).unwrap(), &wanted, what);
        }
    }
}

/// Temporary files on both sides, small ones and such as need many pieces, read from the page cache
/// where they are there.
#[tokio::test]
async fn real_files() {
    let folder = tempfile::tempdir().unwrap();
    let served = folder.path().to_owned();
    let server = serve(move |asked| {
        let path = served.join(name(asked));
        match asked.direction {
            Direction::Read => File::open(path).map_or_else(
                |_| missing(),
                |file| {
                    let size = file.metadata().map(|file| file.len()).ok();
                    Ok(Access::Read {
                        source: Box::new(file),
                        size,
                        watch: Box::new(()),
                    })
                },
            ),
            Direction::Write => writing(OnDisk::new(path)),
        }
    });
    for size in [0, 1, 16_384, 65_536, 65_537, 3_000_000] {
        let wanted = content(size);
        fs::write(folder.path().join("f"), &wanted).unwrap();
        for (blksize, windowsize) in [(512, 1), (1428, 16), (65_464, 2)] {
            let what = (blksize, windowsize, size);
            let config = asking(blksize, windowsize);
            let copy = folder.path().join("copy");
            get_file(server.address, "f", config, &copy).await;
            assert_same(&fs::read(&copy).unwrap(), &wanted, what);

            let source = File::open(folder.path().join("f")).unwrap();
            let request = request(server.address, "back", config);
            assert_success(&upload(request, Some(size as u64), source).await);
            assert_same(
                &fs::read(folder.path().join("back")).unwrap(),
                &wanted,
                what,
            );
            fs::remove_file(folder.path().join("back")).unwrap();
            fs::remove_file(copy).unwrap();
        }
    }
}

async fn get_file(server: SocketAddr, name: &str, config: ClientConfig, to: &Path) {
    let target = OnDisk::new(to.to_owned());
    assert_success(&download(request(server, name, config), target).await);
}

/// A target that is a file with a name only when it is finished.
struct OnDisk {
    path: PathBuf,
    part: File,
    is_finished: bool,
}

impl OnDisk {
    fn new(path: PathBuf) -> Self {
        let part = File::create(path.with_extension("part")).unwrap();
        Self {
            path,
            part,
            is_finished: false,
        }
    }
}

impl Target for OnDisk {
    fn write_at(&mut self, _: u64, octets: &[u8]) -> std::io::Result<()> {
        self.part.write_all(octets)
    }

    fn finish(&mut self) -> std::io::Result<()> {
        self.part.sync_all()?;
        fs::rename(self.path.with_extension("part"), &self.path)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(self.path.with_extension("part"));
        }
    }
}

/// The size alone: as announced, and unknown where the server does not say.
#[tokio::test]
async fn sizes_are_told() {
    let server = serve(|asked| match name(asked) {
        "known" => holding(&content(12_345)),
        "unknown" => reading(Bytes::from_static(b"x")),
        _ => missing(),
    });
    for (name, size) in [("known", Some(12_345)), ("unknown", None)] {
        let summary = size_of(server.address, name).await;
        assert!(summary.outcome.is_ok(), "{summary:?}");
        assert_eq!(summary.size, size);
    }
    let summary = size_of(server.address, "missing").await;
    assert_told(&summary, tftp::ErrorCode::FILE_NOT_FOUND);
    assert_eq!(summary.size, None);
}

async fn size_of(server: SocketAddr, name: &str) -> Summary {
    let request = request(server, name, asking(512, 1));
    soon("a size", tftp::size(socket(), request, &mut ())).await
}
