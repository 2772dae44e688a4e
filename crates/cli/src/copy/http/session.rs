//! Asking until there is an answer: logins, redirects, proxies.

use super::super::codes::{Code, Failure};
use super::super::lookout::Lookout;
use super::super::remote::Way;
use super::failure::{self, Trouble, trouble};
use super::login::{Answer, Login, Scheme as Told};
use super::redirect::{Rules, leads_on};
use super::side::Side;
use super::url::Address;
use super::{Http, retry};
use bytes::Bytes;
use std::sync::Arc;
use std::time::SystemTime;
use wirelore_core::escape;
use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::value::content_type::MediaType;
use wirelore_http1::wire::ResponseHead;
use wirelore_tokio::http1::client::{ClientError, Exchange, Origin, RequestBody, Scheme, Sending};

pub(super) type Head = ResponseHead<Bytes>;

/// A copy from or to one URL.
pub(super) struct Session<'c> {
    pub(super) way: &'c Way<'c>,
    pub(super) side: Arc<Side>,
    /// Where it begins, however often.
    address: Address,
    home: Origin,
    login: Option<Login>,
    rules: Rules,
    pub(super) redirects: u64,
    pub(super) status: Option<u16>,
    pub(super) etag: Option<String>,
}

/// What an answer means for the one who asked.
pub(super) enum Step {
    /// It is an answer.
    Answered,
    /// The same again, now with credentials.
    Again,
    Elsewhere(Address),
}

/// One request on its way.
pub(super) struct Asked {
    pub(super) exchange: Exchange,
    /// Credentials are in it.
    told: bool,
    pub(super) address: Address,
    proxied: bool,
}

impl Asked {
    /// Why it failed.
    pub(super) fn trouble(&self, error: ClientError, sending: bool) -> Trouble {
        trouble(error, &self.address, self.proxied, sending)
    }
}

impl<'c> Session<'c> {
    pub(super) fn new(http: &Http, way: &'c Way<'c>, is_put: bool) -> Result<Self, Failure> {
        let common = &way.common.http;
        let side = common.side(is_put, way)?;
        side.onlooker.attend(&way.lookout);
        let options = &way.arguments.http;
        let login = common.login(http, way.arguments)?;
        let session = Self {
            way,
            side,
            home: http.address.origin(),
            address: http.address.clone(),
            login,
            rules: Rules {
                is_put,
                allow_downgrade: options.allow_downgrade,
                max: options.max_redirects,
            },
            redirects: 0,
            status: None,
            etag: None,
        };
        if options.basic && session.login.is_some() {
            session.side.note(&session.home, Told::Basic);
        }
        Ok(session)
    }

    pub(super) fn lookout(&self) -> &Lookout {
        &self.way.lookout
    }

    pub(super) fn address(&self) -> Address {
        self.address.clone()
    }

    /// Whether credentials are known that have not been asked for.
    pub(super) fn may_be_asked(&self) -> bool {
        self.login.is_some()
            && matches!(
                self.side.wants(&self.home),
                Told::Unknown | Told::Digest { .. }
            )
    }

    /// Begins a request; none of it is sent yet.
    pub(super) async fn begin(
        &mut self,
        address: &Address,
        method: &str,
        body: RequestBody,
        more: &[(&str, String)],
    ) -> Result<Asked, Trouble> {
        let (origin, target) = (address.origin(), address.target());
        let proxy = self.side.proxy(&origin).cloned();
        // a tunnel may be refused once for want of the right credentials
        for _ in 0..3 {
            let (fields, told) = self.fields(&origin, &target, method, more)?;
            let request = Request::new(method, &target, &fields);
            let begun = self
                .side
                .client
                .begin(&origin, &request, body.clone())
                .await;
            match begun {
                Ok(exchange) => {
                    return Ok(Asked {
                        exchange,
                        told,
                        address: address.clone(),
                        proxied: proxy.is_some(),
                    });
                }
                Err(ClientError::ProxyRefused { head }) if head.status() == 407 => {
                    self.proxy_challenge(address, &head)?;
                }
                Err(error) => return Err(trouble(error, address, proxy.is_some(), false)),
            }
        }
        let text = format!("{}: the proxy does not accept the login", address.shown());
        Err(Failure::new(Code::LOGIN, text).into())
    }

    /// The fields of a request, and whether credentials are among them.
    fn fields(
        &self,
        origin: &Origin,
        target: &str,
        method: &str,
        more: &[(&str, String)],
    ) -> Result<(FieldBlock, bool), Failure> {
        let options = &self.way.arguments.http;
        let mut fields = FieldBlock::new();
        let mut told = false;
        let filled = (|| {
            fields.push("Host", origin.authority())?;
            fields.push("User-Agent", &options.user_agent)?;
            fields.push("Accept", "*/*")?;
            // what is stored is the file, and not a form of it for the way
            fields.push("Accept-Encoding", "identity")?;
            if options.no_keep_alive {
                fields.push("Connection", "close")?;
            }
            for (name, value) in more {
                fields.push(name, value)?;
            }
            // nobody else is told what was meant for the host of the URL
            if *origin == self.home {
                if let Some(login) = &self.login {
                    let mut wants = self.side.wants(origin);
                    if let Some(value) = wants.credentials(login, method, target) {
                        fields.push("Authorization", value)?;
                        told = true;
                    }
                    self.side.note(origin, wants);
                }
                for field in &options.header {
                    let once = ["host", "user-agent", "accept", "authorization"];
                    match once
                        .iter()
                        .any(|name| field.name.eq_ignore_ascii_case(name))
                    {
                        true => fields.set(&field.name, &field.value)?,
                        false => fields.push(&field.name, &field.value)?,
                    };
                }
            }
            if origin.scheme == Scheme::Http
                && let Some(proxy) = self.side.proxy(origin)
            {
                let whole = format!("http://{}{target}", origin.authority());
                if let Some(value) = self.side.proxy_credentials(proxy, method, &whole) {
                    fields.push("Proxy-Authorization", value)?;
                }
            }
            Ok::<_, wirelore_http1::Misuse>(())
        })();
        filled.map_err(|misuse| Failure::new(Code::USAGE, misuse.to_string()))?;
        Ok((fields, told))
    }

