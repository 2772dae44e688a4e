//! How far a copy is, for people who wait.

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Style {
    /// A bar where stderr is a terminal, otherwise a line now and then
    Auto,
    /// The same, even where it is not the default
    Bar,
    /// As routers do it: ! for ten blocks, . for a wait in vain, O for a block out of order, E for
    /// the end by an error
    Bang,
    /// Nothing
    None,
}

/// Stderr, shared by everybody who has something to say. What cannot be written there is lost.
#[derive(Clone, Default)]
pub(crate) struct Console(Arc<Mutex<Screen>>);

#[derive(Default)]
struct Screen {
    bar: Option<ProgressBar>,
    /// The line was begun with marks.
    open: bool,
}

impl Console {
    pub(crate) fn line(&self, text: &str) {
        let mut screen = self.lock();
        let end = if std::mem::take(&mut screen.open) {
            "\n"
        } else {
            ""
        };
        let print = || drop(writeln!(io::stderr(), "{end}{text}"));
        match &screen.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn mark(&self, mark: char) {
        let mut screen = self.lock();
        screen.open = true;
        let _ = write!(io::stderr(), "{mark}");
    }

    fn end_line(&self) {
        if std::mem::take(&mut self.lock().open) {
            let _ = writeln!(io::stderr());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a copy goes on before a bar is worth the flicker.
const BAR_AFTER: Duration = Duration::from_millis(300);

/// How often a line is printed where no bar can be.
const LINE_EVERY: Duration = Duration::from_secs(5);

const KNOWN: &str = "{wide_bar} {percent:>3} %  {bytes} of {total_bytes}  {binary_bytes_per_sec}  \
                     {eta} left{msg}";
const UNKNOWN: &str = "{spinner} {bytes}  {binary_bytes_per_sec}  {elapsed}{msg}";
const WAITING: &str = "{spinner} waiting for an answer  {elapsed}{msg}";

pub(crate) struct Progress {
    console: Console,
    display: Display,
    started: Instant,
    total: Option<u64>,
    octets: u64,
}

enum Display {
    Nothing,
    Bar { bar: ProgressBar, shown: bool },
    Lines { next: Instant },
    Bang { per_mark: u64, marks: u64 },
}

impl Progress {
    pub(crate) fn new(style: Style, console: &Console) -> Self {
        let started = Instant::now();
        let display = match style {
            Style::None => Display::Nothing,
            Style::Bang => Display::Bang {
                per_mark: 5120,
                marks: 0,
            },
            Style::Auto | Style::Bar if io::stderr().is_terminal() => {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
                bar.set_style(template(WAITING));
                Display::Bar { bar, shown: false }
            }
            Style::Auto | Style::Bar => Display::Lines {
                next: started + LINE_EVERY,
            },
        };
        Self {
            console: console.clone(),
            display,
            started,
            total: None,
            octets: 0,
        }
    }

    /// Whether somebody wants to know of blocks out of order.
    pub(crate) const fn wants_order(&self) -> bool {
        matches!(self.display, Display::Bang { .. })
    }

    /// The transfer begins: so many octets, if that is known, in blocks of `block` octets.
    pub(crate) fn begin(&mut self, total: Option<u64>, block: u64) {
        self.total = total;
        match &mut self.display {
            Display::Bar { bar, .. } => {
                if let Some(total) = total {
                    bar.set_length(total);
                }
                bar.set_style(template(if total.is_some() { KNOWN } else { UNKNOWN }));
            }
            Display::Bang { per_mark, .. } => *per_mark = 10 * block.max(1),
            _ => {}
        }
    }

    pub(crate) fn at(&mut self, octets: u64) {
        self.octets = octets;
        match &mut self.display {
            Display::Nothing => {}
            Display::Bar { bar, shown } => {
                bar.set_position(octets);
                if *shown {
                    bar.set_message("");
                }
                self.show();
            }
            Display::Lines { next } if Instant::now() < *next => {}
            Display::Lines { .. } => self.print(""),
            Display::Bang { per_mark, marks } => {
                while *marks < octets / *per_mark {
                    *marks += 1;
                    self.console.mark('!');
                }
            }
        }
    }

    /// A wait ended without an answer.
    pub(crate) fn waited(&mut self) {
        match &mut self.display {
            Display::Nothing => {}
            Display::Bar { bar, .. } => {
                bar.set_message("  no answer, asked again");
                self.show();
            }
            Display::Lines { next } if Instant::now() < *next => {}
            Display::Lines { .. } => self.print(", no answer, asked again"),
            Display::Bang { .. } => self.console.mark('.'),
        }
    }

    pub(crate) fn out_of_order(&self) {
        if let Display::Bang { .. } = self.display {
            self.console.mark('O');
        }
    }

    /// It is over: nothing of a bar stays.
    pub(crate) fn end(&mut self, good: bool) {
        match &self.display {
            Display::Bar { bar, .. } => {
                bar.finish_and_clear();
                self.console.lock().bar = None;
            }
            Display::Bang { per_mark, marks } => {
                if !good {
                    self.console.mark('E');
                } else if self.octets > marks * per_mark {
                    self.console.mark('!');
                }
                self.console.end_line();
            }
            _ => {}
        }
        self.display = Display::Nothing;
    }

    fn show(&mut self) {
        let Display::Bar { bar, shown } = &mut self.display else {
            return;
        };
        if !*shown && self.started.elapsed() >= BAR_AFTER {
            *shown = true;
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
            self.console.lock().bar = Some(bar.clone());
        }
    }

    fn print(&mut self, more: &str) {
        if let Display::Lines { next } = &mut self.display {
            *next = Instant::now() + LINE_EVERY;
        }
        if self.octets == 0 {
            return self.console.line("no answer yet, asked again");
        }
        let of = match self.total {
            Some(total) if total > 0 => {
                let percent = u128::from(self.octets) * 100 / u128::from(total);
                format!(" of {} ({percent} %)", HumanBytes(total))
            }
            _ => String::new(),
        };
        let (octets, rate) = (
            HumanBytes(self.octets),
            rate(self.octets, self.started.elapsed()),
        );
        self.console.line(&format!("{octets}{of}, {rate}{more}"));
    }
}

fn template(text: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(text);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// Octets per second, for people.
pub(crate) fn rate(octets: u64, elapsed: Duration) -> String {
    let per_second = octets as f64 / elapsed.as_secs_f64().max(1e-6);
    let steps = ["B", "KiB", "MiB", "GiB"];
    let step = (1..steps.len())
        .rev()
        .find(|&step| per_second >= 1024_f64.powi(step as i32));
    match step {
        Some(step) => format!(
            "{:.1} {}/s",
            per_second / 1024_f64.powi(step as i32),
            steps[step]
        ),
        None => format!("{per_second:.0} B/s"),
    }
}

/// A time, for people.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    match seconds {
        0.0..0.9995 => format!("{:.0} ms", seconds * 1000.0),
        0.0..99.95 => format!("{seconds:.1} s"),
        0.0..6000.0 => format!(
            "{} min {} s",
            elapsed.as_secs() / 60,
            elapsed.as_secs() % 60
        ),
        _ => format!(
            "{} h {} min",
            elapsed.as_secs() / 3600,
            elapsed.as_secs() / 60 % 60
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_short() {
        for (octets, millis, wanted) in [
            (0, 0, "0 B/s"),
            (12345, 3100, "3.9 KiB/s"),
            (1023, 1000, "1023 B/s"),
            (1 << 20, 500, "2.0 MiB/s"),
            (5 << 40, 1000, "5120.0 GiB/s"),
        ] {
            assert_eq!(rate(octets, Duration::from_millis(millis)), wanted);
        }
        for (millis, wanted) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (3149, "3.1 s"),
            (99_940, "99.9 s"),
            (125_000, "2 min 5 s"),
            (7_260_000, "2 h 1 min"),
        ] {
            assert_eq!(seconds(Duration::from_millis(millis)), wanted);
        }
    }

    #[test]
    fn templates_are_good() {
        for text in [KNOWN, UNKNOWN, WAITING] {
            ProgressStyle::with_template(text).unwrap();
        }
    }

    #[test]
    fn a_bang_stands_for_ten_blocks() {
        let mut progress = Progress::new(Style::Bang, &Console::default());
        progress.begin(Some(100_000), 100);
        for (octets, wanted) in [(999, 0), (1000, 1), (5500, 5), (5000, 5), (100_000, 100)] {
            progress.at(octets);
            let Display::Bang { marks, .. } = progress.display else {
                panic!()
            };
            assert_eq!(marks, wanted);
        }
    }
}
