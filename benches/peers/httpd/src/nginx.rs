//! nginx: one worker, a configuration of its own, nothing outside the folder of the run.

use crate::place::Site;
use crate::process::Launch;
use crate::servers::{Duty, Listens, NGINX, Plan, free_port, says};
use nix::unistd::geteuid;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of daemons, which an ordinary user's `PATH` lacks.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// nginx for this duty, or why it is missing.
pub(crate) fn plan(duty: Duty, site: &Site) -> Result<Plan, String> {
    let program = find().ok_or("nginx is not installed")?;
    let uploads = duty == Duty::Uploads;
    if uploads && !can(&program, "http_dav_module") {
        return Err("this nginx has no http_dav_module (Debian's packages have it)".into());
    }
    let make = || {
        let port = free_port()?;
        let folder = site.own(&format!("{NGINX}-{port}"))?;
        let root = match uploads {
            true => site.own("uploads-nginx")?,
            false => site.served(),
        };
        let access_log = folder.join("access");
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration(port, &root, &access_log, uploads))?;
        let options = ["-e", "stderr", "-p"].map(Into::into);
        let mut arguments = Vec::from(options);
        arguments.extend([folder.clone().into(), "-c".into(), file.into()]);
        Ok(Plan {
            name: NGINX,
            version: says(&program, "-v"),
            launch: Launch {
                program: program.clone(),
                arguments,
                folder,
            },
            listens: Listens::Port(port),
            access_log: Some(access_log),
            uploads: uploads.then_some(root),
        })
    };
    make().map_err(|e: std::io::Error| format!("nginx: {e}"))
}

/// What is not said is as nginx has it by default, in particular the buffers. `tcp_nopush` is Debian's
/// default: head and file go in one segment, for a fifth less CPU time.
fn configuration(port: u16, root: &Path, access_log: &Path, uploads: bool) -> String {
    // a worker of a master that is root would be nobody, who may not write here
    let user = if geteuid().is_root() {
        "user root root;"
    } else {
        ""
    };
    let put = if uploads { "dav_methods PUT;" } else { "" };
    let (root, access_log) = (root.display(), access_log.display());
    format!(
        r#"{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    default_type application/octet-stream;
    access_log "{access_log}" combined;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=20s;
    open_file_cache_valid 30s;
    client_max_body_size 0;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        root "{root}";
        location / {{ {put} }}
    }}
}}
"#
    )
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM.map(PathBuf::from));
    let mut files = folders.map(|folder| folder.join(NGINX));
    files.find(|file| file.is_file())
}

/// Whether it was built with this module.
fn can(program: &Path, module: &str) -> bool {
    let said = Command::new(program).arg("-V").output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stderr).contains(module))
}