    /// What to do about the head of an answer.
    pub(super) fn judge(
        &mut self,
        asked: &Asked,
        head: &Head,
        followed: u32,
    ) -> Result<Step, Failure> {
        let (address, status) = (&asked.address, head.status());
        self.status = Some(status);
        match status {
            401 => self.challenge(asked, head),
            407 if asked.proxied => {
                self.proxy_challenge(address, head)?;
                Ok(Step::Again)
            }
            status if leads_on(status) => {
                let location = head.fields().value("Location");
                let next = self
                    .rules
                    .next(address, status, location.as_deref(), followed)?;
                self.redirects += 1;
                self.lookout()
                    .say(&format!("* {status}: on to {}", next.shown()));
                Ok(Step::Elsewhere(next))
            }
            _ => Ok(Step::Answered),
        }
    }

    fn challenge(&self, asked: &Asked, head: &Head) -> Result<Step, Failure> {
        let origin = asked.address.origin();
        let home = origin == self.home;
        if !home || self.login.is_none() {
            return Err(failure::login(&asked.address, home, false, true));
        }
        let mut wants = self.side.wants(&origin);
        let values: Vec<_> = head
            .fields()
            .named("WWW-Authenticate")
            .map(|line| line.value())
            .collect();
        let answer = wants.challenged(values.iter().map(AsRef::as_ref), asked.told);
        self.side.note(&origin, wants);
        match answer {
            Answer::Again => Ok(Step::Again),
            Answer::Refused => Err(failure::login(&asked.address, home, true, true)),
            Answer::Unknown => Err(failure::login(&asked.address, home, asked.told, false)),
        }
    }

    fn proxy_challenge(&self, address: &Address, head: &Head) -> Result<(), Failure> {
        let refused = |why: &str| {
            let text = format!("{}: {why}", address.shown());
            Failure::new(Code::LOGIN, text)
        };
        let proxy = self.side.proxy(&address.origin()).cloned();
        let Some(proxy) = proxy.filter(|proxy| proxy.login.is_some()) else {
            return Err(refused(
                "the proxy wants a name and password: --proxy http://NAME:PASSWORD@HOST:PORT",
            ));
        };
        let values: Vec<_> = head
            .fields()
            .named("Proxy-Authenticate")
            .map(|line| line.value())
            .collect();
        let answer = self.side.with_proxy(&proxy, |wants| {
            wants.challenged(values.iter().map(AsRef::as_ref), true)
        });
        match answer {
            Answer::Again => Ok(()),
            Answer::Refused => Err(refused("the proxy does not accept the name and password")),
            Answer::Unknown => Err(refused(
                "the proxy wants a proof of who asks that is not known here",
            )),
        }
    }

    /// Fetches something: asks until there is an answer.
    pub(super) async fn get(&mut self, more: &[(&str, String)]) -> Result<(Asked, Head), Trouble> {
        let (mut address, mut followed, mut told) = (self.address(), 0, 0);
        loop {
            let mut asked = self
                .begin(&address, "GET", RequestBody::Empty, more)
                .await?;
            let head = asked.exchange.response().await;
            let head = head.map_err(|error| asked.trouble(error, false))?;
            match self.judge(&asked, &head, followed)? {
                Step::Answered => return Ok((asked, head)),
                Step::Again if told < AGAIN => told += 1,
                Step::Again => return Err(failure::login(&address, true, true, true).into()),
                Step::Elsewhere(next) => {
                    (address, told) = (next, 0);
                    followed += 1;
                }
            }
            asked.exchange.discard().await;
        }
    }

    /// The server refuses.
    pub(super) async fn refused(&self, mut asked: Asked, head: &Head) -> Trouble {
        let after = head.fields().value("Retry-After");
        let after = after.and_then(|value| retry::retry_after(&value, SystemTime::now()));
        let words = first_line(&mut asked.exchange, head).await;
        let text = failure::refusal(&asked.address, head, words.as_deref());
        Trouble {
            failure: Failure::new(Code::HTTP_ERROR, text),
            passing: retry::is_passing(head.status()),
            after,
        }
    }
}

/// How often a server may ask who asks.
pub(super) const AGAIN: u32 = 4;

/// The first line of a body that is plain text, as it may be shown.
async fn first_line(exchange: &mut Exchange, head: &Head) -> Option<String> {
    const LIMIT: usize = 4096;
    let value = head.fields().value("Content-Type");
    let is_text = value.is_some_and(|value| {
        MediaType::parse(&value)
            .is_some_and(|it| it.is(b"text", b"plain") || it.is(b"application", b"json"))
    });
    let mut text = Vec::new();
    if is_text {
        let read = async {
            while text.len() < LIMIT && !exchange.is_over() {
                match exchange.data().await {
                    Ok(Some(data)) => text.extend_from_slice(&data),
                    _ => break,
                }
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), read).await;
    }
    exchange.discard().await;
    let line = text
        .split(|octet| b"\r\n".contains(octet))
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())?;
    Some(escape(line).limit(160).to_string())
}

/// Whether the server has answered before it had everything.
pub(super) const fn is_answered(sending: Sending) -> bool {
    matches!(sending, Sending::Answered)
}
