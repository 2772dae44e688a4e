use wirelore_core::Instant;

/// The clock that machines are driven by: time since it was made, read from tokio's clock, so that
/// tests may pause it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from(self.0.elapsed())
    }

    /// When `at` is in tokio's time.
    pub(crate) fn when(self, at: Instant) -> tokio::time::Instant {
        self.0 + at.since(Instant::ORIGIN)
    }
}
