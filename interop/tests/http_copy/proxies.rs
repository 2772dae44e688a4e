//! squid and tinyproxy.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Missing, Peer, find, folder, free_tcp_port, run};

use crate::LIMIT;
use crate::copy::utf8;
use crate::nginx::PASSWORD;

/// A proxy. Its log is in its folder.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    folder: TempDir,
    peer: Peer,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Anybody,
    /// `ann`, with the password of nginx's `ann`; tinyproxy has no word for blanks and colons in it, and
    /// has [`Proxy::SIMPLE`].
    Basic,
    Digest,
}

/// The helpers of squid, as Debian and others have them.
const HELPERS: [&str; 3] = ["/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid"];

impl Proxy {
    /// What `ann` says to tinyproxy.
    pub(crate) const SIMPLE: &str = "s3cret-of-tinyproxy";

    /// squid, with tunnels to `tls` only.
    pub(crate) fn squid(asks: Asks, tls: u16) -> Result<Self, Missing> {
        let squid = find("squid")?;
        let (folder, port) = (folder(), free_tcp_port());
        let users = folder.path().join("users");
        let who = match asks {
            Asks::Anybody => String::new(),
            Asks::Basic => {
                let mut command = Command::new(find("htpasswd")?);
                command.arg("-bc").arg(&users).args(["ann", PASSWORD]);
                run(&mut command, LIMIT).expect_success();
                let helper = helper("basic_ncsa_auth")?;
                format!("auth_param basic program {helper} {}", users.display())
            }
            Asks::Digest => {
                fs::write(&users, format!("ann:{}\n", Self::SIMPLE)).unwrap();
                let helper = helper("digest_file_auth")?;
                format!(
                    "auth_param digest program {helper} {}\nauth_param digest realm here",
                    users.display()
                )
            }
        };
        let rule = match asks {
            Asks::Anybody => "http_access allow all",
            _ => "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all",
        };
        let config = SQUID
            .replace("WHO", &who)
            .replace("RULE", rule)
            .replace("FOLDER", utf8(folder.path()))
            .replace("PORT", &port.to_string())
            .replace("TLS", &tls.to_string());
        let file = folder.path().join("squid.conf");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(squid);
        command.arg("-N").arg("-f").arg(&file);
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(port);
        Ok(Self { port, folder, peer })
    }

    /// tinyproxy, with tunnels to `tls` only.
    pub(crate) fn tinyproxy(asks: Asks, tls: u16) -> Result<Self, Missing> {
        let tinyproxy = find("tinyproxy")?;
        let (folder, port) = (folder(), free_tcp_port());
        let who = match asks {
            Asks::Anybody => String::new(),
            _ => format!("BasicAuth ann {}", Self::SIMPLE),
        };
        let config = TINYPROXY
            .replace("WHO", &who)
            .replace("FOLDER", utf8(folder.path()))
            .replace("PORT", &port.to_string())
            .replace("TLS", &tls.to_string());
        let file = folder.path().join("tinyproxy.conf");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(tinyproxy);
        command.arg("-d").arg("-c").arg(&file);
        let mut peer = Peer::start(&mut command);
        peer.wait_for_tcp(port);
        Ok(Self { port, folder, peer })
    }

    /// Its URL; `login` is `NAME:PASSWORD@` or nothing.
    pub(crate) fn url(&self, login: &str) -> String {
        format!("http://{login}127.0.0.1:{}", self.port)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default()
    }

    /// SIGKILL.
    #[track_caller]
    pub(crate) fn dies(self) {
        self.peer.signal("KILL");
        assert_eq!(self.peer.wait(LIMIT).code(), None);
    }
}

fn helper(name: &str) -> Result<String, Missing> {
    let places = HELPERS.map(|folder| format!("{folder}/{name}"));
    let found = places.into_iter().find(|file| fs::metadata(file).is_ok());
    found.ok_or_else(|| Missing::Program(name.into()))
}

const SQUID: &str = "
http_port 127.0.0.1:PORT
pid_filename none
cache deny all
access_log stdio:FOLDER/access.log
cache_log FOLDER/cache.log
coredump_dir FOLDER
pinger_enable off
visible_hostname squid.test
dns_nameservers 127.0.0.1
shutdown_lifetime 0 seconds
WHO
acl CONNECT method CONNECT
acl tls port TLS
http_access deny CONNECT !tls
RULE
";

const TINYPROXY: &str = "
Port PORT
Listen 127.0.0.1
Timeout 60
LogFile \"FOLDER/access.log\"
LogLevel Info
MaxClients 50
Allow 127.0.0.1
ViaProxyName \"tinyproxy.test\"
ConnectPort TLS
WHO
";
