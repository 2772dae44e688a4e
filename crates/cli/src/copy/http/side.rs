//! One direction of copying: its connections, and what servers and proxies want to be told.

use super::super::Arguments;
use super::super::codes::{Code, Failure, plain};
use super::super::lookout::Lookout;
use super::super::place::shown;
use super::dial::Dial;
use super::login::Scheme as Told;
use super::proxy::{Proxies, ProxyUrl};
use super::words::Onlooker;
use std::collections::HashMap;
use std::error::Error as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wirelore_http1::ClientConfig;
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::value::basic::UserPass;
use wirelore_tokio::DriverConfig;
use wirelore_tokio::http1::client::{Client, ClientOptions, Origin, PoolLimits, Proxy, Scheme};
use wirelore_tokio::tls;

/// Nothing moves for so long: the connection is given up.
const IDLE: Duration = Duration::from_secs(60);

/// How long a body is held back for 100 (Continue).
const PROCEED: Duration = Duration::from_secs(1);

/// What the copies of one direction have in common.
pub(super) struct Side {
    pub(super) client: Client,
    pub(super) onlooker: Arc<Onlooker>,
    pub(super) proxies: Arc<Proxies>,
    proxy_wants: Arc<Wants>,
    wants: Mutex<HashMap<Origin, Told>>,
}

/// How proxies want to be told who asks.
type Wants = Mutex<HashMap<String, Told>>;

impl Side {
    pub(super) fn new(arguments: &Arguments, lookout: &Lookout) -> Result<Self, Failure> {
        let options = &arguments.http;
        let proxies = Proxies::new(
            options.proxy.as_ref(),
            options.no_proxy.as_deref(),
            |name| std::env::var(name).ok(),
        )?;
        let (proxies, proxy_wants) = (Arc::new(proxies), Arc::new(Wants::default()));
        let onlooker = Arc::new(Onlooker::default());
        let tls = tls_config(arguments)?;
        let idle = Some(arguments.timeout.unwrap_or(IDLE));
        let chosen = (Arc::clone(&proxies), Arc::clone(&proxy_wants));
        let agent = options.user_agent.clone();
        let client = ClientOptions {
            message: ClientConfig {
                max_pipelined: 0,
                proceed: Some(PROCEED),
                head: idle,
                body: idle,
                // every octet is a sign of life
                body_piece: 1,
                ..ClientConfig::default()
            },
            driver: DriverConfig {
                high: 262_144,
                low: 65_536,
                stall: idle,
                ..DriverConfig::default()
            },
            connect_timeout: Some(
                arguments
                    .connect_timeout
                    .or(arguments.timeout)
                    .unwrap_or(IDLE),
            ),
            pool: PoolLimits {
                idle_per_origin: if options.no_keep_alive { 0 } else { 8 },
                idle_time: options.keep_alive_time,
                ..PoolLimits::default()
            },
            connector: Arc::new(Dial(arguments.network.clone())),
            proxies: Some(Arc::new(move |origin: &Origin| {
                let (proxies, wants) = &chosen;
                let proxy = proxies.choose(origin.scheme, &origin.host, origin.port)?;
                Some(made(proxy, origin, wants, &agent))
            })),
            tls: tls.clone(),
            proxy_tls: tls,
            observer: onlooker.clone(),
            tap: lookout.tools().tap.clone(),
            ..ClientOptions::default()
        };
        Ok(Self {
            client: Client::new(client),
            onlooker,
            proxies,
            proxy_wants,
            wants: Mutex::default(),
        })
    }

    /// How a server wants to be told who asks, as far as it has said so.
    pub(super) fn wants(&self, origin: &Origin) -> Told {
        lock(&self.wants).get(origin).cloned().unwrap_or_default()
    }

    pub(super) fn note(&self, origin: &Origin, told: Told) {
        lock(&self.wants).insert(origin.clone(), told);
    }

