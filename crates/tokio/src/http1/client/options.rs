use super::{ChooseProxy, Connect, Dial, Observer};
use crate::{DriverConfig, Tap};
use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use wirelore_http1::ClientConfig;

/// What a [`Client`](super::Client) is made of.
#[derive(Clone)]
#[allow(clippy::exhaustive_structs)]
pub struct ClientOptions {
    /// How responses are read, and how long they may take. `max_pipelined` is without effect: a request
    /// waits for the end of the response before it.
    pub message: ClientConfig,
    /// How much a connection holds, and how long it bears a server that reads nothing. Default: 262144
    /// octets unsent, 65536 received. The high-water mark is raised to 8192 octets more than the low one.
    pub driver: DriverConfig,
    /// How long a connection may take to come into being: TCP, the proxy and TLS together. Default: 30 s.
    pub connect_timeout: Option<Duration>,
    /// Which connections are kept.
    pub pool: PoolLimits,
    /// How many octets [`discard`](super::Exchange::discard) reads at most. Default: 65536.
    pub discard: u64,
    /// How long [`discard`](super::Exchange::discard) takes at most. Default: 1 s.
    pub discard_time: Duration,
    /// How TCP connections come into being. Default: [`Dial`].
    pub connector: Arc<dyn Connect>,
    /// Which proxy is used for which origin. Default: none.
    pub proxies: Option<ChooseProxy>,
    /// TLS with origins; without it there are no `https` origins. Make it with
    /// [`tls::client_config`](crate::tls::client_config). Default: none.
    #[cfg(feature = "tls")]
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// TLS with proxies that are reached by `https` themselves. Default: none.
    #[cfg(feature = "tls")]
    pub proxy_tls: Option<Arc<rustls::ClientConfig>>,
    /// Who looks on. Default: nobody.
    pub observer: Arc<dyn Observer>,
    /// Where connections are recorded, above TLS. A tunnel is not recorded, only what is in it. Default:
    /// nowhere.
    pub tap: Option<Tap>,
}

/// Which connections are kept when no exchange uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct PoolLimits {
    /// How many in all. Default: 32.
    pub idle: usize,
    /// How many that can be used for the same. With 0 none is kept. Default: 8.
    pub idle_per_origin: usize,
    /// For how long. They are closed when the client is used next, or when it is asked for its
    /// connections: there is no task behind. Default: 60 s.
    pub idle_time: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            idle: 32,
            idle_per_origin: 8,
            idle_time: Duration::from_secs(60),
        }
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            message: ClientConfig::default(),
            driver: DriverConfig {
                high: 262_144,
                low: 65_536,
                ..DriverConfig::default()
            },
            connect_timeout: Some(Duration::from_secs(30)),
            pool: PoolLimits::default(),
            discard: 65_536,
            discard_time: Duration::from_secs(1),
            connector: Arc::new(Dial),
            proxies: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            proxy_tls: None,
            observer: Arc::new(()),
            tap: None,
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("message", &self.message)
            .field("driver", &self.driver)
            .field("connect_timeout", &self.connect_timeout)
            .field("pool", &self.pool)
            .field("proxies", &self.proxies.is_some())
            .finish_non_exhaustive()
    }
}
