//! Clients and servers that somebody else wrote, and ours as a client among them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use wirelore_interop::{
    Ended, Missing, Namespace, Peer, built_command, find, find_saying, free_udp_port,
};

use crate::utf8;

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    program: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Curl,
    TftpHpa,
    Atftp,
    Busybox,
    Wirelore,
}

impl Client {
    pub(crate) fn curl() -> Result<Self, Missing> {
        Ok(Self { program: find_saying("curl", &["-V"], "tftp")?, kind: Kind::Curl })
    }

    pub(crate) fn tftp_hpa() -> Result<Self, Missing> {
        Ok(Self { program: find_saying("tftp", &["-V"], "tftp-hpa")?, kind: Kind::TftpHpa })
    }

    pub(crate) fn atftp() -> Result<Self, Missing> {
        Ok(Self { program: find("atftp")?, kind: Kind::Atftp })
    }

    pub(crate) fn busybox() -> Result<Self, Missing> {
        let program = find_saying("busybox", &["--list"], "\ntftp\n")?;
        Ok(Self { program, kind: Kind::Busybox })
    }

    pub(crate) fn wirelore() -> Self {
        Self { program: built_command(), kind: Kind::Wirelore }
    }

    /// All of them.
    pub(crate) fn all() -> Result<[Self; 5], Missing> {
        let [curl, tftp_hpa, busybox, wirelore] = Self::exact()?;
        Ok([curl, tftp_hpa, busybox, wirelore, Self::atftp()?])
    }

    /// Those that show the code of an ERROR.
    pub(crate) fn exact() -> Result<[Self; 4], Missing> {
        Ok([Self::curl()?, Self::tftp_hpa()?, Self::busybox()?, Self::wirelore()])
    }

    /// Whether it sends what comes out of a pipe; atftp looks for the place of each block in the file.
    pub(crate) fn reads_pipes(&self) -> bool {
        self.kind != Kind::Atftp
    }

    /// Whether it can ask for such a name: tftp-hpa takes what is before a colon for a host.
    pub(crate) fn can_ask_for(&self, name: &str) -> bool {
        self.kind != Kind::TftpHpa || !name.contains(':')
    }

    /// Fetches the server's file `name` into the file `local`.
    pub(crate) fn get(&self, server: SocketAddr, name: &str, local: &Path) -> Command {
        match self.kind {
            Kind::Curl => self.curl_with(server, name, "--output", local),
            Kind::TftpHpa => self.hpa(server, "binary", &["get", name, utf8(local)]),
            Kind::Atftp => self.with_flags(server, &["--get"], name, local),
            Kind::Busybox => self.with_flags(server, &["tftp", "-g"], name, local),
            Kind::Wirelore => {
                let mut command = Command::new(&self.program);
                command.arg("copy").arg(url(server, name)).arg(local);
                command
            }
        }
    }

    /// Sends the file `local`, which the server is to call `name`.
    pub(crate) fn put(&self, server: SocketAddr, name: &str, local: &Path) -> Command {
        match self.kind {
            Kind::Curl => self.curl_with(server, name, "--upload-file", local),
            Kind::TftpHpa => self.hpa(server, "binary", &["put", utf8(local), name]),
            Kind::Atftp => self.with_flags(server, &["--put"], name, local),
            Kind::Busybox => self.with_flags(server, &["tftp", "-p"], name, local),
            Kind::Wirelore => {
                let mut command = Command::new(&self.program);
                command.arg("copy").arg(local).arg(url(server, name));
                command
            }
        }
    }

    /// That the server answered with ERROR `code`, which is all that is said about it: tftp-hpa's
    /// exit status is 0, and atftp does not show the code.
    #[track_caller]
    pub(crate) fn was_refused(&self, ended: &Ended, code: i32) {
        let (said, sign) = match self.kind {
            // CURLE_TFTP_NOTFOUND, CURLE_TFTP_PERM, ... in the order of the protocol's codes
            Kind::Curl | Kind::Wirelore => {
                (format!("{:?}", ended.code()), format!("Some({})", 67 + code))
            }
            Kind::TftpHpa => (ended.stdout() + &ended.stderr(), format!("Error code {code}:")),
            Kind::Busybox => (ended.stderr(), format!("server error: ({code})")),
            Kind::Atftp => unreachable!("atftp does not show the code"),
        };
        assert!(said.contains(&sign), "wanted {sign}: {ended}");
    }

    /// tftp-hpa's commands, with a mode: `binary` or `ascii`.
    pub(crate) fn hpa(&self, server: SocketAddr, mode: &str, commands: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        command.args(["-m", mode, &ip, &port, "-c"]).args(commands);
        command
    }

    fn curl_with(&self, server: SocketAddr, name: &str, flag: &str, local: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--silent", "--show-error", "--path-as-is", "--max-time", "50", flag]);
        command.arg(local).arg(url(server, name));
        command
    }

    fn with_flags(&self, server: SocketAddr, flags: &[&str], name: &str, local: &Path) -> Command {
        let mut command = Command::new(&self.program);
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        command.args(flags).args(["-r", name, "-l", utf8(local), &ip, &port]);
        command
    }
}

fn url(server: SocketAddr, name: &str) -> String {
    format!("tftp://{server}/{}", encoded(name))
}

/// Every octet of a name, so that none has a meaning in a URL.
pub(crate) fn encoded(name: &str) -> String {
    name.bytes().map(|octet| format!("%{octet:02x}")).collect()
}

/// The same command, in a network of its own.
pub(crate) fn inside(namespace: &Namespace, command: &Command) -> Command {
    let mut inside = namespace.command(command.get_program());
    inside.args(command.get_args());
    inside
}

/// tftp-hpa's server over a folder, on port 69 of a namespace.
#[track_caller]
pub(crate) fn tftpd_hpa(
    namespace: &Namespace,
    flags: &[&str],
    served: &Path,
) -> Result<Peer, Missing> {
    let mut command = namespace.command(find("in.tftpd")?);
    command.args(["-L", "-4", "-a", "127.0.0.1:69"]).args(flags).arg("-s").arg(served);
    let mut server = Peer::start(&mut command);
    server.wait_for_udp(69);
    Ok(server)
}

/// atftpd over a folder, on a free port, which is returned too.
#[track_caller]
pub(crate) fn atftpd(served: &Path) -> Result<(Peer, u16), Missing> {
    let mut command = Command::new(find("atftpd")?);
    let port = free_udp_port();
    command.args(["--daemon", "--no-fork", "--bind-address", "127.0.0.1", "--logfile", "-"]);
    command.args(["--port", &port.to_string()]).arg(served);
    let mut server = Peer::start(&mut command);
    server.wait_for_udp(port);
    Ok((server, port))
}

/// dnsmasq's server over a folder, which has no port but 69.
#[track_caller]
pub(crate) fn dnsmasq(namespace: &Namespace, served: &Path) -> Result<Peer, Missing> {
    let mut command = namespace.command(find("dnsmasq")?);
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--enable-tftp"]);
    command.args(["--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--group="]);
    command.args(["--pid-file=", "--log-facility=-"]);
    command.arg(format!("--tftp-root={}", utf8(served)));
    let mut server = Peer::start(&mut command);
    server.wait_for_udp(69);
    Ok(server)
}
