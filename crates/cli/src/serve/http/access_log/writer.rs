//! The thread that writes lines to their file.

use super::{Shared, State, WAITING};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;
use wirelore_core::escape;

/// Lines are written no oftener, unless half of their room is full.
const PAUSE: Duration = Duration::from_millis(50);

/// Where lines go.
pub(super) struct Place {
    path: PathBuf,
    /// Without one it is stdout.
    file: Option<File>,
}

impl Place {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let is_stdout = path.as_os_str() == "-";
        Ok(Self {
            path: path.to_owned(),
            file: (!is_stdout).then(|| open(path)).transpose()?,
        })
    }

    fn reopen(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            self.file = Some(open(&self.path)?);
        }
        Ok(())
    }

    /// Writes all, in one call of the system if it takes all; how many octets were written.
    fn write(&mut self, lines: &[u8]) -> (usize, io::Result<()>) {
        match &mut self.file {
            Some(file) => write(file, lines),
            None => {
                // nothing of others comes between
                let mut stdout = io::stdout().lock();
                let (written, result) = write(&mut stdout, lines);
                (written, result.and_then(|()| stdout.flush()))
            }
        }
    }

    fn shown(&self) -> String {
        match self.file {
            Some(_) => escape(self.path.as_os_str().as_encoded_bytes()).to_string(),
            None => "stdout".to_owned(),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

fn write(to: &mut impl Write, octets: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = octets.get(written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(some) => written += some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Writes until it is told to stop and nothing is left.
pub(super) fn run(shared: &Shared, mut place: Place, report: impl Fn(&str)) {
    let mut lines = Vec::new();
    let mut trouble = Trouble::default();
    loop {
        let mut state = shared.state();
        let is_idle = |state: &mut State| {
            state.lines.is_empty() && state.lost == 0 && !state.reopen && !state.stop
        };
        state = (shared.wake.wait_while(state, is_idle)).unwrap_or_else(PoisonError::into_inner);
        // more will come soon
        let may_wait =
            |state: &mut State| state.lines.len() < WAITING / 2 && !state.reopen && !state.stop;
        state = match shared.wake.wait_timeout_while(state, PAUSE, may_wait) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        };
        std::mem::swap(&mut state.lines, &mut lines);
        let lost = std::mem::take(&mut state.lost);
        let reopen = std::mem::take(&mut state.reopen);
        let stop = state.stop;
        drop(state);
        if lost > 0 {
            let s = if lost == 1 { "" } else { "s" };
            let text = format!("{lost} line{s} of the access log were lost: they came too fast");
            report(&text);
        }
        trouble.write(&mut place, &lines, &report);
        lines.clear();
        if reopen && let Err(error) = place.reopen() {
            let name = place.shown();
            report(&format!(
                "{name}: {error}; the old file is still written to"
            ));
        }
        if stop {
            trouble.end(&place, &report);
            return;
        }
    }
}

/// What could not be written. It is told once, and once when it is over.
#[derive(Default)]
struct Trouble {
    is_told: bool,
    /// So many lines were lost.
    lost: usize,
    /// The last line in the file is not whole.
    is_torn: bool,
}

impl Trouble {
    fn write(&mut self, place: &mut Place, lines: &[u8], report: &impl Fn(&str)) {
        if lines.is_empty() {
            return;
        }
        if self.is_torn {
            let (_, result) = place.write(b"\n");
            self.is_torn = result.is_err();
        }
        let (written, result) = match self.is_torn {
            true => (0, Ok(())),
            false => place.write(lines),
        };
        let (done, rest) = lines.split_at_checked(written).unwrap_or((lines, b""));
        if !done.is_empty() {
            self.is_torn = !done.ends_with(b"\n");
        }
        self.lost += rest.iter().filter(|&&octet| octet == b'\n').count();
        match result {
            Err(error) if !self.is_told => {
                self.is_told = true;
                let text = format!("{}: {error}; lines are lost", place.shown());
                report(&text);
            }
            Ok(()) if rest.is_empty() => self.end(place, report),
            _ => {}
        }
    }

    fn end(&mut self, place: &Place, report: &impl Fn(&str)) {
        if std::mem::take(&mut self.is_told) {
            let lost = std::mem::take(&mut self.lost);
            let s = if lost == 1 { "" } else { "s" };
            report(&format!("{}: {lost} line{s} were lost", place.shown()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Takes a number of octets.
    struct Disk {
        room: usize,
        octets: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let some = octets.len().min(self.room);
            if some == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= some;
            self.octets.extend_from_slice(&octets[..some]);
            Ok(some)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_written_before_an_error_is_known() {
        let mut disk = Disk {
            room: 5,
            octets: Vec::new(),
        };
        let (written, result) = write(&mut disk, b"one\ntwo\n");
        assert_eq!((written, result.is_err()), (5, true));
        disk.room = 100;
        assert!(write(&mut disk, b"").1.is_ok());
        assert_eq!(disk.octets, b"one\nt");
    }

    #[test]
    fn trouble_is_told_once_and_a_torn_line_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let told = RefCell::new(Vec::new());
        let report = |text: &str| told.borrow_mut().push(text.to_owned());
        let mut trouble = Trouble::default();
        let mut full = Place::open(Path::new("/dev/full")).expect("opens");
        trouble.write(&mut full, b"a\nb\n", &report);
        trouble.write(&mut full, b"c\n", &report);
        assert_eq!(told.borrow().len(), 1);
        assert!(told.borrow()[0].contains("/dev/full: No space left"));
        // as if a part had been written
        let mut place = Place::open(&path).expect("opens");
        std::fs::write(&path, "d").expect("writes");
        trouble.is_torn = true;
        trouble.write(&mut place, b"e\n", &report);
        assert_eq!(std::fs::read(&path).expect("reads"), b"d\ne\n");
        assert_eq!(told.borrow().len(), 2);
        assert!(told.borrow()[1].contains("3 lines were lost"));
        trouble.write(&mut place, b"f\n", &report);
        trouble.end(&place, &report);
        assert_eq!(told.borrow().len(), 2);
        assert_eq!(std::fs::read(&path).expect("reads"), b"d\ne\nf\n");
    }
}