    /// The proxy on the way to a server.
    pub(super) fn proxy(&self, origin: &Origin) -> Option<&ProxyUrl> {
        self.proxies
            .choose(origin.scheme, &origin.host, origin.port)
    }

    /// What a proxy that sees the request wants to be told with it.
    pub(super) fn proxy_credentials(
        &self,
        proxy: &ProxyUrl,
        method: &str,
        target: &str,
    ) -> Option<Vec<u8>> {
        credentials(proxy, &self.proxy_wants, method, target)
    }

    /// What a proxy wants is changed by its challenge.
    pub(super) fn with_proxy<R>(&self, proxy: &ProxyUrl, act: impl FnOnce(&mut Told) -> R) -> R {
        act(lock(&self.proxy_wants)
            .entry(key(proxy))
            .or_insert(Told::Basic))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(proxy: &ProxyUrl) -> String {
    format!("{}:{}", proxy.host, proxy.port)
}

/// A proxy is told at once, unless it wants something better than that.
fn credentials(proxy: &ProxyUrl, wants: &Wants, method: &str, target: &str) -> Option<Vec<u8>> {
    let login = proxy.login.as_ref()?;
    let mut wants = lock(wants);
    let told = wants.entry(key(proxy)).or_insert(Told::Basic);
    told.credentials(login, method, target)
}

/// The proxy as it is to be used for this origin.
fn made(proxy: &ProxyUrl, origin: &Origin, wants: &Wants, agent: &str) -> Proxy {
    let made = Proxy::new(proxy.scheme, &proxy.host, proxy.port);
    let (Some(login), Scheme::Https) = (&proxy.login, origin.scheme) else {
        // requests that it sees have the field themselves
        return made
            .with_connect_fields(FieldBlock::of([("User-Agent", agent)]).unwrap_or_default());
    };
    let mut fields = FieldBlock::of([("User-Agent", agent)]).unwrap_or_default();
    if matches!(lock(wants).get(&key(proxy)), None | Some(Told::Basic)) {
        let login = UserPass {
            user_id: login.name.clone().into_bytes(),
            password: login.password.clone().unwrap_or_default().into_bytes(),
        };
        let plain = made.clone().with_connect_fields(fields);
        return plain.with_basic(&login).unwrap_or(made);
    }
    let host = match origin.host.contains(':') {
        true => format!("[{}]", origin.host),
        false => origin.host.clone(),
    };
    let target = format!("{host}:{}", origin.port);
    if let Some(value) = credentials(proxy, wants, "CONNECT", &target) {
        let _ = fields.set("Proxy-Authorization", value);
    }
    made.with_connect_fields(fields)
}

/// What is trusted. Nothing is, where the system has no certificates: then there is no TLS.
fn tls_config(arguments: &Arguments) -> Result<Option<Arc<rustls::ClientConfig>>, Failure> {
    let options = &arguments.http;
    let refused = |place: &str, error: tls::TlsConfigError| {
        let why = error
            .source()
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        Failure::new(Code::CA_FILE, format!("{place}: {why}"))
    };
    if !options.verifies_certificate() {
        let config = tls::client_config_without_verification(tls::HTTP1);
        let config = config.map_err(|error| refused("TLS", error))?;
        return Ok(Some(Arc::new(config)));
    }
    if let Some(path) = &options.cacert {
        let place = shown(path);
        let text =
            read(path).map_err(|why| Failure::new(Code::CA_FILE, format!("{place}: {why}")))?;
        let roots = tls::certificates(&text).map_err(|error| refused(&place, error))?;
        let config = tls::client_config(roots, tls::HTTP1);
        let config = config.map_err(|error| refused(&place, error))?;
        return Ok(Some(Arc::new(config)));
    }
    let roots = rustls_native_certs::load_native_certs().certs;
    Ok(tls::client_config(roots, tls::HTTP1).ok().map(Arc::new))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| plain(&error))
}
